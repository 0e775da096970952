package node

import (
	"context"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// cheap remembers transactions that paid too little, for a child that pays
// for both. It forgets by itself: they are published again now and then.
type cheap struct {
	mu  sync.Mutex
	txs map[[32]byte]*block.Transaction
}

// maxCheap is far above how many plans wait for a bump at a time.
const maxCheap = 256

func (c *cheap) add(t *block.Transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.txs == nil || len(c.txs) >= maxCheap {
		c.txs = make(map[[32]byte]*block.Transaction)
	}
	c.txs[t.ID()] = t
}

func (c *cheap) get(id [32]byte) *block.Transaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.txs[id]
}

// publishPackage hands over a parent that pays too little and the child that
// pays for both, which nodes judge by their common rate. btcd takes no
// packages: there the child has to wait until the parent's rate will do.
func (c *Client) publishPackage(ctx context.Context, parent, child *block.Transaction) (coin.PublicationStatus, error) {
	status, err := c.judge(ctx, parent)
	if err != nil {
		return 0, err
	}
	switch status {
	case coin.FeeTooLow:
	case coin.Conflict, coin.Rejected:
		return status, nil // the parent will not be, nor the child
	default:
		// The parent has come in meanwhile.
		err := c.rpc.Call(ctx, "sendrawtransaction", []any{jsonrpc.Hex(child.Raw()), noFeeLimit}, nil)
		if err == nil {
			return coin.Accepted, nil
		}
		return coin.FeeTooLow, nil
	}
	pair := []jsonrpc.Hex{parent.Raw(), child.Raw()}
	err = c.rpc.Call(ctx, "submitpackage", []any{pair, noFeeLimit}, nil)
	if isCode(err, codeNoMethod) {
		return coin.FeeTooLow, nil
	}
	if jsonrpc.IsTransient(err) || ctx.Err() != nil {
		return 0, classify(err)
	}
	// Whatever the answer: what counts is whether the child is there.
	if status, err = c.find(ctx, child.ID()); status == 0 && err == nil {
		status = coin.FeeTooLow
	}
	return status, err
}
