package node

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// Publish hands a signed transaction to the node and finds out what it makes
// of it. A refusal is classified by what the node's chain and memory pool
// hold, never by the text of its answer: that is only passed on.
func (c *Client) Publish(ctx context.Context, raw []byte) (coin.Publication, error) {
	t, err := block.ParseTransaction(raw)
	if err != nil {
		return coin.Publication{}, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	answer, err := c.send(ctx, t)
	if err != nil {
		return coin.Publication{}, err
	}
	if answer == nil {
		return coin.Publication{Status: coin.Accepted}, nil
	}
	status, err := c.explain(ctx, t)
	if err != nil {
		return coin.Publication{}, fmt.Errorf("why %x was refused (%w): %w", t.ID(), answer, err)
	}
	p := coin.Publication{Status: status}
	if status != coin.Accepted && status != coin.Mined {
		p.Reason = answer.Error()
	}
	return p, nil
}

// send hands a transaction over by itself. The answer is that of a node which
// refuses it.
func (c *Client) send(ctx context.Context, t *block.Transaction) (*jsonrpc.Error, error) {
	err := c.rpc.Call(ctx, "sendrawtransaction", []any{jsonrpc.Hex(t.Raw()), noFeeLimit}, nil)
	answer, refused := errors.AsType[*jsonrpc.Error](err)
	if !refused || answer.Code == codeWarmup {
		return nil, classify(err)
	}
	return answer, nil
}

// noFeeLimit says not to refuse high fees: that of a child that pays for its
// parent is high for its own size, and what is paid is decided elsewhere.
const noFeeLimit = 0

// explain finds out why the node refused a transaction. If that is because of
// a parent that pays too little, it tries the two together.
func (c *Client) explain(ctx context.Context, t *block.Transaction) (coin.PublicationStatus, error) {
	status, err := c.judge(ctx, t)
	if err != nil {
		return 0, err
	}
	if status == coin.Conflict {
		if parent := c.cheap.parent(t); parent != nil {
			return c.publishPackage(ctx, parent, t)
		}
	}
	return status, nil
}

// judge finds out why the node refused a transaction by itself. One that pays
// too little is remembered.
func (c *Client) judge(ctx context.Context, t *block.Transaction) (coin.PublicationStatus, error) {
	if status, err := c.find(ctx, t.ID()); status != 0 || err != nil {
		return status, err
	}
	if status, err := c.spenders(ctx, t); status != 0 || err != nil {
		return status, err
	}
	paid, status, err := c.unspent(ctx, t, nil)
	if status != 0 || err != nil {
		return status, err
	}
	least, err := c.leastRate(ctx)
	if err != nil {
		return 0, err
	}
	// The rate is in satoshi per 1000 virtual bytes, four weight units each,
	// rounded up.
	if fee, size := paid-min(paid, t.Value()), (t.Weight()+3)/4; fee*1000 < least*size {
		c.cheap.add(t)
		return coin.FeeTooLow, nil
	}
	return coin.Rejected, nil
}

// find looks the transaction itself up. Zero means that it is not there.
func (c *Client) find(ctx context.Context, id coin.TransactionID) (coin.PublicationStatus, error) {
	var found struct {
		Confirmations int64  `json:"confirmations"`
		BlockHash     string `json:"blockhash"`
	}
	err := classify(c.rpc.Call(ctx, "getrawtransaction", []any{id.String(), 1}, &found), codeNotFound)
	switch {
	case errors.Is(err, coin.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	case found.Confirmations > 0:
		return coin.Mined, nil
	case found.BlockHash == "":
		return coin.Accepted, nil
	}
	return 0, nil // in a block that the best chain no longer has
}

type outpoint struct {
	ID    string `json:"txid"`
	Index uint32 `json:"vout"`
}

// spenders looks for another transaction in the memory pool that spends one
// of the inputs.
func (c *Client) spenders(ctx context.Context, t *block.Transaction) (coin.PublicationStatus, error) {
	var inputs []outpoint
	for _, from := range t.Outpoints() {
		inputs = append(inputs, outpoint{coin.TransactionID(from.Transaction()).String(), from.Index()})
	}
	var spent []struct {
		By string `json:"spendingtxid"`
	}
	err := c.rpc.Call(ctx, "gettxspendingprevout", []any{inputs}, &spent)
	if isCode(err, codeNoMethod) {
		return 0, nil // where there is none, gettxout minds the memory pool
	}
	if err != nil {
		return 0, classify(err)
	}
	own := coin.TransactionID(t.ID()).String()
	for _, s := range spent {
		switch s.By {
		case "":
		case own: // it has come in meanwhile
			return coin.Accepted, nil
		default:
			return coin.Conflict, nil
		}
	}
	return 0, nil
}

// unspent sums up what the inputs hold, in satoshi. If one of them does not
// exist or is spent in the chain, the status says so. Those from a parent, if
// one is given, are left out.
func (c *Client) unspent(ctx context.Context, t, parent *block.Transaction) (uint64, coin.PublicationStatus, error) {
	type output struct {
		Value float64 `json:"value"`
	}
	var requests []jsonrpc.Request
	outputs := make([]*output, t.Inputs()) // null for one that is spent
	for _, from := range t.Outpoints() {
		if parent != nil && from.Transaction() == parent.ID() {
			continue
		}
		id := coin.TransactionID(from.Transaction()).String()
		requests = append(requests, jsonrpc.Request{
			Method: "gettxout", Params: []any{id, from.Index(), true}, Result: &outputs[len(requests)],
		})
	}
	if err := c.rpc.Batch(ctx, requests); err != nil {
		return 0, 0, classify(err)
	}
	var sum uint64
	for i, r := range requests {
		if r.Err != nil {
			return 0, 0, classify(r.Err)
		}
		if outputs[i] == nil {
			return 0, coin.Conflict, nil
		}
		value, err := satoshi(outputs[i].Value)
		if err != nil {
			return 0, 0, err
		}
		if value > block.MaxMoney-sum {
			return 0, 0, fmt.Errorf("%w: the inputs hold more than exists", coin.ErrInvalid)
		}
		sum += value
	}
	return sum, 0, nil
}

// leastRate is the fee rate below which the node takes no transaction at
// present, in satoshi per 1000 virtual bytes.
func (c *Client) leastRate(ctx context.Context) (uint64, error) {
	var pool struct {
		Floor *float64 `json:"mempoolminfee"`
	}
	if err := c.rpc.Call(ctx, "getmempoolinfo", nil, &pool); err != nil {
		return 0, classify(err)
	}
	if pool.Floor != nil {
		return satoshi(*pool.Floor) // never below the relay fee
	}
	var info struct {
		Relay float64 `json:"relayfee"`
	}
	if err := c.rpc.Call(ctx, "getinfo", nil, &info); err != nil {
		return 0, classify(err)
	}
	return satoshi(info.Relay)
}

// satoshi converts an amount of bitcoin. Up to MaxMoney a float64 tells all
// amounts apart.
func satoshi(bitcoin float64) (uint64, error) {
	value := math.Round(bitcoin * 1e8)
	if value < 0 || value > block.MaxMoney {
		return 0, fmt.Errorf("%w: amount of %v bitcoin", coin.ErrInvalid, bitcoin)
	}
	return uint64(value), nil
}
