package ed25519

import (
	"bytes"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
)

// canonical is the rule that decodePoint spares the inversion of: what the
// library decodes encodes to the same bytes.
func canonical(b []byte) bool {
	p, err := new(edwards25519.Point).SetBytes(b)
	return err == nil && bytes.Equal(p.Bytes(), b)
}

// sameVerdict checks 32 bytes and those that differ in the sign only.
func sameVerdict(t require.TestingT, b []byte) {
	for _, sign := range []byte{0, 0x80} {
		b := slices.Clone(b)
		b[size-1] ^= sign
		e, err := decodePoint(b)
		require.Equal(t, canonical(b), err == nil, "%x", b)
		if err == nil {
			require.Equal(t, b, e.Bytes())
		}
	}
}

func TestCanonicalEncodingsAreThoseThatEncodeBack(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	encode := func(n *big.Int) []byte {
		b := n.FillBytes(make([]byte, size))
		slices.Reverse(b)
		return b
	}
	for i := range int64(19) {
		sameVerdict(t, encode(big.NewInt(i)))
		sameVerdict(t, encode(new(big.Int).Add(p, big.NewInt(i)))) // all that is not reduced
		sameVerdict(t, encode(new(big.Int).Sub(p, big.NewInt(i+1))))
	}
	// One byte away from p, and the last one with its sign.
	for i := range size {
		for _, change := range []byte{1, 0x10, 0x7f, 0x80, 0xff} {
			b := encode(p)
			b[i] ^= change
			sameVerdict(t, b)
		}
	}
	for _, torsion := range smallOrder(t) {
		sameVerdict(t, torsion.Bytes())
	}
	for _, b := range [][]byte{nil, make([]byte, size-1), make([]byte, size+1)} {
		_, err := decodePoint(b)
		require.Error(t, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "encoding")
		if rapid.Bool().Draw(t, "high") {
			copy(b[1:], bytes.Repeat([]byte{0xff}, size-1))
		}
		sameVerdict(t, b)
	})
}

// smallOrder returns the eight points whose order divides the cofactor.
func smallOrder(t *testing.T) []*edwards25519.Point {
	t.Helper()
	// Most points, multiplied by ℓ = (ℓ−1) + 1, have order 8.
	for y := byte(2); ; y++ {
		p, err := new(edwards25519.Point).SetBytes(append([]byte{y}, make([]byte, size-1)...))
		if err != nil {
			continue
		}
		torsion := new(edwards25519.Point).ScalarMult(&minusOne.s, p)
		torsion.Add(torsion, p)
		points := []*edwards25519.Point{edwards25519.NewIdentityPoint()}
		for len(points) < 8 {
			points = append(points, new(edwards25519.Point).Add(points[len(points)-1], torsion))
		}
		if points[4].Equal(points[0]) == 0 {
			return points
		}
	}
}

// Whatever of small order is added to a published element, all receivers see
// the same element, of prime order.
func TestClearingRemovesTorsion(t *testing.T) {
	torsion := smallOrder(t)
	rapid.Check(t, func(t *rapid.T) {
		wide := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "x")
		x := Group.ScalarFromUniform((*[64]byte)(wide))
		if x.IsZero() {
			return
		}
		want := Group.NewElement().MultiplyBase(x)
		part := Group.NewElement().Multiply(inverseEight, want).(*Element)
		for i, point := range torsion {
			e := &Element{}
			e.p.Add(&part.p, point)
			cleared, err := Group.DecodeCleared(e.Bytes())
			require.NoError(t, err)
			require.True(t, cleared.Equal(want))
			cleared, err = Group.DecodeWide(Group.AppendWide(nil, e))
			require.NoError(t, err)
			require.True(t, cleared.Equal(want))
			_, err = Group.DecodeElement(e.Bytes())
			require.Equal(t, i == 0, err == nil)
		}
	})
}

func TestPointsOfSmallOrderAreRefused(t *testing.T) {
	for i, point := range smallOrder(t) {
		e := &Element{p: *point}
		require.Equal(t, i == 0, e.IsIdentity())
		_, err := Group.DecodeElement(e.Bytes())
		require.Error(t, err)
		_, err = Group.DecodeCleared(e.Bytes())
		require.ErrorIs(t, err, errIdentity)
		_, err = Group.DecodeWide(Group.AppendWide(nil, e))
		require.ErrorIs(t, err, errIdentity)
	}
	// The identity needs not have Z = 1.
	e := Group.Generator()
	e.Subtract(e, Group.Generator())
	require.True(t, e.IsIdentity())
}

// Sums take different ways by the number of terms, by scalars that are 1 and
// with the base point.
func TestMultiScalarMultMatchesSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) frost.Scalar {
			k := Group.NewScalar().SetUint64(rapid.OneOf(rapid.Uint64Range(0, 2), rapid.Uint64()).Draw(t, label))
			if rapid.Bool().Draw(t, label+" negative") {
				k.Negate(k)
			}
			return k
		}
		var scalars []frost.Scalar
		var elements []frost.Element
		want := Group.NewElement()
		for range rapid.SampledFrom([]int{0, 1, 2, 3, 4, 12}).Draw(t, "terms") {
			k, e := draw("k"), Group.NewElement().MultiplyBase(draw("e"))
			scalars, elements = append(scalars, k), append(elements, e)
			want.Add(want, Group.NewElement().Multiply(k, e))
		}
		require.True(t, want.Equal(Group.VarTimeMultiScalarMult(nil, scalars, elements)))
		base := draw("base")
		want.Add(want, Group.NewElement().MultiplyBase(base))
		require.True(t, want.Equal(Group.VarTimeMultiScalarMult(base, scalars, elements)))
	})
}
