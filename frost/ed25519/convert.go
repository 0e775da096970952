package ed25519

import "filippo.io/edwards25519"

// ElementOf returns the element with the value of a point. The caller vouches
// that the point is of prime order, or the identity.
func ElementOf(p *edwards25519.Point) *Element {
	e := new(Element)
	e.p.Set(p)
	return e
}

// Point returns a new point with the value of e.
func (e *Element) Point() *edwards25519.Point { return new(edwards25519.Point).Set(&e.p) }

// ScalarOf returns a new scalar with the value of s.
func ScalarOf(s *edwards25519.Scalar) *Scalar {
	scalar := new(Scalar)
	scalar.s.Set(s)
	return scalar
}

// Value returns a new scalar of the library with the value of s, as secret as s
// is. It does not print as "[redacted]".
func (s *Scalar) Value() *edwards25519.Scalar { return new(edwards25519.Scalar).Set(&s.s) }
