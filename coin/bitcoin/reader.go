package bitcoin

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/eventuality"
)

// Tip implements coin.Reader.
func (c *Coin) Tip(ctx context.Context) (uint64, error) {
	number, err := c.node.Tip(ctx)
	if err != nil {
		return 0, fmt.Errorf("bitcoin: tip: %w", err)
	}
	return number, nil
}

// Header implements coin.Reader. The time is the median time past of BIP-113,
// which reads the eleven headers before; the genesis block has its own.
func (c *Coin) Header(ctx context.Context, number uint64) (coin.Header, error) {
	header, err := c.bestHeader(ctx, number)
	if err != nil {
		return coin.Header{}, fmt.Errorf("bitcoin: header %d: %w", number, err)
	}
	return header, nil
}

func (c *Coin) bestHeader(ctx context.Context, number uint64) (coin.Header, error) {
	id, err := c.node.BlockID(ctx, number)
	if err != nil {
		return coin.Header{}, err
	}
	return c.headerOf(ctx, number, id)
}

// headerOf returns the header of the block that the node has at a number.
func (c *Coin) headerOf(ctx context.Context, number uint64, id coin.BlockID) (coin.Header, error) {
	if (number == 0) != (id == c.genesis) {
		return coin.Header{}, fmt.Errorf("%w: block %d is %s", coin.ErrInvalid, number, id)
	}
	entry, err := c.header(ctx, id)
	if err != nil {
		return coin.Header{}, mustExist(err)
	}
	time, err := c.medianTimePast(ctx, number, entry)
	if err != nil {
		return coin.Header{}, mustExist(err)
	}
	return coin.Header{Number: number, ID: id, Parent: entry.parent, Time: time}, nil
}

// mustExist makes an error transient that says that the node does not know
// something which its chain implies: it is behind with itself.
func mustExist(err error) error {
	if errors.Is(err, coin.ErrNotFound) {
		return fmt.Errorf("%w: the node lacks a part of its chain: %v", coin.ErrTransient, err)
	}
	return err
}

// header returns the header of any block.
func (c *Coin) header(ctx context.Context, id coin.BlockID) (headerEntry, error) {
	if entry, ok := c.headers.Get(id); ok {
		return entry, nil
	}
	raw, err := c.node.Header(ctx, id)
	if err != nil {
		return headerEntry{}, err
	}
	return c.readHeader(id, raw)
}

// readHeader reads what a node says is the header of a block, and remembers it.
func (c *Coin) readHeader(id coin.BlockID, raw []byte) (headerEntry, error) {
	header, err := block.ParseHeader(raw)
	if err != nil {
		return headerEntry{}, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if err := c.checkHeader(header, id); err != nil {
		return headerEntry{}, err
	}
	entry := headerEntry{parent: header.Parent(), time: header.Time(), target: header.Target()}
	c.headers.Put(id, entry)
	return entry, nil
}

func (c *Coin) checkHeader(header block.Header, id coin.BlockID) error {
	if header.ID() != id {
		return fmt.Errorf("%w: asked for block %s, the header is that of %x", coin.ErrInvalid, id, header.ID())
	}
	if err := header.CheckWork(c.params.PowLimit); err != nil {
		return fmt.Errorf("%w: block %s: %w", coin.ErrInvalid, id, err)
	}
	return nil
}

// Block implements coin.Reader.
func (c *Coin) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	b, err := c.block(ctx, header)
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (c *Coin) block(ctx context.Context, header coin.Header) (*chainBlock, error) {
	raw, err := c.node.Block(ctx, header.ID)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: block %d: %w", header.Number, err)
	}
	b, err := c.parseBlock(header, raw)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: block %d: %w", header.Number, err)
	}
	return b, nil
}

func (c *Coin) parseBlock(header coin.Header, raw []byte) (*chainBlock, error) {
	parsed, err := block.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if err := c.checkHeader(parsed.Header(), header.ID); err != nil {
		return nil, err
	}
	if parsed.Header().Parent() != header.Parent {
		return nil, fmt.Errorf("%w: block %s is not on top of %s", coin.ErrInvalid, header.ID, header.Parent)
	}
	if err := c.checkNumber(header.Number, parsed); err != nil {
		return nil, err
	}
	b := &chainBlock{header: header, Block: parsed, transactions: make([]eventuality.Transaction, parsed.Len())}
	for i := range b.transactions {
		b.transactions[i] = parsed.Transaction(i)
	}
	return b, nil
}

// checkNumber checks that the coinbase names the block's number, as BIP-34 has
// it for all but the oldest blocks. Headers have none.
func (c *Coin) checkNumber(number uint64, b *block.Block) error {
	if number == 0 || number < uint64(c.params.BIP0034Height) {
		return nil
	}
	if !bytes.HasPrefix(b.Transaction(0).InputScript(), pushNumber(number)) {
		return fmt.Errorf("%w: the coinbase of block %d has another number", coin.ErrInvalid, number)
	}
	return nil
}

// pushNumber is the shortest script that pushes a number above 0.
func pushNumber(n uint64) []byte {
	if n <= 16 {
		return []byte{0x50 + byte(n)} // OP_1 to OP_16
	}
	push := []byte{0}
	for ; n > 0; n >>= 8 {
		push = append(push, byte(n))
	}
	if push[len(push)-1] >= 0x80 {
		push = append(push, 0) // else it would be negative
	}
	push[0] = byte(len(push) - 1)
	return push
}

// chainBlock is a block with its place in the chain.
type chainBlock struct {
	*block.Block
	header       coin.Header
	transactions []eventuality.Transaction
	// beside says where else than at the node transactions before the block are,
	// nil for a node's block.
	beside *sources
}

// Header implements coin.Block.
func (b *chainBlock) Header() coin.Header { return b.header }

// Size implements coin.SizedBlock.
func (b *chainBlock) Size() int { return b.Block.Size() + 16*len(b.transactions) + b.beside.size() }

// Transactions implements coin.Block.
func (b *chainBlock) Transactions() []eventuality.Transaction { return b.transactions }

// transactionBatch is how many transactions are asked for at a time.
const transactionBatch = 256

// previous calls found for each of the transactions, which the chain must
// have: something in a block spends them. It takes those of the block itself
// from there. Each is asked for once, whatever the order and however often it
// is named.
func (c *Coin) previous(
	ctx context.Context, b *chainBlock, ids []coin.TransactionID, found func(*block.Transaction),
) error {
	inBlock := make(map[coin.TransactionID]int, b.Len())
	for i := range b.Len() {
		inBlock[b.Transaction(i).ID()] = i
	}
	seen := make(map[coin.TransactionID]bool, len(ids))
	var missing []coin.TransactionID
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		if i, ok := inBlock[id]; ok {
			found(b.Transaction(i))
		} else if t := b.beside.find(id); t != nil {
			found(t)
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 && b.beside.alone() {
		return fmt.Errorf("%w: transaction %s is not in the archive", coin.ErrNotFound, missing[0])
	}
	for len(missing) > 0 {
		n := min(len(missing), transactionBatch)
		raws, err := c.node.Transactions(ctx, missing[:n])
		if err != nil {
			return mustExist(err)
		}
		if len(raws) != n {
			return fmt.Errorf("%w: %d transactions for %d", coin.ErrInvalid, len(raws), n)
		}
		for i, raw := range raws {
			t, err := parseTransaction(raw, missing[i])
			if err != nil {
				return err
			}
			b.beside.note(t)
			found(t)
		}
		missing = missing[n:]
	}
	return nil
}

// parseTransaction reads the transaction with the given ID.
func parseTransaction(raw []byte, id coin.TransactionID) (*block.Transaction, error) {
	t, err := block.ParseTransaction(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: transaction %s: %w", coin.ErrInvalid, id, err)
	}
	if t.ID() != id {
		return nil, fmt.Errorf("%w: asked for transaction %s, got %x", coin.ErrInvalid, id, t.ID())
	}
	return t, nil
}
