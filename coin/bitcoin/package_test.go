package bitcoin_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/testnodes"
)

// TestNodePackage fills bitcoind's memory pool, so that it wants more than a
// root pays, and has a child pay for it.
func TestNodePackage(t *testing.T) {
	ctx := t.Context()
	n := newNetwork(t, testnodes.NeedBitcoind(t, testnodes.Options{Args: []string{"-maxmempool=5"}}))
	outputs := n.deposit(t, 200_000)
	big := cointest.Deposit{To: slices.Repeat([]cointest.Target{{Address: n.address(t, coin.External), Amount: 1_000}}, 2_300)}
	floor := func() float64 {
		var pool struct {
			Least float64 `json:"mempoolminfee"`
			Relay float64 `json:"minrelaytxfee"`
		}
		require.NoError(t, n.node.Call(ctx, "getmempoolinfo", nil, &pool))
		return pool.Least / pool.Relay
	}
	for range 48 {
		if floor() > 3 {
			break
		}
		_, err := n.user.Pay(ctx, big)
		require.NoError(t, err)
	}
	require.Greater(t, floor(), 3.0, "the memory pool is full")

	plan := n.plan(t, 500, outputs)
	root := n.sign(t, plan)
	child := func(rate uint64) coin.Transaction {
		return n.sign(t, n.plan(t, rate, []coin.Output{{
			ID:      coin.OutputID{Transaction: root.ID},
			Session: n.key.Session, Kind: coin.Change, Amount: plan.Own[0].Amount,
		}}))
	}
	require.Equal(t, coin.Conflict, n.publish(t, child(20_000)).Status, "nobody knows the root yet")
	require.Equal(t, coin.FeeTooLow, n.publish(t, root).Status)
	require.Equal(t, coin.FeeTooLow, n.publish(t, child(600)).Status)
	require.Equal(t, coin.Publication{Status: coin.Accepted}, n.publish(t, child(20_000)))
	require.Equal(t, coin.Publication{Status: coin.Accepted}, n.publish(t, root), "it came in with the child")

	// The next block has room for some.
	n.mine(t, 1)
	b, _ := n.newest(t)
	require.Greater(t, len(b.Transactions()), 10)
}
