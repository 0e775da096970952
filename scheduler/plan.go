package scheduler

import (
	"fmt"
	"iter"
	"math"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// planAll plans transactions until the queue is empty or its head has to
// wait.
func (s *scheduler) planAll(tx storage.Tx, m moment, role coin.Role) error {
	var poor, strained []queued
	for {
		d, err := s.draft(tx, m, role)
		if err != nil {
			return err
		}
		if d == nil {
			break
		}
		poor, strained = append(poor, d.poor...), append(strained, d.strained...)
		if err := s.commit(tx, m, role, d); err != nil {
			return err
		}
	}
	if err := s.tellWait(tx); err != nil {
		return err
	}
	if err := s.putStrained(tx, strained); err != nil {
		return err
	}
	return s.putPoor(tx, m, poor)
}

// putStrained lets payments wait that cannot carry the earlier costs that
// they would have to at present: behind the others, but for as long as it
// takes.
func (s *scheduler) putStrained(tx storage.Tx, strained []queued) error {
	for _, q := range strained {
		q.Poor, q.Since = false, 0 // it can carry the fee
		if !q.Told {
			q.Told = true
			if err := s.Events.Condition(tx, q.ID, "waits: the amount does not carry earlier costs at present"); err != nil {
				return err
			}
		}
		if _, err := s.aside.Push(tx, q); err != nil {
			return err
		}
	}
	return nil
}

// putPoor lets payments too small for the present fee rate wait for the next
// reference block, behind the others, until their patience ends.
func (s *scheduler) putPoor(tx storage.Tx, m moment, poor []queued) error {
	for _, q := range poor {
		if !q.Poor {
			q.Poor, q.Since = true, m.reference
			text := "waits: the amount does not carry its share of the fee at present"
			if err := s.Events.Condition(tx, q.ID, text); err != nil {
				return err
			}
		}
		if m.reference >= q.Since+m.rules.Patience {
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
	rules    coin.Parameters
	rate     uint64
	grove    grove
	own      coin.OwnOutput // where change goes
	has      int64          // outputs that the key to which it goes has or gets
	plan     coin.Plan      // without inputs if there is nothing to pay
	purpose  purpose
	payments []numbered[queued] // those that the transaction itself makes
	children []child            // what its branches fund, the last of its own outputs
	inputs   []numbered[coin.Output]
	recover  Balance // costs to recover afterwards
	removed  []uint64
	poor     []queued           // leave the queue, unpaid: cannot carry the fee
	void     []numbered[queued] // of a node, are not made: refunds of missing deposits
	strained []queued           // leave the queue, unpaid: cannot carry earlier costs
}

// handsOver tells whether what is left goes to another key.
func (d *draft) handsOver() bool { return d.own.Session != d.plan.Key.Session }

// clean tells whether all payments of the draft are made.
func (d *draft) clean() bool { return len(d.removed) == 0 }

// means is what there is for the payment at the head of the queue.
type means struct {
	needed    uint64 // the payment's amount
	available uint64
	returning returning
	// elsewhere tells whether other keys have more, which is going to be at one
	// place with this.
	elsewhere bool
	// relief is what costs to recover may stand in for: nothing, as long as
	// what is free or comes back may cover the payment, or there is more
	// elsewhere. The payments bear, of those costs, what the outputs lack.
	relief Balance
}

// draft makes the next transaction, and changes nothing: of payments from the
// head of the queue that the oldest outputs cover, or else the largest, or of
// a merge if only more outputs than one transaction may spend cover the head.
// It returns nil if nothing can be done.
func (s *scheduler) draft(r storage.Reader, at moment, role coin.Role) (*draft, error) {
	head, err := s.head(r)
	if err != nil || head == nil {
		return nil, err
	}
	books, err := s.ledger.Load(r)
	if err != nil {
		return nil, err
	}
	m := means{needed: head.value.Amount}
	from, err := s.pools.Load(r, role.Key.Session)
	if err != nil {
		return nil, err
	}
	m.available, m.returning = from.Available, from.Returning
	if m.elsewhere, err = s.elsewhere(r, at, role); err != nil {
		return nil, err
	}
	if all := m.returning.total().Add(m.available); all.Sub(m.needed).Negative() {
		if m.relief = books.Recover; m.elsewhere || all.Plus(m.relief).Sub(m.needed).Negative() {
			return nil, nil
		}
	}
	d, err := s.newDraft(r, at, role)
	if err != nil {
		return nil, err
	}
	d.recover = books.Recover
	return s.draftFrom(r, *d, m)
}

// newDraft returns a draft of payments by the key of a role, without any.
func (s *scheduler) newDraft(r storage.Reader, at moment, role coin.Role) (*draft, error) {
	d := &draft{rules: at.rules, plan: coin.Plan{Key: role.Key, Reference: at.reference}, purpose: paying}
	var err error
	if d.rate, err = s.Chain.Rate(r, at.reference); err != nil {
		return nil, err
	}
	d.grove = grove{
		coin: s.Coin, rate: unlifted(d.rate, at.rules), most: int(at.rules.MaxOutputs),
		branch: coin.Output{Session: role.Key.Session, Kind: coin.Branch},
	}
	if d.grove.to, err = s.Coin.Address(role.Key.Key, coin.Branch); err != nil {
		return nil, fmt.Errorf("address of branches: %w", err)
	}
	d.own = coin.OwnOutput{Kind: coin.Change, Session: role.Change.Session}
	if d.own.Address, err = s.Coin.Address(role.Change.Key, coin.Change); err != nil {
		return nil, fmt.Errorf("address of the change: %w", err)
	}
	to, err := s.pools.Load(r, d.own.Session)
	d.has = int64(to.Outputs + to.Returning.Outputs)
	return d, err
}

// draftFrom chooses the outputs of a draft. Payments that the oldest outputs
// cover, but some of which cannot carry what spending them costs, are paid
// from the largest, the fewest.
func (s *scheduler) draftFrom(r storage.Reader, d draft, m means) (*draft, error) {
	oldest, err := s.oldest(r, d.plan.Key.Session, s.Coin.InputCost(d.rate), int(d.rules.MaxInputs))
	if err != nil {
		return nil, err
	}
	var capacity uint64
	for _, o := range oldest {
		capacity += o.value.Amount
	}
	if capacity >= m.needed {
		payments, err := s.payable(r, capacity)
		if err != nil {
			return nil, err
		}
		paid, err := s.draftPayments(d, payments, oldest)
		if err != nil || paid.clean() {
			return paid, err
		}
	}
	most := int(d.rules.MaxInputs)
	ranks, err := s.largest(r, d.plan.Key.Session, 2*most)
	if err != nil {
		return nil, err
	}
	top := ranks[:min(most, len(ranks))]
	if paid, err := s.draftLargest(r, d, m, top); err != nil || paid != nil {
		return paid, err
	}
	merge, err := s.draftMerge(r, d, m, ranks)
	if merge != nil && merge.handsOver() {
		return nil, nil // the outputs come together when they move
	}
	if err != nil || merge != nil || m.elsewhere || m.returning.total() != (Balance{}) {
		return merge, err
	}
	m.relief = d.recover
	return s.draftLargest(r, d, m, top)
}

// draftLargest makes the draft one of payments from the largest outputs, or
// returns nil if they do not cover the head.
func (s *scheduler) draftLargest(r storage.Reader, d draft, m means, ranks []rank) (*draft, error) {
	capacity := worth(ranks)
	if len(ranks) == 0 || m.relief.Add(capacity).Sub(m.needed).Negative() {
		return nil, nil
	}
	largest, err := s.read(r, ranks)
	if err != nil {
		return nil, err
	}
	payments, err := s.payable(r, capacity+m.relief.atMost(math.MaxUint64-capacity))
	if err != nil {
		return nil, err
	}
	return s.draftPayments(d, payments, largest)
}

// head returns the first payment of the queue, or nil.
func (s *scheduler) head(r storage.Reader) (*numbered[queued], error) {
	for p, err := range s.waitingPayments(r) {
		return &p, err
	}
	return nil, nil
}

// waitingPayments walks the queue from its head, without the payments that are
// taken.
func (s *scheduler) waitingPayments(r storage.Reader) iter.Seq2[numbered[queued], error] {
	return func(yield func(numbered[queued], error) bool) {
		var from uint64
		stretch := func(to uint64) bool {
			if from == to {
				return true
			}
			for item, err := range s.payments.Between(r, from, to) {
				if !yield(numbered[queued]{item.Key, item.Value}, err) || err != nil {
					return false
				}
			}
			return true
		}
		for item, err := range s.taken.All(r) {
			if err != nil {
				yield(numbered[queued]{}, err)
				return
			}
			if !stretch(item.Value.From) {
				return
			}
			from = item.Value.To
		}
		stretch(math.MaxUint64)
	}
}

// payable returns the payments from the head of the queue that the capacity
// covers.
func (s *scheduler) payable(r storage.Reader, capacity uint64) ([]numbered[queued], error) {
	var payments []numbered[queued]
	for p, err := range s.waitingPayments(r) {
		if err != nil {
			return nil, err
		}
		if p.value.Amount > capacity {
			break
		}
		capacity -= p.value.Amount
		payments = append(payments, p)
	}
	return payments, nil
}

// draftPayments makes the draft one of payments, without those that are too
// small for their share of the fee. If payments together cannot carry the
// earlier costs that they have to, the first is tried alone.
func (s *scheduler) draftPayments(d draft, payments []numbered[queued], free []numbered[coin.Output]) (*draft, error) {
	for len(payments) > 0 {
		c, err := s.compose(&d, payments, free)
		if err != nil {
			return nil, err
		}
		switch {
		case len(c.poor) > 0:
			for _, i := range c.poor {
				d.poor = append(d.poor, payments[i].value)
				d.removed = append(d.removed, payments[i].number)
			}
			kept := make([]numbered[queued], len(c.rich))
			for k, i := range c.rich {
				kept[k] = payments[i]
			}
			payments = kept
		case c.strained && len(payments) > 1:
			payments = payments[:1]
		case c.strained:
			d.strained = append(d.strained, payments[0].value)
			d.removed = append(d.removed, payments[0].number)
			payments = nil
		default:
			d.plan, d.inputs, d.recover, d.children = c.plan, c.inputs, c.recover, c.children
			d.payments = payments[:len(c.plan.Payments)]
			return &d, nil
		}
	}
	return &d, nil
}

// commit carries a draft out: it moves payments and outputs from the queues
// into a plan.
func (s *scheduler) commit(tx storage.Tx, m moment, role coin.Role, d *draft) error {
	for _, n := range d.removed {
		if err := s.payments.Delete(tx, n); err != nil {
			return err
		}
	}
	if len(d.plan.Inputs) == 0 {
		return nil
	}
	if err := s.reserve(tx, d.plan.Key.Session, d.inputs); err != nil {
		return err
	}
	if err := s.post(tx, func(l *Ledger) { l.Recover = d.recover }); err != nil {
		return err
	}
	id, err := s.beginPaying(tx, m, d)
	if err != nil {
		return err
	}
	return s.chain(tx, m, role, id, d.plan, len(d.children))
}

// beginPaying begins the plan of a draft, whose payments leave the queue, and
// leaves those of its branches for later.
func (s *scheduler) beginPaying(tx storage.Tx, m moment, d *draft) (coin.PlanID, error) {
	id := d.plan.ID(s.Genesis)
	record := planned{Plan: d.plan, Purpose: d.purpose}
	if len(d.inputs) > 0 {
		record.Place = first(d.inputs)
	}
	for _, p := range d.payments {
		if err := s.payments.Delete(tx, p.number); err != nil {
			return id, err
		}
		if err := s.Events.PaymentPlanned(tx, p.value.ID, id); err != nil {
			return id, err
		}
		record.Payments = append(record.Payments, origin{p.number, p.value.Refund})
	}
	if err := s.begin(tx, m, record); err != nil {
		return id, err
	}
	return id, s.plant(tx, id, d.plan, d.children)
}

// begin records a plan, checked to conserve value.
func (s *scheduler) begin(tx storage.Tx, m moment, p planned) error {
	if err := conserve(p.Plan); err != nil {
		return err
	}
	id := p.Plan.ID(s.Genesis)
	if err := s.plans.Put(tx, id, p); err != nil {
		return err
	}
	if err := s.count(tx, id, p, true); err != nil {
		return err
	}
	if err := s.watchFor(tx, m, id); err != nil {
		return err
	}
	return s.Plans.Planned(tx, id, p.Plan)
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
