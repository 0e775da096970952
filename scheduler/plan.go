package scheduler

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// planAll plans transactions until the queue is empty or its head has to
// wait.
func (s *scheduler) planAll(tx storage.Tx, reference uint64, key coin.Key) error {
	var poor []queued
	for {
		d, err := s.draft(tx, reference, key)
		if err != nil {
			return err
		}
		if d == nil {
			break
		}
		poor = append(poor, d.poor...)
		if err := s.commit(tx, d); err != nil {
			return err
		}
	}
	if err := s.tellWait(tx); err != nil {
		return err
	}
	// Payments too small for the present fee rate wait for the next reference
	// block, behind the others.
	for _, q := range poor {
		if !q.Poor {
			q.Poor, q.Since = true, reference
			text := "waits: the amount does not carry its share of the fee at present"
			if err := s.Events.Condition(tx, q.ID, text); err != nil {
				return err
			}
		}
		if reference >= q.Since+s.Parameters.Patience {
			if err := s.drop(tx, q, "the amount did not carry its share of the fee for too long"); err != nil {
				return err
			}
			continue
		}
		if _, err := s.aside.Push(tx, q); err != nil {
			return err
		}
	}
	return nil
}

// tellWait tells, once, that the payment at the head of the queue waits: all
// that could be planned is.
func (s *scheduler) tellWait(tx storage.Tx) error {
	head, err := s.head(tx)
	if err != nil || head == nil || head.value.Told {
		return err
	}
	head.value.Told = true
	if err := s.payments.Put(tx, head.number, head.value); err != nil {
		return err
	}
	return s.Events.Condition(tx, head.value.ID, "waits: the amount is beyond what the group has free at present")
}

// numbered is a queue element with its number.
type numbered[T any] struct {
	number uint64
	value  T
}

// draft is a planned transaction whose parts are still in the queues.
type draft struct {
	plan     coin.Plan // without inputs if all payments were too small
	payments []numbered[queued]
	inputs   []numbered[coin.Output]
	recover  Balance // costs to recover afterwards
	removed  []uint64
	poor     []queued // leave the queue, unpaid
}

// draft makes the next transaction, and changes nothing: of payments from the
// head of the queue that the oldest outputs cover, or of a merge if only more
// outputs than one transaction may spend cover the head. It returns nil if
// nothing can be done.
func (s *scheduler) draft(r storage.Reader, reference uint64, key coin.Key) (*draft, error) {
	head, err := s.head(r)
	if err != nil || head == nil {
		return nil, err
	}
	free, err := s.oldest(r)
	if err != nil {
		return nil, err
	}
	var capacity uint64
	for _, o := range free {
		capacity += o.value.Amount
	}
	payments, err := s.payable(r, capacity)
	if err != nil {
		return nil, err
	}
	if len(payments) == 0 {
		must, err := s.mustMerge(r, free, head.value.Amount)
		if err != nil || !must {
			return nil, err
		}
	}
	rate, err := s.Chain.Rate(r, reference)
	if err != nil {
		return nil, err
	}
	books, err := s.ledger.Load(r)
	if err != nil {
		return nil, err
	}
	change, err := s.Coin.Address(key.Key, coin.Change)
	if err != nil {
		return nil, fmt.Errorf("address of the change: %w", err)
	}
	d := &draft{plan: coin.Plan{Key: key, Reference: reference}, recover: books.Recover}
	own := coin.OwnOutput{Kind: coin.Change, Session: key.Session, Address: change}
	if len(payments) == 0 {
		return s.draftMerge(d, free, own, rate)
	}
	return s.draftPayments(d, payments, free, own, rate)
}

// oldest returns the free outputs that one transaction may spend.
func (s *scheduler) oldest(r storage.Reader) ([]numbered[coin.Output], error) {
	var free []numbered[coin.Output]
	for item, err := range s.free.All(r) {
		if err != nil {
			return nil, err
		}
		if len(free) == int(s.Parameters.MaxInputs) {
			break
		}
		free = append(free, numbered[coin.Output]{item.Key, item.Value})
	}
	return free, nil
}

// head returns the first payment of the queue, or nil.
func (s *scheduler) head(r storage.Reader) (*numbered[queued], error) {
	for item, err := range s.payments.All(r) {
		return &numbered[queued]{item.Key, item.Value}, err
	}
	return nil, nil
}

// payable returns the payments from the head of the queue that the capacity
// covers and one transaction can hold beside its change.
func (s *scheduler) payable(r storage.Reader, capacity uint64) ([]numbered[queued], error) {
	var payments []numbered[queued]
	for item, err := range s.payments.All(r) {
		if err != nil {
			return nil, err
		}
		p := numbered[queued]{item.Key, item.Value}
		if len(payments) == int(s.Parameters.MaxOutputs)-1 || p.value.Amount > capacity {
			break
		}
		capacity -= p.value.Amount
		payments = append(payments, p)
	}
	return payments, nil
}

// draftPayments fills the draft with payments, those that are too small for
// their share of the fee set aside.
func (s *scheduler) draftPayments(d *draft, payments []numbered[queued], free []numbered[coin.Output], own coin.OwnOutput, rate uint64) (*draft, error) {
	for len(payments) > 0 {
		var total uint64
		for _, p := range payments {
			total += p.value.Amount
		}
		inputs, left := s.pick(free, total)
		plan := d.plan
		for _, o := range inputs {
			plan.Inputs = append(plan.Inputs, o.value)
		}
		// Less than dust left over cannot become change. If earlier costs are
		// to be recovered, the payments lift it to dust. Otherwise it goes to
		// the fee, for the payments' benefit, and later ones make up for it:
		// so what is lost this way never adds up to dust.
		var lift, lost uint64
		if left < s.Parameters.Dust {
			lift = s.Parameters.Dust - left
		}
		if left > 0 && !d.recover.Sub(lift).Negative() {
			plan.Own = []coin.OwnOutput{own}
		} else {
			lost = left
		}
		for _, p := range payments {
			plan.Payments = append(plan.Payments, coin.PlannedPayment{Payment: p.value.Payment})
		}
		fee, err := s.Coin.Fee(rate, plan.Inputs, plan.Addresses())
		if err != nil {
			return nil, fmt.Errorf("fee of %d inputs and %d payments: %w", len(inputs), len(payments), err)
		}
		plan.Fee = max(fee, lost)
		// What is recovered stays with the group, as change: the fee once
		// more, or the lift.
		var recovered uint64
		if len(plan.Own) > 0 {
			recovered = max(d.recover.atMost(fee), lift)
			plan.Own[0].Amount = left + recovered
		}
		cost, carry := bits.Add64(plan.Fee-lost, recovered, 0)
		if carry > 0 {
			cost = math.MaxUint64 // nobody can pay that either
		}
		rest, poor := amortise(plan.Payments, cost, s.Parameters.Dust)
		if len(poor) == 0 {
			d.recover = d.recover.Sub(recovered).Add(lost)
			d.plan, d.payments, d.inputs = plan, payments, inputs
			return d, nil
		}
		for _, i := range poor {
			d.poor = append(d.poor, payments[i].value)
			d.removed = append(d.removed, payments[i].number)
		}
		kept := make([]numbered[queued], len(rest))
		for k, i := range rest {
			kept[k] = payments[i]
		}
		payments = kept
	}
	return d, nil
}

// pick returns the fewest of the oldest outputs whose sum reaches total, one
// more if what is left over would be dust, and what is left over.
func (s *scheduler) pick(free []numbered[coin.Output], total uint64) ([]numbered[coin.Output], uint64) {
	var sum uint64
	n := 0
	for n < len(free) && (sum < total || sum > total && sum-total < s.Parameters.Dust) {
		sum += free[n].value.Amount
		n++
	}
	return free[:n], sum - total
}

// amortise charges the payments with a cost, in equal shares to the unit,
// what does not divide borne by the largest, the first among equals. It
// returns the indices of those that keep at least dust and of those that do
// not, in order.
func amortise(payments []coin.PlannedPayment, cost, dust uint64) (rich, poor []int) {
	share, rest := cost/uint64(len(payments)), cost%uint64(len(payments))
	order := make([]int, len(payments))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(payments[b].Amount, payments[a].Amount) })
	for rank, i := range order {
		own := share
		if uint64(rank) < rest {
			own++
		}
		p := &payments[i]
		if p.Amount < own || p.Amount-own < dust {
			p.Paid = 0
			poor = append(poor, i)
		} else {
			p.Paid = p.Amount - own
			rich = append(rich, i)
		}
	}
	slices.Sort(rich)
	slices.Sort(poor)
	return rich, poor
}

// commit carries a draft out: it moves payments and outputs from the queues
// into a plan.
func (s *scheduler) commit(tx storage.Tx, d *draft) error {
	for _, n := range d.removed {
		if err := s.payments.Delete(tx, n); err != nil {
			return err
		}
	}
	if len(d.plan.Inputs) == 0 {
		return nil
	}
	if err := conserve(d.plan); err != nil {
		return err
	}
	available, err := s.available.Load(tx)
	if err != nil {
		return err
	}
	for _, o := range d.inputs {
		if err := s.free.Delete(tx, o.number); err != nil {
			return err
		}
		available -= o.value.Amount
	}
	if err := s.available.Put(tx, available); err != nil {
		return err
	}
	id := d.plan.ID(s.Genesis)
	record := planned{Plan: d.plan, Place: d.inputs[0].number}
	for _, p := range d.payments {
		if err := s.payments.Delete(tx, p.number); err != nil {
			return err
		}
		if err := s.Events.PaymentPlanned(tx, p.value.ID, id); err != nil {
			return err
		}
		record.Refunds = append(record.Refunds, p.value.Refund)
	}
	if err := s.post(tx, func(l *Ledger) { l.Recover = d.recover }); err != nil {
		return err
	}
	if err := s.plans.Put(tx, id, record); err != nil {
		return err
	}
	if record.merge() {
		under, err := s.merging.Load(tx)
		if err != nil {
			return err
		}
		if err := s.merging.Put(tx, under.plus(d.plan)); err != nil {
			return err
		}
	}
	return s.Plans.Planned(tx, id, d.plan)
}

// conserve checks that a plan neither makes nor loses value.
func conserve(p coin.Plan) error {
	var in, out Balance
	for _, input := range p.Inputs {
		in = in.Add(input.Amount)
	}
	for _, payment := range p.Payments {
		out = out.Add(payment.Paid)
	}
	for _, own := range p.Own {
		out = out.Add(own.Amount)
	}
	if out = out.Add(p.Fee); in != out {
		return &Unbalanced{fmt.Sprintf("plan spends %s and makes %s", in, out)}
	}
	return nil
}
