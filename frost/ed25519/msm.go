package ed25519

import (
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/frost"
)

var (
	one       = new(Scalar).SetUint64(1).(*Scalar)
	generator = edwards25519.NewGeneratorPoint()
)

// fewTerms is how many terms need no memory from the heap for their pointers.
const fewTerms = 8

// VarTimeMultiScalarMult is Straus' method as in the library. Terms with scalar
// 1 are only added, and the base point is one more term, which costs half of
// its own multiplication.
func (group) VarTimeMultiScalarMult(base frost.Scalar, scalars []frost.Scalar, elements []frost.Element) frost.Element {
	if len(scalars) != len(elements) {
		panic("ed25519: VarTimeMultiScalarMult of slices of different lengths")
	}
	s := slices.Grow(make([]*edwards25519.Scalar, 0, fewTerms), len(scalars)+1)
	p := slices.Grow(make([]*edwards25519.Point, 0, fewTerms), len(scalars)+1)
	plain := edwards25519.NewIdentityPoint()
	for i := range scalars {
		scalar, point := &scalars[i].(*Scalar).s, &elements[i].(*Element).p
		if scalar.Equal(&one.s) == 1 {
			plain.Add(plain, point)
			continue
		}
		s, p = append(s, scalar), append(p, point)
	}
	e := new(Element)
	switch {
	case base != nil && len(p) == 0:
		e.p.ScalarBaseMult(&base.(*Scalar).s)
	case base != nil && len(p) == 1:
		e.p.VarTimeDoubleScalarBaseMult(s[0], p[0], &base.(*Scalar).s)
	case base != nil:
		e.p.VarTimeMultiScalarMult(append(s, &base.(*Scalar).s), append(p, generator))
	default:
		e.p.VarTimeMultiScalarMult(s, p)
	}
	e.p.Add(&e.p, plain)
	return e
}
