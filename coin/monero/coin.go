package monero

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/coin/monero/ring"
	"github.com/serai-go/processor/coin/monero/scan"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/cache"
)

// Limits of the caches: a few times what is in use at a time.
const (
	maxCachedKeys    = 64
	maxCachedHeaders = 4096
)

// Node is what the coin asks of a Monero node, as package node does it. All of
// it has been recomputed from the node's bytes but which chain is best and a
// block's Indexes, of which the coin makes no use. The methods are for
// concurrent use. Errors wrap coin.ErrTransient or coin.ErrNotFound where that
// is what they mean.
type Node interface {
	// Tip returns the number of the newest block of the best chain.
	Tip(ctx context.Context) (uint64, error)
	// Header returns the block of the best chain with a number, without its
	// transactions.
	Header(ctx context.Context, number uint64) (*block.Block, error)
	// HeaderByID returns any block it knows, without its transactions.
	HeaderByID(ctx context.Context, id coin.BlockID) (*block.Block, error)
	// Block returns any block it knows, if it still has the transactions.
	Block(ctx context.Context, id coin.BlockID) (*node.Block, error)
	// Blocks yields blocks of the best chain, each the child of the one before.
	// An error is the last that it yields.
	Blocks(ctx context.Context, first, last uint64) iter.Seq2[*node.Block, error]

	// What rings are chosen from.
	ring.Source
	// Transaction returns a transaction of the best chain or the memory pool.
	Transaction(ctx context.Context, id coin.TransactionID) (node.Found, error)
	// Publish hands a signed transaction over.
	Publish(ctx context.Context, raw []byte) (coin.Publication, error)
}

// Config says which network a coin is and where its node.
type Config struct {
	// Network must be the node's.
	Network Network
	// Parameters are the consensus parameters that all validators share. Zero
	// means DefaultParameters.
	Parameters coin.Parameters
	// ViewSeed is a consensus parameter too. Empty means that everybody can see
	// what groups receive.
	ViewSeed ViewSeed
	// Node says how to reach the node.
	Node node.Config
}

// Coin is Monero as a processor uses it. It is for concurrent use.
type Coin struct {
	network   Network
	addresses address.Network
	genesis   coin.BlockID
	rules     coin.Parameters
	seed      ViewSeed
	node      Node
	// keys are by network key, scanners by all keys that they look for, headers
	// by block, work by what was prepared.
	keys     *cache.Cache[string, *keyPair]
	scanners *cache.Cache[string, *scan.Scanner]
	headers  *cache.Cache[coin.BlockID, headerEntry]
	work     *cache.Cache[workName, work]
	ahead    ahead
	rings    *ring.Chooser
}

var (
	_ coin.Coin       = (*Coin)(nil)
	_ coin.Archiver   = (*Coin)(nil)
	_ coin.SizedBlock = (*chainBlock)(nil)
	_ Node            = (*node.Client)(nil)
)

// Dial connects to a monerod and makes sure that it is of use: that it is of
// the network, speaks the right version, and does not prune. A refusal wraps
// node.ErrUnsuitable, and coin.ErrTransient as well where waiting helps.
func Dial(ctx context.Context, config Config) (*Coin, error) {
	d, err := config.Network.describe()
	if err != nil {
		return nil, err
	}
	chain := node.Chain{Genesis: d.id(), Network: d.node}
	client, err := node.Dial(ctx, config.Node, chain, config.Network != Regtest)
	if err != nil {
		return nil, fmt.Errorf("monero: %w", err)
	}
	return New(client, config)
}

// New returns the coin of a network that reads from the node, whatever
// config.Node is.
func New(from Node, config Config) (*Coin, error) {
	d, err := config.Network.describe()
	if err != nil {
		return nil, err
	}
	rules := config.Parameters
	if rules == (coin.Parameters{}) {
		if rules, err = DefaultParameters(config.Network); err != nil {
			return nil, err
		}
	}
	if err := rules.Validate(); err != nil {
		return nil, fmt.Errorf("monero: %w", err)
	}
	if err := possible(rules); err != nil {
		return nil, fmt.Errorf("monero: %w", err)
	}
	if err := config.ViewSeed.validate(); err != nil {
		return nil, fmt.Errorf("monero: %w", err)
	}
	return &Coin{
		network: config.Network, addresses: d.address, genesis: d.id(), rules: rules,
		seed: append(ViewSeed(nil), config.ViewSeed...), node: from,
		keys:     cache.New[string, *keyPair](maxCachedKeys),
		scanners: cache.New[string, *scan.Scanner](maxCachedKeys),
		headers:  cache.New[coin.BlockID, headerEntry](maxCachedHeaders),
		work:     cache.New[workName, work](maxWork),
		rings:    ring.New(from),
	}, nil
}

// Limits of the network.
const (
	// lockedBlocks is after how many blocks an output can be spent.
	lockedBlocks = 10
	// mostOutputs is how many outputs a transaction has at most.
	mostOutputs = 16
	// mostInputs is for how many inputs a validator can sign that holds all shares
	// of a key: for each it commits to two nonces under two generators, and to an
	// image for each share.
	mostInputs = frost.MaxCommitmentSize / (32 * (4 + frost.MaxShares))
)

// possible refuses parameters that the network does not allow.
func possible(p coin.Parameters) error {
	switch {
	case p.Confirmations < lockedBlocks:
		return fmt.Errorf("parameters: Confirmations is %d, outputs are locked for %d blocks", p.Confirmations, lockedBlocks)
	case p.MaxOutputs > mostOutputs:
		return fmt.Errorf("parameters: MaxOutputs is %d, the network allows %d", p.MaxOutputs, mostOutputs)
	case p.MaxInputs > mostInputs:
		return fmt.Errorf("parameters: MaxInputs is %d, of %d all signers can sign", p.MaxInputs, mostInputs)
	case p.Descendants != 0:
		return fmt.Errorf("parameters: Descendants is %d, nothing spends unconfirmed outputs", p.Descendants)
	case p.Hold < p.Window:
		return fmt.Errorf("parameters: Hold is %d, a larger twin of an output can come in a Window of %d blocks", p.Hold, p.Window)
	}
	return nil
}

// Format implements fmt.Formatter: the coin prints as its name, without
// secrets.
func (c *Coin) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.Name()) }

// CheckParameters implements coin.Network.
func (c *Coin) CheckParameters(p coin.Parameters) error {
	if err := possible(p); err != nil {
		return fmt.Errorf("monero: %w", err)
	}
	return nil
}

// Name implements coin.Network: "monero", followed by the network's name unless
// it is the main one.
func (c *Coin) Name() string {
	if c.network == Mainnet {
		return "monero"
	}
	return "monero-" + string(c.network)
}

// Genesis implements coin.Network. That of Regtest is Mainnet's.
func (c *Coin) Genesis() coin.BlockID { return c.genesis }

// Group implements coin.Network: Ed25519.
func (c *Coin) Group() frost.Group { return ed25519.Group }

// Parameters implements coin.Network.
func (c *Coin) Parameters() coin.Parameters { return c.rules }

// Address implements coin.Network: a subaddress of the key's view pair.
func (c *Coin) Address(key []byte, kind coin.Kind) (coin.Address, error) {
	pair, err := c.pair(key)
	if err != nil {
		return "", err
	}
	if int(kind) >= len(pair.addresses) {
		return "", fmt.Errorf("%w: %s", coin.ErrInvalid, kind)
	}
	return pair.addresses[kind], nil
}

// CheckAddress implements coin.Network. Main addresses and subaddresses are
// paid. Integrated addresses are not: a transaction that pays several payees
// has room for one payment ID.
func (c *Coin) CheckAddress(text coin.Address) error {
	a, err := address.Parse(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("monero: %w: %w", coin.ErrAddress, err)
	case a.Network != c.addresses:
		return fmt.Errorf("monero: %w: it is one of %s", coin.ErrAddress, a.Network)
	case a.Kind == address.Integrated:
		return fmt.Errorf("monero: %w: it has a payment ID", coin.ErrAddress)
	}
	return nil
}
