package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/testnodes"
)

// TestASmallChainIsCaughtUpWith does what the command does, first with a chain
// that it makes and then with the one that was kept.
func TestASmallChainIsCaughtUpWith(t *testing.T) {
	const transactions = 30 // more than the first round has
	dir := t.TempDir()
	var blocks int
	for _, window := range []uint64{0, 1000} {
		daemon := testnodes.NeedMonerod(t, testnodes.Options{})
		wallet := testnodes.NeedMoneroWallet(t, testnodes.Options{Daemon: daemon.URL})
		require.NoError(t, chain(t.Context(), daemon, transactions, dir))
		r, err := compare(t.Context(), daemon, wallet, 2, window)
		require.NoError(t, err)
		require.Equal(t, transactions, r.work.transactions)
		require.Equal(t, r.blocks, r.work.blocks)
		require.Greater(t, r.blocks, 100)
		require.Len(t, r.ours, 2)
		require.Len(t, r.theirs, 2)
		require.Positive(t, r.times())
		t.Log(r)
		if blocks > 0 {
			require.Equal(t, blocks, r.blocks, "the same chain")
		}
		blocks = r.blocks
	}
}

func TestMedian(t *testing.T) {
	const s = time.Second
	require.Equal(t, 3*s, median([]time.Duration{9 * s, 1 * s, 3 * s, 2 * s, 4 * s}))
	require.Equal(t, 1*s, median([]time.Duration{2 * s, 1 * s}))
	require.Equal(t, 1*s, median([]time.Duration{1 * s}))
}
