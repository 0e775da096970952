package secp256k1

import (
	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// Normalize gives elements Z = 1.
func (group) Normalize(elements ...frost.Element) {
	points := make([]dcr.JacobianPoint, 0, len(elements))
	for _, e := range elements {
		if !e.IsIdentity() {
			points = append(points, e.(*Element).p)
		}
	}
	toAffine(points)
	for _, e := range elements {
		if !e.IsIdentity() {
			e.(*Element).p, points = points[0], points[1:]
		}
	}
}
