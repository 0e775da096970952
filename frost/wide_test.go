package frost_test

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// fields are the primes of the coordinates, from SEC 2 and RFC 8032.
var fields = map[string]*big.Int{
	"secp256k1": fromDecimal("115792089237316195423570985008687907853269984665640564039457584007908834671663"),
	"ed25519":   fromDecimal("57896044618658097711785492504343953926634992332820282019728792003956564819949"),
}

// published returns what a sender writes in wide form so that receivers decode
// the element.
func published(group frost.Group, e frost.Element) frost.Element {
	return group.NewElement().VarTimeMultiply(group.CofactorInverse(), e)
}

// Elements keep their values, and the identity is one of them.
func TestNormalize(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		group.Normalize()
		var elements, before []frost.Element
		for i := range 9 {
			e := group.NewElement()
			switch i % 3 {
			case 1:
				e = group.Generator()
			case 2:
				e.MultiplyBase(group.NewScalar().SetUint64(uint64(i)))
				e.Add(e, group.Generator())
			}
			elements, before = append(elements, e), append(before, group.NewElement().Set(e))
		}
		group.Normalize(elements...)
		for i, e := range elements {
			require.True(t, e.Equal(before[i]))
			require.Equal(t, before[i].Bytes(), e.Bytes())
			require.Equal(t, i%3 == 0, e.IsIdentity())
			// It goes on as any other.
			require.True(t, e.Add(e, group.Generator()).Equal(before[i].Add(before[i], group.Generator())))
		}
	})
}

// Any number of elements at once, decoded ones with Z = 1 and sums with others,
// are written after what is there and decode to themselves.
func TestWideForm(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		rapid.Check(t, func(t *rapid.T) {
			var elements, parts []frost.Element
			for i := range rapid.IntRange(0, 20).Draw(t, "count") {
				e := group.NewElement().MultiplyBase(drawScalar(t, group, "element"))
				if e.IsIdentity() {
					continue
				}
				part := published(group, e)
				var err error
				switch i % 3 {
				case 0:
					part, err = group.DecodeElement(part.Bytes())
				case 1:
					part.Subtract(part.Add(part, group.Generator()), group.Generator())
				}
				require.NoError(t, err)
				elements, parts = append(elements, e), append(parts, part)
			}
			prefix := rapid.SliceOf(rapid.Byte()).Draw(t, "prefix")
			b := group.AppendWide(slices.Clone(prefix), parts...)
			require.Len(t, b, len(prefix)+len(parts)*group.WideSize())
			require.Equal(t, prefix, b[:len(prefix):len(prefix)])
			b = b[len(prefix):]
			for i, e := range elements {
				one := b[i*group.WideSize():][:group.WideSize()]
				require.Equal(t, one, group.AppendWide(nil, parts[i]))
				decoded, err := group.DecodeWide(one)
				require.NoError(t, err)
				require.True(t, decoded.Equal(e))
				require.Equal(t, e.Bytes(), decoded.Bytes())
			}
		})
	})
}

func TestWideEncodings(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		p, size := fields[group.Name()], group.WideSize()/2
		require.Equal(t, 2*size, group.WideSize())
		x, y := coordinates(group, group.Generator())
		wide := func(x, y *big.Int) []byte {
			return append(encode(group, x, size), encode(group, y, size)...)
		}
		refused := func(why string, b []byte) {
			t.Helper()
			_, err := group.DecodeWide(b)
			require.Error(t, err, why)
		}
		g := wide(x, y)
		require.Equal(t, group.AppendWide(nil, group.Generator()), g)
		_, err := group.DecodeWide(g)
		require.NoError(t, err)
		_, err = group.DecodeWide(wide(x, new(big.Int).Sub(p, y))) // the negative, or (0, 1) added
		require.NoError(t, err)

		// A point that has a small coordinate has it above p too.
		top := new(big.Int).Lsh(big.NewInt(1), uint(8*size))
		for k := int64(2); k < 18; k++ {
			for _, small := range smallCoordinates(group, big.NewInt(k)) {
				_, err := group.DecodeWide(wide(small[0], small[1]))
				require.NoError(t, err)
				for i := range small {
					above := slices.Clone(small)
					for above[i] = new(big.Int).Add(small[i], p); above[i].Cmp(top) < 0; above[i] = new(big.Int).Add(above[i], p) {
						refused("coordinate above p", wide(above[0], above[1]))
					}
				}
			}
		}
		if group == ed25519.Group {
			// The highest bit is no sign here.
			for i := range 2 {
				b := slices.Clone(g)
				b[(i+1)*size-1] |= 0x80
				refused("highest bit", b)
			}
		}
		one := big.NewInt(1)
		refused("x is p", wide(p, y))
		refused("y is p", wide(x, p))
		refused("x above", wide(new(big.Int).Add(x, one), y))
		refused("y above", wide(x, new(big.Int).Add(y, one)))
		refused("exchanged", wide(y, x))
		refused("highest", bytes.Repeat([]byte{0xff}, len(g)))
		refused("zeros", make([]byte, len(g)))
		refused("(0, 1)", wide(new(big.Int), one))
		refused("(0, −1)", wide(new(big.Int), new(big.Int).Sub(p, one)))
		refused("identity", group.AppendWide(nil, group.NewElement()))
		refused("empty", nil)
		for length := range 3 * size {
			if length != len(g) {
				refused(fmt.Sprint(length), append(slices.Clone(g), g...)[:length])
			}
		}
		// The identity does not spoil its neighbours.
		double := group.NewElement().Add(group.Generator(), group.Generator())
		b := group.AppendWide(nil, double, group.NewElement(), double)
		require.Equal(t, group.AppendWide(nil, double), b[:len(g)])
		require.Equal(t, group.AppendWide(nil, double), b[2*len(g):])
	})
}

// coordinates returns x and y, read from the wide form.
func coordinates(group frost.Group, e frost.Element) (x, y *big.Int) {
	b := group.AppendWide(nil, e)
	number := func(b []byte) *big.Int {
		if group == ed25519.Group {
			b = slices.Clone(b)
			slices.Reverse(b)
		}
		return new(big.Int).SetBytes(b)
	}
	return number(b[:len(b)/2]), number(b[len(b)/2:])
}

// smallCoordinates returns the points of the curve, of any order, with x = k and
// with y = k, one each if there is one.
func smallCoordinates(group frost.Group, k *big.Int) (points [][]*big.Int) {
	p := fields[group.Name()]
	number := func(n *big.Int) *big.Int { return n.Mod(n, p) }
	times := func(a, b *big.Int) *big.Int { return number(new(big.Int).Mul(a, b)) }
	square, one := times(k, k), big.NewInt(1)
	if group == secp256k1.Group { // y² = x³ + 7
		if y := new(big.Int).ModSqrt(number(new(big.Int).Add(times(square, k), big.NewInt(7))), p); y != nil {
			points = append(points, []*big.Int{k, y})
		}
		// As p = 7 modulo 9, the power (p+2)/9 of a cube is a root of it.
		cube := number(new(big.Int).Sub(square, big.NewInt(7)))
		exponent := new(big.Int).Add(p, big.NewInt(2))
		x := new(big.Int).Exp(cube, exponent.Div(exponent, big.NewInt(9)), p)
		if times(times(x, x), x).Cmp(cube) == 0 {
			points = append(points, []*big.Int{x, k})
		}
		return points
	}
	// −x² + y² = 1 + dx²y²
	d := times(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), p))
	ratio := func(a, b *big.Int) *big.Int {
		return new(big.Int).ModSqrt(times(a, new(big.Int).ModInverse(number(b), p)), p)
	}
	if y := ratio(new(big.Int).Add(one, square), new(big.Int).Sub(one, times(d, square))); y != nil {
		points = append(points, []*big.Int{k, y})
	}
	if x := ratio(new(big.Int).Sub(square, one), new(big.Int).Add(one, times(d, square))); x != nil {
		points = append(points, []*big.Int{x, k})
	}
	return points
}

// Decoding takes no more memory than the element.
func TestWideDecodingAllocatesTheElement(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		b := group.AppendWide(nil, group.Generator())
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = group.DecodeWide(b) }), 1.0)
	})
}

func FuzzDecodeWide(f *testing.F) {
	fuzzGroups(f, func(group frost.Group) []byte { return group.AppendWide(nil, group.Generator()) },
		func(t *testing.T, group frost.Group, data []byte) {
			e, err := group.DecodeWide(data)
			if err != nil {
				return
			}
			// What was decoded is written by 1/h of it, but for torsion.
			part := published(group, e)
			again, err := group.DecodeWide(group.AppendWide(nil, part))
			if err != nil || !again.Equal(e) {
				t.Fatalf("%x: written again, decodes to something else: %v", data, err)
			}
			if group == secp256k1.Group && !bytes.Equal(group.AppendWide(nil, e), data) {
				t.Fatalf("%x decodes and encodes to %x", data, group.AppendWide(nil, e))
			}
			if decoded, err := group.DecodeElement(e.Bytes()); err != nil || !decoded.Equal(e) {
				t.Fatalf("%x is not an element: %v", data, err)
			}
		})
}
