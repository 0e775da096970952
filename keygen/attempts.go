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
		round:        1,
	}
	if a.minOK == 0 {
		a.minOK = uint16(min(a.weight(0, 0), frost.MaxShares))
	}
	if _, err := k.decoded(key, &a); err != nil {
		return fmt.Errorf("%w: %w", ErrRequest, err)
	}
	switch {
	case ok && previous.phase <= responding:
		previous.phase = failed
		if err := attempts.Put(tx, last, previous); err != nil {
			return err
		}
		if err := drop(tx, last); err != nil {
			return err
		}
	case ok:
		if err := release(tx, last); err != nil {
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
	if err := release(tx, key); err != nil {
		return err
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
