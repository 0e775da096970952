package spend

import (
	"bytes"
	"slices"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// An Unsigned is all of a transaction but key images, signatures and the order
// of the inputs, which is that of the key images. It does not change. It has no
// secrets but for which ring members are spent.
type Unsigned struct {
	inputs []unsignedInput // in the draft's order
	// outputs are in the transaction's order. That of output i of the draft is
	// at places[i].
	outputs []unsignedOutput
	places  []int
	extra   block.Extra
	fee     uint64
	// proof is the range proof as it is encoded, without a count.
	proof []byte
}

// unsignedInput is an input without key image and signature.
type unsignedInput struct {
	ring      []Member
	real      int
	pseudoOut [keys.Size]byte
}

// unsignedOutput is an output with what it is said to pay.
type unsignedOutput struct {
	Output
	made
}

// Fee returns the fee in piconero.
func (u *Unsigned) Fee() uint64 { return u.fee }

// Places returns for each output of the draft its index in the transaction.
func (u *Unsigned) Places() []int { return slices.Clone(u.places) }

// Spent returns the outputs that are spent, in the draft's order.
func (u *Unsigned) Spent() []Member {
	spent := make([]Member, len(u.inputs))
	for i, in := range u.inputs {
		spent[i] = in.ring[in.real]
	}
	return spent
}

// Rings returns the rings, in the draft's order.
func (u *Unsigned) Rings() [][]Member {
	list := make([][]Member, len(u.inputs))
	for i, in := range u.inputs {
		list[i] = slices.Clone(in.ring)
	}
	return list
}

// Outputs returns what is paid, in the draft's order. What each output of the
// transaction is said to pay is true if Check does not fail.
func (u *Unsigned) Outputs() []Output {
	list := make([]Output, len(u.places))
	for i, place := range u.places {
		list[i] = u.outputs[place].Output
	}
	return list
}

// MaxWeight returns the greatest weight that the signed transaction can have:
// that by which its fee was found.
func (u *Unsigned) MaxWeight() uint64 {
	return Shape{Inputs: len(u.inputs), Outputs: u.addresses(), Data: len(u.Data())}.Weight(u.fee)
}

// addresses returns those of all outputs.
func (u *Unsigned) addresses() []address.Address {
	list := make([]address.Address, len(u.outputs))
	for i := range u.outputs {
		list[i] = u.outputs[i].Address
	}
	return list
}

// Expectation returns what recognises the signed transaction.
func (u *Unsigned) Expectation() Expectation {
	s := statement{extra: u.extra, fee: u.fee}
	for _, in := range u.inputs {
		ring := make([]uint64, len(in.ring))
		for i, m := range in.ring {
			ring[i] = m.Index
		}
		s.rings = append(s.rings, ring)
	}
	for i := range u.outputs {
		s.outputs = append(s.outputs, u.outputs[i].made)
	}
	return Expectation{extra: bytes.Clone(u.extra), statement: s.hash()}
}
