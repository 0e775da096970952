package scheduler

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// hanging tells whether a plan that counts is a bump of one whose session is gone. As
// that may never happen, the bump's key does not wait for it.
func (s *scheduler) hanging(r storage.Reader, id coin.PlanID, p planned) (bool, error) {
	if p.Purpose != bumping {
		return false, nil
	}
	below, ok, err := s.below(r, id)
	if err != nil || !ok {
		return false, err
	}
	return s.gone.Has(r, below.Plan.Key.Session)
}

// uncountBumps no longer counts on the bumps of a plan by other sessions, as its own is
// about to be gone.
func (s *scheduler) uncountBumps(tx storage.Tx, id coin.PlanID, p planned) error {
	children, err := s.descendants(tx, id)
	if err != nil {
		return err
	}
	for _, child := range children {
		c, err := s.plans.Load(tx, child)
		if err != nil {
			return err
		}
		if c.Purpose != bumping || c.Plan.Key.Session == p.Plan.Key.Session {
			continue
		}
		if err := s.count(tx, child, c, false); err != nil {
			return err
		}
	}
	return nil
}

// lookAgain lets the plan be looked at that a bump was to lift which nobody signs any
// more.
func (s *scheduler) lookAgain(tx storage.Tx, id coin.PlanID, p planned) error {
	if p.Purpose != bumping {
		return nil
	}
	parent, ok, err := s.parent(tx, id)
	if err != nil || !ok {
		return err
	}
	number, err := s.number(tx)
	if err != nil {
		return err
	}
	return s.due.Put(tx, due{number: number}, parent)
}

// countBump counts on a bump again that was hanging until now: what it spends of a plan
// of a session is there, or never will be.
func (s *scheduler) countBump(tx storage.Tx, session uint64, bump coin.PlanID) error {
	gone, err := s.gone.Has(tx, session)
	if err != nil || !gone {
		return err
	}
	p, err := s.plans.Load(tx, bump)
	if err != nil || p.Purpose != bumping {
		return err
	}
	return s.count(tx, bump, p, true)
}

// uncountBump no longer counts on a bump of a plan whose session is gone.
func (u *undo) uncountBump(tx storage.Tx, p planned, by coin.PlanID) error {
	gone, err := u.gone.Has(tx, p.Plan.Key.Session)
	if err != nil || !gone {
		return err
	}
	bump, err := u.plans.Load(tx, by)
	if err != nil || bump.Purpose != bumping {
		return err
	}
	return u.count(tx, by, bump, false)
}
