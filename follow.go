package processor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// follower keeps what following the chain need not fetch twice.
type follower struct {
	mu     sync.Mutex
	blocks []coin.Block // the last scanned ones, which are to settle soon
}

func newFollower() *follower { return new(follower) }

// keptBlocks is how many parsed blocks stay in memory until they settle.
const keptBlocks = 8

func (f *follower) keep(b coin.Block) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocks = append(f.blocks, b)
	if len(f.blocks) > keptBlocks {
		f.blocks = append([]coin.Block(nil), f.blocks[1:]...)
	}
}

func (f *follower) find(id coin.BlockID) coin.Block {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.blocks {
		if b.Header().ID == id {
			return b
		}
	}
	return nil
}

// block returns a block, from memory if it is there.
func (p *Processor) block(ctx context.Context, header coin.Header) (coin.Block, error) {
	if b := p.follow.find(header.ID); b != nil {
		return b, nil
	}
	b, err := p.config.Coin.Block(ctx, header)
	if err != nil {
		return nil, fmt.Errorf("fetch block %d: %w", header.Number, err)
	}
	return b, nil
}

// followChain indexes what the node has. It tells whether there was anything.
func (p *Processor) followChain(ctx context.Context) (bool, error) {
	tip, err := p.config.Coin.Tip(ctx)
	if err != nil {
		return false, fmt.Errorf("ask for the tip: %w", err)
	}
	p.mu.Lock()
	news := p.tip != tip
	p.tip = tip
	p.mu.Unlock()
	if news {
		p.wake.all() // publication goes by the tip
	}
	return p.index(ctx, tip)
}

// index appends the headers that are final under the given tip.
func (p *Processor) index(ctx context.Context, tip uint64) (bool, error) {
	if tip+1 < p.config.Parameters.Confirmations {
		return false, nil
	}
	final := tip + 1 - p.config.Parameters.Confirmations
	next, first, ok, err := p.nextHeader(ctx, final)
	if err != nil || !ok {
		return false, err
	}
	did := false
	for n := next; n <= final; n++ {
		header, err := p.header(ctx, n)
		if err != nil {
			return did, err
		}
		if first && n == next {
			// No indexed parent vouches for it: its successor has to.
			if err := p.linked(ctx, header, n+1); err != nil {
				return did, err
			}
		}
		err = p.config.Store.Update(ctx, func(tx storage.Tx) error { return p.core.scanner.Index(tx, header) })
		if changed, ok := errors.AsType[*scanner.ChainChanged](err); ok {
			return did, p.locate(ctx, changed)
		}
		if err != nil {
			return did, fmt.Errorf("index header %d: %w", n, err)
		}
		did = true
	}
	return did, nil
}

// header asks the node for a header of its best chain.
func (p *Processor) header(ctx context.Context, number uint64) (coin.Header, error) {
	header, err := p.config.Coin.Header(ctx, number)
	if err != nil {
		return header, fmt.Errorf("fetch header %d: %w", number, err)
	}
	return header, nil
}

// linked makes sure that the node's headers behind the given one follow from
// it, each from the one before, up to the given number. Bitcoin's headers have
// no numbers, so a wrong one is only told by those around it.
func (p *Processor) linked(ctx context.Context, parent coin.Header, last uint64) error {
	for n := parent.Number + 1; n <= last; n++ {
		header, err := p.header(ctx, n)
		if err != nil {
			return err
		}
		if header.Parent != parent.ID {
			return fmt.Errorf("%w: the node's headers %d and %d are not linked", coin.ErrInvalid, parent.Number, n)
		}
		parent = header
	}
	return nil
}

// nextHeader returns the number of the next header to index, if the index may
// begin, after a look at whether the last indexed one still stands, and
// whether it is the first.
func (p *Processor) nextHeader(ctx context.Context, final uint64) (next uint64, first, ok bool, err error) {
	var f scanner.Frontier
	var keys []scanner.Key
	var last coin.Header
	err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		if f, err = p.core.scanner.Frontier(r); err != nil {
			return err
		}
		if keys, err = p.core.scanner.Keys(r); err != nil || !f.Started {
			return err
		}
		last, _, err = p.core.scanner.Header(r, f.Index-1)
		return err
	})
	switch {
	case err != nil || len(keys) == 0:
		return 0, false, false, err
	case !f.Started:
		next, ok, err = p.begin(ctx, keys[0].Start, final)
		return next, true, ok, err
	case final < last.Number:
		return 0, false, false, nil // the node is behind: wait
	}
	found, err := p.header(ctx, last.Number)
	if err != nil {
		return 0, false, false, err
	}
	if found.ID != last.ID {
		return 0, false, false, p.locate(ctx, &scanner.ChainChanged{Indexed: last, Found: found})
	}
	return f.Index, false, true, nil
}

// begin returns where the index begins: so many blocks before the start that
// its fee rate can be told.
func (p *Processor) begin(ctx context.Context, start scanner.Start, final uint64) (uint64, bool, error) {
	first := start.At
	if start.ByTime {
		// The clock is monotone: find the first block at or after the time.
		low, high := uint64(0), final+1
		for low < high {
			middle := low + (high-low)/2
			header, err := p.header(ctx, middle)
			if err != nil {
				return 0, false, err
			}
			if header.Time >= start.At {
				high = middle
			} else {
				low = middle + 1
			}
		}
		first = low
	}
	if first > final {
		return 0, false, nil
	}
	return first - min(first, scanner.RateBlocks), true, nil
}

// locate finds the fork point of a changed chain. If the node has gone back to
// the chain that is indexed, or its headers do not make a chain that buries the
// change, that was nothing but trouble that passes.
func (p *Processor) locate(ctx context.Context, changed *scanner.ChainChanged) error {
	first := changed.Indexed.Number
	n := first
	for n > 0 {
		var indexed coin.Header
		var known bool
		err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
			indexed, known, err = p.core.scanner.Header(r, n)
			return err
		})
		if err != nil {
			return err
		}
		if !known {
			break
		}
		found, err := p.header(ctx, n)
		if err != nil {
			return err
		}
		if found.ID == indexed.ID && n == first {
			return fmt.Errorf("%w: the node left block %d and came back to it", coin.ErrTransient, n)
		}
		if found.ID == indexed.ID {
			break
		}
		changed.Indexed, changed.Found = indexed, found
		n--
	}
	changed.Fork = n
	root, err := p.header(ctx, n)
	if err != nil {
		return err
	}
	if changed.Found.Parent != root.ID {
		return fmt.Errorf("%w: the node's headers %d and %d are not linked", coin.ErrInvalid, n, changed.Found.Number)
	}
	if err := p.linked(ctx, changed.Found, first+p.config.Parameters.Confirmations-1); err != nil {
		return err
	}
	return changed
}

// scan scans the blocks that are due. It tells whether there were any.
func (p *Processor) scan(ctx context.Context) (bool, error) {
	did := false
	for {
		var task *scanner.Task
		err := p.config.Store.View(ctx, func(r storage.Reader) error {
			tasks, err := p.core.scanner.Due(r, 1)
			if len(tasks) > 0 {
				task = &tasks[0]
			}
			return err
		})
		if err != nil || task == nil {
			return did, err
		}
		if err := p.scanBlock(ctx, task); err != nil {
			return did, fmt.Errorf("scan block %d: %w", task.Header.Number, err)
		}
		p.wake.all()
		did = true
	}
}

func (p *Processor) scanBlock(ctx context.Context, task *scanner.Task) error {
	block, err := p.block(ctx, task.Header)
	if err != nil {
		return err
	}
	outputs, err := p.config.Coin.Outputs(ctx, block, task.Keys)
	if err != nil {
		return err
	}
	p.follow.keep(block)
	for {
		err := p.config.Store.Update(ctx, func(tx storage.Tx) error {
			return p.core.scanner.Scan(tx, task.Header, outputs)
		})
		if err == nil {
			return nil
		}
		if supplied, err := p.supply(ctx, err); !supplied {
			return err
		}
	}
}

// supply brings what a step of the core lacked from the network into the
// database. It returns false and the cause if that was not it.
func (p *Processor) supply(ctx context.Context, cause error) (bool, error) {
	if missing, ok := errors.AsType[*scanner.RateMissing](cause); ok {
		rate, err := p.config.Coin.BlockRate(ctx, missing.Header)
		if err != nil {
			return false, fmt.Errorf("fee rate of block %d: %w", missing.Header.Number, err)
		}
		err = p.config.Store.Update(ctx, func(tx storage.Tx) error {
			// A rewind may have come between.
			header, _, err := p.core.scanner.Header(tx, missing.Header.Number)
			if err != nil || header != missing.Header {
				return err
			}
			return p.core.scanner.PutRate(tx, missing.Header.Number, rate)
		})
		return err == nil, err
	}
	if unresolved, ok := errors.AsType[*scanner.Unresolved](cause); ok {
		block, err := p.block(ctx, unresolved.Header)
		if err != nil {
			return false, err
		}
		var x scanner.Resolution
		err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
			x, err = p.core.scanner.Resolve(r, block)
			return err
		})
		if err != nil {
			return false, fmt.Errorf("resolve block %d: %w", unresolved.Header.Number, err)
		}
		err = p.config.Store.Update(ctx, func(tx storage.Tx) error { return p.core.scanner.PutResolution(tx, x) })
		return err == nil, err
	}
	return false, cause
}
