package keys

import (
	"encoding/binary"
	"errors"

	"filippo.io/edwards25519"
)

var (
	// ErrScalar reports that 32 bytes are no canonical scalar.
	ErrScalar = errors.New("keys: not a scalar below the group's order")
	// ErrZero reports a scalar or secret key of zero where none may be. For a
	// hash that is a chance of 2⁻²⁵².
	ErrZero = errors.New("keys: scalar is zero")
)

// DecodeScalar returns the scalar with the given 32 bytes. For scalars below
// 2²⁵², which is all but a share of 2⁻¹²⁷, it takes constant time.
func DecodeScalar(b []byte) (*edwards25519.Scalar, error) {
	return decodeScalar(new(edwards25519.Scalar), b)
}

func decodeScalar(s *edwards25519.Scalar, b []byte) (*edwards25519.Scalar, error) {
	if _, err := s.SetCanonicalBytes(b); err != nil {
		return nil, ErrScalar
	}
	return s, nil
}

// HashToScalar is Hs, the Keccak-256 hash of the parts one after the other as a
// little-endian number modulo ℓ. A result of zero is an error, as in monerod.
// It takes constant time.
func HashToScalar(parts ...[]byte) (*edwards25519.Scalar, error) {
	return hashToScalar(new(edwards25519.Scalar), parts...)
}

func hashToScalar(s *edwards25519.Scalar, parts ...[]byte) (*edwards25519.Scalar, error) {
	var wide [64]byte
	sum := Keccak256(parts...)
	copy(wide[:], sum[:])
	if _, err := s.SetUniformBytes(wide[:]); err != nil {
		panic(err) // only for another length
	}
	clear(wide[:])
	clear(sum[:])
	if isZero(s) {
		return nil, ErrZero
	}
	return s, nil
}

func isZero(s *edwards25519.Scalar) bool {
	var zero edwards25519.Scalar
	return s.Equal(&zero) == 1
}

func scalarFromUint64(n uint64) *edwards25519.Scalar {
	var b [32]byte
	binary.LittleEndian.PutUint64(b[:], n)
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(b[:])
	if err != nil {
		panic(err) // n is far below ℓ
	}
	return s
}

var (
	minusOne     = new(edwards25519.Scalar).Negate(scalarFromUint64(1))
	inverseEight = new(edwards25519.Scalar).Invert(scalarFromUint64(8))
)

// InverseEight returns 1/8 modulo ℓ. Points of proofs are multiplied by it
// before they are written and by 8 after they are read, which leaves them as
// they were and free of torsion. Never do one without the other.
func InverseEight() *edwards25519.Scalar {
	return new(edwards25519.Scalar).Set(inverseEight)
}
