package monero

import (
	"context"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
)

// index is what a chain holds, by how rings ask for it.
type index struct {
	newest coin.BlockID
	outs   []node.Out // of version 2
	counts []uint64   // of these up to each block
	found  map[coin.TransactionID]node.Found
}

// index returns that of the best chain.
func (n *memoryNode) index() *index {
	newest := n.best[len(n.best)-1].ID
	if n.indexed != nil && n.indexed.newest == newest {
		return n.indexed
	}
	x := &index{newest: newest, found: make(map[coin.TransactionID]node.Found)}
	one, err := keys.DecodeScalar(append([]byte{1}, make([]byte, 31)...))
	require.NoError(n.t, err)
	for _, b := range n.best {
		for _, t := range b.Transactions {
			id := coin.TransactionID(t.Hash())
			f := node.Found{Transaction: t, Number: b.Block.Height()}
			for i, o := range t.Outputs() {
				if t.Version() < 2 {
					continue
				}
				commitment, ok := t.Commitment(i)
				if !ok {
					commitment = [32]byte(keys.Commit(one, o.Amount).Bytes())
				}
				f.Indexes = append(f.Indexes, uint64(len(x.outs)))
				x.outs = append(x.outs, node.Out{
					Index: uint64(len(x.outs)), Key: o.Key, Commitment: commitment, Transaction: id, Height: f.Number,
				})
			}
			x.found[id] = f
		}
		x.counts = append(x.counts, uint64(len(x.outs)))
	}
	n.indexed = x
	return x
}

func (n *memoryNode) tip() uint64 { return uint64(len(n.best)) - 1 }

func (n *memoryNode) OutputDistribution(_ context.Context, first, last uint64) (node.Distribution, error) {
	if last > n.tip() {
		return node.Distribution{}, coin.ErrNotFound
	}
	return node.Distribution{First: first, Counts: slices.Clone(n.index().counts[first : last+1])}, nil
}

func (n *memoryNode) Outs(_ context.Context, indexes []uint64) ([]node.Out, error) {
	all := n.index().outs
	var outs []node.Out
	for _, i := range indexes {
		if i >= uint64(len(all)) {
			return nil, coin.ErrNotFound
		}
		outs = append(outs, all[i])
	}
	return outs, nil
}

func (n *memoryNode) Transactions(_ context.Context, ids []coin.TransactionID) ([]node.Found, error) {
	found := make([]node.Found, len(ids))
	for i, id := range ids {
		found[i] = n.index().found[id]
	}
	return found, nil
}

func (n *memoryNode) Transaction(ctx context.Context, id coin.TransactionID) (node.Found, error) {
	found, err := n.Transactions(ctx, []coin.TransactionID{id})
	if err == nil && found[0].Transaction == nil {
		err = coin.ErrNotFound
	}
	return found[0], err
}

func (n *memoryNode) Publish(context.Context, []byte) (coin.Publication, error) {
	return coin.Publication{Status: coin.Accepted}, nil
}
