package ed25519

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"

	"github.com/serai-go/processor/frost"
)

const size = 32

// Group is the subgroup of prime order ℓ = 2²⁵² + 27742317777372353535851937790883648493
// of edwards25519. Scalars are 32 bytes, little-endian, below ℓ (RFC 8032,
// section 5.1); elements are 32 bytes, compressed (section 5.1.2). The identity
// encodes as 0x01 followed by zeros. The wide form is x ‖ y, 32 bytes each,
// little-endian.
var Group frost.Group = group{}

type group struct{}

func (group) Name() string     { return "ed25519" }
func (group) ScalarSize() int  { return size }
func (group) ElementSize() int { return size }

func (group) NewScalar() frost.Scalar { return new(Scalar) }

func (group) NewElement() frost.Element {
	return &Element{p: *edwards25519.NewIdentityPoint()}
}

func (group) Generator() frost.Element {
	return &Element{p: *edwards25519.NewGeneratorPoint()}
}

func (group) DecodeScalar(b []byte) (frost.Scalar, error) {
	s := new(Scalar)
	if _, err := s.s.SetCanonicalBytes(b); err != nil {
		return nil, fmt.Errorf("ed25519: decode scalar: %w", err)
	}
	return s, nil
}

var (
	errElementEncoding = errors.New("ed25519: not the canonical encoding of a point on the curve")
	errIdentity        = errors.New("ed25519: element is the identity")
	errOrder           = errors.New("ed25519: element is not of prime order")
	errWide            = errors.New("ed25519: not the coordinates of a point on the curve")
)

// decodePoint accepts the canonical encoding of any point on the curve. The
// library's SetBytes follows common practice and also takes a y that is not
// reduced and a sign on x = 0.
func decodePoint(b []byte) (*Element, error) {
	e := new(Element)
	if len(b) != size || !isReduced(b) || isNegativeZero(b) {
		return nil, errElementEncoding
	}
	if _, err := e.p.SetBytes(b); err != nil {
		return nil, errElementEncoding
	}
	return e, nil
}

// isReduced reports whether the lower 255 bits of 32 bytes are a number below
// p = 2²⁵⁵ − 19.
func isReduced(b []byte) bool {
	if b[0] < 0xed || b[size-1]|0x80 != 0xff {
		return true
	}
	for _, middle := range b[1 : size-1] {
		if middle != 0xff {
			return true
		}
	}
	return false
}

// negativeZeros are the encodings with a sign on x = 0: the points with x = 0
// are those with y = 1 and y = p − 1.
var negativeZeros = [2][size]byte{
	{0: 0x01, size - 1: 0x80},
	[size]byte(append([]byte{0xec}, bytes.Repeat([]byte{0xff}, size-1)...)),
}

func isNegativeZero(b []byte) bool {
	return bytes.Equal(b, negativeZeros[0][:]) || bytes.Equal(b, negativeZeros[1][:])
}

func (group) DecodeElement(b []byte) (frost.Element, error) {
	e, err := decodePoint(b)
	if err != nil {
		return nil, err
	}
	if e.IsIdentity() {
		return nil, errIdentity
	}
	// ℓ·P is the identity iff (ℓ−1)·P = −P; ℓ itself is zero as a scalar.
	order := new(edwards25519.Point).VarTimeMultiScalarMult(
		[]*edwards25519.Scalar{&minusOne.s}, []*edwards25519.Point{&e.p})
	if order.Equal(new(edwards25519.Point).Negate(&e.p)) != 1 {
		return nil, errOrder
	}
	return e, nil
}

func (group) DecodeCleared(b []byte) (frost.Element, error) {
	e, err := decodePoint(b)
	if err != nil {
		return nil, err
	}
	e.p.MultByCofactor(&e.p)
	if e.IsIdentity() {
		return nil, errIdentity
	}
	return e, nil
}

func (group) WideSize() int { return 2 * size }

// AppendWide writes the identity, which it must not be given, as (0, 1), which
// DecodeWide refuses.
func (g group) AppendWide(b []byte, elements ...frost.Element) []byte {
	affine := make([]frost.Element, len(elements))
	for i, e := range elements {
		affine[i] = g.NewElement().Set(e)
	}
	g.Normalize(affine...)
	for _, e := range affine {
		x, y, _, _ := e.(*Element).p.ExtendedCoordinates()
		b = append(append(b, x.Bytes()...), y.Bytes()...)
	}
	return b
}

func (group) DecodeWide(b []byte) (frost.Element, error) {
	if len(b) != 2*size {
		return nil, errWide
	}
	// SetBytes drops the highest bit and takes numbers that are not reduced.
	for _, c := range [][]byte{b[:size], b[size:]} {
		if c[size-1] > 0x7f || !isReduced(c) {
			return nil, errWide
		}
	}
	var x, y, t field.Element
	if _, err := x.SetBytes(b[:size]); err != nil {
		return nil, errWide // only for another length
	}
	if _, err := y.SetBytes(b[size:]); err != nil {
		return nil, errWide
	}
	e := new(Element)
	if _, err := e.p.SetExtendedCoordinates(&x, &y, new(field.Element).One(), t.Multiply(&x, &y)); err != nil {
		return nil, errWide
	}
	e.p.MultByCofactor(&e.p)
	if e.IsIdentity() {
		return nil, errIdentity
	}
	return e, nil
}

var (
	minusOne     = new(Scalar).Negate(new(Scalar).SetUint64(1)).(*Scalar)
	inverseEight = new(Scalar).VarTimeInvert(new(Scalar).SetUint64(8))
)

func (group) CofactorInverse() frost.Scalar { return new(Scalar).Set(inverseEight) }

func (group) ScalarFromUniform(b *[64]byte) frost.Scalar {
	s := new(Scalar)
	if _, err := s.s.SetUniformBytes(b[:]); err != nil {
		panic(err) // only for another length
	}
	return s
}

func (g group) RandomScalar(rand io.Reader) (frost.Scalar, error) {
	var b [64]byte
	defer clear(b[:])
	for {
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			return nil, fmt.Errorf("ed25519: random scalar: %w", err)
		}
		if s := g.ScalarFromUniform(&b); !s.IsZero() {
			return s, nil
		}
	}
}
