package scheduler

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// pool sums up what a session has and what is under way.
type pool struct {
	// Available is the sum of the session's free outputs, Outputs their number.
	Available, Outputs uint64
	// Plans is the number of unresolved plans that spend outputs of the session.
	Plans uint64
	// Branches is the number of its outputs, there or to come, that fund payments
	// which are not planned yet.
	Branches uint64
	// Rests is what of its external outputs is on hold.
	Rests rests
	// Returning is what unresolved plans, also those of other sessions, give to
	// the session.
	Returning returning
}

// Encode writes 112 bytes.
func (p pool) Encode(w *wire.Writer) {
	w.Uint64(p.Available)
	w.Uint64(p.Outputs)
	w.Uint64(p.Plans)
	w.Uint64(p.Branches)
	p.Rests.Encode(w)
	p.Returning.Encode(w)
}

// Decode reads 112 bytes.
func (p *pool) Decode(r *wire.Reader) {
	p.Available = r.Uint64()
	p.Outputs = r.Uint64()
	p.Plans = r.Uint64()
	p.Branches = r.Uint64()
	p.Rests.Decode(r)
	p.Returning.Decode(r)
}

// returning is what unresolved plans give back.
type returning struct {
	// Merges is the number of plans that only merge outputs.
	Merges uint64
	// Merged is what they yield.
	Merged Balance
	// Change is what the other plans yield, in so many Outputs.
	Change  Balance
	Outputs uint64
}

// Encode writes 48 bytes.
func (v returning) Encode(w *wire.Writer) {
	w.Uint64(v.Merges)
	v.Merged.Encode(w)
	v.Change.Encode(w)
	w.Uint64(v.Outputs)
}

// Decode reads 48 bytes.
func (v *returning) Decode(r *wire.Reader) {
	v.Merges = r.Uint64()
	v.Merged.Decode(r)
	v.Change.Decode(r)
	v.Outputs = r.Uint64()
}

// plus returns v with one more output of a plan.
func (v returning) plus(why purpose, amount uint64) returning {
	if why == merging {
		v.Merges, v.Merged = v.Merges+1, v.Merged.Add(amount)
	} else {
		v.Change, v.Outputs = v.Change.Add(amount), v.Outputs+1
	}
	return v
}

// minus returns v with one output of a plan less.
func (v returning) minus(why purpose, amount uint64) returning {
	if why == merging {
		v.Merges, v.Merged = v.Merges-1, v.Merged.Sub(amount)
	} else {
		v.Change, v.Outputs = v.Change.Sub(amount), v.Outputs-1
	}
	return v
}

// total is all that comes back.
func (v returning) total() Balance { return v.Merged.Plus(v.Change) }

// coming is all that is going to be free: what comes back, and what is on hold.
func (p pool) coming() Balance { return p.Returning.total().Plus(p.Rests.Amount) }

// awaits tells whether an amount is beyond all that is free or comes back, but for
// what is on hold.
func (p pool) awaits(amount uint64) bool {
	with := p.coming().Add(p.Available).Sub(amount)
	return !with.Negative() && with.Minus(p.Rests.Amount).Negative()
}

// elsewhere tells whether other keys than that of the role have free outputs or
// get any. What is still free of one that leaves is not worth moving.
func (s *scheduler) elsewhere(r storage.Reader, m moment, than coin.Role) (bool, error) {
	for _, role := range m.roles {
		if role.Key.Session == than.Key.Session {
			continue
		}
		p, err := s.pools.Load(r, role.Key.Session)
		if err != nil {
			return false, err
		}
		if p.coming() != (Balance{}) || p.Available > 0 && !role.Leaves {
			return true, nil
		}
	}
	return false, nil
}

// count counts a plan, in the pool that it spends from and in those that it
// gives to, as under way or as that no longer. Sessions that are gone have no
// pools, and what plans of theirs give is not counted on. Of several versions of
// a plan only the first counts, of its own outputs those that are for whatever
// comes: not branches, nor what another plan spends already. Bumps that are hanging
// do not count.
func (s *scheduler) count(tx storage.Tx, id coin.PlanID, p planned, underWay bool) error {
	gone, err := s.gone.Has(tx, p.Plan.Key.Session)
	if err != nil || gone || !p.counts(id) {
		return err
	}
	if hanging, err := s.hanging(tx, id, p); err != nil || hanging {
		return err
	}
	err = s.change(tx, p.Plan.Key.Session, func(spent *pool) {
		if underWay {
			spent.Plans++
		} else {
			spent.Plans--
		}
	})
	if err != nil {
		return err
	}
	for i, own := range p.Plan.Own {
		built, err := s.builds.Has(tx, branchKey{id, uint32(i)})
		if err != nil {
			return err
		}
		if built || own.Kind == coin.Branch {
			continue
		}
		if err := s.countOwn(tx, p.Purpose, own, underWay); err != nil {
			return err
		}
	}
	return nil
}

func (s *scheduler) countOwn(tx storage.Tx, why purpose, own coin.OwnOutput, underWay bool) error {
	gone, err := s.gone.Has(tx, own.Session)
	if err != nil || gone {
		return err
	}
	return s.change(tx, own.Session, func(given *pool) {
		if underWay {
			given.Returning = given.Returning.plus(why, own.Amount)
		} else {
			given.Returning = given.Returning.minus(why, own.Amount)
		}
	})
}

// change changes the pool of a session.
func (s *scheduler) change(tx storage.Tx, session uint64, change func(*pool)) error {
	p, err := s.pools.Load(tx, session)
	if err != nil {
		return err
	}
	change(&p)
	return s.pools.Put(tx, session, p)
}
