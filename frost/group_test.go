package frost_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// orders are the group orders, from SEC 2 and RFC 8032.
var orders = map[string]*big.Int{
	"secp256k1": fromDecimal("115792089237316195423570985008687907852837564279074904382605163141518161494337"),
	"ed25519":   fromDecimal("7237005577332262213973186563042994240857116359379907606001950938285454250989"),
}

func fromDecimal(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic(text)
	}
	return n
}

// encode writes a number as the group writes scalars.
func encode(group frost.Group, n *big.Int, size int) []byte {
	b := n.FillBytes(make([]byte, size))
	if group == ed25519.Group {
		slices.Reverse(b)
	}
	return b
}

func value(group frost.Group, s frost.Scalar) *big.Int {
	b := s.Bytes()
	if group == ed25519.Group {
		slices.Reverse(b)
	}
	return new(big.Int).SetBytes(b)
}

func forGroups(t *testing.T, test func(t *testing.T, group frost.Group)) {
	for name, group := range groups {
		t.Run(name, func(t *testing.T) { test(t, group) })
	}
}

// drawScalar draws scalars, often ones near the edges of their range.
func drawScalar(t *rapid.T, group frost.Group, label string) frost.Scalar {
	s := group.NewScalar()
	switch rapid.IntRange(0, 2).Draw(t, label+" kind") {
	case 0:
		return s.SetUint64(rapid.Uint64Range(0, 3).Draw(t, label))
	case 1:
		return s.Negate(s.SetUint64(rapid.Uint64Range(0, 3).Draw(t, label)))
	}
	return group.ScalarFromUniform((*[64]byte)(rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, label)))
}

func TestScalarArithmetic(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		q := orders[group.Name()]
		rapid.Check(t, func(t *rapid.T) {
			a, b := drawScalar(t, group, "a"), drawScalar(t, group, "b")
			x, y := value(group, a), value(group, b)
			s := group.NewScalar()
			check := func(want *big.Int, got frost.Scalar) {
				require.Equal(t, new(big.Int).Mod(want, q).String(), value(group, got).String())
			}
			check(new(big.Int).Add(x, y), s.Add(a, b))
			check(new(big.Int).Sub(x, y), s.Subtract(a, b))
			check(new(big.Int).Mul(x, y), s.Multiply(a, b))
			check(new(big.Int).Neg(x), s.Negate(a))
			inverse := new(big.Int)
			if x.Sign() != 0 {
				inverse.ModInverse(x, q)
			}
			check(inverse, s.VarTimeInvert(a))
			require.Equal(t, x.Cmp(y) == 0, a.Equal(b))
			require.Equal(t, x.Sign() == 0, a.IsZero())

			// The receiver may be an operand.
			check(new(big.Int).Sub(y, x), s.Subtract(b, s.Set(a)))
			check(new(big.Int).Mul(x, x), s.Multiply(s.Set(a), s))

			decoded, err := group.DecodeScalar(a.Bytes())
			require.NoError(t, err)
			require.True(t, decoded.Equal(a))
		})
	})
}

func TestScalarEncodings(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		q, one := orders[group.Name()], big.NewInt(1)
		size := group.ScalarSize()
		last := encode(group, new(big.Int).Sub(q, one), size)
		s, err := group.DecodeScalar(last)
		require.NoError(t, err)
		require.True(t, s.Add(s, group.NewScalar().SetUint64(1)).IsZero())
		for name, b := range map[string][]byte{
			"order":     encode(group, q, size),
			"above":     encode(group, new(big.Int).Add(q, one), size),
			"highest":   bytes.Repeat([]byte{0xff}, size),
			"empty":     nil,
			"short":     last[:size-1],
			"long":      append(slices.Clone(last), 0),
			"long zero": make([]byte, size+1),
		} {
			_, err := group.DecodeScalar(b)
			require.Error(t, err, name)
		}
		rapid.Check(t, func(t *rapid.T) {
			wide := (*[64]byte)(rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "wide"))
			n := wide[:]
			if group == ed25519.Group {
				n = slices.Clone(n)
				slices.Reverse(n)
			}
			want := new(big.Int).Mod(new(big.Int).SetBytes(n), q)
			require.Equal(t, want.String(), value(group, group.ScalarFromUniform(wide)).String())
		})
	})
}

func TestElementArithmetic(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		rapid.Check(t, func(t *rapid.T) {
			a, b := drawScalar(t, group, "a"), drawScalar(t, group, "b")
			// X = a·G, Y = b·G; everything follows in the exponent.
			x, y := group.NewElement().MultiplyBase(a), group.NewElement().MultiplyBase(b)
			s, e := group.NewScalar(), group.NewElement()
			check := func(want frost.Scalar, got frost.Element) {
				expected := group.NewElement().VarTimeMultiplyBase(want)
				require.True(t, expected.Equal(got))
				require.Equal(t, expected.Bytes(), got.Bytes())
				require.Equal(t, want.IsZero(), got.IsIdentity())
			}
			check(s.Add(a, b), e.Add(x, y))
			check(s.Subtract(a, b), e.Subtract(x, y))
			check(s.Negate(a), e.Negate(x))
			check(s.Multiply(a, b), e.Multiply(a, y))
			check(s.Multiply(a, b), e.VarTimeMultiply(a, y))
			check(s.Add(a, a), e.Add(e.Set(x), e))
			check(s.Subtract(a, a), e.Subtract(e.Set(x), e))
			check(s.Multiply(a, b), e.Multiply(a, e.Set(y)))
			check(s.Multiply(a, b), e.VarTimeMultiply(a, e.Set(y)))
			check(s.Add(s.Multiply(a, b), b), group.VarTimeMultiScalarMult(nil,
				[]frost.Scalar{a, group.NewScalar().SetUint64(1)}, []frost.Element{y, y}))
			require.Equal(t, a.Equal(b), x.Equal(y))

			decoded, err := group.DecodeElement(x.Bytes())
			require.Equal(t, a.IsZero(), err != nil)
			if err == nil {
				require.True(t, decoded.Equal(x))
			}
			// The h-th part of an element decodes to the element.
			part := e.VarTimeMultiply(group.CofactorInverse(), x)
			decoded, err = group.DecodeCleared(part.Bytes())
			require.Equal(t, a.IsZero(), err != nil)
			if err == nil {
				require.True(t, decoded.Equal(x))
			}
		})
		require.True(t, group.VarTimeMultiScalarMult(nil, nil, nil).IsIdentity())
		require.Panics(t, func() { group.VarTimeMultiScalarMult(nil, nil, []frost.Element{group.Generator()}) })
	})
}

func TestElementEncodings(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		g := group.Generator().Bytes()
		require.Len(t, g, group.ElementSize())
		require.True(t, group.NewElement().IsIdentity())
		changed := func(i int, value byte) []byte {
			b := slices.Clone(g)
			b[i] = value
			return b
		}
		bad := map[string][]byte{
			"identity":  group.NewElement().Bytes(),
			"empty":     nil,
			"short":     g[:len(g)-1],
			"long":      append(slices.Clone(g), 0),
			"highest":   bytes.Repeat([]byte{0xff}, len(g)),
			"off curve": notOnCurve(group),
		}
		if group == secp256k1.Group {
			bad["hybrid prefix"] = changed(0, 6)
			bad["uncompressed prefix"] = changed(0, 4)
			bad["no prefix"] = changed(0, 0)
			// x = p + 1 would be x = 1, which is on the curve.
			p := fromDecimal("115792089237316195423570985008687907853269984665640564039457584007908834671663")
			bad["x above the field"] = append([]byte{2}, p.Add(p, big.NewInt(1)).Bytes()...)
		}
		for name, b := range bad {
			_, err := group.DecodeElement(b)
			require.Error(t, err, name)
			_, err = group.DecodeCleared(b)
			require.Error(t, err, name)
		}
	})
}

func TestRandomScalar(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		s, err := group.RandomScalar(seeded(1))
		require.NoError(t, err)
		require.False(t, s.IsZero())
		// Zero is passed over.
		_, err = group.RandomScalar(bytes.NewReader(make([]byte, 64)))
		require.ErrorIs(t, err, io.EOF)
		failure := errors.New("no entropy")
		_, err = group.RandomScalar(iotest.ErrReader(failure))
		require.ErrorIs(t, err, failure)
		_, err = group.RandomScalar(bytes.NewReader(make([]byte, 63)))
		require.Error(t, err)
	})
}

func TestSecretsAreRedacted(t *testing.T) {
	for _, k := range kinds[:2] {
		s := newSigning(t, k, 1, []uint16{1}, []uint16{0}, "message")
		secret := k.group.NewScalar().SetUint64(0xdeadbeef)
		for _, v := range []any{secret, s.shares[0], s.nonces[0]} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
				require.Equal(t, "[redacted]", fmt.Sprintf(verb, v))
			}
			var text strings.Builder
			slog.New(slog.NewTextHandler(&text, nil)).Info("m", "secret", v)
			require.Contains(t, text.String(), "secret=[redacted]")
			encoded, err := json.Marshal(v)
			require.NoError(t, err)
			require.Equal(t, `"[redacted]"`, string(encoded))
		}
		secret.Erase()
		require.True(t, secret.IsZero())
	}
}

func fuzzGroups(f *testing.F, seed func(group frost.Group) []byte, fuzz func(t *testing.T, group frost.Group, data []byte)) {
	for i, group := range []frost.Group{ed25519.Group, secp256k1.Group} {
		f.Add(i == 0, seed(group))
		f.Add(i == 0, make([]byte, 33))
	}
	f.Fuzz(func(t *testing.T, edwards bool, data []byte) {
		group := secp256k1.Group
		if edwards {
			group = ed25519.Group
		}
		fuzz(t, group, data)
	})
}

func FuzzDecodeScalar(f *testing.F) {
	fuzzGroups(f, func(group frost.Group) []byte { return group.NewScalar().SetUint64(7).Bytes() },
		func(t *testing.T, group frost.Group, data []byte) {
			s, err := group.DecodeScalar(data)
			if err == nil && !bytes.Equal(s.Bytes(), data) {
				t.Fatalf("%x decodes and encodes to %x", data, s.Bytes())
			}
		})
}

func FuzzDecodeElement(f *testing.F) {
	fuzzGroups(f, func(group frost.Group) []byte { return group.Generator().Bytes() },
		func(t *testing.T, group frost.Group, data []byte) {
			minusOne := group.NewScalar()
			minusOne.Negate(minusOne.SetUint64(1))
			inOrder := func(e frost.Element) bool {
				multiple := group.NewElement().VarTimeMultiply(minusOne, e)
				return !e.IsIdentity() && multiple.Add(multiple, e).IsIdentity()
			}
			if e, err := group.DecodeElement(data); err == nil {
				if !bytes.Equal(e.Bytes(), data) || !inOrder(e) {
					t.Fatalf("%x decodes and encodes to %x", data, e.Bytes())
				}
			}
			if e, err := group.DecodeCleared(data); err == nil && !inOrder(e) {
				t.Fatalf("%x is not of prime order", data)
			}
		})
}
