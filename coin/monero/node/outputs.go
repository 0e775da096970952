package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node/epee"
)

// MaxOuts is how many outputs a node is asked for with one request.
const MaxOuts = 5000

// OutputIndexes returns the global indices of the outputs of a transaction in
// the best chain. Nothing proves them.
func (c *Client) OutputIndexes(ctx context.Context, id coin.TransactionID) ([]uint64, error) {
	const path = "/get_o_indexes.bin"
	var request epee.Writer
	request.String("txid", id[:])
	document, err := binary(ctx, c.small, path, &request)
	if errors.Is(err, errFailed) {
		return nil, fmt.Errorf("%w: transaction %s: %w", coin.ErrNotFound, id, errFailed)
	}
	if err != nil {
		return nil, err
	}
	indexes := document.Find("o_indexes")
	if indexes.Len() == 0 || !indexes.Array || indexes.Type != epee.Uint64 {
		return nil, fmt.Errorf("%s: %w", path, lie("o_indexes", "are no integers"))
	}
	return slices.Collect(indexes.Uint64s()), nil
}

// Out is an output among those of RingCT, as the node has it. Nothing proves
// it: neither key nor commitment need be points, and who signs with it as a
// decoy has to compare the output that is really spent with his own record.
type Out struct {
	// Index is the global index that was asked for.
	Index uint64
	// Key is the one-time key.
	Key [32]byte
	// Commitment is the one to the amount.
	Commitment [32]byte
	// Transaction made the output, in the block with number Height.
	Transaction coin.TransactionID
	Height      uint64
}

// Outs returns outputs by their global indices, in the order of these, which
// are at most MaxOuts. If one does not exist that is coin.ErrNotFound. That an
// output is old enough to be spent is for the caller to judge by its height:
// the node's opinion depends on its tip.
func (c *Client) Outs(ctx context.Context, indexes []uint64) ([]Out, error) {
	if len(indexes) == 0 || len(indexes) > MaxOuts {
		return nil, fmt.Errorf("%w: %d outputs asked for with one request", coin.ErrInvalid, len(indexes))
	}
	type wanted struct {
		Amount uint64 `json:"amount"`
		Index  uint64 `json:"index"`
	}
	type given struct {
		Height      *uint64 `json:"height"`
		Key         *hash   `json:"key"`
		Commitment  *hash   `json:"mask"`
		Transaction *hash   `json:"txid"`
	}
	request := make([]wanted, len(indexes))
	for i, index := range indexes {
		request[i].Index = index
	}
	var result struct {
		state
		Outs list[given] `json:"outs"`
	}
	result.Outs.limit = len(indexes)
	const path = "/get_outs"
	err := post(ctx, c.large, path, map[string]any{"outputs": request, "get_txid": true}, &result)
	if errors.Is(err, errFailed) {
		return nil, fmt.Errorf("%s: %w: one of the outputs: %w", path, coin.ErrNotFound, errFailed)
	}
	if err != nil {
		return nil, err
	}
	if n := len(result.Outs.items); n != len(indexes) {
		return nil, fmt.Errorf("%s: %w", path, lie("outs", "are %d, not %d", n, len(indexes)))
	}
	outs := make([]Out, len(indexes))
	for i, o := range result.Outs.items {
		if o.Height == nil || o.Key == nil || o.Commitment == nil || o.Transaction == nil {
			return nil, fmt.Errorf("%s: %w", path, lie("outs", "lack a field of output %d", indexes[i]))
		}
		outs[i] = Out{indexes[i], *o.Key, *o.Commitment, coin.TransactionID(*o.Transaction), *o.Height}
	}
	return outs, nil
}

// Distribution is how many RingCT outputs the chain had.
type Distribution struct {
	// First is the number of the block that the first count is of.
	First uint64
	// Counts are for each block how many outputs there were up to it, its own
	// included. They never fall.
	Counts []uint64
}

// MaxDistribution is how many blocks a distribution is asked for with one
// request, at most.
const MaxDistribution = 1 << 22

// OutputDistribution returns the distribution over the blocks of the best
// chain from first to last. It begins later if RingCT did. If last is not
// there yet that is coin.ErrNotFound. Nothing proves the counts.
func (c *Client) OutputDistribution(ctx context.Context, first, last uint64) (Distribution, error) {
	if first > last || last-first >= MaxDistribution {
		return Distribution{}, fmt.Errorf("%w: distribution over blocks %d to %d", coin.ErrInvalid, first, last)
	}
	if last == 0 { // the node would take 0 for the newest
		d, err := c.OutputDistribution(ctx, 0, 1)
		if err == nil && d.First == 0 {
			d.Counts = d.Counts[:1]
		}
		if err == nil && d.First > 0 {
			d = Distribution{}
		}
		return d, err
	}
	var result struct {
		state
		Distributions list[struct {
			Amount uint64  `json:"amount"`
			Start  uint64  `json:"start_height"`
			Base   uint64  `json:"base"`
			Counts numbers `json:"distribution"`
		}] `json:"distributions"`
	}
	result.Distributions.limit = 1
	const method = "get_output_distribution"
	params := map[string]any{
		"amounts": []uint64{0}, "binary": false, "compress": false, "cumulative": true,
		"from_height": first, "to_height": last,
	}
	if err := call(ctx, c.large, method, params, &result, codeInternal, codeTooBig); err != nil {
		return Distribution{}, err
	}
	fail := func(field, format string, args ...any) (Distribution, error) {
		return Distribution{}, fmt.Errorf("%s: %w", method, lie(field, format, args...))
	}
	if len(result.Distributions.items) != 1 {
		return fail("distributions", "are not one")
	}
	d := result.Distributions.items[0]
	counts := d.Counts
	switch {
	case d.Amount != 0:
		return fail("amount", "is %d", d.Amount)
	case d.Start < first || d.Start > last:
		return fail("start_height", "is %d for blocks %d to %d", d.Start, first, last)
	case uint64(len(counts)) != last-d.Start+1:
		return fail("distribution", "has %d counts for blocks %d to %d", len(counts), d.Start, last)
	case counts[0] < d.Base || !slices.IsSorted(counts):
		return fail("distribution", "falls")
	}
	return Distribution{d.Start, counts}, nil
}
