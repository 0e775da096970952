package ring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node"
)

// age is how many blocks an output waits before it can be spent, that of its
// spending included.
const age = 10

// distribution is how many RingCT outputs there are up to each block from
// first on, the first block that has any. Its counts are never changed.
type distribution struct {
	first  uint64
	counts []uint64
}

// height returns the number of the block after the last.
func (d distribution) height() uint64 { return d.first + uint64(len(d.counts)) }

// spender is the number of the first block that can spend outputs of the last one.
func (d distribution) spender() uint64 { return d.height() + age - 1 }

// total returns how many outputs there are.
func (d distribution) total() uint64 {
	if len(d.counts) == 0 {
		return 0
	}
	return d.counts[len(d.counts)-1]
}

// block returns the number of the block that made an output.
func (d distribution) block(index uint64) uint64 {
	return d.first + uint64(sort.Search(len(d.counts), func(i int) bool { return d.counts[i] > index }))
}

// until returns the distribution up to a block, which it has if any.
func (d distribution) until(last uint64) distribution {
	if len(d.counts) == 0 || last < d.first {
		return distribution{}
	}
	n := min(last-d.first+1, uint64(len(d.counts)))
	return distribution{d.first, d.counts[:n:n]}
}

// index returns the global index of an output by the block that made it and its
// place among the outputs of that block.
func (d distribution) index(block, place uint64) (uint64, error) {
	if block < d.first || block >= d.height() {
		return 0, fmt.Errorf("%w: block %d has none up to the reference block", ErrUnspendable, block)
	}
	var before uint64
	if at := block - d.first; at > 0 {
		before = d.counts[at-1]
	}
	if made := d.counts[block-d.first] - before; place >= made {
		return 0, &Lie{fmt.Sprintf("distribution at block %d", block), "count", fmt.Sprintf("grows by %d, and the block has output %d", made, place)}
	}
	return before + place, nil
}

// fresh is of how many blocks up to a reference block the counts are asked for each
// time: deeper down the chain does not change while a process runs.
const fresh = 1000

// distribution returns that up to the reference block.
func (c *Chooser) distribution(ctx context.Context, reference uint64) (distribution, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = c.known.until(max(reference, fresh) - fresh)
	grown, err := c.grow(ctx, reference)
	if err != nil {
		return distribution{}, err
	}
	c.known = grown
	return grown, nil
}

// forget forgets what a node said.
func (c *Chooser) forget() {
	c.mu.Lock()
	c.known = distribution{}
	c.mu.Unlock()
}

// grow returns what is known with all that is missing up to the last block.
func (c *Chooser) grow(ctx context.Context, last uint64) (distribution, error) {
	d := c.known
	for start := uint64(0); len(d.counts) == 0 && start <= last; start += node.MaxDistribution {
		part, err := c.ask(ctx, start, min(last, start+node.MaxDistribution-1))
		if err != nil {
			return distribution{}, err
		}
		// A node may leave out blocks before RingCT, or say that they have none.
		empty := slices.IndexFunc(part.Counts, func(n uint64) bool { return n > 0 })
		if empty < 0 {
			continue
		}
		d = distribution{part.First + uint64(empty), part.Counts[empty:]}
	}
	for len(d.counts) > 0 && d.height() <= last {
		known := d.height() - 1
		part, err := c.ask(ctx, known, min(last, known+node.MaxDistribution-1))
		if err != nil {
			return distribution{}, err
		}
		newest := d.counts[len(d.counts)-1]
		switch {
		case part.First != known:
			return distribution{}, &Lie{fmt.Sprintf("distribution from block %d on", known), "start", fmt.Sprintf("is %d", part.First)}
		case part.Counts[0] != newest:
			return distribution{}, &Lie{fmt.Sprintf("distribution at block %d", known), "count", fmt.Sprintf("is %d and was %d", part.Counts[0], newest)}
		}
		d.counts = append(d.counts, part.Counts[1:]...)
	}
	return d, nil
}

// ask asks for a part of the distribution.
func (c *Chooser) ask(ctx context.Context, first, last uint64) (node.Distribution, error) {
	part, err := c.source.OutputDistribution(ctx, first, last)
	about := fmt.Sprintf("distribution over blocks %d to %d", first, last)
	switch {
	case errors.Is(err, coin.ErrNotFound):
		return part, fmt.Errorf("%w: ring: the node does not have the reference block: %v", coin.ErrTransient, err)
	case err != nil:
		return part, fmt.Errorf("ring: %s: %w", about, err)
	case len(part.Counts) == 0 || part.First < first || part.First > last || uint64(len(part.Counts)) != last-part.First+1:
		return part, &Lie{about, "length", fmt.Sprintf("is %d from block %d on", len(part.Counts), part.First)}
	case !slices.IsSorted(part.Counts):
		return part, &Lie{about, "count", "falls"}
	}
	return part, nil
}
