package secp256k1

import (
	"testing"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The tests of this file compare with dcrd, whose arithmetic shares nothing with
// that of this package.

// drawScalar draws scalars, often ones near the edges of their range.
func drawScalar(t *rapid.T, label string) *Scalar {
	s := new(Scalar)
	switch rapid.IntRange(0, 3).Draw(t, label+" kind") {
	case 0:
		s.SetUint64(rapid.Uint64Range(0, 20).Draw(t, label))
	case 1:
		s.Negate(s.SetUint64(rapid.Uint64Range(0, 20).Draw(t, label)))
	case 2: // digits of 0 and 15 only
		for i := range 64 {
			if s.Multiply(s, new(Scalar).SetUint64(16)); rapid.Bool().Draw(t, label) && i > 0 {
				s.Add(s, new(Scalar).SetUint64(15))
			}
		}
	default:
		s.s.SetByteSlice(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
	}
	return s
}

// reference is a point of dcrd.
type reference struct{ p dcr.JacobianPoint }

func referenceBase(k *Scalar) (r reference) {
	dcr.ScalarBaseMultNonConst(&k.s, &r.p)
	return r
}

func (r reference) multiply(k *Scalar) (s reference) {
	dcr.ScalarMultNonConst(&k.s, &r.p, &s.p)
	return s
}

func (r reference) add(o reference) (s reference) {
	dcr.AddNonConst(&r.p, &o.p, &s.p)
	return s
}

func (r reference) bytes() []byte {
	if r.p.Z.IsZero() || r.p.X.IsZero() && r.p.Y.IsZero() {
		return make([]byte, elementSize)
	}
	p := r.p
	p.ToAffine()
	return dcr.NewPublicKey(&p.X, &p.Y).SerializeCompressed()
}

// rescaled returns the same point with another z.
func rescaled(p *jacobian, z *field) jacobian {
	var zz field
	r := *p
	zz.square(z)
	r.x.multiply(&r.x, &zz)
	zz.multiply(&zz, z)
	r.y.multiply(&r.y, &zz)
	r.z.multiply(&r.z, z)
	return r
}

func TestPointsMatchDcrd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, l, m := drawScalar(t, "k"), drawScalar(t, "l"), drawScalar(t, "m")
		kG, lG := referenceBase(k), referenceBase(l)
		p, q := multiplyBase(&k.s), varTimeMultiplyBase(&l.s)
		check := func(want reference, got jacobian) {
			require.Equal(t, want.bytes(), (&Element{p: got}).Bytes())
		}
		check(kG, p)
		check(lG, q)
		check(kG, varTimeMultiplyBase(&k.s))
		check(kG.multiply(m), multiply(&m.s, &p))
		check(kG.multiply(m), multiScalarMult([]*dcr.ModNScalar{&m.s}, []*jacobian{&p}))

		z := drawField(t, "z")
		if z.isZero() {
			z = fieldOne
		}
		q = rescaled(&q, &z)
		check(lG, q)
		for _, other := range []jacobian{q, rescaled(&p, &z)} {
			want := kG.add(lG)
			if other != q {
				want = kG.add(kG)
			}
			var sum jacobian
			sum.add(&p, &other)
			check(want, sum)
			sum = p
			sum.add(&sum, &other)
			check(want, sum)
			sum = other
			sum.add(&p, &sum)
			check(want, sum)
			a, b := p.point(), other.point()
			var complete point
			complete.add(&a, &b)
			check(want, complete.jacobian())
			if !other.isIdentity() {
				affine := other.affine()
				sum.add(&p, &affine)
				check(want, sum)
				complete.addAffine(&a, &affine.x, &affine.y)
				check(want, complete.jacobian())
			}
		}
		var double jacobian
		double.double(&p)
		check(kG.add(kG), double)
		a := p.point()
		a.double(&a)
		check(kG.add(kG), a.jacobian())

		minus := p
		minus.y.negate(&minus.y)
		var sum jacobian
		sum.add(&p, &minus)
		require.True(t, sum.isIdentity())
		minus = rescaled(&minus, &z)
		sum.add(&p, &minus)
		require.True(t, sum.isIdentity())

		same := rescaled(&p, &z)
		require.True(t, p.equal(&same))
		require.Equal(t, k.Equal(l), p.equal(&q))
		require.Equal(t, k.IsZero(), p.equal(&minus))
	})
}

// Decoding agrees with dcrd on every x.
func checkDecode(t require.TestingT, encoded []byte) {
	want, err := dcr.ParsePubKey(encoded)
	got, ours := Group.DecodeElement(encoded)
	if len(encoded) != elementSize {
		require.Error(t, ours) // dcrd takes other formats too
		return
	}
	require.Equal(t, err == nil, ours == nil)
	if err == nil {
		require.Equal(t, encoded, got.Bytes())
		require.Equal(t, want, got.(*Element).PublicKey())
		require.True(t, got.Equal(NewElement(want)))
	}
}

func TestDecodeMatchesDcrd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawField(t, "x")
		var encoded [32]byte
		x.putBytes(&encoded)
		checkDecode(t, append([]byte{rapid.ByteRange(0, 4).Draw(t, "prefix")}, encoded[:]...))
	})
	require.Nil(t, new(Element).PublicKey())
}

func FuzzDecodeMatchesDcrd(f *testing.F) {
	f.Add(Group.Generator().Bytes())
	f.Fuzz(func(t *testing.T, encoded []byte) { checkDecode(t, encoded) })
}

func BenchmarkMultiplication(b *testing.B) {
	hash := taggedHash("scalar")
	k := reduce(&hash)
	e, p := new(Element), Group.Generator()
	var q, r dcr.JacobianPoint
	dcr.ScalarBaseMultNonConst(&k.s, &q)
	for _, bench := range []struct {
		name string
		run  func()
	}{
		{"base, constant time", func() { e.MultiplyBase(k) }},
		{"constant time", func() { e.Multiply(k, p) }},
		{"base", func() { e.VarTimeMultiplyBase(k) }},
		{"any", func() { e.VarTimeMultiply(k, p) }},
		{"dcrd base", func() { dcr.ScalarBaseMultNonConst(&k.s, &r) }},
		{"dcrd any", func() { dcr.ScalarMultNonConst(&k.s, &q, &r) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				bench.run()
			}
		})
	}
}

func BenchmarkDecodeElement(b *testing.B) {
	encoded := Group.Generator().Bytes()
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			_, err := Group.DecodeElement(encoded)
			require.NoError(b, err)
		}
	})
	b.Run("dcrd", func(b *testing.B) {
		for b.Loop() {
			_, err := dcr.ParsePubKey(encoded)
			require.NoError(b, err)
		}
	})
}
