package block

import (
	"encoding/hex"
	"errors"

	"github.com/serai-go/processor/coin/monero/keys"
)

// MaxBlock is more bytes than a block may have by the network's rules for
// years to come.
const MaxBlock = 1 << 25

// maxHeader is the size of the longest header: three varints, of which two are
// below 256, the parent and the nonce.
const maxHeader = 2 + 2 + keys.MaxVarint + 32 + 4

var (
	errVersion = errors.New("is above 255")
	errMiner   = errors.New("is not a coinbase's")
)

// Block is a block as a view of its bytes: a header, the miner transaction,
// and the hashes of the other transactions.
type Block struct {
	raw          []byte
	major, minor uint8
	time         uint64
	parent       [32]byte
	nonce        uint32
	headerEnd    int32
	hashes       []byte
	miner        Transaction
}

// Parse reads a block that fills raw exactly, and keeps raw. Whose block it is
// says ID. The transactions are not part of it but named by their hashes.
func Parse(raw []byte) (*Block, error) {
	c := cursor{data: raw}
	b := &Block{raw: raw}
	b.read(&c)
	if err := c.end("block"); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Block) read(c *cursor) {
	if len(c.data) > MaxBlock {
		c.fail("size", errSize)
		return
	}
	b.major = c.version("major version")
	b.minor = c.version("minor version")
	b.time = c.varint("timestamp")
	c.skip("parent", 1, 32)
	if c.err == nil {
		b.parent = [32]byte(c.data[c.pos-32:])
	}
	b.nonce = c.uint32("nonce")
	if c.err != nil {
		return
	}
	b.headerEnd = int32(c.pos)

	b.miner.read(c)
	if c.err != nil {
		c.field = "miner transaction: " + c.field
		return
	}
	if !b.miner.Coinbase() {
		c.fail("miner transaction: input tag", errMiner)
		return
	}
	n := c.count("number of transactions", 32)
	start := c.pos
	c.skip("transaction hashes", n, 32)
	b.hashes = c.data[start:c.pos]
}

// version reads a number of one byte that is written as a varint.
func (c *cursor) version(field string) uint8 {
	v := c.varint(field)
	if v > 0xff {
		c.fail(field, errVersion)
	}
	return uint8(v)
}

// Raw returns the block's bytes, which are not to be changed.
func (b *Block) Raw() []byte { return b.raw }

// Major returns the number of the hard fork whose rules the block follows.
func (b *Block) Major() uint8 { return b.major }

// Minor returns the number of the hard fork that its miner votes for.
func (b *Block) Minor() uint8 { return b.minor }

// Time returns when the block was made by its miner's word, in seconds since
// 1970. It may be hours off and lie before the parent's.
func (b *Block) Time() uint64 { return b.time }

// Parent returns the ID of the block before.
func (b *Block) Parent() [32]byte { return b.parent }

// Nonce returns what the miner tried until the block had its work.
func (b *Block) Nonce() uint32 { return b.nonce }

// Height returns the block's number, as its miner transaction has it. The ID
// covers it.
func (b *Block) Height() uint64 { return b.miner.height }

// Miner returns the miner transaction, a coinbase.
func (b *Block) Miner() *Transaction { return &b.miner }

// Len returns how many transactions the block names, the miner's not counted.
func (b *Block) Len() int { return len(b.hashes) / 32 }

// Transaction returns the hash of the transaction at a position, that of the
// miner not counted.
func (b *Block) Transaction(i int) [32]byte { return [32]byte(b.hashes[32*i:]) }

// MerkleRoot returns the root of the tree over the transactions' hashes.
func (b *Block) MerkleRoot() [32]byte {
	miner := b.miner.Hash()
	nodes := make([]byte, 0, 32+len(b.hashes))
	nodes = append(nodes, miner[:]...)
	return merkleRoot(append(nodes, b.hashes...))
}

// AppendHashingBlob appends what the proof of work is computed over: the
// header, the merkle root and the number of transactions.
func (b *Block) AppendHashingBlob(blob []byte) []byte {
	root := b.MerkleRoot()
	blob = append(blob, b.raw[:b.headerEnd]...)
	blob = append(blob, root[:]...)
	return keys.AppendVarint(blob, uint64(b.Len()+1))
}

// ID returns the block's ID, which covers all of it and, by their hashes, its
// transactions.
func (b *Block) ID() [32]byte {
	var buffer [maxHeader + 32 + keys.MaxVarint]byte
	return idOf(b.AppendHashingBlob(buffer[:0]))
}

// The main chain's block 202612 has an ID that was computed over a wrong
// merkle root, of the 514 hashes that the implementation of the time could not
// handle.
var (
	computed202612 = mustHash("426d16cff04c71f8b16340b722dc4010a2dd3831c22041431f772547ba6e331a")
	accepted202612 = mustHash("bbd604d2ba11ba27935e006ed39c9bfdd99b76bf4a50654bc1e1e61217962698")
)

func mustHash(text string) [32]byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return [32]byte(b)
}

// idOf returns the ID of the block with a hashing blob.
func idOf(blob []byte) [32]byte {
	var size [keys.MaxVarint]byte
	return known(keys.Keccak256(keys.AppendVarint(size[:0], uint64(len(blob))), blob))
}

// known returns the ID that the network knows a block by, from the one that is
// computed. Another block that poses as 202612 has none: zero.
func known(id [32]byte) [32]byte {
	switch id {
	case computed202612:
		return accepted202612
	case accepted202612:
		return [32]byte{}
	}
	return id
}
