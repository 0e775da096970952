package nodes

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/coin"
)

// Block implements coin.Reader.
func (n *Nodes) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) (coin.Block, error) {
		b, err := c.Block(ctx, header)
		if err == nil && b.Header() != header {
			err = fmt.Errorf("%w: asked for block %s, got %s", coin.ErrInvalid, header.ID, b.Header().ID)
		}
		return b, err
	})
}

// BlockRate implements coin.Reader.
func (n *Nodes) BlockRate(ctx context.Context, header coin.Header) (uint64, error) {
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) (uint64, error) { return c.BlockRate(ctx, header) })
}

// Outputs implements coin.Recognizer.
func (n *Nodes) Outputs(ctx context.Context, b coin.Block, keys []coin.Key) ([]coin.Output, error) {
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) ([]coin.Output, error) { return c.Outputs(ctx, b, keys) })
}

// Transaction implements coin.Spender: what the first node that has it gives.
func (n *Nodes) Transaction(ctx context.Context, id coin.TransactionID) ([]byte, error) {
	return askOne(ctx, n, func(ctx context.Context, c coin.Coin) ([]byte, error) { return c.Transaction(ctx, id) })
}
