package signer

import (
	"encoding/binary"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/storage"
)

// frost.Roast knows commitments and shares by name. Their bytes are stored under
// these names, each once, as long as the sets may still ask for them.

// commitmentName names a commitment to a sign ID.
type commitmentName struct {
	ID        ID
	Validator uint16
	Counter   uint64
}

// shareName names a share for a set of a sign ID.
type shareName struct {
	ID        ID
	Set       uint32
	Validator uint16
}

// commitmentKey orders stored commitments by sign ID, validator and counter.
var commitmentKey = storage.FixedKey(
	func(b []byte, n commitmentName) []byte {
		b = appendID(b, n.ID)
		b = binary.BigEndian.AppendUint16(b, n.Validator)
		return binary.BigEndian.AppendUint64(b, n.Counter)
	},
	func(b []byte) (n commitmentName, ok bool) {
		if len(b) != idSize+2+8 {
			return n, false
		}
		n.ID, ok = parseID(b[:idSize])
		n.Validator = binary.BigEndian.Uint16(b[idSize:])
		n.Counter = binary.BigEndian.Uint64(b[idSize+2:])
		return n, ok
	})

// shareKey orders stored shares by sign ID, set and validator.
var shareKey = storage.FixedKey(
	func(b []byte, n shareName) []byte {
		b = appendID(b, n.ID)
		b = binary.BigEndian.AppendUint32(b, n.Set)
		return binary.BigEndian.AppendUint16(b, n.Validator)
	},
	func(b []byte) (n shareName, ok bool) {
		if len(b) != idSize+4+2 {
			return n, false
		}
		n.ID, ok = parseID(b[:idSize])
		n.Set = binary.BigEndian.Uint32(b[idSize:])
		n.Validator = binary.BigEndian.Uint16(b[idSize+4:])
		return n, ok
	})

// boundSet is a set with its members' commitments.
type boundSet struct {
	frost.SigningSet
	members []frost.Member // in the same order
}

// answeredSet is a set with shares of all members, in their order.
type answeredSet struct {
	boundSet
	shares [][]byte
}

// doubt is a share in a live set that was not judged.
type doubt struct {
	boundSet
	share []byte
}

// bind reads the commitments of a live set.
func (s *Signer) bind(r storage.Reader, id ID, set frost.SigningSet) (boundSet, error) {
	bound := boundSet{set, make([]frost.Member, len(set.Members))}
	for i, m := range set.Members {
		nonces, err := s.committed(r, id, m)
		if err != nil {
			return boundSet{}, err
		}
		bound.members[i] = frost.Member{Validator: m.Validator, Commitment: nonces}
	}
	return bound, nil
}

// committed reads the commitment of a member of a live set.
func (s *Signer) committed(r storage.Reader, id ID, m frost.SetMember) ([]byte, error) {
	nonces, ok, err := s.commitments.Get(r, commitmentName{id, m.Validator, m.Counter})
	if err == nil && !ok {
		err = fmt.Errorf("%w: commitment %d of validator %d to %s is not there", storage.ErrCorrupt, m.Counter, m.Validator, id)
	}
	return nonces, err
}

// answer reads the share of a validator that has answered a live set.
func (s *Signer) answer(r storage.Reader, id ID, set uint32, validator uint16) ([]byte, error) {
	share, ok, err := s.shares.Get(r, shareName{id, set, validator})
	if err == nil && !ok {
		err = fmt.Errorf("%w: share of validator %d for set %d of %s is not there", storage.ErrCorrupt, validator, set, id)
	}
	return share, err
}

// completed reads all of a set that one share makes complete.
func (s *Signer) completed(r storage.Reader, id ID, set frost.SigningSet, from uint16, share []byte) (*answeredSet, error) {
	bound, err := s.bind(r, id, set)
	if err != nil {
		return nil, err
	}
	a := &answeredSet{bound, make([][]byte, len(set.Members))}
	for i, m := range set.Members {
		if m.Validator == from {
			a.shares[i] = share
		} else if a.shares[i], err = s.answer(r, id, set.Number, m.Validator); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// keep stores what the sets need of an item after the step that it led to.
func (s *Signer) keep(tx storage.Tx, from uint16, i *item, p frost.Progress) error {
	if p.Committed {
		if err := s.commitments.Put(tx, commitmentName{i.ID, from, i.Next.Counter}, i.Next.Nonces); err != nil {
			return err
		}
	}
	if p.Answered {
		return s.shares.Put(tx, shareName{i.ID, i.Set, from}, i.Share)
	}
	return nil
}

// tidy forgets what the sets do not need any more after a step.
func (s *Signer) tidy(tx storage.Tx, id ID, p frost.Progress) error {
	if p.Completed != nil {
		return s.empty(tx, id)
	}
	for _, m := range p.Stale {
		if err := s.commitments.Delete(tx, commitmentName{id, m.Validator, m.Counter}); err != nil {
			return err
		}
	}
	for _, set := range p.Ended {
		for _, m := range set.Members {
			if err := s.shares.Delete(tx, shareName{id, set.Number, m.Validator}); err != nil {
				return err
			}
		}
	}
	return nil
}

// empty forgets all commitments and shares of a sign ID.
func (s *Signer) empty(tx storage.Tx, id ID) error {
	if err := remove(tx, s.commitments, commitmentName{ID: id}, func(n commitmentName) bool { return n.ID == id }); err != nil {
		return err
	}
	return remove(tx, s.shares, shareName{ID: id}, func(n shareName) bool { return n.ID == id })
}

// remove deletes what a map has from a key on, as long as it belongs to it.
func remove[K, T any](tx storage.Tx, m storage.Map[K, T], first K, belongs func(K) bool) error {
	var keys []K
	for item, err := range m.From(tx, first) {
		if err != nil {
			return err
		}
		if !belongs(item.Key) {
			break
		}
		keys = append(keys, item.Key)
	}
	for _, key := range keys {
		if err := m.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}
