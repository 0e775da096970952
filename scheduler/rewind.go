package scheduler

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// settledPlan names a resolved plan by its block.
type settledPlan struct {
	block uint64
	plan  coin.PlanID
}

// settledPlanKey is 40 bytes: plans are in order of their blocks.
var settledPlanKey = storage.FixedKey(
	func(b []byte, k settledPlan) []byte {
		return append(binary.BigEndian.AppendUint64(b, k.block), k.plan[:]...)
	},
	func(b []byte) (k settledPlan, ok bool) {
		if len(b) != 40 {
			return k, false
		}
		return settledPlan{binary.BigEndian.Uint64(b), coin.PlanID(b[8:])}, true
	},
)

// forgetDone forgets plans that resolved too long ago to be reinstated.
func (s *scheduler) forgetDone(tx storage.Tx, reference uint64) error {
	if reference < coin.RewindDepth {
		return nil
	}
	var old []settledPlan
	for item, err := range s.done.Between(tx, settledPlan{}, settledPlan{block: reference - coin.RewindDepth + 1}) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, k := range old {
		if err := s.done.Delete(tx, k); err != nil {
			return err
		}
		if err := s.Plans.Forgotten(tx, k.plan); err != nil {
			return err
		}
	}
	return nil
}

// undo takes settlements back. It knows where outputs are.
type undo struct {
	*scheduler
	free    map[coin.OutputID]numbered[coin.Output]
	moment  moment                        // only its rules: when reinstated plans are stuck
	waiting map[coin.OutputID]place       // outputs to be passed on
	spent   map[coin.OutputID]coin.PlanID // inputs of unresolved plans
	refunds map[coin.PaymentID]coin.OutputID
	coin.Undone
}

// Rewind implements Scheduler. Decisions stand: payments that are planned stay
// so, with the same inputs, whether these come back or not.
func (s *scheduler) Rewind(tx storage.Tx, rewind *coin.Rewind) (coin.Undone, error) {
	u := undo{
		scheduler: s, free: make(map[coin.OutputID]numbered[coin.Output]), waiting: make(map[coin.OutputID]place),
		spent: make(map[coin.OutputID]coin.PlanID), refunds: make(map[coin.PaymentID]coin.OutputID),
	}
	reference, settled, err := s.reference.Get(tx)
	if err != nil {
		return u.Undone, err
	}
	if err := u.locate(tx); err != nil {
		return u.Undone, err
	}
	if err := u.holdAgain(tx, rewind.Fork); err != nil {
		return u.Undone, err
	}
	u.moment.reference = rewind.Fork
	if u.moment.rules, err = s.Chain.Rules(tx, rewind.Fork); err != nil {
		return u.Undone, err
	}
	if len(rewind.Late) > 0 {
		m, err := s.moment(tx, reference)
		if err != nil {
			return u.Undone, err
		}
		for _, l := range rewind.Late {
			if err := s.late(tx, m, l); err != nil {
				return u.Undone, fmt.Errorf("late report of %s: %w", l.Deposit, err)
			}
		}
	}
	for _, d := range rewind.Deposits {
		if err := u.acknowledged(tx, d); err != nil {
			return u.Undone, fmt.Errorf("deposit %s: %w", d.Output.ID, err)
		}
	}
	for _, block := range rewind.Blocks {
		if err := u.block(tx, block); err != nil {
			return u.Undone, fmt.Errorf("take block %d back: %w", block.Number, err)
		}
	}
	if err := u.suspend(tx); err != nil {
		return u.Undone, err
	}
	if err := u.watch(tx); err != nil {
		return u.Undone, err
	}
	if settled && reference > rewind.Fork {
		if err := s.reference.Delete(tx); err != nil {
			return u.Undone, err
		}
	}
	if len(u.Voided) > 0 {
		horizon, err := s.horizon.Load(tx)
		if err != nil {
			return u.Undone, err
		}
		if err := s.horizon.Put(tx, max(horizon, rewind.Horizon)); err != nil {
			return u.Undone, err
		}
	}
	return u.Undone, s.balanced(tx)
}

// watch leaves those of the inputs to watch that are there. The others are
// watched once they come back.
func (u *undo) watch(r storage.Reader) error {
	var there []coin.Output
	for _, o := range u.Inputs {
		missing, err := u.missing.Has(r, o.ID)
		if err != nil {
			return err
		}
		if !missing {
			there = append(there, o)
		}
	}
	u.Inputs = there
	return nil
}

// locate finds out where outputs are.
func (u *undo) locate(r storage.Reader) error {
	for item, err := range u.scheduler.free.All(r) {
		if err != nil {
			return err
		}
		u.free[item.Value.ID] = numbered[coin.Output]{item.Key.number, item.Value}
	}
	for item, err := range u.forwards.All(r) {
		if err != nil {
			return err
		}
		u.waiting[item.Value.Output.ID] = item.Key
	}
	for item, err := range u.plans.All(r) {
		if err != nil {
			return err
		}
		u.spends(item.Key, item.Value)
	}
	return nil
}

func (u *undo) spends(id coin.PlanID, p planned) {
	for _, input := range p.Plan.Inputs {
		u.spent[input.ID] = p.first(id)
	}
}

// block takes a block back, the last first: plans that it completed, then
// deposits.
func (u *undo) block(tx storage.Tx, block coin.SettledBlock) error {
	for _, c := range slices.Backward(block.Completions) {
		if err := u.reinstate(tx, block.Number, c); err != nil {
			return fmt.Errorf("plan %s: %w", c.Plan, err)
		}
	}
	for _, d := range slices.Backward(block.Deposits) {
		if err := u.deposit(tx, d); err != nil {
			return fmt.Errorf("deposit %s: %w", d.Output.ID, err)
		}
	}
	return nil
}

// reinstate makes a plan unresolved again. Its own outputs are not there any
// more; plans that spend them wait for it.
func (u *undo) reinstate(tx storage.Tx, number uint64, c coin.Completion) error {
	p, ok, err := u.done.Get(tx, settledPlan{number, c.Plan})
	if err == nil && !ok {
		err = fmt.Errorf("%w: the plan was not kept", storage.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	indices, err := u.Plans.Indices(tx, c.Plan)
	if err != nil {
		return err
	}
	if len(indices) != len(p.Plan.Own) {
		return fmt.Errorf("%w: plan has %d own outputs, %d described", storage.ErrCorrupt, len(p.Plan.Own), len(indices))
	}
	for i, own := range p.Plan.Own {
		if err := u.takeOwn(tx, p, branchKey{c.Plan, uint32(i)}, coin.OutputID{Transaction: c.Transaction, Index: indices[i]}, own); err != nil {
			return err
		}
	}
	if err := u.post(tx, func(l *Ledger) { l.reinstate(p) }); err != nil {
		return err
	}
	if err := u.done.Delete(tx, settledPlan{number, c.Plan}); err != nil {
		return err
	}
	if err := u.plans.Put(tx, c.Plan, p); err != nil {
		return err
	}
	if err := u.count(tx, c.Plan, p, true); err != nil {
		return err
	}
	if err := u.watchFor(tx, u.moment, c.Plan); err != nil {
		return err
	}
	u.spends(c.Plan, p)
	u.Inputs = append(u.Inputs, p.Plan.Inputs...)
	for _, input := range p.Plan.Inputs {
		if err := u.writeOffIfGone(tx, input); err != nil {
			return err
		}
	}
	for _, payment := range p.Plan.Payments {
		if err := u.stand(tx, payment.ID, fate{Stage: PaymentPlanned, ID: c.Plan}); err != nil {
			return err
		}
	}
	if p.Purpose == forwarding {
		for _, c := range p.Claims {
			u.Recalled = append(u.Recalled, c.Deposit)
		}
	}
	return u.Plans.Reinstated(tx, c.Plan, p.Plan)
}

// takeOwn takes an own output of a plan away, wherever it is.
func (u *undo) takeOwn(tx storage.Tx, p planned, key branchKey, id coin.OutputID, own coin.OwnOutput) error {
	gone, err := u.gone.Has(tx, own.Session)
	if err != nil {
		return err
	}
	if gone { // written off: what resolve booked is not there to be undone
		if err := u.post(tx, func(l *Ledger) { l.bookBack(own.Amount) }); err != nil {
			return err
		}
	}
	if o, free := u.free[id]; free {
		delete(u.free, id)
		return u.reserve(tx, own.Session, []numbered[coin.Output]{o})
	}
	if by, spent := u.spent[id]; spent {
		if err := u.uncountBump(tx, p, by); err != nil {
			return err
		}
		if err := u.builds.Put(tx, key, by); err != nil {
			return err
		}
		return u.missing.Put(tx, id, missing{Absence: absentOwn, Session: own.Session})
	}
	if n, ok, err := u.nodes.Get(tx, key); err != nil || ok {
		if err != nil {
			return err
		}
		if err := u.ready.Delete(tx, n.Number); err != nil {
			return err
		}
		n.Funded, n.Number, n.Output = false, 0, coin.Output{}
		return u.nodes.Put(tx, key, n)
	}
	if !gone {
		return &Unbalanced{fmt.Sprintf("output %s of a plan is nowhere", id)}
	}
	return nil
}

// holdAgain puts outputs on hold again whose holds ended with blocks that are void.
// Where that is too late, they keep their places.
func (u *undo) holdAgain(tx storage.Tx, fork uint64) error {
	var list []storage.Item[end, coin.Output]
	for item, err := range u.awoken.From(tx, end{block: fork + 1}) {
		if err != nil {
			return err
		}
		list = append(list, item)
	}
	for _, item := range list {
		if err := u.awoken.Delete(tx, item.Key); err != nil {
			return err
		}
		o := item.Value
		x := resting{Output: o, End: item.Key}
		if free, ok := u.free[o.ID]; ok {
			delete(u.free, o.ID)
			if err := u.reserve(tx, o.Session, []numbered[coin.Output]{free}); err != nil {
				return err
			}
		} else if at, ok := u.waiting[o.ID]; ok {
			p, err := u.forwards.Load(tx, at)
			if err != nil {
				return err
			}
			delete(u.waiting, o.ID)
			if err := u.forwards.Delete(tx, at); err != nil {
				return err
			}
			x.Claims = p.Claims
		} else {
			u.Fixed = append(u.Fixed, o)
			continue
		}
		if err := u.rest(tx, x); err != nil {
			return err
		}
	}
	return nil
}

// deposit takes a deposit away. If it had no effect yet that cannot be taken
// back, it is forgotten; else its effect stands without it.
func (u *undo) deposit(tx storage.Tx, d coin.Deposit) error {
	id := d.Output.ID
	accepted, err := u.accepted.Has(tx, id)
	if err != nil {
		return err
	}
	here, waits, err := u.remove(tx, d)
	if err != nil {
		return err
	}
	_, spent := u.spent[id]
	if accepted && (d.Fate == coin.Held && !spent || d.Fate == coin.PassedOn && waits) {
		return u.forget(tx, d, here)
	}
	m := missing{Absence: absentLost, Session: d.Output.Session, Credit: d.Credit}
	switch {
	case here:
		m.Absence, m.Written = absentFree, d.Gain()
	case spent:
		m.Absence, m.Written = absentInput, d.Output.Amount // all of it, as the plan counts on it
		gone, err := u.gone.Has(tx, d.Output.Session)
		if err != nil {
			return err
		}
		if gone { // it is written off, and stays so
			return u.void(tx, d, m)
		}
	}
	if m.Absence != absentLost {
		if err := u.post(tx, func(l *Ledger) { l.writeOff(m.Written) }); err != nil {
			return err
		}
	}
	return u.void(tx, d, m)
}

// remove takes the output of a deposit away if no plan spends it: one that it
// raised is there again instead. It tells whether it was there, and whether the
// deposit waited to be passed on.
func (u *undo) remove(tx storage.Tx, d coin.Deposit) (here, waits bool, err error) {
	id := d.Output.ID
	x, rests, err := u.resting.Get(tx, id)
	if err != nil {
		return false, false, err
	}
	if rests {
		waits = slices.ContainsFunc(x.Claims, func(c claim) bool { return c.Deposit == id })
		if err := u.wake(tx, x); err != nil || d.Raises == nil {
			return true, waits, err
		}
		x.Output = *d.Raises
		x.Claims = slices.DeleteFunc(x.Claims, func(c claim) bool { return c.Deposit == id })
		return true, waits, u.rest(tx, x)
	}
	if o, free := u.free[id]; free {
		delete(u.free, id)
		return true, false, u.reserve(tx, d.Output.Session, []numbered[coin.Output]{o})
	}
	if at, waits := u.waiting[id]; waits {
		delete(u.waiting, id)
		return true, true, u.forwards.Delete(tx, at)
	}
	return false, false, nil
}

// void records a deposit as missing.
func (u *undo) void(tx storage.Tx, d coin.Deposit, m missing) error {
	u.Voided = append(u.Voided, d)
	u.refunds[coin.RefundID(d.Output.ID)] = d.Output.ID
	if m.Absence != absentFree {
		u.Fixed = append(u.Fixed, d.Output)
	}
	return u.missing.Put(tx, d.Output.ID, m)
}

// forget undoes a deposit that was accepted and not reported. If it was not there,
// its session is gone.
func (u *undo) forget(tx storage.Tx, d coin.Deposit, here bool) error {
	u.Forgotten = append(u.Forgotten, d.Output.ID)
	if err := u.accepted.Delete(tx, d.Output.ID); err != nil {
		return err
	}
	return u.post(tx, func(l *Ledger) {
		if !here {
			l.bookBack(d.Gain())
		}
		l.forget(d)
	})
}

// acknowledged books a deposit whose credit is acknowledged although its block
// has not settled, and will not as it is.
func (u *undo) acknowledged(tx storage.Tx, d coin.Deposit) error {
	err := u.post(tx, func(l *Ledger) {
		l.deposit(d)
		l.writeOff(d.Gain())
	})
	if err != nil {
		return err
	}
	if d.Fate == coin.Refunded {
		q := queued{Payment: coin.Payment{ID: coin.RefundID(d.Output.ID), Address: d.Output.Origin, Amount: d.Credit}, Refund: true}
		if err := u.stand(tx, q.ID, fate{Stage: PaymentAside}); err != nil {
			return err
		}
		if err := u.suspended.Put(tx, d.Output.ID, q); err != nil {
			return err
		}
	}
	return u.void(tx, d, missing{Absence: absentFree, Session: d.Output.Session, Credit: d.Credit, Written: d.Gain()})
}

// suspend takes refunds of void deposits out of the queues: they are not made
// from what belongs to others, unless they are planned already. Those in a tree
// are left out when their branch is shared out.
func (u *undo) suspend(tx storage.Tx) error {
	for _, queue := range []struct {
		storage.Queue[queued]
		items iter.Seq2[numbered[queued], error]
	}{{u.payments, u.waitingPayments(tx)}, {u.aside, numberedItems(u.aside.All(tx))}} {
		var numbers []uint64
		var refunds []queued
		for item, err := range queue.items {
			if err != nil {
				return err
			}
			if _, void := u.refunds[item.value.ID]; void && item.value.Refund {
				numbers, refunds = append(numbers, item.number), append(refunds, item.value)
			}
		}
		for i, q := range refunds {
			if err := queue.Delete(tx, numbers[i]); err != nil {
				return err
			}
			if err := u.suspended.Put(tx, u.refunds[q.ID], q); err != nil {
				return err
			}
		}
	}
	return nil
}
