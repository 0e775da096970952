package bitcointest

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/jsonrpc"
)

// missingInputs is what nodes say of a transaction whose parent they do not
// have, which a package may bring in.
const missingInputs = "missing-inputs"

// Publish publishes a transaction through the coin, but first asks the node what
// it would make of it: that the two differ, or that the node has another idea
// of its size, is an error.
func (c *Chain) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	parsed, err := block.ParseTransaction(tx.Raw)
	if err != nil {
		return c.coin.Publish(ctx, tx)
	}
	_, unknown := c.coin.Transaction(ctx, tx.ID)
	var verdicts []struct {
		Allowed bool   `json:"allowed"`
		Reason  string `json:"reject-reason"`
		Size    uint64 `json:"vsize"`
	}
	const noFeeLimit = 0
	if err := c.rpc.Call(ctx, "testmempoolaccept", []any{[]any{jsonrpc.Hex(tx.Raw)}, noFeeLimit}, &verdicts); err != nil {
		return c.coin.Publish(ctx, tx) // the node is away or starts
	}
	p, err := c.coin.Publish(ctx, tx)
	switch v := verdicts[0]; {
	case err != nil:
	case v.Allowed && v.Size != (parsed.Weight()+3)/4:
		err = fmt.Errorf("bitcointest: transaction %s has %d virtual bytes for the node and a weight of %d", tx.ID, v.Size, parsed.Weight())
	case v.Allowed != (p.Status == coin.Accepted) && unknown != nil && v.Reason != missingInputs:
		err = fmt.Errorf("bitcointest: transaction %s: the node would let it in: %t (%s), but then: %s (%s)",
			tx.ID, v.Allowed, v.Reason, p.Status, p.Reason)
	}
	return p, err
}
