package testnodes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Monerod starts the monerod named by $MONEROD or found on PATH in regtest
// with a difficulty of 1. Its URL ends with /json_rpc.
func Monerod(ctx context.Context, o Options) (*Node, error) { return start(ctx, monerod, o) }

// manyConnections are arguments for a monerod that would not take more than a few
// connections from one address otherwise: a whole group may be behind it here. Older
// ones have no limit and do not know of it.
func manyConnections(program string) (args []string) {
	help, _ := exec.Command(program, "--help").Output() // without it, as an older one
	for _, limit := range []string{"--rpc-max-connections-per-private-ip", "--rpc-max-connections"} {
		if bytes.Contains(help, []byte(limit+" ")) {
			args = append(args, limit+"=1000")
		}
	}
	return args
}

// blocksPerCall keeps single requests short: monerod mines some ten blocks a
// second and answers nothing else meanwhile.
const blocksPerCall = 20

var monerod = kind{
	name:    "monerod",
	ping:    "get_block_count",
	digest:  true,
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
		if o.Login {
			n.credentials()
			n.args = append(n.args, "--rpc-login="+n.User+":"+n.Password)
		}
		n.args = append(n.args, manyConnections(n.program)...)
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

// MonerodAt is a monerod in regtest that somebody else runs, at
// http://host:port. Closing it leaves it alone. It cannot be stopped or restarted.
func MonerodAt(url, user, password string) (*Node, error) {
	n := &Node{Name: monerod.name, URL: strings.TrimSuffix(url, "/") + "/json_rpc", User: user, Password: password, kind: monerod}
	if err := n.connect(); err != nil {
		return nil, fmt.Errorf("testnodes: %w", err)
	}
	return n, nil
}

// MoneroWallet starts monero-wallet-rpc, the one named by $MONERO_WALLET_RPC,
// else that beside monerod, else the one on PATH, for the monerod at
// Options.Daemon. It has no wallet yet (create_wallet).
func MoneroWallet(ctx context.Context, o Options) (*Node, error) { return start(ctx, moneroWallet, o) }

var moneroWallet = kind{
	name:   "monero-wallet-rpc",
	ping:   "get_version",
	digest: true,
	program: func(context.Context) (string, error) {
		const name, variable = "monero-wallet-rpc", "MONERO_WALLET_RPC"
		if daemon, err := exec.LookPath(cmp.Or(os.Getenv("MONEROD"), "monerod")); err == nil && os.Getenv(variable) == "" {
			if path, err := exec.LookPath(filepath.Join(filepath.Dir(daemon), name)); err == nil {
				return filepath.Abs(path)
			}
		}
		return installed(name, variable)
	},
	prepare: func(n *Node, o Options) error {
		daemon, err := url.Parse(o.Daemon)
		if err != nil || daemon.Host == "" {
			return errors.New("monero-wallet-rpc needs a daemon")
		}
		port, err := n.listen("/json_rpc")
		if err != nil {
			return err
		}
		wallets := filepath.Join(n.Dir, "wallets")
		if err := os.Mkdir(wallets, 0o700); err != nil {
			return err
		}
		n.args = []string{
			"--daemon-address=" + daemon.Host, "--trusted-daemon", "--allow-mismatched-daemon-version", "--disable-rpc-login",
			"--rpc-bind-ip=127.0.0.1", "--rpc-bind-port=" + strconv.Itoa(port),
			"--wallet-dir=" + wallets, "--non-interactive", "--log-level=0",
		}
		return nil
	},
	generate: func(context.Context, *Node, int, string) error { return errors.New("a wallet does not mine") },
}
