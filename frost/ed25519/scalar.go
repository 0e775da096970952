package ed25519

import (
	"encoding/binary"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/internal/redact"
)

// A Scalar is a number modulo ℓ. The zero value is zero. All operations but
// VarTimeInvert are those of filippo.io/edwards25519 and take constant time.
type Scalar struct {
	redact.Secret
	s edwards25519.Scalar
}

// Set sets s to a.
func (s *Scalar) Set(a frost.Scalar) frost.Scalar {
	s.s.Set(&a.(*Scalar).s)
	return s
}

// SetUint64 sets s to x.
func (s *Scalar) SetUint64(x uint64) frost.Scalar {
	var b [size]byte
	binary.LittleEndian.PutUint64(b[:], x)
	if _, err := s.s.SetCanonicalBytes(b[:]); err != nil {
		panic(err) // x is far below ℓ
	}
	return s
}

// Add sets s to a + b.
func (s *Scalar) Add(a, b frost.Scalar) frost.Scalar {
	s.s.Add(&a.(*Scalar).s, &b.(*Scalar).s)
	return s
}

// Subtract sets s to a − b.
func (s *Scalar) Subtract(a, b frost.Scalar) frost.Scalar {
	s.s.Subtract(&a.(*Scalar).s, &b.(*Scalar).s)
	return s
}

// Multiply sets s to a·b.
func (s *Scalar) Multiply(a, b frost.Scalar) frost.Scalar {
	s.s.Multiply(&a.(*Scalar).s, &b.(*Scalar).s)
	return s
}

// Negate sets s to −a.
func (s *Scalar) Negate(a frost.Scalar) frost.Scalar {
	s.s.Negate(&a.(*Scalar).s)
	return s
}

// VarTimeInvert sets s to 1/a, and to 0 if a is 0.
func (s *Scalar) VarTimeInvert(a frost.Scalar) frost.Scalar {
	s.s.Invert(&a.(*Scalar).s)
	return s
}

// Equal reports whether s and a are the same number.
func (s *Scalar) Equal(a frost.Scalar) bool { return s.s.Equal(&a.(*Scalar).s) == 1 }

// IsZero reports whether s is zero.
func (s *Scalar) IsZero() bool { return s.s.Equal(edwards25519.NewScalar()) == 1 }

// Bytes returns the 32 bytes of s, little-endian.
func (s *Scalar) Bytes() []byte { return s.s.Bytes() }

// Erase overwrites s with zero.
func (s *Scalar) Erase() { s.s.Set(edwards25519.NewScalar()) }
