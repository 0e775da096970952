package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// ErrUnsuitable is wrapped when a node answers but cannot be used: it is of
// another network, prunes, has no transaction index, or (then it wraps
// coin.ErrTransient too) has not caught up yet.
var ErrUnsuitable = errors.New("bitcoin node is unsuitable")

// maxTipAge is how old the newest block may be before the node counts as
// still catching up; bitcoind has the same rule.
const maxTipAge = 24 * time.Hour

// Dial connects to a node and checks that it is of use. The genesis block
// tells which network it has to be of. With fresh the newest block must be
// recent, which a network on which nobody mines does not offer.
func Dial(ctx context.Context, config Config, genesis coin.BlockID, fresh bool) (*Client, error) {
	connection, err := jsonrpc.New(jsonrpc.Config{
		URL: config.URL, User: config.User, Password: config.Password, CookieFile: config.CookieFile,
		TLS: config.TLS, Timeout: config.Timeout, Attempts: config.Attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	c := &Client{rpc: connection}
	if err := c.check(ctx, genesis, fresh); err != nil {
		connection.Close()
		return nil, fmt.Errorf("node: %w", err)
	}
	c.rest = c.hasREST(ctx, genesis)
	return c, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.rpc.Close() }

func (c *Client) check(ctx context.Context, genesis coin.BlockID, fresh bool) error {
	first, err := c.BlockID(ctx, 0)
	if err != nil {
		return fmt.Errorf("genesis block: %w", err)
	}
	if first != genesis {
		return fmt.Errorf("%w: its genesis block is %s, not %s", ErrUnsuitable, first, genesis)
	}
	var info struct {
		Blocks        uint64 `json:"blocks"`
		BestBlockHash string `json:"bestblockhash"`
		Pruned        bool   `json:"pruned"`
		// bitcoind only.
		Downloading bool `json:"initialblockdownload"`
	}
	if err := c.rpc.Call(ctx, "getblockchaininfo", nil, &info); err != nil {
		return classify(err)
	}
	switch {
	case info.Pruned:
		return fmt.Errorf("%w: it prunes old blocks", ErrUnsuitable)
	case fresh && info.Downloading:
		return fmt.Errorf("%w: %w: it is downloading the chain, now at block %d", ErrUnsuitable, coin.ErrTransient, info.Blocks)
	}
	if err := c.checkIndex(ctx, info.Blocks); err != nil {
		return err
	}
	if !fresh {
		return nil
	}
	return c.checkAge(ctx, info.Blocks)
}

// checkIndex checks that the node finds any transaction by its ID.
func (c *Client) checkIndex(ctx context.Context, tip uint64) error {
	var indices map[string]struct {
		Synced bool `json:"synced"`
	}
	err := c.rpc.Call(ctx, "getindexinfo", []any{"txindex"}, &indices)
	if err == nil {
		index, ok := indices["txindex"]
		switch {
		case !ok:
			return fmt.Errorf("%w: it has no transaction index (-txindex)", ErrUnsuitable)
		case !index.Synced:
			return fmt.Errorf("%w: %w: it is building the transaction index", ErrUnsuitable, coin.ErrTransient)
		}
		return nil
	}
	if !isCode(err, codeNoMethod) {
		return classify(err)
	}
	// btcd cannot be asked about the index, but for a mined transaction.
	id, err := c.BlockID(ctx, tip)
	if err != nil {
		return err
	}
	raw, err := c.Block(ctx, id)
	if err != nil {
		return err
	}
	b, err := block.Parse(raw)
	if err != nil {
		return fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	_, err = c.Transactions(ctx, []coin.TransactionID{b.Transaction(0).ID()})
	if errors.Is(err, coin.ErrNotFound) {
		return fmt.Errorf("%w: it has no transaction index (--txindex): %w", ErrUnsuitable, err)
	}
	return err
}

// checkAge checks that the newest block is recent.
func (c *Client) checkAge(ctx context.Context, tip uint64) error {
	id, err := c.BlockID(ctx, tip)
	if err != nil {
		return err
	}
	raw, err := c.Header(ctx, id)
	if err != nil {
		return err
	}
	header, err := block.ParseHeader(raw)
	if err != nil {
		return fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if age := time.Since(time.Unix(int64(header.Time()), 0)); age > maxTipAge {
		return fmt.Errorf("%w: %w: its newest block %d is %v old", ErrUnsuitable, coin.ErrTransient, tip, age.Round(time.Hour))
	}
	return nil
}

// hasREST tells whether the node serves raw blocks over REST.
func (c *Client) hasREST(ctx context.Context, genesis coin.BlockID) bool {
	raw, err := c.rpc.Get(ctx, restBlock(genesis))
	if err != nil {
		return false
	}
	b, err := block.Parse(raw)
	return err == nil && b.Header().ID() == genesis
}
