package dkg

import (
	"math/bits"

	"github.com/serai-go/processor/frost"
)

// polynomial is a secret polynomial, the constant term first.
type polynomial []frost.Scalar

// newPolynomial derives a polynomial with t coefficients from a dealer's seed.
// A coefficient is zero with probability 2⁻²⁵²; readers refuse that deal.
func newPolynomial(g frost.Group, seed []byte, role string, t int) polynomial {
	stream := expand(seed, "polynomial", []byte(role), 64*t)
	defer clear(stream)
	f := make(polynomial, t)
	for k := range f {
		f[k] = g.ScalarFromUniform((*[64]byte)(stream[64*k:]))
	}
	return f
}

// at returns the polynomial's value at x, in constant time.
func (f polynomial) at(g frost.Group, x int) frost.Scalar {
	point := g.NewScalar().SetUint64(uint64(x))
	value := g.NewScalar()
	for k := len(f) - 1; k >= 0; k-- {
		value.Add(value.Multiply(value, point), f[k])
	}
	return value
}

func (f polynomial) erase() {
	for _, a := range f {
		a.Erase()
	}
}

// evaluate returns Σ xᵏ·commitments[k]: the value at x of the polynomial in
// the exponent, by Horner's rule. A small x makes each step cheap. Variable
// time: for public values only.
func evaluate(g frost.Group, commitments []frost.Element, x int) frost.Element {
	value := g.NewElement().Set(commitments[len(commitments)-1])
	step := g.NewElement()
	for k := len(commitments) - 2; k >= 0; k-- {
		step.Set(value)
		for bit := bits.Len(uint(x)) - 2; bit >= 0; bit-- {
			value.Add(value, value)
			if x>>bit&1 == 1 {
				value.Add(value, step)
			}
		}
		value.Add(value, commitments[k])
	}
	return value
}
