package processor

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// Bounds of what is held in memory. A block more for each goroutine that
// fetches may be there as well.
const (
	maxHeldBytes  = 192 << 20
	maxHeldBlocks = 1024
)

// fetchers is how many blocks are fetched, authenticated and searched at a
// time. Most of it is waiting for the node.
const fetchers = 4

// heldBlock is a block in memory with what the group has in it.
type heldBlock struct {
	block   coin.Block
	size    int           // in bytes
	keys    []coin.Key    // those that were searched for, nil for none
	outputs []coin.Output // to those keys
}

// follower holds blocks from when they are fetched, which may be long before
// they can be scanned, until they settle. All are indexed ones, so but for a
// rewind no number stands for two of them.
type follower struct {
	mu   sync.Mutex
	held map[uint64]heldBlock
	busy map[uint64]bool // being fetched
	size int             // of all held, in bytes
	low  uint64          // none below is held
	next uint64          // no number from the next to scan up to here is missing
	// keys are presumed of blocks that are not due yet: those of the last one
	// that was.
	keys []coin.Key
	// awaited is the block that scanning waits for, if it does.
	awaited *uint64
	// void are those that the last rewind made void, until they are archived.
	void map[coin.Header]coin.Block
}

func newFollower() *follower {
	return &follower{held: make(map[uint64]heldBlock), busy: make(map[uint64]bool)}
}

// outputSize is about how much memory an output takes beside its block: anybody
// can fill blocks with them.
const outputSize = 256

// sizeOf is about how much memory a block takes.
func sizeOf(b coin.Block) int {
	const own = 512 // what holding it takes
	if sized, ok := b.(coin.SizedBlock); ok {
		return own + sized.Size()
	}
	return own + coin.BlockSize
}

// claim returns the next block to fetch, given what is settled, to scan next
// and to index next, and the keys to search it for. There is none if the bounds
// are reached, but the next to scan always has room. A claim ends with keep.
func (f *follower) claim(settle, scan, index uint64) (number uint64, keys []coin.Key, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held) == 0 {
		f.low = settle
	}
	for ; f.low < settle; f.low++ {
		f.drop(f.low)
	}
	n := max(f.next, scan)
	for ; n < index; n++ {
		if _, held := f.held[n]; !held && !f.busy[n] {
			break
		}
	}
	f.next = n
	if n >= index {
		return 0, nil, false
	}
	for f.full() {
		if n > scan {
			return 0, nil, false
		}
		if !f.makeRoom(scan) {
			break
		}
	}
	f.busy[n] = true
	return n, f.keys, true
}

func (f *follower) full() bool { return len(f.held) >= maxHeldBlocks || f.size >= maxHeldBytes }

// makeRoom lets go of the scanned block that settles last, if there is one.
func (f *follower) makeRoom(scan uint64) bool {
	last, any := uint64(0), false
	for n := range f.held { // order-free: the greatest one is wanted
		if n < scan && n >= last {
			last, any = n, true
		}
	}
	if any {
		f.drop(last)
	}
	return any
}

func (f *follower) drop(n uint64) {
	f.size -= f.held[n].size
	delete(f.held, n)
}

// keep ends a claim, with the block unless there was an error. It tells whether
// scanning waits for it.
func (f *follower) keep(n uint64, b heldBlock, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.busy, n)
	if err != nil {
		f.next = min(f.next, n)
		return false
	}
	b.size = sizeOf(b.block) + len(b.outputs)*outputSize
	f.held[n] = b
	f.size += b.size
	return f.awaited != nil && *f.awaited == n
}

// find returns a block that is held, or nil.
func (f *follower) find(header coin.Header) coin.Block {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b, ok := f.held[header.Number]; ok && b.block.Header() == header {
		return b.block
	}
	return f.void[header]
}

// due returns those held of the blocks to scan, up to the first that is not.
// If that is the very first, scanning waits for it.
func (f *follower) due(tasks []scanner.Task) (ready []heldBlock) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.awaited = nil
	f.keys = tasks[len(tasks)-1].Keys
	for _, task := range tasks {
		b, ok := f.held[task.Header.Number]
		if ok && b.block.Header() != task.Header {
			f.drop(task.Header.Number)
			f.next = min(f.next, task.Header.Number)
			ok = false
		}
		if !ok {
			break
		}
		ready = append(ready, b)
	}
	if len(ready) == 0 {
		f.awaited = &tasks[0].Header.Number
	}
	return ready
}

// presume sets the keys to search blocks for ahead of time.
func (f *follower) presume(keys []coin.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = keys
}

// forget lets go of all blocks: numbers may stand for others from now on. Those
// behind a fork remain as void ones.
func (f *follower) forget(fork uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.void = make(map[coin.Header]coin.Block)
	for n, b := range f.held { // order-free: a map from a map
		if n > fork {
			f.void[b.block.Header()] = b.block
		}
	}
	clear(f.held)
	f.size, f.next, f.low = 0, 0, 0
}

// archived lets go of void blocks.
func (f *follower) archived(headers []coin.Header) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, header := range headers {
		delete(f.void, header)
	}
}

// load returns how many blocks are held, and their size in bytes.
func (f *follower) load() (blocks, size int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.held), f.size
}

func sameKeys(a, b []coin.Key) bool {
	return slices.EqualFunc(a, b, func(a, b coin.Key) bool {
		return a.Session == b.Session && bytes.Equal(a.Key, b.Key)
	})
}

// fetch brings indexed blocks into memory, far beyond the window: that bounds
// what is scanned, not what is known. It tells whether it brought any.
func (p *Processor) fetch(ctx context.Context) (bool, error) {
	return p.workers.together(ctx, fetchers, p.fetchOne)
}

// fetchOne fetches the next block that is missing, authenticates and searches
// it. It returns false if none is.
func (p *Processor) fetchOne(ctx context.Context) (bool, error) {
	var header coin.Header
	var keys []coin.Key
	var wanted bool
	err := p.config.Store.View(ctx, func(r storage.Reader) error {
		f, err := p.core.scanner.Frontier(r)
		if err != nil || !f.Active {
			return err
		}
		tasks, err := p.core.scanner.Due(r, 1)
		if err != nil {
			return err
		}
		if len(tasks) > 0 {
			p.follow.presume(tasks[0].Keys)
		}
		var n uint64
		if n, keys, wanted = p.follow.claim(f.Settle, f.Scan, f.Index); !wanted {
			return nil
		}
		known := false
		if header, known, err = p.core.scanner.Header(r, n); err == nil && !known {
			err = fmt.Errorf("%w: header %d is missing", storage.ErrCorrupt, n)
		}
		if err != nil {
			p.follow.keep(n, heldBlock{}, err)
		}
		return err
	})
	if err != nil || !wanted {
		return false, err
	}
	block, err := p.source(ctx, header)
	if err != nil {
		p.follow.keep(header.Number, heldBlock{}, err)
		return false, fmt.Errorf("fetch block %d: %w", header.Number, err)
	}
	b := heldBlock{block: block}
	if keys != nil {
		// A block that could not be searched is, when it is due.
		if b.outputs, err = p.config.Coin.Outputs(ctx, block, keys); err == nil {
			b.keys = keys
		}
	}
	if p.follow.keep(header.Number, b, nil) {
		p.wake.all()
	}
	if err != nil {
		return true, fmt.Errorf("search block %d: %w", header.Number, err)
	}
	return true, nil
}
