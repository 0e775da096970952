package ed25519

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"

	"github.com/serai-go/processor/frost"
)

// An Element is a member of Group. Elements come from Group or from NewElement;
// the zero value is only good as the receiver of an operation.
type Element struct{ p edwards25519.Point }

// Set sets e to a.
func (e *Element) Set(a frost.Element) frost.Element {
	e.p.Set(&a.(*Element).p)
	return e
}

// Add sets e to a + b.
func (e *Element) Add(a, b frost.Element) frost.Element {
	e.p.Add(&a.(*Element).p, &b.(*Element).p)
	return e
}

// Subtract sets e to a − b.
func (e *Element) Subtract(a, b frost.Element) frost.Element {
	e.p.Subtract(&a.(*Element).p, &b.(*Element).p)
	return e
}

// Negate sets e to −a.
func (e *Element) Negate(a frost.Element) frost.Element {
	e.p.Negate(&a.(*Element).p)
	return e
}

// Multiply sets e to s·a, in constant time.
func (e *Element) Multiply(s frost.Scalar, a frost.Element) frost.Element {
	e.p.ScalarMult(&s.(*Scalar).s, &a.(*Element).p)
	return e
}

// MultiplyBase sets e to s·B, B the base point of RFC 8032, in constant time.
func (e *Element) MultiplyBase(s frost.Scalar) frost.Element {
	e.p.ScalarBaseMult(&s.(*Scalar).s)
	return e
}

// VarTimeMultiply sets e to s·a. For public values only.
func (e *Element) VarTimeMultiply(s frost.Scalar, a frost.Element) frost.Element {
	e.p.VarTimeMultiScalarMult(
		[]*edwards25519.Scalar{&s.(*Scalar).s}, []*edwards25519.Point{&a.(*Element).p})
	return e
}

// VarTimeMultiplyBase sets e to s·B. On this curve the constant-time
// multiplication of the base point is the faster one.
func (e *Element) VarTimeMultiplyBase(s frost.Scalar) frost.Element { return e.MultiplyBase(s) }

// Equal reports whether e and a are the same element.
func (e *Element) Equal(a frost.Element) bool { return e.p.Equal(&a.(*Element).p) == 1 }

// IsIdentity reports whether e is the identity, (0, 1).
func (e *Element) IsIdentity() bool {
	x, y, z, _ := e.p.ExtendedCoordinates()
	return x.Equal(new(field.Element)) == 1 && y.Equal(z) == 1
}

// Bytes returns the 32 bytes of e as in RFC 8032, section 5.1.2.
func (e *Element) Bytes() []byte {
	x, y, z, _ := e.p.ExtendedCoordinates()
	if z.Equal(fieldOne) != 1 {
		return e.p.Bytes()
	}
	b := y.Bytes()
	b[size-1] |= byte(x.IsNegative() << 7)
	return b
}
