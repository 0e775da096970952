package frost

import (
	"errors"
	"math/bits"
	"slices"
)

// ErrIndices reports share indices that do not make a set: zero or repeated.
var ErrIndices = errors.New("frost: share indices are not distinct and positive")

// LagrangeCoefficients returns for every index x the coefficient λ with which
// the value at x enters the interpolation at 0: the product of y/(y−x) over all
// other indices y.
func LagrangeCoefficients(group Group, indices []uint16) ([]Scalar, error) {
	sorted := slices.Sorted(slices.Values(indices))
	if len(sorted) > 0 && sorted[0] == 0 || len(slices.Compact(sorted)) < len(indices) {
		return nil, ErrIndices
	}
	return lagrange(group, indices, indices), nil
}

// lagrange returns the Lagrange coefficients of some of the indices, which are
// distinct and positive.
func lagrange(group Group, indices, some []uint16) []Scalar {
	numerator := newProduct(group)
	for _, x := range indices {
		numerator.multiply(uint64(x), false)
	}
	lambda := make([]Scalar, len(some))
	denominator := newProduct(group)
	for i, x := range some {
		denominator.reset()
		// The factor x takes x itself out of the numerator.
		denominator.multiply(uint64(x), false)
		for _, y := range indices {
			if y > x {
				denominator.multiply(uint64(y-x), false)
			} else if y < x {
				denominator.multiply(uint64(x-y), true)
			}
		}
		lambda[i] = group.NewScalar().Set(denominator.value())
	}
	varTimeInvertAll(group, lambda)
	shared := numerator.value()
	for _, l := range lambda {
		l.Multiply(l, shared)
	}
	return lambda
}

// product multiplies many small integers. It collects them in a machine word
// and multiplies scalars only when the word is full.
type product struct {
	scalar, factor Scalar
	word           uint64
	negative       bool
}

func newProduct(group Group) *product {
	p := &product{scalar: group.NewScalar(), factor: group.NewScalar()}
	p.reset()
	return p
}

// reset makes the product 1 again.
func (p *product) reset() {
	p.scalar.SetUint64(1)
	p.word, p.negative = 1, false
}

func (p *product) multiply(x uint64, negative bool) {
	high, low := bits.Mul64(p.word, x)
	if high != 0 {
		p.scalar.Multiply(p.scalar, p.factor.SetUint64(p.word))
		low = x
	}
	p.word = low
	p.negative = p.negative != negative
}

// value returns the product, until the next reset.
func (p *product) value() Scalar {
	p.scalar.Multiply(p.scalar, p.factor.SetUint64(p.word))
	if p.negative {
		p.scalar.Negate(p.scalar)
	}
	return p.scalar
}

// varTimeInvertAll replaces public scalars, none of them zero, by their
// inverses, with one inversion (Montgomery's trick).
func varTimeInvertAll(group Group, scalars []Scalar) {
	prefix := make([]Scalar, len(scalars))
	running := group.NewScalar().SetUint64(1)
	for i, s := range scalars {
		prefix[i] = group.NewScalar().Set(running)
		running.Multiply(running, s)
	}
	running.VarTimeInvert(running)
	next := group.NewScalar()
	for i := len(scalars) - 1; i >= 0; i-- {
		next.Multiply(running, scalars[i])
		scalars[i].Multiply(running, prefix[i])
		running.Set(next)
	}
}
