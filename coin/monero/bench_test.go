package monero

import (
	"fmt"
	"testing"
	"time"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/outputs"
)

// BenchmarkPrepare plans transactions of so many inputs and two outputs, from a node
// in memory: rings, keys and range proof. The metric x-double is the quotient to one
// multiplication of two points at once.
func BenchmarkPrepare(b *testing.B) {
	for _, n := range []int{1, 2, 16} {
		b.Run(fmt.Sprintf("inputs=%d", n), func(b *testing.B) {
			s := newSigner(b)
			paid := s.strangers(n, 1e9)
			for i := range n {
				s.payTo(paid, i, s.key, outputs.External(0), deposited)
			}
			made := s.node.mine(mined{transactions: []*block.Transaction{s.encode(paid)}})
			header, err := s.coin.Header(b.Context(), made.Block.Height())
			require.NoError(b, err)
			parsed, err := newChainBlock(header, made)
			require.NoError(b, err)
			plan := s.plan(1e12)
			plan.Reference = header.Number
			plan.Inputs, err = s.coin.Outputs(b.Context(), parsed, []coin.Key{s.key})
			require.NoError(b, err)
			require.Len(b, plan.Inputs, n)
			plan.Own[0].Amount = uint64(n)*deposited - plan.Payments[0].Paid - plan.Fee
			for b.Loop() {
				_, err := s.prepare(b.Context(), plan)
				require.NoError(b, err)
			}
			each := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(each/double(), "x-double")
		})
	}
}

// double is how many nanoseconds one multiplication of two points takes at once, at
// best.
func double() float64 {
	k, p := edwards25519.NewScalar(), edwards25519.NewGeneratorPoint()
	wide := make([]byte, 64)
	for i := range wide {
		wide[i] = byte(7 * i)
	}
	if _, err := k.SetUniformBytes(wide); err != nil {
		panic(err)
	}
	best := time.Hour
	for range 20 {
		const times = 50
		begin := time.Now()
		for range times {
			p.VarTimeDoubleScalarBaseMult(k, p, k)
		}
		best = min(best, time.Since(begin)/times)
	}
	return float64(best.Nanoseconds())
}
