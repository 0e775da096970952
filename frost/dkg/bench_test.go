package dkg

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost/secp256k1"
)

// BenchmarkKeyGeneration measures what one of n validators of weight 1 does
// for both keys, with the network key on secp256k1.
func BenchmarkKeyGeneration(b *testing.B) {
	for _, size := range []struct{ t, n int }{{3, 4}, {67, 100}, {101, 150}} {
		weights := make([]uint16, size.n)
		for i := range weights {
			weights[i] = 1
		}
		s, ids := setup(b, secp256k1.Group, uint16(size.t), weights...)
		raw := make([][]byte, size.n)
		deals := make([]*Deal, size.n)
		for i, id := range ids {
			var err error
			raw[i], err = s.Deal(id)
			require.NoError(b, err)
			deals[i], err = s.ReadDeal(uint16(i), raw[i])
			require.NoError(b, err)
		}
		result, err := s.Combine(deals)
		require.NoError(b, err)

		name := func(part string) string { return fmt.Sprintf("%s-%d-%d", part, size.t, size.n) }
		b.Run(name("Deal"), func(b *testing.B) {
			b.ReportMetric(float64(len(raw[0])), "bytes")
			for b.Loop() {
				_, err := s.Deal(ids[0])
				require.NoError(b, err)
			}
		})
		b.Run(name("ReadAll"), func(b *testing.B) {
			for b.Loop() {
				for i := range raw {
					_, err := s.ReadDeal(uint16(i), raw[i])
					require.NoError(b, err)
				}
			}
		})
		b.Run(name("Combine"), func(b *testing.B) {
			for b.Loop() {
				_, err := s.Combine(deals)
				require.NoError(b, err)
			}
		})
		b.Run(name("Shares"), func(b *testing.B) {
			for b.Loop() {
				_, _, err := s.Shares(ids[0], deals, result)
				require.NoError(b, err)
			}
		})
	}
}
