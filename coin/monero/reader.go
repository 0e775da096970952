package monero

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/eventuality"
)

// Tip implements coin.Reader.
func (c *Coin) Tip(ctx context.Context) (uint64, error) {
	number, err := c.node.Tip(ctx)
	if err != nil {
		return 0, fmt.Errorf("monero: tip: %w", err)
	}
	c.ahead.saw(number)
	return number, nil
}

// Header implements coin.Reader. The time is the median of those of the 60
// blocks before.
func (c *Coin) Header(ctx context.Context, number uint64) (coin.Header, error) {
	header, err := c.bestHeader(ctx, number)
	if err != nil {
		return coin.Header{}, fmt.Errorf("monero: header %d: %w", number, err)
	}
	return header, nil
}

func (c *Coin) bestHeader(ctx context.Context, number uint64) (coin.Header, error) {
	b, err := c.node.Header(ctx, number)
	if err != nil {
		return coin.Header{}, err
	}
	if b.Height() != number {
		return coin.Header{}, fmt.Errorf("%w: it has number %d", coin.ErrInvalid, b.Height())
	}
	if _, known := c.headers.Get(b.Parent()); !known && number >= medianSpan {
		c.prepare(ctx, number-medianSpan, number-1)
	}
	return c.headerOf(ctx, b)
}

// prepare reads headers of the best chain that are soon needed, many at a
// time. It makes no difference if it fails.
func (c *Coin) prepare(ctx context.Context, first, last uint64) {
	c.headers.Room(int(last-first) + 2)
	for b, err := range c.node.Blocks(ctx, first, last) {
		if err != nil {
			return
		}
		if _, err := c.readHeader(b.Block); err != nil {
			return
		}
	}
}

// headerOf returns the header of a block that the node has.
func (c *Coin) headerOf(ctx context.Context, b *block.Block) (coin.Header, error) {
	entry, err := c.readHeader(b)
	if err != nil {
		return coin.Header{}, err
	}
	time, err := c.clock(ctx, entry)
	if err != nil {
		return coin.Header{}, mustExist(err)
	}
	return coin.Header{Number: entry.number, ID: b.ID(), Parent: entry.parent, Time: time}, nil
}

// mustExist makes an error transient that says that the node does not know
// something which its chain implies: it is behind with itself.
func mustExist(err error) error {
	if errors.Is(err, coin.ErrNotFound) {
		return fmt.Errorf("%w: the node lacks a part of its chain: %v", coin.ErrTransient, err)
	}
	return err
}

// Headers implements coin.BulkReader. The blocks come whole, several requests
// for many at once.
func (c *Coin) Headers(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	list, err := c.bestHeaders(ctx, first, count)
	if err != nil {
		return nil, fmt.Errorf("monero: %d headers from %d: %w", count, first, err)
	}
	return list, nil
}

func (c *Coin) bestHeaders(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	if count <= 0 {
		return nil, nil
	}
	c.headers.Room(count + medianSpan)
	list := make([]coin.Header, 0, count)
	for b, err := range c.node.Blocks(ctx, first, first+uint64(count)-1) {
		if err != nil {
			return nil, err
		}
		number := first + uint64(len(list))
		if b.Block.Height() != number {
			return nil, fmt.Errorf("%w: block %d in the place of %d", coin.ErrInvalid, b.Block.Height(), number)
		}
		if _, known := c.headers.Get(b.Block.Parent()); !known && number >= medianSpan {
			c.prepare(ctx, number-medianSpan, number-1)
		}
		header, err := c.headerOf(ctx, b.Block)
		if err != nil {
			return nil, fmt.Errorf("header %d: %w", number, err)
		}
		c.ahead.keep(b)
		list = append(list, header)
	}
	if len(list) != count {
		return nil, fmt.Errorf("%w: %d headers", coin.ErrInvalid, len(list))
	}
	return list, nil
}

// Block implements coin.Reader.
func (c *Coin) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	b, err := c.block(ctx, header)
	if err != nil {
		return nil, fmt.Errorf("monero: block %d: %w", header.Number, err)
	}
	return b, nil
}

func (c *Coin) block(ctx context.Context, header coin.Header) (*chainBlock, error) {
	b, err := c.fetch(ctx, header)
	if err != nil {
		return nil, err
	}
	if _, err := c.readHeader(b.Block); err != nil {
		return nil, err
	}
	return newChainBlock(header, b)
}

// newChainBlock makes sure that a block is the one with the header.
func newChainBlock(header coin.Header, b *node.Block) (*chainBlock, error) {
	switch {
	case coin.BlockID(b.Block.ID()) != header.ID:
		return nil, fmt.Errorf("%w: asked for %s, got %x", coin.ErrInvalid, header.ID, b.Block.ID())
	case coin.BlockID(b.Block.Parent()) != header.Parent:
		return nil, fmt.Errorf("%w: %s is not on top of %s", coin.ErrInvalid, header.ID, header.Parent)
	case b.Block.Height() != header.Number:
		return nil, fmt.Errorf("%w: it has number %d", coin.ErrInvalid, b.Block.Height())
	case len(b.Transactions) != 1+b.Block.Len():
		return nil, fmt.Errorf("%w: %d transactions of %d", coin.ErrInvalid, len(b.Transactions), 1+b.Block.Len())
	}
	made := &chainBlock{Block: b, header: header, transactions: make([]eventuality.Transaction, len(b.Transactions))}
	for i, t := range b.Transactions {
		made.transactions[i] = transaction{t}
	}
	return made, nil
}

// chainBlock is a block with its place in the chain.
type chainBlock struct {
	*node.Block
	header       coin.Header
	transactions []eventuality.Transaction
}

// Header implements coin.Block.
func (b *chainBlock) Header() coin.Header { return b.header }

// Size implements coin.SizedBlock.
func (b *chainBlock) Size() int { return b.Block.Size() + 16*len(b.transactions) }

// Transactions implements coin.Block.
func (b *chainBlock) Transactions() []eventuality.Transaction { return b.transactions }

// transaction is one of a block.
type transaction struct{ *block.Transaction }

// ID implements eventuality.Transaction.
func (t transaction) ID() [32]byte { return t.Hash() }

// Lookups implements eventuality.Transaction: the hash of the extra field, by
// which a plan knows its transaction before anybody knows the key images, and
// these, by which who has signed knows spends. A coinbase has none.
func (t transaction) Lookups() [][]byte {
	if t.Coinbase() {
		return nil
	}
	lookups := append(make([][]byte, 0, 1+t.InputCount()), extraLookup(t.Extra()))
	for _, in := range t.Inputs() {
		lookups = append(lookups, in.KeyImage[:])
	}
	return lookups
}
