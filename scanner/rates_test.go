package scanner

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// rated makes a world whose blocks paid these rates.
func rated(t require.TestingT, rates ...uint64) *world {
	w := newWorld(t, testConfig(), storage.NewMemory())
	w.confirm(Start{At: 1000})
	for i, rate := range rates {
		w.add(&block{rate: rate})
		w.indexAll()
		w.putRate(uint64(i))
	}
	return w
}

func (w *world) rate(n uint64) (rate uint64, err error) {
	w.view(func(r storage.Reader) error {
		rate, err = w.scanner.Rate(r, n)
		return nil
	})
	return rate, err
}

func TestTheRateIsTheThirdSmallestOfSix(t *testing.T) {
	for _, c := range []struct {
		name  string
		rates []uint64
		want  uint64
	}{
		{"in order", []uint64{11, 12, 13, 14, 15, 16}, 13},
		{"in any order", []uint64{15, 11, 16, 13, 12, 14}, 13},
		{"the last six count", []uint64{3, 3, 3, 11, 12, 13, 14, 15, 16}, 13},
		{"three cannot lift it", []uint64{49, 10, 49, 10, 49, 10}, 10},
		{"four can", []uint64{49, 10, 49, 10, 49, 49}, 49},
		{"two cannot lower it", []uint64{3, 10, 10, 3, 10, 10}, 10},
		{"floor", []uint64{1, 1, 1, 40, 40, 40}, 2},
		{"empty blocks", []uint64{0, 0, 0, 40, 40, 40}, 2},
		{"cap", []uint64{51, 60, 1 << 63, 1<<64 - 1, 51, 51}, 50},
		{"genesis", []uint64{40}, 2},
		{"young chain of three", []uint64{40, 40, 40}, 2},
		{"young chain of four", []uint64{40, 41, 42, 43}, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			rate, err := rated(t, c.rates...).rate(uint64(len(c.rates) - 1))
			require.NoError(t, err)
			require.Equal(t, c.want, rate)
		})
	}
}

func TestRateAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := testParameters
		rates := rapid.SliceOfN(rapid.OneOf(rapid.Uint64Max(60), rapid.Uint64()), 1, 12).Draw(t, "rates")
		w := rated(t, rates...)
		for n := range rates {
			last := []uint64{}
			for i := n - 5; i <= n; i++ {
				if i < 0 {
					last = append(last, p.FeeFloor)
				} else {
					last = append(last, min(max(rates[i], p.FeeFloor), p.FeeCap))
				}
			}
			slices.Sort(last)
			rate, err := w.rate(uint64(n))
			require.NoError(t, err)
			require.Equal(t, last[2], rate)
		}
	})
}

func TestAMissingRateIsAskedForByHeader(t *testing.T) {
	w := started(t, 3, 8)
	w.indexAll()
	for _, n := range []uint64{7, 6, 5, 4, 3, 2} {
		_, err := w.rate(7)
		var missing *RateMissing
		require.ErrorAs(t, err, &missing)
		require.Equal(t, w.chain[n].header, missing.Header)
		require.ErrorContains(t, missing, "fee rate of block")
		w.putRate(n)
	}
	rate, err := w.rate(7)
	require.NoError(t, err)
	require.EqualValues(t, 2, rate)
	_, err = w.rate(8)
	require.ErrorIs(t, err, storage.ErrCorrupt)
}

func TestAMissingRateLeavesTheDatabaseUnchanged(t *testing.T) {
	w := started(t, 0, 1)
	w.pay(coin.Output{Kind: coin.Change, Amount: 100}, deposit(100, "data"))
	w.indexAll()
	require.True(t, w.scan())
	before := w.dump()
	err := w.update(func(tx storage.Tx) error { return w.scanner.Scan(tx, w.chain[1].header, w.chain[1].outputs) })
	var missing *RateMissing
	require.ErrorAs(t, err, &missing)
	require.Equal(t, before, w.dump())
}

func TestNoRateIsAskedForWithoutADeposit(t *testing.T) {
	w := started(t, 0, 1)
	w.pay(coin.Output{Kind: coin.Change, Amount: 100}, deposit(9, "dust"))
	w.indexAll()
	for n := range uint64(2) {
		require.NoError(t, w.update(func(tx storage.Tx) error {
			return w.scanner.Scan(tx, w.chain[n].header, w.chain[n].outputs)
		}))
	}
}

// TestRatesAreForgottenWhenNobodyNeedsThem settles notable blocks, each of
// which takes the rates of six.
func TestRatesAreForgottenWhenNobodyNeedsThem(t *testing.T) {
	w := started(t, 0, 1)
	for range 30 {
		w.pay(deposit(100, "data"))
	}
	w.scanAll()
	for w.batch(w.frontier().Acknowledged) != nil {
		s := w.acknowledge()
		_, err := w.rate(s.Reference)
		if s.Reference > 0 { // nothing needed a rate before
			require.NoError(t, err, "the rate at the reference block stays")
		}
		w.scanAll()
		w.view(func(r storage.Reader) error {
			for item, err := range w.scanner.(*scanner).rates.All(r) {
				require.NoError(t, err)
				require.GreaterOrEqual(t, item.Key+RateBlocks-1, s.Reference)
			}
			return nil
		})
	}
}
