package monero

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
)

// BlockRate implements coin.Reader: the least rate, in piconero per 1000 weight
// units, such that the transactions of at most this rate hold half the weight
// of all.
func (c *Coin) BlockRate(ctx context.Context, header coin.Header) (uint64, error) {
	b, err := c.block(ctx, header)
	if err != nil {
		return 0, fmt.Errorf("monero: fee rate of block %d: %w", header.Number, err)
	}
	return rate(b.Block.Transactions[1:]), nil
}

// RateOf implements coin.BulkReader. It asks nobody: fees are in the clear.
func (c *Coin) RateOf(_ context.Context, b coin.Block) (uint64, error) {
	chain, ok := b.(*chainBlock)
	if !ok {
		return 0, fmt.Errorf("monero: %w: not a block of this coin", coin.ErrInvalid)
	}
	return rate(chain.Block.Transactions[1:]), nil
}

// rate is the median of the transactions' rates by their weight, the lower of
// two, and 0 if there are none.
func rate(transactions []*block.Transaction) uint64 {
	type weighted struct{ rate, weight uint64 }
	rates := make([]weighted, len(transactions))
	var total, below uint64
	for i, t := range transactions {
		// The weight is 0 only for pruned ones.
		weight := max(t.Weight(), 1)
		rates[i] = weighted{perThousand(t.Fee(), weight), weight}
		total += weight
	}
	slices.SortFunc(rates, func(a, b weighted) int { return cmp.Compare(a.rate, b.rate) })
	for _, r := range rates {
		below += r.weight
		if 2*below >= total {
			return r.rate
		}
	}
	return 0
}

// perThousand returns 1000·fee/weight, or the largest number if that is more.
func perThousand(fee, weight uint64) uint64 {
	high, low := bits.Mul64(1000, fee)
	if high >= weight {
		return math.MaxUint64
	}
	quotient, _ := bits.Div64(high, low, weight)
	return quotient
}
