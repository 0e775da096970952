package secp256k1

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
)

func TestMultiScalarMultMatchesSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		var scalars []frost.Scalar
		var elements []frost.Element
		want := Group.NewElement()
		for range n {
			k := drawScalar(t, "k")
			e := Group.NewElement().VarTimeMultiplyBase(drawScalar(t, "e"))
			scalars, elements = append(scalars, k), append(elements, e)
			want.Add(want, Group.NewElement().VarTimeMultiply(k, e))
		}
		require.Equal(t, want.Bytes(), Group.VarTimeMultiScalarMult(nil, scalars, elements).Bytes())
	})
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := drawScalar(t, "k")
		low, high := split(&k.s)
		sum := high
		sum.Mul(lambda).Add(&low)
		require.True(t, sum.Equals(&k.s))
		for _, half := range []Scalar{{s: low}, {s: high}} {
			if half.s.IsOverHalfOrder() {
				half.s.Negate()
			}
			w := words(&half.s)
			require.Zero(t, w[3])
			require.LessOrEqual(t, w[2], uint64(1))
		}
	})
}

func BenchmarkMultiScalarMult(b *testing.B) {
	for _, n := range []int{1, 2, 3, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var scalars []frost.Scalar
			var elements []frost.Element
			for i := range n {
				hash := taggedHash("scalar", []byte{byte(i)})
				k := reduce(&hash)
				e := Group.NewElement().VarTimeMultiplyBase(k)
				e.(*Element).p.ToAffine()
				scalars, elements = append(scalars, k), append(elements, e)
			}
			for b.Loop() {
				Group.VarTimeMultiScalarMult(nil, scalars, elements)
			}
		})
	}
}

func BenchmarkVarTimeMultiply(b *testing.B) {
	hash := taggedHash("scalar")
	k := reduce(&hash)
	e, g := new(Element), Group.Generator()
	for b.Loop() {
		e.VarTimeMultiply(k, g)
	}
}
