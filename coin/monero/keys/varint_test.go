package keys_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/keys"
)

func TestVarintsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
		rest := rapid.SliceOf(rapid.Byte()).Draw(t, "rest")
		b := keys.AppendVarint(nil, v)
		require.Equal(t, len(b), keys.VarintSize(v))
		require.LessOrEqual(t, len(b), keys.MaxVarint)
		got, n, err := keys.ReadVarint(append(b, rest...))
		require.NoError(t, err)
		require.Equal(t, v, got)
		require.Equal(t, len(b), n)
		for i := range b {
			_, _, err := keys.ReadVarint(b[:i])
			require.ErrorIs(t, err, keys.ErrVarintShort)
		}
	})
}

func TestVarintsHaveOneEncoding(t *testing.T) {
	for text, want := range map[string]error{
		"":                       keys.ErrVarintShort,
		"80":                     keys.ErrVarintShort,
		"8000":                   keys.ErrVarintCanonical,
		"ff8000":                 keys.ErrVarintCanonical,
		"80808080808080808000":   keys.ErrVarintCanonical,
		"ffffffffffffffffff01":   nil,
		"ffffffffffffffffff02":   keys.ErrVarintOverflow,
		"ffffffffffffffffff81":   keys.ErrVarintOverflow,
		"ffffffffffffffffffff01": keys.ErrVarintOverflow,
		"00":                     nil,
		"0000":                   nil, // one byte is read
	} {
		_, _, err := keys.ReadVarint(fromHex(t, text))
		require.ErrorIs(t, err, want, text)
	}
}
