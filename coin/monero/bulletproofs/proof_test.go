package bulletproofs_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

func TestSizes(t *testing.T) {
	for outputs, want := range []int{0, 578, 642, 706, 706, 770, 770, 770, 770, 834, 834, 834, 834, 834, 834, 834, 834, 0} {
		require.Equal(t, want, bulletproofs.Size(outputs), outputs)
	}
	require.Zero(t, bulletproofs.Size(-1))
	require.Zero(t, bulletproofs.Size(math.MaxInt))
}

// encoded returns a proof with some numbers of points.
func encoded(l, r []byte, points int) []byte {
	b := append(make([]byte, 6*keys.Size), l...)
	b = append(b, make([]byte, points*keys.Size)...)
	return append(append(b, r...), make([]byte, points*keys.Size)...)
}

func TestParseRefuses(t *testing.T) {
	whole := encoded([]byte{6}, []byte{6}, 6)
	_, rest, err := bulletproofs.Parse(whole)
	require.NoError(t, err)
	require.Empty(t, rest)
	for i := range whole {
		_, _, err := bulletproofs.Parse(whole[:i])
		require.ErrorIs(t, err, bulletproofs.ErrEncoding, i)
	}
	for name, b := range map[string][]byte{
		"no rounds":         encoded([]byte{0}, []byte{0}, 0),
		"too few rounds":    encoded([]byte{5}, []byte{5}, 5),
		"too many rounds":   encoded([]byte{11}, []byte{11}, 11),
		"other number of R": encoded([]byte{7}, []byte{6}, 7),
		"a huge number":     encoded([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, []byte{6}, 6),
		"a long number":     encoded([]byte{0x86, 0}, []byte{6}, 6),
		"a long number R":   encoded([]byte{6}, []byte{0x86, 0}, 6),
	} {
		_, _, err := bulletproofs.Parse(b)
		require.ErrorIs(t, err, bulletproofs.ErrEncoding, name)
	}
}
