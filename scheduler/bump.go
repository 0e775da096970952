package scheduler

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// due is when a plan is looked at that has not happened: at the first
// settlement of a reference block of at least this number. Plans that are due at
// the same block are in the order in which they were made.
type due struct{ block, number uint64 }

// dueKey is 16 bytes.
var dueKey = storage.FixedKey(
	func(b []byte, k due) []byte {
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, k.block), k.number)
	},
	func(b []byte) (due, bool) {
		if len(b) != 16 {
			return due{}, false
		}
		return due{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, true
	},
)

// watchFor lets a plan be looked at if it has not happened by then.
func (s *scheduler) watchFor(tx storage.Tx, m moment, id coin.PlanID) error {
	number, err := s.number(tx)
	if err != nil {
		return err
	}
	return s.due.Put(tx, due{m.reference + m.rules.BumpAfter, number}, id)
}

// bump lifts the plans that are stuck.
func (s *scheduler) bump(tx storage.Tx, m moment) error {
	var stuck []storage.Item[due, coin.PlanID]
	for item, err := range s.due.Between(tx, due{}, due{block: m.reference + 1}) {
		if err != nil {
			return err
		}
		stuck = append(stuck, item)
	}
	for _, item := range stuck {
		if err := s.due.Delete(tx, item.Key); err != nil {
			return err
		}
		p, ok, err := s.plans.Get(tx, item.Value)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := s.lift(tx, m, item.Value, p); err != nil {
			return fmt.Errorf("lift plan %s: %w", item.Value, err)
		}
	}
	return nil
}

// lift makes the network take up a plan that is stuck: by a child that spends
// its change, or, of such a child, by a version with a higher fee. What cannot
// be lifted waits for a ReplacePlan.
func (s *scheduler) lift(tx storage.Tx, m moment, id coin.PlanID, p planned) error {
	gone, err := s.gone.Has(tx, p.Plan.Key.Session)
	if err != nil || gone {
		return err // nobody signs for it
	}
	rate, err := s.Chain.Rate(tx, m.reference)
	if err != nil {
		return err
	}
	if waits, err := s.waitsForInputs(tx, id, p); err != nil {
		return err
	} else if waits {
		return s.watchFor(tx, m, id)
	}
	var reason string
	if p.Purpose == bumping {
		reason, err = s.bumpAgain(tx, m, rate, id, p)
	} else {
		reason, err = s.bumpFirst(tx, m, rate, id, p)
	}
	if err != nil || reason == "" {
		return err
	}
	if err := s.Events.PlanCondition(tx, id, "stuck: "+reason); err != nil {
		return err
	}
	return s.watchFor(tx, m, id)
}

// waitsForInputs tells whether a plan, or the one that it is to lift, spends what is not
// there: no fee brings that.
func (s *scheduler) waitsForInputs(r storage.Reader, id coin.PlanID, p planned) (bool, error) {
	if p.Purpose == bumping {
		below, ok, err := s.below(r, p.first(id))
		if err != nil || !ok {
			return false, err
		}
		p = below
	}
	return s.incomplete(r, p)
}

// below returns the unresolved plan on which another builds.
func (s *scheduler) below(r storage.Reader, id coin.PlanID) (planned, bool, error) {
	parent, ok, err := s.parent(r, id)
	if err != nil || !ok {
		return planned{}, false, err
	}
	p, err := s.plans.Load(r, parent)
	return p, err == nil, err
}

// parent is the ID of the unresolved plan on which another builds.
func (s *scheduler) parent(r storage.Reader, id coin.PlanID) (coin.PlanID, bool, error) {
	for item, err := range s.builds.All(r) {
		if err != nil || item.Value == id {
			return item.Key.plan, err == nil, err
		}
	}
	return coin.PlanID{}, false, nil
}

// bumped tells whether an own output of a plan pays for it already, and why it does
// not although it is spent.
func (s *scheduler) bumped(r storage.Reader, key branchKey) (bool, string, error) {
	child, built, err := s.builds.Get(r, key)
	if err != nil || !built {
		return false, "", err
	}
	p, err := s.plans.Load(r, child)
	if err != nil {
		return false, "", err
	}
	gone, err := s.gone.Has(r, p.Plan.Key.Session)
	switch {
	case p.Purpose != bumping:
		return false, "payments are planned from its change already", err
	case gone:
		return false, "the key of what pays for it is not in use", err
	}
	return true, "", err
}

// lifter is the index of the own output by which a plan can be lifted.
func (p planned) lifter() (int, bool) {
	for i, own := range p.Plan.Own {
		if own.Kind == coin.Change || own.Kind == coin.Forwarded && p.Purpose == moving {
			return i, true
		}
	}
	return 0, false
}

// bumpFirst plans the child that pays for a stuck plan, or returns why there is
// none.
func (s *scheduler) bumpFirst(tx storage.Tx, m moment, rate uint64, id coin.PlanID, p planned) (string, error) {
	i, ok := p.lifter()
	if !ok {
		return "the transaction leaves no change that could pay for it", nil
	}
	if p.Family != (coin.PlanID{}) {
		return "nothing builds on one of several versions", nil
	}
	key := branchKey{id, uint32(i)}
	if lifted, reason, err := s.bumped(tx, key); err != nil || lifted || reason != "" {
		return reason, err // the bump is looked at itself
	}
	outputs, err := s.Coin.Unconfirmed(p.Plan)
	if err != nil {
		return "", err
	}
	if outputs == nil {
		return "the network lets nothing pay for it", nil
	}
	gone, err := s.gone.Has(tx, p.Plan.Own[i].Session)
	if err != nil {
		return "", err
	}
	role, ok := m.role(p.Plan.Own[i].Session)
	if gone || !ok {
		return "its change is of a key that is not in use", nil
	}
	weight, err := s.weigh(p.Plan)
	if err != nil {
		return "", err
	}
	has := rateOf(p.Plan.Fee, weight)
	b := planned{Purpose: bumping, Plan: coin.Plan{
		Key: role.Key, Inputs: []coin.Output{outputs[i]}, Reference: m.reference,
	}}
	l := lifting{weight: weight, fee: p.Plan.Fee, rate: target(m, rate, has)}
	reason, err := s.compensate(m, role, &b, l, func(own uint64) uint64 {
		least := costOf(plus(weight, own), plus(has, 1)) // together they pay more than before
		return least - min(least, p.Plan.Fee)
	})
	if err != nil || reason != "" {
		return reason, err
	}
	if err := s.countOwn(tx, p.Purpose, p.Plan.Own[i], false); err != nil {
		return "", err
	}
	if err := s.build(tx, key, b.Plan.ID(s.Genesis), outputs[i]); err != nil {
		return "", err
	}
	return "", s.beginSweep(tx, m, b)
}

// bumpAgain plans a version of a bump with a higher fee than all that there are,
// or returns why there is none.
func (s *scheduler) bumpAgain(tx storage.Tx, m moment, rate uint64, id coin.PlanID, p planned) (string, error) {
	role, ok := m.role(p.Plan.Key.Session)
	if !ok {
		return "its key is not in use", nil
	}
	f, err := s.relatives(tx, id, p)
	if err != nil {
		return "", err
	}
	if f.Versions[len(f.Versions)-1].Plan != id {
		return "", nil // the newest version is looked at itself
	}
	others, err := s.replacing(tx, f)
	if err != nil {
		return "", err
	}
	var l lifting
	below, ok, err := s.below(tx, p.first(id))
	if err != nil {
		return "", err
	}
	if ok {
		l.fee = below.Plan.Fee
		if l.weight, err = s.weigh(below.Plan); err != nil {
			return "", err
		}
	}
	weight, err := s.weigh(p.Plan)
	if err != nil {
		return "", err
	}
	l.rate = target(m, rate, rateOf(plus(l.fee, p.Plan.Fee), plus(l.weight, weight)))
	b := planned{Purpose: bumping, Plan: coin.Plan{Key: p.Plan.Key, Inputs: p.Plan.Inputs, Reference: m.reference}}
	reason, err := s.compensate(m, role, &b, l, func(own uint64) uint64 {
		return others.least(own, m.rules.FeeFloor)
	})
	if err != nil || reason != "" {
		return reason, err
	}
	return "", s.join(tx, m, id, b, false, nil)
}

// target is the rate that a stuck transaction is lifted to: the present one, or
// half as much again as it has.
func target(m moment, rate, has uint64) uint64 {
	return min(max(rate, plus(has, has/2)), m.rules.FeeCap)
}

// lifting is what a bump lifts, beside itself, to a rate: nothing if what is
// below it is confirmed.
type lifting struct{ weight, fee, rate uint64 }

// compensate completes a bump: its output, and the fee that lifts it and what is
// below it to the rate, or to the least that it takes, which depends on the bump's
// own weight, or what the input has of that. It returns why that is less than the
// least.
func (s *scheduler) compensate(m moment, role coin.Role, b *planned, l lifting, least func(uint64) uint64) (string, error) {
	address, err := s.Coin.Address(role.Change.Key, coin.Change)
	if err != nil {
		return "", fmt.Errorf("address of the change: %w", err)
	}
	b.Plan.Own = []coin.OwnOutput{{Kind: coin.Change, Session: role.Change.Session, Address: address}}
	weight, err := s.weigh(b.Plan)
	if err != nil {
		return "", err
	}
	amount, needed := b.Plan.Inputs[0].Amount, least(weight)
	at := func(rate uint64) uint64 {
		cost := costOf(plus(weight, l.weight), rate)
		return cost - min(cost, l.fee)
	}
	wanted := min(max(at(l.rate), needed), at(m.rules.FeeCap))
	fee := min(wanted, amount-min(amount, m.rules.Dust))
	switch {
	case wanted < needed:
		return "the fee is at the cap", nil
	case fee < needed:
		return "its change cannot pay for it", nil
	}
	b.Plan.Fee, b.Plan.Own[0].Amount = fee, amount-fee
	return "", nil
}

// costOf is what a weight costs at a rate, rounded up.
func costOf(weight, rate uint64) uint64 {
	high, low := bits.Mul64(weight, rate)
	low, carry := bits.Add64(low, 999, 0)
	if high += carry; high >= 1000 {
		return math.MaxUint64
	}
	cost, _ := bits.Div64(high, low, 1000)
	return cost
}

// rateOf is the rate that a fee for a weight amounts to, rounded down.
func rateOf(fee, weight uint64) uint64 {
	if weight == 0 {
		return 0
	}
	high, low := bits.Mul64(fee, 1000)
	if high >= weight {
		return math.MaxUint64
	}
	rate, _ := bits.Div64(high, low, weight)
	return rate
}
