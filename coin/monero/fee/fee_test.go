package fee_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/fee"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/conformance"
)

func TestConformanceFees(t *testing.T) {
	conformance.Monero(t, "*fees*.json", func(t *testing.T, v struct {
		Kind              string
		BaseReward        uint64 `json:"base_reward"`
		Mnw, Mlw          uint64
		Fees              [4]uint64
		PerWeight         uint64 `json:"per_weight"`
		Mask, Weight, Fee uint64
	}) {
		switch v.Kind {
		case "node_fee_table":
			require.Equal(t, v.Fees, fee.Rates(v.BaseReward, v.Mnw, v.Mlw))
		case "fee_from_weight":
			require.Equal(t, v.Fee, fee.Of(v.Weight, v.PerWeight, v.Mask))
		default:
			t.Skip("package block")
		}
	})
}

func TestFeesAreRoundedUpToTheQuantumAndNeverWrap(t *testing.T) {
	for _, test := range []struct{ weight, rate, quantum, want uint64 }{
		{0, 5, 10, 0},
		{1, 1, 10, 10},
		{10, 1, 10, 10},
		{11, 1, 10, 20},
		{7, 3, 0, 21},
		{7, 3, 1, 21},
		{1 << 33, 1 << 33, 10, math.MaxUint64},
		{1, math.MaxUint64, 10, math.MaxUint64},
		{1, math.MaxUint64 - 5, 10, math.MaxUint64 - 5},
		{1, math.MaxUint64 - 4, 10, math.MaxUint64},
	} {
		require.Equal(t, test.want, fee.Of(test.weight, test.rate, test.quantum), "%+v", test)
	}
}

func TestFeePaysForItsOwnVarint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Uint64Range(0, 1<<20).Draw(t, "base")
		rate := rapid.Uint64Range(0, math.MaxUint64).Draw(t, "rate") >> rapid.IntRange(0, 63).Draw(t, "shift")
		quantum := rapid.Uint64Range(0, 1<<20).Draw(t, "quantum")
		got, weight := fee.WithVarint(base, rate, quantum)
		require.Equal(t, base+uint64(keys.VarintSize(got)), weight)
		require.GreaterOrEqual(t, got, fee.Of(weight, rate, quantum))
		require.LessOrEqual(t, got, fee.Of(weight+1, rate, quantum))
	})
}

func TestRatesRiseWithPriorityAndFallWithTheMedians(t *testing.T) {
	require.Equal(t, fee.Rates(600_000_000_000, fee.Zone, fee.Zone), fee.Rates(600_000_000_000, 0, 0))
	rapid.Check(t, func(t *rapid.T) {
		reward := rapid.Uint64Range(0, 1<<60).Draw(t, "reward")
		median := rapid.Uint64Range(0, 1<<50).Draw(t, "median")
		long := rapid.Uint64Range(0, 1<<50).Draw(t, "long median")
		got := fee.Rates(reward, median, long)
		for i := range 3 {
			require.LessOrEqual(t, got[i], got[i+1])
		}
		for i, higher := range fee.Rates(reward, median/2, long/2) {
			require.LessOrEqual(t, got[i], higher)
		}
	})
}

func TestFeeIsTheLeastMultipleOfTheQuantumThatPaysTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weight := rapid.Uint64Range(0, 1<<30).Draw(t, "weight")
		rate := rapid.Uint64Range(0, 1<<40).Draw(t, "rate")
		quantum := rapid.Uint64Range(1, 1<<20).Draw(t, "quantum")
		want := new(big.Int).Mul(new(big.Int).SetUint64(weight), new(big.Int).SetUint64(rate))
		q := new(big.Int).SetUint64(quantum)
		want.Add(want, new(big.Int).Sub(q, big.NewInt(1)))
		want.Div(want, q).Mul(want, q)
		if want.IsUint64() {
			require.Equal(t, want.Uint64(), fee.Of(weight, rate, quantum))
		} else {
			require.EqualValues(t, uint64(math.MaxUint64), fee.Of(weight, rate, quantum))
		}
	})
}
