package scheduler

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func comparePayments(a, b coin.PaymentID) int { return bytes.Compare(a[:], b[:]) }

// Replace implements Scheduler. The version makes those payments that the plan's
// own transaction makes, and leaves the rest of what it spends to the group.
func (s *scheduler) Replace(tx storage.Tx, id coin.PlanID, number uint64, drop []coin.PaymentID) (string, error) {
	p, ok, err := s.plans.Get(tx, id)
	if err != nil || !ok {
		return "it is not under way", err
	}
	f, err := s.relatives(tx, id, p)
	if err != nil {
		return "", err
	}
	if number != f.Replaced+1 {
		return fmt.Sprintf("its next replacement is number %d", f.Replaced+1), nil
	}
	if id = p.first(id); id != p.Plan.ID(s.Genesis) {
		if p, err = s.plans.Load(tx, id); err != nil {
			return "", err
		}
	}
	reference, settled, err := s.reference.Get(tx)
	if err != nil || !settled {
		return "no block is settled", err
	}
	m, err := s.moment(tx, reference)
	if err != nil {
		return "", err
	}
	gone, err := s.gone.Has(tx, p.Plan.Key.Session)
	if err != nil {
		return "", err
	}
	role, live := m.role(p.Plan.Key.Session)
	if gone || !live {
		return "its key is not in use", nil
	}
	if reason, err := s.droppable(tx, id, drop); err != nil || reason != "" {
		return reason, err
	}
	if possible, err := s.preparable(tx, p, m.rules); err != nil || !possible {
		return "it spends what is not there", err
	}
	floor, err := s.replacing(tx, f)
	if err != nil {
		return "", err
	}
	next, reason, err := s.composeVersion(tx, m, role, p, floor, drop)
	if err != nil || reason != "" {
		return reason, err
	}
	if err := s.join(tx, m, id, next, true, drop); err != nil {
		return "", err
	}
	return "", s.balanced(tx)
}

// droppable returns why payments cannot be dropped: they are not of the tree
// whose root is the plan.
func (s *scheduler) droppable(r storage.Reader, id coin.PlanID, drop []coin.PaymentID) (string, error) {
	if len(drop) == 0 {
		return "", nil
	}
	of := make(map[coin.PaymentID]bool)
	if err := s.collect(r, id, of); err != nil {
		return "", err
	}
	for i, payment := range drop {
		if !of[payment] || i > 0 && comparePayments(drop[i-1], payment) >= 0 {
			return fmt.Sprintf("payment %s is none of the plan's, or comes twice", payment), nil
		}
	}
	return "", nil
}

// collect adds the payments of a plan and of all that builds on it.
func (s *scheduler) collect(r storage.Reader, id coin.PlanID, to map[coin.PaymentID]bool) error {
	p, err := s.plans.Load(r, id)
	if err != nil {
		return err
	}
	for _, payment := range p.Plan.Payments {
		to[payment.ID] = true
	}
	for item, err := range s.nodes.Between(r, branchKey{plan: id}, branchKey{id, coin.MaxPlanOutputs}) {
		if err != nil {
			return err
		}
		payments, err := s.nodePayments(r, item.Value)
		if err != nil {
			return err
		}
		for _, payment := range payments {
			to[payment.value.ID] = true
		}
	}
	below, err := s.descendants(r, id)
	if err != nil {
		return err
	}
	for _, child := range below {
		if err := s.collect(r, child, to); err != nil {
			return err
		}
	}
	return nil
}

// replaced is what a version has to outbid.
type replaced struct {
	fees uint64 // of the dearest version with all that builds on it
	rate uint64 // of the dearest version
}

// least is the least fee that relay asks of a version of a weight.
func (x replaced) least(weight, floor uint64) uint64 {
	return max(plus(x.fees, costOf(weight, floor)), costOf(weight, plus(x.rate, 1)))
}

func (s *scheduler) replacing(r storage.Reader, f family) (replaced, error) {
	var x replaced
	for _, v := range f.Versions {
		p, err := s.plans.Load(r, v.Plan)
		if err != nil {
			return x, err
		}
		weight, err := s.weigh(p.Plan)
		if err != nil {
			return x, err
		}
		x.rate = max(x.rate, rateOf(p.Plan.Fee, weight))
		fees, err := s.feesFrom(r, v.Plan, p)
		if err != nil {
			return x, err
		}
		x.fees = max(x.fees, fees)
	}
	return x, nil
}

// feesFrom is what a plan pays with all that builds on it, of these the dearest
// versions.
func (s *scheduler) feesFrom(r storage.Reader, id coin.PlanID, p planned) (uint64, error) {
	total := p.Plan.Fee
	below, err := s.descendants(r, id)
	if err != nil {
		return 0, err
	}
	for _, child := range below {
		p, err := s.plans.Load(r, child)
		if err != nil {
			return 0, err
		}
		f, err := s.relatives(r, child, p)
		if err != nil {
			return 0, err
		}
		x, err := s.replacing(r, f)
		if err != nil {
			return 0, err
		}
		total = plus(total, x.fees)
	}
	return total, nil
}

// composeVersion makes another version of a plan: of its payments without those
// to drop, with a fee that outbids what there is. The payments bear the fee of the
// present rate, if there is change that bears the rest, else all of it. It returns
// why that is impossible.
func (s *scheduler) composeVersion(r storage.Reader, m moment, role coin.Role, p planned, x replaced, drop []coin.PaymentID) (planned, string, error) {
	d, err := s.newDraft(r, m, role)
	if err != nil {
		return planned{}, "", err
	}
	next := planned{Plan: d.plan, Purpose: p.Purpose, Place: p.Place, Claims: p.Claims}
	if next.Plan.Inputs, err = s.renewed(r, p.Plan.Inputs); err != nil {
		return next, "", err
	}
	var in, total uint64
	var carry Balance
	for _, input := range p.Plan.Inputs {
		in += input.Amount // fits: it did before
	}
	for i, payment := range p.Plan.Payments {
		if _, out := slices.BinarySearchFunc(drop, payment.ID, comparePayments); out {
			continue
		}
		if payment.Amount < d.rules.Dust {
			return next, fmt.Sprintf("payment %s is below the dust limit", payment.ID), nil
		}
		next.Plan.Payments = append(next.Plan.Payments, payment)
		next.Payments = append(next.Payments, p.Payments[i])
		total += payment.Amount
		carry = carry.Add(payment.Amount - d.rules.Dust)
	}
	own := d.own
	if i, ok := p.rest(); ok && p.Plan.Own[i].Kind == coin.Forwarded {
		switch gone, err := s.gone.Has(r, p.Plan.Own[i].Session); {
		case err != nil:
			return next, "", err
		case !gone:
			own = p.Plan.Own[i]
		case p.Purpose == forwarding: // it is to arrive there
			return next, "it goes to a key that is not in use", nil
		}
	}
	// A plan that makes change has room for it, and so has one with fewer payments.
	room := max(int(d.rules.MaxOutputs), len(p.Plan.Payments)+len(p.Plan.Own)) - len(next.Plan.Payments)
	if left := in - min(in, total); left >= d.rules.Dust && room > 0 {
		own.Amount = left
		next.Plan.Own = []coin.OwnOutput{own}
	} else if total == 0 {
		return next, "nothing is left to be paid", nil
	}
	present, err := s.outbid(d, &next.Plan, x)
	if err != nil {
		return next, "", err
	}
	costs := Balance{}.Add(total).Add(next.Plan.Fee).Sub(in) // of the payments, if there is no change
	if len(next.Plan.Own) > 0 {
		spare := own.Amount - d.rules.Dust
		bear := carry.atMost(max(present, next.Plan.Fee-min(next.Plan.Fee, spare)))
		rest := next.Plan.Fee - bear
		if own.Amount < rest || own.Amount-rest < d.rules.Dust {
			return next, "what it spends does not carry the fee", nil
		}
		next.Plan.Own[0].Amount -= rest
		costs = Balance{}.Add(bear)
	} else if costs.Negative() {
		next.Plan.Fee = in - total
		costs = Balance{}
	}
	if carry.Minus(costs).Negative() {
		return next, "its payments do not carry the fee", nil
	}
	if len(next.Plan.Payments) > 0 {
		amortise(next.Plan.Payments, costs.atMost(total), d.rules.Dust)
	}
	return next, "", nil
}

// rest is the index of the first own output that is no branch.
func (p planned) rest() (int, bool) {
	i := slices.IndexFunc(p.Plan.Own, func(own coin.OwnOutput) bool { return own.Kind != coin.Branch })
	return i, i >= 0
}

// outbid sets the fee of a version: that of the present rate, which it returns,
// or what relay asks of one that takes the place of others.
func (s *scheduler) outbid(d *draft, plan *coin.Plan, x replaced) (uint64, error) {
	rate := d.rate
	if len(plan.Own) == 0 || plan.Own[0].Kind == coin.Forwarded {
		rate = d.grove.rate
	}
	present, err := s.Coin.Fee(rate, plan.Inputs, plan.Addresses())
	if err != nil {
		return 0, err
	}
	weight, err := s.weigh(*plan)
	if err != nil {
		return 0, err
	}
	plan.Fee = max(present, x.least(weight, d.rules.FeeFloor))
	return present, nil
}

// preparable tells whether a version of a plan can be prepared: all that the plan
// spends is there, or will be as soon as another plan has happened, where that is
// enough.
func (s *scheduler) preparable(r storage.Reader, p planned, rules coin.Parameters) (bool, error) {
	early := rules.Descendants > 0 || p.Purpose == bumping
	for _, input := range p.Plan.Inputs {
		m, missing, err := s.missing.Get(r, input.ID)
		if err != nil || missing && !(early && m.Absence == absentOwn) {
			return false, err
		}
	}
	return true, nil
}
