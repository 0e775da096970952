package monero

import (
	"context"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
)

// LastMajor is the last major version of blocks whose rules are known here.
const LastMajor = 16

// UpgradeError says that a block follows the rules of a later hard fork than
// this program knows: upgrade needed. It never passes by itself.
type UpgradeError struct {
	// Number is the block's, Major its version.
	Number uint64
	Major  uint8
}

func (e *UpgradeError) Error() string {
	return fmt.Sprintf("upgrade needed: block %d has major version %d, above %d", e.Number, e.Major, LastMajor)
}

// headerEntry is what of a block's header is needed again.
type headerEntry struct {
	number uint64
	parent coin.BlockID
	time   uint64 // by the miner's word
}

// readHeader reads a header, and remembers it.
func (c *Coin) readHeader(b *block.Block) (headerEntry, error) {
	if b.Major() > LastMajor {
		return headerEntry{}, &UpgradeError{Number: b.Height(), Major: b.Major()}
	}
	id := coin.BlockID(b.ID())
	if (b.Height() == 0) != (id == c.genesis) {
		return headerEntry{}, fmt.Errorf("%w: block %d is %s", coin.ErrInvalid, b.Height(), id)
	}
	entry := headerEntry{number: b.Height(), parent: b.Parent(), time: b.Time()}
	c.headers.Put(id, entry)
	return entry, nil
}

// entry returns the header of any block.
func (c *Coin) entry(ctx context.Context, id coin.BlockID) (headerEntry, error) {
	if entry, ok := c.headers.Get(id); ok {
		return entry, nil
	}
	b, err := c.node.HeaderByID(ctx, id)
	if err != nil {
		return headerEntry{}, err
	}
	if coin.BlockID(b.ID()) != id {
		return headerEntry{}, fmt.Errorf("%w: asked for block %s, got %x", coin.ErrInvalid, id, b.ID())
	}
	return c.readHeader(b)
}

// medianSpan is the number of blocks whose times the median is taken of.
const medianSpan = 60

// clock returns the network's time at a block: the median of what the 60 blocks
// before say, of the two in the middle the earlier; 0 for the first 60 blocks.
// It never falls, as no block may say less than the median of the 60 before it:
// that leaves at least 31 of the next 60 at or above it. The network has no
// such rule for the first 60 blocks.
func (c *Coin) clock(ctx context.Context, block headerEntry) (uint64, error) {
	if block.number < medianSpan {
		return 0, nil
	}
	times := make([]uint64, medianSpan)
	id := block.parent
	for i := range times {
		entry, err := c.entry(ctx, id)
		if err != nil {
			return 0, fmt.Errorf("an earlier header: %w", err)
		}
		if number := block.number - 1 - uint64(i); entry.number != number {
			return 0, fmt.Errorf("%w: block %s has number %d, its place is %d", coin.ErrInvalid, id, entry.number, number)
		}
		times[i], id = entry.time, entry.parent
	}
	slices.Sort(times)
	median := times[medianSpan/2-1]
	if block.time < median {
		return 0, fmt.Errorf("%w: block %d is of time %d, the median before is %d", coin.ErrInvalid, block.number, block.time, median)
	}
	return median, nil
}
