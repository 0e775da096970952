package scheduler

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// family is the versions of a plan, which spend the same outputs: at most one of
// them happens. Of the unresolved ones the first counts.
type family struct {
	Versions []version // the first one first
	Replaced uint64    // how many of them a decision made
}

// version is one version of a plan.
type version struct {
	Plan coin.PlanID
	Drop []coin.PaymentID // payments that are not made if it happens, in ascending order
}

// maxVersions and maxDropped bound what is read back.
const (
	maxVersions = 1 << 16
	maxDropped  = 1 << 20
)

// Encode writes the family.
func (f family) Encode(w *wire.Writer) {
	w.Uint64(f.Replaced)
	wire.List(w, f.Versions)
}

// Decode reads the family.
func (f *family) Decode(r *wire.Reader) {
	f.Replaced = r.Uint64()
	f.Versions = wire.ReadList[version](r, maxVersions, 36)
}

// Encode writes the version.
func (v version) Encode(w *wire.Writer) {
	w.Fixed(v.Plan[:])
	w.Count(len(v.Drop))
	for _, id := range v.Drop {
		w.Fixed(id[:])
	}
}

// Decode reads the version.
func (v *version) Decode(r *wire.Reader) {
	r.Fixed(v.Plan[:])
	if n := r.Count(maxDropped, 32); n > 0 {
		v.Drop = make([]coin.PaymentID, n)
	}
	for i := range v.Drop {
		r.Fixed(v.Drop[i][:])
	}
}

// first is the ID of the first version of the plan that has an ID.
func (p planned) first(id coin.PlanID) coin.PlanID {
	if p.Family != (coin.PlanID{}) {
		return p.Family
	}
	return id
}

// relatives returns the versions of a plan.
func (s *scheduler) relatives(r storage.Reader, id coin.PlanID, p planned) (family, error) {
	if p.Family == (coin.PlanID{}) {
		return family{Versions: []version{{Plan: id}}}, nil
	}
	f, ok, err := s.families.Get(r, p.Family)
	if err == nil && !ok {
		err = fmt.Errorf("%w: plan %s has no versions", storage.ErrCorrupt, id)
	}
	return f, err
}

// join begins another version of the plan that has an ID, without the payments
// to drop if a decision made it.
func (s *scheduler) join(tx storage.Tx, m moment, id coin.PlanID, p planned, decided bool, drop []coin.PaymentID) error {
	before, ok, err := s.plans.Get(tx, id)
	if err == nil && !ok {
		err = fmt.Errorf("%w: it is not under way", storage.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	f, err := s.relatives(tx, id, before)
	if err != nil {
		return err
	}
	p.Family = before.first(id)
	if before.Family == (coin.PlanID{}) {
		before.Family = id
		if err := s.plans.Put(tx, id, before); err != nil {
			return err
		}
	}
	f.Versions = append(f.Versions, version{p.Plan.ID(s.Genesis), drop})
	if decided {
		f.Replaced++
	}
	if err := s.families.Put(tx, p.Family, f); err != nil {
		return err
	}
	return s.begin(tx, m, p)
}

// descendants returns the plans that spend own outputs of a plan, one version of
// each.
func (s *scheduler) descendants(r storage.Reader, id coin.PlanID) (list []coin.PlanID, err error) {
	for item, err := range s.builds.Between(r, branchKey{plan: id}, branchKey{id, coin.MaxPlanOutputs}) {
		if err != nil {
			return nil, err
		}
		list = append(list, item.Value)
	}
	return list, nil
}

// voiding ends plans that cannot happen any more.
type voiding struct {
	*scheduler
	happened *planned         // the version that did
	drop     []coin.PaymentID // what is not made as this one happened
	payments []numbered[queued]
	unborne  Balance
	ending   []coin.PlanID // that count no more, though they are not gone yet
}

// decide ends the other versions of a plan that happened, and all that builds on
// them. Of their payments that it does not make those are dropped that were to be,
// the others are made from its change. It returns the plan without relatives.
func (s *scheduler) decide(tx storage.Tx, id coin.PlanID, p planned) (planned, error) {
	if p.Family == (coin.PlanID{}) {
		return p, nil
	}
	f, err := s.relatives(tx, id, p)
	if err != nil {
		return p, err
	}
	v := voiding{scheduler: s, happened: &p}
	if !p.counts(id) {
		v.unborne = p.unborne()
	}
	for _, other := range f.Versions {
		if other.Plan == id {
			v.drop = other.Drop
			continue
		}
		if err := v.void(tx, other.Plan); err != nil {
			return p, fmt.Errorf("version %s: %w", other.Plan, err)
		}
	}
	back, err := v.requeue(tx)
	if err != nil {
		return p, err
	}
	if err := v.tie(tx, id, back); err != nil {
		return p, err
	}
	if err := s.families.Delete(tx, p.Family); err != nil {
		return p, err
	}
	p.Family = coin.PlanID{}
	return p, s.post(tx, func(l *Ledger) { l.Recover = l.Recover.Plus(v.unborne) })
}

// void ends a plan and all that builds on it.
func (v *voiding) void(tx storage.Tx, id coin.PlanID) error {
	p, ok, err := v.plans.Get(tx, id)
	if err == nil && !ok {
		err = fmt.Errorf("%w: it is not under way", storage.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	if err := v.count(tx, id, p, false); err != nil {
		return err
	}
	v.ending = append(v.ending, id)
	for i := range p.Plan.Own {
		if err := v.voidBranch(tx, p.Plan.Key.Session, branchKey{id, uint32(i)}); err != nil {
			return err
		}
	}
	if p.counts(id) {
		v.unborne = v.unborne.Minus(p.unborne())
		for i, payment := range p.Plan.Payments {
			q := queued{Payment: payment.Payment, Refund: p.Payments[i].Refund}
			v.payments = append(v.payments, numbered[queued]{p.Payments[i].Number, q})
		}
	}
	if err := v.plans.Delete(tx, id); err != nil {
		return err
	}
	return v.Plans.Voided(tx, id, p.Plan)
}

// voidBranch ends what an own output of a void plan of a session was for.
func (v *voiding) voidBranch(tx storage.Tx, session uint64, key branchKey) error {
	n, ok, err := v.nodes.Get(tx, key)
	if err != nil {
		return err
	}
	if ok {
		payments, err := v.nodePayments(tx, n)
		if err != nil {
			return err
		}
		for _, p := range payments {
			v.unborne = v.unborne.Add(p.value.Amount)
		}
		v.unborne = v.unborne.Sub(n.Amount)
		v.payments = append(v.payments, payments...)
		return v.removeNode(tx, key, n)
	}
	child, ok, err := v.builds.Get(tx, key)
	if err != nil || !ok {
		return err
	}
	if err := v.builds.Delete(tx, key); err != nil {
		return err
	}
	if err := v.countBump(tx, session, child); err != nil {
		return err
	}
	p, err := v.plans.Load(tx, child)
	if err != nil {
		return err
	}
	f, err := v.relatives(tx, child, p)
	if err != nil {
		return err
	}
	if err := v.letGo(tx, child, p); err != nil {
		return err
	}
	for _, version := range f.Versions {
		if err := v.void(tx, version.Plan); err != nil {
			return fmt.Errorf("plan %s: %w", version.Plan, err)
		}
	}
	return v.families.Delete(tx, p.Family)
}

// letGo lets go of what a plan spends that is void with the one it builds on: of
// the output that will not be, and, behind a rewind, of others, which are free.
func (v *voiding) letGo(tx storage.Tx, id coin.PlanID, p planned) error {
	for _, input := range p.Plan.Inputs {
		m, missing, err := v.missing.Get(tx, input.ID)
		if err != nil {
			return err
		}
		switch {
		case missing && m.Absence == absentInput:
			m.Absence = absentFree
			err = v.missing.Put(tx, input.ID, m)
		case missing:
			err = v.missing.Delete(tx, input.ID)
		default:
			err = v.releaseUnlessGone(tx, input)
		}
		if err != nil {
			return err
		}
	}
	if len(p.Plan.Inputs) == 1 {
		return nil
	}
	var others []branchKey
	for item, err := range v.builds.All(tx) {
		if err != nil {
			return err
		}
		if item.Value == id {
			others = append(others, item.Key)
		}
	}
	for _, key := range others {
		if err := v.builds.Delete(tx, key); err != nil {
			return err
		}
		if slices.Contains(v.ending, key.plan) {
			continue
		}
		parent, err := v.plans.Load(tx, key.plan)
		if err != nil {
			return err
		}
		gone, err := v.gone.Has(tx, parent.Plan.Key.Session)
		if err != nil {
			return err
		}
		hanging, err := v.hanging(tx, key.plan, parent)
		if err != nil {
			return err
		}
		if own := parent.Plan.Own[key.index]; !gone && !hanging && own.Kind != coin.Branch {
			if err := v.countOwn(tx, parent.Purpose, own, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// releaseUnlessGone makes an output free that a void plan spends. One of a
// session that is gone stays written off.
func (v *voiding) releaseUnlessGone(tx storage.Tx, o coin.Output) error {
	gone, err := v.gone.Has(tx, o.Session)
	if err != nil || gone {
		return err
	}
	return v.release(tx, o)
}

// requeue puts the payments of void plans back to their old places in the queue, and
// returns them, or drops them.
func (v *voiding) requeue(tx storage.Tx) (back []numbered[queued], err error) {
	refunds, err := v.voidRefunds(tx)
	if err != nil {
		return nil, err
	}
	made := make(map[coin.PaymentID]bool)
	for _, payment := range v.happened.Plan.Payments {
		made[payment.ID] = true
	}
	for _, p := range v.payments {
		deposit, missing := refunds[p.value.ID]
		switch _, drop := slices.BinarySearchFunc(v.drop, p.value.ID, comparePayments); {
		case made[p.value.ID]:
		case drop:
			if err = v.scheduler.payments.Delete(tx, p.number); err == nil {
				err = v.scheduler.drop(tx, p.value, "it was decided not to make the payment")
			}
		case missing:
			if err = v.scheduler.payments.Delete(tx, p.number); err == nil {
				err = v.suspendOne(tx, p.value, deposit)
			}
		default:
			back = append(back, p)
			if err = v.scheduler.payments.Put(tx, p.number, p.value); err == nil {
				err = v.stand(tx, p.value.ID, fate{Stage: PaymentQueued})
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return back, nil
}

// tie lets payments of void plans be made from the change of the version that
// happened: so what makes them now cannot happen beside what was to make them, even
// if the chain decides anew behind a rewind. Those that it does not cover wait in the
// queue.
func (v *voiding) tie(tx storage.Tx, id coin.PlanID, back []numbered[queued]) error {
	i, ok := v.happened.rest()
	if !ok || len(back) == 0 {
		return nil
	}
	own := v.happened.Plan.Own[i]
	gone, err := v.gone.Has(tx, own.Session)
	if err != nil || gone {
		return err
	}
	slices.SortFunc(back, func(a, b numbered[queued]) int { return cmp.Compare(a.number, b.number) })
	left := own.Amount
	for i, p := range back {
		if p.value.Amount > left {
			back = back[:i]
			break
		}
		left -= p.value.Amount
		v.unborne = v.unborne.Sub(p.value.Amount)
	}
	if len(back) == 0 {
		return nil
	}
	v.unborne = v.unborne.Add(own.Amount)
	return v.putNode(tx, branchKey{id, uint32(i)}, node{Session: own.Session, Amount: own.Amount, Runs: runsOf(back)})
}
