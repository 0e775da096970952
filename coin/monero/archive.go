package monero

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/internal/wire"
)

// ArchiveBlock implements coin.Archiver: the block and its transactions. Nothing
// before it is looked up.
func (c *Coin) ArchiveBlock(_ context.Context, b coin.Block, _ []coin.Block, _ []coin.Key) ([]byte, error) {
	chain, ok := b.(*chainBlock)
	if !ok {
		return nil, fmt.Errorf("monero: %w: not a block of this coin", coin.ErrInvalid)
	}
	var w wire.Writer
	w.Bytes(chain.Block.Block.Raw())
	for _, t := range chain.Block.Transactions[1:] {
		w.Bytes(t.Raw())
	}
	if data := w.Data(); len(data) <= coin.MaxArchived {
		return data, nil
	}
	return nil, fmt.Errorf("monero: %w: the archive of block %d has more than %d bytes", coin.ErrInvalid, chain.header.Number, coin.MaxArchived)
}

// RestoreBlock implements coin.Archiver.
func (c *Coin) RestoreBlock(_ context.Context, header coin.Header, data []byte) (coin.Block, error) {
	b, err := restore(header, data)
	if err == nil {
		_, err = c.readHeader(b.Block)
	}
	var made *chainBlock
	if err == nil {
		made, err = newChainBlock(header, b)
	}
	if err != nil {
		return nil, fmt.Errorf("monero: archive of block %d: %w", header.Number, err)
	}
	return made, nil
}

// restore reads an archive. The block is the one with the header's ID, and the
// transactions are those that it names.
func restore(header coin.Header, data []byte) (*node.Block, error) {
	r := wire.NewReader(data)
	raw := r.Bytes(block.MaxBlock)
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	b, err := block.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	restored := &node.Block{ID: b.ID(), Block: b, Transactions: []*block.Transaction{b.Miner()}}
	if restored.ID != header.ID {
		return nil, fmt.Errorf("%w: it has block %s", coin.ErrInvalid, restored.ID)
	}
	for i := range b.Len() {
		raw := r.Bytes(block.MaxTransaction)
		if r.Err() != nil {
			break
		}
		t, err := block.ParseTransaction(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: transaction %d: %w", coin.ErrInvalid, i, err)
		}
		r.Check(t.Hash() == b.Transaction(i), "transaction that the block does not name")
		restored.Transactions = append(restored.Transactions, t)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	return restored, nil
}
