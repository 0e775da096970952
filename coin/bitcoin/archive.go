package bitcoin

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/wire"
)

// sources are where transactions before a block are, beside the node. A nil one
// has none.
type sources struct {
	known map[coin.TransactionID]*block.Transaction
	// only says that the node is not asked for others.
	only bool
	// used are those that were looked up, unless nil.
	used map[coin.TransactionID]*block.Transaction
}

// find returns a transaction, or nil.
func (s *sources) find(id coin.TransactionID) *block.Transaction {
	if s == nil {
		return nil
	}
	t := s.known[id]
	if t != nil {
		s.note(t)
	}
	return t
}

// note notes that a transaction was looked up.
func (s *sources) note(t *block.Transaction) {
	if s != nil && s.used != nil {
		s.used[t.ID()] = t
	}
}

func (s *sources) alone() bool { return s != nil && s.only }

// size is about how much memory they take, in bytes.
func (s *sources) size() (sum int) {
	if s == nil {
		return 0
	}
	for _, t := range s.known { // order-free: a sum
		sum += len(t.Raw())
	}
	return sum
}

// ArchiveBlock implements coin.Archiver. The bytes are the block and the
// transactions without their witnesses, sorted by ID.
func (c *Coin) ArchiveBlock(ctx context.Context, b coin.Block, before []coin.Block, keys []coin.Key) ([]byte, error) {
	chain, ok := b.(*chainBlock)
	if !ok {
		return nil, fmt.Errorf("%w: not a block of this coin", coin.ErrInvalid)
	}
	s := &sources{known: make(map[coin.TransactionID]*block.Transaction), used: make(map[coin.TransactionID]*block.Transaction)}
	for _, earlier := range before {
		e, ok := earlier.(*chainBlock)
		if !ok {
			return nil, fmt.Errorf("%w: not a block of this coin", coin.ErrInvalid)
		}
		for i := range e.Len() {
			t := e.Transaction(i)
			s.known[t.ID()] = t
		}
	}
	if chain.beside != nil {
		maps.Copy(s.known, chain.beside.known)
		s.only = chain.beside.only
	}
	noting := *chain
	noting.beside = s
	if _, err := c.Outputs(ctx, &noting, keys); err != nil {
		return nil, err
	}
	if _, err := c.RateOf(ctx, &noting); err != nil {
		return nil, err
	}
	data := encodeArchive(chain.Raw(), s.used)
	if len(data) > coin.MaxArchived {
		return nil, fmt.Errorf("bitcoin: %w: the archive of block %d has %d bytes", coin.ErrInvalid, chain.header.Number, len(data))
	}
	return data, nil
}

func encodeArchive(raw []byte, previous map[coin.TransactionID]*block.Transaction) []byte {
	ids := slices.SortedFunc(maps.Keys(previous), func(a, b coin.TransactionID) int { return bytes.Compare(a[:], b[:]) })
	var w wire.Writer
	w.Bytes(raw)
	w.Count(len(ids))
	for _, id := range ids {
		w.Bytes(previous[id].Stripped())
	}
	return w.Data()
}

// RestoreBlock implements coin.Archiver.
func (c *Coin) RestoreBlock(_ context.Context, header coin.Header, data []byte) (coin.Block, error) {
	b, err := c.restore(header, data)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: archive of block %d: %w", header.Number, err)
	}
	return b, nil
}

func (c *Coin) restore(header coin.Header, data []byte) (*chainBlock, error) {
	r := wire.NewReader(data)
	raw := r.Bytes(block.MaxWeight)
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", coin.ErrInvalid, r.Err())
	}
	b, err := c.parseBlock(header, raw)
	if err != nil {
		return nil, err
	}
	known, err := readPrevious(r, b.Block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	b.beside = &sources{known: known, only: true}
	return b, nil
}

// readPrevious reads transactions that a block spends from to the end.
func readPrevious(r *wire.Reader, b *block.Block) (map[coin.TransactionID]*block.Transaction, error) {
	spent := make(map[coin.TransactionID]bool)
	for i := 1; i < b.Len(); i++ {
		for _, from := range b.Transaction(i).Outpoints() {
			spent[from.Transaction()] = true
		}
	}
	for i := range b.Len() {
		delete(spent, b.Transaction(i).ID()) // it is there
	}
	n := r.Count(len(spent), 4)
	known := make(map[coin.TransactionID]*block.Transaction, n)
	var last coin.TransactionID
	for range n {
		raw := r.Bytes(block.MaxWeight)
		if r.Err() != nil {
			break
		}
		t, err := block.ParseTransaction(raw)
		if err != nil {
			return nil, err
		}
		id := coin.TransactionID(t.ID())
		r.Check(spent[id], "transaction that the block does not spend from")
		r.Check(len(t.Raw()) == len(t.Stripped()), "transaction with witnesses")
		r.Check(bytes.Compare(last[:], id[:]) < 0, "order of the transactions")
		known[id], last = t, id
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return known, nil
}
