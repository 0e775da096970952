package scanner

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// ChainChanged reports that the node's chain differs from what was indexed as
// final: a reorganisation deeper than the confirmations, or a node on another
// chain. It halts the processor.
type ChainChanged struct {
	// Indexed and Found are two headers of one number, or the last indexed one
	// and one whose parent it is not.
	Indexed, Found coin.Header
	// Fork is the newest block on which both agree.
	Fork uint64
}

func (e *ChainChanged) Error() string {
	return fmt.Sprintf("scanner: finalised chain changed: indexed block %d %s, node has block %d %s on %s, fork behind block %d",
		e.Indexed.Number, e.Indexed.ID, e.Found.Number, e.Found.ID, e.Found.Parent, e.Fork)
}

// ErrSession refuses a key of a session that is confirmed with another key, or
// older than one that is confirmed.
var ErrSession = errors.New("scanner: session is out of order")

// Confirm implements Scanner.
func (s *scanner) Confirm(tx storage.Tx, key Key) error {
	keys, err := s.Keys(tx)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(keys, func(k Key) bool { return k.Session == key.Session }); i >= 0 &&
		keys[i].BatchKey == key.BatchKey && bytes.Equal(keys[i].NetworkKey, key.NetworkKey) {
		return nil // a vote that is repeated changes nothing
	}
	if len(keys) > 0 {
		return fmt.Errorf("confirm session %d: %w", key.Session, ErrSession)
	}
	return s.keys.Put(tx, key.Session, key)
}

// Keys implements Scanner.
func (s *scanner) Keys(r storage.Reader) ([]Key, error) {
	var keys []Key
	for item, err := range s.keys.All(r) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, item.Value)
	}
	return keys, nil
}

// Roles implements Scanner: the only key pays.
func (s *scanner) Roles(r storage.Reader, number uint64) ([]coin.Role, error) {
	keys, err := s.Keys(r)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	key := coin.Key{Session: keys[0].Session, Key: keys[0].NetworkKey}
	return []coin.Role{{Key: key, Change: key, Pays: true}}, nil
}

// Abandon implements Scanner.
func (s *scanner) Abandon(tx storage.Tx, session uint64) (string, error) {
	return fmt.Sprintf("session %d has no successor", session), nil
}

// Settled implements Scanner.
func (s *scanner) Settled(storage.Tx, []coin.Arrival, func(storage.Reader, uint64) (bool, error)) (*uint64, error) {
	return nil, nil
}

// Retired implements Scanner: the key is retired at the last settled block, and
// a block settles with the acknowledgement of its last batch. The retirement of
// the only key is never decided.
func (s *scanner) Retired(r storage.Reader, session uint64) (bool, error) {
	f, err := s.frontier.Load(r)
	if err != nil {
		return false, err
	}
	key, ok, err := s.keys.Get(r, session)
	if err != nil || !ok || !key.Active || f.Settle <= key.Activation {
		return false, err
	}
	lifetime := Lifetime{Activation: key.Activation, First: true}
	return StageAt(s.Parameters, f.Settle-1, lifetime) == Retired, nil
}

// RateBlocks is how many blocks make a reference fee rate: the block and its
// predecessors. Indexing starts that many blocks before the first key.
const RateBlocks = 6

// Index implements Scanner. The first header must lie before the first key's
// start, or be the genesis block, so that nobody can be led past it.
func (s *scanner) Index(tx storage.Tx, headers ...coin.Header) error {
	for _, header := range headers {
		if err := s.indexOne(tx, header); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) indexOne(tx storage.Tx, header coin.Header) error {
	f, err := s.frontier.Load(tx)
	if err != nil {
		return err
	}
	keys, err := s.Keys(tx)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return errors.New("scanner: index before any key is confirmed")
	}
	first := keys[0]
	if f.Started {
		last, ok, err := s.headers.Get(tx, f.Index-1)
		switch {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, f.Index-1)
		case header.Number != f.Index:
			return fmt.Errorf("%w: header %d where %d follows", coin.ErrInvalid, header.Number, f.Index)
		case header.Parent != last.ID:
			return &ChainChanged{Indexed: last, Found: header, Fork: last.Number}
		case header.Time < last.Time:
			return fmt.Errorf("%w: time of block %d falls", coin.ErrInvalid, header.Number)
		}
	} else if header.Number > 0 && first.Start.reached(header) {
		return fmt.Errorf("%w: index cannot begin at block %d, behind the key's start", coin.ErrInvalid, header.Number)
	}
	if err := s.headers.Put(tx, header.Number, header); err != nil {
		return err
	}
	f.Index, f.Started = header.Number+1, true
	if !first.Active && first.Start.reached(header) {
		first.Activation, first.Active = header.Number, true
		f.Scan, f.Settle, f.Active = header.Number, header.Number, true
		if err := s.keys.Put(tx, first.Session, first); err != nil {
			return err
		}
	}
	return s.frontier.Put(tx, f)
}
