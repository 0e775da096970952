package scheduler

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// plant leaves the payments that a plan's branches fund for later: they stay in
// the queue, but are taken.
func (s *scheduler) plant(tx storage.Tx, id coin.PlanID, plan coin.Plan, children []child) error {
	for i, c := range children {
		n := node{Session: plan.Key.Session, Amount: c.amount, Runs: runsOf(c.payments)}
		if err := s.putNode(tx, branchKey{id, uint32(len(plan.Own) - len(children) + i)}, n); err != nil {
			return err
		}
	}
	return nil
}

// runsOf are the runs of payments that are in the order of the queue.
func runsOf(payments []numbered[queued]) (runs []run) {
	for _, p := range payments {
		if last := len(runs) - 1; last >= 0 && runs[last].To == p.number {
			runs[last].To++
		} else {
			runs = append(runs, run{p.number, p.number + 1})
		}
	}
	return runs
}

// putNode puts a new node.
func (s *scheduler) putNode(tx storage.Tx, key branchKey, n node) error {
	for _, x := range n.Runs {
		if err := s.taken.Put(tx, x.From, x); err != nil {
			return err
		}
	}
	if err := s.nodes.Put(tx, key, n); err != nil {
		return err
	}
	return s.change(tx, n.Session, func(p *pool) { p.Branches++ })
}

// removeNode removes a node. Its payments are in the queue, at their old places.
func (s *scheduler) removeNode(tx storage.Tx, key branchKey, n node) error {
	for _, x := range n.Runs {
		if err := s.taken.Delete(tx, x.From); err != nil {
			return err
		}
	}
	if err := s.nodes.Delete(tx, key); err != nil {
		return err
	}
	if n.Funded {
		if err := s.ready.Delete(tx, n.Number); err != nil {
			return err
		}
	}
	gone, err := s.gone.Has(tx, n.Session)
	if err != nil || gone {
		return err
	}
	return s.change(tx, n.Session, func(p *pool) { p.Branches-- })
}

// nodePayments returns the payments of a node, in the order of the queue.
func (s *scheduler) nodePayments(r storage.Reader, n node) ([]numbered[queued], error) {
	var list []numbered[queued]
	for _, x := range n.Runs {
		for item, err := range s.payments.Between(r, x.From, x.To) {
			if err != nil {
				return nil, err
			}
			list = append(list, numbered[queued]{item.Key, item.Value})
		}
	}
	return list, nil
}

// fund lets a node's payments be planned, now that the branch is there.
func (s *scheduler) fund(tx storage.Tx, key branchKey, n node, o coin.Output) error {
	if n.Funded || n.Amount != o.Amount || n.Session != o.Session {
		return &Unbalanced{fmt.Sprintf("branch %s of %d is for other payments", o.ID, o.Amount)}
	}
	o.Data = nil
	var err error
	n.Funded, n.Output = true, o
	if n.Number, err = s.ready.Push(tx, key); err != nil {
		return err
	}
	return s.nodes.Put(tx, key, n)
}

// chain plans the children of a plan that may spend its branches before they
// are confirmed, in order: as many as relay lets depend on it.
func (s *scheduler) chain(tx storage.Tx, m moment, role coin.Role, id coin.PlanID, plan coin.Plan, children int) error {
	if children == 0 || m.rules.Descendants == 0 {
		return nil
	}
	outputs, err := s.Coin.Unconfirmed(plan)
	if err != nil || outputs == nil {
		return err
	}
	weight, err := s.weigh(plan)
	if err != nil {
		return err
	}
	first := len(plan.Own) - children
	for i := range min(children, int(m.rules.Descendants)) {
		key := branchKey{id, uint32(first + i)}
		n, ok, err := s.nodes.Get(tx, key)
		if err == nil && !ok {
			err = fmt.Errorf("%w: branch %d of plan %s funds nothing", storage.ErrCorrupt, key.index, id)
		}
		if err != nil {
			return err
		}
		d, err := s.draftChild(tx, m, role, n, outputs[first+i])
		if err != nil {
			return err
		}
		if d == nil || len(d.poor)+len(d.void) > 0 {
			return nil // a rate that only the confirmed branch could wait out
		}
		more, err := s.weigh(d.plan)
		if err != nil {
			return err
		}
		if weight = plus(weight, more); weight > m.rules.DescendantsWeight {
			return nil
		}
		if _, err := s.commitChild(tx, m, key, n, d, true); err != nil {
			return err
		}
	}
	return nil
}

// weigh is what a plan's transaction weighs: its fee at a rate of one unit for
// each, in small parts of a unit, as some networks round fees up to multiples of
// more than a unit.
func (s *scheduler) weigh(plan coin.Plan) (uint64, error) {
	const parts = 1_000_000
	fee, err := s.Coin.Fee(1000*parts, plan.Inputs, plan.Addresses())
	return fee / parts, err
}

// sprout plans the payments whose branches are there. Those that do not carry
// the present fees are queued anew.
func (s *scheduler) sprout(tx storage.Tx, m moment) error {
	var ready []branchKey
	for item, err := range s.ready.All(tx) {
		if err != nil {
			return err
		}
		ready = append(ready, item.Value)
	}
	for _, key := range ready {
		if err := s.sproutOne(tx, m, key); err != nil {
			return fmt.Errorf("branch %d of plan %s: %w", key.index, key.plan, err)
		}
	}
	return nil
}

func (s *scheduler) sproutOne(tx storage.Tx, m moment, key branchKey) error {
	n, ok, err := s.nodes.Get(tx, key)
	if err == nil && !ok {
		err = fmt.Errorf("%w: it funds nothing", storage.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	role, ok := m.role(n.Session)
	if !ok {
		return nil // behind a rewind the reference block may be before the key's activation
	}
	d, err := s.draftChild(tx, m, role, n, n.Output)
	if err != nil {
		return err
	}
	id, err := s.commitChild(tx, m, key, n, d, false)
	if err != nil || len(d.plan.Inputs) == 0 {
		return err
	}
	return s.chain(tx, m, role, id, d.plan, len(d.children))
}

// draftChild makes, and changes nothing, the transaction of the payments that a
// branch funds. What they paid for the transactions before it and what it costs
// itself, with those behind it, they bear in equal shares; those that cannot are
// left out, and so are refunds of missing deposits. What they cannot use is change.
func (s *scheduler) draftChild(r storage.Reader, m moment, role coin.Role, n node, input coin.Output) (*draft, error) {
	payments, err := s.nodePayments(r, n)
	if err != nil {
		return nil, err
	}
	d, err := s.newDraft(r, m, role)
	if err != nil {
		return nil, err
	}
	d.plan.Inputs = []coin.Output{input}
	d.count = len(payments)
	for i := range payments {
		d.gross += payments[i].value.Amount
	}
	void, err := s.voidRefunds(r)
	if err != nil {
		return nil, err
	}
	payments = slices.DeleteFunc(payments, func(p numbered[queued]) bool {
		if _, is := void[p.value.ID]; is {
			d.void = append(d.void, p)
			return true
		}
		return false
	})
	for len(payments) > 0 {
		rest, err := s.composeChild(d, payments)
		if err != nil || len(rest) == len(payments) {
			return d, err
		}
		payments = rest
	}
	d.plan.Inputs = nil // nothing is left to be paid
	return d, nil
}

// composeChild makes the draft one of the payments, or adds to its poor those
// that are. It returns the others.
func (s *scheduler) composeChild(d *draft, payments []numbered[queued]) ([]numbered[queued], error) {
	amount := d.plan.Inputs[0].Amount
	var total uint64
	shares := make([]coin.PlannedPayment, len(payments))
	for i := range payments {
		total += payments[i].value.Amount
		shares[i].Payment = payments[i].value.Payment
	}
	// What is not for these payments is change if it can be.
	before := d.before(len(payments))
	rest := Balance{}.Add(amount).Add(before).Sub(total)
	changes := 0
	if !rest.Sub(d.rules.Dust).Negative() {
		changes = 1
	}
	t, err := d.grove.grow(payments, int(d.rules.MaxOutputs)-changes)
	if err != nil {
		return nil, err
	}
	outputs, rate := t.addresses(payments, d.grove.to), d.grove.rate
	if changes > 0 {
		outputs, rate = append(outputs, d.own.Address), d.rate
	}
	fee, err := s.Coin.Fee(rate, d.plan.Inputs, outputs)
	if err != nil {
		return nil, fmt.Errorf("fee of %d outputs: %w", len(outputs), err)
	}
	costs := Balance{}.Add(total).Add(fee).Add(t.cost).Sub(amount) // if all is for them
	if changes > 0 {
		costs = Balance{}.Add(before).Add(fee).Add(t.cost)
	}
	if _, poor := d.sift(shares, costs.atMost(total)); len(poor) > 0 {
		return d.leaveOut(payments, poor), nil
	}
	amortise(shares, costs.atMost(total), d.rules.Dust)
	c := composition{plan: d.plan}
	c.plan.Fee = fee
	if changes > 0 {
		c.plan.Own = split(d.own, rest.atMost(amount), 1)
	} else {
		c.plan.Fee += Balance{}.Minus(costs).atMost(amount) // less than dust, or what a fallen rate leaves
	}
	c.fund(d, t, payments, shares)
	d.plan, d.children, d.payments = c.plan, c.children, payments[:t.direct]
	return payments, nil
}

// before is what so many of a node's payments have borne already, of what all of
// them have: what the branch lacks.
func (d *draft) before(n int) uint64 {
	lacks := Balance{}.Add(d.gross).Sub(d.plan.Inputs[0].Amount).atMost(math.MaxUint64)
	high, low := bits.Mul64(lacks, uint64(n))
	share, _ := bits.Div64(high, low, uint64(d.count))
	return share
}

// leaveOut adds payments to the draft's poor and returns the others.
func (d *draft) leaveOut(payments []numbered[queued], poor []int) []numbered[queued] {
	var rest []numbered[queued]
	for i := range payments {
		if len(poor) > 0 && poor[0] == i {
			poor = poor[1:]
			d.poor, d.removed = append(d.poor, payments[i].value), append(d.removed, payments[i].number)
			continue
		}
		rest = append(rest, payments[i])
	}
	return rest
}

// commitChild carries a draft of a node's payments out. Those that are too poor
// wait in the queue. An output that nothing is left to be paid from is free.
func (s *scheduler) commitChild(tx storage.Tx, m moment, key branchKey, n node, d *draft, unconfirmed bool) (coin.PlanID, error) {
	if err := s.removeNode(tx, key, n); err != nil {
		return coin.PlanID{}, err
	}
	var unborne Balance
	for i, q := range d.poor {
		if err := s.payments.Delete(tx, d.removed[i]); err != nil {
			return coin.PlanID{}, err
		}
		unborne = unborne.Add(q.Amount)
	}
	if err := s.putPoor(tx, m, d.poor); err != nil {
		return coin.PlanID{}, err
	}
	void, err := s.voidRefunds(tx)
	if err != nil {
		return coin.PlanID{}, err
	}
	for _, p := range d.void {
		if err := s.payments.Delete(tx, p.number); err != nil {
			return coin.PlanID{}, err
		}
		if err := s.suspendOne(tx, p.value, void[p.value.ID]); err != nil {
			return coin.PlanID{}, err
		}
		unborne = unborne.Add(p.value.Amount)
	}
	for _, own := range d.plan.Own {
		if own.Kind != coin.Branch {
			unborne = unborne.Sub(own.Amount)
		}
	}
	if len(d.plan.Inputs) == 0 {
		unborne = unborne.Sub(n.Amount)
	}
	if err := s.post(tx, func(l *Ledger) { l.Recover = l.Recover.Plus(unborne) }); err != nil {
		return coin.PlanID{}, err
	}
	if len(d.plan.Inputs) == 0 {
		text := fmt.Sprintf("branch %d is free: none of its payments can be made", key.index)
		if err := s.Events.PlanCondition(tx, key.plan, text); err != nil {
			return coin.PlanID{}, err
		}
		return coin.PlanID{}, s.release(tx, n.Output)
	}
	id, err := s.beginPaying(tx, m, d)
	if err != nil || !unconfirmed {
		return id, err
	}
	return id, s.build(tx, key, id, d.plan.Inputs[0])
}

// build records that a plan spends an output that is not there yet.
func (s *scheduler) build(tx storage.Tx, key branchKey, id coin.PlanID, o coin.Output) error {
	if err := s.missing.Put(tx, o.ID, missing{Absence: absentOwn, Session: o.Session, Maker: key}); err != nil {
		return err
	}
	return s.builds.Put(tx, key, id)
}
