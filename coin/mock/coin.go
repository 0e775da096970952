package mock

import (
	"context"
	"fmt"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
)

var (
	_ coin.Coin       = (*Coin)(nil)
	_ coin.BulkReader = (*Coin)(nil)
	_ coin.Archiver   = (*Coin)(nil)
	_ coin.SizedBlock = (*parsed)(nil)
	_ cointest.Chain  = (*Chain)(nil)
)

// Coin is the coin of a Chain. Several may read one Chain. It is for
// concurrent use.
type Coin struct {
	node       *node
	name       string
	genesis    coin.BlockID
	parameters coin.Parameters
	rules      Rules

	mu      sync.Mutex
	scripts map[string]groupScripts // by key, as long as they are few
}

// NewCoin makes a coin with an honest node of the chain.
func NewCoin(chain *Chain) *Coin {
	return &Coin{
		node:       &node{chain: chain},
		name:       chain.name,
		genesis:    chain.genesisID,
		parameters: chain.parameters,
		rules:      chain.rules,
		scripts:    make(map[string]groupScripts),
	}
}

// Coin makes a coin with an honest node of the chain.
func (c *Chain) Coin() coin.Coin { return NewCoin(c) }

// SetFaults changes what is wrong with the coin's node.
func (c *Coin) SetFaults(f Faults) { c.node.setFaults(f) }

// Name is the network's name.
func (c *Coin) Name() string { return c.name }

// Genesis is the ID of block 0.
func (c *Coin) Genesis() coin.BlockID { return c.genesis }

// Group is edwards25519.
func (c *Coin) Group() frost.Group { return ed25519.Group }

// Parameters are those of the chain's Options.
func (c *Coin) Parameters() coin.Parameters { return c.parameters }

// CheckParameters refuses those that do not go with the chain's Rules.
func (c *Coin) CheckParameters(p coin.Parameters) error { return c.rules.check(p) }

// Address is that of the network key plus the kind's offset.
func (c *Coin) Address(key []byte, kind coin.Kind) (coin.Address, error) {
	scripts, err := c.groupScripts(key)
	if err != nil {
		return "", err
	}
	if kind > coin.Forwarded {
		return "", fmt.Errorf("mock: no address for %s: %w", kind, coin.ErrInvalid)
	}
	return scripts[kind].address(c.genesis), nil
}

// CheckAddress accepts what Address and Chain.Address return.
func (c *Coin) CheckAddress(address coin.Address) error {
	_, err := parseAddress(c.genesis, address)
	return err
}

// manyKeys is more than live at a time.
const manyKeys = 64

func (c *Coin) groupScripts(key []byte) (groupScripts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if scripts, ok := c.scripts[string(key)]; ok {
		return scripts, nil
	}
	scripts, err := newGroupScripts(key)
	if err != nil {
		return scripts, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if len(c.scripts) >= manyKeys {
		clear(c.scripts)
	}
	c.scripts[string(key)] = scripts
	return scripts, nil
}

// Tip is the number of the newest block of the best branch.
func (c *Coin) Tip(ctx context.Context) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return c.node.tip()
}

// Header returns the header of a block of the best branch.
func (c *Coin) Header(ctx context.Context, number uint64) (coin.Header, error) {
	if err := ctx.Err(); err != nil {
		return coin.Header{}, err
	}
	id, err := c.node.blockID(number)
	if err != nil {
		return coin.Header{}, err
	}
	raw, err := c.node.header(id)
	if err != nil {
		return coin.Header{}, err
	}
	h, err := wire.Unmarshal[header](raw)
	switch {
	case err != nil:
		return coin.Header{}, fmt.Errorf("mock: header of block %d: %w: %w", number, coin.ErrInvalid, err)
	case blockID(raw) != id:
		return coin.Header{}, fmt.Errorf("mock: %w: header of block %d does not hash to its ID", coin.ErrInvalid, number)
	case h.number != number:
		return coin.Header{}, fmt.Errorf("mock: %w: asked for block %d, got %d", coin.ErrInvalid, number, h.number)
	}
	return h.head(id), nil
}

// Headers returns headers of the best branch, each as Header does.
func (c *Coin) Headers(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	list := make([]coin.Header, count)
	for i := range list {
		var err error
		if list[i], err = c.Header(ctx, first+uint64(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Block returns the block with the header, of whatever branch.
func (c *Coin) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	return c.block(ctx, header)
}

func (c *Coin) block(ctx context.Context, header coin.Header) (*parsed, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	raw, err := c.node.block(header.ID)
	if err != nil {
		return nil, err
	}
	b, err := decodeBlock(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: block %s: %w", coin.ErrInvalid, header.ID, err)
	}
	if b.head() != header {
		return nil, fmt.Errorf("mock: %w: block %s has another header", coin.ErrInvalid, header.ID)
	}
	return &parsed{block: b}, nil
}

// parsed is a coin.Block.
type parsed struct {
	*block
	// beside says where else than at the node transactions before the block are,
	// nil for a node's block.
	beside *sources
}

// Header returns the block's header.
func (p *parsed) Header() coin.Header { return p.head() }

// Size returns about how much memory the block takes, in bytes.
func (p *parsed) Size() int { return 4 * len(p.raw) }

// Transactions returns the block's transactions in order.
func (p *parsed) Transactions() []eventuality.Transaction {
	list := make([]eventuality.Transaction, len(p.transactions))
	for i, t := range p.transactions {
		list[i] = t
	}
	return list
}

// fetch asks the node for a transaction and checks that it has the ID.
func (c *Coin) fetch(ctx context.Context, id coin.TransactionID) (*transaction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	raw, err := c.node.transaction(id)
	if err != nil {
		return nil, err
	}
	t, err := decodeTransaction(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: transaction %s: %w", coin.ErrInvalid, id, err)
	}
	if t.id != id {
		return nil, fmt.Errorf("mock: %w: asked for transaction %s, got %s", coin.ErrInvalid, id, t.id)
	}
	return t, nil
}

// spentBy returns the output that an input of a transaction of a block spends.
func (c *Coin) spentBy(ctx context.Context, p *parsed, t *transaction, input int) (output, error) {
	id := t.inputs[input]
	from, err := c.source(ctx, p, id.Transaction)
	if err != nil {
		return output{}, fmt.Errorf("mock: what transaction %s spends: %w", t.id, err)
	}
	if uint64(id.Index) >= uint64(len(from.outputs)) {
		return output{}, fmt.Errorf("mock: %w: transaction %s spends %s, which does not exist", coin.ErrInvalid, t.id, id)
	}
	return from.outputs[id.Index], nil
}
