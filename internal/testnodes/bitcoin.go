package testnodes

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/serai-go/processor/internal/jsonrpc"
)

// nobody is an address on regtest with a key that everybody knows, that of
// BIP-173's examples.
const nobody = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

const module = "github.com/serai-go/processor"

// Btcd starts btcd in regtest, with a transaction index. The first start
// builds it, which takes about half a minute. (Whatever it is told, btcd also
// makes an empty directory .btcd in the user's home.)
func Btcd(ctx context.Context, o Options) (*Node, error) { return start(ctx, btcd, o) }

// Bitcoind starts the bitcoind named by $BITCOIND or found on PATH in regtest,
// with a transaction index, the REST interface and a wallet.
func Bitcoind(ctx context.Context, o Options) (*Node, error) { return start(ctx, bitcoind, o) }

var btcd = kind{
	name:    "btcd",
	ping:    "getblockcount",
	program: BuildBtcd,
	prepare: func(n *Node, o Options) error {
		port, err := n.listen("")
		if err != nil {
			return err
		}
		n.credentials()
		n.miner = cmp.Or(o.MiningAddress, nobody)
		n.args = []string{
			"--regtest", "--configfile=" + os.DevNull,
			"--datadir=" + filepath.Join(n.Dir, "data"), "--logdir=" + filepath.Join(n.Dir, "logs"),
			"--nolisten", "--nodnsseed", "--txindex",
			"--rpcuser=" + n.User, "--rpcpass=" + n.Password, "--notls", "--rpclisten=127.0.0.1:" + strconv.Itoa(port),
			"--miningaddr=" + n.miner,
		}
		return nil
	},
	generate: func(ctx context.Context, n *Node, blocks int, address string) error {
		if address != "" && address != n.miner {
			return fmt.Errorf("btcd was started to pay to %s", n.miner)
		}
		return n.Call(ctx, "generate", []any{blocks}, nil)
	},
	save: saveBlocks,
	load: loadBlocks,
}

var bitcoind = kind{
	name:    "bitcoind",
	ping:    "getblockcount",
	program: func(context.Context) (string, error) { return installed("bitcoind", "BITCOIND") },
	prepare: func(n *Node, o Options) error {
		port, err := n.listen("")
		if err != nil {
			return err
		}
		n.credentials()
		n.CookieFile = filepath.Join(n.Dir, "regtest", ".cookie")
		n.args = []string{
			"-regtest", "-datadir=" + n.Dir, "-conf=" + os.DevNull,
			"-listen=0", "-dnsseed=0", "-server", "-txindex", "-rest", "-fallbackfee=0.0001",
			"-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", "-rpcport=" + strconv.Itoa(port),
			"-rpcauth=" + rpcauth(n.User, n.Password),
		}
		return nil
	},
	generate: func(ctx context.Context, n *Node, blocks int, address string) error {
		return n.Call(ctx, "generatetoaddress", []any{blocks, cmp.Or(address, nobody)}, nil)
	},
}

// saveBlocks reads the best chain: btcd in regtest starts with none.
func saveBlocks(ctx context.Context, n *Node) error {
	var height int
	if err := n.Call(ctx, "getblockcount", nil, &height); err != nil {
		return err
	}
	n.blocks = make([]jsonrpc.Hex, height)
	for i := range n.blocks {
		var hash string
		if err := n.Call(ctx, "getblockhash", []any{i + 1}, &hash); err != nil {
			return err
		}
		if err := n.Call(ctx, "getblock", []any{hash, 0}, &n.blocks[i]); err != nil {
			return err
		}
	}
	return nil
}

func loadBlocks(ctx context.Context, n *Node) error {
	for i, block := range n.blocks {
		var refused *string
		if err := n.Call(ctx, "submitblock", []any{block}, &refused); err != nil {
			return err
		}
		if refused != nil {
			return fmt.Errorf("block %d: %s", i+1, *refused)
		}
	}
	return nil
}

// rpcauth is the form in which bitcoind is told a password without being
// shown it. Unlike -rpcpassword it leaves the cookie file in use.
func rpcauth(user, password string) string {
	salt := rand.Text()
	mac := hmac.New(sha256.New, []byte(salt))
	mac.Write([]byte(password))
	return fmt.Sprintf("%s:%s$%x", user, salt, mac.Sum(nil))
}

// installed finds a program through an environment variable or on PATH.
func installed(name, variable string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		name = path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w: %w (set %s or PATH)", ErrNotInstalled, err, variable)
	}
	return filepath.Abs(path)
}

var built struct {
	sync.Mutex
	path string
}

// BuildBtcd returns the path of btcd: that in $BTCD, or the one of the tools
// module, built if the build cache does not hold it. It needs a checkout of
// this module and the go command.
func BuildBtcd(ctx context.Context) (string, error) {
	if os.Getenv("BTCD") != "" {
		return installed("btcd", "BTCD")
	}
	built.Lock()
	defer built.Unlock()
	if built.path != "" {
		return built.path, nil
	}
	root, err := goCommand(ctx, "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return "", err
	}
	// With -n the tool is built and its path in the build cache printed. Run
	// from there, signals reach btcd itself.
	path, err := goCommand(ctx, "-C", filepath.Join(root, "tools"), "tool", "-n", "btcd")
	if err != nil {
		return "", err
	}
	built.path = path
	return path, nil
}

func goCommand(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	// Flags and a workspace of the caller's build are not for this one. cgo
	// stays as it is (by default on where there is a C compiler), so that
	// packages that were compiled for the caller need not be again.
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("%w: go %v: %w\n%s", ErrNotInstalled, args, err, stderr.Bytes())
	}
	path := string(bytes.TrimSpace(out))
	if path == "" {
		return "", errors.New("go printed no path")
	}
	return path, nil
}
