package bitcointest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// Unspent returns the amounts of the outputs to an address that are in blocks
// and that no block spends, in the order of the chain. Which outputs there are
// the blocks tell, and which of them are unspent the node.
func (c *Chain) Unspent(ctx context.Context, at coin.Address) ([]uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	amounts, err := c.unspent(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("bitcointest: unspent: %w", err)
	}
	return amounts, nil
}

func (c *Chain) unspent(ctx context.Context, at coin.Address) ([]uint64, error) {
	script, err := scriptOf(at)
	if err != nil {
		return nil, err
	}
	if _, err := c.follow(ctx); err != nil {
		return nil, err
	}
	var requests []jsonrpc.Request
	var values []int64
	for _, b := range c.ledger.blocks {
		for _, tx := range b.msg.Transactions {
			for i, out := range tx.TxOut {
				if bytes.Equal(out.PkScript, script) {
					values = append(values, out.Value)
					requests = append(requests, jsonrpc.Request{
						Method: "gettxout", Params: []any{tx.TxHash().String(), i, false}, Result: new(json.RawMessage),
					})
				}
			}
		}
	}
	if err := c.rpc.Batch(ctx, requests); err != nil {
		return nil, err
	}
	var amounts []uint64
	for i, r := range requests {
		if r.Err != nil {
			return nil, r.Err
		}
		if answer := *r.Result.(*json.RawMessage); len(answer) > 0 && string(answer) != "null" {
			amounts = append(amounts, uint64(values[i]))
		}
	}
	return amounts, nil
}
