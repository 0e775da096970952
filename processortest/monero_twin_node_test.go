package processortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/monerotest"
)

// TestNodeMoneroTwins lets others pay a group to the one-time key of a depositor's
// output, as anybody can who knows the view key. Only one of these outputs can be
// spent. monerod takes them all.
func TestNodeMoneroTwins(t *testing.T) {
	w := newMoneros(t, 1, nil)
	w.appoint(0, 0, 1, 2)
	w.mine(int(w.rules.Confirmations))
	key := w.group.Key(0).NetworkKey
	view, err := w.chain.Coin().(*monero.Coin).ViewKey(key)
	require.NoError(t, err)

	deposit := w.payIn(0, "mint", 10_000*xmr)
	w.mine(1)
	of := w.find(deposit, coin.Key{Key: key})
	for _, c := range []struct {
		amount uint64
		data   string
		later  int // in blocks
	}{
		{15_000 * xmr, "a larger one", 2},
		{5_000 * xmr, "a smaller one", 2},
		{15_000 * xmr, "as large as the largest", 1},
		{30_000 * xmr, "too late", int(w.rules.Window)},
	} {
		w.mine(c.later)
		_, err := w.chain.PayTwin(w.ctx, view, monerotest.Twin{Of: of, Amount: c.amount, Data: []byte(c.data)})
		require.NoError(t, err)
		w.mine(1)
	}
	w.in += 5_000 * xmr // by which the larger one is larger
	w.mine(45)
	cost := 2 * w.chain.Coin().InputCost(w.rules.FeeFloor)
	require.Equal(t, map[string][]uint64{"mint": {10_000*xmr - cost}, "a larger one": {5_000 * xmr}}, w.instructions)
	w.settle(w.burn(14_000 * xmr))
	w.mine(2 * int(w.rules.Window))
	require.Empty(t, w.conditions)
	require.Empty(t, w.writtenOff)
	w.check()
}

// find returns the output of a transaction to a key that the coin sees.
func (w *moneros) find(id coin.TransactionID, key coin.Key) coin.OutputID {
	c := w.chain.Coin()
	tip, err := c.Tip(w.ctx)
	require.NoError(w, err)
	header, err := c.Header(w.ctx, tip)
	require.NoError(w, err)
	b, err := c.Block(w.ctx, header)
	require.NoError(w, err)
	outputs, err := c.Outputs(w.ctx, b, []coin.Key{key})
	require.NoError(w, err)
	require.Len(w, outputs, 1)
	require.Equal(w, id, outputs[0].ID.Transaction)
	return outputs[0].ID
}
