package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// ErrUnsuitable is wrapped when a node answers but cannot be used: it is of
// another network or another age, prunes, or (then it wraps coin.ErrTransient
// too) has not caught up yet.
var ErrUnsuitable = errors.New("monero node is unsuitable")

// rpcMajor is the major version of the interface that is spoken here.
const rpcMajor = 3

// maxTipAge is how old the newest block may be before the node counts as
// still catching up.
const maxTipAge = 24 * time.Hour

// Chain says which chain a node has to follow.
type Chain struct {
	// Genesis is the ID of block 0. A regtest network has that of mainnet.
	Genesis coin.BlockID
	// Network is the node's name for the network: "mainnet", "stagenet",
	// "testnet", or "fakechain" for regtest.
	Network string
}

// Dial connects to a node and checks that it is of use. With fresh it must
// have caught up and the newest block must be recent, which a network on which
// nobody mines does not offer.
func Dial(ctx context.Context, config Config, chain Chain, fresh bool) (*Client, error) {
	c, err := newClient(config)
	if err != nil {
		return nil, err
	}
	if err := c.check(ctx, chain, fresh); err != nil {
		c.Close()
		return nil, fmt.Errorf("node: %w", err)
	}
	return c, nil
}

func (c *Client) check(ctx context.Context, chain Chain, fresh bool) error {
	var version struct {
		state
		Version uint32 `json:"version"`
	}
	if err := call(ctx, c.small, "get_version", nil, &version); err != nil {
		return err
	}
	if major := version.Version >> 16; major != rpcMajor {
		return fmt.Errorf("%w: it speaks version %d of the interface, not %d", ErrUnsuitable, major, rpcMajor)
	}
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	if info.Network != chain.Network {
		return fmt.Errorf("%w: its network is %.20q, not %q", ErrUnsuitable, info.Network, chain.Network)
	}
	genesis, err := c.Header(ctx, 0)
	if err != nil {
		return fmt.Errorf("genesis block: %w", err)
	}
	if id := coin.BlockID(genesis.ID()); id != chain.Genesis {
		return fmt.Errorf("%w: its genesis block is %s, not %s", ErrUnsuitable, id, chain.Genesis)
	}
	if fresh {
		if err := c.checkFresh(ctx, info); err != nil {
			return err
		}
	}
	return c.checkBulk(ctx)
}

func (c *Client) checkFresh(ctx context.Context, info Info) error {
	behind := fmt.Errorf("%w: %w", ErrUnsuitable, coin.ErrTransient)
	switch {
	case info.Untrusted:
		return fmt.Errorf("%w: it passes on what another node says until it has caught up", behind)
	case !info.Synchronized:
		return fmt.Errorf("%w: it is downloading the chain, now at block %d of %d", behind, info.Tip, info.Target)
	}
	top, err := c.HeaderByID(ctx, info.Top)
	if err != nil {
		return fmt.Errorf("newest block: %w", err)
	}
	if top.Height() != info.Tip {
		return fmt.Errorf("get_info: %w", lie("height", "is %d for the newest block %s, which has number %d", info.Tip+1, info.Top, top.Height()))
	}
	made := time.Unix(int64(min(top.Time(), 1<<40)), 0)
	if age := time.Since(made); age > maxTipAge {
		return fmt.Errorf("%w: its newest block %d is %v old", behind, info.Tip, age.Round(time.Hour))
	}
	return nil
}

// checkBulk finds out whether the node takes requests for many blocks, and
// whether it heeds how many.
func (c *Client) checkBulk(ctx context.Context) error {
	_, err := c.some(ctx, 1, 1)
	if errors.Is(err, coin.ErrNotFound) {
		return nil // a chain without blocks
	}
	if answer, ok := errors.AsType[*jsonrpc.StatusError](err); ok && answer.Status/100 == 4 && answer.Status != http.StatusTooManyRequests {
		c.single = true
		return nil
	}
	return err
}

// Info is what a node says of itself.
type Info struct {
	// Tip is the number of the newest block of its best chain, Top its ID.
	Tip uint64
	Top coin.BlockID
	// Network is the name of its network.
	Network string
	// Synchronized tells whether it has caught up with its peers, of which
	// the best has Target blocks (0 if it knows of none that has more).
	Synchronized bool
	Target       uint64
	// Untrusted tells that the answer is another node's, from which it starts.
	Untrusted bool
	// Restricted tells that it keeps some requests for itself.
	Restricted bool
	// Version is its program's; restricted nodes do not tell.
	Version string
}

// Info asks the node about itself. Nothing proves the answer.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var info struct {
		state
		Height       uint64 `json:"height"`
		Target       uint64 `json:"target_height"`
		Top          hash   `json:"top_block_hash"`
		Network      string `json:"nettype"`
		Synchronized bool   `json:"synchronized"`
		Syncing      bool   `json:"busy_syncing"`
		Untrusted    bool   `json:"untrusted"`
		Restricted   bool   `json:"restricted"`
		Version      string `json:"version"`
	}
	if err := call(ctx, c.small, "get_info", nil, &info); err != nil {
		return Info{}, err
	}
	if info.Height == 0 {
		return Info{}, fmt.Errorf("get_info: %w", lie("height", "is 0, without a genesis block"))
	}
	return Info{
		Tip: info.Height - 1, Top: coin.BlockID(info.Top), Network: info.Network,
		Synchronized: info.Synchronized && !info.Syncing, Target: info.Target,
		Untrusted: info.Untrusted, Restricted: info.Restricted, Version: info.Version,
	}, nil
}

// Tip returns the number of the newest block of the node's best chain.
func (c *Client) Tip(ctx context.Context) (uint64, error) {
	info, err := c.Info(ctx)
	return info.Tip, err
}

// HardFork is what a node says of the rules in force.
type HardFork struct {
	// Version is the number of the hard fork whose rules the next block
	// follows, Since the number of the first block of them.
	Version uint8
	Since   uint64
}

// HardFork asks for the rules in force. Nothing proves the answer: the rules
// of a block are those of its major version.
func (c *Client) HardFork(ctx context.Context) (HardFork, error) {
	var info struct {
		state
		Version uint8  `json:"version"`
		Since   uint64 `json:"earliest_height"`
	}
	if err := call(ctx, c.small, "hard_fork_info", nil, &info); err != nil {
		return HardFork{}, err
	}
	return HardFork{Version: info.Version, Since: info.Since}, nil
}
