package ed25519

import (
	"filippo.io/edwards25519/field"

	"github.com/serai-go/processor/frost"
)

var fieldOne = new(field.Element).One()

// Normalize gives elements Z = 1. All divisions take one inversion (Montgomery's
// trick).
func (group) Normalize(elements ...frost.Element) {
	prefix := make([]field.Element, len(elements))
	running := new(field.Element).One()
	for i, e := range elements {
		prefix[i].Set(running)
		_, _, z, _ := e.(*Element).p.ExtendedCoordinates()
		running.Multiply(running, z)
	}
	running.Invert(running)
	var inverse, t field.Element
	for i := len(elements) - 1; i >= 0; i-- {
		p := &elements[i].(*Element).p
		x, y, z, _ := p.ExtendedCoordinates()
		inverse.Multiply(running, &prefix[i])
		running.Multiply(running, z)
		x.Multiply(x, &inverse)
		y.Multiply(y, &inverse)
		if _, err := p.SetExtendedCoordinates(x, y, fieldOne, t.Multiply(x, y)); err != nil {
			panic(err) // it was on the curve before
		}
	}
}
