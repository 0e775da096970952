package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

// TestSharesAreEqualToTheUnit compares the quick ways with the plain ones.
func TestSharesAreEqualToTheUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.OneOf(rapid.Uint64Range(10, 14), rapid.Uint64Range(10, 100)), 1, 12).Draw(t, "amounts")
		payments := make([]coin.PlannedPayment, len(amounts))
		var carry uint64
		for i, a := range amounts {
			payments[i].Amount = a
			carry += a - dust
		}
		cost := rapid.Uint64Range(0, 2*carry+20).Draw(t, "cost")
		share, rest := cost/uint64(len(payments)), cost%uint64(len(payments))
		var want []int
		for place, i := range bySize(payments) {
			own := share
			if uint64(place) < rest {
				own++
			}
			if payments[i].Amount < own+dust {
				want = append(want, i)
			}
		}
		slices.Sort(want)
		rich, poor := afford(payments, cost, dust)
		require.Equal(t, want, poor)
		if len(poor) > 0 {
			require.Len(t, rich, len(payments)-len(poor))
		}
		if cost > carry {
			return
		}
		quick := slices.Clone(payments)
		amortise(quick, cost, dust)
		var borne uint64
		for left, order := len(payments), bySize(payments); left > 0; left-- {
			p := &payments[order[left-1]]
			own := min((cost-borne)/uint64(left), p.Amount-dust)
			p.Paid = p.Amount - own
			borne += own
		}
		require.Equal(t, payments, quick)
		require.Equal(t, cost, borne)
	})
}

func TestLargestIsWhatSortingFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64Range(250, 260), rapid.Uint64())
		amounts := rapid.SliceOfN(amount, 1, 20).Draw(t, "amounts")
		n := rapid.Uint64Range(1, uint64(len(amounts))).Draw(t, "n")
		least, equal := largest(amounts, n)

		sorted := slices.Sorted(slices.Values(amounts))
		top := sorted[len(sorted)-int(n):]
		require.Equal(t, top[0], least)
		require.Len(t, slices.DeleteFunc(top, func(a uint64) bool { return a != least }), int(equal))
	})
}
