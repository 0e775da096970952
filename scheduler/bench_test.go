package scheduler

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// large are the limits of a Bitcoin transaction.
func large() coin.Parameters {
	p := parameters()
	p.MaxInputs, p.MaxOutputs = 64, 500
	return p
}

// payments returns n payments of the amount.
func payments(n int, amount func(int) uint64) []coin.Payment {
	list := make([]coin.Payment, n)
	for i := range list {
		list[i] = coin.Payment{Address: "user", Amount: amount(i)}
		binary.BigEndian.PutUint64(list[i].ID[:], uint64(i))
	}
	return list
}

// benchmarkBurn takes in and plans the same payments again and again.
func benchmarkBurn(b *testing.B, w *world, list []coin.Payment) {
	undo := fmt.Errorf("undo")
	plans := 0
	for b.Loop() {
		w.newEvents, w.newPlans = nil, nil
		err := w.store.Update(ctx, func(tx storage.Tx) error {
			require.NoError(b, w.s.Burn(tx, list))
			plans = len(w.newPlans)
			return undo
		})
		require.ErrorIs(b, err, undo)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/payment")
	b.ReportMetric(float64(plans), "plans")
}

// BenchmarkBurn takes in payments that are hard to plan.
func BenchmarkBurn(b *testing.B) {
	// Amounts chosen so that one payment after the other turns out too small.
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("hostile=%d", n), func(b *testing.B) {
			w := newWorld(b, large())
			w.rate = 1000
			for range 50 {
				w.deposits(1 << 30)
			}
			benchmarkBurn(b, w, payments(n, func(i int) uint64 {
				k := n - i // payments that are left when this one goes
				return dust + w.rate*weigh(1, k+1)/uint64(k) - 1
			}))
		})
	}
	// Payments too small for the fee rate do not slow the others down.
	b.Run("poor=10000", func(b *testing.B) {
		w := newWorld(b, large())
		w.rate = 1000
		for range 50 {
			w.deposits(1 << 30)
		}
		w.burn(payments(10_000, func(int) uint64 { return 500 })...)
		one := []coin.Payment{{ID: coin.PaymentID{0xff}, Address: "user", Amount: 1 << 20}}
		benchmarkBurn(b, w, one)
	})
	// Outputs not worth spending stand before the others.
	b.Run("worthless=10000", func(b *testing.B) {
		w := newWorld(b, large())
		amounts := make([]uint64, 10_000)
		for i := range amounts {
			amounts[i] = 1000
		}
		w.deposits(amounts...)
		w.deposits(1<<30, 1<<30)
		w.rate = 1000
		benchmarkBurn(b, w, payments(1, func(int) uint64 { return 1 << 20 }))
	})
	// A payment takes nearly all of many small outputs.
	b.Run("merges=10000", func(b *testing.B) {
		w := newWorld(b, large())
		amounts := make([]uint64, 10_000)
		for i := range amounts {
			amounts[i] = 1000
		}
		w.deposits(amounts...)
		benchmarkBurn(b, w, payments(1, func(int) uint64 { return 9_900_000 }))
	})
}

func BenchmarkSettleDeposit(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("outputs=%d", n), func(b *testing.B) {
			w := newWorld(b, large())
			amounts := make([]uint64, n)
			for i := range amounts {
				amounts[i] = 1000
			}
			w.deposits(amounts...)
			settlement := &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{{Number: 2, Deposits: []coin.Deposit{w.deposit(500)}}}}
			undo := fmt.Errorf("undo")
			for b.Loop() {
				err := w.store.Update(ctx, func(tx storage.Tx) error {
					require.NoError(b, w.settleIn(tx, settlement))
					return undo
				})
				require.ErrorIs(b, err, undo)
			}
		})
	}
}

// many returns n deposits to session 3 and their block.
func (w *world) many(n int) coin.SettledBlock {
	var block coin.SettledBlock
	for range n {
		block.Deposits = append(block.Deposits, w.deposit(100_000))
	}
	return block
}

// benchmarkSettle settles the same blocks again and again.
func benchmarkSettle(b *testing.B, w *world, settlement *coin.Settlement) {
	undo := fmt.Errorf("undo")
	for b.Loop() {
		w.newEvents, w.newPlans = nil, nil
		err := w.store.Update(ctx, func(tx storage.Tx) error {
			require.NoError(b, w.settleIn(tx, settlement))
			return undo
		})
		require.ErrorIs(b, err, undo)
	}
}

// A key that retires moves all its outputs at once.
func BenchmarkMove(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("outputs=%d", n), func(b *testing.B) {
			w := newWorld(b, large())
			w.settle(w.many(n))
			w.roles = []coin.Role{leaving(3, 4), active(4)}
			benchmarkSettle(b, w, &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{{Number: 2}}})
			require.Len(b, w.newPlans, (n+63)/64)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/output")
		})
	}
}

// A block with a deposit, a completed payment and a new one, however many
// outputs the paying key has, and another one.
func BenchmarkSettle(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		for _, session := range []uint64{3, 2} {
			b.Run(fmt.Sprintf("outputs=%d/of=%d", n, session), func(b *testing.B) {
				w := newWorld(b, large())
				w.deposits(1<<20, 1<<20)
				block := w.many(n)
				for i := range block.Deposits {
					block.Deposits[i].Output.Session = session
				}
				w.settle(block)
				w.burn(pay(1, 1000))
				next := coin.SettledBlock{Number: 3, Deposits: []coin.Deposit{w.deposit(5000)}}
				w.completion(&next, w.open[0])
				w.hold(pay(2, 1000))
				benchmarkSettle(b, w, &coin.Settlement{Reference: 3, Blocks: []coin.SettledBlock{next}})
				require.Len(b, w.newPlans, 1)
			})
		}
	}
}

// Outputs not worth moving are not looked at again and again.
func BenchmarkIdle(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("worthless=%d", n), func(b *testing.B) {
			w := newWorld(b, large())
			w.settle(w.many(n))
			w.rate = 100_000
			w.roles = []coin.Role{finishing(3, 4), active(4)}
			for b.Loop() {
				require.True(b, w.idle(3))
			}
		})
	}
}
