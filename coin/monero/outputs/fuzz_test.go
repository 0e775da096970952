package outputs_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/outputs"
)

func FuzzRefund(f *testing.F) {
	good, _ := outputs.AppendRefund(nil, address.Address{Kind: address.Subaddress, Spend: publicKey(3), View: publicKey(4)})
	f.Add(good)
	f.Add(append(good, 1, 2, 3))
	f.Add([]byte{1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		a, ok := outputs.Refund(address.Stagenet, data)
		if !ok {
			require.Equal(t, address.Address{}, a)
			return
		}
		again, ok := outputs.AppendRefund(nil, a)
		require.True(t, ok)
		require.True(t, bytes.HasPrefix(data, again))
		parsed, err := address.Parse(a.String())
		require.NoError(t, err)
		require.Equal(t, a, parsed)
	})
}
