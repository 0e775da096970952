package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// Spent tells where a key image was seen.
type Spent uint8

// The places, in the node's numbers.
const (
	Unspent      Spent = 0
	SpentInChain Spent = 1 // in a block of the best chain
	SpentInPool  Spent = 2 // in the memory pool
)

// MaxKeyImages is how many key images a node is asked for with one request.
const MaxKeyImages = 5000

// KeyImages tells for each of at most MaxKeyImages key images where it was
// seen. Nothing proves it. A restricted node knows nothing of a transaction in
// its pool that it has not seen other nodes pass on.
func (c *Client) KeyImages(ctx context.Context, images [][32]byte) ([]Spent, error) {
	if len(images) == 0 || len(images) > MaxKeyImages {
		return nil, fmt.Errorf("%w: %d key images asked for with one request", coin.ErrInvalid, len(images))
	}
	hashes := make([]hash, len(images))
	for i, image := range images {
		hashes[i] = image
	}
	var result struct {
		state
		Spent list[Spent] `json:"spent_status"`
	}
	result.Spent.limit = len(images)
	const path = "/is_key_image_spent"
	if err := post(ctx, c.small, path, map[string]any{"key_images": hashes}, &result); err != nil {
		return nil, err
	}
	if n := len(result.Spent.items); n != len(images) {
		return nil, fmt.Errorf("%s: %w", path, lie("spent_status", "is of %d, not %d", n, len(images)))
	}
	for _, s := range result.Spent.items {
		if s > SpentInPool {
			return nil, fmt.Errorf("%s: %w", path, lie("spent_status", "is %d", s))
		}
	}
	return result.Spent.items, nil
}

// refusal is what a node says of a transaction that it does not take.
type refusal struct {
	Reason        string `json:"reason"`
	DoubleSpend   bool   `json:"double_spend"`
	FeeTooLow     bool   `json:"fee_too_low"`
	InvalidInput  bool   `json:"invalid_input"`
	InvalidOutput bool   `json:"invalid_output"`
	LowMixin      bool   `json:"low_mixin"`
	Overspend     bool   `json:"overspend"`
	TooBig        bool   `json:"too_big"`
	TooFewOutputs bool   `json:"too_few_outputs"`
	ExtraTooBig   bool   `json:"tx_extra_too_big"`
	NonzeroUnlock bool   `json:"nonzero_unlock_time"`
	SanityFailed  bool   `json:"sanity_check_failed"`
}

// words are the node's own, for people, with the names of its flags.
func (r refusal) words() string {
	words := fmt.Sprintf("%.200q", r.Reason)
	for _, flag := range []struct {
		name string
		set  bool
	}{
		{"double_spend", r.DoubleSpend}, {"fee_too_low", r.FeeTooLow}, {"invalid_input", r.InvalidInput},
		{"invalid_output", r.InvalidOutput}, {"low_mixin", r.LowMixin}, {"overspend", r.Overspend},
		{"too_big", r.TooBig}, {"too_few_outputs", r.TooFewOutputs}, {"tx_extra_too_big", r.ExtraTooBig},
		{"nonzero_unlock_time", r.NonzeroUnlock}, {"sanity_check_failed", r.SanityFailed},
	} {
		if flag.set {
			words += " " + flag.name
		}
	}
	return words
}

// Publish hands a signed transaction to the node and finds out what it makes
// of it. A refusal is explained by what the node's chain and memory pool hold,
// and where these say nothing by its flag for the fee; its words are only
// passed on. A transaction that was published before is Accepted or Mined.
func (c *Client) Publish(ctx context.Context, raw []byte) (coin.Publication, error) {
	t, err := block.ParseTransaction(raw)
	switch {
	case err != nil:
		return coin.Publication{}, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	case t.Coinbase():
		return coin.Publication{}, fmt.Errorf("%w: a coinbase", coin.ErrInvalid)
	}
	var result struct {
		state
		refusal
		NotRelayed bool `json:"not_relayed"`
	}
	params := map[string]any{"tx_as_hex": jsonrpc.Hex(raw), "do_not_relay": false, "do_sanity_checks": false}
	err = post(ctx, c.small, "/send_raw_transaction", params, &result)
	refused := errors.Is(err, errFailed)
	if err != nil && !refused {
		return coin.Publication{}, err
	}
	if !refused && !result.NotRelayed {
		return coin.Publication{Status: coin.Accepted}, nil
	}
	status, err := c.find(ctx, t.Hash())
	if err != nil {
		return coin.Publication{}, err
	}
	if status == 0 && !refused {
		status = coin.Accepted // a node that relays nothing has it nevertheless
	}
	if status != 0 {
		return coin.Publication{Status: status}, nil
	}
	p := coin.Publication{Status: coin.Rejected, Reason: result.words()}
	conflict := result.DoubleSpend
	if !conflict {
		if conflict, err = c.conflicts(ctx, t); err != nil {
			return coin.Publication{}, err
		}
	}
	switch {
	case conflict:
		p.Status = coin.Conflict
	case result.FeeTooLow:
		p.Status = coin.FeeTooLow
	}
	return p, nil
}

// find looks the transaction itself up. Zero means that it is not there. That
// it is mined must be true: the block has to name it.
func (c *Client) find(ctx context.Context, id coin.TransactionID) (coin.PublicationStatus, error) {
	found, err := c.Transaction(ctx, id)
	switch {
	case errors.Is(err, coin.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	case found.Pool:
		return coin.Accepted, nil
	}
	b, err := c.Header(ctx, found.Number)
	if errors.Is(err, coin.ErrNotFound) {
		err = fmt.Errorf("%w: the best chain has changed: %w", coin.ErrTransient, err)
	}
	if err != nil {
		return 0, err
	}
	for i := range b.Len() {
		if b.Transaction(i) == id {
			return coin.Mined, nil
		}
	}
	return 0, lie("block_height", "is %d for transaction %s, which that block does not name", found.Number, id)
}

// conflicts tells whether something else spends an input of a transaction that
// is neither in the chain nor in the pool.
func (c *Client) conflicts(ctx context.Context, t *block.Transaction) (bool, error) {
	var images [][32]byte
	for _, input := range t.Inputs() {
		images = append(images, input.KeyImage)
	}
	spent, err := c.KeyImages(ctx, images)
	if err != nil {
		return false, err
	}
	for _, s := range spent {
		if s != Unspent {
			return true, nil
		}
	}
	return false, nil
}
