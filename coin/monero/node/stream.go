package node

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/serai-go/processor/coin"
)

// piece is what came with one request.
type piece struct {
	blocks []*Block
	err    error
}

// Blocks yields the blocks of the best chain from number first to last, each
// the child of the one before. An error is the last that it yields:
// coin.ErrNotFound if the chain ends before last, coin.ErrTransient also if
// the best chain changed meanwhile.
//
// Config.Parallel requests run at once, each for Config.Span blocks. As long
// as the blocks of one are not taken it waits, so that not more than the
// answers to so many requests are held, and one that is being gone through.
// All have ended when the iteration has.
func (c *Client) Blocks(ctx context.Context, first, last uint64) iter.Seq2[*Block, error] {
	return func(yield func(*Block, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()

		var running []chan piece // in the order of their blocks
		next, started := first, first > last
		var before *Block
		for {
			for len(running) < c.parallel && !started {
				start, end := next, last
				if span := uint64(c.span.Load()); end-start >= span {
					end = start + span - 1
				}
				started = end == last
				next = end + 1
				pieces := make(chan piece)
				running = append(running, pieces)
				group.Go(func() { c.fetch(ctx, start, end, pieces) })
			}
			if len(running) == 0 {
				return
			}
			for p := range running[0] {
				for _, b := range p.blocks {
					if before != nil && b.Block.Parent() != before.ID {
						p.err = fmt.Errorf("node: %w: block %d is no child of block %d, which came before: the best chain has changed",
							coin.ErrTransient, b.Block.Height(), before.Block.Height())
						break
					}
					if before = b; !yield(b, nil) {
						return
					}
				}
				if p.err != nil {
					yield(nil, p.err)
					return
				}
			}
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			running = running[1:]
		}
	}
}

// fetch sends the blocks from number first to last in as many pieces as it
// takes requests.
func (c *Client) fetch(ctx context.Context, first, last uint64, pieces chan<- piece) {
	defer close(pieces)
	for ctx.Err() == nil {
		blocks, err := c.some(ctx, first, int(last-first)+1)
		if err != nil {
			err = fmt.Errorf("node: %w", err)
		}
		select {
		case pieces <- piece{blocks, err}:
		case <-ctx.Done():
			return
		}
		first += uint64(len(blocks))
		if err != nil || first > last {
			return
		}
	}
}
