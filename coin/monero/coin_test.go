package monero

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
)

var networks = []Network{Mainnet, Stagenet, Testnet, Regtest}

func TestNetworksBeginWithTheirGenesisBlocks(t *testing.T) {
	for network, begin := range map[Network]struct {
		nonce    uint32
		coinbase string
	}{
		Mainnet: {10_000, firstCoinbase}, Testnet: {10_001, firstCoinbase},
		Stagenet: {10_002, stagenetCoinbase}, Regtest: {10_000, firstCoinbase},
	} {
		c, err := New(nil, Config{Network: network})
		require.NoError(t, err)
		b := blob(t, 1, 0, coin.BlockID{}, begin.nonce, unhex(t, begin.coinbase), nil)
		require.Equal(t, coin.BlockID(b.ID()), c.Genesis(), network)
		require.Equal(t, network == Mainnet, c.Name() == "monero")
		require.True(t, strings.HasPrefix(c.Name(), "monero"))
		require.LessOrEqual(t, len(c.Name()), 32)
		require.Equal(t, "ed25519", c.Group().Name())
	}
	_, err := New(nil, Config{Network: "fakechain"})
	require.Error(t, err)
	_, err = Dial(t.Context(), Config{})
	require.Error(t, err)
}

func TestParameters(t *testing.T) {
	for _, network := range networks {
		p, err := DefaultParameters(network)
		require.NoError(t, err)
		require.NoError(t, p.Validate())
		if network != Regtest {
			require.EqualValues(t, 20_000_000, p.FeeFloor)
			require.EqualValues(t, 4_000_000_000, p.FeeCap)
		} else {
			require.EqualValues(t, 1_200_000_000, p.FeeFloor, "what nodes say there")
			require.EqualValues(t, 240_000_000_000, p.FeeCap)
		}
		c, err := New(nil, Config{Network: network})
		require.NoError(t, err)
		require.Equal(t, p, c.Parameters())
		for name, change := range map[string]func(*coin.Parameters){
			"fewer confirmations than outputs are locked": func(p *coin.Parameters) { p.Confirmations = 9 },
			"more outputs than there can be":              func(p *coin.Parameters) { p.MaxOutputs = 17 },
			"children of what is unconfirmed":             func(p *coin.Parameters) { p.Descendants = 1 },
			"spends before a larger twin can come":        func(p *coin.Parameters) { p.Hold = p.Window - 1 },
			"what no coin has":                            func(p *coin.Parameters) { p.Window = 0 },
		} {
			bad := p
			change(&bad)
			_, err := New(nil, Config{Network: network, Parameters: bad})
			require.Error(t, err, name)
		}
	}
	_, err := DefaultParameters("none")
	require.Error(t, err)
}

func TestViewKeysFollowFromAllTheyAreMadeOf(t *testing.T) {
	seed := ViewSeed(bytes.Repeat([]byte{5}, 32))
	seen := make(map[string]bool)
	for _, network := range []Network{Mainnet, Stagenet, Testnet} {
		for _, seed := range []ViewSeed{nil, seed} {
			c, err := New(nil, Config{Network: network, ViewSeed: seed})
			require.NoError(t, err)
			for _, key := range []coin.Key{newKey(1), newKey(2)} {
				view, err := c.ViewKey(key.Key)
				require.NoError(t, err)
				genesis := c.Genesis()
				a, err := keys.HashToScalar(bytes.Join([][]byte{[]byte("serai-go/processor monero view key v1"), genesis[:], key.Key, seed}, nil))
				require.NoError(t, err)
				want, err := keys.NewViewKey(a.Bytes())
				require.NoError(t, err)
				require.Equal(t, want.Public().Bytes(), view.Public().Bytes())
				seen[string(view.Public().Bytes())] = true
			}
		}
	}
	require.Len(t, seen, 12)
	for _, bad := range []ViewSeed{{1}, make(ViewSeed, 31), make(ViewSeed, 33)} {
		_, err := New(nil, Config{Network: Mainnet, ViewSeed: bad})
		require.Error(t, err)
	}
	given := bytes.Clone(seed)
	c, err := New(nil, Config{Network: Mainnet, ViewSeed: given})
	require.NoError(t, err)
	clear(given)
	require.Equal(t, seed, c.seed, "a copy")
}

func TestTheViewSeedIsHidden(t *testing.T) {
	seed := ViewSeed("0123456789abcdef0123456789abcdef")
	config := Config{Network: Mainnet, ViewSeed: seed}
	c, err := New(nil, config)
	require.NoError(t, err)
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("", "config", config, "seed", seed, "coin", c)
	text, err := json.Marshal(config.ViewSeed)
	require.NoError(t, err)
	all := logged.String() + string(text)
	for _, v := range []any{seed, config, &config, c} {
		all += fmt.Sprintf("%v %+v %#v %x %s %d", v, v, v, v, v, v)
	}
	for _, shown := range []string{"0123456789", "30313233", "48 49 50", "0x30, 0x31"} {
		require.NotContains(t, all, shown)
	}
}

func TestAddressesThatArePaid(t *testing.T) {
	pairOf := func(c *Coin) *keys.ViewPair {
		p, err := c.pair(newKey(1).Key)
		require.NoError(t, err)
		return p.pair
	}
	for _, network := range networks {
		c, err := New(nil, Config{Network: network})
		require.NoError(t, err)
		for _, of := range []address.Network{address.Mainnet, address.Stagenet, address.Testnet} {
			main, err := address.Of(of, pairOf(c), keys.Index{})
			require.NoError(t, err)
			other, err := address.Of(of, pairOf(c), keys.Index{Account: 3})
			require.NoError(t, err)
			integrated, err := main.Integrate([8]byte{1})
			require.NoError(t, err)
			for a, fine := range map[address.Address]bool{main: true, other: true, integrated: false} {
				err := c.CheckAddress(coin.Address(a.String()))
				if fine && of == c.addresses {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, coin.ErrAddress)
				}
			}
		}
		for i, kind := range coin.Kinds {
			a, err := c.Address(newKey(1).Key, kind)
			require.NoError(t, err)
			want, err := address.Of(c.addresses, pairOf(c), []keys.Index{{Account: 1}, {Account: 2}, {Account: 2, Address: 1}, {Account: 2, Address: 2}}[i])
			require.NoError(t, err)
			require.Equal(t, want.String(), string(a))
			require.NoError(t, c.CheckAddress(a))
		}
		_, err = c.Address(newKey(1).Key, coin.Kind(len(coin.Kinds)))
		require.ErrorIs(t, err, coin.ErrInvalid)
	}
}

// FuzzKeys takes any bytes for a network key.
func FuzzKeys(f *testing.F) {
	f.Add(newKey(1).Key)
	f.Add(make([]byte, 32))
	f.Add([]byte{31: 0x80})
	c := newCoin(f, nil)
	f.Fuzz(func(t *testing.T, key []byte) {
		_, bad := keys.DecodePrimeOrder(key)
		view, err := c.ViewKey(key)
		require.Equal(t, bad == nil, err == nil)
		require.Equal(t, bad == nil, view != nil)
		_, err = c.DepositAddress(key, uint32(len(key)))
		require.Equal(t, bad == nil, err == nil)
		for _, kind := range coin.Kinds {
			a, err := c.Address(key, kind)
			require.Equal(t, bad == nil, err == nil)
			if err != nil {
				require.ErrorIs(t, err, coin.ErrInvalid)
				continue
			}
			require.NoError(t, c.CheckAddress(a))
		}
	})
}

// FuzzCheckAddress: what passes has one text.
func FuzzCheckAddress(f *testing.F) {
	c := newCoin(f, nil)
	for _, kind := range coin.Kinds {
		a, err := c.Address(newKey(1).Key, kind)
		require.NoError(f, err)
		f.Add(string(a))
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := c.CheckAddress(coin.Address(text))
		if err != nil {
			require.ErrorIs(t, err, coin.ErrAddress)
			return
		}
		a, err := address.Parse(text)
		require.NoError(t, err)
		require.Equal(t, text, a.String())
		require.LessOrEqual(t, len(text), coin.MaxAddress)
	})
}
