package mock

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// Rules are those of other networks that a Chain may have too. The zero value has
// none of them.
type Rules struct {
	// Lock is after how many blocks, its own the first, an output can be spent. With
	// any, nothing spends what is not confirmed.
	Lock uint64
	// Twins lets an output be a copy of another to the same address: of those only
	// one can ever be spent.
	Twins bool
	// Veiled hides what transactions spend from those who only look: deposits have
	// no origins, and a spend of the group's outputs shows to nobody.
	Veiled bool
	// Rings lets the group's transactions show a decoy of their plan's reference block:
	// what they are depends on the chain up to there.
	Rings bool
}

// Monero are options with which a Chain has the rules of Monero, as far as they
// matter to a processor, at the distances of the other scenarios.
func Monero() Options {
	p := DefaultParameters
	p.Hold = p.Window
	p.Descendants, p.DescendantsWeight = 0, 0
	return Options{Parameters: p, Rules: Rules{Lock: p.Confirmations, Twins: true, Veiled: true, Rings: true}}
}

// Options returns what the chain was made with.
func (c *Chain) Options() Options {
	return Options{Name: c.name, Time: c.best[0].time, Parameters: c.parameters, Rules: c.rules}
}

// check tells why parameters do not go with the rules.
func (r Rules) check(p coin.Parameters) error {
	switch {
	case p.Confirmations < r.Lock:
		return fmt.Errorf("mock: parameters: Confirmations is %d, outputs are locked for %d blocks", p.Confirmations, r.Lock)
	case r.Lock > 0 && p.Descendants > 0:
		return fmt.Errorf("mock: parameters: Descendants is %d, nothing spends unconfirmed outputs", p.Descendants)
	case r.Twins && p.Hold < p.Window:
		return fmt.Errorf("mock: parameters: Hold is %d, a larger twin of an output can come in a Window of %d blocks", p.Hold, p.Window)
	}
	return nil
}

// Limits implements cointest.Limited.
func (c *Chain) Limits() cointest.Limits { return cointest.Limits{Origins: c.rules.Veiled} }

// original is the output of which one is a copy, itself if it is none.
func (o output) original(id coin.OutputID) coin.OutputID {
	if o.copies != nil {
		return *o.copies
	}
	return id
}

// mark is what spending an output uses up: its ID, or what all its twins share.
func (r Rules) mark(id coin.OutputID, o output) coin.OutputID {
	if !r.Twins {
		return id
	}
	return coin.OutputID{Transaction: coin.TransactionID(twinBytes(id, o))}
}

// twinBytes are what all copies of an output to its script share with it.
func twinBytes(id coin.OutputID, o output) [32]byte {
	first := o.original(id)
	h := sha256.New()
	h.Write([]byte("mock twins"))
	h.Write(first.Transaction[:])
	h.Write(binary.LittleEndian.AppendUint32(nil, first.Index))
	h.Write(o.to[:])
	return [32]byte(h.Sum(nil))
}

// spends are the marks of what the transaction spends. They are known once it was
// checked.
func (t *transaction) spends() []coin.OutputID {
	if marks := t.marks.Load(); marks != nil {
		return *marks
	}
	return t.inputs
}

// PayCopies is Pay with outputs that are copies: each of that in its place in the
// list, which need not be there yet.
func (c *Chain) PayCopies(ctx context.Context, deposit cointest.Deposit, of []coin.OutputID) (coin.TransactionID, error) {
	if len(of) != len(deposit.To) || !c.rules.Twins {
		return coin.TransactionID{}, fmt.Errorf("mock: pay: %d outputs, copies of %d", len(deposit.To), len(of))
	}
	return c.pay(ctx, deposit, of)
}

// Newest returns the newest output to an address, which may wait for a block.
func (c *Chain) Newest(address coin.Address) (coin.OutputID, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	to, err := parseAddress(c.genesisID, address)
	if err != nil {
		return coin.OutputID{}, err
	}
	find := func(t *transaction) (coin.OutputID, bool) {
		i := slices.IndexFunc(t.outputs, func(o output) bool { return o.to == to && o.copies == nil })
		return coin.OutputID{Transaction: t.id, Index: uint32(max(i, 0))}, i >= 0
	}
	for _, t := range slices.Backward(c.pool.waiting) {
		if id, ok := find(t.transaction); ok {
			return id, nil
		}
	}
	for _, b := range slices.Backward(c.best) {
		for _, t := range slices.Backward(b.transactions) {
			if id, ok := find(t); ok {
				return id, nil
			}
		}
	}
	return coin.OutputID{}, fmt.Errorf("mock: nothing was paid to %s: %w", address, coin.ErrNotFound)
}
