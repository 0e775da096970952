package ring_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/coin/monero/ring"
	"github.com/serai-go/processor/internal/testnodes"
)

// nobody is the donation address of the Monero project.
const nobody = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"

// flipping is a transport that says the opposite of what a node thinks is
// unlocked.
type flipping struct{ flipped int }

func (f *flipping) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.URL.Path != "/get_outs" {
		return response, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	yes, no, other := []byte(`"unlocked": true`), []byte(`"unlocked": false`), []byte(`"unlocked": other`)
	f.flipped += bytes.Count(body, yes) + bytes.Count(body, no)
	body = bytes.ReplaceAll(bytes.ReplaceAll(bytes.ReplaceAll(body, yes, other), no, yes), other, no)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Del("Content-Length")
	return response, nil
}

func dial(t *testing.T, config node.Config) *node.Client {
	t.Helper()
	made, err := monero.New(nil, monero.Config{Network: monero.Regtest, Node: config})
	require.NoError(t, err)
	c, err := node.Dial(t.Context(), config, node.Chain{Genesis: made.Genesis(), Network: "fakechain"}, false)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// made returns an output of a block: of the transaction at a position, that of
// the miner being 0.
func made(t *testing.T, c *node.Client, number uint64, transaction, output int) ring.Real {
	t.Helper()
	header, err := c.Header(t.Context(), number)
	require.NoError(t, err)
	b, err := c.Block(t.Context(), header.ID())
	require.NoError(t, err)
	tx := b.Transactions[transaction]
	real := ring.Real{Transaction: tx.Hash(), Index: b.Indexes[transaction][output]}
	for i, o := range tx.Outputs() {
		if i != output {
			continue
		}
		real.Key = o.Key
		var ok bool
		if real.Commitment, ok = tx.Commitment(i); !ok {
			one, err := keys.DecodeScalar(append([]byte{1}, make([]byte, 31)...))
			require.NoError(t, err)
			real.Commitment = [32]byte(keys.Commit(one, o.Amount).Bytes())
		}
	}
	return real
}

// unlocked checks that the node too thinks that the members can be spent.
func unlocked(t *testing.T, daemon *testnodes.Node, members []ring.Member) {
	t.Helper()
	type index struct {
		Amount uint64 `json:"amount"`
		Index  uint64 `json:"index"`
	}
	var asked []index
	for _, m := range members {
		asked = append(asked, index{0, m.Index})
	}
	var result struct{ Outs []struct{ Unlocked bool } }
	require.NoError(t, daemon.Post(t.Context(), "/get_outs", map[string]any{"outputs": asked}, &result))
	require.Len(t, result.Outs, ring.Size)
	for _, o := range result.Outs {
		require.True(t, o.Unlocked)
	}
}

// TestNode uses one chain for all: mining it takes most of the time.
func TestNode(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	daemon := testnodes.NeedMonerod(t, testnodes.Options{})
	wallet := testnodes.NeedMoneroWallet(t, testnodes.Options{Daemon: daemon.URL})

	// A young chain: the coinbases of blocks 1 to 16 must be 60 blocks old.
	require.NoError(t, daemon.Generate(ctx, 75, nobody))
	config := monerotest.NodeConfig(daemon)
	c := dial(t, config)
	chooser := ring.New(c)
	first := made(t, c, 4, 0, 0)
	for reference, want := range map[uint64]error{0: ring.ErrFew, 11: ring.ErrFew, 31: ring.ErrUnspendable, 65: ring.ErrFew, 76: coin.ErrTransient} {
		_, _, err := chooser.Choose(ctx, reference, [32]byte{}, first)
		require.ErrorIs(t, err, want, reference)
	}
	young, position, err := chooser.Choose(ctx, 66, [32]byte{}, first)
	require.NoError(t, err)
	require.Equal(t, 3, position)
	for i, m := range young {
		require.Equal(t, uint64(i), m.Index, "all there are")
	}
	unlocked(t, daemon, young)

	// Payments, and rings near the tip.
	chain, err := monerotest.New(ctx, monerotest.Config{Daemon: daemon, Wallet: wallet})
	require.NoError(t, err)
	t.Cleanup(chain.Close)
	var tip uint64
	for range 6 {
		to, err := chain.Address(ctx)
		require.NoError(t, err)
		_, err = chain.Pay(ctx, cointest.Deposit{To: []cointest.Target{{Address: to, Amount: 1e9}, {Address: to, Amount: 2e9}, {Address: to, Amount: 3e9}}})
		require.NoError(t, err)
		require.NoError(t, chain.Mine(ctx, 2))
	}
	tip, err = c.Tip(ctx)
	require.NoError(t, err)
	paid := tip - 1
	require.NoError(t, chain.Mine(ctx, 9))
	real := made(t, c, paid, 1, 2)
	flip := &flipping{}
	config.Transport = flip
	type key struct {
		reference uint64
		seed      byte
	}
	rings := map[key][]ring.Member{}
	compare := func(c *ring.Chooser, references ...uint64) {
		t.Helper()
		for _, reference := range references {
			for seed := range byte(5) {
				members, position, err := c.Choose(ctx, reference-9, [32]byte{seed}, real)
				require.NoError(t, err)
				require.Equal(t, ring.Member{Index: real.Index, Key: real.Key, Commitment: real.Commitment}, members[position])
				unlocked(t, daemon, members)
				if before, ok := rings[key{reference, seed}]; ok {
					require.Equal(t, before, members)
				}
				rings[key{reference, seed}] = members
			}
		}
	}
	_, _, err = chooser.Choose(ctx, paid-1, [32]byte{}, real)
	require.ErrorIs(t, err, ring.ErrUnspendable)
	compare(chooser, paid+9, paid+10)
	require.NotEqual(t, rings[key{paid + 9, 0}], rings[key{paid + 9, 1}])
	require.NoError(t, chain.Mine(ctx, 3))
	compare(ring.New(dial(t, config)), paid+10, paid+9, paid+12)
	require.Positive(t, flip.flipped)

	// Blocks above the reference block come and go.
	require.NoError(t, chain.Fork(ctx, 2, true))
	compare(chooser, paid+9, paid+10)
	require.NoError(t, daemon.Post(ctx, "/pop_blocks", map[string]any{"nblocks": 3}, nil))
	compare(ring.New(c), paid+9, paid+10)
	compare(chooser, paid+9, paid+10)

	// Another record of an output than the node's.
	for _, change := range []func(*ring.Real){
		func(r *ring.Real) { r.Key = first.Key }, func(r *ring.Real) { r.Commitment = first.Commitment },
		func(r *ring.Real) { r.Transaction = first.Transaction }, func(r *ring.Real) { r.Index = first.Index },
	} {
		wrong := real
		change(&wrong)
		_, _, err = chooser.Choose(ctx, paid, [32]byte{}, wrong)
		require.ErrorIs(t, err, coin.ErrInvalid)
	}
}
