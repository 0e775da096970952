package keys_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
)

func FuzzReadVarint(f *testing.F) {
	for _, v := range []uint64{0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		f.Add(keys.AppendVarint(nil, v))
	}
	f.Add([]byte{0x80, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		v, n, err := keys.ReadVarint(data)
		if err != nil {
			require.Zero(t, v)
			require.Zero(t, n)
			return
		}
		require.Equal(t, data[:n], keys.AppendVarint(nil, v))
		require.Equal(t, n, keys.VarintSize(v))
	})
}
