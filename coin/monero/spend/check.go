package spend

import (
	"bytes"
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

// Check returns an error unless the transaction does what it says: every output
// is the one that the seed gives for its address, amount and place, so that the
// payee finds that amount, the range proof is valid, and inputs and outputs
// balance. It takes nothing from a draft. What the inputs are worth only those
// know who can open their commitments.
func (u *Unsigned) Check(seed Seed) error {
	again := &Unsigned{inputs: u.inputs, fee: u.fee}
	masks, err := again.pay(&seed, u.Outputs(), u.Data())
	if err != nil {
		return err
	}
	erase(masks)
	switch {
	case !slices.Equal(again.places, u.places):
		return invalid("outputs are not in the seed's order")
	case !slices.Equal(again.outputs, u.outputs):
		return invalid("outputs do not pay what they say")
	case !bytes.Equal(again.extra, u.extra):
		return invalid("the extra field is not the seed's")
	}
	if err := verifyProof(u.proof, u.commitments()); err != nil {
		return err
	}
	return balance(u.pseudoOuts(), u.commitments(), u.fee)
}

// verifyProof verifies a range proof, as it is encoded without a count.
func verifyProof(encoded []byte, commitments [][keys.Size]byte) error {
	proof, rest, err := bulletproofs.Parse(encoded)
	switch {
	case err != nil:
		return invalid("range proof: %w", err)
	case len(rest) > 0:
		return invalid("%d bytes behind the range proof", len(rest))
	}
	if err := proof.Verify(commitments); err != nil {
		return invalid("range proof: %w", err)
	}
	return nil
}

func (u *Unsigned) commitments() [][keys.Size]byte {
	list := make([][keys.Size]byte, len(u.outputs))
	for i := range u.outputs {
		list[i] = u.outputs[i].commitment
	}
	return list
}

func (u *Unsigned) pseudoOuts() [][keys.Size]byte {
	list := make([][keys.Size]byte, len(u.inputs))
	for i := range u.inputs {
		list[i] = u.inputs[i].pseudoOut
	}
	return list
}

// balance returns an error unless the pseudo outputs' sum is that of the
// commitments and fee·H.
func balance(pseudoOuts, commitments [][keys.Size]byte, fee uint64) error {
	sum := keys.Commit(new(edwards25519.Scalar), fee)
	for i := range commitments {
		p, err := keys.DecodePoint(commitments[i][:])
		if err != nil {
			return invalid("commitment %d: %w", i, err)
		}
		sum.Add(sum, p)
	}
	for i := range pseudoOuts {
		p, err := keys.DecodePoint(pseudoOuts[i][:])
		if err != nil {
			return invalid("pseudo output %d: %w", i, err)
		}
		sum.Subtract(sum, p)
	}
	if !keys.IsIdentity(sum) {
		return invalid("inputs and outputs do not balance")
	}
	return nil
}
