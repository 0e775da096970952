package bitcointest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// Config of a Chain.
type Config struct {
	// Node is a node of a regression test network. Nobody else mines there.
	Node node.Config
	// Parameters are those of the coin. Zero means the defaults.
	Parameters coin.Parameters
	// Seed tells users of the same network apart.
	Seed string
}

// Chain is a regression test network with its user. It implements
// cointest.Chain.
type Chain struct {
	coin *bitcoin.Coin
	rpc  *jsonrpc.Client
	seed string
	home *owner // gets the coinbases and the change

	mu     sync.Mutex
	ledger *ledger
	keys   uint64
	mined  int64
	// used are coins in transactions that wait for a block.
	used map[wire.OutPoint]bool
	// unrelayed are transactions that wait for a block and that the node did
	// not take.
	unrelayed []*wire.MsgTx
}

var (
	_ cointest.Chain         = (*Chain)(nil)
	_ cointest.CoinbaseMiner = (*Chain)(nil)
)

// purses is into how many coins the user splits its first ones, so that as
// many payments need not wait for each other's change.
const purses = 50

// Dial connects to a node. Where the user has nothing yet, it mines until it
// has.
func Dial(ctx context.Context, config Config) (*Chain, error) {
	c, err := dial(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("bitcointest: %w", err)
	}
	return c, nil
}

func dial(ctx context.Context, config Config) (*Chain, error) {
	n := config.Node
	client, err := jsonrpc.New(jsonrpc.Config{URL: n.URL, User: n.User, Password: n.Password, CookieFile: n.CookieFile})
	if err != nil {
		return nil, err
	}
	c := &Chain{rpc: client, seed: config.Seed, ledger: newLedger(), used: make(map[wire.OutPoint]bool)}
	if c.home, err = c.newKey(P2WPKH); err != nil {
		return nil, err
	}
	if _, err := c.follow(ctx); err != nil {
		return nil, err
	}
	if len(c.ledger.spendable()) == 0 {
		if err := c.earn(ctx); err != nil {
			return nil, err
		}
	}
	c.coin, err = bitcoin.Dial(ctx, bitcoin.Config{Network: bitcoin.Regtest, Parameters: config.Parameters, Node: n})
	return c, err
}

// earn mines until the first coinbases can be spent, and splits them.
func (c *Chain) earn(ctx context.Context) error {
	for range maturity {
		if err := c.mine(ctx, c.home.script, nil); err != nil {
			return err
		}
	}
	all := c.ledger.spendable()
	if len(all) == 0 {
		return errors.New("the user has no coins after mining")
	}
	first := all[0]
	var outs []*wire.TxOut
	for range purses {
		outs = append(outs, wire.NewTxOut(first.value/purses-1000, c.home.script))
	}
	tx, err := c.spend([]*money{first}, outs)
	if err != nil {
		return err
	}
	return c.mine(ctx, c.home.script, []*wire.MsgTx{tx})
}

// newKey makes the user's next key.
func (c *Chain) newKey(origin Origin) (*owner, error) {
	o, err := newOwner(c.seed, c.keys, origin)
	if err != nil {
		return nil, err
	}
	c.keys++
	c.ledger.owners[string(o.script)] = o
	return o, nil
}

// follow brings the ledger to the node's best chain and returns the blocks
// that it left, oldest first.
func (c *Chain) follow(ctx context.Context) (left []*wire.MsgBlock, err error) {
	for {
		next := len(c.ledger.blocks)
		var id string
		if next > 0 {
			last := c.ledger.blocks[next-1].id.String()
			err := c.rpc.Call(ctx, "getblockhash", []any{next - 1}, &id)
			if _, beyond := errors.AsType[*jsonrpc.Error](err); err != nil && !beyond {
				return nil, err
			}
			if id != last {
				left = append(left, c.ledger.pop())
				continue
			}
		}
		err := c.rpc.Call(ctx, "getblockhash", []any{next}, &id)
		if _, beyond := errors.AsType[*jsonrpc.Error](err); beyond {
			slices.Reverse(left)
			return left, nil
		}
		if err != nil {
			return nil, err
		}
		var raw jsonrpc.Hex
		if err := c.rpc.Call(ctx, "getblock", []any{id, 0}, &raw); err != nil {
			return nil, err
		}
		msg := new(wire.MsgBlock)
		if err := msg.Deserialize(bytes.NewReader(raw)); err != nil {
			return nil, fmt.Errorf("decode block %s: %w", id, err)
		}
		c.ledger.push(msg)
	}
}

// Coin implements cointest.Chain.
func (c *Chain) Coin() coin.Coin { return c.coin }

// Mine implements cointest.Chain.
func (c *Chain) Mine(ctx context.Context, n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		if err := c.mineWaiting(ctx, c.home.script); err != nil {
			return fmt.Errorf("bitcointest: mine: %w", err)
		}
	}
	return nil
}

// MineTo implements cointest.CoinbaseMiner.
func (c *Chain) MineTo(ctx context.Context, to coin.Address) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	script, err := scriptOf(to)
	if err != nil {
		return err
	}
	if err := c.mineWaiting(ctx, script); err != nil {
		return fmt.Errorf("bitcointest: mine: %w", err)
	}
	return nil
}

// mineTries is how often a block is tried: others may replace transactions
// while it is made.
const mineTries = 3

func (c *Chain) mineWaiting(ctx context.Context, to []byte) (err error) {
	for range mineTries {
		if err = c.tryMine(ctx, to); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

func (c *Chain) tryMine(ctx context.Context, to []byte) error {
	if _, err := c.follow(ctx); err != nil {
		return err
	}
	txs, err := c.waiting(ctx)
	if err != nil {
		return err
	}
	if err := c.mine(ctx, to, txs); err != nil {
		return err
	}
	c.unrelayed = nil // mined, or never to be
	return nil
}

// Address implements cointest.Chain. The addresses take turns in their kind.
func (c *Chain) Address(context.Context) (coin.Address, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, err := c.newKey(Origin(c.keys % uint64(addressed)))
	if err != nil {
		return "", err
	}
	return o.address, nil
}

// Received implements cointest.Chain.
func (c *Chain) Received(ctx context.Context, to coin.Address) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	script, err := scriptOf(to)
	if err != nil {
		return 0, err
	}
	if _, err := c.follow(ctx); err != nil {
		return 0, fmt.Errorf("bitcointest: received: %w", err)
	}
	return uint64(c.ledger.received[string(script)]), nil
}

func scriptOf(to coin.Address) ([]byte, error) {
	at, err := address.DecodeAddress(string(to), params)
	if err != nil {
		return nil, fmt.Errorf("bitcointest: address %q: %w", to, err)
	}
	return txscript.PayToAddrScript(at)
}

// Fork implements cointest.Chain. Dropped are the transactions that spend
// coins of the user, and all that spend from them.
func (c *Chain) Fork(ctx context.Context, depth int, drop bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fork(ctx, depth, drop); err != nil {
		return fmt.Errorf("bitcointest: fork: %w", err)
	}
	return nil
}

func (c *Chain) fork(ctx context.Context, depth int, drop bool) error {
	if _, err := c.follow(ctx); err != nil {
		return err
	}
	if depth < 1 || depth >= len(c.ledger.blocks) {
		return fmt.Errorf("depth %d of %d blocks", depth, len(c.ledger.blocks))
	}
	first := c.ledger.blocks[len(c.ledger.blocks)-depth]
	if err := c.rpc.Call(ctx, "invalidateblock", []any{first.id.String()}, nil); err != nil {
		return err
	}
	left, err := c.follow(ctx)
	if err != nil {
		return err
	}
	var rivals []*wire.MsgTx
	if drop {
		if rivals, err = c.rivals(left); err != nil {
			return err
		}
	}
	for range depth + 1 {
		if err := c.mine(ctx, c.home.script, rivals); err != nil {
			return err
		}
		rivals = nil
	}
	// Nodes give the transactions of not too many blocks back to their pool.
	for _, msg := range left {
		for _, tx := range msg.Transactions[1:] {
			if err := c.relay(ctx, tx, !drop); err != nil {
				return err
			}
		}
	}
	return nil
}

// rivals makes transactions that conflict with those of the blocks.
func (c *Chain) rivals(blocks []*wire.MsgBlock) ([]*wire.MsgTx, error) {
	var rivals []*wire.MsgTx
	for _, msg := range blocks {
		for _, tx := range msg.Transactions[1:] {
			for _, in := range tx.TxIn {
				m, ok := c.ledger.coins[in.PreviousOutPoint]
				if !ok {
					continue
				}
				rival, err := c.spend([]*money{m}, []*wire.TxOut{wire.NewTxOut(m.value-rivalFee, c.home.script)})
				if err != nil {
					return nil, err
				}
				rivals = append(rivals, rival)
				break
			}
		}
	}
	return rivals, nil
}
