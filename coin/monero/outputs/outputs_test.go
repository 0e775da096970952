package outputs_test

import (
	"bytes"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/coin/monero/scan"
)

func TestKindsAreSubaddresses(t *testing.T) {
	require.Equal(t, []keys.Index{
		{Account: 1}, {Account: 1, Address: 1}, {Account: 2}, {Account: 2, Address: 1}, {Account: 2, Address: 2},
	}, outputs.Addresses(2))
	for _, kind := range coin.Kinds {
		got, depositor, ok := outputs.KindOf(outputs.Address(kind))
		require.True(t, ok)
		require.Equal(t, kind, got)
		require.Zero(t, depositor)
		require.Contains(t, outputs.Addresses(1), outputs.Address(kind))
	}
	kind, depositor, ok := outputs.KindOf(outputs.External(7))
	require.True(t, ok)
	require.Equal(t, coin.External, kind)
	require.EqualValues(t, 7, depositor)
	for _, other := range []keys.Index{{}, {Address: 1}, {Account: 2, Address: 3}, {Account: 2, Address: 1 << 31}, {Account: 3}} {
		_, _, ok := outputs.KindOf(other)
		require.False(t, ok, other)
	}
	require.Len(t, outputs.Addresses(0), 3)
}

func TestCoinbaseAndLockedOutputsNeverCount(t *testing.T) {
	for name, test := range map[string]struct {
		output scan.Output
		counts bool
	}{
		"deposit":             {scan.Output{Address: outputs.External(3)}, true},
		"change":              {scan.Output{Address: outputs.Address(coin.Change)}, true},
		"coinbase":            {scan.Output{Address: outputs.External(3), Coinbase: true}, false},
		"locked":              {scan.Output{Address: outputs.External(3), UnlockTime: 1}, false},
		"locked by time":      {scan.Output{Address: outputs.External(3), UnlockTime: 1 << 63}, false},
		"to the main address": {scan.Output{}, false},
	} {
		kind, depositor, ok := outputs.Counts(&test.output)
		require.Equal(t, test.counts, ok, name)
		if name == "deposit" {
			require.Equal(t, coin.External, kind)
			require.EqualValues(t, 3, depositor)
		}
	}
}

func TestTheFirstDataCounts(t *testing.T) {
	require.Nil(t, outputs.Data(&scan.Output{}))
	require.Equal(t, []byte{1}, outputs.Data(&scan.Output{Data: [][]byte{{1}, {2}}}))
	require.Empty(t, outputs.Data(&scan.Output{Data: [][]byte{{}, {2}}}))
}

func publicKey(n byte) [32]byte {
	s, err := keys.DecodeScalar(append([]byte{n}, make([]byte, 31)...))
	if err != nil {
		panic(err)
	}
	return [32]byte(new(edwards25519.Point).ScalarBaseMult(s).Bytes())
}

func TestDataNamesWhereRefundsGo(t *testing.T) {
	for _, kind := range []address.Kind{address.Standard, address.Subaddress} {
		for _, network := range []address.Network{address.Mainnet, address.Stagenet, address.Testnet} {
			want := address.Address{Network: network, Kind: kind, Spend: publicKey(3), View: publicKey(4)}
			data, ok := outputs.AppendRefund(nil, want)
			require.True(t, ok)
			require.Len(t, data, 66)
			for _, rest := range []string{"", "more"} {
				got, ok := outputs.Refund(network, append(bytes.Clone(data), rest...))
				require.True(t, ok)
				require.Equal(t, want, got)
				parsed, err := address.Parse(got.String())
				require.NoError(t, err)
				require.Equal(t, want, parsed)
			}
			_, ok = outputs.Refund(network, data[:65])
			require.False(t, ok)
			for i, b := range map[int]byte{
				0:  0x00, // no refund
				1:  0x21, // no kind
				33: 0xff, // the spend key no point
				65: 0xff, // the view key no point
			} {
				bad := bytes.Clone(data)
				bad[i] = b
				if i > 1 {
					copy(bad[i-31:], bytes.Repeat([]byte{0xff}, 32))
				}
				_, ok := outputs.Refund(network, bad)
				require.False(t, ok, i)
			}
		}
	}
	_, ok := outputs.AppendRefund(nil, address.Address{Kind: address.Integrated, Spend: publicKey(3), View: publicKey(4)})
	require.False(t, ok)
}

func TestRefundsDoNotGoToKeysThatCannotBePaid(t *testing.T) {
	for name, key := range map[string][32]byte{
		"identity":    {1},
		"small order": {},
	} {
		for i := range 2 {
			a := address.Address{Spend: publicKey(3), View: publicKey(4)}
			if i == 0 {
				a.Spend = key
			} else {
				a.View = key
			}
			data, ok := outputs.AppendRefund(nil, a)
			require.True(t, ok)
			_, ok = outputs.Refund(address.Mainnet, data)
			require.False(t, ok, name)
		}
	}
}
