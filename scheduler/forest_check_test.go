package scheduler

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// observe follows the last transaction. before is the queue ahead of it.
func (f *forest) observe(before map[uint64]coin.PaymentID, replaces bool) {
	for _, plan := range f.newPlans {
		f.planned(plan, replaces)
	}
	for _, e := range f.newEvents {
		f.event(e)
	}
	f.conserved()
	f.exclusive()
	f.told()
	f.ordered(before)
}

// told compares what the scheduler tells of payments.
func (f *forest) told() {
	f.view(func(r storage.Reader, s *scheduler) error {
		for id, p := range f.payments { // order-free: each is checked
			state, _, err := s.known.Get(r, id)
			if err != nil {
				return err
			}
			waits := []PaymentStage{PaymentQueued, PaymentAside, PaymentUnknown} // unknown: held
			switch {
			case p.status == "Settled":
				waits = []PaymentStage{PaymentSettled}
			case p.status == "Dropped":
				waits = []PaymentStage{PaymentDropped}
			case p.status == "Refused":
				waits = []PaymentStage{PaymentRefused}
			case p.status == "Planned" && slices.Contains(f.open, p.plan):
				require.Equal(f.t, p.plan, coin.PlanID(state.ID))
				waits = []PaymentStage{PaymentPlanned}
			}
			require.Contains(f.t, waits, state.Stage, "of a payment that is %s", p.status)
		}
		return nil
	})
}

// conflicts are the other plans under way that spend an output.
func (f *forest) conflicts(id coin.PlanID, o coin.OutputID) (list []coin.PlanID) {
	for _, other := range f.open {
		if other != id && slices.ContainsFunc(f.plans[other].Inputs, func(x coin.Output) bool { return x.ID == o }) {
			list = append(list, other)
		}
	}
	return list
}

// planned checks a new plan.
func (f *forest) planned(plan coin.Plan, replaces bool) {
	t, id := f.t, plan.ID(f.config.Genesis)
	for _, o := range f.owns(id) {
		f.parents[o.ID] = id
	}
	var in, out uint64
	for _, o := range plan.Inputs {
		require.Equal(t, plan.Key.Session, o.Session)
		require.False(t, f.gone[o.Session], "nobody signs for it")
		in += o.Amount
	}
	for _, p := range plan.Payments {
		require.GreaterOrEqual(t, p.Paid, f.rules.Dust)
		out += p.Paid
	}
	for _, own := range plan.Own {
		require.GreaterOrEqual(t, own.Amount, f.rules.Dust)
		require.False(t, f.gone[own.Session], "given to nobody")
		out += own.Amount
	}
	require.Equal(t, in, out+plan.Fee)
	for _, p := range plan.Payments {
		require.Contains(t, []string{"Queued", "Planned"}, f.payments[p.ID].status)
		require.Equal(t, f.payments[p.ID].Payment, p.Payment)
	}
	if versions := f.conflicts(id, plan.Inputs[0].ID); len(versions) > 0 {
		require.True(t, replaces || f.purpose(id) == bumping, "a plan conflicts with others")
		for _, other := range versions {
			require.Equal(t, f.plans[other].Inputs, plan.Inputs)
			relay := f.rules.FeeFloor * weigh(len(plan.Inputs), len(plan.Payments)+len(plan.Own))
			require.GreaterOrEqual(t, plan.Fee, f.feesOf(other)+relay, "relay takes no version that pays less")
		}
		return
	}
	require.LessOrEqual(t, len(plan.Inputs), int(f.rules.MaxInputs))
	require.LessOrEqual(t, len(plan.Payments)+len(plan.Own), int(f.rules.MaxOutputs))
	for _, o := range plan.Inputs {
		require.Empty(t, f.conflicts(id, o.ID), "an output is spent twice")
		if _, ok := f.there[o.ID]; ok {
			continue
		}
		require.Len(t, plan.Inputs, 1)
		parent, ok := f.parents[o.ID]
		require.True(t, ok && slices.Contains(f.open, parent), "an input is nowhere")
		if f.purpose(id) == bumping {
			continue
		}
		require.True(t, f.possible(parent), "built on a plan that is itself built on another")
		require.Equal(t, coin.Branch, o.Kind)
		f.relayed(parent)
	}
}

// relayed checks the limits of a plan with those that spend its branches.
func (f *forest) relayed(parent coin.PlanID) {
	plan := f.plans[parent]
	weight, children := weigh(len(plan.Inputs), len(plan.Payments)+len(plan.Own)), 0
	for _, child := range f.newPlans {
		if f.parents[child.Inputs[0].ID] == parent && child.Inputs[0].Kind == coin.Branch {
			weight += weigh(1, len(child.Payments)+len(child.Own))
			children++
		}
	}
	require.LessOrEqual(f.t, children, int(f.rules.Descendants))
	require.LessOrEqual(f.t, 1000*weight, f.rules.DescendantsWeight)
}

func (f *forest) purpose(id coin.PlanID) (why purpose) {
	f.view(func(r storage.Reader, s *scheduler) error {
		p, err := s.plans.Load(r, id)
		why = p.Purpose
		return err
	})
	return why
}

// feesOf is what a plan pays with all that spend its outputs, of each the
// dearest version.
func (f *forest) feesOf(id coin.PlanID) uint64 {
	total := f.plans[id].Fee
	for _, o := range f.owns(id) {
		var most uint64
		for _, child := range f.conflicts(id, o.ID) {
			most = max(most, f.feesOf(child))
		}
		total += most
	}
	return total
}

func (f *forest) event(e happened) {
	t := f.t
	if e.What == "WrittenOff" || e.What == "Voided" || e.Payment == (coin.PaymentID{}) {
		return
	}
	for id := range f.passed { // at most one of them
		if coin.RefundID(id) == e.Payment {
			require.Equal(t, "Dropped", e.What)
			f.off[id] = true
			return
		}
	}
	p := f.payments[e.Payment]
	require.NotNil(t, p, "event of an unknown payment")
	switch e.What {
	case "Condition":
		return
	case "Planned":
		if p.status == "Planned" { // the plan is void
			require.NotContains(t, f.open, p.plan, "planned twice")
			p.status = "Queued"
		}
		require.Equal(t, "Queued", p.status)
		p.plan = e.Plan
	case "Settled", "Refunded":
		require.Equal(t, e.What == "Refunded", p.refund)
		e.What = "Settled"
		require.Contains(t, []string{"Queued", "Planned"}, p.status, "settled and %s", p.status)
	case "Dropped", "Refused":
		require.Contains(t, []string{"Queued", "Planned"}, p.status, "dropped and %s", p.status)
		if p.refund {
			require.Zero(t, e.Amount)
		}
	}
	p.status = e.What
}

// conserved compares the books with the chain.
func (f *forest) conserved() {
	var assets, off, owed, refunds, held Balance
	for id, o := range f.there { // order-free: sums
		if f.gone[o.Session] || f.off[id] {
			off = off.Add(o.Amount)
		} else {
			assets = assets.Add(o.Amount)
		}
	}
	for _, id := range f.void {
		off = off.Add(f.deposits[id].Output.Amount)
	}
	for _, p := range f.payments { // order-free: sums
		switch {
		case p.status != "Queued" && p.status != "Planned":
		case p.refund:
			refunds = refunds.Add(p.Amount)
		default:
			owed = owed.Add(p.Amount)
		}
	}
	f.view(func(r storage.Reader, s *scheduler) error {
		for item, err := range s.held.All(r) {
			if err != nil {
				return err
			}
			held = held.Add(item.Value.Amount)
		}
		return nil
	})
	books := f.ledger()
	require.Equal(f.t, assets, books.Assets, "the outputs of the chain")
	require.Equal(f.t, off, books.WrittenOff)
	require.Equal(f.t, owed.Minus(held), books.Owed)
	require.Equal(f.t, refunds, books.RefundsDue)
	require.Equal(f.t, f.fees, books.NetworkFees)
	require.Equal(f.t, f.charged, books.CostsCharged)
}

// exclusive checks all plans under way: of those that spend the same only one
// can happen, and none makes a payment that was made or given up.
func (f *forest) exclusive() {
	families := make(map[coin.OutputID]coin.PlanID)
	makes := make(map[coin.PaymentID]coin.PlanID)
	f.view(func(r storage.Reader, s *scheduler) error {
		n := 0
		for item, err := range s.plans.All(r) {
			if err != nil {
				return err
			}
			n++
			first := item.Value.first(item.Key)
			require.Contains(f.t, f.open, item.Key)
			for _, o := range item.Value.Plan.Inputs {
				if other, ok := families[o.ID]; ok {
					require.Equal(f.t, other, first, "an output is spent by two plans")
				}
				families[o.ID] = first
				if _, ok := f.there[o.ID]; !ok {
					parent, own := f.parents[o.ID]
					require.True(f.t, own && slices.Contains(f.open, parent) || slices.Contains(f.void, o.ID), "a plan cannot happen any more")
				}
			}
			for _, p := range item.Value.Plan.Payments {
				require.Contains(f.t, []string{"Queued", "Planned"}, f.payments[p.ID].status, "it is made once more")
				if other, ok := makes[p.ID]; ok {
					require.Equal(f.t, other, first, "two plans make one payment")
				}
				makes[p.ID] = first
			}
		}
		require.Len(f.t, f.open, n)
		for _, queue := range []storage.Queue[queued]{s.payments, s.aside} {
			for item, err := range queue.All(r) {
				if err != nil {
					return err
				}
				p := f.payments[item.Value.ID]
				require.Contains(f.t, []string{"Queued", "Planned"}, p.status)
				if p.status == "Planned" {
					require.NotContains(f.t, f.open, p.plan, "queued and planned")
				}
				require.NotContains(f.t, makes, item.Value.ID, "queued and planned")
			}
		}
		return nil
	})
}

// ordered checks that what was taken from the queue was at its head.
func (f *forest) ordered(before map[uint64]coin.PaymentID) {
	aside := make(map[coin.PaymentID]bool)
	f.view(func(r storage.Reader, s *scheduler) error {
		for i, queue := range []storage.Queue[queued]{s.aside, s.payments} {
			for item, err := range queue.All(r) {
				if err != nil {
					return err
				}
				if id, here := before[item.Key]; i == 0 || !here || id != item.Value.ID {
					aside[item.Value.ID] = true // at another place than before
				}
			}
		}
		for item, err := range s.suspended.All(r) {
			aside[item.Value.ID] = true
			if err != nil {
				return err
			}
		}
		return nil
	})
	after := f.waiting()
	last, taken := uint64(0), false
	for number, id := range before { // order-free: the greatest
		if _, waits := after[number]; waits || aside[id] || f.payments[id].status == "Dropped" {
			continue
		}
		last, taken = max(last, number), true
	}
	for number := range after { // order-free: each is checked
		require.True(f.t, !taken || number > last, "the queue's order")
	}
}
