package cointest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// Spending tests how a coin carries plans out: fees, signatures by three of
// four signers, publication and what the chain then shows. It makes one chain
// and a few dozen blocks.
func Spending(t *testing.T, newChain func(*testing.T) Chain) {
	w := newWorld(t, newChain)
	w.spender = w.anotherSpender()
	run(t, "Payment", w.payment)
	run(t, "EachKind", w.eachKind)
	run(t, "Unconfirmed", w.unconfirmed)
	run(t, "Children", w.children)
	run(t, "Bump", w.bump)
	run(t, "ReplacedBump", w.replacedBump)
	run(t, "MostInputs", w.mostInputs)
	run(t, "MostOutputs", w.mostOutputs)
	run(t, "Deterministic", w.deterministic)
	run(t, "BadPlans", w.badPlans)
	run(t, "BadSignatures", w.badSignatures)
	run(t, "BadTransactions", w.badTransactions)
	run(t, "Eventualities", w.eventualities)
	run(t, "Conflict", w.conflict)
	run(t, "FeeTooLow", w.feeTooLow)
	run(t, "Fork", w.forkSpend)
	run(t, "UnknownTransaction", w.unknownTransaction)
}

func (w *world) payment(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(100)})
	payee := w.userAddress(ctx, t)
	p := w.plan(ctx, t, g, inputs, []target{{to: payee, amount: w.amount(30)}}, coin.Change)
	require.Equal(t, w.amount(100), w.amount(30)+p.Own[0].Amount+p.Fee, "nothing is lost")

	tx := w.sign(t, p)
	before := w.block(ctx, t, w.header(ctx, t, w.tip(ctx, t)))
	require.False(t, p.matchesOnly(t, before.Transactions()), "it has not happened yet")
	require.Equal(t, coin.Accepted, w.publish(ctx, t, tx))
	require.Equal(t, coin.Accepted, w.publish(ctx, t, tx), "known to the node")
	w.fetched(ctx, t, p, tx)

	header := w.mine(ctx, t)
	require.Equal(t, coin.Mined, w.publish(ctx, t, tx))
	w.fetched(ctx, t, p, tx)
	w.settled(ctx, t, p, header)
	require.Equal(t, w.amount(30), w.received(ctx, t, payee))

	rate, err := w.coin.BlockRate(ctx, header)
	require.NoError(t, err)
	weight, err := w.spender.Fee(1000, p.Inputs, p.Addresses())
	require.NoError(t, err)
	unknown := w.limits.Unknown / 100 * float64(rate)
	require.InDelta(t, float64(w.rate())+unknown/2, rate, 1+1000/float64(weight)+unknown/2, "the fee is that of the real weight")

	w.mine(ctx, t)
	require.Equal(t, coin.Mined, w.publish(ctx, t, tx), "below other blocks too")
}

func (w *world) eachKind(ctx context.Context, t *testing.T) {
	g, successor := w.newGroup(t), w.newGroup(t)
	amounts := []uint64{w.amount(40), w.amount(41), w.amount(42), w.amount(43)}
	inputs := w.deposit(ctx, t, g, amounts, coin.Kinds[:]...)
	payee := w.userAddress(ctx, t)
	p := w.plan(ctx, t, g, inputs, []target{
		{to: payee, amount: w.amount(10)},
		{to: w.address(t, g, coin.Branch), amount: w.amount(20), own: coin.Branch},
		{to: w.address(t, successor, coin.Forwarded), amount: w.amount(30), own: coin.Forwarded, session: successor.Session},
	}, coin.Change)
	w.sign(t, p)
	outputs := w.happen(ctx, t, p, g, successor)
	require.Len(t, outputs, 3)

	// What the group made it can spend, and the successor its part.
	mine := slices.DeleteFunc(slices.Clone(outputs), func(o coin.Output) bool { return o.Session != g.Session })
	require.Len(t, mine, 2)
	next := w.plan(ctx, t, g, mine, nil, coin.Change)
	w.sign(t, next)
	require.Len(t, w.happen(ctx, t, next, g), 1)
	theirs := slices.DeleteFunc(slices.Clone(outputs), func(o coin.Output) bool { return o.Session == g.Session })
	last := w.plan(ctx, t, successor, theirs, []target{{to: payee, amount: w.amount(10)}}, coin.Change)
	w.sign(t, last)
	require.Len(t, w.happen(ctx, t, last, successor), 1)
	require.Equal(t, w.amount(20), w.received(ctx, t, payee))
}

func (w *world) mostInputs(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	most := w.coin.Parameters().MaxInputs
	inputs := w.deposit(ctx, t, g, slices.Repeat([]uint64{w.amount(20)}, int(most)))
	p := w.plan(ctx, t, g, inputs, nil, coin.Change)
	w.sign(t, p)
	w.happen(ctx, t, p, g)

	more, err := w.spender.Fee(w.rate(), inputs[:1], p.Addresses())
	require.NoError(t, err)
	cost := w.spender.InputCost(w.rate())
	require.InDelta(t, p.Fee-more, cost*uint64(most-1), float64(cost*uint64(most)/50+uint64(most)),
		"the price of an input is what each adds")
}

func (w *world) mostOutputs(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	most := uint64(w.coin.Parameters().MaxOutputs)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20 + 2*most)})
	payee := w.userAddress(ctx, t)
	payments := slices.Repeat([]target{{to: payee, amount: w.amount(2)}}, int(most-1))
	p := w.plan(ctx, t, g, inputs, payments, coin.Change)
	w.sign(t, p)
	w.happen(ctx, t, p, g)
	require.Equal(t, (most-1)*w.amount(2), w.received(ctx, t, payee))
}

func (w *world) deterministic(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20), w.amount(20)})
	p := w.plan(ctx, t, g, inputs, []target{{to: w.userAddress(ctx, t), amount: w.amount(10)}}, coin.Change)
	w.mine(ctx, t)
	for _, c := range []coin.Coin{w.spender, w.anotherSpender()} {
		prepared, err := c.Prepare(ctx, p.Plan, p.reference)
		require.NoError(t, err)
		require.Equal(t, p.prepared, prepared)
		description, err := c.Describe(p.Plan, prepared)
		require.NoError(t, err)
		require.Equal(t, p.description.Own, description.Own)
		require.Equal(t, p.description.Eventuality.Bytes(), description.Eventuality.Bytes())
		fee, err := c.Fee(w.rate(), p.Inputs, p.Addresses())
		require.NoError(t, err)
		require.Equal(t, p.Fee, fee)
	}
	// A plan survives storage.
	decoded, err := wire.Unmarshal[coin.Plan](wire.Marshal(p.Plan))
	require.NoError(t, err)
	prepared, err := w.spender.Prepare(ctx, decoded, p.reference)
	require.NoError(t, err)
	require.Equal(t, p.prepared, prepared)
	// It does not depend on the chain, or on no other chain.
	other := p.reference
	other[0] ^= 1
	if prepared, err = w.anotherSpender().Prepare(ctx, p.Plan, other); err == nil {
		require.Equal(t, p.prepared, prepared)
	} else {
		require.ErrorIs(t, err, coin.ErrNotFound)
	}
}

func (w *world) badPlans(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20)})
	p := w.plan(ctx, t, g, inputs, []target{{to: w.userAddress(ctx, t), amount: w.amount(10)}}, coin.Change)
	good := p.Plan
	for name, spoil := range map[string]func(*coin.Plan){
		"fee above the inputs":   func(p *coin.Plan) { p.Fee++ },
		"fee below the inputs":   func(p *coin.Plan) { p.Fee-- },
		"overflow":               func(p *coin.Plan) { p.Fee -= 1 << 63; p.Own[0].Amount += 1 << 63 },
		"no inputs":              func(p *coin.Plan) { p.Inputs = nil },
		"input twice":            func(p *coin.Plan) { p.Inputs = append(p.Inputs, p.Inputs[0]); p.Fee += p.Inputs[0].Amount },
		"input of another group": func(p *coin.Plan) { p.Inputs[0].Session++ },
		"no key":                 func(p *coin.Plan) { p.Key.Key = nil },
		"bad address":            func(p *coin.Plan) { p.Payments[0].Address += "x" },
	} {
		bad := good
		bad.Inputs, bad.Payments, bad.Own = slices.Clone(good.Inputs), slices.Clone(good.Payments), slices.Clone(good.Own)
		spoil(&bad)
		_, err := w.spender.Prepare(ctx, bad, p.reference)
		require.Error(t, err, name)
	}
}

func (w *world) badSignatures(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20), w.amount(20)}, coin.External, coin.Branch)
	p := w.plan(ctx, t, g, inputs, nil, coin.Change)
	good := w.signatures(t, p)
	for name, signatures := range map[string][][]byte{
		"none":      nil,
		"too few":   good[:1],
		"too many":  append(slices.Clone(good), good[0]),
		"exchanged": {good[1], good[0]},
		"flipped":   {good[0], flip(good[1], 0)},
		"short":     {good[0], good[1][1:]},
		"long":      {good[0], append(slices.Clone(good[1]), 0)},
		"empty":     {good[0], nil},
	} {
		_, err := w.spender.Assemble(p.Plan, p.prepared, signatures)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
	}
	tx, err := w.spender.Assemble(p.Plan, p.prepared, good)
	require.NoError(t, err)
	require.Equal(t, coin.Accepted, w.publish(ctx, t, tx))
	w.mine(ctx, t)
}

func (w *world) badTransactions(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20)})
	p := w.plan(ctx, t, g, inputs, nil, coin.Change)
	tx := w.sign(t, p)
	verified, err := w.spender.Verify(p.Plan, p.prepared, tx.Raw)
	require.NoError(t, err)
	require.Equal(t, tx, verified)

	for at := range tx.Raw {
		_, err := w.spender.Verify(p.Plan, p.prepared, flip(tx.Raw, at))
		require.ErrorIs(t, err, coin.ErrInvalid, "byte %d changed", at)
	}
	for name, raw := range map[string][]byte{
		"nothing": nil, "cut": tx.Raw[:len(tx.Raw)-1], "longer": append(slices.Clone(tx.Raw), 0),
	} {
		_, err := w.spender.Verify(p.Plan, p.prepared, raw)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
	}

	other := w.plan(ctx, t, g, inputs, []target{{to: w.userAddress(ctx, t), amount: w.amount(5)}}, coin.Change)
	otherTx := w.sign(t, other)
	_, err = w.spender.Verify(p.Plan, p.prepared, otherTx.Raw)
	require.ErrorIs(t, err, coin.ErrInvalid, "another plan's")
	_, err = w.spender.Verify(p.Plan, other.prepared, tx.Raw)
	require.ErrorIs(t, err, coin.ErrInvalid, "prepared for another plan")
}

func (w *world) eventualities(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20), w.amount(20)})
	one := w.plan(ctx, t, g, inputs[:1], nil, coin.Change)
	two := w.plan(ctx, t, g, inputs[1:], nil, coin.Change)
	data := one.description.Eventuality.Bytes()
	for _, c := range []coin.Coin{w.spender, w.anotherSpender()} {
		read, err := c.ReadEventuality(data)
		require.NoError(t, err)
		require.Equal(t, one.description.Eventuality.ID(), read.ID())
		require.Equal(t, one.description.Eventuality.Lookup(), read.Lookup())
		require.Equal(t, data, read.Bytes())
		one.description.Eventuality = read
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "cut": data[:len(data)-1], "longer": append(slices.Clone(data), 0),
	} {
		_, err := w.spender.ReadEventuality(bad)
		require.ErrorIs(t, err, coin.ErrInvalid, name)
	}
	require.NotEqual(t, one.description.Eventuality.ID(), two.description.Eventuality.ID())

	// Both happen in one block, and what was read back tells them apart.
	w.sign(t, one)
	w.sign(t, two)
	require.Equal(t, coin.Accepted, w.publish(ctx, t, one.tx))
	require.Equal(t, coin.Accepted, w.publish(ctx, t, two.tx))
	header := w.mine(ctx, t)
	w.settled(ctx, t, one, header)
	w.settled(ctx, t, two, header)
}

func (w *world) conflict(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(40)})
	first := w.plan(ctx, t, g, inputs, nil, coin.Change)
	second := w.plan(ctx, t, g, inputs, []target{{to: w.userAddress(ctx, t), amount: w.amount(10)}}, coin.Change)
	require.NotEqual(t, first.ID(w.coin.Genesis()), second.ID(w.coin.Genesis()))
	w.sign(t, first)
	w.sign(t, second)
	require.Equal(t, coin.Accepted, w.publish(ctx, t, first.tx))
	header := w.mine(ctx, t)
	require.Equal(t, coin.Conflict, w.publish(ctx, t, second.tx))
	w.settled(ctx, t, first, header)
	require.False(t, second.matchesOnly(t, w.block(ctx, t, header).Transactions()))
}

func (w *world) feeTooLow(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20)})
	p := w.planAt(ctx, t, 0, g, inputs, nil, coin.Change)
	require.Zero(t, p.Fee)
	tx := w.sign(t, p)
	require.Equal(t, coin.FeeTooLow, w.publish(ctx, t, tx))
}

// forkSpend publishes a transaction again that lost its block.
func (w *world) forkSpend(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(20)})
	p := w.plan(ctx, t, g, inputs, nil, coin.Change)
	w.sign(t, p)
	w.happen(ctx, t, p, g)
	fork := w.tip(ctx, t)
	require.NoError(t, w.chain.Fork(ctx, 1, false))
	require.Contains(t, []coin.PublicationStatus{coin.Accepted, coin.Mined}, w.publish(ctx, t, p.tx))
	w.mine(ctx, t)
	require.Equal(t, coin.Mined, w.publish(ctx, t, p.tx))
	require.Equal(t, 1, w.sightings(ctx, t, g, fork))
}

func (w *world) unknownTransaction(ctx context.Context, t *testing.T) {
	_, err := w.spender.Transaction(ctx, sha256.Sum256([]byte("unknown")))
	require.ErrorIs(t, err, coin.ErrNotFound)
	status, err := w.spender.Publish(ctx, coin.Transaction{Raw: []byte("not a transaction")})
	require.True(t, err != nil || status.Status == coin.Rejected)
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}
