package signer

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/storage"
)

// both joins two steps of the sets.
func both(first, second frost.Progress) frost.Progress {
	second.Formed = append(first.Formed, second.Formed...)
	second.Ended = append(first.Ended, second.Ended...)
	second.Stale = append(first.Stale, second.Stale...)
	if second.Divergence == nil {
		second.Divergence = first.Divergence
	}
	return second
}

// roast returns the sets of a sign ID.
func (s *Signer) roast(tx storage.Tx, id ID) (*frost.Roast, error) {
	roast, ok, err := s.sets.Get(tx, id)
	if err != nil || ok {
		return &roast, err
	}
	key, err := s.key(tx, id)
	if err != nil {
		return nil, err
	}
	fresh := frost.NewRoast(uint16(key.Threshold()), key.Weights(), s.Parameters.Withdrawals)
	first, err := s.renewed.Load(tx, id)
	fresh.Skip(uint32(first))
	return fresh, err
}

// progress stores the sets after a step, and what it means for this validator.
func (s *Signer) progress(tx storage.Tx, id ID, roast *frost.Roast, p frost.Progress, made [][]byte) error {
	if p.Divergence != nil {
		if err := s.Events.Diverged(tx, id, *p.Divergence); err != nil {
			return err
		}
	}
	if err := s.tidy(tx, id, p); err != nil {
		return err
	}
	if p.Completed != nil {
		if len(made) == 0 {
			return fmt.Errorf("%w: set %d of %s completed without signatures", storage.ErrCorrupt, p.Completed.Number, id)
		}
		if id.Kind != Batch && id.Kind != Plan {
			return s.finishRequest(tx, id, made)
		}
		s.memory.forget(id)
		if err := s.collect(tx, id, made); err != nil {
			return err
		}
	} else {
		s.memory.progress(id, len(p.Formed) > 0, func(number uint32) bool { _, live := roast.Set(number); return live })
	}
	if err := s.sets.Put(tx, id, *roast); err != nil {
		return err
	}
	self, err := s.share(tx, id)
	if err != nil || self == nil {
		return err
	}
	d, err := s.duties.Load(tx, id)
	if err != nil {
		return err
	}
	// An own counter above what is stored is that of a database since lost.
	counter, _ := roast.Idle(self.Validator())
	d.Counter = max(d.Counter, counter)
	if d.Pending && !roast.Pending(self.Validator(), d.Set) {
		d.Pending = false
	}
	for _, set := range p.Formed {
		if roast.Pending(self.Validator(), set.Number) {
			d.Pending, d.Set, d.Used = true, set.Number, counter
		}
	}
	return s.duties.Put(tx, id, d)
}

// collect keeps signatures to hand them on, unless what they are for is here: see
// Hint.
func (s *Signer) collect(tx storage.Tx, id ID, made [][]byte) error {
	if d, err := s.duties.Load(tx, id); err != nil || d.Done {
		return err
	}
	return s.signatures.Put(tx, id, signatures{made})
}

// Reattempt lets signers back who restarted too often.
func (s *Signer) Reattempt(tx storage.Tx, id ID, number uint32) error {
	open, err := s.counts(tx, id)
	if err != nil || !open {
		return err
	}
	roast, err := s.roast(tx, id)
	if errors.Is(err, ErrNoKey) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.progress(tx, id, roast, roast.Reattempt(number), nil)
}
