package mock

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// owner is whose a script is.
type owner struct {
	session uint64
	kind    coin.Kind
}

// Outputs returns the outputs to the keys. The origin of all outputs of a
// transaction is the address of the first output it spends that has one.
func (c *Coin) Outputs(ctx context.Context, b coin.Block, keys []coin.Key) ([]coin.Output, error) {
	p, ok := b.(*parsed)
	if !ok {
		return nil, fmt.Errorf("mock: %w: %T is not a block of this coin", coin.ErrInvalid, b)
	}
	owners := make(map[script]owner, len(keys)*len(coin.Kinds))
	for _, key := range keys {
		scripts, err := c.groupScripts(key.Key)
		if err != nil {
			return nil, err
		}
		for kind, s := range scripts {
			owners[s] = owner{key.Session, coin.Kind(kind)}
		}
	}
	var found []coin.Output
	for position, t := range p.transactions[1:] { // a coinbase never counts
		first := len(found)
		for i, o := range t.outputs {
			own, ok := owners[o.to]
			if !ok {
				continue
			}
			found = append(found, coin.Output{
				ID:       coin.OutputID{Transaction: t.id, Index: uint32(i)},
				Session:  own.session,
				Kind:     own.kind,
				Amount:   o.amount,
				Position: uint32(position + 1),
				Data:     bytes.Clone(t.data),
				Spend:    c.spend(t, i),
			})
		}
		if len(found) == first || c.rules.Veiled {
			continue
		}
		origin, err := c.origin(ctx, p, t)
		if err != nil {
			return nil, err
		}
		for i := range found[first:] {
			found[first+i].Origin = origin
		}
	}
	return found, nil
}

// spend is nil, as kind and key are all it takes to spend an output, or what it
// shares with its twins.
func (c *Coin) spend(t *transaction, index int) []byte {
	if !c.rules.Twins {
		return nil
	}
	shared := twinBytes(coin.OutputID{Transaction: t.id, Index: uint32(index)}, t.outputs[index])
	return shared[:]
}

func (c *Coin) origin(ctx context.Context, p *parsed, t *transaction) (coin.Address, error) {
	for i := range t.inputs {
		spent, err := c.spentBy(ctx, p, t, i)
		if err != nil {
			return "", err
		}
		if address := spent.to.address(c.genesis); address != "" {
			return address, nil
		}
	}
	return "", nil
}

// SpendLookup returns the encoded ID of the output, if spends are to be seen.
func (c *Coin) SpendLookup(o coin.Output) []byte {
	if c.rules.Veiled {
		return nil
	}
	return wire.Marshal(o.ID)
}

// Twin returns what an output shares with its copies, if there can be any.
func (c *Coin) Twin(o coin.Output) []byte {
	if !c.rules.Twins {
		return nil
	}
	return o.Spend
}

// BlockRate returns the least rate such that the transactions that paid at
// most as much make up at least half of the block's weight.
func (c *Coin) BlockRate(ctx context.Context, header coin.Header) (uint64, error) {
	b, err := c.block(ctx, header)
	if err != nil {
		return 0, err
	}
	return c.RateOf(ctx, b)
}

// RateOf returns what BlockRate does for a block that is at hand.
func (c *Coin) RateOf(ctx context.Context, of coin.Block) (uint64, error) {
	b, ok := of.(*parsed)
	if !ok {
		return 0, fmt.Errorf("mock: %w: %T is not a block of this coin", coin.ErrInvalid, of)
	}
	type weighted struct{ rate, weight uint64 }
	var list []weighted
	var total uint64
	for _, t := range b.transactions[1:] {
		paid, err := c.paid(ctx, b, t)
		if err != nil {
			return 0, err
		}
		w := t.weight()
		list = append(list, weighted{rate(paid, w), w})
		total += w
	}
	slices.SortFunc(list, func(a, b weighted) int { return cmp.Compare(a.rate, b.rate) })
	var sum uint64
	for _, t := range list {
		if sum += t.weight; 2*sum >= total {
			return t.rate, nil
		}
	}
	return 0, nil
}

// paid is the fee of a confirmed transaction.
func (c *Coin) paid(ctx context.Context, p *parsed, t *transaction) (uint64, error) {
	var in, carry uint64
	for i := range t.inputs {
		spent, err := c.spentBy(ctx, p, t, i)
		if err != nil {
			return 0, err
		}
		if in, carry = bits.Add64(in, spent.amount, 0); carry != 0 {
			return 0, fmt.Errorf("mock: %w: inputs of %s", coin.ErrInvalid, t.id)
		}
	}
	out, ok := t.outputSum()
	if !ok || out > in {
		return 0, fmt.Errorf("mock: %w: outputs of %s are above its inputs", coin.ErrInvalid, t.id)
	}
	return in - out, nil
}
