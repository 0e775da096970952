package monero

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
)

// outputs returns the outputs of version 2 up to a block, and how many there are up
// to each.
func (n *memoryNode) outputs(last uint64) (outs []node.Out, counts []uint64) {
	one, err := keys.DecodeScalar(append([]byte{1}, make([]byte, 31)...))
	require.NoError(n.t, err)
	for _, b := range n.best[:last+1] {
		for _, t := range b.Transactions {
			if t.Version() < 2 {
				continue
			}
			for i, o := range t.Outputs() {
				commitment, ok := t.Commitment(i)
				if !ok {
					commitment = [32]byte(keys.Commit(one, o.Amount).Bytes())
				}
				outs = append(outs, node.Out{
					Index: uint64(len(outs)), Key: o.Key, Commitment: commitment,
					Transaction: t.Hash(), Height: b.Block.Height(),
				})
			}
		}
		counts = append(counts, uint64(len(outs)))
	}
	return outs, counts
}

func (n *memoryNode) tip() uint64 { return uint64(len(n.best)) - 1 }

func (n *memoryNode) OutputDistribution(_ context.Context, first, last uint64) (node.Distribution, error) {
	if last > n.tip() {
		return node.Distribution{}, coin.ErrNotFound
	}
	_, counts := n.outputs(last)
	return node.Distribution{First: first, Counts: counts[first:]}, nil
}

func (n *memoryNode) Outs(_ context.Context, indexes []uint64) ([]node.Out, error) {
	all, _ := n.outputs(n.tip())
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
	all, _ := n.outputs(n.tip())
	found := make([]node.Found, len(ids))
	for i, id := range ids {
		for _, b := range n.best {
			for _, t := range b.Transactions {
				if t.Hash() == id {
					found[i] = node.Found{Transaction: t, Number: b.Block.Height()}
				}
			}
		}
		for _, o := range all {
			if o.Transaction == id {
				found[i].Indexes = append(found[i].Indexes, o.Index)
			}
		}
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
