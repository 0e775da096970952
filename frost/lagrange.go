package frost

import (
	"errors"
	"math/bits"
)

// ErrIndices reports share indices that do not make a set: zero or repeated.
var ErrIndices = errors.New("frost: share indices are not distinct and positive")

// LagrangeCoefficients returns for every index x the coefficient λ with which
// the value at x enters the interpolation at 0: the product of y/(y−x) over all
// other indices y.
func LagrangeCoefficients(group Group, indices []uint16) ([]Scalar, error) {
	numerator := newProduct(group)
	denominators := make([]Scalar, len(indices))
	for i, x := range indices {
		if x == 0 {
			return nil, ErrIndices
		}
		numerator.multiply(uint64(x), false)
		// The factor x takes x itself out of the shared numerator.
		denominator := newProduct(group)
		denominator.multiply(uint64(x), false)
		for j, y := range indices {
			switch {
			case j == i:
			case y > x:
				denominator.multiply(uint64(y-x), false)
			case y < x:
				denominator.multiply(uint64(x-y), true)
			default:
				return nil, ErrIndices
			}
		}
		denominators[i] = denominator.value()
	}
	varTimeInvertAll(group, denominators)
	shared := numerator.value()
	for _, d := range denominators {
		d.Multiply(d, shared)
	}
	return denominators, nil
}

// product multiplies many small integers. It collects them in a machine word
// and multiplies scalars only when the word is full.
type product struct {
	scalar, factor Scalar
	word           uint64
	negative       bool
}

func newProduct(group Group) *product {
	return &product{scalar: group.NewScalar().SetUint64(1), factor: group.NewScalar(), word: 1}
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
