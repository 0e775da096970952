package scheduler

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// BenchmarkPlan plans a queue of payments as one tree, whose root and, if they
// may be chained, first children are made at once. The metric x-sort is how many
// times the time is that sorting the payments by amount takes.
func BenchmarkPlan(b *testing.B) {
	for _, kind := range []struct {
		name    string
		outputs uint32
		chained uint32
	}{{"chained", 500, 20}, {"standard", 16, 0}} {
		for _, n := range []int{1000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/payments=%d", kind.name, n), func(b *testing.B) {
				p := large()
				p.MaxOutputs, p.Descendants, p.DescendantsWeight = kind.outputs, kind.chained, 1<<30
				w := newWorld(b, p)
				w.deposits(dust)
				list := payments(n, func(i int) uint64 { return 100_000 + uint64(i)*7919%50_000 })
				w.burn(list...)
				settlement := &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{{
					Number: 2, Deposits: []coin.Deposit{w.deposit(1 << 50)},
				}}}
				undo := errors.New("undo")
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for b.Loop() {
					w.newEvents, w.newPlans = w.newEvents[:0], nil
					err := w.store.Update(ctx, func(tx storage.Tx) error {
						require.NoError(b, w.settleIn(tx, settlement))
						return undo
					})
					require.ErrorIs(b, err, undo)
				}
				runtime.ReadMemStats(&after)
				each := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				b.ReportMetric(each/float64(n), "ns/payment")
				b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(n), "B/payment")
				b.ReportMetric(each/float64(sortTime(list).Nanoseconds()), "x-sort")
				require.NotEmpty(b, w.newPlans)
			})
		}
	}
}

// sortTime is how long it takes to sort the payments by amount, at best.
func sortTime(list []coin.Payment) time.Duration {
	best := time.Hour
	for range 5 {
		clone := slices.Clone(list)
		begin := time.Now()
		slices.SortFunc(clone, func(a, b coin.Payment) int { return cmp.Compare(b.Amount, a.Amount) })
		best = min(best, time.Since(begin))
	}
	return best
}

// BenchmarkOneMore takes in one more deposit, or plans one more payment, where so
// many outputs are known.
func BenchmarkOneMore(b *testing.B) {
	undo := errors.New("undo")
	for _, n := range []int{10, 10_000} {
		known := func(b *testing.B) *world {
			p := large()
			p.ChangeOutputs = 8
			w := newWorld(b, p)
			amounts := make([]uint64, n)
			for i := range amounts {
				amounts[i] = 100_000
			}
			w.deposits(amounts...)
			return w
		}
		run := func(b *testing.B, w *world, do func(storage.Tx) error) {
			for b.Loop() {
				w.newEvents, w.newPlans = nil, nil
				err := w.store.Update(ctx, func(tx storage.Tx) error {
					require.NoError(b, do(tx))
					return undo
				})
				require.ErrorIs(b, err, undo)
			}
		}
		b.Run(fmt.Sprintf("deposit/outputs=%d", n), func(b *testing.B) {
			w := known(b)
			settlement := &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{{Number: 2, Deposits: []coin.Deposit{w.deposit(500)}}}}
			run(b, w, func(tx storage.Tx) error { return w.settleIn(tx, settlement) })
		})
		b.Run(fmt.Sprintf("payment/outputs=%d", n), func(b *testing.B) {
			w := known(b)
			run(b, w, func(tx storage.Tx) error { return w.s.Burn(tx, []coin.Payment{pay(1, 50_000)}) })
			require.Len(b, w.newPlans, 1)
		})
	}
}
