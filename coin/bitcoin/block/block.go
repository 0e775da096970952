package block

import (
	"errors"
	"fmt"
)

var (
	errEmpty    = errors.New("has no transactions")
	errCoinbase = errors.New("does not have its coinbase first and only there")
	errWeight   = errors.New("is above the weight limit")
)

// Block is a block whose transactions are the ones that its header commits
// to.
type Block struct {
	header Header
	txs    []Transaction
	raw    []byte
}

// Parse reads a block that fills raw exactly, and keeps raw. It checks
// everything but the header itself: whose it is (Header.ID) and its work
// (Header.CheckWork).
func Parse(raw []byte) (*Block, error) {
	if len(raw) < HeaderSize {
		return nil, fmt.Errorf("bitcoin: block %w", errShort)
	}
	header, err := ParseHeader(raw[:HeaderSize])
	if err != nil {
		return nil, err
	}
	b := &Block{header: header, raw: raw}
	if err := b.read(raw); err != nil {
		return nil, fmt.Errorf("bitcoin: block %x %w", header.ID(), err)
	}
	return b, nil
}

func (b *Block) read(raw []byte) error {
	if len(raw) > MaxWeight {
		return errWeight
	}
	c := cursor{data: raw, pos: HeaderSize}
	n := c.count(minTransaction)
	if n == 0 && c.err == nil {
		return errEmpty
	}
	weight := uint64(4 * c.pos)
	b.txs = make([]Transaction, n)
	leaves := make([]hash, n)
	scratch := make([]byte, 0, 1024)
	for i := range b.txs {
		t := &b.txs[i]
		t.read(&c, &scratch)
		if c.err != nil {
			return c.err
		}
		weight += t.Weight()
		// Two hashes of the tree that pose as a transaction of 64 bytes need no
		// rule of their own, which a miner could stop us with: they would have
		// to pose as a coinbase, too, with its 36 fixed bytes.
		if t.Coinbase() != (i == 0) {
			return errCoinbase
		}
		leaves[i] = t.hash
	}
	switch {
	case c.err != nil:
		return c.err
	case c.left() > 0:
		return errTrailing
	case weight > MaxWeight:
		return errWeight
	}
	root, mutated := merkleRoot(leaves)
	switch {
	case mutated:
		return errDuplicate
	case root != b.header.merkleRoot():
		return errMerkle
	}
	return checkWitnesses(b.txs, leaves)
}

// Header returns the block's header.
func (b *Block) Header() Header { return b.header }

// Raw returns the block's bytes, which are not to be changed.
func (b *Block) Raw() []byte { return b.raw }

// Len returns the number of transactions, at least one: the coinbase is the
// first.
func (b *Block) Len() int { return len(b.txs) }

// Transaction returns the transaction at a position.
func (b *Block) Transaction(i int) *Transaction { return &b.txs[i] }

// Size returns about how much memory the block takes, in bytes.
func (b *Block) Size() int { return len(b.raw) + len(b.txs)*transactionSize }

// transactionSize is the size of the view of a transaction, in bytes.
const transactionSize = 80

// Weight returns the block's weight in weight units.
func (b *Block) Weight() uint64 {
	weight := uint64(4 * (HeaderSize + sizeOfCount(len(b.txs))))
	for i := range b.txs {
		weight += b.txs[i].Weight()
	}
	return weight
}
