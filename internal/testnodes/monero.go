package testnodes

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
)

// Monerod starts the monerod named by $MONEROD or found on PATH in regtest
// with a difficulty of 1. Its URL ends with /json_rpc.
func Monerod(ctx context.Context, o Options) (*Node, error) { return start(ctx, monerod, o) }

// blocksPerCall keeps single requests short: monerod mines some ten blocks a
// second and answers nothing else meanwhile.
const blocksPerCall = 20

var monerod = kind{
	name:    "monerod",
	ping:    "get_block_count",
	program: func(context.Context) (string, error) { return installed("monerod", "MONEROD") },
	prepare: func(n *Node, o Options) error {
		port, err := n.listen("/json_rpc")
		if err != nil {
			return err
		}
		peers, err := freePort()
		if err != nil {
			return err
		}
		n.args = []string{
			"--regtest", "--keep-fakechain", "--offline", "--fixed-difficulty=1", "--non-interactive", "--no-zmq", "--disable-rpc-ban",
			"--data-dir=" + filepath.Join(n.Dir, "data"),
			"--rpc-bind-ip=127.0.0.1", "--rpc-bind-port=" + strconv.Itoa(port),
			"--p2p-bind-ip=127.0.0.1", "--p2p-bind-port=" + strconv.Itoa(peers),
		}
		return nil
	},
	generate: func(ctx context.Context, n *Node, blocks int, address string) error {
		if address == "" {
			return errors.New("monerod needs an address")
		}
		for ; blocks > 0; blocks -= blocksPerCall {
			params := map[string]any{"amount_of_blocks": min(blocks, blocksPerCall), "wallet_address": address}
			if err := n.Call(ctx, "generateblocks", params, nil); err != nil {
				return err
			}
		}
		return nil
	},
}
