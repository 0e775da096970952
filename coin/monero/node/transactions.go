package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// maxIDs is how many transactions a restricted node takes a request for.
const maxIDs = 100

// Found is a transaction that a node has. Where it is says nothing but the
// node's word.
type Found struct {
	// Transaction is the transaction with the hash that was asked for, nil if
	// the node does not know it.
	Transaction *block.Transaction
	// Pool tells that it is in the memory pool, else it is in the block with
	// Number of the best chain.
	Pool   bool
	Number uint64
	// Indexes are the global indices of its outputs if it is in a block.
	Indexes []uint64
	// DoubleSpend tells that the node saw another one that spends the same.
	DoubleSpend bool
}

// Transactions looks transactions up in the best chain and the memory pool.
// The result is in the order of the IDs. A restricted node hides one in its
// pool that it has not seen other nodes pass on.
func (c *Client) Transactions(ctx context.Context, ids []coin.TransactionID) ([]Found, error) {
	places := make(map[coin.TransactionID]int, len(ids))
	for i, id := range ids {
		if _, ok := places[id]; ok {
			return nil, fmt.Errorf("%w: transaction %s is asked for twice", coin.ErrInvalid, id)
		}
		places[id] = i
	}
	found := make([]Found, len(ids))
	for start := 0; start < len(ids); start += maxIDs {
		end := min(start+maxIDs, len(ids))
		if err := c.transactions(ctx, ids[start:end], places, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Transaction looks one transaction up. If the node does not know it that is
// coin.ErrNotFound.
func (c *Client) Transaction(ctx context.Context, id coin.TransactionID) (Found, error) {
	found, err := c.Transactions(ctx, []coin.TransactionID{id})
	if err != nil {
		return Found{}, err
	}
	if found[0].Transaction == nil {
		return Found{}, fmt.Errorf("%w: transaction %s", coin.ErrNotFound, id)
	}
	return found[0], nil
}

// foundTransaction is an element of the answer. Of the other bytes in it, what
// is not the whole transaction, there is no use.
type foundTransaction struct {
	Whole       jsonrpc.Hex `json:"as_hex"`
	Pruned      jsonrpc.Hex `json:"pruned_as_hex"`
	Pool        bool        `json:"in_pool"`
	Number      uint64      `json:"block_height"`
	Indexes     numbers     `json:"output_indices"`
	DoubleSpend bool        `json:"double_spend_seen"`
}

// transactions sends one request, or several if the answer is too large, and
// puts what came where places say.
func (c *Client) transactions(ctx context.Context, ids []coin.TransactionID, places map[coin.TransactionID]int, found []Found) error {
	hashes := make([]hash, len(ids))
	for i, id := range ids {
		hashes[i] = hash(id)
	}
	var result struct {
		state
		Transactions list[foundTransaction] `json:"txs"`
		Missed       list[hash]             `json:"missed_tx"`
	}
	result.Transactions.limit, result.Missed.limit = len(ids), len(ids)
	const path = "/get_transactions"
	err := post(ctx, c.large, path, map[string]any{"txs_hashes": hashes, "prune": false}, &result)
	if errors.Is(err, jsonrpc.ErrTooLarge) && len(ids) > 1 {
		half := len(ids) / 2
		if err := c.transactions(ctx, ids[:half], places, found); err != nil {
			return err
		}
		return c.transactions(ctx, ids[half:], places, found)
	}
	if err != nil {
		return err
	}
	waiting := make(map[coin.TransactionID]bool, len(ids))
	for _, id := range ids {
		waiting[id] = true
	}
	for _, f := range result.Transactions.items {
		t, err := f.parse()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		id := coin.TransactionID(t.Hash())
		if !waiting[id] {
			return fmt.Errorf("%s: %w", path, lie("txs", "hold %s, which was not asked for, or again", id))
		}
		delete(waiting, id)
		at := &found[places[id]]
		*at = Found{Transaction: t, Pool: f.Pool, DoubleSpend: f.DoubleSpend}
		if f.Pool {
			continue
		}
		if len(f.Indexes) != t.OutputCount() {
			return fmt.Errorf("%s: %w", path, lie("output_indices", "are %d for %d outputs of transaction %s", len(f.Indexes), t.OutputCount(), id))
		}
		at.Number, at.Indexes = f.Number, f.Indexes
	}
	for _, id := range result.Missed.items {
		if !waiting[coin.TransactionID(id)] {
			return fmt.Errorf("%s: %w", path, lie("missed_tx", "hold %s, which was not asked for, or is there", id))
		}
		delete(waiting, coin.TransactionID(id))
	}
	for _, id := range ids {
		if waiting[id] {
			return fmt.Errorf("%s: %w", path, lie("txs", "lack %s, which is not missed either", id))
		}
	}
	return nil
}

// parse reads the whole transaction. That of a miner, which has no part to
// prune, comes as if it was pruned.
func (f foundTransaction) parse() (*block.Transaction, error) {
	if len(f.Whole) == 0 {
		t, err := block.ParseTransaction(f.Pruned)
		if err != nil || !t.Coinbase() {
			if _, err := block.ParsePruned(f.Pruned, [32]byte{}); err == nil {
				return nil, fmt.Errorf("%w: it prunes old blocks", ErrUnsuitable)
			}
			return nil, lie("as_hex", "is missing")
		}
		return t, nil
	}
	t, err := block.ParseTransaction(f.Whole)
	if err != nil {
		return nil, lie("as_hex", "is malformed: %w", err)
	}
	return t, nil
}
