package ring

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/node"
)

// refused checks that a lie is refused for what it is, and that nothing of it
// stays: the next ring, with the truth, is the right one.
func refused(t *testing.T, c *Chooser, f *fake, reference uint64, real Real, want, name string) {
	t.Helper()
	members, position, err := c.Choose(t.Context(), reference-9, [32]byte{5}, real)
	require.ErrorIs(t, err, coin.ErrInvalid, name)
	require.NotErrorIs(t, err, coin.ErrTransient, name)
	require.ErrorContains(t, err, want, name)
	lie, ok := errors.AsType[*Lie](err)
	require.True(t, ok, name)
	require.NotEmpty(t, lie.About, name)
	require.Nil(t, members, name)
	require.Zero(t, position, name)
	require.Zero(t, c.known, name)

	f.sayDistribution, f.sayOuts, f.sayFound = nil, nil, nil
	members, position, err = c.Choose(t.Context(), reference-9, [32]byte{5}, real)
	require.NoError(t, err, name)
	require.Equal(t, f.ring(reference, [32]byte{5}, real), f.indexesOf(t, members, position, real), name)
}

func TestLiesAboutTheDistribution(t *testing.T) {
	world := newChain(11, 300, 4)
	real := world.real(200, 4)
	for name, test := range map[string]struct {
		say  func(first, last uint64, d *node.Distribution)
		want string
	}{
		"shorter":           {func(_, _ uint64, d *node.Distribution) { d.Counts = d.Counts[:len(d.Counts)-1] }, "length is"},
		"the tip's":         {func(_, last uint64, d *node.Distribution) { d.Counts = append(d.Counts, world.counts[last+1]) }, "length is"},
		"none":              {func(_, _ uint64, d *node.Distribution) { d.Counts = nil }, "length is 0"},
		"later block":       {func(_, _ uint64, d *node.Distribution) { d.First++ }, "length is"},
		"a later beginning": {func(_, last uint64, d *node.Distribution) { d.First, d.Counts = last+1, nil }, "length is 0"},
		"falling":           {func(_, _ uint64, d *node.Distribution) { d.Counts[1] = d.Counts[0] - 1; d.Counts[0]++ }, "count falls"},
		"falling at last":   {func(_, _ uint64, d *node.Distribution) { d.Counts[len(d.Counts)-1] = 1 }, "count falls"},
		"another block's":   {func(_, _ uint64, d *node.Distribution) { d.Counts = append(d.Counts[1:], 1<<40) }, ""},
		"more outputs":      {func(_, _ uint64, d *node.Distribution) { add(d.Counts, 0, 1) }, ""},
	} {
		f := &fake{chain: world, tip: 300}
		f.sayDistribution = func(first, last uint64, d *node.Distribution) error { test.say(first, last, d); return nil }
		refused(t, New(f), f, 200, real, test.want, name)

		// When it has grown before.
		if name == "a later beginning" {
			continue
		}
		f = &fake{chain: world, tip: 300}
		c := New(f)
		chosen(t, c, 150, [32]byte{}, world.real(150, 0))
		f.sayDistribution = func(first, last uint64, d *node.Distribution) error { test.say(first, last, d); return nil }
		refused(t, c, f, 200, real, "", name)
	}

	// It changes what it said.
	f := &fake{chain: world, tip: 300}
	c := New(f)
	chosen(t, c, 150, [32]byte{}, world.real(150, 0))
	f.sayDistribution = func(_, _ uint64, d *node.Distribution) error { d.Counts[0]--; return nil }
	refused(t, c, f, 200, real, "count falls", "one less")
	c = New(f)
	chosen(t, c, 150, [32]byte{}, world.real(150, 0))
	f.sayDistribution = func(_, last uint64, d *node.Distribution) error {
		d.First++
		d.Counts = d.Counts[1:]
		return nil
	}
	_, _, err := c.Choose(t.Context(), 200-9, [32]byte{}, real)
	require.NoError(t, err, "another start, of blocks without any")
	long := newChain(9, fresh+100, 1)
	g := &fake{chain: long, tip: fresh + 100}
	c = New(g)
	_, _, err = c.Choose(t.Context(), fresh+80, [32]byte{}, long.real(fresh, 0))
	require.NoError(t, err)
	require.Equal(t, [][2]uint64{{0, fresh + 80}}, g.spans)
	_, _, err = c.Choose(t.Context(), fresh+81, [32]byte{}, long.real(fresh, 0))
	require.NoError(t, err)
	require.Equal(t, [2]uint64{81, fresh + 81}, g.spans[1], "what is settled is not asked for again")
	g.sayDistribution = func(_, _ uint64, d *node.Distribution) error {
		d.First++
		d.Counts = d.Counts[1:]
		return nil
	}
	_, _, err = c.Choose(t.Context(), fresh+81, [32]byte{}, long.real(fresh, 0))
	require.ErrorContains(t, err, "start is", "another start")
	g.sayDistribution = nil
	_, _, err = c.Choose(t.Context(), fresh+81, [32]byte{}, long.real(fresh, 0))
	require.NoError(t, err, "all is forgotten")
	for _, change := range []uint64{1, ^uint64(0)} { // one more, one less
		g.sayDistribution = nil
		_, _, err = c.Choose(t.Context(), fresh+81, [32]byte{}, long.real(fresh, 0))
		require.NoError(t, err)
		g.sayDistribution = func(_, _ uint64, d *node.Distribution) error { d.Counts[0] += change; return nil }
		_, _, err = c.Choose(t.Context(), fresh+82, [32]byte{}, long.real(fresh, 0))
		require.ErrorContains(t, err, "count is")
	}

	// Outputs that are not there.
	f.sayDistribution = func(_, _ uint64, d *node.Distribution) error { add(d.Counts, 0, 1<<40); return nil }
	refused(t, New(f), f, 200, real, "lack one that the distribution has", "more outputs")
	f.sayDistribution = func(_, _ uint64, d *node.Distribution) error { d.Counts = make([]uint64, len(d.Counts)); return nil }
	_, _, err = New(f).Choose(t.Context(), 200-9, [32]byte{}, real)
	require.ErrorIs(t, err, ErrFew, "none at all")
	f.sayDistribution = func(_, _ uint64, d *node.Distribution) error { return coin.ErrInvalid }
	_, _, err = New(f).Choose(t.Context(), 200-9, [32]byte{}, real)
	require.ErrorIs(t, err, coin.ErrInvalid, "the client noticed")
}

// add adds to all counts from one on.
func add(counts []uint64, from int, more uint64) {
	for i := range counts[from:] {
		counts[from+i] += more
	}
}

func TestLiesAboutOutputs(t *testing.T) {
	world := newChain(12, 300, 4)
	const reference = 200
	real := world.real(reference, 40)
	own := func(outs []node.Out) *node.Out {
		i := slices.IndexFunc(outs, func(o node.Out) bool { return o.Index == real.Index })
		return &outs[i]
	}
	other := func(outs []node.Out) *node.Out {
		i := slices.IndexFunc(outs, func(o node.Out) bool { return o.Index != real.Index })
		return &outs[i]
	}
	of := func(of func([]node.Out) *node.Out, change func(*node.Out)) func([]node.Out) ([]node.Out, error) {
		return func(outs []node.Out) ([]node.Out, error) { change(of(outs)); return outs, nil }
	}
	key := func(o *node.Out) { o.Key[3] ^= 1 }
	commitment := func(o *node.Out) { o.Commitment[3] ^= 1 }
	transaction := func(o *node.Out) { o.Transaction[3] ^= 1 }
	// another says that an output is another one of the same block.
	another := func(o *node.Out) {
		for _, candidate := range world.outs {
			if candidate.Height == o.Height && candidate.Index != o.Index {
				candidate.Index = o.Index
				*o = candidate
				return
			}
		}
		key(o)
	}
	for name, test := range map[string]struct {
		say  func([]node.Out) ([]node.Out, error)
		want string
	}{
		"key":                 {of(other, key), "key is"},
		"commitment":          {of(other, commitment), "commitment is"},
		"transaction":         {of(other, transaction), "is missing"},
		"height":              {of(other, func(o *node.Out) { o.Height-- }), "height is"},
		"height of the tip":   {of(other, func(o *node.Out) { o.Height = 300 }), "height is"},
		"index":               {of(other, func(o *node.Out) { o.Index++ }), "index is"},
		"another output":      {of(other, another), ""},
		"own key":             {of(own, key), "key is"},
		"own commitment":      {of(own, commitment), "commitment is"},
		"own transaction":     {of(own, transaction), "is missing"},
		"own height":          {of(own, func(o *node.Out) { o.Height++ }), "height is"},
		"another for our own": {of(own, another), ""},
		"one less":            {func(o []node.Out) ([]node.Out, error) { return o[1:], nil }, "outs are 24"},
		"one more":            {func(o []node.Out) ([]node.Out, error) { return append(o, o[0]), nil }, "outs are 26"},
		"none":                {func([]node.Out) ([]node.Out, error) { return nil, nil }, "outs are 0"},
		"one twice":           {func(o []node.Out) ([]node.Out, error) { o[1] = o[0]; return o, nil }, "index is"},
		"one for two":         {func(o []node.Out) ([]node.Out, error) { i := o[1].Index; o[1] = o[0]; o[1].Index = i; return o, nil }, ""},
		"not found":           {func([]node.Out) ([]node.Out, error) { return nil, coin.ErrNotFound }, "lack one"},
	} {
		f := &fake{chain: world, tip: 300, sayOuts: test.say}
		refused(t, New(f), f, reference, real, test.want, name)
	}

	// The record is of another output: the transaction has it, but elsewhere.
	for name, change := range map[string]func(*Real){
		"key": func(r *Real) { r.Key[0] ^= 1 }, "commitment": func(r *Real) { r.Commitment[0] ^= 1 },
		"transaction": func(r *Real) { r.Transaction[0] ^= 1 }, "index": func(r *Real) { r.Index-- },
	} {
		wrong := real
		change(&wrong)
		f := &fake{chain: world, tip: 300}
		_, _, err := New(f).Choose(t.Context(), reference-9, [32]byte{}, wrong)
		lie, ok := errors.AsType[*Lie](err)
		require.True(t, ok, name)
		require.Contains(t, lie.Why, "by the record")
	}
}

func TestLiesAboutTransactions(t *testing.T) {
	world := newChain(13, 300, 4)
	const reference = 200
	real := world.real(reference, 40)
	// first changes the first that is a coinbase or not.
	first := func(coinbase bool, change func(*node.Found)) func([]node.Found) ([]node.Found, error) {
		return func(found []node.Found) ([]node.Found, error) {
			i := slices.IndexFunc(found, func(f node.Found) bool { return f.Transaction.Coinbase() == coinbase })
			change(&found[i])
			return found, nil
		}
	}
	for name, test := range map[string]struct {
		say  func([]node.Found) ([]node.Found, error)
		want string
	}{
		"missing":          {first(false, func(f *node.Found) { *f = node.Found{} }), "is missing"},
		"coinbase missing": {first(true, func(f *node.Found) { f.Transaction = nil }), "is missing"},
		"in the pool":      {first(false, func(f *node.Found) { f.Pool, f.Number, f.Indexes = true, 0, nil }), "is not in block"},
		"in another block": {first(false, func(f *node.Found) { f.Number++ }), "is not in block"},
		"unlocked": {first(true, func(f *node.Found) {
			fields := f.Transaction.Fields()
			fields.UnlockTime = 0
			f.Transaction = encode(fields)
		}), "transaction is not"},
		"locked": {first(false, func(f *node.Found) {
			fields := f.Transaction.Fields()
			fields.UnlockTime = 1 << 40
			f.Transaction = encode(fields)
		}), "transaction is not"},
		"no indices":        {first(false, func(f *node.Found) { f.Indexes = nil }), "does not have it"},
		"other indices":     {first(false, func(f *node.Found) { f.Indexes = []uint64{f.Indexes[0] + 2, f.Indexes[1] + 2} }), "does not have it"},
		"indices exchanged": {first(false, func(f *node.Found) { f.Indexes = []uint64{f.Indexes[1], f.Indexes[0]} }), "key is"},
		"one less":          {func(f []node.Found) ([]node.Found, error) { return f[1:], nil }, "txs are"},
		"exchanged":         {func(f []node.Found) ([]node.Found, error) { f[0], f[1] = f[1], f[0]; return f, nil }, "transaction"},
		"one more":          {func(f []node.Found) ([]node.Found, error) { return append(f, f[0]), nil }, "txs are"},
	} {
		f := &fake{chain: world, tip: 300, sayFound: test.say}
		refused(t, New(f), f, reference, real, test.want, name)
	}
}

// A node that makes transactions up can make them hash to what it says, but
// not be what consensus does not allow.
func TestTransactionsMadeUp(t *testing.T) {
	world := newChain(14, 300, 4)
	const reference = 200
	real := world.real(reference, 40)
	for name, test := range map[string]struct {
		change func(*block.Fields)
		want   string
	}{
		"unlocked":     {func(f *block.Fields) { f.UnlockTime = 0 }, "is no coinbase of block"},
		"another's":    {func(f *block.Fields) { f.Height-- }, "is no coinbase of block"},
		"version 1":    {func(f *block.Fields) { f.Version = 1 }, "has no RingCT outputs"},
		"amount":       {func(f *block.Fields) { f.Outputs[0].Amount++ }, "commitment is"},
		"not its keys": {func(f *block.Fields) { f.Outputs[0].Key[0] ^= 1 }, "key is"},
	} {
		f := &fake{chain: world, tip: 300}
		made := map[coin.TransactionID]node.Found{}
		f.sayOuts = func(outs []node.Out) ([]node.Out, error) {
			for i, o := range outs {
				found := world.found[o.Transaction]
				if !found.Transaction.Coinbase() {
					continue
				}
				fields := found.Transaction.Fields()
				test.change(fields)
				found.Transaction = encode(fields)
				outs[i].Transaction = found.Transaction.Hash()
				made[outs[i].Transaction] = found
			}
			return outs, nil
		}
		c := New(&inventor{f, made})
		refused(t, c, f, reference, real, test.want, name)
	}
}

// inventor knows transactions that no chain has.
type inventor struct {
	*fake
	made map[coin.TransactionID]node.Found
}

func (n *inventor) Transactions(ctx context.Context, ids []coin.TransactionID) ([]node.Found, error) {
	found, err := n.fake.Transactions(ctx, ids)
	for i, id := range ids {
		if f, ok := n.made[id]; ok {
			found[i] = f
		}
	}
	return found, err
}
