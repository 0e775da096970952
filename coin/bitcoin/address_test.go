package bitcoin

import (
	"encoding/hex"
	"strings"
	"testing"

	btcaddress "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/address/v2/base58"
	"github.com/btcsuite/btcd/address/v2/bech32"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

func offline(t testing.TB, network Network) *Coin {
	c, err := New(nil, network, coin.Parameters{})
	require.NoError(t, err)
	return c
}

func TestCheckAddress(t *testing.T) {
	segwit := func(version byte, program []byte, encode func(string, []byte) (string, error)) string {
		data, err := bech32.ConvertBits(program, 8, 5, true)
		require.NoError(t, err)
		text, err := encode("bc", append([]byte{version}, data...))
		require.NoError(t, err)
		return text
	}
	for _, test := range []struct {
		name, address string
		script        string // hexadecimal, or empty with
		why           string
	}{
		// BIP-173 and BIP-350.
		{"P2WPKH", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0014751e76e8199196d454941c45d1b3a323f1433bd6", ""},
		{"P2TR", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", ""},
		{"version 16", "bc1sw50qgdz25j", "6002751e", ""},
		{"version 2", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "5210751e76e8199196d454941c45d1b3a323", ""},
		{"anchor", "bc1pfeessrawgf", "51024e73", ""},
		// The addresses of the first blocks' kind.
		{"P2PKH", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac", ""},
		{"P2SH", "3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "a914e9c3dd0c07aac76179ebc76a6c78d4d67c6c160a87", ""},

		{"empty", "", "", "neither base58 nor bech32"},
		{"no address", "hello", "", "neither base58 nor bech32"},
		{"upper case", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "", "usual text"},
		{"mixed case", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4", "", "bech32"},
		{"one letter off", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "", "bech32"},
		{"space", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 ", "", "bech32"},
		{"test network", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "", "prefix"},
		{"regression test network", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", "", "prefix"},
		{"P2PKH of the test network", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "", "version 111 is not of mainnet"},
		{"P2SH of the test network", "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc", "", "version 196 is not of mainnet"},
		{"bech32 for version 1", segwit(1, make([]byte, 32), bech32.Encode), "", "checksum"},
		{"bech32 for version 16", segwit(16, make([]byte, 2), bech32.Encode), "", "checksum"},
		{"bech32m for version 0", segwit(0, make([]byte, 20), bech32.EncodeM), "", "checksum"},
		{"version 0, 16 bytes", segwit(0, make([]byte, 16), bech32.Encode), "", "16 bytes in version 0"},
		{"version 17", segwit(17, make([]byte, 32), bech32.EncodeM), "", "no witness version"},
		{"1 byte", segwit(1, make([]byte, 1), bech32.EncodeM), "", "program of 1 bytes"},
		{"33 bytes", segwit(2, make([]byte, 33), bech32.EncodeM), "", "33 bytes is not relayed"},
		{"40 bytes", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", "", "40 bytes is not relayed"},
		{"41 bytes", segwit(1, make([]byte, 41), bech32.EncodeM), "", "program of 41 bytes"},
		{"nothing behind the prefix", "bc1gmk9yu", "", "no witness version"},
		{"short hash", base58.CheckEncode(make([]byte, 19), 0), "", "hash of 19 bytes"},
		{"long hash", base58.CheckEncode(make([]byte, 21), 5), "", "hash of 21 bytes"},
		{"public key", "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "", "neither base58 nor bech32"},
		{"very long", strings.Repeat("1", 1000), "", "1000 bytes long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := offline(t, Mainnet)
			err := c.CheckAddress(coin.Address(test.address))
			if test.why != "" {
				require.ErrorIs(t, err, coin.ErrAddress)
				require.ErrorContains(t, err, test.why)
				return
			}
			require.NoError(t, err)
			script, err := addressScript(c.params, coin.Address(test.address))
			require.NoError(t, err)
			require.Equal(t, test.script, hex.EncodeToString(script))
		})
	}
}

// TestScriptsAndAddresses: a script that has an address is that of the
// address, on every network, and btcd thinks the same of it.
func TestScriptsAndAddresses(t *testing.T) {
	networks := []Network{Mainnet, Testnet4, Testnet3, Signet, Regtest}
	rapid.Check(t, func(t *rapid.T) {
		params, err := rapid.SampledFrom(networks).Draw(t, "network").Params()
		require.NoError(t, err)
		program := rapid.SliceOfN(rapid.Byte(), 2, 40).Draw(t, "program")
		hash := rapid.SliceOfN(rapid.Byte(), hashSize, hashSize).Draw(t, "hash")
		script := rapid.SampledFrom([][]byte{
			pubKeyHashScript(hash), scriptHashScript(hash), witnessScript(0, hash),
			witnessScript(0, append(hash, hash[:12]...)), witnessScript(1, append(hash, hash[:12]...)),
			witnessScript(rapid.IntRange(0, maxWitnessVersion).Draw(t, "version"), program),
		}).Draw(t, "script")
		address, ok := scriptAddress(params, script)
		if !ok {
			version, program, _ := witnessProgram(script)
			require.True(t, version == 0 || len(program) > maxProgram)
			return
		}
		back, err := addressScript(params, address)
		require.NoError(t, err)
		require.Equal(t, script, back)
		// Of the witness versions to come it knows none, and takes a program of
		// 20 bytes for one of version 0.
		if version, program, ok := witnessProgram(script); ok && version > 0 && (version > 1 || len(program) != 32) {
			return
		}
		theirs, err := btcaddress.DecodeAddress(string(address), params)
		require.NoError(t, err)
		require.Equal(t, string(address), theirs.EncodeAddress())
		require.True(t, theirs.IsForNet(params))
		their, err := txscript.PayToAddrScript(theirs)
		require.NoError(t, err)
		require.Equal(t, script, their)
	})
}

func TestScriptsWithoutAddress(t *testing.T) {
	key := "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	for name, script := range map[string]string{
		"empty":             "",
		"true":              "51",
		"bare key":          "2102" + key + "ac",
		"bare multisig":     "512102" + key + "51ae",
		"data":              "6a0401020304",
		"PUSHDATA1 program": "514c20" + key,
		"trailing opcode":   "5120" + key + "61",
		"1 byte program":    "510101",
		"41 byte program":   "5129" + strings.Repeat("00", 41),
		"version 0, 31":     "001f" + strings.Repeat("00", 31),
		"P2PKH of 21":       "76a915" + strings.Repeat("00", 21) + "88ac",
		"P2SH, EQUALVERIFY": "a914" + strings.Repeat("00", 20) + "88",
	} {
		raw, err := hex.DecodeString(script)
		require.NoError(t, err)
		_, ok := scriptAddress(&chaincfg.MainNetParams, raw)
		require.False(t, ok, name)
	}
}

func TestRelayDust(t *testing.T) {
	for script, want := range map[string]uint64{
		"P2PKH": 546, "P2SH": 540, "P2WPKH": 294, "P2WSH": 330, "P2TR": 330, "anchor": 240,
	} {
		require.Equal(t, want, relayDust(map[string][]byte{
			"P2PKH":  pubKeyHashScript(make([]byte, 20)),
			"P2SH":   scriptHashScript(make([]byte, 20)),
			"P2WPKH": witnessScript(0, make([]byte, 20)),
			"P2WSH":  witnessScript(0, make([]byte, 32)),
			"P2TR":   witnessScript(1, make([]byte, 32)),
			"anchor": witnessScript(1, []byte{0x4e, 0x73}),
		}[script]), script)
	}
}

func FuzzCheckAddress(f *testing.F) {
	for _, address := range []string{
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "BC1SW50QGDZ25J", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
		"3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "bc1pfeessrawgf",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		c := offline(t, Mainnet)
		script, err := addressScript(c.params, coin.Address(address))
		require.Equal(t, err, c.CheckAddress(coin.Address(address)))
		if err != nil {
			require.ErrorIs(t, err, coin.ErrAddress)
			return
		}
		again, ok := scriptAddress(c.params, script)
		require.True(t, ok)
		require.Equal(t, address, string(again))
	})
}
