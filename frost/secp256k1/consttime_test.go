package secp256k1

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawScalar draws scalars, often ones near the edges of their range.
func drawScalar(t *rapid.T, label string) *Scalar {
	s := new(Scalar)
	if rapid.Bool().Draw(t, label+" edge") {
		s.SetUint64(rapid.Uint64Range(0, 20).Draw(t, label+" small"))
		if rapid.Bool().Draw(t, label+" negative") {
			s.Negate(s)
		}
		return s
	}
	s.s.SetByteSlice(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
	return s
}

func TestConstantTimeMultiplyMatchesVariableTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, l := drawScalar(t, "k"), drawScalar(t, "l")
		var want, got Element
		want.VarTimeMultiplyBase(k)
		got.MultiplyBase(k)
		require.Equal(t, want.Bytes(), got.Bytes())

		var p Element
		p.VarTimeMultiplyBase(l)
		want.VarTimeMultiply(k, &p)
		got.Multiply(k, &p)
		require.Equal(t, want.Bytes(), got.Bytes())
	})
}

func TestCompleteAddition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p, q, want, got Element
		p.VarTimeMultiplyBase(drawScalar(t, "p"))
		q.VarTimeMultiplyBase(drawScalar(t, "q"))

		var a, b, sum point
		a.fromJacobian(&p.p)
		b.fromJacobian(&q.p)
		sum.add(&a, &b)
		sum.jacobian(&got.p)
		want.Add(&p, &q)
		require.Equal(t, want.Bytes(), got.Bytes())

		sum.double(&a)
		sum.jacobian(&got.p)
		want.Add(&p, &p)
		require.Equal(t, want.Bytes(), got.Bytes())

		if !q.IsIdentity() {
			affine := q.affine()
			sum.addAffine(&a, &affine.X, &affine.Y)
			sum.jacobian(&got.p)
			want.Add(&p, &q)
			require.Equal(t, want.Bytes(), got.Bytes())
		}
	})
}
