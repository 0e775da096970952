package bulletproofs_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

// quickest returns the shortest time that some runs of an operation took.
func quickest(runs int, operation func()) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range runs {
		start := time.Now()
		operation()
		best = min(best, time.Since(start))
	}
	return best
}

// measure also reports x-double: how many multiplications s·G + t·P take as
// long, at its best, as the operation does at its best.
func measure(b *testing.B, operation func()) {
	b.Helper()
	s := scalars(b, 1, 2)
	p := new(edwards25519.Point).ScalarBaseMult(s[0])
	var sum edwards25519.Point
	operation() // makes the tables
	b.ReportAllocs()
	best, double := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for b.Loop() {
		b.StopTimer()
		double = min(double, quickest(20, func() { sum.VarTimeDoubleScalarBaseMult(s[0], p, s[1]) }))
		b.StartTimer()
		best = min(best, quickest(1, operation))
	}
	best = min(best, quickest(max(0, 10-b.N), operation))
	b.ReportMetric(float64(best)/float64(double), "x-double")
}

var benchSizes = []int{1, 2, 4, 8, 16}

func BenchmarkProve(b *testing.B) {
	for _, n := range benchSizes {
		amounts, masks := make([]uint64, n), scalars(b, 3, n)
		for i := range amounts {
			amounts[i] = 1_000_000_007 << i
		}
		b.Run(fmt.Sprintf("outputs=%d", n), func(b *testing.B) {
			measure(b, func() {
				_, err := bulletproofs.Prove(stream(1), amounts, masks)
				require.NoError(b, err)
			})
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, n := range benchSizes {
		p, c := made(b, 3, n)
		b.Run(fmt.Sprintf("outputs=%d", n), func(b *testing.B) {
			measure(b, func() { require.NoError(b, p.Verify(c)) })
		})
	}
}

// BenchmarkVerifyBatch is for proofs of 2 outputs.
func BenchmarkVerifyBatch(b *testing.B) {
	for _, n := range []int{2, 8, 32, 128} {
		proofs, commitments := make([]*bulletproofs.Proof, n), make([][][keys.Size]byte, n)
		for i := range proofs {
			proofs[i], commitments[i] = made(b, uint64(i), 2)
		}
		b.Run(fmt.Sprintf("proofs=%d", n), func(b *testing.B) {
			measure(b, func() { require.NoError(b, bulletproofs.VerifyBatch(proofs, commitments)) })
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/proof")
		})
	}
}
