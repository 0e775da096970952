package secp256k1

import (
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
