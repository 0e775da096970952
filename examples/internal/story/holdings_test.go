package story

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// An output is gone when the transaction that spends it is in a block, not before.
func TestKeysOwnWhatNoMinedTransactionSpends(t *testing.T) {
	id := func(n byte) coin.OutputID { return coin.OutputID{Transaction: coin.TransactionID{n}} }
	v := newView()
	for n, session := range map[byte]uint64{1: 0, 2: 0, 3: 0, 4: 1} {
		v.found[id(n)] = coin.Output{ID: id(n), Session: session, Amount: 1 << n}
	}
	v.spends[id(1)], v.spends[id(2)] = coin.TransactionID{8}, coin.TransactionID{9}
	v.mined[coin.TransactionID{8}] = true
	outputs, amount := v.owned(0)
	require.Equal(t, 2, outputs)
	require.EqualValues(t, 1<<2+1<<3, amount)
	outputs, amount = v.owned(1)
	require.Equal(t, 1, outputs)
	require.EqualValues(t, 1<<4, amount)
	v.mined[coin.TransactionID{9}] = true
	outputs, _ = v.owned(0)
	require.Equal(t, 1, outputs)
}
