package scanner

import (
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// RateMissing asks the driver for the fee rate of an indexed block.
type RateMissing struct {
	Header coin.Header // of that block
}

func (e *RateMissing) Error() string {
	return fmt.Sprintf("scanner: fee rate of block %d is not known yet", e.Header.Number)
}

// PutRate implements Scanner.
func (s *scanner) PutRate(tx storage.Tx, number, rate uint64) error {
	return s.rates.Put(tx, number, rate)
}

// Rate implements Scanner: the third smallest rate of the block and its five
// predecessors, between floor and cap. Blocks without transactions, and those
// before the genesis block, count as the floor. So three of six blocks that
// somebody fills with expensive transactions cannot lift it, nor can two with
// cheap ones lower it; more can move it no further than cap and floor.
func (s *scanner) Rate(r storage.Reader, number uint64) (uint64, error) {
	p, err := s.Rules(r, number)
	if err != nil {
		return 0, err
	}
	rates := make([]uint64, RateBlocks)
	for i := range rates {
		rates[i] = p.FeeFloor
		if uint64(i) > number {
			continue
		}
		n := number - uint64(i)
		rate, ok, err := s.rates.Get(r, n)
		if err != nil {
			return 0, err
		}
		if !ok {
			header, indexed, err := s.headers.Get(r, n)
			if err != nil {
				return 0, err
			}
			if !indexed {
				return 0, fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, n)
			}
			return 0, &RateMissing{Header: header}
		}
		rates[i] = max(rate, p.FeeFloor)
	}
	slices.Sort(rates)
	return min(rates[2], p.FeeCap), nil
}

// forgetRates removes the rates that nobody needs any more once number is the
// reference block: those before its five predecessors.
func (s *scanner) forgetRates(tx storage.Tx, number uint64) error {
	if number < RateBlocks {
		return nil
	}
	var old []uint64
	for item, err := range s.rates.Between(tx, 0, number-RateBlocks+1) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, n := range old {
		if err := s.rates.Delete(tx, n); err != nil {
			return err
		}
	}
	return nil
}
