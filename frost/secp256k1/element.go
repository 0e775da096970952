package secp256k1

import (
	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// An Element is a member of Group. The zero value is the identity.
type Element struct {
	// p is in Jacobian coordinates, normalised, with Z = 0 for the identity.
	p dcr.JacobianPoint
}

// Set sets e to a.
func (e *Element) Set(a frost.Element) frost.Element {
	e.p.Set(&a.(*Element).p)
	return e
}

// Add sets e to a + b.
func (e *Element) Add(a, b frost.Element) frost.Element {
	p, q := &a.(*Element).p, &b.(*Element).p
	if p.Z.IsOne() {
		p, q = q, p // dcrd is faster where the second point has Z = 1
	}
	var sum dcr.JacobianPoint
	dcr.AddNonConst(p, q, &sum)
	e.p = sum
	return e
}

// Subtract sets e to a − b.
func (e *Element) Subtract(a, b frost.Element) frost.Element {
	var negated Element
	return e.Add(a, negated.Negate(b))
}

// Negate sets e to −a.
func (e *Element) Negate(a frost.Element) frost.Element {
	e.p.Set(&a.(*Element).p)
	e.p.Y.Negate(1).Normalize()
	return e
}

// Multiply sets e to s·a, in constant time.
func (e *Element) Multiply(s frost.Scalar, a frost.Element) frost.Element {
	multiply(&e.p, &s.(*Scalar).s, &a.(*Element).p)
	return e
}

// MultiplyBase sets e to s·G, G the generator of SEC 2, in constant time.
func (e *Element) MultiplyBase(s frost.Scalar) frost.Element {
	multiplyBase(&e.p, &s.(*Scalar).s)
	return e
}

// VarTimeMultiply sets e to s·a. For public values only.
func (e *Element) VarTimeMultiply(s frost.Scalar, a frost.Element) frost.Element {
	var room [1]term
	p := a.(*Element).p
	straus(&e.p, appendTerm(room[:0], &s.(*Scalar).s, &p))
	return e
}

// VarTimeMultiplyBase sets e to s·G. For public values only.
func (e *Element) VarTimeMultiplyBase(s frost.Scalar) frost.Element {
	dcr.ScalarBaseMultNonConst(&s.(*Scalar).s, &e.p)
	return e
}

// Equal reports whether e and a are the same element.
func (e *Element) Equal(a frost.Element) bool {
	return e.p.EquivalentNonConst(&a.(*Element).p)
}

// IsIdentity reports whether e is the identity.
func (e *Element) IsIdentity() bool {
	return isIdentity(&e.p)
}

// Bytes returns the 33 bytes of e as in SEC 1, section 2.3.3, compressed. The
// identity is 33 zeros.
func (e *Element) Bytes() []byte {
	b := make([]byte, elementSize)
	if e.IsIdentity() {
		return b
	}
	p := e.affine()
	b[0] = dcr.PubKeyFormatCompressedEven
	if p.Y.IsOdd() {
		b[0] = dcr.PubKeyFormatCompressedOdd
	}
	p.X.PutBytesUnchecked(b[1:])
	return b
}

// affine returns e with Z = 1. It must not be called on the identity. It is
// short enough to be inlined, so that the point needs no memory from the heap.
func (e *Element) affine() *dcr.JacobianPoint {
	var p dcr.JacobianPoint
	e.setAffine(&p)
	return &p
}

func (e *Element) setAffine(p *dcr.JacobianPoint) {
	*p = e.p
	if !p.Z.IsOne() {
		p.ToAffine()
	}
}
