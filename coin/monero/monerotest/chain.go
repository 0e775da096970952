package monerotest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/internal/testnodes"
)

// Config says what a network is made of.
type Config struct {
	// Daemon is a monerod, Wallet a monero-wallet-rpc without a wallet that
	// works with it. Without one the user has the purse only.
	Daemon, Wallet *testnodes.Node
	// Seed tells users of the same network apart.
	Seed string
	// Coin has the coin's parameters and view seed. Its network is regtest, its
	// node the daemon, whatever it says.
	Coin monero.Config
}

// Chain is a regtest network with a user. The methods but Coin are for one
// caller at a time.
type Chain struct {
	config Config
	client *node.Client
	// miners are the main addresses of the user, paid in turns by blocks, mined is
	// how often.
	miners []string
	mined  int
	purse  *purse
}

var (
	_ cointest.Chain   = (*Chain)(nil)
	_ cointest.Limited = (*Chain)(nil)
)

// firstBlocks are mined at first: a coinbase is locked for 60, and rings take 16
// outputs.
const firstBlocks = 100

// New mines until the purse has money, and the wallet, which it makes.
func New(ctx context.Context, config Config) (*Chain, error) {
	config.Coin.Network = monero.Regtest
	config.Coin.Node = NodeConfig(config.Daemon)
	made, err := monero.New(nil, config.Coin) // refuses what is wrong with the configuration
	if err != nil {
		return nil, err
	}
	c := &Chain{config: config}
	chain := node.Chain{Genesis: made.Genesis(), Network: "fakechain"}
	if c.client, err = node.Dial(ctx, config.Coin.Node, chain, false); err != nil {
		return nil, err
	}
	if err := c.open(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("monerotest: %w", err)
	}
	return c, nil
}

func (c *Chain) open(ctx context.Context) error {
	var err error
	if c.purse, err = newPurse(c.client, c.Coin().Parameters(), c.config.Seed); err != nil {
		return err
	}
	c.miners = []string{c.purse.main.String()}
	if c.config.Wallet != nil {
		if err := c.openWallet(ctx); err != nil {
			return err
		}
	}
	return c.generate(ctx, firstBlocks)
}

func (c *Chain) openWallet(ctx context.Context) error {
	params := map[string]any{"filename": "user", "language": "English"}
	if err := c.config.Wallet.Call(ctx, "create_wallet", params, nil); err != nil {
		return err
	}
	var account struct {
		Address string `json:"address"`
	}
	if err := c.config.Wallet.Call(ctx, "get_address", map[string]any{"account_index": 0}, &account); err != nil {
		return err
	}
	c.miners = append(c.miners, account.Address)
	return nil
}

// miner is whom the next block pays.
func (c *Chain) miner() string {
	c.mined++
	return c.miners[c.mined%len(c.miners)]
}

// perMiner is how many blocks in a row pay the same one.
const perMiner = 10

// generate mines blocks.
func (c *Chain) generate(ctx context.Context, n int) error {
	for n > 0 {
		part := min(n, perMiner)
		if err := c.config.Daemon.Generate(ctx, part, c.miner()); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

// NodeConfig says how to reach a monerod.
func NodeConfig(n *testnodes.Node) node.Config {
	return node.Config{URL: strings.TrimSuffix(n.URL, "/json_rpc"), User: n.User, Password: n.Password}
}

// Close closes idle connections.
func (c *Chain) Close() { c.client.Close() }

// Limits implements cointest.Limited. There is always an output with change.
// Rings of a young chain take less room than is paid for.
func (c *Chain) Limits() cointest.Limits {
	return cointest.Limits{Origins: true, Locked: 10, Targets: 15, Unknown: 6}
}

// Coin implements cointest.Watched. Each is a new *monero.Coin.
func (c *Chain) Coin() coin.Coin {
	made, err := monero.New(c.client, c.config.Coin)
	if err != nil {
		panic(err) // New made one
	}
	return made
}

// Mine implements cointest.User.
func (c *Chain) Mine(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	// Now and then a block does not have all that waits. It is taken back.
	const tries = 20
	for try := 1; ; try++ {
		if err := c.generate(ctx, 1); err != nil {
			return err
		}
		waiting, err := c.waiting(ctx)
		if err != nil {
			return err
		}
		if waiting == 0 {
			break
		}
		if try == tries {
			return fmt.Errorf("monerotest: %d transactions are not mined", waiting)
		}
		if err := c.config.Daemon.Post(ctx, "/pop_blocks", map[string]any{"nblocks": 1}, nil); err != nil {
			return err
		}
	}
	return c.generate(ctx, n-1)
}

// waiting returns how many transactions wait for a block.
func (c *Chain) waiting(ctx context.Context) (int, error) {
	var info struct {
		Pool int `json:"tx_pool_size"`
	}
	err := c.config.Daemon.Call(ctx, "get_info", nil, &info)
	return info.Pool, err
}

// Fork implements cointest.User.
func (c *Chain) Fork(ctx context.Context, depth int, drop bool) error {
	tip, err := c.client.Tip(ctx)
	if err != nil {
		return err
	}
	if depth < 1 || uint64(depth) > tip {
		return fmt.Errorf("monerotest: a fork %d deep in a chain of %d blocks", depth, tip)
	}
	var gone []string
	var parent coin.BlockID
	for number := tip - uint64(depth) + 1; number <= tip; number++ {
		replaced, err := c.client.Header(ctx, number)
		if err != nil {
			return err
		}
		if number == tip-uint64(depth)+1 {
			parent = replaced.Parent()
		}
		for i := range replaced.Len() {
			gone = append(gone, coin.TransactionID(replaced.Transaction(i)).String())
		}
	}
	for range depth + 1 {
		var made struct {
			Blocks []string `json:"blocks"`
		}
		params := map[string]any{"amount_of_blocks": 1, "wallet_address": c.miner(), "prev_block": parent.String()}
		if err := c.config.Daemon.Call(ctx, "generateblocks", params, &made); err != nil {
			return err
		}
		if len(made.Blocks) != 1 {
			return errors.New("monerotest: no block was made")
		}
		if parent, err = blockID(made.Blocks[0]); err != nil {
			return err
		}
	}
	now, err := c.client.Tip(ctx)
	if err != nil {
		return err
	}
	if now != tip+1 {
		return fmt.Errorf("monerotest: the newest block is %d after a fork at %d", now, tip-uint64(depth))
	}
	if !drop || len(gone) == 0 {
		return nil
	}
	return c.config.Daemon.Call(ctx, "flush_txpool", map[string]any{"txids": gone}, nil)
}
