package scanner

import (
	"fmt"
	"slices"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/storage"
)

// Abandon implements Scanner. Batches change hands at once; all that concerns
// the chain waits for blocks that nobody can have scanned yet.
func (s *scanner) Abandon(tx storage.Tx, session uint64) (string, error) {
	keys, err := s.ring(tx)
	if err != nil {
		return "", err
	}
	i := keys.find(session)
	if i < 0 {
		past, err := s.past.Has(tx, session)
		if past {
			return fmt.Sprintf("session %d has no duties any more", session), err
		}
		return fmt.Sprintf("session %d is not confirmed", session), err
	}
	key := keys.keys[i]
	if key.Over && !key.Abandoned {
		return fmt.Sprintf("session %d has no duties any more", session), nil
	}
	if key.Abandoned {
		return fmt.Sprintf("session %d is abandoned already", session), nil
	}
	// One that is going to retire cannot take over, unless the other is older.
	if !slices.ContainsFunc(keys.keys, func(k Key) bool {
		return k.Session != session && !k.Abandoned && !k.Retiring
	}) {
		return fmt.Sprintf("session %d has no successor", session), nil
	}
	f, err := s.frontier.Load(tx)
	if err != nil {
		return "", err
	}
	key.Abandoned, key.Waiting = true, false
	// Whether the first key is active, the chain tells and not the log. One that is
	// watched may have been active in blocks that are void.
	if !key.First && (!key.Active || !key.Watched && key.Activation >= keys.horizon(f.Settle)) {
		key.Active = false
		err = s.pass(tx, key)
	} else {
		err = s.putKey(tx, key)
	}
	if err != nil {
		return "", err
	}
	if err := s.promote(tx); err != nil {
		return "", err
	}
	return "", s.reassign(tx, f.Acknowledged)
}

// reassign gives batches that are not acknowledged, from the ID on, to the
// sessions whose duty they are now.
func (s *scanner) reassign(tx storage.Tx, from uint64) error {
	keys, err := s.ring(tx)
	if err != nil {
		return err
	}
	var updates []batch.Update
	var sessions []uint64 // of each update
	for item, err := range s.batches.From(tx, from) {
		if err != nil {
			return err
		}
		p := item.Value
		session, err := keys.duty(p.Batch.Number)
		if err != nil {
			return err
		}
		if session == p.Session {
			continue
		}
		if last := len(updates) - 1; last < 0 || updates[last].Number != p.Batch.Number {
			updates = append(updates, batch.Update{Number: p.Batch.Number, Block: p.Batch.Block})
			sessions = append(sessions, session)
		}
		last := &updates[len(updates)-1]
		last.Batches = append(last.Batches, p.Batch)
	}
	for i, u := range updates {
		for j, b := range u.Batches {
			p, err := s.batches.Load(tx, b.ID)
			if err != nil {
				return err
			}
			p.Session = sessions[i]
			if err := s.batches.Put(tx, u.Batches[j].ID, p); err != nil {
				return err
			}
		}
		if err := s.Events.Reported(tx, sessions[i], u); err != nil {
			return err
		}
	}
	return nil
}
