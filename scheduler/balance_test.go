package scheduler

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// number is the balance as a big integer.
func number(b Balance) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(b.high), 64)
	return n.Add(n, new(big.Int).SetUint64(b.low))
}

var edges = rapid.OneOf(
	rapid.SampledFrom([]uint64{0, 1, math.MaxInt64, 1 << 63, math.MaxUint64 - 1, math.MaxUint64}),
	rapid.Uint64(),
)

func TestBalanceCountsAsIntegersDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Balance
		want := new(big.Int)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			n := edges.Draw(t, "amount")
			big := new(big.Int).SetUint64(n)
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				b, want = b.Add(n), want.Add(want, big)
			case 1:
				b, want = b.Sub(n), want.Sub(want, big)
			case 2:
				b, want = b.Plus(amount(n)), want.Add(want, big)
			case 3:
				b, want = b.Minus(amount(n)), want.Sub(want, big)
			case 4:
				b, want = b.Plus(Balance{}.Sub(n)), want.Sub(want, big)
			case 5:
				b, want = b.Minus(Balance{}.Sub(n)), want.Add(want, big)
			}
			require.Zero(t, want.Cmp(number(b)), "%s, want %s", b, want)
			require.Equal(t, want.String(), b.String())
			require.Equal(t, want.Sign() < 0, b.Negative())
			got, fits := b.Uint64()
			require.Equal(t, want.IsUint64(), fits)
			if fits {
				require.Equal(t, want.Uint64(), got)
			}
			if want.Sign() >= 0 {
				least := want
				if big.Cmp(want) < 0 {
					least = big
				}
				require.Equal(t, least.Uint64(), b.atMost(n))
			}
		}
	})
}

func TestBalanceIsDecimalInJSON(t *testing.T) {
	text, err := json.Marshal(Balance{}.Sub(math.MaxUint64).Sub(1))
	require.NoError(t, err)
	require.Equal(t, `"-18446744073709551616"`, string(text))
}
