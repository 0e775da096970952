package block

import (
	"fmt"

	"github.com/serai-go/processor/coin/monero/keys"
)

// Fields is a transaction as a value that can be built, changed and written.
// Package comment: what the fields are and their sizes.
type Fields struct {
	// Version is 1 or 2, Type the one of RingCT in version 2.
	Version int
	Type    Type
	// UnlockTime is 0 in what nodes relay.
	UnlockTime uint64
	// Coinbase tells that the only input is block Height's.
	Coinbase bool
	Height   uint64
	// Inputs is empty in a coinbase.
	Inputs []InputFields
	// Outputs are the outputs in order.
	Outputs []Output
	// Extra is the extra field.
	Extra Extra

	// Fee in piconero, of version 2.
	Fee uint64
	// EncryptedAmounts are 8 bytes each (64 up to type 3).
	EncryptedAmounts [][]byte
	// Commitments are those of the outputs, PseudoOuts those of the inputs.
	Commitments, PseudoOuts [][32]byte
	// RangeProofs are as encoded, with their count.
	RangeProofs []byte
	// Signatures are as encoded, one per input, in type 1 one for all.
	Signatures [][]byte
}

// InputFields is an input as a value.
type InputFields struct {
	// Amount of the outputs in the ring in piconero; 0 for RingCT outputs.
	Amount uint64
	// Offsets are the ring's: an index, and then differences.
	Offsets []uint64
	// KeyImage is the one of the output that is spent.
	KeyImage [32]byte
}

// Fields returns the transaction's fields. Those of a prunable part are
// missing for the pruned form. Byte slices are not copied.
func (t *Transaction) Fields() *Fields {
	f := &Fields{
		Version: t.Version(), Type: t.Type(), UnlockTime: t.UnlockTime(),
		Coinbase: t.Coinbase(), Height: t.Height(), Extra: t.Extra(),
		Fee: t.Fee(), RangeProofs: t.RangeProofs(),
	}
	for i, o := range t.Outputs() {
		f.Outputs = append(f.Outputs, o)
		if c, ok := t.Commitment(i); ok {
			f.EncryptedAmounts = append(f.EncryptedAmounts, t.EncryptedAmount(i))
			f.Commitments = append(f.Commitments, c)
		}
	}
	if f.Coinbase {
		return f
	}
	for i, in := range t.Inputs() {
		offsets := make([]uint64, 0, in.RingSize())
		for offset := range in.Offsets() {
			offsets = append(offsets, offset)
		}
		f.Inputs = append(f.Inputs, InputFields{in.Amount, offsets, in.KeyImage})
		if c, ok := t.PseudoOut(i); ok {
			f.PseudoOuts = append(f.PseudoOuts, c)
		}
	}
	if t.pruned {
		return f
	}
	if t.version == 1 {
		at := int(t.signatures)
		for _, in := range f.Inputs {
			end := at + 64*len(in.Offsets)
			f.Signatures = append(f.Signatures, t.raw[at:end:end])
			at = end
		}
		return f
	}
	n, _ := t.signatureShape()
	for i := range n {
		f.Signatures = append(f.Signatures, t.Signature(i))
	}
	return f
}

// AppendPrefix appends the prefix.
func (f *Fields) AppendPrefix(b []byte) []byte {
	b = keys.AppendVarint(b, uint64(f.Version))
	b = keys.AppendVarint(b, f.UnlockTime)
	if f.Coinbase {
		b = keys.AppendVarint(append(b, 1, tagGen), f.Height)
	} else {
		b = keys.AppendVarint(b, uint64(len(f.Inputs)))
	}
	for _, in := range f.Inputs {
		b = keys.AppendVarint(append(b, tagKey), in.Amount)
		b = keys.AppendVarint(b, uint64(len(in.Offsets)))
		for _, offset := range in.Offsets {
			b = keys.AppendVarint(b, offset)
		}
		b = append(b, in.KeyImage[:]...)
	}
	b = keys.AppendVarint(b, uint64(len(f.Outputs)))
	for _, o := range f.Outputs {
		b = keys.AppendVarint(b, o.Amount)
		if o.Tagged {
			b = append(append(append(b, tagTaggedKey), o.Key[:]...), o.ViewTag)
		} else {
			b = append(append(b, tagKey), o.Key[:]...)
		}
	}
	b = keys.AppendVarint(b, uint64(len(f.Extra)))
	return append(b, f.Extra...)
}

// AppendBase appends the base, which version 1 does not have.
func (f *Fields) AppendBase(b []byte) []byte {
	if f.Version == 1 {
		return b
	}
	b = append(b, byte(f.Type))
	if f.Type == TypeNull {
		return b
	}
	b = keys.AppendVarint(b, f.Fee)
	if f.Type == TypeSimple {
		b = appendKeys(b, f.PseudoOuts)
	}
	for _, amount := range f.EncryptedAmounts {
		b = append(b, amount...)
	}
	return appendKeys(b, f.Commitments)
}

// AppendPrunable appends the prunable part, or the ring signatures of
// version 1.
func (f *Fields) AppendPrunable(b []byte) []byte {
	b = append(b, f.RangeProofs...)
	for _, signature := range f.Signatures {
		b = append(b, signature...)
	}
	if f.Type >= TypeBulletproof {
		b = appendKeys(b, f.PseudoOuts)
	}
	return b
}

func appendKeys(b []byte, list [][32]byte) []byte {
	for i := range list {
		b = append(b, list[i][:]...)
	}
	return b
}

// Encode returns the transaction of the fields, which must fit together: it
// parses what it writes.
func (f *Fields) Encode() (*Transaction, error) {
	t, err := ParseTransaction(f.AppendPrunable(f.AppendBase(f.AppendPrefix(nil))))
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return t, nil
}
