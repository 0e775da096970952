package secp256k1

import (
	"encoding/binary"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/internal/redact"
)

// A Scalar is a number modulo the order n of the curve. The zero value is zero.
// All operations but VarTimeInvert are those of dcrd's ModNScalar and take
// constant time.
type Scalar struct {
	redact.Secret
	s dcr.ModNScalar
}

// Set sets s to a.
func (s *Scalar) Set(a frost.Scalar) frost.Scalar {
	s.s.Set(&a.(*Scalar).s)
	return s
}

// SetUint64 sets s to x.
func (s *Scalar) SetUint64(x uint64) frost.Scalar {
	var b [32]byte
	binary.BigEndian.PutUint64(b[24:], x)
	s.s.SetBytes(&b)
	return s
}

// Add sets s to a + b.
func (s *Scalar) Add(a, b frost.Scalar) frost.Scalar {
	s.s.Add2(&a.(*Scalar).s, &b.(*Scalar).s)
	return s
}

// Subtract sets s to a − b.
func (s *Scalar) Subtract(a, b frost.Scalar) frost.Scalar {
	var negated dcr.ModNScalar
	negated.NegateVal(&b.(*Scalar).s)
	s.s.Add2(&a.(*Scalar).s, &negated)
	negated.Zero()
	return s
}

// Multiply sets s to a·b.
func (s *Scalar) Multiply(a, b frost.Scalar) frost.Scalar {
	s.s.Mul2(&a.(*Scalar).s, &b.(*Scalar).s)
	return s
}

// Negate sets s to −a.
func (s *Scalar) Negate(a frost.Scalar) frost.Scalar {
	s.s.NegateVal(&a.(*Scalar).s)
	return s
}

// VarTimeInvert sets s to 1/a, and to 0 if a is 0.
func (s *Scalar) VarTimeInvert(a frost.Scalar) frost.Scalar {
	s.s.InverseValNonConst(&a.(*Scalar).s)
	return s
}

// Equal reports whether s and a are the same number.
func (s *Scalar) Equal(a frost.Scalar) bool { return s.s.Equals(&a.(*Scalar).s) }

// IsZero reports whether s is zero.
func (s *Scalar) IsZero() bool { return s.s.IsZero() }

// Bytes returns the 32 bytes of s, big-endian.
func (s *Scalar) Bytes() []byte {
	b := s.s.Bytes()
	return b[:]
}

// Erase overwrites s with zero.
func (s *Scalar) Erase() { s.s.Zero() }
