package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
	f.ordered(before)
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

// advance lets the keys' stages go on.
func (f *forest) advance() {
	switch {
	case f.shows:
		f.young, f.shows, f.stage = 0, false, before
	case f.young == 0:
		f.sessions++
		f.young, f.stage = f.sessions, before
	case f.stage < finishes:
		f.stage++
	}
	f.assign()
}

// tryRetire retires the old key if it is idle.
func (f *forest) tryRetire() bool {
	if f.young == 0 || f.shows || f.stage != finishes || !f.idle(f.old) {
		return false
	}
	for _, id := range f.open {
		if f.plans[id].Key.Session == f.old {
			parent := f.parents[f.plans[id].Inputs[0].ID]
			require.True(f.t, f.purpose(id) == bumping && f.gone[f.plans[parent].Key.Session], "it has work to do")
		}
	}
	f.view(func(r storage.Reader, s *scheduler) error {
		for item, err := range s.nodes.All(r) {
			if err != nil {
				return err
			}
			require.NotEqual(f.t, f.old, item.Value.Session, "it has payments to make")
		}
		return nil
	})
	f.gone[f.old] = true
	f.do(false, func(tx storage.Tx) error { return f.s.Retire(tx, f.old) })
	f.old, f.young, f.stage = f.young, 0, before
	f.assign()
	return true
}

// abandons abandons the old key, or the young one.
func (f *forest) abandons(young bool) {
	session := f.old
	if young {
		session = f.young
	}
	f.gone[session] = true
	f.do(false, func(tx storage.Tx) error { return f.s.Abandon(tx, session) })
	if young {
		f.shows = true
	} else {
		f.old, f.young, f.stage = f.young, 0, before
	}
	f.assign()
}

// live are the plans under way that somebody signs.
func (f *forest) live() (n int) {
	for _, id := range f.open {
		if f.possible(id) {
			n++
		}
	}
	return n
}

// rules draws parameters.
func anyRules(t *rapid.T) coin.Parameters {
	p := parameters()
	p.Dust = rapid.SampledFrom([]uint64{5, 10, 30}).Draw(t, "dust")
	p.FeeFloor, p.FeeCap = 1, 60
	p.MaxInputs = rapid.Uint32Range(2, 5).Draw(t, "max inputs")
	p.MaxOutputs = rapid.Uint32Range(3, 5).Draw(t, "max outputs")
	p.Descendants = rapid.Uint32Range(0, 3).Draw(t, "descendants")
	p.DescendantsWeight = rapid.SampledFrom([]uint64{13_000, 20_000, 100_000}).Draw(t, "descendants weight")
	p.ChangeOutputs = rapid.Uint32Range(1, 3).Draw(t, "change outputs")
	p.BumpAfter = rapid.Uint64Range(1, 4).Draw(t, "bump after")
	return p
}

// TestTreesKeepAllPromises lets everything happen to trees of payments that can.
func TestTreesKeepAllPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newForest(t, anyRules(t))
		rewinds := rapid.Bool().Draw(t, "rewinds")
		f.unsigned = rapid.Bool().Draw(t, "unsigned")
		f.grow(f.draw(4), nil, 0)
		step := func(do func()) func(*rapid.T) {
			return func(t *rapid.T) {
				f.rapid = t
				do()
			}
		}
		block := step(func() {
			var returns []coin.OutputID
			if len(f.void) > 0 {
				list := rapid.Permutation(f.void).Draw(f.rapid, "void")
				returns = list[:rapid.IntRange(0, len(list)).Draw(f.rapid, "returns")]
			}
			f.grow(f.draw(3), returns, rapid.SampledFrom([]int{0, 40, 100}).Draw(f.rapid, "likely"))
		})
		replace := step(func() {
			if len(f.open) == 0 {
				return
			}
			if id := rapid.SampledFrom(f.open).Draw(f.rapid, "plan"); f.number > 0 {
				f.replace(id)
			}
		})
		burn := step(func() {
			list := f.burns()
			f.do(false, func(tx storage.Tx) error { return f.s.Burn(tx, list) })
		})
		t.Repeat(map[string]func(*rapid.T){
			"block": block, "block 2": block, "block 3": block, "burn": burn, "burn 2": burn, "replace": replace, "replace 2": replace,
			"rate":    step(func() { f.rate = rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64Range(0, 30)).Draw(f.rapid, "rate") }),
			"rules":   step(func() { f.rules = anyRules(f.rapid) }),
			"restart": step(f.restart),
			"rotate": step(func() {
				if rewinds {
					f.fork(rapid.IntRange(0, len(f.blocks)).Draw(f.rapid, "depth"))
				} else if !f.tryRetire() {
					f.advance()
				}
			}),
			"abandon": step(func() {
				if f.young == 0 || f.shows || rapid.IntRange(0, 3).Draw(f.rapid, "luck") > 0 {
					return
				}
				if young := rapid.Bool().Draw(f.rapid, "young"); young || f.stage >= hands {
					f.abandons(young)
				}
			}),
		})
		f.rapid = t
		f.finish()
	})
}

// finish lets all happen that still can, at a low rate, and then all be paid.
func (f *forest) finish() {
	t := f.t
	f.rate = 1
	f.rules.Patience = 3
	calm := func(most int) {
		for rounds := 0; ; rounds++ {
			require.LessOrEqual(t, rounds, most, "it takes too long")
			f.grow(nil, slices.Clone(f.void), 100)
			if f.live() == 0 {
				return
			}
		}
	}
	calm(40)
	for range 4 { // payments that waited for another rate
		calm(40)
	}
	for i := 0; f.young != 0; i++ { // all keys but the newest retire
		require.Less(t, i, 12, "the keys do not go on")
		calm(40)
		if !f.tryRetire() {
			f.advance()
		}
	}
	n := f.pending().Payments
	f.grow([]coin.Deposit{{Output: f.outputTo(f.old, 1<<40), Credit: 1 << 40, Fate: coin.Accumulated}}, nil, 100)
	calm(levels(n, int(f.rules.MaxOutputs)-1, int(f.rules.MaxOutputs)) + 2)
	for rounds := 0; f.pending().Payments > 0 && rounds < 80; rounds++ { // those too poor, until their patience ends
		calm(40)
	}
	require.Empty(t, f.waiting())
	makes := make(map[coin.PaymentID]bool)
	for _, id := range f.open {
		require.False(t, f.possible(id))
		for _, p := range f.plans[id].Payments {
			makes[p.ID] = true
		}
	}
	for id, p := range f.payments { // order-free: each is checked
		if p.status == "Queued" || p.status == "Planned" {
			require.True(t, makes[id], "a payment is forgotten: %+v", p)
		}
	}
	for _, id := range f.open {
		for _, o := range f.plans[id].Inputs {
			parent, built := f.parents[o.ID]
			require.True(t, f.unsigned && (f.forsaken(id) || built && f.forsaken(parent)), "a plan never happens")
		}
	}
}
