package bitcoin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
)

// maxSample is how many transactions of a block its fee rate is taken from.
const maxSample = 100

// BlockRate implements coin.Reader: the least rate, in satoshi per 1000 weight
// units, such that the transactions of at most this rate hold half the weight
// of the block's sample.
func (c *Coin) BlockRate(ctx context.Context, header coin.Header) (uint64, error) {
	b, err := c.block(ctx, header)
	if err != nil {
		return 0, err
	}
	return c.RateOf(ctx, b)
}

// RateOf implements coin.BulkReader. It asks the node for the transactions that
// those of the sample spend from.
func (c *Coin) RateOf(ctx context.Context, b coin.Block) (uint64, error) {
	chain, ok := b.(*chainBlock)
	if !ok {
		return 0, fmt.Errorf("%w: not a block of this coin", coin.ErrInvalid)
	}
	rate, err := c.rate(ctx, chain)
	if err != nil {
		return 0, fmt.Errorf("bitcoin: fee rate of block %d: %w", chain.header.Number, err)
	}
	return rate, nil
}

func (c *Coin) rate(ctx context.Context, b *chainBlock) (uint64, error) {
	sampled := sample(b.Block)
	if len(sampled) == 0 {
		return 0, nil
	}
	fees, err := c.fees(ctx, b, sampled)
	if err != nil {
		return 0, err
	}
	rates := make([]weightedRate, len(sampled))
	for i, t := range sampled {
		rates[i] = weightedRate{rate: 1000 * fees[i] / t.Weight(), weight: t.Weight()}
	}
	return medianRate(rates), nil
}

// sample picks the transactions, but never the coinbase, with the lowest
// SHA-256 of block ID and transaction ID: a choice that is the same for
// everybody and that no transaction can be made for cheaply.
func sample(b *block.Block) []*block.Transaction {
	type candidate struct {
		order [32]byte
		tx    *block.Transaction
	}
	candidates := make([]candidate, 0, b.Len()-1)
	var buffer [64]byte
	id := b.Header().ID()
	copy(buffer[:], id[:])
	for i := 1; i < b.Len(); i++ {
		t := b.Transaction(i)
		id := t.ID()
		copy(buffer[32:], id[:])
		candidates = append(candidates, candidate{sha256.Sum256(buffer[:]), t})
	}
	slices.SortFunc(candidates, func(a, b candidate) int { return bytes.Compare(a.order[:], b.order[:]) })
	sampled := make([]*block.Transaction, min(len(candidates), maxSample))
	for i := range sampled {
		sampled[i] = candidates[i].tx
	}
	return sampled
}

// fees computes what transactions of a block paid, in satoshi.
func (c *Coin) fees(ctx context.Context, b *chainBlock, txs []*block.Transaction) ([]uint64, error) {
	var ids []coin.TransactionID
	type amount struct {
		value uint64
		known bool
	}
	spent := make(map[block.Outpoint]amount)
	for _, t := range txs {
		for _, from := range t.Outpoints() {
			spent[from] = amount{}
			ids = append(ids, from.Transaction())
		}
	}
	err := c.previous(ctx, b, ids, func(t *block.Transaction) {
		id := t.ID()
		for i, o := range t.Outputs() {
			at := block.NewOutpoint(id, uint32(i))
			if _, ok := spent[at]; ok {
				spent[at] = amount{o.Value, true}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	fees := make([]uint64, len(txs))
	for i, t := range txs {
		var in uint64
		for _, from := range t.Outpoints() {
			// Amounts stay below MaxMoney, so that no sum overflows.
			if a := spent[from]; a.known && a.value <= block.MaxMoney-in {
				in += a.value
				continue
			}
			return nil, fmt.Errorf("%w: transaction %x spends what does not exist", coin.ErrInvalid, t.ID())
		}
		out := t.Value()
		if out > in {
			return nil, fmt.Errorf("%w: transaction %x pays more than it spends", coin.ErrInvalid, t.ID())
		}
		fees[i] = in - out
	}
	return fees, nil
}

// weightedRate is a transaction's fee rate with its weight.
type weightedRate struct{ rate, weight uint64 }

// medianRate is the median of at least one rate by weight, the lower of two.
func medianRate(rates []weightedRate) uint64 {
	slices.SortFunc(rates, func(a, b weightedRate) int { return cmp.Compare(a.rate, b.rate) })
	var total, below uint64
	for _, r := range rates {
		total += r.weight
	}
	for _, r := range rates {
		below += r.weight
		if 2*below >= total {
			return r.rate
		}
	}
	return 0
}
