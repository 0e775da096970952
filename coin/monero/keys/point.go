package keys

import (
	"errors"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// Size is the size of an encoded point or scalar, in bytes.
const Size = 32

var (
	// ErrPoint reports that bytes are not the canonical encoding of a point.
	ErrPoint = errors.New("keys: not the canonical encoding of a point on the curve")
	// ErrOrder reports a point outside the subgroup of prime order.
	ErrOrder = errors.New("keys: point is not of prime order")
	// ErrIdentity reports the identity where it may not be.
	ErrIdentity = errors.New("keys: point is the identity")
)

// DecodePoint returns the point with the given 32 bytes, of any order. It takes
// variable time.
func DecodePoint(b []byte) (*edwards25519.Point, error) {
	return decodePoint(new(edwards25519.Point), b)
}

// decodePoint spares the inversion that to encode the point again and compare
// would take. The library's SetBytes also takes a y that is not reduced and a
// sign on x = 0.
func decodePoint(p *edwards25519.Point, b []byte) (*edwards25519.Point, error) {
	if len(b) != Size || !isReduced(b) || isNegativeZero([Size]byte(b)) {
		return nil, ErrPoint
	}
	if _, err := p.SetBytes(b); err != nil {
		return nil, ErrPoint
	}
	return p, nil
}

// isReduced reports whether the lower 255 bits of 32 bytes are a number below
// p = 2²⁵⁵ − 19.
func isReduced(b []byte) bool {
	if b[0] < 0xed || b[Size-1]|0x80 != 0xff {
		return true
	}
	for _, middle := range b[1 : Size-1] {
		if middle != 0xff {
			return true
		}
	}
	return false
}

// negativeZeros are the encodings with a sign on x = 0: the points with x = 0
// are those with y = 1 and y = p − 1.
var negativeZeros = [2][Size]byte{
	{0: 0x01, Size - 1: 0x80},
	{
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	},
}

func isNegativeZero(b [Size]byte) bool {
	return b == negativeZeros[0] || b == negativeZeros[1]
}

// DecodePrimeOrder returns the point with the given 32 bytes if it is in the
// subgroup of prime order and not the identity, as public keys of addresses,
// key images and keys of ring members must be. It takes variable time, about
// ten times that of DecodePoint.
func DecodePrimeOrder(b []byte) (*edwards25519.Point, error) {
	p, err := DecodePoint(b)
	switch {
	case err != nil:
		return nil, err
	case IsIdentity(p):
		return nil, ErrIdentity
	case !IsTorsionFree(p):
		return nil, ErrOrder
	}
	return p, nil
}

// IsTorsionFree reports whether ℓ·p is the identity, that is whether p is the
// identity or of prime order. It takes variable time.
func IsTorsionFree(p *edwards25519.Point) bool {
	// ℓ itself is zero as a scalar, so the question is whether (ℓ−1)·p = −p.
	var zero edwards25519.Scalar
	var product, negative edwards25519.Point
	product.VarTimeDoubleScalarBaseMult(minusOne, p, &zero)
	return product.Equal(negative.Negate(p)) == 1
}

// IsIdentity reports whether p is the identity, (0, 1). It takes constant time.
func IsIdentity(p *edwards25519.Point) bool {
	x, y, z, _ := p.ExtendedCoordinates()
	return x.Equal(&fieldZero)&y.Equal(z) == 1
}

var (
	fieldZero field.Element
	fieldOne  = new(field.Element).One()
)
