package signer

import (
	"slices"

	"github.com/serai-go/processor/storage"
)

// Retire ends a session's signing at a position of the log, as settlement
// decides: what it had to sign of plans is forgotten, and this validator signs
// nothing more for it. Its nonces are erased by the next Work. The first
// retirement counts, however late batch signing gets there.
func (s *Signer) Retire(tx storage.Tx, session, position uint64) error {
	if before, err := s.retired.Has(tx, session); err != nil || before {
		return err
	}
	if err := s.retired.Put(tx, session, position); err != nil {
		return err
	}
	return s.drop(tx, session, Plan)
}

// Retired takes note of a retirement at its position in the log of batch
// signing, which settlement must have read before. If settlement refused, it
// does nothing.
func (s *Signer) Retired(tx storage.Tx, session, position uint64) error {
	at, ok, err := s.retired.Get(tx, session)
	if err != nil || !ok || position < at {
		return err
	}
	if err := s.sessions.Delete(tx, session); err != nil {
		return err
	}
	if err := s.cosigns.Delete(tx, session); err != nil {
		return err
	}
	if err := s.reports.Delete(tx, session); err != nil {
		return err
	}
	return s.drop(tx, session, Batch, Cosign, SlashReport)
}

// drop forgets all sign IDs of some kinds of a session.
func (s *Signer) drop(tx storage.Tx, session uint64, kinds ...Kind) error {
	ids, err := idsOf(tx, s.duties, session, kinds, nil)
	if err != nil {
		return err
	}
	if ids, err = idsOf(tx, s.sets, session, kinds, ids); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.close(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// idsOf adds the keys of a map that are of a session and of some kinds.
func idsOf[T any](r storage.Reader, m storage.Map[ID, T], session uint64, kinds []Kind, ids []ID) ([]ID, error) {
	for item, err := range m.From(r, ID{Session: session}) {
		if err != nil {
			return nil, err
		}
		if item.Key.Session != session {
			break
		}
		if slices.Contains(kinds, item.Key.Kind) {
			ids = append(ids, item.Key)
		}
	}
	return ids, nil
}
