package block

import "github.com/serai-go/processor/coin/monero/keys"

// Hash returns the transaction's hash, by which the network knows it.
func (t *Transaction) Hash() [32]byte {
	if t.version == 1 {
		return keys.Keccak256(t.raw)
	}
	return t.threePart(t.PrunableHash())
}

// threePart returns the hash of the prefix's, the base's and a third hash.
func (t *Transaction) threePart(third [32]byte) [32]byte {
	var parts [96]byte
	prefix, base := t.PrefixHash(), t.BaseHash()
	copy(parts[:], prefix[:])
	copy(parts[32:], base[:])
	copy(parts[64:], third[:])
	return keys.Keccak256(parts[:])
}

// PrefixHash returns the hash of the prefix. It is what version 1 signs.
func (t *Transaction) PrefixHash() [32]byte { return keys.Keccak256(t.raw[:t.prefixEnd]) }

// BaseHash returns the hash of version 2's base.
func (t *Transaction) BaseHash() [32]byte {
	if t.version == 1 {
		return [32]byte{}
	}
	return keys.Keccak256(t.raw[t.prefixEnd:t.prunable])
}

// PrunableHash returns the hash of version 2's prunable part: for the pruned
// form the one that it was parsed with, and 32 zero bytes for a coinbase
// (where nodes report the hash of nothing instead) and for version 1.
func (t *Transaction) PrunableHash() [32]byte {
	if t.pruned || t.Coinbase() || t.version == 1 {
		return t.third
	}
	return keys.Keccak256(t.raw[t.prunable:])
}

// Message returns what each signature of the transaction signs. A coinbase
// signs nothing, and the pruned form of version 2 lacks what is signed: false.
func (t *Transaction) Message() (message [32]byte, ok bool) {
	switch {
	case t.Coinbase():
		return message, false
	case t.version == 1:
		return t.PrefixHash(), true
	case t.pruned:
		return message, false
	}
	return t.threePart(t.proofsHash()), true
}

// proofsHash is the hash of the range proofs without counts.
func (t *Transaction) proofsHash() [32]byte {
	proofs := t.raw[t.prunable:t.signatures]
	if t.kind <= TypeSimple {
		return keys.Keccak256(proofs)
	}
	parts := make([][]byte, 0, 4)
	c := cursor{data: proofs, pos: 1}
	if t.kind == TypeBulletproof {
		c.pos = 4
	}
	part := func(size int) {
		parts = append(parts, proofs[c.pos:c.pos+size])
		c.pos += size
	}
	part(proofHead)
	part(32 * c.count("", 32))
	part(32 * c.count("", 32))
	if t.kind != TypeBulletproofsPlus {
		part(proofTail)
	}
	return keys.Keccak256(parts...)
}
