package processor

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// certified stores the certificate of a settlement, and thins out those that are
// older than anything that can be taken back.
func (s *state) certified(tx storage.Tx, c Certificate) error {
	before, _, err := s.last.Get(tx)
	if err != nil {
		return err
	}
	if err := s.certificates.Put(tx, c.Number, c); err != nil {
		return err
	}
	if err := s.last.Put(tx, c.Number); err != nil || s.all {
		return err
	}
	return s.thin(tx, oldest(before), oldest(c.Number))
}

// oldest is the oldest block that can be taken back once another has settled.
func oldest(settled uint64) uint64 { return settled - min(settled, coin.RewindDepth-1) }

// thin leaves, of the certificates in [from, to), the first in each span of
// coin.RewindDepth blocks.
func (s *state) thin(tx storage.Tx, from, to uint64) error {
	var old []uint64
	for item, err := range s.certificates.Between(tx, from, to) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, n := range old {
		first := true
		for _, err := range s.certificates.Between(tx, n-n%coin.RewindDepth, n) {
			if err != nil {
				return err
			}
			first = false
			break
		}
		if first {
			continue
		}
		if err := s.certificates.Delete(tx, n); err != nil {
			return err
		}
	}
	return nil
}

// rewind forgets the certificates behind blocks that are void.
func (s *state) rewind(tx storage.Tx, fork uint64) error {
	var void []uint64
	var last *uint64
	for item, err := range s.certificates.All(tx) {
		if err != nil {
			return err
		}
		if item.Key > fork {
			void = append(void, item.Key)
		} else {
			last = &item.Key
		}
	}
	for _, n := range void {
		if err := s.certificates.Delete(tx, n); err != nil {
			return err
		}
	}
	if last == nil {
		return s.last.Delete(tx)
	}
	return s.last.Put(tx, *last)
}

// newest returns the last settlement's certificate, nil before the first.
func (s *state) newest(r storage.Reader) (*Certificate, error) {
	number, ok, err := s.last.Get(r)
	if err != nil || !ok {
		return nil, err
	}
	c, err := s.certificates.Load(r, number)
	return &c, err
}
