package signer

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Verdict is what an item means at its position of the log. The zero Verdict
// is an item without any meaning there.
type Verdict struct {
	item   *item
	reason string // of a conviction
	valid  bool   // the share, if it is judged
}

// Check judges an item of a validator, without any write: all the heavy work
// of a message. Errors are those of the database, or ErrNotReady: an item
// cannot cause another.
func (s *Signer) Check(r storage.Reader, session uint64, from uint16, data []byte) (Verdict, error) {
	i, err := wire.Unmarshal[item](data)
	if err != nil {
		return Verdict{reason: fmt.Sprintf("malformed signing item: %s", err)}, nil
	}
	if i.ID.Session != session {
		return Verdict{reason: "signing item of another session"}, nil
	}
	open, err := s.counts(r, i.ID)
	if err != nil || !open {
		return Verdict{}, err
	}
	key, work, err := s.subject(r, i.ID)
	if errors.Is(err, ErrNoKey) {
		return Verdict{}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	if key.Weight(from) == 0 {
		return Verdict{reason: "signing item of a stranger"}, nil
	}
	roast, err := s.sets.Load(r, i.ID)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{item: &i}
	if i.Share != nil && roast.Pending(from, i.Set) {
		if work == nil {
			return Verdict{}, ErrNotReady
		}
		if v.valid, err = s.judge(r, &roast, key, work, i, from); err != nil {
			return Verdict{}, err
		}
		if !v.valid {
			v.reason = "invalid signature share"
			return v, nil
		}
	}
	if i.Next != nil {
		format := work
		if format == nil {
			format = formOfBatch
		}
		if _, err := frost.DecodeCommitment(key, format, from, i.Next.Nonces); err != nil {
			v.reason = fmt.Sprintf("malformed commitment: %s", err)
			i.Next = nil
			if i.Share == nil {
				v.item = nil
			}
		}
	}
	return v, nil
}

// judge tells whether a share is valid, by the digest derived here.
func (s *Signer) judge(r storage.Reader, roast *frost.Roast, key *frost.PublicKey, work []frost.Algorithm, i item, from uint16) (bool, error) {
	set, ok := roast.Set(i.Set)
	if !ok {
		return false, fmt.Errorf("%w: set %d of %s", storage.ErrCorrupt, i.Set, i.ID)
	}
	d, err := s.duties.Load(r, i.ID)
	if err != nil {
		return false, err
	}
	if d.Digest != set.Digest {
		return false, &DigestError{i.ID, d.Digest, set.Digest, set.Number}
	}
	session, err := s.session(key, work, i.ID, set)
	if err != nil {
		return false, err
	}
	return session.Verify(from, i.Share) == nil, nil
}

// Receive takes an item with its verdict in.
func (s *Signer) Receive(tx storage.Tx, session uint64, from uint16, data []byte, v Verdict) error {
	if v.reason != "" {
		if err := s.Events.Misbehaved(tx, session, from, v.reason, data); err != nil {
			return err
		}
	}
	if v.item == nil {
		return nil
	}
	id := v.item.ID
	roast, err := s.roast(tx, id)
	if err != nil {
		return err
	}
	var next *frost.SignerCommitment
	if c := v.item.Next; c != nil {
		next = &frost.SignerCommitment{Counter: c.Counter, Digest: c.Digest, Nonces: c.Nonces}
	}
	var p frost.Progress
	if v.item.Share != nil {
		var faulty []uint16
		if !v.valid {
			faulty = []uint16{from}
		}
		p = roast.Answer(from, v.item.Set, v.item.Share, faulty, next)
	} else {
		p = roast.Commit(from, *next)
	}
	if err := s.sets.Put(tx, id, *roast); err != nil {
		return err
	}
	return s.progress(tx, id, roast, p)
}

// roast returns the sets of a sign ID.
func (s *Signer) roast(tx storage.Tx, id ID) (*frost.Roast, error) {
	roast, ok, err := s.sets.Get(tx, id)
	if err != nil || ok {
		return &roast, err
	}
	batchKey, networkKey, err := s.Keys.Public(tx, id.Session)
	if err != nil {
		return nil, err
	}
	key := networkKey
	if id.Kind == Batch {
		key = batchKey
	}
	return frost.NewRoast(uint16(key.Threshold()), key.Weights(), s.Parameters.Withdrawals), nil
}

// progress records what a step of the sets means for this validator.
func (s *Signer) progress(tx storage.Tx, id ID, roast *frost.Roast, p frost.Progress) error {
	if p.Divergence != nil {
		if err := s.Events.Diverged(tx, id, *p.Divergence); err != nil {
			return err
		}
	}
	if p.Completed != nil {
		done := completedSet{Number: p.Completed.Number}
		for i, m := range p.Completed.Members {
			done.Members = append(done.Members, answered{m.Validator, m.Commitment, p.Completed.Shares[i]})
		}
		if err := s.completed.Put(tx, id, done); err != nil {
			return err
		}
	}
	self, err := s.self(tx, id)
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

// self returns this validator's share of a sign ID's key, or nil.
func (s *Signer) self(r storage.Reader, id ID) (*frost.KeyShare, error) {
	batchShare, networkShare, err := s.Keys.Shares(r, id.Session)
	if err != nil {
		return nil, fmt.Errorf("shares of session %d: %w", id.Session, err)
	}
	if id.Kind == Batch {
		return batchShare, nil
	}
	return networkShare, nil
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
	p := roast.Reattempt(number)
	if err := s.sets.Put(tx, id, *roast); err != nil {
		return err
	}
	return s.progress(tx, id, roast, p)
}

// counts tells whether commitments to a sign ID count at this position: the
// plan is made and not resolved, the batch is at most BatchesAhead beyond the
// last acknowledged one and itself not acknowledged.
func (s *Signer) counts(r storage.Reader, id ID) (bool, error) {
	if id.Kind == Plan {
		plan, ok, err := s.Plans.Plan(r, id.Subject)
		return ok && plan.Key.Session == id.Session, err
	}
	n, ok := id.batch()
	if !ok {
		return false, nil
	}
	next, err := s.acknowledged.Load(r)
	if err != nil || n < next || n-next >= s.Parameters.BatchesAhead {
		return false, err
	}
	return s.sessions.Has(r, id.Session)
}

// Confirmed lets a session sign batches.
func (s *Signer) Confirmed(tx storage.Tx, session uint64) error {
	return s.sessions.Put(tx, session, struct{}{})
}

// ErrNoKey is what Keys wraps for a session whose verification shares are not
// known here. This processor does not follow its signing.
var ErrNoKey = errors.New("signer: keys of the session are not known")
