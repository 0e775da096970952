package processor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// maxTip is the highest tip that a chain may have: sums with it do not overflow.
const maxTip = math.MaxInt64

// followChain indexes what the node has. It tells whether there was anything.
func (p *Processor) followChain(ctx context.Context) (bool, error) {
	tip, err := p.config.Coin.Tip(ctx)
	if err == nil && tip > maxTip {
		err = fmt.Errorf("%w: the node's chain ends with block %d", coin.ErrInvalid, tip)
	}
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
	did, err := p.index(ctx, tip)
	if changed, ok := errors.AsType[*scanner.ChainChanged](err); ok {
		return p.changedAgain(ctx, changed)
	}
	return did, err
}

// changedAgain returns a change of the chain, unless this processor has halted for
// one already and looks whether there is one from further down: then it notes that.
func (p *Processor) changedAgain(ctx context.Context, changed *scanner.ChainChanged) (did bool, err error) {
	err = p.config.Store.Update(ctx, func(tx storage.Tx) error {
		h, _, err := halted.Get(tx)
		switch {
		case err != nil:
			return err
		case h.Changed == nil:
			return changed
		case h.Changed.Fork <= changed.Fork:
			return fmt.Errorf("%w: the chain has not changed behind less than block %d here yet", coin.ErrTransient, changed.Fork)
		}
		h = *haltOf(changed)
		if err := halted.Put(tx, h); err != nil {
			return err
		}
		did = true
		return p.core.outbox.put(tx, Halted(h))
	})
	return did && err == nil, err
}

// index appends the headers that are final under the given tip.
func (p *Processor) index(ctx context.Context, tip uint64) (bool, error) {
	deep, err := p.confirmations(ctx)
	if err != nil || tip+1 < deep {
		return false, err
	}
	final := tip + 1 - deep
	past, f, err := p.pastAt(ctx)
	if err != nil {
		return false, err
	}
	behind := false // the index may begin where the node's chain ends for now
	if len(past) > 0 {
		if f.Started && f.Index > past.fork() {
			return p.indexPast(ctx, past, f.Index)
		}
		behind = final >= past.fork()
		final = min(final, past.fork())
	}
	next, first, ok, err := p.nextHeader(ctx, final, behind)
	if err != nil || !ok {
		return false, err
	}
	did := false
	for n := next; n <= final; {
		list, trouble := p.headers(ctx, n, int(min(final-n+1, maxHeaders)))
		if len(list) == 0 {
			return did, trouble
		}
		// The tip is the node's word. What counts are blocks on top.
		if err := p.buried(ctx, list[len(list)-1], deep); err != nil {
			return did, err
		}
		if first && n == next {
			// No indexed parent vouches for it: its successor and itself have to.
			if err := p.linked(ctx, list[0], n+1); err != nil {
				return did, err
			}
			if err := p.numbered(ctx, list[0]); err != nil {
				return did, err
			}
		}
		err = p.config.Store.Update(ctx, func(tx storage.Tx) error { return p.core.scanner.Index(tx, list...) })
		// Among themselves they are linked, so only the first one can be on
		// another chain.
		if changed, ok := errors.AsType[*scanner.ChainChanged](err); ok {
			return did, p.locate(ctx, changed)
		}
		if err != nil {
			return did, fmt.Errorf("index headers from %d: %w", n, err)
		}
		did = true
		n += uint64(len(list))
		p.wake.all() // they can be fetched
		if trouble != nil {
			return did, trouble
		}
	}
	return did, nil
}

// confirmations is after how many blocks, itself the first, a block is final.
func (p *Processor) confirmations(ctx context.Context) (deep uint64, err error) {
	err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		deep, err = p.core.confirmations(r)
		return err
	})
	return deep, err
}

// maxHeaders is how many headers are asked for and indexed at a time: the
// commit takes well below a second.
const maxHeaders = 1000

// headers asks the node for so many headers of its best chain. With an error it
// returns those before. Each follows from the one before.
func (p *Processor) headers(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	list, trouble := p.readHeaders(ctx, first, count)
	for i := 1; i < len(list); i++ {
		if list[i].Parent != list[i-1].ID {
			return nil, unlinked(list[i].Number)
		}
	}
	return list, trouble
}

func (p *Processor) readHeaders(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	if bulk, ok := p.config.Coin.(coin.BulkReader); ok && count > 1 {
		list, err := bulk.Headers(ctx, first, count)
		if err == nil && len(list) != count {
			err = fmt.Errorf("%w: %d headers", coin.ErrInvalid, len(list))
		}
		if err != nil {
			return nil, fmt.Errorf("fetch %d headers from %d: %w", count, first, err)
		}
		return list, nil
	}
	list := make([]coin.Header, count)
	errs := make([]error, count)
	next := -1
	var mu sync.Mutex
	p.workers.together(ctx, fetchers, func(ctx context.Context) (bool, error) {
		mu.Lock()
		next++
		i := next
		mu.Unlock()
		if i >= count {
			return false, nil
		}
		list[i], errs[i] = p.header(ctx, first+uint64(i))
		return true, errs[i]
	})
	for i := range list {
		if errs[i] != nil { // all before it were asked for
			return list[:i], errs[i]
		}
	}
	return list, nil
}

func unlinked(n uint64) error {
	return fmt.Errorf("%w: the node's headers %d and %d are not linked", coin.ErrInvalid, n-1, n)
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
			return unlinked(n)
		}
		parent = header
	}
	return nil
}

// buried makes sure that the chain has so many blocks from the given one on.
func (p *Processor) buried(ctx context.Context, header coin.Header, blocks uint64) error {
	if several, ok := p.config.Coin.(coin.Burier); ok {
		if err := several.Buried(ctx, header, blocks); err != nil {
			return fmt.Errorf("blocks on top of block %d: %w", header.Number, err)
		}
		return nil
	}
	return p.linked(ctx, header, header.Number+blocks-1)
}

// nextHeader returns the number of the next header to index, if the index may
// begin, after a look at whether the last indexed one still stands, and
// whether it is the first. Archived blocks may be behind the final ones.
func (p *Processor) nextHeader(ctx context.Context, final uint64, archived bool) (next uint64, first, ok bool, err error) {
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
		next, ok, err = p.begin(ctx, keys[0].Start, final, archived)
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
// its fee rate can be told. If archived blocks are behind the final ones, the
// start may be there.
func (p *Processor) begin(ctx context.Context, start scanner.Start, final uint64, archived bool) (uint64, bool, error) {
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
		if !archived {
			return 0, false, nil
		}
		first = final
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
		if n == first { // before the search, which may be long
			if err := p.numbered(ctx, found); err != nil {
				return err
			}
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
		return unlinked(changed.Found.Number)
	}
	deep, err := p.confirmations(ctx)
	if err != nil {
		return err
	}
	if err := p.linked(ctx, changed.Found, first+deep-1); err != nil {
		return err
	}
	if err := p.numbered(ctx, changed.Found); err != nil {
		return err
	}
	return changed
}

// numbered makes sure that a header has the number that the node gave it, which
// only the block itself says where headers have none. Else the real chain,
// counted otherwise, would pass for another one.
func (p *Processor) numbered(ctx context.Context, header coin.Header) error {
	if _, err := p.config.Coin.Block(ctx, header); err != nil {
		return fmt.Errorf("whether it is block %d: %w", header.Number, err)
	}
	return nil
}
