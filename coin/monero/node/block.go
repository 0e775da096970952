package node

import (
	"context"
	"fmt"
	"iter"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// Block is a block of which everything but Indexes is proved by its ID. Its
// bytes are its own.
type Block struct {
	// ID is the block's, computed from its bytes.
	ID coin.BlockID
	// Block is what the ID covers.
	Block *block.Block
	// Transactions are all of them in the order of the block, that of the
	// miner first.
	Transactions []*block.Transaction
	// Indexes are the global indices of the outputs of each transaction, as
	// the node has them: among the outputs of the same amount, which is 0 for
	// all of version 2. There the ones of a block run on without a gap. They
	// are nil for a block that the best chain does not have.
	Indexes [][]uint64
}

// Size is about how much memory the block takes, in bytes.
func (b *Block) Size() int {
	const transaction = 256 // parsed, with its hash
	size := len(b.Block.Raw()) + transaction*len(b.Transactions)
	for _, t := range b.Transactions {
		size += len(t.Raw())
	}
	for _, indexes := range b.Indexes {
		size += 8 * len(indexes)
	}
	return size
}

// Header returns the block of the best chain with a number, without its
// transactions. One that is not there (yet) is coin.ErrNotFound.
func (c *Client) Header(ctx context.Context, number uint64) (*block.Block, error) {
	b, err := c.blob(ctx, map[string]any{"height": number}, codeTooBig)
	if err == nil && b.Height() != number {
		err = lie("blob", "is that of block %d", b.Height())
	}
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", number, err)
	}
	return b, nil
}

// HeaderByID returns any block that the node knows, without its transactions.
func (c *Client) HeaderByID(ctx context.Context, id coin.BlockID) (*block.Block, error) {
	b, err := c.blob(ctx, map[string]any{"hash": hash(id)}, codeInternal)
	if err == nil && b.ID() != id {
		err = lie("blob", "is that of block %s", coin.BlockID(b.ID()))
	}
	if err != nil {
		return nil, fmt.Errorf("block %s: %w", id, err)
	}
	return b, nil
}

func (c *Client) blob(ctx context.Context, params any, notFound int64) (*block.Block, error) {
	var result struct {
		state
		Blob jsonrpc.Hex `json:"blob"`
	}
	if err := call(ctx, c.large, "get_block", params, &result, notFound); err != nil {
		return nil, err
	}
	b, err := block.Parse(result.Blob)
	if err != nil {
		return nil, lie("blob", "is malformed: %w", err)
	}
	return b, nil
}

// Block returns any block that the node knows, with its transactions. It may
// have left the best chain if the node still has all of its transactions, then
// without Indexes of those that are in no block now.
func (c *Client) Block(ctx context.Context, id coin.BlockID) (*Block, error) {
	head, err := c.HeaderByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return c.complete(ctx, id, head)
}

// complete fetches a block's transactions.
func (c *Client) complete(ctx context.Context, id coin.BlockID, head *block.Block) (*Block, error) {
	ids := []coin.TransactionID{head.Miner().Hash()}
	for i := range head.Len() {
		ids = append(ids, head.Transaction(i))
	}
	found, err := c.Transactions(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("transactions of block %s: %w", id, err)
	}
	b := &Block{ID: id, Block: head, Transactions: make([]*block.Transaction, len(ids)), Indexes: make([][]uint64, len(ids))}
	b.Transactions[0] = head.Miner()
	for i, f := range found {
		switch {
		case f.Transaction != nil:
			b.Transactions[i], b.Indexes[i] = f.Transaction, f.Indexes
		case i > 0:
			return nil, fmt.Errorf("%w: transaction %s of block %s", coin.ErrNotFound, ids[i], id)
		}
	}
	if !mined(found, head.Height()) {
		b.Indexes = nil
		return b, nil
	}
	if _, err := b.checkIndexes(nil); err != nil {
		return nil, fmt.Errorf("transactions of block %s: %w", id, err)
	}
	return b, nil
}

// mined tells whether all are in the block with a number of the best chain, so
// that their outputs' indices are those of the block.
func mined(found []Found, number uint64) bool {
	for _, f := range found {
		if f.Transaction == nil || f.Pool || f.Number != number {
			return false
		}
	}
	return true
}

// assemble makes a block of its bytes, which it copies, and those of its
// transactions in any order.
func assemble(raw []byte, transactions iter.Seq[[]byte]) (*Block, error) {
	size := len(raw)
	for t := range transactions {
		size += len(t)
	}
	buffer := append(make([]byte, 0, size), raw...)
	head, err := block.Parse(buffer[:len(raw):len(raw)])
	if err != nil {
		return nil, lie("block", "is malformed: %w", err)
	}
	b := &Block{ID: head.ID(), Block: head, Transactions: make([]*block.Transaction, 1+head.Len())}
	b.Transactions[0] = head.Miner()
	places := make(map[coin.TransactionID]int, head.Len())
	for i := range head.Len() {
		places[head.Transaction(i)] = 1 + i
	}
	if len(places) < head.Len() {
		return nil, lie("block", "names a transaction twice")
	}
	for raw := range transactions {
		start := len(buffer)
		buffer = append(buffer, raw...)
		t, err := block.ParseTransaction(buffer[start:len(buffer):len(buffer)])
		if err != nil {
			return nil, lie("txs", "hold a malformed one: %w", err)
		}
		id := coin.TransactionID(t.Hash())
		i, ok := places[id]
		if !ok {
			return nil, lie("txs", "hold %s, which block %s does not name, or again", id, b.ID)
		}
		delete(places, id)
		b.Transactions[i] = t
	}
	for i, t := range b.Transactions {
		if t == nil {
			return nil, lie("txs", "lack %x of block %s", head.Transaction(i-1), b.ID)
		}
	}
	return b, nil
}

// checkIndexes checks that the indices fit the outputs and that those of
// version 2 run on from next, which may be nil, and returns where they go on.
func (b *Block) checkIndexes(next *uint64) (*uint64, error) {
	for i, t := range b.Transactions {
		if len(b.Indexes[i]) != t.OutputCount() {
			return nil, lie("output_indices", "are %d for %d outputs of transaction %x", len(b.Indexes[i]), t.OutputCount(), t.Hash())
		}
		if t.Version() < 2 {
			continue
		}
		for _, index := range b.Indexes[i] {
			if next != nil && index != *next {
				return nil, lie("output_indices", "go on with %d instead of %d in transaction %x", index, *next, t.Hash())
			}
			index++
			next = &index
		}
	}
	return next, nil
}
