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
	moment  moment                          // only its rules: when reinstated plans are stuck
	waiting map[coin.OutputID]place         // outputs to be passed on
	spent   map[coin.OutputID]coin.PlanID   // inputs of unresolved plans
	renewed map[coin.OutputID]coin.OutputID // under which IDs plans spend what came back
	refunds map[coin.PaymentID]coin.OutputID
	coin.Undone
}

// Rewind implements Scheduler. Decisions stand: payments that are planned stay
// so, with the same inputs, whether these come back or not.
func (s *scheduler) Rewind(tx storage.Tx, rewind *coin.Rewind) (coin.Undone, error) {
	u := undo{
		scheduler: s, free: make(map[coin.OutputID]numbered[coin.Output]), waiting: make(map[coin.OutputID]place),
		spent: make(map[coin.OutputID]coin.PlanID), renewed: make(map[coin.OutputID]coin.OutputID), refunds: make(map[coin.PaymentID]coin.OutputID),
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
	for item, err := range u.again.All(r) {
		if err != nil {
			return err
		}
		u.renewed[item.Value.ID] = item.Key
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
	as, renewed := u.renewed[id]
	if !renewed {
		as = id
	}
	if by, spent := u.spent[as]; spent {
		if err := u.uncountBump(tx, p, by); err != nil {
			return err
		}
		if err := u.builds.Put(tx, key, by); err != nil {
			return err
		}
		return u.missing.Put(tx, as, missing{Absence: absentOwn, Session: own.Session, Maker: key})
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
