package frost_test

import (
	"crypto/sha512"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// benchGroups runs a benchmark for both groups.
func benchGroups(b *testing.B, bench func(b *testing.B, group frost.Group)) {
	for _, group := range []frost.Group{secp256k1.Group, ed25519.Group} {
		b.Run(group.Name(), func(b *testing.B) { bench(b, group) })
	}
}

// repeat measures one operation.
func repeat(b *testing.B, operation func()) {
	b.ReportAllocs()
	for b.Loop() {
		operation()
	}
}

// someScalar returns the i-th of a fixed sequence of scalars below 2^bits.
func someScalar(group frost.Group, i, bits int) frost.Scalar {
	hash := sha512.Sum512([]byte{byte(i), byte(i >> 8)})
	if bits == 256 {
		return group.ScalarFromUniform(&hash)
	}
	s, limb := group.NewScalar(), group.NewScalar()
	for _, b := range hash[:bits/8] {
		s.Multiply(s, limb.SetUint64(256))
		s.Add(s, limb.SetUint64(uint64(b)))
	}
	return s
}

// someElements returns fixed elements as decoding yields them.
func someElements(b *testing.B, group frost.Group, n int) []frost.Element {
	b.Helper()
	elements := make([]frost.Element, n)
	for i := range elements {
		var err error
		elements[i], err = group.DecodeElement(group.NewElement().MultiplyBase(someScalar(group, i, 256)).Bytes())
		require.NoError(b, err)
	}
	return elements
}

// BenchmarkMultiply is the multiplications of one element.
func BenchmarkMultiply(b *testing.B) {
	benchGroups(b, func(b *testing.B, group frost.Group) {
		k, short, e, p := someScalar(group, 0, 256), someScalar(group, 0, 128), group.NewElement(), someElements(b, group, 2)[1]
		for _, c := range []struct {
			name      string
			operation func()
		}{
			{"base", func() { e.MultiplyBase(k) }},
			{"variable", func() { e.Multiply(k, p) }},
			{"base, variable time", func() { e.VarTimeMultiplyBase(k) }},
			{"variable, variable time", func() { e.VarTimeMultiply(k, p) }},
			{"variable, variable time, 128 bits", func() { e.VarTimeMultiply(short, p) }},
		} {
			b.Run(c.name, func(b *testing.B) { repeat(b, c.operation) })
		}
	})
}

// BenchmarkMultiScalarMult counts the terms beside that of the generator.
func BenchmarkMultiScalarMult(b *testing.B) {
	benchGroups(b, func(b *testing.B, group frost.Group) {
		base := someScalar(group, 0, 256)
		for _, bits := range []int{128, 256} {
			for _, n := range []int{1, 2, 3, 10, 30, 100, 300, 600} {
				b.Run(fmt.Sprintf("%d bits/%d terms", bits, n), func(b *testing.B) {
					scalars, elements := make([]frost.Scalar, n), someElements(b, group, n)
					for i := range scalars {
						scalars[i] = someScalar(group, n+i, bits)
					}
					repeat(b, func() { group.VarTimeMultiScalarMult(base, scalars, elements) })
				})
			}
		}
		// What judges one share: one of the weights is 1.
		b.Run("share", func(b *testing.B) {
			scalars := []frost.Scalar{group.NewScalar().SetUint64(1), someScalar(group, 1, 256), someScalar(group, 2, 256)}
			elements := someElements(b, group, 3)
			repeat(b, func() { group.VarTimeMultiScalarMult(base, scalars, elements) })
		})
	})
}

// BenchmarkEncoding is the forms of elements, read and written.
func BenchmarkEncoding(b *testing.B) {
	benchGroups(b, func(b *testing.B, group frost.Group) {
		decoded := someElements(b, group, 100)
		sums := make([]frost.Element, len(decoded))
		for i := range sums {
			sums[i] = group.NewElement().Add(decoded[i], decoded[(i+1)%len(decoded)])
		}
		encoded, wide := decoded[0].Bytes(), group.AppendWide(nil, decoded[0])
		for _, c := range []struct {
			name      string
			operation func()
		}{
			{"DecodeElement", func() { _, _ = group.DecodeElement(encoded) }},
			{"DecodeCleared", func() { _, _ = group.DecodeCleared(encoded) }},
			{"DecodeWide", func() { _, _ = group.DecodeWide(wide) }},
			{"Bytes of a decoded element", func() { decoded[0].Bytes() }},
			{"Bytes of a sum", func() { sums[0].Bytes() }},
			{"AppendWide of 100 sums", func() { group.AppendWide(nil, sums...) }},
		} {
			b.Run(c.name, func(b *testing.B) { repeat(b, c.operation) })
		}
	})
}

// BenchmarkSum is the sum of 200 decoded elements.
func BenchmarkSum(b *testing.B) {
	benchGroups(b, func(b *testing.B, group frost.Group) {
		elements := someElements(b, group, 200)
		repeat(b, func() {
			sum := group.NewElement()
			for _, e := range elements {
				sum.Add(sum, e)
			}
		})
	})
}
