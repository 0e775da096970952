package coin

import "context"

// BulkReader is what a Reader may offer beyond, for catching up: the answers of
// its other methods with fewer requests. It is found by assertion, so a wrapper
// of a Coin that hides it costs time and nothing else.
type BulkReader interface {
	// Headers returns what Header does for each of count blocks, from number
	// first on. If one of them is not there yet, it is ErrNotFound.
	Headers(ctx context.Context, first uint64, count int) ([]Header, error)
	// RateOf returns what BlockRate does for a block that is at hand.
	RateOf(ctx context.Context, block Block) (uint64, error)
}

// Burier is what a Reader of several nodes offers beyond: they differ about the
// newest blocks now and then, and that is no disagreement. It is found by
// assertion.
type Burier interface {
	// Buried returns nil if a node's best chain has so many blocks from the one
	// with the given header on, itself the first.
	Buried(ctx context.Context, header Header, blocks uint64) error
}

// SizedBlock is a Block that knows how much memory it takes. Others count as
// BlockSize.
type SizedBlock interface {
	Block
	// Size is about how much memory the block takes, in bytes.
	Size() int
}

// BlockSize is the size of a block that does not tell, in bytes.
const BlockSize = 2 << 20
