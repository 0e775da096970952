package node_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/internal/jsonrpc"
	"github.com/serai-go/processor/internal/testnodes"
)

// nobody is the donation address of the Monero project.
const nobody = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"

// regtest is what a regtest node follows. It begins with mainnet's block.
var regtest = node.Chain{Genesis: unhex("418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3"), Network: "fakechain"}

func unhex(text string) [32]byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return [32]byte(b)
}

func config(n *testnodes.Node) node.Config {
	return node.Config{URL: strings.TrimSuffix(n.URL, "/json_rpc"), User: n.User, Password: n.Password, Attempts: 1}
}

func dial(t testing.TB, config node.Config) *node.Client {
	t.Helper()
	c, err := node.Dial(t.Context(), config, regtest, false)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func collect(t testing.TB, c *node.Client, first, last uint64) []*node.Block {
	t.Helper()
	var blocks []*node.Block
	for b, err := range c.Blocks(t.Context(), first, last) {
		require.NoError(t, err)
		blocks = append(blocks, b)
	}
	return blocks
}

// wallet is a wallet of the network's own software, with money.
type wallet struct {
	*testnodes.Node
	t       testing.TB
	daemon  *testnodes.Node
	address string
}

// newWallet makes a wallet that has mined so many blocks.
func newWallet(t testing.TB, daemon *testnodes.Node, blocks int) *wallet {
	t.Helper()
	w := &wallet{Node: testnodes.NeedMoneroWallet(t, testnodes.Options{Daemon: daemon.URL}), t: t, daemon: daemon}
	w.call("create_wallet", map[string]any{"filename": "w", "language": "English"}, nil)
	var address struct{ Address string }
	w.call("get_address", map[string]any{"account_index": 0}, &address)
	w.address = address.Address
	w.mine(blocks)
	return w
}

func (w *wallet) call(method string, params, result any) {
	w.t.Helper()
	require.NoError(w.t, w.Call(context.Background(), method, params, result), method)
}

func (w *wallet) mine(blocks int) {
	w.t.Helper()
	require.NoError(w.t, w.daemon.Generate(context.Background(), blocks, w.address))
	w.call("refresh", map[string]any{}, nil)
}

// settle mines until the pool is empty: now and then a block has not all of
// it, and returns the number of the newest block.
func (w *wallet) settle() (tip uint64) {
	w.t.Helper()
	for range 20 {
		w.mine(1)
		var info struct {
			Height uint64 `json:"height"`
			Pool   int    `json:"tx_pool_size"`
		}
		require.NoError(w.t, w.daemon.Call(context.Background(), "get_info", nil, &info))
		if info.Pool == 0 {
			return info.Height - 1
		}
	}
	w.t.Fatal("the pool does not become empty")
	return 0
}

// pay makes a transaction to so many destinations, and sends it unless held.
func (w *wallet) pay(destinations int, held bool) (id coin.TransactionID, raw []byte) {
	w.t.Helper()
	to := slices.Repeat([]map[string]any{{"amount": 1_000_000_000, "address": w.address}}, destinations)
	var made struct {
		Hash jsonrpc.Hex `json:"tx_hash"`
		Blob jsonrpc.Hex `json:"tx_blob"`
	}
	w.call("transfer", map[string]any{"destinations": to, "do_not_relay": held, "get_tx_hex": true}, &made)
	return coin.TransactionID(made.Hash), made.Blob
}

func TestNodeDial(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n := testnodes.NeedMonerod(t, testnodes.Options{Login: true})
	c, err := node.Dial(ctx, config(n), regtest, false)
	require.NoError(t, err, "a chain without blocks is fine where nobody mines")
	tip, err := c.Tip(ctx)
	require.NoError(t, err)
	require.Zero(t, tip)
	genesis := collect(t, c, 0, 0)
	require.Equal(t, regtest.Genesis, genesis[0].ID)
	c.Close()

	_, err = node.Dial(ctx, config(n), node.Chain{Genesis: regtest.Genesis, Network: "mainnet"}, false)
	require.ErrorIs(t, err, node.ErrUnsuitable)
	require.NotErrorIs(t, err, coin.ErrTransient)
	require.ErrorContains(t, err, "its network is")
	_, err = node.Dial(ctx, config(n), node.Chain{Genesis: coin.BlockID{1}, Network: "fakechain"}, false)
	require.ErrorIs(t, err, node.ErrUnsuitable)
	require.NotErrorIs(t, err, coin.ErrTransient)
	require.ErrorContains(t, err, "its genesis block is")
	_, err = node.Dial(ctx, config(n), regtest, true)
	require.ErrorIs(t, err, node.ErrUnsuitable)
	require.ErrorIs(t, err, coin.ErrTransient, "it may still download the chain")

	for _, bad := range []node.Config{{User: n.User, Password: "guess"}, {}} {
		bad.URL = config(n).URL
		_, err = node.Dial(ctx, bad, regtest, false)
		require.ErrorIs(t, err, jsonrpc.ErrUnauthorized)
		require.NotErrorIs(t, err, coin.ErrTransient)
	}
	for _, url := range []string{"nowhere", "http://a/b", "http://u:p@a", "http://a?b", ":"} {
		_, err = node.Dial(ctx, node.Config{URL: url}, regtest, false)
		require.Error(t, err, url)
	}

	require.NoError(t, n.Generate(ctx, 3, nobody))
	c, err = node.Dial(ctx, config(n), regtest, true)
	require.NoError(t, err, "now there are fresh blocks")
	defer c.Close()
	fork, err := c.HardFork(ctx)
	require.NoError(t, err)
	require.Equal(t, node.HardFork{Version: 16, Since: 1}, fork)
	info, err := c.Info(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 3, info.Tip)
	require.True(t, info.Synchronized)
	top, err := c.HeaderByID(ctx, info.Top)
	require.NoError(t, err)
	require.EqualValues(t, 3, top.Height())

	// It restarts, and forgets the connections.
	require.NoError(t, n.Restart(ctx))
	patient := config(n)
	patient.Attempts = 0
	again, err := node.Dial(ctx, patient, regtest, false)
	require.NoError(t, err)
	require.NoError(t, n.Restart(ctx))
	require.Len(t, collect(t, again, 0, 3), 4)
	again.Close()

	// Several requests at once, each connection with a nonce of its own.
	require.NoError(t, n.Generate(ctx, 20, nobody))
	many := config(n)
	many.Parallel, many.Span = 6, 1
	again = dial(t, many)
	for range 3 {
		require.Len(t, collect(t, again, 0, 23), 24)
	}

	require.NoError(t, n.Stop())
	_, err = node.Dial(ctx, config(n), regtest, false)
	require.ErrorIs(t, err, coin.ErrTransient)
	require.NotErrorIs(t, err, node.ErrUnsuitable)
}

// restricted starts a node with a second address that is as public ones are.
func restricted(t testing.TB) (*testnodes.Node, node.Config) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	n := testnodes.NeedMonerod(t, testnodes.Options{Args: []string{
		"--rpc-restricted-bind-ip=127.0.0.1", fmt.Sprintf("--rpc-restricted-bind-port=%d", port),
	}})
	return n, node.Config{URL: fmt.Sprintf("http://127.0.0.1:%d", port), Attempts: 1}
}

// TestNode uses one chain for all: mining it takes most of the time.
func TestNode(t *testing.T) {
	t.Parallel()
	n, public := restricted(t)
	w := newWallet(t, n, 100)
	t.Run("reads what was mined", func(t *testing.T) { w.t = t; readsWhatWasMined(t, n, public, w) })
	t.Run("publishes", func(t *testing.T) { w.t = t; publishes(t, n, public, w) })
	t.Run("reorganises", func(t *testing.T) { w.t = t; reorganises(t, n, w) })
}

func readsWhatWasMined(t *testing.T, n *testnodes.Node, public node.Config, w *wallet) {
	ctx := t.Context()
	var paid []coin.TransactionID
	var tip uint64
	for _, destinations := range []int{1, 15, 2} {
		id, _ := w.pay(destinations, false)
		paid = append(paid, id)
		if destinations > 1 {
			tip = w.settle()
		}
	}
	pooled, raw := w.pay(1, false)

	spans := config(n)
	spans.Span, spans.Parallel = 7, 5
	var before []*node.Block
	for name, c := range map[string]*node.Client{"open": dial(t, config(n)), "restricted": dial(t, public), "small spans": dial(t, spans)} {
		blocks := collect(t, c, 0, tip)
		require.Len(t, blocks, int(tip)+1, name)
		if before != nil {
			require.Equal(t, before, blocks, name)
		}
		before = blocks
		require.Empty(t, collect(t, c, 5, 4))
		require.Equal(t, blocks[tip-3:], collect(t, c, tip-3, tip))
		for _, number := range []uint64{0, 1, 50, tip - 1, tip} {
			header, err := c.Header(ctx, number)
			require.NoError(t, err)
			require.Equal(t, blocks[number].Block.Raw(), header.Raw())
			one, err := c.Block(ctx, blocks[number].ID)
			require.NoError(t, err)
			require.Equal(t, blocks[number], one, "fetched by itself")
			require.Greater(t, one.Size(), len(one.Block.Raw()))
		}
		count, next := 0, uint64(0)
		for i, b := range blocks {
			if i > 0 {
				require.Equal(t, blocks[i-1].ID, coin.BlockID(b.Block.Parent()))
			}
			for p, transaction := range b.Transactions {
				if slices.Contains(paid, transaction.Hash()) {
					count++
				}
				if transaction.Version() < 2 {
					continue
				}
				for _, index := range b.Indexes[p] {
					require.Equal(t, next, index)
					next++
				}
				indexes, err := c.OutputIndexes(ctx, transaction.Hash())
				require.NoError(t, err)
				require.Equal(t, b.Indexes[p], indexes)
			}
		}
		require.Equal(t, len(paid), count)
		outs(t, c, blocks, next)

		// Beyond the end.
		_, err := c.Header(ctx, tip+1)
		require.ErrorIs(t, err, coin.ErrNotFound)
		_, err = c.Block(ctx, coin.BlockID{1})
		require.ErrorIs(t, err, coin.ErrNotFound)
		got := 0
		for b, err := range c.Blocks(ctx, tip-1, tip+1000) {
			if got++; got <= 2 {
				require.NoError(t, err)
				continue
			}
			require.Nil(t, b)
			require.ErrorIs(t, err, coin.ErrNotFound)
		}
		require.Equal(t, 3, got)
		_, err = c.OutputIndexes(ctx, coin.TransactionID{1})
		require.ErrorIs(t, err, coin.ErrNotFound)
		_, err = c.OutputIndexes(ctx, pooled)
		require.ErrorIs(t, err, coin.ErrNotFound)

		// Transactions, in the order of the question.
		found, err := c.Transactions(ctx, []coin.TransactionID{pooled, {1}, paid[2], paid[0]})
		require.NoError(t, err)
		require.Equal(t, raw, found[0].Transaction.Raw())
		require.True(t, found[0].Pool)
		require.Zero(t, found[1])
		require.False(t, found[2].Pool)
		require.Equal(t, tip, found[2].Number)
		require.Less(t, found[3].Number, tip)
		require.Len(t, found[3].Indexes, 2)
		_, err = c.Transaction(ctx, coin.TransactionID{1})
		require.ErrorIs(t, err, coin.ErrNotFound)
		one, err := c.Transaction(ctx, paid[1])
		require.NoError(t, err)
		require.Equal(t, paid[1], coin.TransactionID(one.Transaction.Hash()))
		many := make([]coin.TransactionID, 0, 103)
		for i := range byte(100) {
			many = append(many, coin.TransactionID{1, i})
		}
		found, err = c.Transactions(ctx, append(many, paid...))
		require.NoError(t, err, "more than go with one request")
		require.Equal(t, paid[2], coin.TransactionID(found[102].Transaction.Hash()))
	}
}

// outs checks the outputs of all blocks and how they are distributed.
func outs(t *testing.T, c *node.Client, blocks []*node.Block, total uint64) {
	ctx := t.Context()
	one, err := keys.DecodeScalar(append([]byte{1}, make([]byte, 31)...))
	require.NoError(t, err)
	want := map[uint64]node.Out{}
	counts := make([]uint64, len(blocks))
	for number, b := range blocks {
		if number > 0 {
			counts[number] = counts[number-1]
		}
		for p, transaction := range b.Transactions {
			if transaction.Version() < 2 {
				continue
			}
			for i, o := range transaction.Outputs() {
				commitment, ok := transaction.Commitment(i)
				if !ok {
					commitment = [32]byte(keys.Commit(one, o.Amount).Bytes())
				}
				want[b.Indexes[p][i]] = node.Out{
					Index: b.Indexes[p][i], Key: o.Key, Commitment: commitment,
					Transaction: transaction.Hash(), Height: uint64(number),
				}
				counts[number]++
			}
		}
	}
	require.Len(t, want, int(total))
	asked := []uint64{total - 1, 0, 7, 7}
	got, err := c.Outs(ctx, asked)
	require.NoError(t, err)
	for i, index := range asked {
		require.Equal(t, want[index], got[i])
	}
	_, err = c.Outs(ctx, []uint64{0, total})
	require.ErrorIs(t, err, coin.ErrNotFound)
	for _, bad := range [][]uint64{nil, make([]uint64, node.MaxOuts+1)} {
		_, err = c.Outs(ctx, bad)
		require.ErrorIs(t, err, coin.ErrInvalid)
	}

	last := uint64(len(blocks) - 1)
	for _, span := range [][2]uint64{{0, last}, {0, 0}, {0, 1}, {1, 1}, {5, 9}, {last, last}} {
		d, err := c.OutputDistribution(ctx, span[0], span[1])
		require.NoError(t, err, span)
		require.Equal(t, node.Distribution{First: span[0], Counts: counts[span[0] : span[1]+1]}, d, span)
	}
	_, err = c.OutputDistribution(ctx, 0, last+1)
	require.ErrorIs(t, err, coin.ErrNotFound)
	_, err = c.OutputDistribution(ctx, 2, 1)
	require.ErrorIs(t, err, coin.ErrInvalid)
	_, err = c.OutputDistribution(ctx, 0, node.MaxDistribution)
	require.ErrorIs(t, err, coin.ErrInvalid)
}

func publishes(t *testing.T, n *testnodes.Node, public node.Config, w *wallet) {
	ctx := t.Context()
	w.settle()
	// A restricted node hides a transaction of its pool that no other node has
	// passed on yet: what it says of a second one is all there is.
	c, open := dial(t, public), dial(t, config(n))
	// Two transactions that spend the same output.
	var list struct {
		Transfers []struct {
			Image    jsonrpc.Hex `json:"key_image"`
			Unlocked bool
		}
	}
	w.call("incoming_transfers", map[string]any{"transfer_type": "available"}, &list)
	at := slices.IndexFunc(list.Transfers, func(x struct {
		Image    jsonrpc.Hex `json:"key_image"`
		Unlocked bool
	}) bool {
		return x.Unlocked
	})
	image := list.Transfers[at].Image
	sweep := func() []byte {
		var made struct {
			Blob jsonrpc.Hex `json:"tx_blob"`
		}
		w.call("sweep_single", map[string]any{
			"address": w.address, "key_image": image, "do_not_relay": true, "get_tx_hex": true,
		}, &made)
		return made.Blob
	}
	one, other := sweep(), sweep()
	require.NotEqual(t, one, other)
	broken := slices.Clone(one)
	broken[len(broken)-200] ^= 1 // in a signature

	publish := func(raw []byte) coin.PublicationStatus {
		p, err := c.Publish(ctx, raw)
		require.NoError(t, err)
		require.Equal(t, p.Status == coin.Conflict || p.Status == coin.Rejected, p.Reason != "", p)
		again, err := open.Publish(ctx, raw)
		require.NoError(t, err)
		require.Equal(t, again.Status, p.Status)
		return p.Status
	}
	spent := func() node.Spent {
		s, err := open.KeyImages(ctx, [][32]byte{[32]byte(image)})
		require.NoError(t, err)
		return s[0]
	}
	require.Equal(t, coin.Rejected, publish(broken))
	require.Equal(t, node.Unspent, spent())
	require.Equal(t, coin.Accepted, publish(one))
	require.Equal(t, coin.Accepted, publish(one), "again")
	require.Equal(t, node.SpentInPool, spent())
	require.Equal(t, coin.Conflict, publish(other))
	require.Equal(t, coin.Conflict, publish(broken))
	w.settle()
	require.Equal(t, coin.Mined, publish(one))
	require.Equal(t, node.SpentInChain, spent())
	require.Equal(t, coin.Conflict, publish(other))

	for _, bad := range [][]byte{nil, {2}, one[:len(one)-1], append(slices.Clone(one), 0)} {
		_, err := c.Publish(ctx, bad)
		require.ErrorIs(t, err, coin.ErrInvalid)
	}
	coinbase, err := c.Header(ctx, 1)
	require.NoError(t, err)
	_, err = c.Publish(ctx, coinbase.Miner().Raw())
	require.ErrorIs(t, err, coin.ErrInvalid)
}

func reorganises(t *testing.T, n *testnodes.Node, w *wallet) {
	ctx := t.Context()
	c := dial(t, config(n))
	id, raw := w.pay(1, false)
	tip := w.settle()
	w.mine(1)
	old := collect(t, c, tip-2, tip+1)
	require.Len(t, old[2].Transactions, 2)

	// Another block on an older one, and two more: the best chain changes.
	fork := func(parent coin.BlockID, nonce int) coin.BlockID {
		var made struct{ Blocks []jsonrpc.Hex }
		require.NoError(t, n.Call(ctx, "generateblocks", map[string]any{
			"amount_of_blocks": 1, "wallet_address": nobody, "prev_block": parent.String(), "starting_nonce": nonce,
		}, &made))
		return coin.BlockID(made.Blocks[0])
	}
	parent := old[1].ID
	for i := range 3 {
		parent = fork(parent, i)
	}
	info, err := c.Info(ctx)
	require.NoError(t, err)
	require.Equal(t, tip+2, info.Tip)
	require.Equal(t, parent, info.Top)
	blocks := collect(t, c, tip-1, tip+2)
	require.Equal(t, old[1], blocks[0])
	require.NotEqual(t, old[2].ID, blocks[1].ID)

	// What left the best chain is still there. Its transaction is in the pool.
	found, err := c.Transaction(ctx, id)
	require.NoError(t, err)
	require.True(t, found.Pool)
	require.Equal(t, raw, found.Transaction.Raw())
	gone, err := c.Block(ctx, old[2].ID)
	require.NoError(t, err)
	require.Equal(t, old[2].Transactions[1].Raw(), gone.Transactions[1].Raw())
	require.Nil(t, gone.Indexes)
	header, err := c.HeaderByID(ctx, old[3].ID)
	require.NoError(t, err)
	require.Equal(t, tip+1, header.Height())

	// A shorter chain.
	require.NoError(t, n.Post(ctx, "/pop_blocks", map[string]any{"nblocks": 2}, nil))
	shorter, err := c.Tip(ctx)
	require.NoError(t, err)
	require.Equal(t, tip, shorter)
	_, err = c.Header(ctx, tip+1)
	require.ErrorIs(t, err, coin.ErrNotFound)
	for _, err = range c.Blocks(ctx, tip, tip+1) {
	}
	require.ErrorIs(t, err, coin.ErrNotFound)
}
