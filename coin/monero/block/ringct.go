package block

import "math/bits"

const (
	// maxProofLists is how many points L, and as many R, a range proof for 16
	// outputs has, minProofLists one for one output.
	minProofLists, maxProofLists = 6, 10
	// borromean is the size of a Borromean range proof in bytes: s0, s1, Ci 64
	// times 32, and ee.
	borromean = (3*64 + 1) * 32
	// proofHead is the size of the six points and scalars before L.
	proofHead = 6 * 32
	// proofTail is the size of a, b, t behind R in the Bulletproofs of types 3
	// to 5.
	proofTail = 3 * 32
)

// lists returns how many points L a range proof for some outputs has.
func lists(outputs int) int {
	return minProofLists + bits.Len(uint(max(outputs, 1)-1))
}

// readRingCT reads base and prunable part of version 2.
func (t *Transaction) readRingCT(c *cursor, start int) {
	t.kind = Type(c.byte("RingCT type"))
	t.prunable = int32(c.pos - start)
	switch {
	case c.err != nil:
		return
	case t.kind > TypeBulletproofsPlus:
		c.failf("RingCT type", "%w: %d", ErrUnsupported, t.kind)
		return
	case t.Coinbase() != (t.kind == TypeNull):
		c.failf("RingCT type", "%w: %d", errType, t.kind)
		return
	case t.Coinbase():
		return
	}
	in, out := t.InputCount(), t.OutputCount()
	t.fee = c.varint("fee")
	if t.kind == TypeSimple {
		t.pseudoOuts = int32(c.pos - start)
		c.skip("pseudo outputs", in, 32)
	}
	t.encrypted = int32(c.pos - start)
	c.skip("encrypted amounts", out, t.amountSize())
	t.commitments = int32(c.pos - start)
	c.skip("commitments", out, 32)
	t.prunable = int32(c.pos - start)
	if t.pruned || c.err != nil {
		return
	}
	t.readRangeProofs(c)
	t.signatures = int32(c.pos - start)
	n, size := t.signatureShape()
	c.skip(t.signatureName(), n, size)
	if t.kind >= TypeBulletproof {
		t.pseudoOuts = int32(c.pos - start)
		c.skip("pseudo outputs", in, 32)
	}
}

// amountSize is the size of an encrypted amount, with its mask up to type 3.
func (t *Transaction) amountSize() int {
	if t.kind <= TypeBulletproof {
		return 64
	}
	return 8
}

// signatureShape returns how many signatures there are and their size.
func (t *Transaction) signatureShape() (n, size int) {
	in, ring := t.InputCount(), t.RingSize()
	switch {
	case t.kind >= TypeCLSAG:
		return in, 32*ring + 64
	case t.kind == TypeFull:
		return 1, 32*ring*(in+1) + 32
	}
	return in, 32*ring*2 + 32
}

func (t *Transaction) signatureName() string {
	if t.kind >= TypeCLSAG {
		return "CLSAG"
	}
	return "MLSAG"
}

// readRangeProofs reads a Borromean proof for each output or, from type 3 on,
// one proof for all.
func (t *Transaction) readRangeProofs(c *cursor) {
	out := t.OutputCount()
	n := uint64(0)
	switch t.kind {
	case TypeFull, TypeSimple:
		c.skip("range proofs", out, borromean)
		return
	case TypeBulletproof:
		n = uint64(c.uint32("number of range proofs"))
	default:
		n = c.varint("number of range proofs")
	}
	if n != 1 && c.err == nil {
		c.fail("number of range proofs", errProof)
	}
	c.skip("range proof", proofHead, 1)
	k := c.count("range proof L", 32)
	if c.err == nil && (k > maxProofLists || k != lists(out)) {
		c.fail("range proof L", errProof)
	}
	c.skip("range proof L", k, 32)
	if c.count("range proof R", 32) != k && c.err == nil {
		c.fail("range proof R", errProof)
	}
	c.skip("range proof R", k, 32)
	if t.kind != TypeBulletproofsPlus {
		c.skip("range proof", proofTail, 1)
	}
}

// EncryptedAmount returns what the receiver learns output i's amount from: 8
// bytes, before type 4 the mask and the amount of 32 bytes each. Version 1 and
// a coinbase have none: nil. It is not copied.
func (t *Transaction) EncryptedAmount(i int) []byte {
	if t.kind == TypeNull {
		return nil
	}
	size := t.amountSize()
	at := int(t.encrypted) + i*size
	return t.raw[at : at+size : at+size]
}

// Commitment returns the commitment to the amount of output i, false if
// amounts are in the clear. It may be no point.
func (t *Transaction) Commitment(i int) (commitment [32]byte, ok bool) {
	if t.kind == TypeNull {
		return commitment, false
	}
	return [32]byte(t.raw[int(t.commitments)+32*i:]), true
}

// PseudoOut returns the commitment to the amount of input i, false if there is
// none: in version 1, in a coinbase, in type 1, and in the pruned form of all
// but type 2.
func (t *Transaction) PseudoOut(i int) (commitment [32]byte, ok bool) {
	if t.pseudoOuts == 0 {
		return commitment, false
	}
	return [32]byte(t.raw[int(t.pseudoOuts)+32*i:]), true
}

// RangeProofs returns the range proofs with their count, as they are encoded:
// nil for version 1, a coinbase and the pruned form. They are not copied.
func (t *Transaction) RangeProofs() []byte {
	if t.kind == TypeNull || t.pruned {
		return nil
	}
	return t.raw[t.prunable:t.signatures:t.signatures]
}

// Signature returns input i's signature as it is encoded, nil in a coinbase
// and in the pruned form. In type 1 all inputs have the same one. It is not
// copied.
func (t *Transaction) Signature(i int) []byte {
	if t.pruned || t.Coinbase() {
		return nil
	}
	if t.version == 1 {
		return t.ringSignature(i)
	}
	n, size := t.signatureShape()
	at := int(t.signatures) + min(i, n-1)*size
	return t.raw[at : at+size : at+size]
}

// ringSignature returns input i's signature of version 1, where rings have
// different sizes.
func (t *Transaction) ringSignature(i int) []byte {
	at := int(t.signatures)
	for j, in := range t.Inputs() {
		if j == i {
			return t.raw[at : at+64*in.members : at+64*in.members]
		}
		at += 64 * in.members
	}
	return nil
}
