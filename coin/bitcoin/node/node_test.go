package node_test

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/jsonrpc"
	"github.com/serai-go/processor/internal/testnodes"
)

var kinds = map[string]func(testnodes.TB, testnodes.Options) *testnodes.Node{
	"btcd":     testnodes.NeedBtcd,
	"bitcoind": testnodes.NeedBitcoind,
}

func config(n *testnodes.Node) node.Config {
	return node.Config{URL: n.URL, User: n.User, Password: n.Password, Attempts: 1}
}

func genesis(t *testing.T, name bitcoin.Network) coin.BlockID {
	c, err := bitcoin.New(nil, name, coin.Parameters{})
	require.NoError(t, err)
	return c.Genesis()
}

func TestNodeDial(t *testing.T) {
	ctx := t.Context()
	own := genesis(t, bitcoin.Regtest)
	for name, start := range kinds {
		t.Run(name, func(t *testing.T) {
			n := start(t, testnodes.Options{})
			c, err := node.Dial(ctx, config(n), own, false)
			require.NoError(t, err, "a chain without blocks is fine where nobody mines")
			tip, err := c.Tip(ctx)
			require.NoError(t, err)
			require.Zero(t, tip)
			c.Close()

			_, err = node.Dial(ctx, config(n), genesis(t, bitcoin.Mainnet), true)
			require.ErrorIs(t, err, node.ErrUnsuitable)
			require.NotErrorIs(t, err, coin.ErrTransient)
			require.ErrorContains(t, err, "its genesis block is")

			_, err = node.Dial(ctx, config(n), own, true)
			require.ErrorIs(t, err, node.ErrUnsuitable)
			require.ErrorIs(t, err, coin.ErrTransient, "it may still download the chain")

			wrong := config(n)
			wrong.Password = "guess"
			_, err = node.Dial(ctx, wrong, own, false)
			require.ErrorIs(t, err, jsonrpc.ErrUnauthorized)
			require.NotErrorIs(t, err, coin.ErrTransient)

			if n.CookieFile != "" {
				_, err := node.Dial(ctx, node.Config{URL: n.URL, CookieFile: n.CookieFile}, own, false)
				require.NoError(t, err)
			}
			_, err = bitcointest.Dial(ctx, bitcointest.Config{Node: config(n)})
			require.NoError(t, err)
			_, err = node.Dial(ctx, config(n), own, true)
			require.NoError(t, err, "now there are fresh blocks")

			l, address := newLiar(t, n)
			through := config(n)
			through.URL = address
			_, err = node.Dial(ctx, through, own, true)
			require.NoError(t, err)
			l.tell(func(method string, result []byte) []byte {
				if method == "getblockchaininfo" {
					return []byte(strings.Replace(string(result), `"pruned":false`, `"pruned":true`, 1))
				}
				return result
			})
			_, err = node.Dial(ctx, through, own, true)
			require.ErrorIs(t, err, node.ErrUnsuitable)
			require.ErrorContains(t, err, "prunes")
			l.tell(func(method string, result []byte) []byte {
				switch method {
				case "getrawtransaction":
					return nil
				case "getindexinfo":
					return []byte("{}")
				}
				return result
			})
			_, err = node.Dial(ctx, through, own, true)
			require.ErrorIs(t, err, node.ErrUnsuitable)
			require.NotErrorIs(t, err, coin.ErrTransient)
			require.ErrorContains(t, err, "no transaction index")

			require.NoError(t, n.Stop())
			_, err = node.Dial(ctx, config(n), own, false)
			require.ErrorIs(t, err, coin.ErrTransient)
			require.NotErrorIs(t, err, node.ErrUnsuitable)
		})
	}
	_, err := node.Dial(ctx, node.Config{URL: "nowhere"}, own, false)
	require.Error(t, err)
}

// TestNodeUnsuitable starts bitcoind in ways that are of no use.
func TestNodeUnsuitable(t *testing.T) {
	for why, args := range map[string][]string{
		"prunes":               {"-txindex=0", "-prune=550"},
		"no transaction index": {"-txindex=0"},
	} {
		n := testnodes.NeedBitcoind(t, testnodes.Options{Args: args})
		_, err := node.Dial(t.Context(), config(n), genesis(t, bitcoin.Regtest), false)
		require.ErrorIs(t, err, node.ErrUnsuitable)
		require.ErrorContains(t, err, why)
	}
}

// TestNodeLies changes what a real node answers, on its way to the coin. No
// lie becomes a credit: it is an error that says so, or a transient one.
func TestNodeLies(t *testing.T) {
	for name, start := range kinds {
		t.Run(name, func(t *testing.T) { lies(t, start(t, testnodes.Options{})) })
	}
}

func lies(t *testing.T, n *testnodes.Node) {
	ctx := t.Context()
	user, err := bitcointest.Dial(ctx, bitcointest.Config{Node: config(n)})
	require.NoError(t, err)
	key := coin.Key{Session: 1, Key: user.Coin().Group().Generator().Bytes()}
	to, err := user.Coin().Address(key.Key, coin.External)
	require.NoError(t, err)
	for range 2 {
		_, _, err = user.PayFrom(ctx, bitcointest.P2WPKH, cointest.Deposit{
			To: []cointest.Target{{Address: to, Amount: 50_000}}, Data: []byte("data"),
		})
		require.NoError(t, err)
	}
	require.NoError(t, user.Mine(ctx, 1))
	l, address := newLiar(t, n)
	read := func() ([]coin.Output, uint64, error) {
		through := config(n)
		through.URL = address
		c, err := bitcoin.Dial(ctx, bitcoin.Config{Network: bitcoin.Regtest, Node: through})
		if err != nil {
			return nil, 0, err
		}
		tip, err := c.Tip(ctx)
		if err != nil {
			return nil, 0, err
		}
		header, err := c.Header(ctx, tip)
		if err != nil {
			return nil, 0, err
		}
		b, err := c.Block(ctx, header)
		if err != nil {
			return nil, 0, err
		}
		outputs, err := c.Outputs(ctx, b, []coin.Key{key})
		if err != nil {
			return nil, 0, err
		}
		rate, err := c.BlockRate(ctx, header)
		return outputs, rate, err
	}
	honest, honestRate, err := read()
	require.NoError(t, err)
	require.Len(t, honest, 2)
	require.NotZero(t, honestRate)

	tip, err := user.Coin().Tip(ctx)
	require.NoError(t, err)
	newest, err := user.Coin().Header(ctx, tip)
	require.NoError(t, err)
	older, err := user.Coin().Header(ctx, tip-1)
	require.NoError(t, err)
	var olderRaw jsonrpc.Hex
	require.NoError(t, n.Call(ctx, "getblock", []any{older.ID.String(), 0}, &olderRaw))

	lied := 0
	// blocks changes the newest block, in whichever form it is asked for.
	blocks := func(change func([]byte) []byte) func(string, []byte) []byte {
		id, err := hex.DecodeString(newest.ID.String())
		require.NoError(t, err)
		return func(method string, result []byte) []byte {
			raw := jsonrpc.Hex(result)
			if method == "getblock" && raw.UnmarshalJSON(result) != nil {
				return result
			}
			if method != "getblock" && method != "rest" {
				return result
			}
			if h, err := block.ParseHeader(raw[:min(len(raw), block.HeaderSize)]); err != nil || h.ID() != [32]byte(id) {
				return result
			}
			lied++
			changed := change(slices.Clone(raw))
			if method == "rest" {
				return changed
			}
			text, err := jsonrpc.Hex(changed).MarshalJSON()
			require.NoError(t, err)
			return text
		}
	}
	// answers changes what is answered to a method.
	answers := func(which string, change func([]byte) []byte) func(string, []byte) []byte {
		return func(method string, result []byte) []byte {
			if method == which {
				lied++
				return change(result)
			}
			return result
		}
	}
	flip := func(at int) func([]byte) []byte {
		return func(raw []byte) []byte {
			raw[(at+len(raw))%len(raw)] ^= 1
			return raw
		}
	}
	digit := func(result []byte) []byte { // another hexadecimal digit
		at := len(result) / 2
		result = slices.Clone(result)
		if result[at]++; strings.IndexByte("0123456789abcdef", result[at]) < 0 {
			result[at] = '0'
		}
		return result
	}
	quoted := func(raw []byte) []byte { return []byte(`"` + hex.EncodeToString(raw) + `"`) }
	for name, lie := range map[string]func(string, []byte) []byte{
		"another block":               blocks(func([]byte) []byte { return olderRaw }),
		"nothing":                     blocks(func([]byte) []byte { return nil }),
		"header only":                 blocks(func(raw []byte) []byte { return raw[:block.HeaderSize] }),
		"truncated":                   blocks(func(raw []byte) []byte { return raw[:len(raw)-7] }),
		"trailing":                    blocks(func(raw []byte) []byte { return append(raw, 1) }),
		"witness byte":                blocks(flip(-20)),
		"output byte":                 blocks(flip(-160)),
		"parent":                      blocks(flip(10)),
		"merkle root":                 blocks(flip(40)),
		"last transaction twice":      blocks(repeatLast(t)),
		"no block":                    answers("getblock", func([]byte) []byte { return nil }),
		"another ID":                  answers("getblockhash", digit),
		"ID of another number":        answers("getblockhash", func([]byte) []byte { return quoted(older.ID[:]) }),
		"short ID":                    answers("getblockhash", func([]byte) []byte { return []byte(`"00"`) }),
		"a number for an ID":          answers("getblockhash", func([]byte) []byte { return []byte(`7`) }),
		"another header":              answers("getblockheader", func([]byte) []byte { return quoted(olderRaw[:80]) }),
		"header byte":                 answers("getblockheader", digit),
		"no header":                   answers("getblockheader", func([]byte) []byte { return nil }),
		"previous transaction byte":   answers("getrawtransaction", digit),
		"no previous transaction":     answers("getrawtransaction", func([]byte) []byte { return nil }),
		"empty previous transaction":  answers("getrawtransaction", func([]byte) []byte { return []byte(`""`) }),
		"previous transaction is not": answers("getrawtransaction", func([]byte) []byte { return []byte(`{}`) }),
		"tip beyond":                  answers("getblockcount", func([]byte) []byte { return []byte(`9999`) }),
		"tip below zero":              answers("getblockcount", func([]byte) []byte { return []byte(`-1`) }),
	} {
		lied = 0
		l.tell(lie)
		outputs, rate, err := read()
		if lied == 0 {
			require.Equal(t, "no block", name, "%s was never told", name)
			require.True(t, n.Name == "bitcoind", "only REST was asked")
		}
		if err == nil {
			// The lie was found out and the truth had another way.
			require.Equal(t, honest, outputs, name)
			require.Equal(t, honestRate, rate, name)
			require.Equal(t, "no block", name)
			continue
		}
		require.True(t, isTyped(err), "%s: %v", name, err)
		if outputs != nil {
			require.Equal(t, honest, outputs, name) // only the fee rate was touched
		}
	}
	l.tell(nil)
	outputs, _, err := read()
	require.NoError(t, err)
	require.Equal(t, honest, outputs)
}

func isTyped(err error) bool {
	for _, target := range []error{coin.ErrInvalid, coin.ErrTransient, coin.ErrNotFound, node.ErrUnsuitable} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// repeatLast puts the last transaction of a block there again, which in some
// trees does not change the merkle root.
func repeatLast(t *testing.T) func([]byte) []byte {
	return func(raw []byte) []byte {
		b, err := block.Parse(raw)
		require.NoError(t, err)
		last := b.Transaction(b.Len() - 1).Raw()
		raw = append(raw, last...)
		raw[block.HeaderSize]++
		return raw
	}
}
