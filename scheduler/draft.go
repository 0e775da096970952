package scheduler

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

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
	lacking  bool               // some cannot carry what they would have to
	count    int                // payments of a node
	gross    uint64             // their amounts
	rounds   int                // how often payments were sifted
	poor     []queued           // leave the queue, unpaid: cannot carry the fee
	void     []numbered[queued] // of a node, are not made: refunds of missing deposits
	apart    []waiting          // leave the queue, unpaid: they wait for other times
}

// handsOver tells whether what is left goes to another key.
func (d *draft) handsOver() bool { return d.own.Session != d.plan.Key.Session }

// means is what there is for the payment at the head of the queue.
type means struct {
	needed    uint64 // the payment's amount
	available uint64
	returning returning
	resting   Balance // on hold
	// elsewhere tells whether other keys have more, which is going to be at one
	// place with this.
	elsewhere bool
	// relief is what costs to recover may stand in for: nothing, as long as
	// what is free, on hold or comes back may cover the payment, or there is more
	// elsewhere. The payments bear, of those costs, what the outputs lack.
	relief Balance
}

// draft makes the next transaction, and changes nothing: of payments from the
// head of the queue that the oldest outputs cover, or else the largest, or of
// a merge if only more outputs than one transaction may spend cover the head.
// It returns nil if nothing can be done, and why.
func (s *scheduler) draft(r storage.Reader, at moment, role coin.Role) (*draft, wait, error) {
	d := &draft{rules: at.rules, plan: coin.Plan{Key: role.Key, Reference: at.reference}, purpose: paying}
	head, reason, err := s.allowed(r, at, d)
	if err != nil {
		return nil, 0, err
	}
	if head != nil {
		drawn, err := s.draw(r, at, role, *d, head.value)
		if err != nil || drawn != nil {
			return drawn, 0, err
		}
		from, err := s.pools.Load(r, role.Key.Session)
		if err != nil {
			return nil, 0, err
		}
		if from.awaits(head.value.Amount) {
			reason = beyondHold
		}
	}
	if len(d.removed) == 0 {
		return nil, reason, nil
	}
	return d, 0, nil
}

// allowed returns the first payment of the queue that the limits let be planned
// now, or nil and why there is none. Those before it that they keep back leave
// the queue.
func (s *scheduler) allowed(r storage.Reader, at moment, d *draft) (*numbered[queued], wait, error) {
	a, err := s.allowance(r, at)
	if err != nil {
		return nil, 0, err
	}
	for p, err := range s.waitingPayments(r) {
		if err != nil {
			return nil, 0, err
		}
		switch verdict, reason, err := a.judge(p.value.Payment); {
		case err != nil:
			return nil, 0, err
		case verdict == later:
			return nil, reason, nil
		case verdict == apart:
			d.apart, d.removed = append(d.apart, waiting{p.value, reason}), append(d.removed, p.number)
		default:
			return &p, beyondFree, nil
		}
	}
	return nil, beyondFree, nil
}

// draw makes the draft one of payments, of which there is a first one, or of a
// merge. It returns nil if neither can be.
func (s *scheduler) draw(r storage.Reader, at moment, role coin.Role, d draft, head queued) (*draft, error) {
	books, err := s.ledger.Load(r)
	if err != nil {
		return nil, err
	}
	m := means{needed: head.Amount}
	from, err := s.pools.Load(r, role.Key.Session)
	if err != nil {
		return nil, err
	}
	m.available, m.returning, m.resting = from.Available, from.Returning, from.Rests.Amount
	if m.elsewhere, err = s.elsewhere(r, at, role); err != nil {
		return nil, err
	}
	if all := from.coming().Add(m.available); all.Sub(m.needed).Negative() {
		if m.relief = books.Recover; m.elsewhere || all.Plus(m.relief).Sub(m.needed).Negative() {
			return nil, nil
		}
	}
	d.recover = books.Recover
	if err := s.price(r, at, role, &d); err != nil {
		return nil, err
	}
	return s.draftFrom(r, at, d, m)
}

// price fills in what a draft of payments by the key of a role goes by.
func (s *scheduler) price(r storage.Reader, at moment, role coin.Role, d *draft) error {
	var err error
	if d.rate, err = s.Chain.Rate(r, at.reference); err != nil {
		return err
	}
	d.grove = grove{
		coin: s.Coin, rate: unlifted(d.rate, at.rules), most: int(at.rules.MaxOutputs),
		branch: coin.Output{Session: role.Key.Session, Kind: coin.Branch},
	}
	if d.grove.to, err = s.Coin.Address(role.Key.Key, coin.Branch); err != nil {
		return fmt.Errorf("address of branches: %w", err)
	}
	d.own = coin.OwnOutput{Kind: coin.Change, Session: role.Change.Session}
	if d.own.Address, err = s.Coin.Address(role.Change.Key, coin.Change); err != nil {
		return fmt.Errorf("address of the change: %w", err)
	}
	to, err := s.pools.Load(r, d.own.Session)
	d.has = int64(to.Outputs + to.Returning.Outputs + to.Rests.Outputs - to.Rests.Forwards)
	return err
}

// newDraft returns a draft of payments by the key of a role, without any.
func (s *scheduler) newDraft(r storage.Reader, at moment, role coin.Role) (*draft, error) {
	d := &draft{rules: at.rules, plan: coin.Plan{Key: role.Key, Reference: at.reference}, purpose: paying}
	return d, s.price(r, at, role, d)
}

// draftFrom chooses the outputs of a draft. Payments that the oldest outputs
// cover, but some of which cannot carry what spending them costs, are paid
// from the largest, the fewest.
func (s *scheduler) draftFrom(r storage.Reader, at moment, d draft, m means) (*draft, error) {
	payments, oldest, err := s.fromOldest(r, at, &d, m)
	if err != nil {
		return nil, err
	}
	if len(payments) > 0 {
		paid, err := s.draftPayments(d, payments, oldest)
		if err != nil || !paid.lacking {
			return paid, err
		}
	}
	most := int(d.rules.MaxInputs)
	ranks, err := s.largest(r, d.plan.Key.Session, 2*most)
	if err != nil {
		return nil, err
	}
	top := ranks[:min(most, len(ranks))]
	if paid, err := s.draftLargest(r, at, d, m, top); err != nil || paid != nil {
		return paid, err
	}
	merge, err := s.draftMerge(r, d, m, ranks)
	if merge != nil && merge.handsOver() {
		return nil, nil // the outputs come together when they move
	}
	if err != nil || merge != nil || m.elsewhere || m.returning.total().Plus(m.resting) != (Balance{}) {
		return merge, err
	}
	m.relief = d.recover
	return s.draftLargest(r, at, d, m, top)
}

// few outputs are mostly enough.
const few = 8

// fromOldest returns the payments that the oldest outputs cover, none if that is not
// even the first, and these outputs: as few as will do, so that it does not matter
// how many there are.
func (s *scheduler) fromOldest(r storage.Reader, at moment, d *draft, m means) ([]numbered[queued], []numbered[coin.Output], error) {
	for _, most := range []int{few, int(d.rules.MaxInputs)} {
		last := most >= int(d.rules.MaxInputs)
		oldest, err := s.oldest(r, d.plan.Key.Session, s.Coin.InputCost(d.rate), min(most, int(d.rules.MaxInputs)))
		if err != nil {
			return nil, nil, err
		}
		var capacity uint64
		for _, o := range oldest {
			capacity += o.value.Amount
		}
		if capacity < m.needed {
			continue
		}
		payments, all, err := s.payable(r, at, d.removed, capacity)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range payments {
			capacity -= p.value.Amount
		}
		if last || all && (capacity == 0 || capacity >= d.rules.Dust) {
			return payments, oldest, nil
		}
	}
	return nil, nil, nil
}

// draftLargest makes the draft one of payments from the largest outputs, or
// returns nil if they do not cover the head.
func (s *scheduler) draftLargest(r storage.Reader, at moment, d draft, m means, ranks []rank) (*draft, error) {
	capacity := worth(ranks)
	if len(ranks) == 0 || m.relief.Add(capacity).Sub(m.needed).Negative() {
		return nil, nil
	}
	largest, err := s.read(r, ranks)
	if err != nil {
		return nil, err
	}
	payments, _, err := s.payable(r, at, d.removed, capacity+m.relief.atMost(math.MaxUint64-capacity))
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
			for p, err := range numberedItems(s.payments.Between(r, from, to)) {
				if !yield(p, err) || err != nil {
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

// maxTree bounds the payments of a tree, so that the memory for one is bounded.
const maxTree = 1 << 17

// payable returns the payments from the head of the queue that the capacity
// covers and the limits let be planned, without those that leave the queue, and
// whether these are all that the limits let.
func (s *scheduler) payable(r storage.Reader, at moment, without []uint64, capacity uint64) ([]numbered[queued], bool, error) {
	a, err := s.allowance(r, at)
	if err != nil {
		return nil, false, err
	}
	var payments pile[numbered[queued]]
	for p, err := range s.waitingPayments(r) {
		if err != nil {
			return nil, false, err
		}
		if payments.size == maxTree {
			return payments.all(), false, nil
		}
		if len(without) > 0 && without[0] == p.number {
			without = without[1:]
			continue
		}
		verdict, _, err := a.judge(p.value.Payment)
		if err != nil {
			return nil, false, err
		}
		switch {
		case verdict == apart:
			continue // once it is the first
		case verdict == later:
			return payments.all(), true, nil
		case p.value.Amount > capacity:
			return payments.all(), false, nil
		}
		if err := a.take(p.value.Payment); err != nil {
			return nil, false, err
		}
		capacity -= p.value.Amount
		payments.add(p)
	}
	return payments.all(), true, nil
}

// pile collects values, of which there may be very many, without copying them for
// each time that they fill their room.
type pile[T any] struct {
	full [][]T
	top  []T
	size int
}

func (p *pile[T]) add(v T) {
	if len(p.top) == cap(p.top) {
		p.full = append(p.full, p.top)
		p.top = make([]T, 0, min(max(8, p.size), 1024))
	}
	p.top = append(p.top, v)
	p.size++
}

// all returns all values, in order.
func (p *pile[T]) all() []T { return slices.Concat(append(p.full, p.top)...) }

// draftPayments makes the draft one of payments, without those that are too
// small for their share of the fee. If payments together cannot carry the
// earlier costs that they have to, they are tried without the last, so that there
// is change to be made, then the first alone.
func (s *scheduler) draftPayments(d draft, payments []numbered[queued], free []numbered[coin.Output]) (*draft, error) {
	for shortened := false; len(payments) > 0; {
		c, err := s.compose(&d, payments, free)
		if err != nil {
			return nil, err
		}
		switch {
		case len(c.poor) > 0:
			d.lacking = true
			for _, i := range c.poor {
				d.poor = append(d.poor, payments[i].value)
				d.removed = append(d.removed, payments[i].number)
			}
			kept := make([]numbered[queued], len(c.rich))
			for k, i := range c.rich {
				kept[k] = payments[i]
			}
			payments = kept
		case c.strained && len(payments) > 1 && !shortened:
			payments, shortened = payments[:len(payments)-1], true
		case c.strained && len(payments) > 1:
			payments = payments[:1]
		case c.strained:
			d.lacking = true
			d.apart = append(d.apart, waiting{payments[0].value, beyondCosts})
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
