package block

import (
	"encoding/binary"
	"fmt"
	"iter"
)

const (
	// MaxWeight is the most weight a block may have, and with that the most
	// bytes (BIP-141).
	MaxWeight = 4_000_000
	// MaxMoney is more satoshi than will ever exist.
	MaxMoney = 21_000_000 * 100_000_000

	minInput       = 41 // outpoint, empty script, sequence
	minOutput      = 9  // amount, empty script
	minTransaction = 4 + 1 + minInput + 1 + minOutput + 4
)

// Transaction is a transaction as a view of its bytes.
type Transaction struct {
	raw  []byte
	hash hash
	// Where the elements behind their count begin in raw.
	inputs, outputs, witnesses int32
	inputCount, outputCount    int32
}

// Outpoint names an output as inputs do: 32 bytes of the transaction's hash
// and its index there, little-endian.
type Outpoint [36]byte

// NewOutpoint names output index of the transaction with the given ID.
func NewOutpoint(id [32]byte, index uint32) (o Outpoint) {
	h := reversed(id)
	copy(o[:], h[:])
	binary.LittleEndian.PutUint32(o[32:], index)
	return o
}

// Transaction returns the ID of the transaction that the output is in.
func (o Outpoint) Transaction() [32]byte { return reversed(hash(o[:32])) }

// Index returns the output's index in its transaction.
func (o Outpoint) Index() uint32 { return binary.LittleEndian.Uint32(o[32:]) }

// ParseTransaction reads a transaction that fills raw exactly, and keeps raw.
// A coinbase is read like any other.
func ParseTransaction(raw []byte) (*Transaction, error) {
	if len(raw) > MaxWeight {
		return nil, fmt.Errorf("bitcoin: transaction of %d bytes", len(raw))
	}
	c := cursor{data: raw}
	t := new(Transaction)
	t.read(&c, new([]byte))
	if c.err == nil && c.left() > 0 {
		c.fail(errTrailing)
	}
	if c.err != nil {
		return nil, fmt.Errorf("bitcoin: transaction %w", c.err)
	}
	return t, nil
}

// read reads one transaction. scratch is memory to use.
func (t *Transaction) read(c *cursor, scratch *[]byte) {
	start := c.pos
	c.skip(4) // version
	segwit := c.left() > 2 && c.data[c.pos] == 0
	if segwit {
		if c.data[c.pos+1] != 1 {
			c.fail(errFlag)
			return
		}
		c.pos += 2
	}
	body := c.pos
	n := c.count(minInput)
	if n == 0 {
		c.fail(errInputs)
		return
	}
	t.inputCount, t.inputs = int32(n), int32(c.pos-start)
	for range n {
		c.skip(36)
		c.skip(c.count(1))
		c.skip(4)
	}
	m := c.count(minOutput)
	if m == 0 {
		c.fail(errOutputs)
		return
	}
	t.outputCount, t.outputs = int32(m), int32(c.pos-start)
	var sum uint64
	for range m {
		value := c.uint64()
		if value > MaxMoney-sum {
			c.fail(errValue)
			return
		}
		sum += value
		c.skip(c.count(1))
	}
	t.witnesses = int32(c.pos - start)
	bodyEnd := c.pos
	if segwit {
		some := false
		for range n {
			items := c.count(1)
			some = some || items > 0
			for range items {
				c.skip(c.count(1))
			}
		}
		if !some {
			c.fail(errNoWitness)
			return
		}
	}
	c.skip(4) // lock time
	if c.err != nil {
		return
	}
	t.raw = c.data[start:c.pos:c.pos]
	if !segwit {
		t.hash = doubleHash(t.raw)
		return
	}
	s := append((*scratch)[:0], t.raw[:4]...)
	s = append(s, c.data[body:bodyEnd]...)
	s = append(s, t.raw[len(t.raw)-4:]...)
	t.hash = doubleHash(s)
	*scratch = s
}

// Raw returns the transaction's bytes, which are not to be changed.
func (t *Transaction) Raw() []byte { return t.raw }

// ID returns the transaction's ID, which does not depend on its witnesses.
func (t *Transaction) ID() [32]byte { return reversed(t.hash) }

// WitnessID returns the ID that covers the witnesses too (BIP-141).
func (t *Transaction) WitnessID() [32]byte { return reversed(t.witnessHash()) }

func (t *Transaction) witnessHash() hash {
	if !t.segwit() {
		return t.hash
	}
	return doubleHash(t.raw)
}

func (t *Transaction) segwit() bool { return t.raw[4] == 0 }

// strippedSize is the size without marker, flag and witnesses.
func (t *Transaction) strippedSize() int {
	if !t.segwit() {
		return len(t.raw)
	}
	return int(t.witnesses) - 2 + 4
}

// Weight returns the weight in weight units (BIP-141).
func (t *Transaction) Weight() uint64 {
	return uint64(3*t.strippedSize() + len(t.raw))
}

// Stripped returns the bytes without marker, flag and witnesses, which are
// those that the ID is the hash of.
func (t *Transaction) Stripped() []byte {
	if !t.segwit() {
		return t.raw
	}
	b := make([]byte, 0, t.strippedSize())
	b = append(b, t.raw[:4]...)
	b = append(b, t.raw[6:t.witnesses]...)
	return append(b, t.raw[len(t.raw)-4:]...)
}

// Inputs returns how many inputs the transaction has.
func (t *Transaction) Inputs() int { return int(t.inputCount) }

// Outpoints yields what the inputs spend, in order.
func (t *Transaction) Outpoints() iter.Seq2[int, Outpoint] {
	return func(yield func(int, Outpoint) bool) {
		c := cursor{data: t.raw, pos: int(t.inputs)}
		for i := range t.Inputs() {
			o := Outpoint(c.data[c.pos:])
			c.skip(36)
			c.skip(c.count(1))
			c.skip(4)
			if !yield(i, o) {
				return
			}
		}
	}
}

// InputScript returns the signature script of the first input. It is not
// copied.
func (t *Transaction) InputScript() []byte {
	c := cursor{data: t.raw, pos: int(t.inputs)}
	c.skip(36)
	n := c.count(1)
	return c.data[c.pos : c.pos+n : c.pos+n]
}

// Lookups returns the outpoint of every input, 36 bytes each. They are not
// copied.
func (t *Transaction) Lookups() [][]byte {
	list := make([][]byte, t.inputCount)
	c := cursor{data: t.raw, pos: int(t.inputs)}
	for i := range list {
		list[i] = c.data[c.pos : c.pos+36 : c.pos+36]
		c.skip(36)
		c.skip(c.count(1))
		c.skip(4)
	}
	return list
}

// Output is an output of a transaction. Script is not copied.
type Output struct {
	Value  uint64 // in satoshi
	Script []byte // the public key script
}

// Outputs yields the outputs in order.
func (t *Transaction) Outputs() iter.Seq2[int, Output] {
	return func(yield func(int, Output) bool) {
		c := cursor{data: t.raw, pos: int(t.outputs)}
		for i := range int(t.outputCount) {
			value := c.uint64()
			if !yield(i, Output{value, c.bytes()}) {
				return
			}
		}
	}
}

// Output returns one output, and whether there is one of this index.
func (t *Transaction) Output(index uint32) (Output, bool) {
	for i, o := range t.Outputs() {
		if uint32(i) == index {
			return o, true
		}
	}
	return Output{}, false
}

// Value returns the sum of all outputs in satoshi, at most MaxMoney.
func (t *Transaction) Value() (sum uint64) {
	for _, o := range t.Outputs() {
		sum += o.Value
	}
	return sum
}

// Witness is the witness of an input: the items of its stack.
type Witness struct {
	count int
	items []byte
}

// Len returns the number of items.
func (w Witness) Len() int { return w.count }

// Items yields the items from the bottom of the stack. They are not copied.
func (w Witness) Items() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		c := cursor{data: w.items}
		for range w.count {
			if !yield(c.bytes()) {
				return
			}
		}
	}
}

// Witnesses yields the witness of each input. Without the witness flag there
// are none.
func (t *Transaction) Witnesses() iter.Seq2[int, Witness] {
	return func(yield func(int, Witness) bool) {
		if !t.segwit() {
			return
		}
		c := cursor{data: t.raw, pos: int(t.witnesses)}
		for i := range t.Inputs() {
			w := Witness{count: c.count(1)}
			start := c.pos
			for range w.count {
				c.bytes()
			}
			w.items = c.data[start:c.pos:c.pos]
			if !yield(i, w) {
				return
			}
		}
	}
}

// nullOutpoint is what the input of a coinbase spends.
var nullOutpoint = func() (o Outpoint) {
	copy(o[32:], "\xff\xff\xff\xff")
	return o
}()

// Coinbase tells whether the transaction makes new coins.
func (t *Transaction) Coinbase() bool {
	return t.inputCount == 1 && Outpoint(t.raw[t.inputs:]) == nullOutpoint
}
