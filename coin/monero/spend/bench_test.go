package spend_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/spend"
)

var sizes = []struct{ inputs, outputs int }{{1, 2}, {2, 16}, {16, 16}, {spend.MaxInputs, spend.MaxOutputs}}

func BenchmarkNew(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d inputs, %d outputs", size.inputs, size.outputs), func(b *testing.B) {
			m := newMaker(1)
			d := m.draft(b, size.inputs, m.outputs(size.outputs, m.wallet()))
			for b.Loop() {
				newUnsigned(b, d)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d inputs, %d outputs", size.inputs, size.outputs), func(b *testing.B) {
			m := newMaker(1)
			d := m.draft(b, size.inputs, m.outputs(size.outputs, m.wallet()))
			data := newUnsigned(b, d).Bytes()
			for b.Loop() {
				u, err := spend.Parse(data)
				require.NoError(b, err)
				require.NoError(b, u.Check(d.Seed))
			}
			b.ReportMetric(float64(len(data)), "bytes")
		})
	}
}

func BenchmarkWork(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d inputs, %d outputs", size.inputs, size.outputs), func(b *testing.B) {
			m := newMaker(1)
			d := m.draft(b, size.inputs, m.outputs(size.outputs, m.wallet()))
			u := newUnsigned(b, d)
			for b.Loop() {
				_, err := u.Work(d)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkAssemble(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%d inputs, %d outputs", size.inputs, size.outputs), func(b *testing.B) {
			m := newMaker(1)
			d := m.draft(b, size.inputs, m.outputs(size.outputs, m.wallet()))
			u := newUnsigned(b, d)
			work, err := u.Work(d)
			require.NoError(b, err)
			signatures := m.sign(b, work)
			for b.Loop() {
				_, err := u.Assemble(d, signatures)
				require.NoError(b, err)
			}
		})
	}
}
