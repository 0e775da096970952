package monerotest

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/ring"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/frost"
)

// pay pays a deposit and the change back to the main address.
func (p *purse) pay(ctx context.Context, deposit cointest.Deposit) (coin.TransactionID, error) {
	draft, err := p.draft(ctx, deposit)
	if err != nil {
		return coin.TransactionID{}, fmt.Errorf("monerotest: pay: %w", err)
	}
	tx, err := p.sign(draft)
	if err != nil {
		return coin.TransactionID{}, fmt.Errorf("monerotest: pay: %w", err)
	}
	result, err := p.client.Publish(ctx, tx.Raw())
	if err == nil && result.Status != coin.Accepted {
		err = fmt.Errorf("it is %s: %s", result.Status, result.Reason)
	}
	return tx.Hash(), err
}

// draft decides how a deposit is paid.
func (p *purse) draft(ctx context.Context, deposit cointest.Deposit) (d spend.Draft, err error) {
	d.Data = deposit.Data
	if _, err := rand.Read(d.Seed[:]); err != nil {
		return d, err
	}
	shape := spend.Shape{Data: len(d.Data), Outputs: []address.Address{p.main}}
	var sum uint64
	for _, to := range deposit.To {
		a, err := address.Parse(string(to.Address))
		if err != nil {
			return d, err
		}
		shape.Outputs = append(shape.Outputs, a)
		d.Outputs = append(d.Outputs, spend.Output{Address: a, Amount: to.Amount})
		sum += to.Amount
	}
	free, err := p.free(ctx)
	if err != nil {
		return d, err
	}
	rings := ring.New(p.client) // blocks of before may be gone
	var have uint64
	for _, c := range free {
		in, err := p.input(ctx, rings, c)
		if err != nil {
			return d, err
		}
		d.Inputs = append(d.Inputs, in)
		have += c.Amount
		shape.Inputs = len(d.Inputs)
		if d.Fee, err = shape.Fee(p.rate); err != nil {
			return d, err
		}
		if have > sum+d.Fee {
			d.Outputs = append(d.Outputs, spend.Output{Address: p.main, Amount: have - sum - d.Fee})
			return d, nil
		}
	}
	return d, fmt.Errorf("there are %d piconero to spend, not %d: mine more blocks", have, sum)
}

// input is an output in a ring.
func (p *purse) input(ctx context.Context, rings *ring.Chooser, c ownCoin) (in spend.Input, err error) {
	in = spend.Input{Key: c.Key, Commitment: c.Commitment, Amount: c.Amount}
	if in.Mask, err = keys.DecodeScalar(c.Mask[:]); err != nil {
		return in, err
	}
	if in.Offset, err = keys.DecodeScalar(c.Offset[:]); err != nil {
		return in, err
	}
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return in, err
	}
	// The newest block whose outputs can be spent in the next one.
	reference := uint64(len(p.blocks)) - spendableAge
	real := ring.Real{Transaction: c.transaction, Index: c.Global, Key: c.Key, Commitment: c.Commitment}
	chain, err := rings.At(ctx, reference)
	if err != nil {
		return in, err
	}
	members, at, err := chain.Choose(ctx, seed, real)
	for _, m := range members {
		in.Ring = append(in.Ring, spend.Member(m))
	}
	in.Real = at
	return in, err
}

// sign signs as a group of one.
func (p *purse) sign(d spend.Draft) (*block.Transaction, error) {
	u, err := spend.New(d)
	if err != nil {
		return nil, err
	}
	work, err := u.Work(d)
	if err != nil {
		return nil, err
	}
	context := []byte("monerotest")
	nonces, commitment, err := frost.Commit(rand.Reader, p.share, work, context)
	if err != nil {
		return nil, err
	}
	session, err := frost.NewSession(p.share.Key(), work, context, []frost.Member{{Commitment: commitment}})
	if err != nil {
		return nil, err
	}
	answer, err := session.Sign(p.share, nonces)
	if err != nil {
		return nil, err
	}
	signatures, err := session.Aggregate([][]byte{answer})
	if err != nil {
		return nil, err
	}
	return u.Assemble(d, signatures)
}
