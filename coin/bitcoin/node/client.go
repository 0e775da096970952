// Package node talks to a btcd or bitcoind over JSON-RPC, and over bitcoind's
// REST interface where it is offered. It carries bytes and classifies errors;
// it does not check what the bytes say.
package node

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// Codes of a node's errors, the same in bitcoind and btcd.
const (
	codeWarmup     = -28    // still starting
	codeNotFound   = -5     // no such block or transaction
	codeParameter  = -8     // bitcoind: no such block number
	codeOutOfRange = -1     // btcd: no such block number
	codeNoMethod   = -32601 // too old, or the other node's
)

// Config says how to reach a node.
type Config struct {
	// URL is the JSON-RPC endpoint, http or https.
	URL string
	// User and Password are for basic authentication.
	User, Password string
	// CookieFile is bitcoind's .cookie file, used instead of User and
	// Password.
	CookieFile string
	// TLS is the configuration for https. Nil trusts the system's roots.
	TLS *tls.Config
	// Timeout limits one attempt, its answer included. Zero is 30 seconds.
	Timeout time.Duration
	// Attempts is how often a request is sent before its transient failure is
	// returned. Zero is 4.
	Attempts int
}

// Client is a connection to a node. It is for concurrent use.
type Client struct {
	rpc *jsonrpc.Client
	// rest is set if the node serves raw blocks over REST.
	rest bool
	// cheap are transactions that the node wanted a higher fee of.
	cheap cheap
}

// Tip returns the number of the newest block of the best chain.
func (c *Client) Tip(ctx context.Context) (uint64, error) {
	var number uint64
	if err := c.rpc.Call(ctx, "getblockcount", nil, &number); err != nil {
		return 0, classify(err)
	}
	return number, nil
}

// BlockID returns the ID of a block of the best chain. One that is not there
// (yet) is coin.ErrNotFound.
func (c *Client) BlockID(ctx context.Context, number uint64) (coin.BlockID, error) {
	var id jsonrpc.Hex
	if err := c.rpc.Call(ctx, "getblockhash", []any{number}, &id); err != nil {
		return coin.BlockID{}, classify(err, codeParameter, codeOutOfRange)
	}
	return toID[coin.BlockID](id)
}

// BlockIDs returns the IDs of so many blocks of the best chain, with one
// request. If one is not there the error is coin.ErrNotFound.
func (c *Client) BlockIDs(ctx context.Context, first uint64, count int) ([]coin.BlockID, error) {
	raws, err := c.batch(ctx, "getblockhash", count, func(i int) []any {
		return []any{first + uint64(i)}
	}, codeParameter, codeOutOfRange)
	if err != nil {
		return nil, err
	}
	ids := make([]coin.BlockID, count)
	for i, raw := range raws {
		if ids[i], err = toID[coin.BlockID](raw); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Headers returns the bytes of the headers of blocks that the node knows, in
// the order of the IDs, with one request.
func (c *Client) Headers(ctx context.Context, ids []coin.BlockID) ([][]byte, error) {
	return c.batch(ctx, "getblockheader", len(ids), func(i int) []any {
		return []any{ids[i].String(), false}
	}, codeNotFound)
}

// batch calls a method n times with one request, for hexadecimal results that
// are small. The first call that fails fails all.
func (c *Client) batch(ctx context.Context, method string, n int, params func(int) []any, notFound ...int64) ([][]byte, error) {
	requests := make([]jsonrpc.Request, n)
	raws := make([]jsonrpc.Hex, n)
	for i := range requests {
		requests[i] = jsonrpc.Request{Method: method, Params: params(i), Result: &raws[i]}
	}
	if err := c.rpc.Batch(ctx, requests); err != nil {
		return nil, classify(err)
	}
	list := make([][]byte, n)
	for i, r := range requests {
		if r.Err != nil {
			return nil, classify(r.Err, notFound...)
		}
		list[i] = raws[i]
	}
	return list, nil
}

// Header returns the bytes of the header of any block that the node knows.
func (c *Client) Header(ctx context.Context, id coin.BlockID) ([]byte, error) {
	var raw jsonrpc.Hex
	if err := c.rpc.Call(ctx, "getblockheader", []any{id.String(), false}, &raw); err != nil {
		return nil, classify(err, codeNotFound)
	}
	return raw, nil
}

// Block returns the bytes of any block that the node knows.
func (c *Client) Block(ctx context.Context, id coin.BlockID) ([]byte, error) {
	if c.rest {
		raw, err := c.rpc.Get(ctx, restBlock(id))
		if _, refused := errors.AsType[*jsonrpc.StatusError](err); !refused || ctx.Err() != nil {
			return raw, classify(err)
		}
		// Whatever REST has against the block, JSON-RPC says it with a code.
	}
	var raw jsonrpc.Hex
	if err := c.rpc.Call(ctx, "getblock", []any{id.String(), 0}, &raw); err != nil {
		return nil, classify(err, codeNotFound)
	}
	return raw, nil
}

func restBlock(id coin.BlockID) string { return "/rest/block/" + id.String() + ".bin" }

// Transactions returns the bytes of transactions of the best chain or the
// memory pool, in the order of the IDs, with one request if they are not too
// large. If one is not known the error is coin.ErrNotFound.
func (c *Client) Transactions(ctx context.Context, ids []coin.TransactionID) ([][]byte, error) {
	requests := make([]jsonrpc.Request, len(ids))
	raws := make([]jsonrpc.Hex, len(ids))
	for i, id := range ids {
		requests[i] = jsonrpc.Request{Method: "getrawtransaction", Params: []any{id.String(), 0}, Result: &raws[i]}
	}
	err := c.rpc.Batch(ctx, requests)
	if errors.Is(err, jsonrpc.ErrTooLarge) && len(ids) > 1 {
		half := len(ids) / 2
		first, err := c.Transactions(ctx, ids[:half])
		if err != nil {
			return nil, err
		}
		second, err := c.Transactions(ctx, ids[half:])
		return slices.Concat(first, second), err
	}
	if err != nil {
		return nil, classify(err)
	}
	list := make([][]byte, len(ids))
	for i, r := range requests {
		if r.Err != nil {
			return nil, fmt.Errorf("transaction %s: %w", ids[i], classify(r.Err, codeNotFound))
		}
		list[i] = raws[i]
	}
	return list, nil
}

// classify says what an error of a call means: coin.ErrNotFound if the node
// answered with one of the codes given; coin.ErrTransient if it could not be
// asked, is not ready or in trouble of its own; coin.ErrInvalid if the answer
// made no sense. What has to do with the configuration (refused credentials,
// a wrong path) stays as it is.
func classify(err error, notFound ...int64) error {
	if err == nil {
		return nil
	}
	answer, answered := errors.AsType[*jsonrpc.Error](err)
	switch {
	case answered && slices.Contains(notFound, answer.Code):
		return fmt.Errorf("%w: %w", coin.ErrNotFound, err)
	case answered || jsonrpc.IsTransient(err) || isStatus(err):
		return fmt.Errorf("%w: %w", coin.ErrTransient, err)
	case errors.Is(err, jsonrpc.ErrMalformed), errors.Is(err, jsonrpc.ErrTooLarge):
		return fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	return err
}

// isStatus tells whether something refused the request before the node saw it,
// such as a proxy: that is trouble that passes.
func isStatus(err error) bool {
	_, ok := errors.AsType[*jsonrpc.StatusError](err)
	return ok
}

// isCode tells whether a node answered with an error of this code.
func isCode(err error, code int64) bool {
	answer, ok := errors.AsType[*jsonrpc.Error](err)
	return ok && answer.Code == code
}

// toID reads an ID as the node writes it.
func toID[T ~[32]byte](raw []byte) (T, error) {
	if len(raw) != len(T{}) {
		return T{}, fmt.Errorf("%w: an ID of %d bytes: %s", coin.ErrInvalid, len(raw), hex.EncodeToString(raw))
	}
	return T(raw), nil
}
