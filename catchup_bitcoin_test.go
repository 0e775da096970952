package processor_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/bbolt"
)

// busyPast is a past whose first blocks are busy ones, more than a megabyte
// and 2,000 transactions each, of a bitcoind.
func busyPast(tb testing.TB, blocks int) (w *past, client *node.Client, dial func() coin.Coin) {
	ctx := context.Background()
	n := testnodes.NeedBitcoind(tb, testnodes.Options{})
	at := node.Config{URL: n.URL, User: n.User, Password: n.Password}
	chain, first, err := bitcointest.BusyChain(ctx, bitcointest.Config{Node: at}, blocks)
	require.NoError(tb, err)
	client, err = node.Dial(ctx, at, chain.Coin().Genesis(), false)
	require.NoError(tb, err)
	tb.Cleanup(client.Close)
	w = newPast(tb, chain, scanner.Start{At: first}, 1_000_000)
	return w, client, func() coin.Coin {
		c, err := bitcoin.Dial(ctx, bitcoin.Config{Network: bitcoin.Regtest, Node: at})
		require.NoError(tb, err)
		return c
	}
}

// TestCatchingUpOnBitcoin catches up with five busy blocks and with deposits
// and payments behind them, whose fee rates come from the busy ones.
func TestCatchingUpOnBitcoin(t *testing.T) {
	w, client, dial := busyPast(t, 5)
	first := w.start.At
	for n := first; n < first+5; n++ {
		id, err := client.BlockID(t.Context(), n)
		require.NoError(t, err)
		raw, err := client.Block(t.Context(), id)
		require.NoError(t, err)
		b, err := block.Parse(raw)
		require.NoError(t, err)
		require.Greater(t, len(raw), 1_000_000)
		require.Greater(t, b.Len(), 2000)
	}
	w.deposit()
	for range 30 {
		w.mine()
	}
	require.NotZero(t, w.want.Frontier.Acknowledged)
	require.Equal(t, scheduler.Pending{Outputs: int(bitcoin.DefaultParameters().ChangeOutputs)}, w.want.Pending, "the burn is paid")

	store := openIn(t)
	defer store.Close()
	got := w.catchUp(t, dial(), store)
	require.Equal(t, w.want.Digest, got.Digest)
	require.Equal(t, w.want.Ledger, got.Ledger)
}

// BenchmarkCatchUpBitcoin catches up with 50 busy blocks of a bitcoind, and
// compares that with downloading and deserialising the same blocks, one by one
// and as many at a time as the processor does. What differs between the stores
// is the time that the disk takes to sync.
func BenchmarkCatchUpBitcoin(b *testing.B) {
	const blocks = 50
	w, client, dial := busyPast(b, blocks)
	for range 12 {
		w.mine()
	}
	first, last := w.start.At, w.want.Frontier.Settle-1
	require.GreaterOrEqual(b, last, first+blocks-1)
	for name, open := range map[string]func() storage.Store{
		"memory": func() storage.Store { return storage.NewMemory() },
		"bbolt":  func() storage.Store { return openIn(b) },
	} {
		b.Run(name, func(b *testing.B) {
			var alone, together, own time.Duration
			var commits int64
			for b.Loop() {
				alone += bare(b, client, first, last, 1)
				together += bare(b, client, first, last, 4)
				c := dial()
				store := &counting{Store: open()}
				begin := time.Now()
				w.catchUp(b, c, store)
				own += time.Since(begin)
				commits += store.commits.Load()
				require.NoError(b, store.Close())
			}
			total := float64(b.N) * float64(last-first+1)
			b.ReportMetric(own.Seconds()*1000/total, "ms/block")
			b.ReportMetric(float64(commits)/total, "commits/block")
			b.ReportMetric(own.Seconds()/alone.Seconds(), "of-one-by-one")
			b.ReportMetric(own.Seconds()/together.Seconds(), "of-parallel")
		})
	}
}

func openIn(tb testing.TB) storage.Store {
	s, err := bbolt.Open(filepath.Join(tb.TempDir(), "db"), bbolt.Options{})
	require.NoError(tb, err)
	return s
}

// bare downloads and deserialises blocks.
func bare(tb testing.TB, client *node.Client, first, last uint64, goroutines int) time.Duration {
	begin := time.Now()
	var group errgroup.Group
	var next atomic.Uint64
	next.Store(first)
	for range goroutines {
		group.Go(func() error {
			for n := next.Add(1) - 1; n <= last; n = next.Add(1) - 1 {
				id, err := client.BlockID(context.Background(), n)
				if err != nil {
					return err
				}
				raw, err := client.Block(context.Background(), id)
				if err != nil {
					return err
				}
				if _, err := block.Parse(raw); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(tb, group.Wait())
	return time.Since(begin)
}
