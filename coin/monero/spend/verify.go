package spend

import (
	"bytes"
	"fmt"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
)

// maxWeight is the weight of the heaviest transaction.
const maxWeight = block.MaxWeight

// Verify returns an error unless the network takes a transaction, whose
// signatures, range proof and balance it verifies. members returns the outputs
// with the given global indices, in the same order. Not checked is what depends
// on the chain: that ring members are old enough, that key images are new, and
// what fee nodes ask for.
//
// Sources: monero's src/cryptonote_core (check_tx_semantic of
// cryptonote_core.cpp, check_tx_inputs and check_tx_outputs of blockchain.cpp)
// and src/ringct/rctSigs.cpp (verRctSemanticsSimple, verRctNonSemanticsSimple).
func Verify(tx *block.Transaction, members func(indices []uint64) ([]Member, error)) error {
	if err := checkForm(tx); err != nil {
		return err
	}
	if err := checkInputs(tx); err != nil {
		return err
	}
	if err := checkOutputs(tx); err != nil {
		return err
	}
	message, _ := tx.Message()
	for i, in := range tx.Inputs() {
		if err := verifyInput(tx, i, in, message, members); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
	}
	return nil
}

// checkForm refuses what today's transactions cannot be.
func checkForm(tx *block.Transaction) error {
	switch n := tx.OutputCount(); {
	case tx.Version() != 2 || tx.Type() != block.TypeBulletproofsPlus || tx.Pruned():
		return invalid("version %d, type %d, or pruned", tx.Version(), tx.Type())
	case tx.UnlockTime() != 0:
		return invalid("unlock time %d", tx.UnlockTime())
	case n < MinOutputs || n > MaxOutputs:
		return invalid("%d outputs", n)
	case len(tx.Extra()) > block.MaxRelayExtra:
		return invalid("extra field of %d bytes", len(tx.Extra()))
	case tx.Weight() > maxWeight:
		return invalid("weight %d, nodes relay %d", tx.Weight(), maxWeight)
	}
	return nil
}

// checkInputs refuses inputs and rings out of order.
func checkInputs(tx *block.Transaction) error {
	var last [keys.Size]byte
	for i, in := range tx.Inputs() {
		switch {
		case in.Amount != 0 || in.RingSize() != RingSize:
			return invalid("input %d has amount %d in the clear or a ring of %d", i, in.Amount, in.RingSize())
		case i > 0 && bytes.Compare(in.KeyImage[:], last[:]) >= 0:
			return invalid("key images do not descend")
		}
		last = in.KeyImage
		indices := in.AppendRing(nil)
		for k := range indices[1:] {
			if indices[k] >= indices[k+1] {
				return invalid("ring members of input %d do not ascend", i)
			}
		}
	}
	return nil
}

// checkOutputs verifies the outputs, the range proof and the balance.
func checkOutputs(tx *block.Transaction) error {
	var commitments, pseudoOuts [][keys.Size]byte
	for i, o := range tx.Outputs() {
		if !o.Tagged {
			return invalid("output %d has no view tag", i)
		}
		if _, err := keys.DecodePoint(o.Key[:]); err != nil {
			return invalid("key of output %d: %w", i, err)
		}
		commitment, _ := tx.Commitment(i)
		commitments = append(commitments, commitment)
	}
	for i := range tx.InputCount() {
		pseudoOut, _ := tx.PseudoOut(i)
		pseudoOuts = append(pseudoOuts, pseudoOut)
	}
	if err := balance(pseudoOuts, commitments, tx.Fee()); err != nil {
		return err
	}
	return verifyProof(tx.RangeProofs()[1:], commitments) // behind their number
}

// verifyInput verifies the signature of input i.
func verifyInput(
	tx *block.Transaction, i int, in block.Input, message [32]byte, members func([]uint64) ([]Member, error),
) error {
	indices := in.AppendRing(nil)
	ring, err := members(indices)
	if err != nil {
		return err
	}
	if !isRing(ring, indices) {
		return invalid("not the ring members that were asked for")
	}
	signature, err := clsag.Parse(tx.Signature(i), RingSize)
	if err != nil {
		return invalid("signature: %w", err)
	}
	pseudoOut, _ := tx.PseudoOut(i)
	if err := signature.Verify(message, signedRing(ring), in.KeyImage, pseudoOut); err != nil {
		return invalid("signature: %w", err)
	}
	return nil
}
