package monerotest_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/internal/testnodes"
)

func newChain(t *testing.T, daemon *testnodes.Node, config monero.Config) *monerotest.Chain {
	t.Helper()
	wallet := testnodes.NeedMoneroWallet(t, testnodes.Options{Daemon: daemon.URL})
	c, err := monerotest.New(t.Context(), monerotest.Config{Daemon: daemon, Wallet: wallet, Coin: config})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// TestNode works on one chain: most of the time goes into making it.
func TestNode(t *testing.T) {
	daemon := testnodes.NeedMonerod(t, testnodes.Options{})
	chain := newChain(t, daemon, monero.Config{ViewSeed: slices.Repeat([]byte{7}, 32)})
	t.Run("Reading", func(t *testing.T) {
		cointest.Reading(t, func(*testing.T) cointest.Chain { return chain })
	})
	t.Run("Spending", func(t *testing.T) {
		cointest.Spending(t, func(*testing.T) cointest.Chain { return chain })
	})
	t.Run("NoWallet", func(t *testing.T) { withoutWallet(t, daemon) })
	t.Run("ShorterChain", func(t *testing.T) { shorterChain(t, daemon, chain) })
	t.Run("ReferenceWallet", func(t *testing.T) { referenceWallet(t, daemon, chain) })
}

// withoutWallet passes Reading where the user has no wallet but the purse.
func withoutWallet(t *testing.T, daemon *testnodes.Node) {
	chain, err := monerotest.New(t.Context(), monerotest.Config{Daemon: daemon})
	require.NoError(t, err)
	t.Cleanup(chain.Close)
	cointest.Reading(t, func(*testing.T) cointest.Chain { return chain })

	to, err := chain.Address(t.Context())
	require.NoError(t, err)
	most := bytes.Repeat([]byte{0xff}, 254)
	_, err = chain.Pay(t.Context(), cointest.Deposit{To: []cointest.Target{{Address: to, Amount: 100_000_000_000_000}}, Data: most})
	require.NoError(t, err, "of several outputs")
	require.NoError(t, chain.Mine(t.Context(), 1))
	received, err := chain.Received(t.Context(), to)
	require.NoError(t, err)
	require.EqualValues(t, 100_000_000_000_000, received)
	_, err = chain.Received(t.Context(), "somebody")
	require.Error(t, err)
}

// shorterChain takes blocks off the chain: they are not there any more, and one
// coin that saw them says the same of what comes instead as another.
func shorterChain(t *testing.T, daemon *testnodes.Node, chain *monerotest.Chain) {
	ctx := t.Context()
	c := chain.Coin().(*monero.Coin)
	require.NoError(t, chain.Mine(ctx, 3))
	tip, err := c.Tip(ctx)
	require.NoError(t, err)
	before, err := c.Headers(ctx, tip-5, 6)
	require.NoError(t, err)
	require.NoError(t, daemon.Post(ctx, "/pop_blocks", map[string]any{"nblocks": 2}, nil))
	shorter, err := c.Tip(ctx)
	require.NoError(t, err)
	require.Equal(t, tip-2, shorter)
	_, err = c.Header(ctx, tip-1)
	require.ErrorIs(t, err, coin.ErrNotFound)
	_, err = c.Headers(ctx, tip-2, 2)
	require.ErrorIs(t, err, coin.ErrNotFound)

	require.NoError(t, chain.Mine(ctx, 3))
	after, err := c.Headers(ctx, tip-5, 7)
	require.NoError(t, err)
	require.Equal(t, before[:4], after[:4])
	require.NotEqual(t, before[4].ID, after[4].ID)
	require.NotEqual(t, before[5].ID, after[5].ID)
	same, err := chain.Coin().(*monero.Coin).Headers(ctx, tip-5, 7)
	require.NoError(t, err)
	require.Equal(t, after, same)
}

// referenceWallet pays a group in every way that wallets have. A wallet
// that can only view sees the same as the coin does.
func referenceWallet(t *testing.T, daemon *testnodes.Node, chain *monerotest.Chain) {
	ctx := t.Context()
	viewer := testnodes.NeedMoneroWallet(t, testnodes.Options{Daemon: daemon.URL})
	c := chain.Coin().(*monero.Coin)
	public, _, err := frosttest.Deal(rand.NewChaCha8([32]byte{1}), ed25519.Group, 2, []uint16{1, 1, 1})
	require.NoError(t, err)
	key := coin.Key{Session: 3, Key: public.Key().Bytes()}
	view, err := c.ViewKey(key.Key)
	require.NoError(t, err)
	pair, err := keys.NewViewPair(view, key.Key)
	require.NoError(t, err)
	main, err := address.Of(address.Mainnet, pair, keys.Index{})
	require.NoError(t, err)
	integrated, err := main.Integrate([8]byte{1, 2, 3})
	require.NoError(t, err)
	genesis := c.Genesis()
	secret, err := keys.HashToScalar([]byte("serai-go/processor monero view key v1"), genesis[:], key.Key, slices.Repeat([]byte{7}, 32))
	require.NoError(t, err)

	of := func(kind coin.Kind) coin.Address {
		a, err := c.Address(key.Key, kind)
		require.NoError(t, err)
		return a
	}
	const unit = 10_000_000_000
	pay := func(to ...cointest.Target) coin.TransactionID {
		id, err := chain.Pay(ctx, cointest.Deposit{To: to})
		require.NoError(t, err)
		return id
	}
	type found struct {
		id     coin.TransactionID
		kind   coin.Kind
		amount uint64
	}
	first, err := c.Tip(ctx)
	require.NoError(t, err)
	var want []found
	mainPaid := make(map[coin.TransactionID]bool)
	for round := range 2 {
		n := uint64(round+1) * unit
		stranger, err := chain.Address(ctx)
		require.NoError(t, err)
		// One output, and the user's change.
		id := pay(cointest.Target{Address: of(coin.External), Amount: 1*n + 1})
		want = append(want, found{id, coin.External, 1*n + 1})
		// To a subaddress of somebody else as well.
		id = pay(cointest.Target{Address: stranger, Amount: n}, cointest.Target{Address: of(coin.Change), Amount: 2*n + 2})
		want = append(want, found{id, coin.Change, 2*n + 2})
		// As many as there can be.
		var many []cointest.Target
		for i := range 15 {
			many = append(many, cointest.Target{Address: of(coin.Kinds[i%4]), Amount: 3*n + uint64(i)})
		}
		id = pay(many...)
		for i, to := range many {
			want = append(want, found{id, coin.Kinds[i%4], to.Amount})
		}
		// The main address is nobody's, whatever payment ID comes with it.
		mainPaid[pay(cointest.Target{Address: coin.Address(integrated.String()), Amount: 4 * n})] = true
		mainPaid[pay(cointest.Target{Address: coin.Address(main.String()), Amount: 5 * n})] = true
		require.NoError(t, chain.Mine(ctx, 1))
	}
	tip, err := c.Tip(ctx)
	require.NoError(t, err)
	var got []found
	var ours []monerotest.Sight
	for number := first + 1; number <= tip; number++ {
		header, err := c.Header(ctx, number)
		require.NoError(t, err)
		b, err := c.Block(ctx, header)
		require.NoError(t, err)
		list, err := c.Outputs(ctx, b, []coin.Key{key})
		require.NoError(t, err)
		for _, o := range list {
			require.EqualValues(t, 3, o.Session)
			got = append(got, found{o.ID.Transaction, o.Kind, o.Amount})
			ours = append(ours, monerotest.Sight{
				Transaction: o.ID.Transaction, Key: [32]byte(o.Spend), Address: outputs.Address(o.Kind), Amount: o.Amount,
			})
		}
	}
	require.ElementsMatch(t, want, got)

	require.NoError(t, viewer.Call(ctx, "generate_from_keys", map[string]any{
		"filename": "viewer", "address": main.String(), "viewkey": hex.EncodeToString(secret.Bytes()), "password": "",
	}, nil))
	require.NoError(t, viewer.Call(ctx, "refresh", map[string]any{"start_height": 0}, nil))
	var theirs []monerotest.Sight
	for account := range uint32(3) {
		seen, err := monerotest.Seen(ctx, viewer, account)
		require.NoError(t, err)
		for _, s := range seen {
			if s.Address == (keys.Index{}) {
				require.True(t, mainPaid[s.Transaction], "only what was paid to the main address")
				continue
			}
			theirs = append(theirs, s)
		}
	}
	require.ElementsMatch(t, theirs, ours)
}
