package testnodes

import (
	"context"
	"errors"
	"os"
)

// TB is what is used of testing.TB.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// NeedBtcd starts btcd for a test and ends it after the test. If it is not
// installed the test is skipped, or fails if NODES_REQUIRED is 1. A failing
// test logs the node's last lines.
func NeedBtcd(tb TB, o Options) *Node { tb.Helper(); return need(tb, Btcd, o) }

// NeedBitcoind is NeedBtcd for bitcoind.
func NeedBitcoind(tb TB, o Options) *Node { tb.Helper(); return need(tb, Bitcoind, o) }

// NeedMonerod is NeedBtcd for monerod.
func NeedMonerod(tb TB, o Options) *Node { tb.Helper(); return need(tb, Monerod, o) }

// NeedMoneroWallet is NeedBtcd for monero-wallet-rpc.
func NeedMoneroWallet(tb TB, o Options) *Node { tb.Helper(); return need(tb, MoneroWallet, o) }

func need(tb TB, start func(context.Context, Options) (*Node, error), o Options) *Node {
	tb.Helper()
	n, err := start(tb.Context(), o)
	if errors.Is(err, ErrNotInstalled) && os.Getenv("NODES_REQUIRED") != "1" {
		tb.Skipf("%v", err)
	}
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("last lines of %s:\n%s", n.Name, n.Log())
		}
		if err := n.Close(); err != nil {
			tb.Fatalf("close %s: %v", n.Name, err)
		}
	})
	return n
}
