package block

import (
	"errors"
	"iter"
)

// MaxTransaction is the size of the largest transaction that nodes take, in
// bytes. A coinbase is limited by its block only.
const MaxTransaction = 1_000_000

// Type is the type of a version 2 transaction's RingCT part.
type Type uint8

// The types of RingCT: the proofs in a transaction.
const (
	TypeNull             Type = 0 // coinbase: amounts in the clear
	TypeFull             Type = 1 // one MLSAG for all inputs, Borromean range proofs
	TypeSimple           Type = 2 // an MLSAG per input, Borromean range proofs
	TypeBulletproof      Type = 3 // one Bulletproof
	TypeBulletproof2     Type = 4 // amounts of 8 bytes
	TypeCLSAG            Type = 5 // CLSAG and one Bulletproof
	TypeBulletproofsPlus Type = 6 // CLSAG and one Bulletproof+: those of today
)

var (
	errZero     = errors.New("is zero")
	errCoinbase = errors.New("is a coinbase's but not the only one")
	errTag      = errors.New("is unknown")
	errType     = errors.New("is a coinbase's in another transaction, or the other way round")
	errRing     = errors.New("differs from that of the first input")
	errClear    = errors.New("is not zero although it is encrypted")
	errProof    = errors.New("does not fit the number of outputs")
)

// Transaction is a transaction as a view of its bytes, which are either all of
// it or its pruned form.
type Transaction struct {
	raw    []byte
	pruned bool
	// third is the hash of the prunable part if that is not in raw.
	third [32]byte

	version    uint8
	kind       Type
	unlock     uint64
	fee        uint64
	height     uint64 // of a coinbase
	inputCount int32
	ring       int32 // members of the first input's ring, 0 for a coinbase

	outputCount int32
	// Where parts begin in raw. prefixEnd is where the base begins.
	inputs, outputs, extra, prefixEnd int32
	pseudoOuts, encrypted             int32
	commitments, prunable             int32
	signatures                        int32 // range proofs are before
}

// ParseTransaction reads a transaction that fills raw exactly, and keeps raw.
func ParseTransaction(raw []byte) (*Transaction, error) {
	return parseTransaction(raw, false)
}

// ParsePruned reads the pruned form of a transaction, which fills raw exactly,
// and keeps raw. prunable is the hash of the part that is missing; it counts
// for the transaction's hash, so that a wrong one gives a wrong hash. A
// coinbase has no such part, and prunable does not count. A pruned version 1
// transaction with signatures is unsupported: its hash cannot be computed.
func ParsePruned(raw []byte, prunable [32]byte) (*Transaction, error) {
	t, err := parseTransaction(raw, true)
	if err != nil {
		return nil, err
	}
	if !t.Coinbase() {
		t.third = prunable
	}
	return t, nil
}

func parseTransaction(raw []byte, pruned bool) (*Transaction, error) {
	c := cursor{data: raw}
	t := &Transaction{pruned: pruned}
	t.read(&c)
	if err := c.end("transaction"); err != nil {
		return nil, err
	}
	return t, nil
}

// read reads one transaction, which may be followed by more.
func (t *Transaction) read(c *cursor) {
	start := c.pos
	t.readPrefix(c, start)
	switch {
	case c.err != nil:
		return
	case t.version == 2:
		t.readRingCT(c, start)
	case !t.pruned:
		t.readRingSignatures(c, start)
	case !t.Coinbase():
		c.failf("version", "%w: 1, pruned", ErrUnsupported)
	}
	t.checkSize(c, start)
	if c.err == nil {
		t.raw = c.data[start:c.pos:c.pos]
	}
}

func (t *Transaction) checkSize(c *cursor, start int) {
	if !t.Coinbase() && c.pos-start > MaxTransaction && c.err == nil {
		c.fail("size", errSize)
	}
}

func (t *Transaction) readPrefix(c *cursor, start int) {
	if len(c.data)-start > MaxBlock {
		c.fail("size", errSize)
		return
	}
	version := c.varint("version")
	if c.err == nil && version != 1 && version != 2 {
		c.failf("version", "%w: %d", ErrUnsupported, version)
	}
	t.version = uint8(version)
	t.unlock = c.varint("unlock time")

	n := c.count("number of inputs", minInput)
	if n == 0 && c.err == nil {
		c.fail("number of inputs", errZero)
	}
	t.inputCount, t.inputs = int32(n), int32(c.pos-start)
	for i := range n {
		t.readInput(c, i)
		if c.err != nil {
			return
		}
	}

	m := c.count("number of outputs", minOutput)
	if m == 0 && c.err == nil && version != 1 {
		c.fail("number of outputs", errZero)
	}
	t.outputCount, t.outputs = int32(m), int32(c.pos-start)
	for range m {
		t.readOutput(c)
		if c.err != nil {
			return
		}
	}

	size := c.count("size of extra", 1)
	t.extra = int32(c.pos - start)
	c.skip("extra", size, 1)
	t.prefixEnd = int32(c.pos - start)
	t.checkSize(c, start) // products of its counts fit an int from here on
}

const (
	minInput  = 2      // tag, height
	minOutput = 2 + 32 // amount, tag, key

	tagGen       = 0xff
	tagKey       = 2
	tagTaggedKey = 3
)

func (t *Transaction) readInput(c *cursor, i int) {
	switch tag := c.byte("input tag"); {
	case c.err != nil:
	case tag == tagGen:
		t.height = c.varint("input height")
		if t.inputCount != 1 && c.err == nil {
			c.fail("input", errCoinbase)
		}
	case tag == tagKey:
		c.varint("input amount")
		n := c.count("ring size", 1)
		switch {
		case c.err != nil:
		case n == 0:
			c.fail("ring size", errZero)
		case i == 0:
			t.ring = int32(n)
		case int32(n) != t.ring && t.version == 2:
			c.fail("ring size", errRing)
		}
		c.skipVarints("ring offset", n)
		c.skip("key image", 1, 32)
	default:
		c.failf("input tag", "%w: %d", errTag, tag)
	}
}

func (t *Transaction) readOutput(c *cursor) {
	// A version 2 transaction's amounts are encrypted, unless it is a coinbase.
	if amount := c.varint("output amount"); amount != 0 && t.version == 2 && t.ring > 0 {
		c.fail("output amount", errClear)
	}
	switch tag := c.byte("output tag"); {
	case c.err != nil:
	case tag == tagKey:
		c.skip("output key", 1, 32)
	case tag == tagTaggedKey:
		c.skip("output key", 1, 32)
		c.skip("view tag", 1, 1)
	default:
		c.failf("output tag", "%w: %d", errTag, tag)
	}
}

// readRingSignatures reads what version 1 has behind the prefix.
func (t *Transaction) readRingSignatures(c *cursor, start int) {
	t.signatures = t.prefixEnd
	if t.Coinbase() {
		return
	}
	inputs := cursor{data: c.data[start:], pos: int(t.inputs)}
	for range t.inputCount {
		c.skip("ring signature", inputs.input().members, 64)
	}
}

// Raw returns the transaction's bytes, which are not to be changed.
func (t *Transaction) Raw() []byte { return t.raw }

// Pruned tells whether Raw is the pruned form of a transaction that has a
// prunable part.
func (t *Transaction) Pruned() bool { return t.pruned && !t.Coinbase() }

// PrunedLen returns the size of the pruned form, which are the first bytes of
// Raw.
func (t *Transaction) PrunedLen() int {
	if t.version == 1 {
		return int(t.prefixEnd)
	}
	return int(t.prunable)
}

// Version returns the transaction's version, 1 or 2.
func (t *Transaction) Version() int { return int(t.version) }

// Type returns the type of RingCT. It is TypeNull for version 1.
func (t *Transaction) Type() Type { return t.kind }

// UnlockTime returns the number of the block (below 500,000,000) or else the
// time in seconds since 1970 before which the outputs are locked; 0 if not.
func (t *Transaction) UnlockTime() uint64 { return t.unlock }

// Fee returns the fee in piconero. Version 1 has none in the clear: 0.
func (t *Transaction) Fee() uint64 { return t.fee }

// Coinbase tells whether this is a block's miner transaction.
func (t *Transaction) Coinbase() bool { return t.ring == 0 }

// Height returns the number of the block that a coinbase says it is of.
func (t *Transaction) Height() uint64 { return t.height }

// RingSize returns how many members the first input's ring has, which is that
// of all inputs in version 2. A coinbase has none.
func (t *Transaction) RingSize() int { return int(t.ring) }

// Extra returns the extra field. It is not copied.
func (t *Transaction) Extra() Extra { return Extra(t.raw[t.extra:t.prefixEnd:t.prefixEnd]) }

// Input is a view of an input. That of a coinbase is only a height.
type Input struct {
	// Amount of the outputs in the ring in piconero; 0 for RingCT outputs.
	Amount uint64
	// KeyImage is the one of the output that is spent.
	KeyImage [32]byte

	ring    []byte
	members int
}

// RingSize returns how many members the ring has.
func (i Input) RingSize() int { return i.members }

// Offsets yields the ring as it is encoded: the first member's global index
// among the outputs of the amount, and then for each member the difference to
// the one before.
func (i Input) Offsets() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		c := cursor{data: i.ring}
		for range i.members {
			if !yield(c.varint("ring offset")) {
				return
			}
		}
	}
}

// AppendRing appends the ring members' global indices. A sum above 64 bits
// wraps, as it does in nodes.
func (i Input) AppendRing(ring []uint64) []uint64 {
	var index uint64
	for offset := range i.Offsets() {
		index += offset
		ring = append(ring, index)
	}
	return ring
}

// input reads an input that has been read before.
func (c *cursor) input() (i Input) {
	if c.byte("") == tagGen {
		c.varint("")
		return i
	}
	i.Amount = c.varint("")
	i.members = c.count("", 1)
	start := c.pos
	c.skipVarints("", i.members)
	i.ring = c.data[start:c.pos:c.pos]
	i.KeyImage = c.key()
	return i
}

// InputCount returns how many inputs there are, at least one.
func (t *Transaction) InputCount() int { return int(t.inputCount) }

// Inputs yields the inputs with their indices. A coinbase has one that is
// empty.
func (t *Transaction) Inputs() iter.Seq2[int, Input] {
	return func(yield func(int, Input) bool) {
		c := cursor{data: t.raw, pos: int(t.inputs)}
		for i := range t.InputCount() {
			if !yield(i, c.input()) {
				return
			}
		}
	}
}

// Output is a view of an output.
type Output struct {
	// Amount in piconero if it is in the clear: in version 1 and in a coinbase.
	Amount uint64
	// Key is the one-time key, which may be no point.
	Key [32]byte
	// Tagged tells whether the output has a view tag.
	Tagged bool
	// ViewTag is a byte of a hash that only the receiver knows before.
	ViewTag byte
}

// OutputCount returns how many outputs there are.
func (t *Transaction) OutputCount() int { return int(t.outputCount) }

// Outputs yields the outputs with their indices.
func (t *Transaction) Outputs() iter.Seq2[int, Output] {
	return func(yield func(int, Output) bool) {
		c := cursor{data: t.raw, pos: int(t.outputs)}
		for i := range t.OutputCount() {
			o := Output{Amount: c.varint("")}
			o.Tagged = c.byte("") == tagTaggedKey
			o.Key = c.key()
			if o.Tagged {
				o.ViewTag = c.byte("")
			}
			if !yield(i, o) {
				return
			}
		}
	}
}
