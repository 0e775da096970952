package testnodes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/jsonrpc"
)

// moneroAddress is the donation address of the Monero project.
const moneroAddress = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"

// kinds are all nodes, and what their tests must know of them.
var kinds = []struct {
	name, address, count string
	need                 func(TB, Options) *Node
	genesis              int // blocks that are counted before any is mined
}{
	{"btcd", "", "getblockcount", NeedBtcd, 0},
	{"bitcoind", "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry", "getblockcount", NeedBitcoind, 0},
	{"monerod", moneroAddress, "get_block_count", NeedMonerod, 1},
}

func height(t *testing.T, n *Node, method string) int {
	t.Helper()
	if n.Name == "monerod" {
		var result struct{ Count int }
		require.NoError(t, n.Call(t.Context(), method, nil, &result))
		return result.Count
	}
	var result int
	require.NoError(t, n.Call(t.Context(), method, nil, &result))
	return result
}

func TestNodeMinesStopsAndRestarts(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			n := k.need(t, Options{})
			require.Equal(t, k.genesis, height(t, n, k.count))
			require.NoError(t, n.Generate(t.Context(), 25, k.address))
			require.Equal(t, k.genesis+25, height(t, n, k.count))

			require.NoError(t, n.Stop())
			require.NoError(t, n.Stop(), "stopping twice")
			err := n.Call(t.Context(), k.count, nil, nil)
			require.True(t, jsonrpc.IsTransient(err), "%v", err)
			require.NoError(t, n.Restart(t.Context()))
			require.Equal(t, k.genesis+25, height(t, n, k.count), "data survives")

			require.NoError(t, n.Kill())
			require.NoError(t, n.Kill(), "killing twice")
			require.NoError(t, n.Restart(t.Context()))
			require.Equal(t, k.genesis+25, height(t, n, k.count), "even a crash")
			require.NoError(t, n.Restart(t.Context()), "while running")
			require.NoError(t, n.Generate(t.Context(), 1, k.address))
			require.Equal(t, k.genesis+26, height(t, n, k.count))
			require.NotEmpty(t, n.Log())
		})
	}
}

func TestNodeBesideAnotherOfItsKind(t *testing.T) {
	a, b := NeedBtcd(t, Options{}), NeedBtcd(t, Options{})
	require.NotEqual(t, a.URL, b.URL)
	require.NoError(t, a.Generate(t.Context(), 1, ""))
	require.Equal(t, 0, height(t, b, "getblockcount"))
}

func TestNodeBtcdPaysOnlyToItsMiningAddress(t *testing.T) {
	const other = "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry"
	n := NeedBtcd(t, Options{MiningAddress: other})
	require.NoError(t, n.Generate(t.Context(), 1, other))
	require.ErrorContains(t, n.Generate(t.Context(), 1, nobody), other)
}

func TestNodeBitcoindTakesCookieAndPassword(t *testing.T) {
	n := NeedBitcoind(t, Options{})
	for name, config := range map[string]jsonrpc.Config{
		"cookie":   {CookieFile: n.CookieFile},
		"password": {User: n.User, Password: n.Password},
	} {
		config.URL = n.URL
		c, err := jsonrpc.New(config)
		require.NoError(t, err)
		batch := []jsonrpc.Request{{Method: "getblockcount"}, {Method: "getblockhash", Params: []int{7}}}
		require.NoError(t, c.Batch(t.Context(), batch), name)
		require.NoError(t, batch[0].Err, name)
		answer, ok := errors.AsType[*jsonrpc.Error](batch[1].Err)
		require.True(t, ok, name)
		require.EqualValues(t, -8, answer.Code, "block height out of range")
		_, err = c.Get(t.Context(), "/rest/chaininfo.json")
		require.NoError(t, err)

		// The cookie is a new one after a restart; the client finds it.
		require.NoError(t, n.Restart(t.Context()))
		require.NoError(t, c.Call(t.Context(), "getblockcount", nil, nil), name)
		c.Close()
	}
	c, err := jsonrpc.New(jsonrpc.Config{URL: n.URL, User: n.User, Password: "wrong"})
	require.NoError(t, err)
	defer c.Close()
	require.ErrorIs(t, c.Call(t.Context(), "getblockcount", nil, nil), jsonrpc.ErrUnauthorized)
}

func TestNodeMonerodWithALoginAndItsWallet(t *testing.T) {
	n := NeedMonerod(t, Options{Login: true})
	require.NoError(t, n.Generate(t.Context(), 3, moneroAddress))
	c, err := jsonrpc.New(jsonrpc.Config{URL: n.URL})
	require.NoError(t, err)
	defer c.Close()
	require.ErrorIs(t, c.Call(t.Context(), "get_block_count", nil, nil), jsonrpc.ErrUnauthorized)
	var answer struct{ Height int }
	require.NoError(t, n.Post(t.Context(), "/pop_blocks", map[string]int{"nblocks": 1}, &answer))
	require.Equal(t, 3, answer.Height)
	require.Equal(t, 3, height(t, n, "get_block_count"))

	open := NeedMonerod(t, Options{})
	w := NeedMoneroWallet(t, Options{Daemon: open.URL})
	require.NoError(t, w.Call(t.Context(), "create_wallet", map[string]string{"filename": "w", "language": "English"}, nil))
	var own struct{ Address string }
	require.NoError(t, w.Call(t.Context(), "get_address", map[string]int{"account_index": 0}, &own))
	require.NoError(t, open.Generate(t.Context(), 2, own.Address))
	require.NoError(t, w.Call(t.Context(), "refresh", map[string]int{}, nil))
	var money struct{ Balance uint64 }
	require.NoError(t, w.Call(t.Context(), "get_balance", map[string]int{"account_index": 0}, &money))
	require.NotZero(t, money.Balance)
	require.Error(t, w.Generate(t.Context(), 1, own.Address))
	_, err = MoneroWallet(t.Context(), Options{})
	require.ErrorContains(t, err, "needs a daemon")
}

func TestNodeErrorCodes(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			err := k.need(t, Options{}).Call(t.Context(), "nosuchmethod", nil, nil)
			answer, ok := errors.AsType[*jsonrpc.Error](err)
			require.True(t, ok, "%v", err)
			require.EqualValues(t, -32601, answer.Code)
		})
	}
}

func TestNodeThatDoesNotStartIsQuoted(t *testing.T) {
	n, err := Btcd(t.Context(), Options{Args: []string{"--nosuchflag"}})
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	require.ErrorContains(t, err, "nosuchflag")
	require.Nil(t, n)
}

func TestNodeCloseLeavesNothing(t *testing.T) {
	n, err := Btcd(t.Context(), Options{})
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	require.NoError(t, err)
	p := n.process
	require.NoError(t, n.Close())
	require.NoDirExists(t, n.Dir)
	require.NotNil(t, p.cmd.ProcessState, "the process has been waited for")
	require.NoError(t, n.Close(), "closing twice")
}

// fakeTB records what a test would do.
type fakeTB struct {
	skipped, failed string
	ctx             context.Context
}

func (f *fakeTB) Helper()                  {}
func (f *fakeTB) Context() context.Context { return f.ctx }
func (f *fakeTB) Cleanup(func())           {}
func (f *fakeTB) Failed() bool             { return false }
func (f *fakeTB) Logf(string, ...any)      {}
func (f *fakeTB) Skipf(format string, args ...any) {
	f.skipped = fmt.Sprintf(format, args...)
	panic(f)
}
func (f *fakeTB) Fatalf(format string, args ...any) {
	f.failed = fmt.Sprintf(format, args...)
	panic(f)
}

func TestMissingNodeSkipsUnlessRequired(t *testing.T) {
	t.Setenv("BITCOIND", filepath.Join(t.TempDir(), "none"))
	need := func() *fakeTB {
		f := &fakeTB{ctx: t.Context()}
		require.Panics(t, func() { NeedBitcoind(f, Options{}) })
		return f
	}
	t.Setenv("NODES_REQUIRED", "")
	f := need()
	require.Contains(t, f.skipped, "BITCOIND")
	require.Empty(t, f.failed)
	t.Setenv("NODES_REQUIRED", "1")
	f = need()
	require.Contains(t, f.failed, "not installed")
	require.Empty(t, f.skipped)
}

// TestNodeDiesWithItsStarter runs this test binary as a child that starts
// btcd and is killed before it can clean up.
func TestNodeDiesWithItsStarter(t *testing.T) {
	if url := os.Getenv("TESTNODES_CHILD"); url != "" {
		n, err := Btcd(t.Context(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		fmt.Fprintf(os.Stderr, "%s\n%s\n", n.Dir, n.URL)
		select {}
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("only Linux lets children die with their parent")
	}
	if _, err := BuildBtcd(t.Context()); err != nil {
		t.Skip(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestNodeDiesWithItsStarter$")
	child.Env = append(os.Environ(), "TESTNODES_CHILD=1")
	stderr, err := child.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var dir, url string
	_, err = fmt.Fscan(stderr, &dir, &url)
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.True(t, strings.HasPrefix(url, "http://"))
	require.NoError(t, child.Process.Kill())
	child.Wait()
	require.Eventually(t, func() bool {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
		}
		return err != nil
	}, startLimit, startLimit/1000, "btcd still answers")
}
