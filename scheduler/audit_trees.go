package scheduler

import (
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// countNodes counts the payments that branches fund, which the queue holds.
func (s *scheduler) countNodes(r storage.Reader, c *counted) error {
	for item, err := range s.nodes.All(r) {
		if err != nil {
			return err
		}
		n := item.Value
		payments, err := s.nodePayments(r, n)
		if err != nil {
			return err
		}
		c.unborne = c.unborne.Add(n.Amount)
		for _, p := range payments {
			c.unborne = c.unborne.Sub(p.value.Amount)
		}
		var all uint64
		for _, x := range n.Runs {
			all += x.To - x.From
			if taken, _, err := s.taken.Get(r, x.From); err != nil || taken != x {
				return errors.Join(err, &Unbalanced{fmt.Sprintf("payments %d to %d are in a tree and not taken", x.From, x.To)})
			}
		}
		if all != uint64(len(payments)) || all == 0 {
			return &Unbalanced{fmt.Sprintf("branch %d of plan %s funds %d payments, %d are there", item.Key.index, item.Key.plan, all, len(payments))}
		}
		if err := s.checkParent(r, item.Key, n); err != nil {
			return err
		}
		c.runs += uint64(len(n.Runs))
		c.in(n.Session, func(p *pool) { p.Branches++ })
		if n.Funded {
			c.funded++
			c.assets = c.assets.Add(n.Amount)
			if at, _, err := s.ready.Get(r, n.Number); err != nil || at != item.Key {
				return errors.Join(err, &Unbalanced{fmt.Sprintf("branch %s is there and not ready", n.Output.ID)})
			}
		}
	}
	var end uint64
	for item, err := range s.taken.All(r) {
		if err != nil {
			return err
		}
		if item.Key != item.Value.From || item.Key < end {
			return &Unbalanced{fmt.Sprintf("payment %d is taken twice", item.Key)}
		}
		end = item.Value.To
		c.taken++
	}
	for _, err := range s.ready.All(r) {
		if err != nil {
			return err
		}
		c.ready++
	}
	return nil
}

// checkParent checks that a node's branch is to come of a plan under way, or is
// there.
func (s *scheduler) checkParent(r storage.Reader, key branchKey, n node) error {
	p, underWay, err := s.plans.Get(r, key.plan)
	if err != nil {
		return err
	}
	if underWay == n.Funded {
		return &Unbalanced{fmt.Sprintf("branch %d of plan %s is neither there nor to come", key.index, key.plan)}
	}
	own := coin.OwnOutput{Kind: n.Output.Kind, Session: n.Output.Session, Amount: n.Output.Amount}
	if underWay && !p.counts(key.plan) || underWay && int(key.index) >= len(p.Plan.Own) {
		return &Unbalanced{fmt.Sprintf("plan %s has no branch %d", key.plan, key.index)}
	}
	if underWay {
		own = p.Plan.Own[key.index]
	}
	if own.Kind != coin.Branch || own.Session != n.Session || own.Amount != n.Amount {
		return &Unbalanced{fmt.Sprintf("branch %d of plan %s is for other payments", key.index, key.plan)}
	}
	return nil
}

// countBuilds counts the own outputs that are not there and spent already: each
// of a plan under way, by a plan under way.
func (s *scheduler) countBuilds(r storage.Reader, _ *counted) error {
	var builds, absent uint64
	for item, err := range s.builds.All(r) {
		if err != nil {
			return err
		}
		builds++
		p, ok, err := s.plans.Get(r, item.Key.plan)
		if err != nil {
			return err
		}
		child, there, err := s.plans.Get(r, item.Value)
		if err != nil {
			return err
		}
		if !ok || !there || !p.counts(item.Key.plan) || !child.counts(item.Value) || int(item.Key.index) >= len(p.Plan.Own) {
			return &Unbalanced{fmt.Sprintf("own output %d of plan %s is spent by plan %s, which cannot be", item.Key.index, item.Key.plan, item.Value)}
		}
		own, spent := p.Plan.Own[item.Key.index], false
		for _, input := range child.Plan.Inputs {
			m, _, err := s.missing.Get(r, input.ID)
			if err != nil {
				return err
			}
			spent = spent || m.Absence == absentOwn && m.Maker == item.Key && input.Amount == own.Amount && input.Session == own.Session
		}
		if !spent {
			return &Unbalanced{fmt.Sprintf("plan %s does not spend own output %d of plan %s", item.Value, item.Key.index, item.Key.plan)}
		}
	}
	for item, err := range s.missing.All(r) {
		if err != nil {
			return err
		}
		if item.Value.Absence == absentOwn {
			absent++
		}
	}
	if builds != absent {
		return &Unbalanced{fmt.Sprintf("%d own outputs are spent before they are there, %d are missing", builds, absent)}
	}
	return nil
}

// sameInput tells whether two versions spend the same output. One of the group's own
// may have another ID in a later version, if what made it happened again otherwise.
func sameInput(a, b coin.Output) bool {
	return a.ID == b.ID ||
		a.Kind != coin.External && a.Kind == b.Kind && a.Session == b.Session && a.Amount == b.Amount
}

// countFamilies checks that versions know each other and spend the same.
func (s *scheduler) countFamilies(r storage.Reader, _ *counted) error {
	versions := 0
	for item, err := range s.families.All(r) {
		if err != nil {
			return err
		}
		f := item.Value
		if len(f.Versions) < 2 || f.Versions[0].Plan != item.Key || f.Replaced >= uint64(len(f.Versions)) {
			return &Unbalanced{fmt.Sprintf("plan %s has %d versions, %d decided", item.Key, len(f.Versions), f.Replaced)}
		}
		first, err := s.plans.Load(r, item.Key)
		if err != nil {
			return err
		}
		for _, v := range f.Versions {
			versions++
			p, err := s.plans.Load(r, v.Plan)
			if err != nil {
				return err
			}
			same := slices.EqualFunc(p.Plan.Inputs, first.Plan.Inputs, sameInput)
			if p.Family != item.Key || !same {
				return &Unbalanced{fmt.Sprintf("plan %s is no version of %s", v.Plan, item.Key)}
			}
		}
	}
	for item, err := range s.plans.All(r) {
		if err != nil {
			return err
		}
		if item.Value.Family != (coin.PlanID{}) {
			versions--
		}
	}
	if versions != 0 {
		return &Unbalanced{"plans are versions of none"}
	}
	return nil
}

// countDue checks that each plan under way is looked at some day, unless another
// pays for it already, or nobody signs for it.
func (s *scheduler) countDue(r storage.Reader, _ *counted) error {
	watched := make(map[coin.PlanID]bool)
	for item, err := range s.due.All(r) {
		if err != nil {
			return err
		}
		watched[item.Value] = true
	}
	for item, err := range s.plans.All(r) {
		if err != nil {
			return err
		}
		if watched[item.Key] {
			continue
		}
		p := item.Value
		gone, err := s.gone.Has(r, p.Plan.Key.Session)
		if err != nil {
			return err
		}
		f, err := s.relatives(r, item.Key, p)
		if err != nil {
			return err
		}
		outbid := p.Purpose == bumping && f.Versions[len(f.Versions)-1].Plan != item.Key
		lifted := false
		if i, ok := p.lifter(); ok {
			if lifted, _, err = s.bumped(r, branchKey{item.Key, uint32(i)}); err != nil {
				return err
			}
		}
		if !gone && !outbid && !lifted {
			return &Unbalanced{fmt.Sprintf("nobody looks after plan %s", item.Key)}
		}
	}
	return nil
}
