package node

import (
	"context"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// cheap remembers transactions that paid too little when they were published
// last, for a child that pays for both. Transactions that wait are published
// again now and then, parents first, so what it forgets comes back.
type cheap struct {
	mu  sync.Mutex
	txs []cheapTransaction // the latest last
}

type cheapTransaction struct {
	id [32]byte
	*block.Transaction
}

// maxCheap is far above how many plans wait for a bump at a time. Beyond that
// the oldest is forgotten: the children of the others bring theirs in, and then
// it has room.
const maxCheap = 256

func (c *cheap) add(t *block.Transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(t.ID())
	if len(c.txs) == maxCheap {
		c.txs = slices.Delete(c.txs, 0, 1)
	}
	c.txs = append(c.txs, cheapTransaction{t.ID(), t})
}

func (c *cheap) remove(t *block.Transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(t.ID())
}

func (c *cheap) drop(id [32]byte) {
	c.txs = slices.DeleteFunc(c.txs, func(t cheapTransaction) bool { return t.id == id })
}

// parent returns a remembered transaction that another one spends from.
func (c *cheap) parent(child *block.Transaction) *block.Transaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, from := range child.Outpoints() {
		id := from.Transaction()
		if i := slices.IndexFunc(c.txs, func(t cheapTransaction) bool { return t.id == id }); i >= 0 {
			return c.txs[i].Transaction
		}
	}
	return nil
}

// publishPackage hands over a parent that paid too little and the child that
// pays for both, which nodes judge by their common rate. btcd takes no
// packages: there the child has to wait until the parent's rate will do. So it
// has with bitcoind if the parent is below the least rate that the node is set to
// relay (-minrelaytxfee), and not only below what a full memory pool wants.
//
// The parent is not forgotten when it comes in: if the node evicts it again, the
// next child brings it back.
func (c *Client) publishPackage(ctx context.Context, parent, child *block.Transaction) (coin.PublicationStatus, error) {
	status, err := c.judge(ctx, parent)
	if err != nil {
		return 0, err
	}
	switch status {
	case coin.FeeTooLow:
		return c.sendPackage(ctx, parent, child)
	case coin.Conflict, coin.Rejected:
		c.cheap.remove(parent)
		return status, nil // the parent will not be, nor the child
	case coin.Mined:
		c.cheap.remove(parent)
	}
	// The parent has come in meanwhile.
	answer, err := c.send(ctx, child)
	if err != nil {
		return 0, err
	}
	if answer == nil {
		return coin.Accepted, nil
	}
	return c.judge(ctx, child)
}

func (c *Client) sendPackage(ctx context.Context, parent, child *block.Transaction) (coin.PublicationStatus, error) {
	if _, status, err := c.unspent(ctx, child, parent); status != 0 || err != nil {
		return status, err // another of its inputs is gone
	}
	pair := []jsonrpc.Hex{parent.Raw(), child.Raw()}
	err := c.rpc.Call(ctx, "submitpackage", []any{pair, noFeeLimit}, nil)
	if isCode(err, codeNoMethod) {
		return coin.FeeTooLow, nil
	}
	if jsonrpc.IsTransient(err) || ctx.Err() != nil {
		return 0, classify(err)
	}
	// Whatever the answer: what counts is whether the child is there. If nothing
	// else is against it, then what both pay is.
	status, err := c.judge(ctx, child)
	if status == coin.Conflict {
		status = coin.FeeTooLow // of the parent, which is still not there
	}
	return status, err
}
