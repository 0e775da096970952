package bitcoin

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// TestKinds pins the addresses of a key, which must never change, and checks
// them against btcd's taproot.
func TestKinds(t *testing.T) {
	key := unhex(t, "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
	seen := make(map[coin.Address]bool)
	for _, network := range []Network{Mainnet, Testnet4, Testnet3, Signet, Regtest} {
		c := offline(t, network)
		for _, kind := range coin.Kinds {
			address, err := c.Address(key, kind)
			require.NoError(t, err)
			require.NoError(t, c.CheckAddress(address))
			require.False(t, seen[address] && kind != coin.External, "%s %s", network, kind)
			seen[address] = true
			if kind == coin.External {
				public, err := btcec.ParsePubKey(key)
				require.NoError(t, err)
				want, err := txscript.PayToTaprootScript(txscript.ComputeTaprootKeyNoScript(public))
				require.NoError(t, err)
				script, err := addressScript(c.params, address)
				require.NoError(t, err)
				require.Equal(t, want, script)
			}
			if network == Mainnet {
				require.Equal(t, goldenAddresses[kind], address)
			}
		}
	}
	c := offline(t, Mainnet)
	for _, bad := range [][]byte{nil, key[1:], make([]byte, 33), append(bytes.Clone(key), 0)} {
		_, err := c.Address(bad, coin.External)
		require.Error(t, err)
	}
	_, err := c.Address(key, coin.Kind(len(coin.Kinds)))
	require.Error(t, err)
}

var goldenAddresses = map[coin.Kind]coin.Address{
	coin.External:  "bc1pmfr3p9j00pfxjh0zmgp99y8zftmd3s5pmedqhyptwy6lm87hf5sspknck9",
	coin.Branch:    "bc1p6cerp72p3ecjtjdes9nwu0snqca252mmr696shw79nk26g3ez54qya0gm6",
	coin.Change:    "bc1pmlrtm4u5nt5zq84rrtwrusfgtshmxdgth6slyrfwflqaq2ahjvzs6pu77e",
	coin.Forwarded: "bc1pndmr4ngwmrr8hh39kurr7partfmkkrs9ftsn8wg4cevmd97qxvdqnyyf7l",
}
