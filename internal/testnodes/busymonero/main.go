// Busymonero compares catching up on Monero with the reference wallet. It makes
// a regtest chain with the monerod and monero-wallet-rpc named by $MONEROD and
// $MONERO_WALLET_RPC or found on PATH, and keeps it in the user's cache
// directory:
//
//	go run ./internal/testnodes/busymonero -transactions 2000
//
// What it measures of ours, from block 0 to the newest, begins with connecting
// to the node and an empty bbolt database and ends when the last block is
// scanned: headers and blocks are fetched and authenticated, searched for
// what a group that nobody pays has, and go through the scanner. What its
// window lets in is scanned in one commit, and what a batch reports settled in
// another one, as if the settlement chain acknowledged it at once. It is what a
// processor does, but for the scheduler, which would have nothing to do, and
// without waiting for confirmations. With -window 1000 hardly anything but the
// scanning is left of the commits.
//
// Of the wallet's it is the call "refresh" from height 0, each time with a new
// wallet of keys that nobody pays. Runs of the two take turns.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/serai-go/processor/internal/testnodes"
)

func main() {
	transactions := flag.Int("transactions", 2000, "how many transactions the chain has besides coinbases")
	runs := flag.Int("runs", 5, "how many runs to take the median of")
	window := flag.Uint64("window", 0, "how many blocks are scanned before a batch is acknowledged, 0 for the coin's parameter")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *transactions, *runs, *window); err != nil {
		fmt.Fprintln(os.Stderr, "busymonero:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, transactions, runs int, window uint64) error {
	if runs < 1 || transactions < 1 {
		return fmt.Errorf("%d runs with %d transactions", runs, transactions)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	daemon, err := testnodes.Monerod(ctx, testnodes.Options{})
	if err != nil {
		return err
	}
	defer daemon.Close()
	if err := chain(ctx, daemon, transactions, filepath.Join(cache, "processor-ci")); err != nil {
		return err
	}
	wallet, err := testnodes.MoneroWallet(ctx, testnodes.Options{Daemon: daemon.URL})
	if err != nil {
		return err
	}
	defer wallet.Close()
	r, err := compare(ctx, daemon, wallet, runs, window)
	if err != nil {
		return err
	}
	fmt.Println(r)
	if r.work.transactions != transactions {
		return fmt.Errorf("%d transactions were searched of %d", r.work.transactions, transactions)
	}
	return nil
}

// result is what a comparison found.
type result struct {
	version string // the node's
	blocks  int    // of the chain
	ours    []time.Duration
	theirs  []time.Duration
	work    work
}

// times is how many times as long as we the wallet takes, by the medians.
func (r result) times() float64 { return median(r.theirs).Seconds() / median(r.ours).Seconds() }

// String is the report.
func (r result) String() string {
	return fmt.Sprintf("monerod %s: %d blocks, %d transactions besides coinbases, about %.1f MB\n"+
		"ours: median %v of %v, %d commits\nwallet: median %v of %v\nthe wallet takes %.2f times as long",
		r.version, r.blocks, r.work.transactions, float64(r.work.bytes)/1e6,
		median(r.ours), r.ours, r.work.commits, median(r.theirs), r.theirs, r.times())
}

// compare measures both so many times on a node's chain.
func compare(ctx context.Context, daemon, wallet *testnodes.Node, runs int, window uint64) (r result, err error) {
	var info struct {
		Height  int    `json:"height"`
		Version string `json:"version"`
	}
	if err := daemon.Call(ctx, "get_info", nil, &info); err != nil {
		return r, err
	}
	r.version, r.blocks = info.Version, info.Height
	for i := range runs {
		theirs, err := refresh(ctx, wallet, i, r.blocks)
		if err != nil {
			return r, fmt.Errorf("refresh: %w", err)
		}
		ours, work, err := catchUp(ctx, daemon, window)
		if err != nil {
			return r, fmt.Errorf("catch up: %w", err)
		}
		if work.blocks != r.blocks {
			return r, fmt.Errorf("%d of %d blocks are scanned", work.blocks, r.blocks)
		}
		r.ours, r.theirs, r.work = append(r.ours, ours), append(r.theirs, theirs), work
	}
	return r, nil
}

// median of at least one; the lower of two.
func median(all []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(all))[(len(all)-1)/2].Round(time.Millisecond)
}
