package clsag_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/clsag"
)

func TestSignaturesHaveOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ring := rapid.IntRange(1, 20).Draw(t, "ring")
		encoded := rapid.SliceOfN(rapid.Byte(), clsag.Size(ring), clsag.Size(ring)).Draw(t, "signature")
		s, err := clsag.Parse(encoded, ring)
		require.NoError(t, err)
		require.Equal(t, encoded, s.Append(nil))
		require.Equal(t, append([]byte{7}, encoded...), s.Append([]byte{7}))
		require.Equal(t, encoded[32*ring:32*ring+32], s.C1[:])
		require.Equal(t, encoded[32*ring+32:], s.D[:])

		signed := append(make([]byte, 32), encoded...)
		signed[0] = 9
		image, again, err := clsag.ParseSigned(signed, ring)
		require.NoError(t, err)
		require.Equal(t, [32]byte{9}, image)
		require.Equal(t, s, again)
	})
}

func TestWhatIsNoSignatureIsRefused(t *testing.T) {
	sound := make([]byte, clsag.Size(3))
	for _, test := range []struct {
		size, ring int
	}{
		{0, 0}, {0, 1}, {0, -1}, {0, -2}, {31, -1}, {32, -1}, {64, 0}, {96, 0}, {96, 2},
		{clsag.Size(3) - 1, 3}, {clsag.Size(3), 2}, {clsag.Size(3), 4},
		{0, math.MaxInt}, {32, math.MaxInt - 1}, {64, math.MinInt}, {64, math.MaxInt/32 + 1}, {64, math.MaxInt/16 + 1},
	} {
		_, err := clsag.Parse(sound[:test.size], test.ring)
		require.ErrorIs(t, err, clsag.ErrEncoding, "%+v", test)
		_, _, err = clsag.ParseSigned(append(make([]byte, 32), sound[:test.size]...), test.ring)
		require.ErrorIs(t, err, clsag.ErrEncoding, "%+v", test)
	}
	_, err := clsag.Parse(append(sound, 0), 3)
	require.ErrorIs(t, err, clsag.ErrEncoding)
	_, _, err = clsag.ParseSigned(sound, 3)
	require.ErrorIs(t, err, clsag.ErrEncoding, "an image is missing")
}
