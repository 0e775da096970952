package mock

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// Faults are what is wrong with the node of a Coin. The zero value is an
// honest node that answers at once.
type Faults struct {
	// Unreachable is how many more questions get no answer.
	Unreachable int
	// Behind is by how many blocks the node lags: those are not there for it.
	Behind uint64
	// WrongParent makes headers name another parent than they do.
	WrongParent bool
	// WrongNumber answers questions for a block by its number with the block
	// before.
	WrongNumber bool
	// WrongBody puts the transactions of the genesis block into every block.
	WrongBody bool
	// WrongTransaction changes an amount in every transaction that is asked
	// for by its ID.
	WrongTransaction bool
	// WrongSignature changes a signature in every transaction that is asked
	// for by its ID or with a block.
	WrongSignature bool
	// Truncated cuts the last byte off all that the node tells.
	Truncated bool
	// Refuse makes the node refuse all publications in these words.
	Refuse string
}

// node is what a Coin asks. It answers in raw bytes and, by its faults,
// wrongly.
type node struct {
	chain *Chain

	mu     sync.Mutex
	faults Faults
	// cheap are transactions that paid too little when they were published, the
	// latest last.
	cheap []*transaction
}

func (n *node) setFaults(f Faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = f
}

// ask begins a question: it returns the faults of its answer.
func (n *node) ask() (Faults, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.faults.Unreachable > 0 {
		n.faults.Unreachable--
		return Faults{}, fmt.Errorf("mock: the node does not answer: %w", coin.ErrTransient)
	}
	return n.faults, nil
}

// tell returns a copy of what the node knows, for the asker to keep.
func (f Faults) tell(b []byte) []byte {
	b = bytes.Clone(b)
	if f.Truncated {
		b = b[:len(b)-1]
	}
	return b
}

// seen is the number of the newest block for the node.
func (n *node) seen(f Faults) uint64 {
	tip := n.chain.tip().number
	return tip - min(f.Behind, tip)
}

func (n *node) tip() (uint64, error) {
	f, err := n.ask()
	if err != nil {
		return 0, err
	}
	n.chain.mu.RLock()
	defer n.chain.mu.RUnlock()
	return n.seen(f), nil
}

// blockID names the block of the best branch that has the number.
func (n *node) blockID(number uint64) (coin.BlockID, error) {
	f, err := n.ask()
	if err != nil {
		return coin.BlockID{}, err
	}
	n.chain.mu.RLock()
	defer n.chain.mu.RUnlock()
	if number > n.seen(f) {
		return coin.BlockID{}, fmt.Errorf("mock: block %d: %w", number, coin.ErrNotFound)
	}
	if f.WrongNumber && number > 0 {
		number--
	}
	return n.chain.best[number].id, nil
}

// header tells the encoded header of a block of any branch.
func (n *node) header(id coin.BlockID) ([]byte, error) {
	f, err := n.ask()
	if err != nil {
		return nil, err
	}
	n.chain.mu.RLock()
	defer n.chain.mu.RUnlock()
	b := n.chain.blocks[id]
	if b == nil {
		return nil, fmt.Errorf("mock: block %s: %w", id, coin.ErrNotFound)
	}
	told := b.header
	if f.WrongParent {
		told.parent[0] ^= 1
	}
	return f.tell(wire.Marshal(told)), nil
}

// block tells an encoded block of any branch.
func (n *node) block(id coin.BlockID) ([]byte, error) {
	f, err := n.ask()
	if err != nil {
		return nil, err
	}
	n.chain.mu.RLock()
	defer n.chain.mu.RUnlock()
	b := n.chain.blocks[id]
	if b == nil {
		return nil, fmt.Errorf("mock: block %s: %w", id, coin.ErrNotFound)
	}
	raw := b.raw
	switch {
	case f.WrongBody:
		raw = slices.Concat(raw[:headerSize], n.chain.best[0].raw[headerSize:])
	case f.WrongSignature:
		raw = bytes.Clone(raw)
		raw[len(raw)-1] ^= 1
	}
	return f.tell(raw), nil
}

// transaction tells an encoded transaction of the best branch or the pool.
func (n *node) transaction(id coin.TransactionID) ([]byte, error) {
	f, err := n.ask()
	if err != nil {
		return nil, err
	}
	n.chain.mu.RLock()
	defer n.chain.mu.RUnlock()
	t := n.chain.pool.byID[id]
	if p, ok := n.chain.index[id]; ok {
		t = p.transaction
	}
	if t == nil {
		return nil, fmt.Errorf("mock: transaction %s: %w", id, coin.ErrNotFound)
	}
	raw := bytes.Clone(t.raw)
	if f.WrongTransaction {
		// The lowest byte of the first amount lies behind the inputs and two
		// counts.
		raw[4+len(t.inputs)*outpointSize+4] ^= 1
	}
	if f.WrongSignature {
		raw[len(raw)-1] ^= 1
	}
	return f.tell(raw), nil
}
