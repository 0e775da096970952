package keys_test

import (
	"fmt"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
)

// repeat measures one operation.
func repeat(b *testing.B, operation func()) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		operation()
	}
}

func BenchmarkKeccak256(b *testing.B) {
	for _, size := range []int{40, 1000, 100_000} {
		data := make([]byte, size)
		b.Run(fmt.Sprintf("%d-bytes", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			repeat(b, func() { keys.Keccak256(data) })
		})
	}
}

func BenchmarkHashToPoint(b *testing.B) {
	var in [keys.Size]byte
	repeat(b, func() { in[0] = keys.HashToPoint(in).Bytes()[1] })
}

func BenchmarkDecodePoint(b *testing.B) {
	data := multiple(scalar(3)).Bytes()
	b.Run("any-order", func(b *testing.B) { repeat(b, func() { _, _ = keys.DecodePoint(data) }) })
	b.Run("prime-order", func(b *testing.B) { repeat(b, func() { _, _ = keys.DecodePrimeOrder(data) }) })
}

// BenchmarkDerive is the work for each transaction key, one by one and for 100
// at once; library is the same by the plain operations.
func BenchmarkDerive(b *testing.B) {
	a := scalar(7)
	view, err := keys.NewViewKey(a.Bytes())
	require.NoError(b, err)
	r := make([]edwards25519.Point, 100)
	for i := range r {
		r[i].Set(multiple(scalar(byte(i + 1))))
	}
	b.Run("one", func(b *testing.B) { repeat(b, func() { view.Derive(&r[0]) }) })
	b.Run("library", func(b *testing.B) {
		repeat(b, func() {
			var p edwards25519.Point
			p.ScalarMult(a, &r[0])
			p.MultByCofactor(&p)
			_ = p.Bytes()
		})
	})
	b.Run("100", func(b *testing.B) {
		d := make([]keys.Derivation, len(r))
		b.ReportAllocs()
		for b.Loop() {
			view.DeriveAll(d, r)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(r)), "ns/key")
	})
}

func BenchmarkOutput(b *testing.B) {
	view, err := keys.NewViewKey(scalar(7).Bytes())
	require.NoError(b, err)
	d := view.Derive(multiple(scalar(3)))
	s, err := d.SharedKey(0)
	require.NoError(b, err)
	mask, err := s.CommitmentMask()
	require.NoError(b, err)
	spend := multiple(scalar(9))
	commitment := [keys.Size]byte(keys.Commit(mask, 12345).Bytes())
	b.Run("view-tag", func(b *testing.B) { repeat(b, func() { d.ViewTag(1) }) })
	b.Run("shared-key", func(b *testing.B) { repeat(b, func() { _, _ = d.SharedKey(1) }) })
	b.Run("spend-key", func(b *testing.B) { repeat(b, func() { s.SpendKey(spend) }) })
	b.Run("commit", func(b *testing.B) { repeat(b, func() { keys.Commit(mask, 12345) }) })
	b.Run("open", func(b *testing.B) { repeat(b, func() { s.Open(s.EncryptAmount(12345), commitment) }) })
	b.Run("key-image", func(b *testing.B) { repeat(b, func() { keys.KeyImage(mask, commitment) }) })
}
