package signer

import (
	"fmt"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// reported is a batch to be signed.
type reported struct {
	Batch   batch.Batch
	Session uint64
}

// Encode writes the record.
func (b reported) Encode(w *wire.Writer) {
	b.Batch.Encode(w)
	w.Uint64(b.Session)
}

// Decode reads the record.
func (b *reported) Decode(r *wire.Reader) {
	b.Batch.Decode(r)
	b.Session = r.Uint64()
}

// SignedBatch is a batch with the signature of a session's batch key.
type SignedBatch struct {
	Session uint64
	Batch   batch.Batch
	// Digest is the batch's, which the signature signs.
	Digest    [32]byte
	Signature [64]byte
}

// digest is what the batch key signs.
func (s *Signer) digest(b reported) [32]byte { return b.Batch.Digest(s.domain(b.Session)) }

// Reported makes the batches of an update ones to sign. One that is reported
// again, for another session, is no more for the former to sign.
func (s *Signer) Reported(tx storage.Tx, session uint64, update batch.Update) error {
	next, err := s.acknowledged.Load(tx)
	if err != nil {
		return err
	}
	for _, one := range update.Batches {
		if one.ID < next {
			continue
		}
		b := reported{one, session}
		former, again, err := s.batches.Get(tx, one.ID)
		if err != nil {
			return err
		}
		if again && former.Session != session {
			if err := s.close(tx, BatchID(former.Session, one.ID)); err != nil {
				return err
			}
		}
		if err := s.batches.Put(tx, one.ID, b); err != nil {
			return err
		}
		if err := s.open(tx, BatchID(session, one.ID), s.digest(b)); err != nil {
			return err
		}
	}
	return nil
}

// Unreported forgets the batches from an ID on that were reported, as their blocks are
// void, before those IDs are given to others. Nobody may have committed to them yet: they
// are further ahead than may be signed.
func (s *Signer) Unreported(tx storage.Tx, from uint64) error {
	if err := remove(tx, s.batches, from, func(uint64) bool { return true }); err != nil {
		return err
	}
	ids, err := matching(tx, s.duties, func(id ID) bool {
		n, batch := id.batch()
		return batch && n >= from
	}, nil)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.close(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// Acknowledged ends the signing of a batch, at the acknowledgement's position
// in the log.
func (s *Signer) Acknowledged(tx storage.Tx, id uint64) error {
	next, err := s.acknowledged.Load(tx)
	if err != nil || id != next {
		return err // an acknowledgement out of order halts elsewhere
	}
	if err := s.acknowledged.Put(tx, next+1); err != nil {
		return err
	}
	if err := s.batches.Delete(tx, id); err != nil {
		return err
	}
	// Any session may have committed to it, not only the one that signs.
	var sessions []uint64
	for item, err := range s.sessions.All(tx) {
		if err != nil {
			return err
		}
		sessions = append(sessions, item.Key)
	}
	for _, session := range sessions {
		if err := s.close(tx, BatchID(session, id)); err != nil {
			return err
		}
	}
	return nil
}

// batchWork is the signing work of a batch, nil if it is not reported here. It
// is foreign if it is reported for another session to sign, or void.
func (s *Signer) batchWork(r storage.Reader, id ID) (work []frost.Algorithm, foreign bool, err error) {
	if rewinding, err := s.rewinding(r); err != nil || rewinding {
		return nil, rewinding, err // all that counts here is void
	}
	n, _ := id.batch()
	b, ok, err := s.batches.Get(r, n)
	if err != nil || !ok || b.Session != id.Session {
		return nil, ok, err
	}
	digest := s.digest(b)
	return []frost.Algorithm{ed25519.NewSchnorr(digest[:])}, false, nil
}

// turn tells whether signatures may be told: batches are, in the order of
// their IDs, as they have to be acknowledged.
func (s *Signer) turn(r storage.Reader, id ID) (bool, error) {
	n, batch := id.batch()
	if id.Kind != Batch || !batch {
		return true, nil
	}
	for item, err := range s.batches.Between(r, 0, n) {
		if err != nil {
			return false, err
		}
		d, open, err := s.duties.Get(r, BatchID(item.Value.Session, item.Key))
		if err != nil || open && !d.Done {
			return false, err
		}
	}
	return true, nil
}

// finishBatch tells the signature of a batch.
func (s *Signer) finishBatch(id ID, signatures [][]byte) (func(storage.Tx) error, error) {
	if len(signatures) != 1 || len(signatures[0]) != 64 {
		return nil, fmt.Errorf("signer: %d signatures of a batch", len(signatures))
	}
	n, _ := id.batch()
	return func(tx storage.Tx) error {
		b, ok, err := s.batches.Get(tx, n)
		if err != nil || !ok {
			return err
		}
		signed := SignedBatch{b.Session, b.Batch, s.digest(b), [64]byte(signatures[0])}
		return s.Events.SignedBatch(tx, signed)
	}, nil
}
