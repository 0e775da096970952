package secp256k1

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(foldP))

func (z *field) big() *big.Int {
	n := new(big.Int)
	for i := 3; i >= 0; i-- {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(z[i]))
	}
	return n
}

// drawField draws numbers below 2²⁵⁶, often with words at the edges of their
// range.
func drawField(t *rapid.T, label string) (z field) {
	edges := []uint64{
		0, 1, 1<<64 - 1, 1<<64 - 2, foldP, foldP - 1, foldP + 1,
		1<<64 - foldP, 1<<64 - foldP - 1, 1<<64 - foldP + 1, 1<<64 - 2*foldP,
	}
	for i := range z {
		z[i] = rapid.OneOf(rapid.Uint64(), rapid.SampledFrom(edges)).Draw(t, label)
	}
	return z
}

func TestFieldArithmetic(t *testing.T) {
	root := new(big.Int).Add(fieldPrime, big.NewInt(1))
	root.Rsh(root, 2)
	inverse := new(big.Int).Sub(fieldPrime, big.NewInt(2))
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawField(t, "x"), drawField(t, "y")
		k := rapid.Uint64Range(0, 1<<30-1).Draw(t, "k")
		a, b := x.big(), y.big()
		n := func() *big.Int { return new(big.Int) }
		for name, c := range map[string]struct {
			want *big.Int
			set  func(z, x, y *field)
		}{
			"add":           {n().Add(a, b), func(z, x, y *field) { z.add(x, y) }},
			"subtract":      {n().Sub(a, b), func(z, x, y *field) { z.subtract(x, y) }},
			"negate":        {n().Neg(a), func(z, x, _ *field) { z.negate(x) }},
			"multiply":      {n().Mul(a, b), func(z, x, y *field) { z.multiply(x, y) }},
			"multiplySmall": {n().Mul(a, n().SetUint64(k)), func(z, x, _ *field) { z.multiplySmall(x, k) }},
			"square":        {n().Mul(a, a), func(z, x, _ *field) { z.square(x) }},
			"squareRoot":    {n().Exp(a, root, fieldPrime), func(z, x, _ *field) { z.squareRoot(x) }},
			"invert":        {n().Exp(a, inverse, fieldPrime), func(z, x, _ *field) { z.invert(x) }},
			"normalize":     {a, func(z, x, _ *field) { *z = *x }},
		} {
			var z field
			c.set(&z, &x, &y)
			// The receiver may be either operand.
			first, second := x, y
			c.set(&first, &first, &y)
			c.set(&second, &x, &second)
			want := n().Mod(c.want, fieldPrime)
			for _, z := range []field{z, first, second} {
				require.Equal(t, want.Sign() == 0, z.isZero(), name)
				z.normalize()
				require.Equal(t, want.String(), z.big().String(), name)
				require.Equal(t, want.Bit(0) == 1, z.isOdd())

				var encoded [32]byte
				z.putBytes(&encoded)
				require.Equal(t, want.FillBytes(make([]byte, 32)), encoded[:])
				var decoded field
				require.True(t, decoded.setBytes(&encoded))
				require.Equal(t, z, decoded)
			}
		}
		var encoded [32]byte
		a.FillBytes(encoded[:])
		require.Equal(t, a.Cmp(fieldPrime) < 0, new(field).setBytes(&encoded))
	})
}

func BenchmarkField(b *testing.B) {
	x, y := generator.x, generator.y
	for name, f := range map[string]func(){
		"multiply": func() { x.multiply(&x, &y) },
		"square":   func() { x.square(&x) },
		"add":      func() { x.add(&x, &y) },
		"invert":   func() { x.invert(&x) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}
