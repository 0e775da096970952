package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// screen shows people what happens.
type screen struct {
	quiet bool
	begin time.Time
}

// say prints a line.
func (s *screen) say(format string, args ...any) {
	if !s.quiet {
		fmt.Printf("%6.1fs  %s\n", time.Since(s.begin).Seconds(), fmt.Sprintf(format, args...))
	}
}

// widest is the most cells of a bar.
const widest = 40

// bar draws how many of some steps are done: over itself on a terminal, as one
// last line elsewhere.
func (s *screen) bar(what string, done, all int) {
	if s.quiet {
		return
	}
	terminal := false
	if info, err := os.Stdout.Stat(); err == nil {
		terminal = info.Mode()&os.ModeCharDevice != 0
	}
	if !terminal && done < all {
		return
	}
	cells := min(all, widest)
	full := done * cells / max(all, 1)
	line := fmt.Sprintf("%6.1fs  %s %s%s %d/%d", time.Since(s.begin).Seconds(), what,
		strings.Repeat("█", full), strings.Repeat("░", cells-full), done, all)
	if terminal && done < all {
		fmt.Print("\r", line)
	} else if terminal {
		fmt.Print("\r", line, "\n")
	} else {
		fmt.Println(line)
	}
}

// software asks a node what it is.
func software(ctx context.Context, at node.Config) (string, error) {
	rpc, err := jsonrpc.New(jsonrpc.Config{URL: at.URL, User: at.User, Password: at.Password})
	if err != nil {
		return "", err
	}
	defer rpc.Close()
	var network struct {
		Subversion string `json:"subversion"`
	}
	if err := rpc.Call(ctx, "getnetworkinfo", []any{}, &network); err == nil && network.Subversion != "" {
		return "bitcoind " + strings.Trim(network.Subversion, "/"), nil
	}
	var versions struct {
		Btcd struct {
			Version string `json:"versionstring"`
		} `json:"btcdjsonrpcapi"`
	}
	var info struct {
		Version int `json:"version"`
	}
	if err := rpc.Call(ctx, "getinfo", []any{}, &info); err != nil {
		return "", fmt.Errorf("ask the node what it is: %w", err)
	}
	if err := rpc.Call(ctx, "version", []any{}, &versions); err != nil {
		return "", fmt.Errorf("ask the node what it is: %w", err)
	}
	v := info.Version
	return fmt.Sprintf("btcd %d.%d.%d (RPC %s)", v/1000000, v/10000%100, v/100%100, versions.Btcd.Version), nil
}
