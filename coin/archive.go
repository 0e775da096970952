package coin

import "context"

// MaxArchived is the most bytes that a block's archive may have.
const MaxArchived = 64 << 20

// Archiver is what a coin may offer beyond: blocks in bytes, for somebody whose
// node never had them, because the chain has changed. It is found by assertion.
type Archiver interface {
	BulkReader
	// ArchiveBlock returns bytes of the coin's own, at most MaxArchived, that hold
	// the block and those transactions before it that Outputs for the keys and
	// RateOf look up. They do not depend on the node. What the block spends from is
	// looked for in the given blocks before it first: the node's best chain may
	// have neither.
	ArchiveBlock(ctx context.Context, block Block, before []Block, keys []Key) ([]byte, error)
	// RestoreBlock reads what ArchiveBlock returned, and believes none of it: an
	// error wraps ErrInvalid unless the bytes hold the block with this header and
	// no transactions but such that it spends from. Outputs, for those keys or
	// some of them, and RateOf of the block ask no node. The time of the header is
	// not checked if the block does not have it.
	RestoreBlock(ctx context.Context, header Header, data []byte) (Block, error)
}
