package secp256k1

import (
	"errors"
	"fmt"
	"io"
	"slices"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

const (
	scalarSize  = 32
	elementSize = 33
	wideSize    = 64
)

// Group is the curve secp256k1 of SEC 2. Scalars are 32 bytes, big-endian,
// below the order n; elements are 33 bytes, compressed as in SEC 1, section
// 2.3.3. The identity encodes as 33 zeros. The wide form is x ‖ y, 32 bytes
// each, big-endian.
var Group frost.Group = group{}

type group struct{}

func (group) Name() string     { return "secp256k1" }
func (group) ScalarSize() int  { return scalarSize }
func (group) ElementSize() int { return elementSize }

func (group) NewScalar() frost.Scalar   { return new(Scalar) }
func (group) NewElement() frost.Element { return new(Element) }

func (group) Generator() frost.Element {
	return new(Element).VarTimeMultiplyBase(new(Scalar).SetUint64(1))
}

var (
	errScalar  = errors.New("secp256k1: not the 32 bytes of a number below the group order")
	errElement = errors.New("secp256k1: not the compressed encoding of a point on the curve")
	errWide    = errors.New("secp256k1: not the coordinates of a point on the curve")
)

func (group) DecodeScalar(b []byte) (frost.Scalar, error) {
	s := new(Scalar)
	// SetByteSlice pads and truncates, so the length comes first.
	if len(b) != scalarSize || s.s.SetByteSlice(b) {
		return nil, errScalar
	}
	return s, nil
}

func (group) DecodeElement(b []byte) (frost.Element, error) {
	if len(b) != elementSize ||
		b[0] != dcr.PubKeyFormatCompressedEven && b[0] != dcr.PubKeyFormatCompressedOdd {
		return nil, errElement
	}
	e := new(Element)
	if e.p.X.SetByteSlice(b[1:]) ||
		!dcr.DecompressY(&e.p.X, b[0] == dcr.PubKeyFormatCompressedOdd, &e.p.Y) {
		return nil, errElement
	}
	e.p.Z.SetInt(1)
	return e, nil
}

func (group) WideSize() int { return wideSize }

// AppendWide writes the identity as zeros.
func (group) AppendWide(b []byte, elements ...frost.Element) []byte {
	points := make([]dcr.JacobianPoint, len(elements))
	for i, e := range elements {
		points[i] = e.(*Element).p
	}
	toAffine(points)
	b = slices.Grow(b, wideSize*len(points))
	var encoded [wideSize]byte
	for i := range points {
		points[i].X.PutBytesUnchecked(encoded[:wideSize/2])
		points[i].Y.PutBytesUnchecked(encoded[wideSize/2:])
		b = append(b, encoded[:]...)
	}
	return b
}

func (group) DecodeWide(b []byte) (frost.Element, error) {
	e := new(Element)
	if len(b) != wideSize || e.p.X.SetByteSlice(b[:wideSize/2]) || e.p.Y.SetByteSlice(b[wideSize/2:]) {
		return nil, errWide
	}
	// y² = x³ + 7. No point has x = 0 or y = 0, nor is the identity.
	var left, right dcr.FieldVal
	left.SquareVal(&e.p.Y).Normalize()
	right.SquareVal(&e.p.X).Mul(&e.p.X).AddInt(7).Normalize()
	if !left.Equals(&right) {
		return nil, errWide
	}
	e.p.Z.SetInt(1)
	return e, nil
}

func (g group) DecodeCleared(b []byte) (frost.Element, error) { return g.DecodeElement(b) }

func (group) CofactorInverse() frost.Scalar { return new(Scalar).SetUint64(1) }

// twoTo256 is 2²⁵⁶ modulo n.
var twoTo256 = func() *dcr.ModNScalar {
	var max [32]byte
	for i := range max {
		max[i] = 0xff
	}
	var s dcr.ModNScalar
	s.SetBytes(&max)
	return s.Add(new(dcr.ModNScalar).SetInt(1))
}()

func (group) ScalarFromUniform(b *[64]byte) frost.Scalar {
	var high, low dcr.ModNScalar
	high.SetByteSlice(b[:32])
	low.SetByteSlice(b[32:])
	s := new(Scalar)
	s.s.Mul2(&high, twoTo256).Add(&low)
	high.Zero()
	low.Zero()
	return s
}

func (g group) RandomScalar(rand io.Reader) (frost.Scalar, error) {
	var b [64]byte
	defer clear(b[:])
	for {
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			return nil, fmt.Errorf("secp256k1: random scalar: %w", err)
		}
		if s := g.ScalarFromUniform(&b); !s.IsZero() {
			return s, nil
		}
	}
}
