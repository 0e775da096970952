package secp256k1

import (
	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// An Element is a member of Group. The zero value is the identity.
type Element struct{ p jacobian }

// Set sets e to a.
func (e *Element) Set(a frost.Element) frost.Element {
	e.p = a.(*Element).p
	return e
}

// Add sets e to a + b.
func (e *Element) Add(a, b frost.Element) frost.Element {
	e.p.add(&a.(*Element).p, &b.(*Element).p)
	return e
}

// Subtract sets e to a − b.
func (e *Element) Subtract(a, b frost.Element) frost.Element {
	var negated Element
	return e.Add(a, negated.Negate(b))
}

// Negate sets e to −a.
func (e *Element) Negate(a frost.Element) frost.Element {
	e.p = a.(*Element).p
	e.p.y.negate(&e.p.y)
	return e
}

// Multiply sets e to s·a, in constant time.
func (e *Element) Multiply(s frost.Scalar, a frost.Element) frost.Element {
	e.p = multiply(&s.(*Scalar).s, &a.(*Element).p)
	return e
}

// MultiplyBase sets e to s·G, G the generator of SEC 2, in constant time.
func (e *Element) MultiplyBase(s frost.Scalar) frost.Element {
	e.p = multiplyBase(&s.(*Scalar).s)
	return e
}

// VarTimeMultiply sets e to s·a. For public values only.
func (e *Element) VarTimeMultiply(s frost.Scalar, a frost.Element) frost.Element {
	e.p = multiScalarMult([]*dcr.ModNScalar{&s.(*Scalar).s}, []*jacobian{&a.(*Element).p})
	return e
}

// VarTimeMultiplyBase sets e to s·G. For public values only.
func (e *Element) VarTimeMultiplyBase(s frost.Scalar) frost.Element {
	e.p = varTimeMultiplyBase(&s.(*Scalar).s)
	return e
}

// Equal reports whether e and a are the same element.
func (e *Element) Equal(a frost.Element) bool { return e.p.equal(&a.(*Element).p) }

// IsIdentity reports whether e is the identity.
func (e *Element) IsIdentity() bool { return e.p.isIdentity() }

// Bytes returns the 33 bytes of e as in SEC 1, section 2.3.3, compressed. The
// identity is 33 zeros.
func (e *Element) Bytes() []byte {
	b := make([]byte, elementSize)
	if e.IsIdentity() {
		return b
	}
	p := e.p.affine()
	b[0] = dcr.PubKeyFormatCompressedEven
	if p.y.isOdd() {
		b[0] = dcr.PubKeyFormatCompressedOdd
	}
	p.x.putBytes((*[32]byte)(b[1:]))
	return b
}

// hasOddY reports whether the y coordinate of e, which is not the identity, is
// odd.
func (e *Element) hasOddY() bool {
	p := e.p.affine()
	return p.y.isOdd()
}

// NewElement returns the element of a public key.
func NewElement(key *dcr.PublicKey) *Element {
	e, err := Group.DecodeElement(key.SerializeCompressed())
	if err != nil {
		panic(err) // a dcr.PublicKey is on the curve by contract
	}
	return e.(*Element)
}

// PublicKey returns e as a public key, or nil for the identity.
func (e *Element) PublicKey() *dcr.PublicKey {
	if e.IsIdentity() {
		return nil
	}
	p := e.p.affine()
	var b [32]byte
	var x, y dcr.FieldVal
	p.x.putBytes(&b)
	x.SetBytes(&b)
	p.y.putBytes(&b)
	y.SetBytes(&b)
	return dcr.NewPublicKey(&x, &y)
}
