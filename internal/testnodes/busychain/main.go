// Busychain makes the chain that catching up is measured on, with the bitcoind
// named by $BITCOIND or found on PATH, and keeps it in the user's cache
// directory:
//
//	go run ./internal/testnodes/busychain -blocks 50
//
// Benchmarks that want it make it themselves if it is not there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/internal/testnodes"
)

func main() {
	blocks := flag.Int("blocks", 50, "how many blocks of more than a megabyte")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *blocks); err != nil {
		fmt.Fprintln(os.Stderr, "busychain:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, blocks int) error {
	n, err := testnodes.Bitcoind(ctx, testnodes.Options{})
	if err != nil {
		return err
	}
	defer n.Close()
	_, first, err := bitcointest.BusyChain(ctx, bitcointest.Config{
		Node: node.Config{URL: n.URL, User: n.User, Password: n.Password},
	}, blocks)
	if err != nil {
		return err
	}
	fmt.Printf("blocks %d to %d are busy\n", first, first+uint64(blocks)-1)
	return nil
}
