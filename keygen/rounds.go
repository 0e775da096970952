package keygen

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/storage"
)

// Generate starts an attempt, and ends an older one that has no result. It
// fails with ErrRequest if the session has its keys, if the attempt is not
// greater than all before it, or if no key generation can have these
// parameters.
func (k *KeyGen) Generate(tx storage.Tx, request Request) error {
	if done, err := confirmed.Has(tx, request.Session); err != nil {
		return err
	} else if done {
		return fmt.Errorf("%w: session %d has its keys", ErrRequest, request.Session)
	}
	key := attemptKey{request.Session, request.Attempt}
	last, previous, ok, err := latest(tx, request.Session)
	switch {
	case err != nil:
		return err
	case ok && key.attempt <= last.attempt:
		return fmt.Errorf("%w: attempt %d of session %d after attempt %d", ErrRequest, key.attempt, key.session, last.attempt)
	}

	a := attempt{
		threshold:    request.Threshold,
		minOK:        request.MinOK,
		participants: slices.Clone(request.Participants),
		standings:    make([]standing, len(request.Participants)),
		phase:        dealing,
	}
	if a.minOK == 0 {
		a.minOK = uint16(min(a.weight(0, 0), frost.MaxShares))
	}
	if _, err := k.setup(key, &a); err != nil {
		return fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if ok && previous.phase <= responding {
		previous.phase = failed
		if err := attempts.Put(tx, last, previous); err != nil {
			return err
		}
		if err := drop(tx, last); err != nil {
			return err
		}
	}
	if _, member := a.find(k.config.Self.Public()); member {
		if err := open.Put(tx, key, struct{}{}); err != nil {
			return err
		}
	}
	return attempts.Put(tx, key, a)
}

// CloseRound ends round 1 or 2 of an attempt with who has spoken. It is
// ignored unless exactly that round is open.
func (k *KeyGen) CloseRound(tx storage.Tx, session uint64, number uint32, round uint8) error {
	key, a, ok, err := latest(tx, session)
	if err != nil || !ok || a.blind || key.attempt != number || a.phase > responding || a.phase != phase(round) {
		return err
	}
	return k.advance(tx, key, &a, true)
}

// advance stores an attempt after a change and ends its round if it is over.
func (k *KeyGen) advance(tx storage.Tx, key attemptKey, a *attempt, closed bool) error {
	threshold := int(a.threshold)
	spoken := dealt
	if a.phase == responding {
		spoken = approved
	}
	heard := a.weight(spoken|faulty, spoken)
	waiting := a.weight(spoken|faulty, 0)
	switch {
	case heard+waiting < threshold:
		return k.fail(tx, key, a, spoken)
	case waiting > 0 && !closed:
		return attempts.Put(tx, key, *a)
	case a.phase == dealing && heard < threshold:
		return k.fail(tx, key, a, spoken)
	case a.phase == dealing:
		a.phase = responding
		return attempts.Put(tx, key, *a)
	case waiting > 0 && heard < int(a.minOK):
		return k.fail(tx, key, a, spoken)
	}
	return k.finish(tx, key, a, heard)
}

func (k *KeyGen) fail(tx storage.Tx, key attemptKey, a *attempt, spoken standing) error {
	a.phase = failed
	if err := attempts.Put(tx, key, *a); err != nil {
		return err
	}
	if err := drop(tx, key); err != nil {
		return err
	}
	return k.config.Events.KeyGenFailed(tx, Failed{
		Session: key.session,
		Attempt: key.attempt,
		Faulty:  a.who(faulty, faulty),
		Silent:  a.who(spoken|faulty, 0),
	})
}

func (k *KeyGen) finish(tx storage.Tx, key attemptKey, a *attempt, weight int) error {
	a.phase = finished
	if err := attempts.Put(tx, key, *a); err != nil {
		return err
	}
	// Somebody approved, so the result was made to compare with.
	x, err := results.Load(tx, key)
	if err != nil {
		return err
	}
	if err := release(tx, key, a); err != nil {
		return err
	}
	return k.config.Events.KeyGenerated(tx, Generated{
		Session:    key.session,
		Attempt:    key.attempt,
		BatchKey:   x.batchKey,
		NetworkKey: x.networkKey,
		Weight:     uint16(weight),
		Transcript: x.transcript,
	})
}

// release removes the deals of a finished attempt once this processor has no
// more use for them.
func release(tx storage.Tx, key attemptKey, a *attempt) error {
	if a.phase != finished {
		return nil
	}
	if due, err := open.Has(tx, key); err != nil || due {
		return err
	}
	return dropDeals(tx, key)
}

// Confirm records that a finished attempt was voted in, and erases the others
// of its session. ErrDiverged means that this processor came to another result
// from the same log. A processor without an opinion only takes note of the
// keys. To repeat a vote has no effect.
func (k *KeyGen) Confirm(tx storage.Tx, session uint64, number uint32, batchKey, networkKey []byte) error {
	vote := Confirmed{Attempt: number, BatchKey: bytes.Clone(batchKey), NetworkKey: bytes.Clone(networkKey)}
	if earlier, ok, err := confirmed.Get(tx, session); err != nil {
		return err
	} else if ok {
		if earlier.Attempt == number && bytes.Equal(earlier.BatchKey, batchKey) && bytes.Equal(earlier.NetworkKey, networkKey) {
			return nil
		}
		return fmt.Errorf("%w: session %d has other keys", ErrRequest, session)
	}
	if _, err := ed25519.Group.DecodeElement(batchKey); err != nil {
		return fmt.Errorf("%w: batch key: %w", ErrRequest, err)
	}
	if _, err := k.config.NetworkGroup.DecodeElement(networkKey); err != nil {
		return fmt.Errorf("%w: network key: %w", ErrRequest, err)
	}
	key := attemptKey{session, number}
	a, ok, err := attempts.Get(tx, key)
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("%w: session %d has no attempt %d", ErrRequest, session, number)
	case !a.blind:
		if err := agree(tx, key, &a, &vote); err != nil {
			return err
		}
	}

	list, err := history(tx, session)
	if err != nil {
		return err
	}
	for _, other := range list {
		if other.Key == key {
			continue
		}
		if err := drop(tx, other.Key); err != nil {
			return err
		}
		if err := attempts.Delete(tx, other.Key); err != nil {
			return err
		}
	}
	return confirmed.Put(tx, session, vote)
}

// agree compares a vote with the own result.
func agree(r storage.Reader, key attemptKey, a *attempt, vote *Confirmed) error {
	if a.phase != finished {
		return fmt.Errorf("%w: attempt %d of session %d has no result here", ErrDiverged, key.attempt, key.session)
	}
	x, err := results.Load(r, key)
	if err != nil {
		return err
	}
	if !bytes.Equal(x.batchKey, vote.BatchKey) || !bytes.Equal(x.networkKey, vote.NetworkKey) {
		return fmt.Errorf("%w: session %d, keys %x and %x here, %x and %x confirmed", ErrDiverged, key.session,
			x.batchKey, x.networkKey, vote.BatchKey, vote.NetworkKey)
	}
	return nil
}
