package bitcoin

import (
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

// headerEntry is what of a checked header is needed again.
type headerEntry struct {
	parent coin.BlockID
	time   uint32
	target uint32 // compact
}

// Headers implements coin.BulkReader, with two requests.
func (c *Coin) Headers(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	list, err := c.bestHeaders(ctx, first, count)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: %d headers from %d: %w", count, first, err)
	}
	return list, nil
}

func (c *Coin) bestHeaders(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	ids, err := c.node.BlockIDs(ctx, first, count)
	if err != nil {
		return nil, err
	}
	if len(ids) != count {
		return nil, fmt.Errorf("%w: %d block IDs for %d", coin.ErrInvalid, len(ids), count)
	}
	c.headers.Room(count)
	var missing []coin.BlockID
	for _, id := range ids {
		if _, ok := c.headers.Get(id); !ok {
			missing = append(missing, id)
		}
	}
	raws, err := c.node.Headers(ctx, missing)
	if err != nil {
		return nil, mustExist(err)
	}
	if len(raws) != len(missing) {
		return nil, fmt.Errorf("%w: %d headers for %d", coin.ErrInvalid, len(raws), len(missing))
	}
	for i, raw := range raws {
		if _, err := c.readHeader(missing[i], raw); err != nil {
			return nil, err
		}
	}
	list := make([]coin.Header, count)
	for i, id := range ids {
		if list[i], err = c.headerOf(ctx, first+uint64(i), id); err != nil {
			return nil, fmt.Errorf("header %d: %w", first+uint64(i), err)
		}
	}
	return list, nil
}

// medianSpan is the number of blocks whose times BIP-113 takes the median of.
const medianSpan = 11

// medianTimePast returns the median of the times of the blocks before, at most
// medianSpan of them. It is what the network's consensus rules call the time
// at this block, and never falls from a block to the next.
func (c *Coin) medianTimePast(ctx context.Context, number uint64, header headerEntry) (uint64, error) {
	if number == 0 {
		return uint64(header.time), nil
	}
	times := make([]uint32, 0, medianSpan)
	for id := header.parent; len(times) < medianSpan; {
		entry, err := c.header(ctx, id)
		if err != nil {
			return 0, fmt.Errorf("an earlier header: %w", err)
		}
		if len(times) == 0 {
			if err := c.checkTarget(number, entry.target, header.target); err != nil {
				return 0, err
			}
		}
		times = append(times, entry.time)
		if reached := uint64(len(times)) == number; reached != (id == c.genesis) {
			return 0, fmt.Errorf("%w: the chain does not begin %d blocks before", coin.ErrInvalid, number)
		} else if reached {
			break
		}
		id = entry.parent
	}
	slices.Sort(times)
	return uint64(times[len(times)/2]), nil
}

// checkTarget checks that a block's target may follow that of the block
// before: it changes only where the difficulty is adjusted, and there at most
// by the factor that the network allows. So faking a chain takes as much work
// as the real one does. Test networks have exceptions, which are not checked.
func (c *Coin) checkTarget(number uint64, before, after uint32) error {
	p := c.params
	if p.ReduceMinDifficulty || p.PoWNoRetargeting {
		return nil
	}
	interval := uint64(p.TargetTimespan / p.TargetTimePerBlock)
	if number%interval != 0 {
		if before != after {
			return fmt.Errorf("%w: the target of block %d changes", coin.ErrInvalid, number)
		}
		return nil
	}
	factor := big.NewInt(p.RetargetAdjustmentFactor)
	low, ok := block.ExpandTarget(before)
	high, ok2 := block.ExpandTarget(after)
	if !ok || !ok2 {
		return fmt.Errorf("%w: the target of block %d is none", coin.ErrInvalid, number)
	}
	if low.Cmp(high) > 0 {
		low, high = high, low
	}
	// The compact form rounds down, by less than one part in 2¹⁴.
	bound := new(big.Int).Mul(low, factor)
	bound.Add(bound, new(big.Int).Rsh(bound, 14))
	if high.Cmp(bound) > 0 {
		return fmt.Errorf("%w: the target of block %d changes too much", coin.ErrInvalid, number)
	}
	return nil
}
