package secp256k1

import (
	"testing"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
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

func BenchmarkMultiplyBase(b *testing.B) {
	k := new(Scalar).SetUint64(7).Negate(new(Scalar).SetUint64(7))
	e := new(Element)
	for b.Loop() {
		e.MultiplyBase(k)
	}
}

func BenchmarkMultiply(b *testing.B) {
	k := new(Scalar)
	k.Negate(k.SetUint64(7))
	e, g := new(Element), Group.Generator()
	for b.Loop() {
		e.Multiply(k, g)
	}
}

func BenchmarkVarTimeMultiplyBase(b *testing.B) {
	k := new(dcr.ModNScalar).SetInt(7).Negate()
	var p dcr.JacobianPoint
	for b.Loop() {
		dcr.ScalarBaseMultNonConst(k, &p)
	}
}
