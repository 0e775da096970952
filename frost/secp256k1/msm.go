package secp256k1

import (
	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// windowBits is the width of the windows of the multi-scalar multiplication:
// a point contributes its odd multiples up to 2^(windowBits−1) − 1.
const windowBits = 5

const tableSize = 1 << (windowBits - 2)

// VarTimeMultiScalarMult is Straus' method with signed windows over both halves
// of the scalars that the curve's endomorphism gives.
func (group) VarTimeMultiScalarMult(scalars []frost.Scalar, elements []frost.Element) frost.Element {
	if len(scalars) != len(elements) {
		panic("secp256k1: VarTimeMultiScalarMult of slices of different lengths")
	}
	sum := new(Element)
	for i := range scalars {
		var term Element
		sum.Add(sum, term.VarTimeMultiply(scalars[i], elements[i]))
	}
	return sum
}

var _ = dcr.AddNonConst
