package scanner

import (
	"errors"
	"fmt"

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

// RateBlocks is how many blocks make a reference fee rate: the block and its
// predecessors. Indexing starts that many blocks before the first key.
const RateBlocks = 6

// Index implements Scanner. The first header must lie before the first key's
// start, or be the genesis block, so that nobody can be led past it. If it lies
// so shortly before that fee rates would lack blocks, the index begins anew.
func (s *scanner) Index(tx storage.Tx, headers ...coin.Header) error {
	if len(headers) == 0 {
		return nil
	}
	f, err := s.frontier.Load(tx)
	if err != nil {
		return err
	}
	var first Start // that of the first key
	if !f.Active {
		keys, err := s.Keys(tx)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return errors.New("scanner: index before any key is confirmed")
		}
		first = keys[0].Start
	}
	var last coin.Header // the last indexed one
	if f.Started {
		var ok bool
		if last, ok, err = s.headers.Get(tx, f.Index-1); err != nil {
			return err
		} else if !ok {
			return fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, f.Index-1)
		}
	}
	rewound, err := s.rewound.Load(tx)
	if err != nil {
		return err
	}
	for _, header := range headers {
		if f.Started {
			if err := follows(last, header); err != nil {
				return err
			}
			if rewound.Number > 0 && header.Number == rewound.Fork+1 && header.ID != rewound.Next {
				return fmt.Errorf("%w: block %d %s is not the one that counts since rewind %d",
					coin.ErrInvalid, header.Number, header.ID, rewound.Number)
			}
		} else if header.Number > 0 && first.reached(header) {
			return fmt.Errorf("%w: index cannot begin at block %d, behind the key's start", coin.ErrInvalid, header.Number)
		}
		if err := s.headers.Put(tx, header.Number, header); err != nil {
			return err
		}
		last, f.Index, f.Started = header, header.Number+1, true
		if !f.Active && first.reached(header) {
			enough, err := s.headers.Has(tx, header.Number-min(header.Number, RateBlocks-1))
			if err != nil {
				return err
			}
			if !enough {
				return s.beginAnew(tx, f)
			}
			f.Scan, f.Settle, f.Active = header.Number, header.Number, true
			if err := s.start.Put(tx, header.Number); err != nil {
				return err
			}
		}
	}
	return s.frontier.Put(tx, f)
}

// beginAnew drops the index of a chain on which the first key is not active yet:
// it began too late for the fee rate at the key's start to be told.
func (s *scanner) beginAnew(tx storage.Tx, f Frontier) error {
	var numbers []uint64
	for item, err := range s.headers.All(tx) {
		if err != nil {
			return err
		}
		numbers = append(numbers, item.Key)
	}
	for _, n := range numbers {
		if err := s.headers.Delete(tx, n); err != nil {
			return err
		}
	}
	return s.frontier.Put(tx, Frontier{Acknowledged: f.Acknowledged})
}

// follows tells why a header cannot stand on the last indexed one.
func follows(last, header coin.Header) error {
	switch {
	case header.Number != last.Number+1:
		return fmt.Errorf("%w: header %d where %d follows", coin.ErrInvalid, header.Number, last.Number+1)
	case header.Parent != last.ID:
		return &ChainChanged{Indexed: last, Found: header, Fork: last.Number}
	case header.Time < last.Time:
		return fmt.Errorf("%w: time of block %d falls", coin.ErrInvalid, header.Number)
	}
	return nil
}
