package keys

import (
	"fmt"

	"filippo.io/edwards25519"
)

// A ViewKey is a private view key a. It finds outputs and opens their amounts.
// It does not change and is safe for concurrent use until it is erased.
type ViewKey struct {
	secret
	a edwards25519.Scalar
}

// NewViewKey returns the view key with the given 32 bytes, a scalar other than
// zero.
func NewViewKey(b []byte) (*ViewKey, error) {
	v := new(ViewKey)
	if _, err := decodeScalar(&v.a, b); err != nil {
		return nil, fmt.Errorf("view key: %w", err)
	}
	if isZero(&v.a) {
		return nil, fmt.Errorf("view key: %w", ErrZero)
	}
	return v, nil
}

// Erase overwrites the key, which is not to be used any more.
func (v *ViewKey) Erase() { v.a = edwards25519.Scalar{} }

// Public returns a·G, the public view key of the main address. It takes
// constant time.
func (v *ViewKey) Public() *edwards25519.Point {
	return new(edwards25519.Point).ScalarBaseMult(&v.a)
}

// Derive returns the derivation of a transaction key R of any order,
// D = 8·a·R. It takes constant time.
func (v *ViewKey) Derive(r *edwards25519.Point) Derivation { return Derive(&v.a, r) }

// DeriveAll writes the derivation of each transaction key to dst, which is as
// long as the list of them. It is faster than one Derive each, takes constant
// time and no memory from the heap.
func (v *ViewKey) DeriveAll(dst []Derivation, transactionKeys []edwards25519.Point) {
	if len(dst) != len(transactionKeys) {
		panic("keys: DeriveAll into a slice of another length")
	}
	var points [encodedAtOnce]edwards25519.Point
	used := min(len(dst), encodedAtOnce)
	for len(dst) > 0 {
		n := min(len(dst), encodedAtOnce)
		for i := range n {
			points[i].ScalarMult(&v.a, &transactionKeys[i])
			points[i].MultByCofactor(&points[i])
		}
		EncodePoints(dst[:n], points[:n])
		dst, transactionKeys = dst[n:], transactionKeys[n:]
	}
	clear(points[:used])
}
