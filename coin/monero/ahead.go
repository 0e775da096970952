package monero

import (
	"context"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node"
)

// ahead keeps blocks that came in one answer with others and will soon be asked
// for, as one who catches up does. It is for concurrent use.
type ahead struct {
	// reading is held by the one who asks for many blocks. What the others wait
	// for ends when that one's context does, or the node's patience.
	reading sync.Mutex

	mu     sync.Mutex
	blocks map[coin.BlockID]*node.Block
	order  []coin.BlockID
	size   int // of all blocks, in bytes
	// newest is the highest number of a block that was seen.
	newest uint64
}

// keep takes a block up. The oldest make room for it.
func (a *ahead) keep(b *node.Block) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.newest = max(a.newest, b.Block.Height())
	if _, ok := a.blocks[b.ID]; ok {
		return
	}
	if a.blocks == nil {
		a.blocks = make(map[coin.BlockID]*node.Block)
	}
	a.blocks[b.ID] = b
	a.order = append(a.order, b.ID)
	a.size += b.Size()
	for a.size > maxKept {
		a.size -= a.blocks[a.order[0]].Size()
		delete(a.blocks, a.order[0])
		a.order = a.order[1:]
	}
}

// saw takes notice of the number of a block.
func (a *ahead) saw(number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.newest = max(a.newest, number)
}

// find returns a block that is kept.
func (a *ahead) find(id coin.BlockID) (*node.Block, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, ok := a.blocks[id]
	return b, ok
}

// deep tells whether so many blocks behind a number are there.
func (a *ahead) deep(number, blocks uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.newest >= blocks && number <= a.newest-blocks
}

// readAhead is how many blocks are asked for together with one that lies deep.
const readAhead = 50

// maxKept is how many bytes of blocks are kept that nobody asked for yet.
const maxKept = 64 << 20

// fetch returns the block of a header. If it lies deep in the chain the next
// ones come with it.
func (c *Coin) fetch(ctx context.Context, header coin.Header) (*node.Block, error) {
	if b, ok := c.ahead.find(header.ID); ok {
		return b, ctx.Err()
	}
	if c.ahead.deep(header.Number, readAhead) {
		if b, err := c.fetchMany(ctx, header); b != nil || err != nil {
			return b, err
		}
	}
	return c.node.Block(ctx, header.ID)
}

// fetchMany reads many blocks from that of a header on and returns that one,
// nil if it is not in the best chain any more, or cannot be had that way.
func (c *Coin) fetchMany(ctx context.Context, header coin.Header) (*node.Block, error) {
	c.ahead.reading.Lock()
	defer c.ahead.reading.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b, ok := c.ahead.find(header.ID); ok { // meanwhile
		return b, nil
	}
	var found *node.Block
	for b, err := range c.node.Blocks(ctx, header.Number, header.Number+readAhead-1) {
		if err != nil || found == nil && b.ID != header.ID {
			break
		}
		if found == nil {
			found = b
		}
		c.ahead.keep(b)
	}
	return found, nil
}
