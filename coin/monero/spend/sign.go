package spend

import (
	"bytes"
	"slices"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/frost"
)

// signatureSize is that of a ring signature in bytes.
var signatureSize = clsag.Size(RingSize)

// Work returns the signatures to be made, in the order of the draft's inputs.
// The transaction must be the draft's.
func (u *Unsigned) Work(draft Draft) ([]frost.Algorithm, error) {
	masks, err := u.masks(&draft)
	if err != nil {
		return nil, err
	}
	defer masks.erase()
	inputs := make([]clsag.Input, len(draft.Inputs))
	for i, in := range draft.Inputs {
		inputs[i] = clsag.Input{
			Ring: signedRing(in.Ring), Real: in.Real, Offset: in.Offset,
			Mask: in.Mask, PseudoMask: masks.inputs[i], Amount: in.Amount,
		}
	}
	work, err := clsag.Work(inputs, u.Message)
	if err != nil {
		return nil, invalid("%w", err)
	}
	return work, nil
}

func signedRing(ring []Member) []clsag.Member {
	list := make([]clsag.Member, len(ring))
	for i, m := range ring {
		list[i] = clsag.Member{Key: m.Key, Commitment: m.Commitment}
	}
	return list
}

// masks returns those of the commitments after making sure that the transaction
// is the draft's. The range proof is not made again: a wrong one does not
// verify.
func (u *Unsigned) masks(draft *Draft) (*masks, error) {
	again, masks, err := build(draft)
	if err != nil {
		return nil, err
	}
	again.proof = u.proof
	if !bytes.Equal(again.Bytes(), u.Bytes()) {
		return nil, invalid("not the draft's transaction")
	}
	return masks, nil
}

// Message returns what every signature signs, given the inputs' key images in
// the draft's order. It fails only for a wrong number of them: who gave a wrong
// one comes out by its share of the signature. Verify refuses them later.
func (u *Unsigned) Message(images [][keys.Size]byte) (message [32]byte, err error) {
	tx, err := u.signed(images, make([][]byte, len(images)))
	if err != nil {
		return message, err
	}
	message, _ = tx.Message() // it is neither pruned nor a coinbase
	return message, nil
}

// signed returns the transaction with key images and signatures, both in the
// draft's order. Missing signatures are zeros.
func (u *Unsigned) signed(images [][keys.Size]byte, signatures [][]byte) (*block.Transaction, error) {
	order, err := u.order(images)
	if err != nil {
		return nil, err
	}
	f := &block.Fields{
		Version: 2, Type: block.TypeBulletproofsPlus, Extra: u.extra, Fee: u.fee,
		Commitments: u.commitments(), RangeProofs: append([]byte{1}, u.proof...),
	}
	for _, i := range order {
		f.Inputs = append(f.Inputs, block.InputFields{Offsets: offsets(u.inputs[i].ring), KeyImage: images[i]})
		f.PseudoOuts = append(f.PseudoOuts, u.inputs[i].pseudoOut)
		signature := signatures[i]
		if signature == nil {
			signature = make([]byte, signatureSize)
		}
		f.Signatures = append(f.Signatures, signature)
	}
	for _, o := range u.outputs {
		f.Outputs = append(f.Outputs, block.Output{Key: o.key, Tagged: true, ViewTag: o.viewTag})
		f.EncryptedAmounts = append(f.EncryptedAmounts, bytes.Clone(o.encrypted[:]))
	}
	tx, err := f.Encode()
	if err != nil {
		return nil, invalid("%w", err)
	}
	return tx, nil
}

// order returns the draft's inputs in the transaction's order: key images
// descend.
func (u *Unsigned) order(images [][keys.Size]byte) ([]int, error) {
	if len(images) != len(u.inputs) {
		return nil, invalid("%d key images for %d inputs", len(images), len(u.inputs))
	}
	order := make([]int, len(images))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(images[b][:], images[a][:]) })
	return order, nil
}
