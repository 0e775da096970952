package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/internal/jsonrpc"
)

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
