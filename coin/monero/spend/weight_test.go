package spend_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/fee"
	"github.com/serai-go/processor/coin/monero/spend"
)

func TestTheWeightIsThatOfTheTransaction(t *testing.T) {
	wallets := []wallet{newMaker(5).wallet(), newMaker(6).wallet()}
	rapid.Check(t, func(t *rapid.T) {
		m := newMaker(rapid.Uint64().Draw(t, "seed"))
		outputs := m.outputs(rapid.IntRange(1, 16).Draw(t, "outputs"), wallets...)
		d := m.draft(t, rapid.IntRange(1, 6).Draw(t, "inputs"), outputs)
		u := unproven(t, d)
		tx := m.pretend(t, u)
		require.Equal(t, tx.Weight()+unusedOffsets(tx), u.MaxWeight())
		require.Equal(t, u.MaxWeight(), spend.Weight(len(d.Inputs), addressesOf(outputs), d.Fee))
	})
}

func TestAnInputAddsItsWeight(t *testing.T) {
	to := []address.Address{newMaker(1).wallet().address(0, 0)}
	for n := 1; n < spend.MaxInputs-1; n++ {
		require.EqualValues(t, spend.InputWeight, spend.Weight(n+1, to, 0)-spend.Weight(n, to, 0), n)
	}
	require.EqualValues(t, spend.InputWeight+1, spend.Weight(128, to, 0)-spend.Weight(127, to, 0), "a longer number of inputs")
}

// pays tells whether a fee is at least the rate for a weight.
func pays(fee, rate, weight uint64) bool {
	product := func(a, b uint64) *big.Int {
		return new(big.Int).Mul(new(big.Int).SetUint64(a), new(big.Int).SetUint64(b))
	}
	return product(fee, 1000).Cmp(product(rate, weight)) >= 0
}

func TestTheFeeIsTheLeastThatPaysTheRate(t *testing.T) {
	wallets := []wallet{newMaker(5).wallet(), newMaker(6).wallet()}
	rapid.Check(t, func(t *rapid.T) {
		m := newMaker(rapid.Uint64().Draw(t, "seed"))
		inputs := rapid.IntRange(1, spend.MaxInputs).Draw(t, "inputs")
		to := addressesOf(m.outputs(rapid.IntRange(1, 16).Draw(t, "outputs"), wallets...))
		rate := rapid.Uint64().Draw(t, "rate")
		if rapid.Bool().Draw(t, "low") {
			rate %= 1e12
		}
		got, err := spend.Fee(rate, inputs, to)
		if err != nil {
			require.ErrorIs(t, err, spend.ErrInvalid)
			require.False(t, pays(math.MaxUint64/fee.Quantum*fee.Quantum, rate, spend.Weight(inputs, to, math.MaxUint64)-2), "it is beyond 64 bits")
			return
		}
		require.Zero(t, got%fee.Quantum)
		require.True(t, pays(got, rate, spend.Weight(inputs, to, got)))
		if got > 0 {
			less := got - fee.Quantum
			require.False(t, pays(less, rate, spend.Weight(inputs, to, less)), "%d would do", less)
		}
		if rate%1000 == 0 {
			want, _ := fee.WithVarint(spend.Weight(inputs, to, 0)-1, rate/1000, fee.Quantum)
			require.Equal(t, want, got)
		}
	})
}

func TestFeesOfRoundRatesAreTheWallets(t *testing.T) {
	to := []address.Address{newMaker(1).wallet().address(0, 0)}
	for _, each := range []uint64{1, 20_000, 80_000, 1_500_000, 1e15} {
		want, _ := fee.WithVarint(spend.Weight(2, to, 0)-1, each, fee.Quantum)
		got, err := spend.Fee(1000*each, 2, to)
		if want > math.MaxUint64-fee.Quantum {
			require.ErrorIs(t, err, spend.ErrInvalid)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestFeesOfNothingThatExistsAreRefused(t *testing.T) {
	to := addressesOf(newMaker(1).outputs(17, newMaker(1).wallet()))
	for _, c := range []struct {
		rate            uint64
		inputs, outputs int
	}{{1, 0, 1}, {1, -1, 1}, {1, 129, 1}, {1, 1, 0}, {1, 1, 17}, {math.MaxUint64, 1, 1}} {
		_, err := spend.Fee(c.rate, c.inputs, to[:c.outputs])
		require.ErrorIs(t, err, spend.ErrInvalid, "%+v", c)
	}
	got, err := spend.Fee(0, 128, to[:16])
	require.NoError(t, err)
	require.Zero(t, got)
}

func TestTheCostOfAnInput(t *testing.T) {
	require.EqualValues(t, 14_160_000, spend.InputCost(20_000_000), "708 units at 20,000 each")
	require.EqualValues(t, 10_000, spend.InputCost(1))
	require.Zero(t, spend.InputCost(0))
	most := spend.InputCost(math.MaxUint64)
	require.True(t, pays(most, math.MaxUint64, spend.InputWeight))
	require.False(t, pays(most-fee.Quantum, math.MaxUint64, spend.InputWeight))
}
