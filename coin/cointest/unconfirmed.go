package cointest

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// early returns what a plan makes for the group, before it has happened. A test
// is skipped where the coin cannot tell.
func (w *world) early(t *testing.T, p *plan) []coin.Output {
	outputs, err := w.spender.Unconfirmed(p.Plan)
	require.NoError(t, err)
	if outputs == nil {
		t.Skip("an output can be spent only once the chain shows it")
	}
	require.Len(t, outputs, len(p.Own))
	for i, own := range p.Own {
		require.Equal(t, p.description.Own[i], outputs[i].ID.Index)
		require.Equal(t, own.Session, outputs[i].Session)
		require.Equal(t, own.Kind, outputs[i].Kind)
		require.Equal(t, own.Amount, outputs[i].Amount)
	}
	return outputs
}

// shown checks that a block shows the outputs of a plan as they were told early,
// and that it makes no difference to a plan which of the two it spends.
func (w *world) shown(ctx context.Context, t *testing.T, early []coin.Output, header coin.Header, groups ...*group) {
	found := w.scan(ctx, t, header, groups...)
	for _, o := range early {
		i := slices.IndexFunc(found, func(f coin.Output) bool { return f.ID == o.ID })
		require.GreaterOrEqual(t, i, 0)
		require.Equal(t, o.Session, found[i].Session)
		require.Equal(t, o.Kind, found[i].Kind)
		require.Equal(t, o.Amount, found[i].Amount)
		require.Equal(t, w.coin.SpendLookup(o), w.coin.SpendLookup(found[i]))
		for _, g := range groups {
			if g.Session != o.Session {
				continue
			}
			before := w.plan(ctx, t, g, []coin.Output{o}, nil, coin.Change)
			after := w.plan(ctx, t, g, []coin.Output{found[i]}, nil, coin.Change)
			require.Equal(t, before.prepared, after.prepared)
		}
	}
}

// unconfirmed tells the outputs of a plan of each internal kind, to the group and
// to its successor, before the plan is signed.
func (w *world) unconfirmed(ctx context.Context, t *testing.T) {
	g, successor := w.newGroup(t), w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(100)})
	p := w.plan(ctx, t, g, inputs, []target{
		{to: w.userAddress(ctx, t), amount: w.amount(10)},
		{to: w.address(t, successor, coin.Change), amount: w.amount(11), own: coin.Change, session: successor.Session},
		{to: w.address(t, g, coin.Branch), amount: w.amount(12), own: coin.Branch},
		{to: w.address(t, successor, coin.Forwarded), amount: w.amount(13), own: coin.Forwarded, session: successor.Session},
		{to: w.address(t, g, coin.Branch), amount: w.amount(14), own: coin.Branch},
	}, coin.Change)
	early := w.early(t, p)
	again, err := w.anotherSpender().Unconfirmed(p.Plan)
	require.NoError(t, err)
	require.Equal(t, early, again)

	w.sign(t, p)
	require.Equal(t, coin.Accepted, w.publish(ctx, t, p.tx))
	header := w.mine(ctx, t)
	w.settled(ctx, t, p, header)
	w.shown(ctx, t, early, header, g, successor)

	p.Fee++
	_, err = w.spender.Unconfirmed(p.Plan)
	require.ErrorIs(t, err, coin.ErrInvalid)
}

// children spends branches before their own transaction is mined.
func (w *world) children(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(100)})
	branch := target{to: w.address(t, g, coin.Branch), amount: w.amount(20), own: coin.Branch}
	root := w.plan(ctx, t, g, inputs, []target{branch, branch}, coin.Change)
	branches := w.early(t, root)[:2]
	payee := w.userAddress(ctx, t)
	var children []*plan
	for i, from := range branches {
		child := w.plan(ctx, t, g, []coin.Output{from}, []target{{to: payee, amount: w.amount(10)}}, coin.Change)
		if i > 0 { // a leaf
			child = w.planAll(ctx, t, g, []coin.Output{from}, payee)
		}
		w.sign(t, child)
		children = append(children, child)
	}
	w.sign(t, root)
	require.Equal(t, coin.Conflict, w.publish(ctx, t, children[0].tx), "before its parent")
	all := append([]*plan{root}, children...)
	for _, p := range all {
		require.Equal(t, coin.Accepted, w.publish(ctx, t, p.tx))
	}
	for _, p := range all {
		require.Equal(t, coin.Accepted, w.publish(ctx, t, p.tx), "again")
		w.fetched(ctx, t, p, p.tx)
	}
	header := w.mine(ctx, t)
	for _, p := range all {
		w.settled(ctx, t, p, header)
		require.Equal(t, coin.Mined, w.publish(ctx, t, p.tx))
	}
	w.shown(ctx, t, branches, header, g)
	require.Equal(t, w.amount(10)+children[1].Payments[0].Paid, w.received(ctx, t, payee))
}

// bump spends the change of a transaction that waits, at a higher rate.
func (w *world) bump(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(100)})
	root := w.plan(ctx, t, g, inputs, []target{{to: w.userAddress(ctx, t), amount: w.amount(30)}}, coin.Change)
	change := w.early(t, root)
	bump := w.planAt(ctx, t, 3*w.rate(), g, change, nil, coin.Change)
	bumped := w.early(t, bump)
	w.sign(t, root)
	w.sign(t, bump)
	require.Equal(t, coin.Accepted, w.publish(ctx, t, root.tx))
	require.Equal(t, coin.Accepted, w.publish(ctx, t, bump.tx))
	header := w.mine(ctx, t)
	w.settled(ctx, t, root, header)
	w.settled(ctx, t, bump, header)
	w.shown(ctx, t, append(change, bumped...), header, g)

	next := w.plan(ctx, t, g, bumped, nil, coin.Change)
	w.sign(t, next)
	w.happen(ctx, t, next, g)
}

// replacedBump makes versions of a bump: the same input and a higher fee. Each
// takes the place of the one before, and only the last happens.
func (w *world) replacedBump(ctx context.Context, t *testing.T) {
	g := w.newGroup(t)
	inputs := w.deposit(ctx, t, g, []uint64{w.amount(100)})
	root := w.plan(ctx, t, g, inputs, []target{{to: w.userAddress(ctx, t), amount: w.amount(30)}}, coin.Change)
	change := w.early(t, root)
	var versions []*plan
	for i := range uint64(3) {
		versions = append(versions, w.planAt(ctx, t, (3+3*i)*w.rate(), g, change, nil, coin.Change))
		w.sign(t, versions[i])
	}
	w.sign(t, root)
	require.Equal(t, coin.Accepted, w.publish(ctx, t, root.tx))
	for i, v := range versions {
		require.Equal(t, coin.Accepted, w.publish(ctx, t, v.tx))
		require.Equal(t, versions[0].description.Eventuality.Lookup(), v.description.Eventuality.Lookup())
		for j, other := range versions[:i] {
			require.NotEqual(t, other.description.Eventuality.ID(), v.description.Eventuality.ID())
			require.Equal(t, coin.Conflict, w.publish(ctx, t, other.tx), "version %d behind version %d", j, i)
		}
	}
	header := w.mine(ctx, t)
	w.settled(ctx, t, root, header)
	w.settled(ctx, t, versions[2], header)
	transactions := w.block(ctx, t, header).Transactions()
	for _, v := range versions[:2] {
		require.False(t, v.matchesOnly(t, transactions))
		require.Equal(t, coin.Conflict, w.publish(ctx, t, v.tx))
	}
	w.shown(ctx, t, w.early(t, versions[2]), header, g)
}
