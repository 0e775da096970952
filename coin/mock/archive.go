package mock

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// sources are where transactions before a block are, beside the node.
type sources struct {
	known map[coin.TransactionID]*transaction
	// alone says that the node is not asked for others.
	alone bool
	// used are those that were looked up, unless nil.
	used map[coin.TransactionID]*transaction
}

// source returns a transaction that one of the block spends from.
func (c *Coin) source(ctx context.Context, p *parsed, id coin.TransactionID) (*transaction, error) {
	s := p.beside
	if s == nil {
		return c.fetch(ctx, id)
	}
	for _, t := range p.transactions {
		if t.id == id {
			return t, nil
		}
	}
	t := s.known[id]
	if t == nil {
		if s.alone {
			return nil, fmt.Errorf("mock: %w: transaction %s is not in the archive", coin.ErrNotFound, id)
		}
		var err error
		if t, err = c.fetch(ctx, id); err != nil {
			return nil, err
		}
	}
	if s.used != nil {
		s.used[id] = t
	}
	return t, nil
}

// ArchiveBlock implements coin.Archiver. The bytes are the block and the
// transactions without their signatures, sorted by ID.
func (c *Coin) ArchiveBlock(ctx context.Context, b coin.Block, before []coin.Block, keys []coin.Key) ([]byte, error) {
	p, ok := b.(*parsed)
	if !ok {
		return nil, fmt.Errorf("mock: %w: %T is not a block of this coin", coin.ErrInvalid, b)
	}
	s := &sources{known: make(map[coin.TransactionID]*transaction), used: make(map[coin.TransactionID]*transaction)}
	for _, earlier := range before {
		e, ok := earlier.(*parsed)
		if !ok {
			return nil, fmt.Errorf("mock: %w: %T is not a block of this coin", coin.ErrInvalid, earlier)
		}
		for _, t := range e.transactions {
			s.known[t.id] = t
		}
	}
	if p.beside != nil {
		maps.Copy(s.known, p.beside.known)
		s.alone = p.beside.alone
	}
	noting := &parsed{p.block, s}
	if _, err := c.Outputs(ctx, noting, keys); err != nil {
		return nil, err
	}
	if _, err := c.RateOf(ctx, noting); err != nil {
		return nil, err
	}
	data := encodeArchive(p.raw, slices.SortedFunc(maps.Values(s.used), byID))
	if len(data) > coin.MaxArchived {
		return nil, fmt.Errorf("mock: %w: the archive of block %s has %d bytes", coin.ErrInvalid, p.id, len(data))
	}
	return data, nil
}

func byID(a, b *transaction) int { return bytes.Compare(a.id[:], b.id[:]) }

func encodeArchive(raw []byte, previous []*transaction) []byte {
	var w wire.Writer
	w.Bytes(raw)
	w.Count(len(previous))
	for _, t := range previous {
		w.Bytes(t.unsigned)
	}
	return w.Data()
}

// RestoreBlock implements coin.Archiver.
func (c *Coin) RestoreBlock(_ context.Context, header coin.Header, data []byte) (coin.Block, error) {
	p, err := decodeArchive(data)
	if err != nil {
		return nil, fmt.Errorf("%w: archive of block %s: %w", coin.ErrInvalid, header.ID, err)
	}
	if p.head() != header {
		return nil, fmt.Errorf("mock: %w: the archive of block %s is that of another", coin.ErrInvalid, header.ID)
	}
	return p, nil
}

// decodeArchive reads a block with transactions that it spends from.
func decodeArchive(data []byte) (*parsed, error) {
	r := wire.NewReader(data)
	raw := r.Bytes(coin.MaxArchived)
	if r.Err() != nil {
		return nil, r.Err()
	}
	b, err := decodeBlock(raw)
	if err != nil {
		return nil, err
	}
	spent := make(map[coin.TransactionID]bool)
	for _, t := range b.transactions {
		for _, id := range t.inputs {
			spent[id.Transaction] = true
		}
	}
	for _, t := range b.transactions {
		delete(spent, t.id) // it is there
	}
	n := r.Count(len(spent), 4+emptySize)
	known := make(map[coin.TransactionID]*transaction, n)
	var last *transaction
	for range n {
		bytes := r.Bytes(coin.MaxArchived)
		if r.Err() != nil {
			break
		}
		t, err := decodeUnsigned(bytes)
		if err != nil {
			return nil, err
		}
		r.Check(spent[t.id], "transaction that the block does not spend from")
		r.Check(last == nil || byID(last, t) < 0, "order of the transactions")
		known[t.id], last = t, t
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return &parsed{b, &sources{known: known, alone: true}}, nil
}
