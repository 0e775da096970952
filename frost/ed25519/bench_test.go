package ed25519_test

import (
	"crypto/sha512"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// someScalar returns the i-th of a fixed sequence of scalars below 2^bits.
func someScalar(i, bits int) frost.Scalar {
	hash := sha512.Sum512([]byte{byte(i), byte(i >> 8)})
	s := ed25519.Group.ScalarFromUniform(&hash)
	if bits < 256 {
		b := s.Bytes()
		clear(b[bits/8:])
		s, _ = ed25519.Group.DecodeScalar(b)
	}
	return s
}

// someElements returns fixed elements as decoding yields them.
func someElements(b *testing.B, n int) []frost.Element {
	b.Helper()
	elements := make([]frost.Element, n)
	for i := range elements {
		var err error
		elements[i], err = ed25519.Group.DecodeElement(ed25519.Group.NewElement().MultiplyBase(someScalar(i, 256)).Bytes())
		require.NoError(b, err)
	}
	return elements
}

func BenchmarkMultiplyBase(b *testing.B) {
	k, e := someScalar(0, 256), ed25519.Group.NewElement()
	for b.Loop() {
		e.MultiplyBase(k)
	}
}

func BenchmarkMultiply(b *testing.B) {
	k, e, p := someScalar(0, 256), ed25519.Group.NewElement(), someElements(b, 2)[1]
	for b.Loop() {
		e.Multiply(k, p)
	}
}

func BenchmarkVarTimeMultiplyBase(b *testing.B) {
	k, e := someScalar(0, 256), ed25519.Group.NewElement()
	for b.Loop() {
		e.VarTimeMultiplyBase(k)
	}
}

func BenchmarkVarTimeMultiply(b *testing.B) {
	for _, bits := range []int{128, 256} {
		b.Run(fmt.Sprintf("%d bits", bits), func(b *testing.B) {
			k, e, p := someScalar(0, bits), ed25519.Group.NewElement(), someElements(b, 2)[1]
			for b.Loop() {
				e.VarTimeMultiply(k, p)
			}
		})
	}
}

// BenchmarkMultiScalarMult counts the terms beside that of the base point.
func BenchmarkMultiScalarMult(b *testing.B) {
	for _, bits := range []int{128, 256} {
		for _, n := range []int{1, 2, 3, 10, 30, 100, 300, 600} {
			b.Run(fmt.Sprintf("%d bits/%d terms", bits, n), func(b *testing.B) {
				scalars, elements := make([]frost.Scalar, n), someElements(b, n)
				for i := range scalars {
					scalars[i] = someScalar(n+i, bits)
				}
				base := someScalar(0, 256)
				b.ReportAllocs()
				for b.Loop() {
					ed25519.Group.VarTimeMultiScalarMult(base, scalars, elements)
				}
			})
		}
	}
}

// BenchmarkShareEquation is the equation that judges one share: one weight is 1.
func BenchmarkShareEquation(b *testing.B) {
	scalars, elements := []frost.Scalar{ed25519.Group.NewScalar().SetUint64(1), someScalar(1, 256), someScalar(2, 256)}, someElements(b, 3)
	base := someScalar(0, 256)
	b.ReportAllocs()
	for b.Loop() {
		ed25519.Group.VarTimeMultiScalarMult(base, scalars, elements)
	}
}

func BenchmarkDecode(b *testing.B) {
	e := someElements(b, 1)[0]
	for _, c := range []struct {
		name    string
		decode  func([]byte) (frost.Element, error)
		encoded []byte
	}{
		{"element", ed25519.Group.DecodeElement, e.Bytes()},
		{"cleared", ed25519.Group.DecodeCleared, e.Bytes()},
		{"wide", ed25519.Group.DecodeWide, ed25519.Group.AppendWide(nil, e)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.decode(c.encoded); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIsIdentity(b *testing.B) {
	e := someElements(b, 1)[0]
	for b.Loop() {
		e.IsIdentity()
	}
}

func BenchmarkEncode(b *testing.B) {
	decoded := someElements(b, 100)
	sums := make([]frost.Element, len(decoded))
	for i := range sums {
		sums[i] = ed25519.Group.NewElement().Add(decoded[i], decoded[(i+1)%len(decoded)])
	}
	b.Run("decoded", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			decoded[0].Bytes()
		}
	})
	b.Run("sum", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sums[0].Bytes()
		}
	})
	b.Run("100 sums wide", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ed25519.Group.AppendWide(nil, sums...)
		}
	})
}

func BenchmarkSum(b *testing.B) {
	elements := someElements(b, 200)
	for _, c := range []struct {
		name string
		add  func(sum, e frost.Element)
	}{
		{"sum first", func(sum, e frost.Element) { sum.Add(sum, e) }},
		{"sum second", func(sum, e frost.Element) { sum.Add(e, sum) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sum := ed25519.Group.NewElement()
				for _, e := range elements {
					c.add(sum, e)
				}
			}
		})
	}
}
