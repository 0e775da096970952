package frost

import "io"

// A Group is a group of prime order q in which keys live. Two exist:
// secp256k1.Group and ed25519.Group. Scalars and elements of different groups
// never meet in one operation: mixing them is a programming error and panics.
type Group interface {
	// Name identifies the group in everything that is hashed or stored. It
	// never changes.
	Name() string
	// ScalarSize is the length of an encoded scalar in bytes.
	ScalarSize() int
	// ElementSize is the length of an encoded element in bytes.
	ElementSize() int

	// NewScalar returns a new scalar with the value zero.
	NewScalar() Scalar
	// NewElement returns a new element with the value identity.
	NewElement() Element
	// Generator returns a new element with the value of the standard generator.
	Generator() Element

	// DecodeScalar accepts exactly what Scalar.Bytes returns: ScalarSize bytes
	// that encode a number below q, in the byte order usual for the group.
	DecodeScalar(b []byte) (Scalar, error)
	// DecodeElement accepts exactly what Element.Bytes returns for elements
	// other than the identity: a canonical encoding of a point on the curve, of
	// order q.
	DecodeElement(b []byte) (Element, error)
	// ScalarFromUniform reduces 64 bytes modulo q, read in the byte order usual
	// for the group. Uniform bytes give a scalar with negligible bias.
	ScalarFromUniform(b *[64]byte) Scalar
	// RandomScalar reads a uniform scalar other than zero.
	RandomScalar(rand io.Reader) (Scalar, error)

	// CofactorInverse returns 1/h modulo q, h being the cofactor of the curve.
	// Publishing an element X as the encoding of (1/h)·X for DecodeCleared
	// spares the receiver the costly check of the order.
	CofactorInverse() Scalar
	// DecodeCleared decodes the encoding of a curve point, of any order, and
	// returns it multiplied by h: an element of order q by construction. Points
	// that become the identity are refused, as is every encoding that is not
	// canonical. With h = 1 this is DecodeElement.
	DecodeCleared(b []byte) (Element, error)

	// Normalize brings elements, in place and with one inversion for all, into the
	// form in which they are encoded and added fastest. Their values stay. It is
	// for elements that nobody else uses meanwhile.
	Normalize(elements ...Element)
	// WideSize is the length in bytes of an element in wide form.
	WideSize() int
	// AppendWide appends elements in wide form: both affine coordinates, which
	// takes twice the space and a fraction of the time to decode. The identity
	// has a form that DecodeWide refuses. Variable time: for public elements only.
	AppendWide(b []byte, elements ...Element) []byte
	// DecodeWide accepts the wide form of a curve point, of any order, and
	// returns it multiplied by h, as DecodeCleared does: what AppendWide was
	// given for (1/h)·X decodes to X. Coordinates that are not canonical are
	// refused, as are points not on the curve and those that become the identity.
	DecodeWide(b []byte) (Element, error)

	// VarTimeMultiScalarMult returns base·G plus the sum of
	// scalars[i]·elements[i]. The slices have the same length, and base may be
	// nil for zero. Variable time: for public values only.
	VarTimeMultiScalarMult(base Scalar, scalars []Scalar, elements []Element) Element
}

// A Scalar is a number modulo the order q of its group. Operations set the
// receiver, which may be one of the operands, and return it. All of them take
// constant time except where the name says VarTime.
//
// Scalars hold secrets: they print as "[redacted]" whatever the verb.
type Scalar interface {
	// Set sets the receiver to a.
	Set(a Scalar) Scalar
	// SetUint64 sets the receiver to x.
	SetUint64(x uint64) Scalar
	// Add sets the receiver to a + b.
	Add(a, b Scalar) Scalar
	// Subtract sets the receiver to a − b.
	Subtract(a, b Scalar) Scalar
	// Multiply sets the receiver to a·b.
	Multiply(a, b Scalar) Scalar
	// Negate sets the receiver to −a.
	Negate(a Scalar) Scalar
	// VarTimeInvert sets the receiver to 1/a, and to 0 if a is 0. For public
	// values only.
	VarTimeInvert(a Scalar) Scalar
	// Equal reports whether the receiver and a are the same number.
	Equal(a Scalar) bool
	// IsZero reports whether the receiver is zero.
	IsZero() bool
	// Bytes returns the one encoding of the receiver, Group.ScalarSize bytes.
	Bytes() []byte
	// Erase overwrites the receiver with zero. The Go runtime may hold copies
	// made before; Erase is the best that can be done.
	Erase()
}

// An Element is a member of a group. Operations set the receiver, which may be
// one of the operands, and return it. Multiply and MultiplyBase take time that
// does not depend on the scalar; everything else may depend on the values and
// is for public elements.
type Element interface {
	// Set sets the receiver to a.
	Set(a Element) Element
	// Add sets the receiver to a + b.
	Add(a, b Element) Element
	// Subtract sets the receiver to a − b.
	Subtract(a, b Element) Element
	// Negate sets the receiver to −a.
	Negate(a Element) Element
	// Multiply sets the receiver to s·a, in constant time.
	Multiply(s Scalar, a Element) Element
	// MultiplyBase sets the receiver to s·G, G the generator, in constant time.
	MultiplyBase(s Scalar) Element
	// VarTimeMultiply sets the receiver to s·a. For public values only.
	VarTimeMultiply(s Scalar, a Element) Element
	// VarTimeMultiplyBase sets the receiver to s·G. For public values only.
	VarTimeMultiplyBase(s Scalar) Element
	// Equal reports whether the receiver and a are the same element.
	Equal(a Element) bool
	// IsIdentity reports whether the receiver is the identity.
	IsIdentity() bool
	// Bytes returns the one encoding of the receiver, Group.ElementSize bytes.
	// The identity has an encoding too, which no decoder accepts.
	Bytes() []byte
}
