package spend

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// Assemble returns the signed transaction. A signature is a key image of 32 bytes
// and the ring signature; they are in the order of the draft's inputs, which is
// that of Work. What comes back has been verified like a stranger's.
func (u *Unsigned) Assemble(draft Draft, signatures [][]byte) (*block.Transaction, error) {
	masks, err := u.masks(&draft)
	if err != nil {
		return nil, err
	}
	masks.erase()
	return u.assemble(signatures)
}

func (u *Unsigned) assemble(signatures [][]byte) (*block.Transaction, error) {
	images := make([][keys.Size]byte, len(signatures))
	bare := make([][]byte, len(signatures))
	for i, s := range signatures {
		if len(s) != keys.Size+signatureSize {
			return nil, invalid("signature %d has %d bytes", i, len(s))
		}
		images[i], bare[i] = [keys.Size]byte(s), s[keys.Size:]
	}
	tx, err := u.signed(images, bare)
	if err != nil {
		return nil, err
	}
	if tx.Weight() > u.MaxWeight() {
		return nil, invalid("weight %d above the estimate of %d", tx.Weight(), u.MaxWeight())
	}
	if err := Verify(tx, u.members); err != nil {
		return nil, err
	}
	return tx, nil
}

// members returns ring members by their global indices.
func (u *Unsigned) members(indices []uint64) ([]Member, error) {
	for i := range u.inputs {
		if isRing(u.inputs[i].ring, indices) {
			return u.inputs[i].ring, nil
		}
	}
	return nil, invalid("a ring of others")
}

func isRing(ring []Member, indices []uint64) bool {
	return slices.EqualFunc(ring, indices, func(m Member, index uint64) bool { return m.Index == index })
}

// Verify returns an error unless a transaction is this one with valid
// signatures, in the form in which Assemble returns it. It must be the draft's.
func (u *Unsigned) Verify(draft Draft, tx *block.Transaction) error {
	masks, err := u.masks(&draft)
	if err != nil {
		return err
	}
	masks.erase()
	if tx.Pruned() || tx.Coinbase() || tx.Version() != 2 || tx.Type() != block.TypeBulletproofsPlus ||
		tx.InputCount() != len(u.inputs) || tx.RingSize() != RingSize {
		return invalid("not the draft's transaction")
	}
	signatures, err := u.signatures(tx)
	if err != nil {
		return err
	}
	again, err := u.assemble(signatures)
	if err != nil {
		return err
	}
	if !bytes.Equal(again.Raw(), tx.Raw()) {
		return invalid("not the draft's transaction")
	}
	return nil
}

// signatures returns those of a transaction in the draft's order. Inputs are
// known again by ring and pseudo output.
func (u *Unsigned) signatures(tx *block.Transaction) ([][]byte, error) {
	signatures := make([][]byte, len(u.inputs))
	for i, in := range tx.Inputs() {
		pseudoOut, _ := tx.PseudoOut(i)
		ring := in.AppendRing(nil)
		at := slices.IndexFunc(u.inputs, func(own unsignedInput) bool {
			return own.pseudoOut == pseudoOut && isRing(own.ring, ring)
		})
		if at < 0 || signatures[at] != nil {
			return nil, fmt.Errorf("input %d: %w", i, invalid("not the draft's"))
		}
		signatures[at] = append(in.KeyImage[:], tx.Signature(i)...)
	}
	return signatures, nil
}
