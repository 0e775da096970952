package mock

import (
	"crypto/sha256"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

const (
	headerSize = 8 + 32 + 8 + 32
	// maxTransactions bounds a block.
	maxTransactions = 1 << 16
	coinbaseData    = 8 + 8
)

// header is a block's head. Its time never falls from a block to the next, so
// it is the monotone clock as it stands.
type header struct {
	number uint64
	parent coin.BlockID
	time   uint64
	root   [32]byte // hash of the transactions, signatures included
}

// Encode writes 80 bytes.
func (h header) Encode(w *wire.Writer) {
	w.Uint64(h.number)
	w.Fixed(h.parent[:])
	w.Uint64(h.time)
	w.Fixed(h.root[:])
}

// Decode reads 80 bytes.
func (h *header) Decode(r *wire.Reader) {
	h.number = r.Uint64()
	r.Fixed(h.parent[:])
	h.time = r.Uint64()
	r.Fixed(h.root[:])
}

func blockID(header []byte) coin.BlockID {
	h := sha256.New()
	h.Write([]byte("mock block"))
	h.Write(header)
	return coin.BlockID(h.Sum(nil))
}

func rootOf(body []byte) (root [32]byte) {
	h := sha256.New()
	h.Write([]byte("mock transactions"))
	h.Write(body)
	h.Sum(root[:0])
	return root
}

// block is immutable once made. Its encoding is the header and the list of
// its transactions, the coinbase first.
type block struct {
	header
	id           coin.BlockID
	raw          []byte
	transactions []*transaction
}

func newBlock(number uint64, parent coin.BlockID, time uint64, transactions []*transaction) *block {
	var body wire.Writer
	body.Count(len(transactions))
	for _, t := range transactions {
		body.Fixed(t.raw)
	}
	b := &block{
		header:       header{number, parent, time, rootOf(body.Data())},
		transactions: transactions,
	}
	b.raw = wire.Marshal(b.header)
	b.id = blockID(b.raw)
	b.raw = append(b.raw, body.Data()...)
	return b
}

// decodeBlock reads a block that fits its own header.
func decodeBlock(raw []byte) (*block, error) {
	r := wire.NewReader(raw)
	b := &block{raw: raw}
	b.header.Decode(r)
	n := r.Count(maxTransactions, emptySize)
	for range n {
		b.transactions = append(b.transactions, readTransaction(raw, r))
		if r.Err() != nil {
			break
		}
	}
	r.Check(n > 0, "block without a coinbase")
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("mock: block: %w", err)
	}
	if rootOf(raw[headerSize:]) != b.root {
		return nil, fmt.Errorf("mock: block: %w: the transactions are not the header's", wire.ErrValue)
	}
	b.id = blockID(raw[:headerSize])
	return b, nil
}

// head is the header in the words of package coin.
func (b *block) head() coin.Header { return b.header.head(b.id) }

func (h header) head(id coin.BlockID) coin.Header {
	return coin.Header{Number: h.number, ID: id, Parent: h.parent, Time: h.time}
}

// newCoinbase makes the first transaction of a block. Its data tells it from
// all others: the block's number and a number that the miner chose.
func newCoinbase(number, extra uint64, outputs []output) *transaction {
	var w wire.Writer
	w.Uint64(number)
	w.Uint64(extra)
	return newTransaction(nil, outputs, w.Data()).sign(nil)
}

// isCoinbase tells whether the transaction can be first in a block.
func (t *transaction) isCoinbase(number uint64) bool {
	if len(t.inputs) != 0 || len(t.data) != coinbaseData {
		return false
	}
	return wire.NewReader(t.data).Uint64() == number
}
