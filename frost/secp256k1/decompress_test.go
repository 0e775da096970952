package secp256k1

import (
	"encoding/binary"
	"math/big"
	"testing"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
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
	for i := range z {
		z[i] = rapid.OneOf(
			rapid.Uint64(),
			rapid.SampledFrom([]uint64{0, 1, 1<<64 - 1, 1<<64 - 2, 1<<64 - foldP, 1<<64 - foldP - 1}),
		).Draw(t, label)
	}
	return z
}

func TestFieldArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawField(t, "x"), drawField(t, "y")
		check := func(want *big.Int, z field) {
			require.Equal(t, 0, new(big.Int).Mod(want, fieldPrime).Cmp(new(big.Int).Mod(z.big(), fieldPrime)))
			z.normalize()
			require.Equal(t, new(big.Int).Mod(want, fieldPrime).String(), z.big().String())
		}
		var z field
		z.multiply(&x, &y)
		check(new(big.Int).Mul(x.big(), y.big()), z)
		z.square(&x)
		check(new(big.Int).Mul(x.big(), x.big()), z)
		z = x
		z.addSeven()
		check(new(big.Int).Add(x.big(), big.NewInt(7)), z)
		exponent := new(big.Int).Add(fieldPrime, big.NewInt(1))
		z.squareRoot(&x)
		check(new(big.Int).Exp(x.big(), exponent.Rsh(exponent, 2), fieldPrime), z)
	})
}

// decompress agrees with dcrd's DecompressY on every x.
func checkDecompress(t require.TestingT, encoded *[32]byte, odd bool) {
	var want, got dcr.JacobianPoint
	overflow := want.X.SetByteSlice(encoded[:])
	ok := !overflow && dcr.DecompressY(&want.X, odd, &want.Y)
	require.Equal(t, ok, decompress(&got, encoded, odd))
	if ok {
		want.Z.SetInt(1)
		require.Equal(t, want, got)
	}
}

func TestDecompressMatchesDcrd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawField(t, "x")
		var encoded [32]byte
		for i, word := range x {
			binary.BigEndian.PutUint64(encoded[24-8*i:], word)
		}
		checkDecompress(t, &encoded, rapid.Bool().Draw(t, "odd"))
	})
}

func FuzzDecompress(f *testing.F) {
	f.Add(make([]byte, 32), true)
	f.Add(Group.Generator().Bytes()[1:], false)
	f.Fuzz(func(t *testing.T, x []byte, odd bool) {
		if len(x) == 32 {
			checkDecompress(t, (*[32]byte)(x), odd)
		}
	})
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
