package keys_test

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/keys"
)

var prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// number returns 32 bytes as a little-endian number, encode its inverse.
func number(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func encode(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, keys.Size))
	slices.Reverse(b)
	return b
}

// drawScalar draws any scalar but zero.
func drawScalar(t *rapid.T, label string) *edwards25519.Scalar {
	wide := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, label)
	s, err := new(edwards25519.Scalar).SetUniformBytes(wide)
	require.NoError(t, err)
	if s.Equal(edwards25519.NewScalar()) == 1 {
		return scalar(1)
	}
	return s
}

func scalar(n byte) *edwards25519.Scalar {
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(append([]byte{n}, make([]byte, keys.Size-1)...))
	if err != nil {
		panic(err)
	}
	return s
}

func multiple(s *edwards25519.Scalar) *edwards25519.Point {
	return new(edwards25519.Point).ScalarBaseMult(s)
}

// smallOrder returns the eight points whose order divides the cofactor.
func smallOrder(t testing.TB) []*edwards25519.Point {
	t.Helper()
	minusOne := new(edwards25519.Scalar).Negate(scalar(1))
	// Most points, multiplied by ℓ = (ℓ−1) + 1, have order 8.
	for y := byte(2); ; y++ {
		p, err := new(edwards25519.Point).SetBytes(append([]byte{y}, make([]byte, keys.Size-1)...))
		if err != nil {
			continue
		}
		torsion := new(edwards25519.Point).ScalarMult(minusOne, p)
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

// sameVerdict checks 32 bytes, and those that differ in the sign only, against
// the rule itself: what the library decodes encodes to the same bytes.
func sameVerdict(t require.TestingT, b []byte) {
	for _, sign := range []byte{0, 0x80} {
		b := slices.Clone(b)
		b[keys.Size-1] ^= sign
		want, err := new(edwards25519.Point).SetBytes(b)
		canonical := err == nil && bytes.Equal(want.Bytes(), b)
		p, err := keys.DecodePoint(b)
		require.Equal(t, canonical, err == nil, "%x", b)
		if err == nil {
			require.Equal(t, b, p.Bytes())
		}
	}
}

func TestCanonicalPointsAreThoseThatEncodeBack(t *testing.T) {
	for i := range int64(19) {
		sameVerdict(t, encode(big.NewInt(i)))
		sameVerdict(t, encode(new(big.Int).Add(prime, big.NewInt(i)))) // all that is not reduced
		sameVerdict(t, encode(new(big.Int).Sub(prime, big.NewInt(i+1))))
	}
	for i := range keys.Size {
		for _, change := range []byte{1, 0x10, 0x7f, 0x80, 0xff} {
			b := encode(prime)
			b[i] ^= change
			sameVerdict(t, b)
		}
	}
	for _, torsion := range smallOrder(t) {
		sameVerdict(t, torsion.Bytes())
	}
	for _, b := range [][]byte{nil, make([]byte, keys.Size-1), make([]byte, keys.Size+1)} {
		_, err := keys.DecodePoint(b)
		require.ErrorIs(t, err, keys.ErrPoint)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), keys.Size, keys.Size).Draw(t, "encoding")
		if rapid.Bool().Draw(t, "high") {
			copy(b[1:], bytes.Repeat([]byte{0xff}, keys.Size-1))
		}
		sameVerdict(t, b)
	})
}

func TestOnlyPointsOfPrimeOrderAreOfPrimeOrder(t *testing.T) {
	torsion := smallOrder(t)
	for i, point := range torsion {
		require.Equal(t, i == 0, keys.IsIdentity(point))
		require.Equal(t, i == 0, keys.IsTorsionFree(point))
		_, err := keys.DecodePoint(point.Bytes())
		require.NoError(t, err)
		_, err = keys.DecodePrimeOrder(point.Bytes())
		if want := keys.ErrOrder; i > 0 {
			require.ErrorIs(t, err, want)
		} else {
			require.ErrorIs(t, err, keys.ErrIdentity)
		}
	}
	_, err := keys.DecodePrimeOrder(encode(big.NewInt(2))) // not on the curve
	require.ErrorIs(t, err, keys.ErrPoint)
	rapid.Check(t, func(t *rapid.T) {
		p := multiple(drawScalar(t, "x"))
		i := rapid.IntRange(0, 7).Draw(t, "torsion")
		p.Add(p, torsion[i])
		require.Equal(t, i == 0, keys.IsTorsionFree(p))
		require.False(t, keys.IsIdentity(p))
		_, err := keys.DecodePrimeOrder(p.Bytes())
		require.Equal(t, i == 0, err == nil)
		// An identity needs not have Z = 1.
		require.True(t, keys.IsIdentity(new(edwards25519.Point).Subtract(p, p)))
	})
}

func TestPointsEncodeTogetherAsAlone(t *testing.T) {
	torsion := smallOrder(t)
	rapid.Check(t, func(t *rapid.T) {
		points := make([]edwards25519.Point, rapid.SampledFrom([]int{0, 1, 2, 3, 63, 64, 65, 128, 130}).Draw(t, "count"))
		next := multiple(drawScalar(t, "first"))
		step := new(edwards25519.Point).Add(multiple(drawScalar(t, "step")), torsion[rapid.IntRange(0, 7).Draw(t, "torsion")])
		for i := range points {
			points[i].Set(next)
			next.Add(next, step)
		}
		if len(points) > 1 {
			points[1].Set(edwards25519.NewIdentityPoint())
		}
		encoded := make([][keys.Size]byte, len(points))
		keys.EncodePoints(encoded, points)
		for i := range points {
			require.Equal(t, points[i].Bytes(), encoded[i][:])
		}
	})
	require.Panics(t, func() { keys.EncodePoints(make([][keys.Size]byte, 1), nil) })
}

func TestScalarsAreBelowTheOrder(t *testing.T) {
	minusOne := new(edwards25519.Scalar).Negate(scalar(1)).Bytes()
	order := new(big.Int).Add(number(minusOne), big.NewInt(1))
	for i := range int64(5) {
		_, err := keys.DecodeScalar(encode(new(big.Int).Add(order, big.NewInt(i))))
		require.ErrorIs(t, err, keys.ErrScalar)
		s, err := keys.DecodeScalar(encode(new(big.Int).Sub(order, big.NewInt(i+1))))
		require.NoError(t, err)
		require.Equal(t, number(s.Bytes()), new(big.Int).Sub(order, big.NewInt(i+1)))
	}
	_, err := keys.DecodeScalar(minusOne[:keys.Size-1])
	require.ErrorIs(t, err, keys.ErrScalar)
	require.Equal(t, "792fdce229e50661d0da1c7db39dd30700000000000000000000000000000006", hex.EncodeToString(keys.InverseEight().Bytes()))
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		s, err := keys.HashToScalar(data)
		require.NoError(t, err)
		sum := keys.Keccak256(data)
		require.Equal(t, new(big.Int).Mod(number(sum[:]), order), number(s.Bytes()))
	})
}

func TestHashesToPoints(t *testing.T) {
	for in, want := range map[string]string{
		"da66e9ba613919dec28ef367a125bb310d6d83fb9052e71034164b6dc4f392d0": "52b3f38753b4e13b74624862e253072cf12f745d43fcfafbe8c217701a6e5875",
		"a7fbdeeccb597c2d5fdaf2ea2e10cbfcd26b5740903e7f6d46bcbf9a90384fc6": "f055ba2d0d9828ce2e203d9896bfda494d7830e7e3a27fa27d5eaa825a79a19c",
	} {
		require.Equal(t, want, hex.EncodeToString(keys.HashToPoint([keys.Size]byte(fromHex(t, in))).Bytes()))
	}
}

// decompressed is Hp by another way: the map gives y and a sign, from which the
// point is decoded.
func decompressed(t require.TestingT, in [keys.Size]byte) *edwards25519.Point {
	sum := keys.Keccak256(in[:])
	modulo := func(n *big.Int) *big.Int { return n.Mod(n, prime) }
	times := func(a, b *big.Int) *big.Int { return modulo(new(big.Int).Mul(a, b)) }
	a := big.NewInt(486662)
	u := modulo(number(sum[:]))
	v := times(big.NewInt(2), times(u, u))
	w := new(big.Int).Add(v, big.NewInt(1))
	ratio := modulo(new(big.Int).Sub(times(w, w), times(times(a, a), v)))
	ratio = times(w, new(big.Int).ModInverse(ratio, prime))

	// If A·(A+2)·w/t is a square, x is its root with the sign set, else u times
	// that of twice it without.
	square := times(times(a, big.NewInt(486664)), ratio)
	z, sign := new(big.Int).Neg(times(a, v)), byte(0)
	if big.Jacobi(square, prime) == 1 {
		z, sign = new(big.Int).Neg(a), 0x80
	}
	y := times(new(big.Int).Sub(z, w), new(big.Int).ModInverse(modulo(new(big.Int).Add(z, w)), prime))
	b := encode(y)
	b[keys.Size-1] |= sign
	p, err := keys.DecodePoint(b)
	require.NoError(t, err)
	return p.MultByCofactor(p)
}

func TestHashToPointMatchesItsDescription(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := [keys.Size]byte(rapid.SliceOfN(rapid.Byte(), keys.Size, keys.Size).Draw(t, "in"))
		p := keys.HashToPoint(in)
		require.Equal(t, decompressed(t, in).Bytes(), p.Bytes())
		require.True(t, keys.IsTorsionFree(p))
		// The coordinate that only sums use fits too.
		x, y, z, product := p.ExtendedCoordinates()
		require.Equal(t, 1, new(field.Element).Multiply(x, y).Equal(new(field.Element).Multiply(z, product)))
	})
}
