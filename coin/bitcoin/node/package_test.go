package node

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/bitcoin/block"
)

// transaction spends the first output of each of the others.
func transaction(t *testing.T, value int64, from ...*block.Transaction) *block.Transaction {
	msg := wire.NewMsgTx(2)
	for _, parent := range from {
		h := chainhash.DoubleHashH(parent.Stripped())
		msg.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&h, 0), nil, nil))
	}
	if len(from) == 0 {
		msg.AddTxIn(wire.NewTxIn(&wire.OutPoint{}, nil, nil))
	}
	msg.AddTxOut(wire.NewTxOut(value, make([]byte, 34)))
	var raw bytes.Buffer
	require.NoError(t, msg.Serialize(&raw))
	parsed, err := block.ParseTransaction(raw.Bytes())
	require.NoError(t, err)
	return parsed
}

func TestTheOldestCheapTransactionIsForgotten(t *testing.T) {
	var c cheap
	roots := make([]*block.Transaction, maxCheap+2)
	for i := range roots {
		roots[i] = transaction(t, int64(i))
	}
	known := func(i int) bool { return c.parent(transaction(t, 9, roots[i])) == roots[i] }
	for _, root := range roots[:maxCheap] {
		c.add(root)
	}
	c.add(roots[0]) // published again
	require.Len(t, c.txs, maxCheap)
	c.add(roots[maxCheap])
	require.Len(t, c.txs, maxCheap)
	require.True(t, known(0))
	require.False(t, known(1))
	require.True(t, known(2))
	require.True(t, known(maxCheap))
	c.remove(roots[2])
	require.False(t, known(2))
	require.Len(t, c.txs, maxCheap-1)

	// One of several parents will do.
	require.Equal(t, roots[3], c.parent(transaction(t, 9, roots[1], roots[3], roots[4])))
	require.Nil(t, c.parent(transaction(t, 9, roots[1], roots[2])))
}
