package bitcoin

import (
	"context"
	"fmt"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/internal/cache"
)

// Limits of the caches: a few times what is in use at a time.
const (
	maxCachedKeys      = 64
	maxCachedHeaders   = 4096
	maxCachedAddresses = 1 << 14
)

// Node is what the coin asks of a Bitcoin node, in the node's own bytes. The
// coin believes none of them before it has recomputed the hashes. The methods
// are for concurrent use. Errors wrap coin.ErrTransient or coin.ErrNotFound
// where that is what they mean.
type Node interface {
	// Tip returns the number of the newest block of the best chain.
	Tip(ctx context.Context) (uint64, error)
	// BlockID returns the ID of a block of the best chain.
	BlockID(ctx context.Context, number uint64) (coin.BlockID, error)
	// BlockIDs returns the IDs of so many blocks of the best chain, all or
	// none.
	BlockIDs(ctx context.Context, first uint64, count int) ([]coin.BlockID, error)
	// Header returns the 80 bytes of the header of any block it knows.
	Header(ctx context.Context, id coin.BlockID) ([]byte, error)
	// Headers returns headers as Header does, all or none, in the order of the
	// IDs.
	Headers(ctx context.Context, ids []coin.BlockID) ([][]byte, error)
	// Block returns any block it knows.
	Block(ctx context.Context, id coin.BlockID) ([]byte, error)
	// Transactions returns transactions of its chain or memory pool, all or
	// none, in the order of the IDs.
	Transactions(ctx context.Context, ids []coin.TransactionID) ([][]byte, error)
	// Publish hands over a signed transaction.
	Publish(ctx context.Context, raw []byte) (coin.Publication, error)
}

// Config says which network a coin is and where its node.
type Config struct {
	// Network must be the node's.
	Network Network
	// Parameters are the consensus parameters that all validators share. Zero
	// means DefaultParameters.
	Parameters coin.Parameters
	// Node says how to reach the node.
	Node node.Config
}

// Coin is Bitcoin as a processor uses it. It is for concurrent use.
type Coin struct {
	network Network
	params  *chaincfg.Params
	genesis coin.BlockID
	rules   coin.Parameters
	node    Node
	// keys are by network key, headers by block, scripts by address.
	keys    *cache.Cache[string, *kindKeys]
	headers *cache.Cache[coin.BlockID, headerEntry]
	scripts *cache.Cache[coin.Address, []byte]
}

var (
	_ coin.Coin       = (*Coin)(nil)
	_ coin.BulkReader = (*Coin)(nil)
	_ coin.Archiver   = (*Coin)(nil)
	_ coin.SizedBlock = (*chainBlock)(nil)
)

// Dial connects to a btcd or bitcoind and makes sure that it is of use: that
// it is of the network and has all blocks and an index of transactions. A
// refusal wraps node.ErrUnsuitable, and coin.ErrTransient as well where
// waiting helps.
func Dial(ctx context.Context, config Config) (*Coin, error) {
	genesis, err := config.Network.genesis()
	if err != nil {
		return nil, err
	}
	client, err := node.Dial(ctx, config.Node, genesis, config.Network != Regtest)
	if err != nil {
		return nil, fmt.Errorf("bitcoin: %w", err)
	}
	return New(client, config.Network, config.Parameters)
}

// New returns the coin of a network that reads from the node. Parameters are
// as in Config.
func New(from Node, network Network, parameters coin.Parameters) (*Coin, error) {
	params, err := network.Params()
	if err != nil {
		return nil, err
	}
	if parameters == (coin.Parameters{}) {
		parameters = DefaultParameters()
	}
	if err := parameters.Validate(); err != nil {
		return nil, fmt.Errorf("bitcoin: %w", err)
	}
	if err := relayable(parameters); err != nil {
		return nil, fmt.Errorf("bitcoin: %w", err)
	}
	genesis, err := network.genesis()
	if err != nil {
		return nil, err
	}
	return &Coin{
		network: network, params: params, genesis: genesis, rules: parameters, node: from,
		keys:    cache.New[string, *kindKeys](maxCachedKeys),
		headers: cache.New[coin.BlockID, headerEntry](maxCachedHeaders),
		scripts: cache.New[coin.Address, []byte](maxCachedAddresses),
	}, nil
}

// CheckParameters implements coin.Network: plans have to be such as nodes relay.
func (c *Coin) CheckParameters(p coin.Parameters) error {
	if err := relayable(p); err != nil {
		return fmt.Errorf("bitcoin: %w", err)
	}
	return nil
}

// Name implements coin.Network: "bitcoin", followed by the network's name
// unless it is the main one.
func (c *Coin) Name() string {
	if c.network == Mainnet {
		return "bitcoin"
	}
	return "bitcoin-" + string(c.network)
}

// Genesis implements coin.Network.
func (c *Coin) Genesis() coin.BlockID { return c.genesis }

// Group implements coin.Network: secp256k1.
func (c *Coin) Group() frost.Group { return secp256k1.Group }

// Parameters implements coin.Network.
func (c *Coin) Parameters() coin.Parameters { return c.rules }

// Address implements coin.Network: the P2TR address of the kind's output key.
func (c *Coin) Address(key []byte, kind coin.Kind) (coin.Address, error) {
	k, err := c.outputKey(key, kind)
	if err != nil {
		return "", err
	}
	address, ok := scriptAddress(c.params, k.script)
	if !ok {
		return "", fmt.Errorf("bitcoin: output key %x has no address", k.x)
	}
	return address, nil
}

// CheckAddress implements coin.Network. P2PKH, P2SH, P2WPKH, P2WSH, P2TR and
// the witness versions to come are paid by address.
func (c *Coin) CheckAddress(address coin.Address) error {
	_, err := c.addressScript(address)
	return err
}
