package mock

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// Weights of the transactions below: of one input and one output, and of one
// input and two outputs. At a rate of 100 they cost
// 62 and 78, and 139 together.
const (
	childWeight  = (emptySize + inputSize + outputSize) * weightPerByte
	parentWeight = childWeight + outputSize*weightPerByte
)

// root spends a genesis output to so many outputs of the user.
func (w wallet) root(from uint32, cost uint64, branches int) *transaction {
	outputs := make([]output, branches)
	for i := range outputs {
		outputs[i] = output{amount: laneAmount / uint64(2*branches), to: userScript(addressed, userKey(1))}
	}
	outputs[0].amount += laneAmount - outputs[0].amount*uint64(branches) - cost
	id := coin.OutputID{Transaction: w.best[0].transactions[0].id, Index: from}
	return w.sign(newTransaction([]coin.OutputID{id}, outputs, nil), []uint32{from})
}

// branch spends one output of a root, to somebody and so many outputs of the
// user.
func (w wallet) branch(root *transaction, index uint32, cost uint64, more int) *transaction {
	id := coin.OutputID{Transaction: root.id, Index: index}
	outputs := make([]output, 1+more)
	for i := range outputs {
		outputs[i] = output{amount: RelayDust, to: userScript(addressed, userKey(1))}
	}
	outputs[0].amount = root.outputs[index].amount - cost - uint64(more)*RelayDust
	return w.sign(newTransaction([]coin.OutputID{id}, outputs, nil), []uint32{0})
}

func (w wallet) require(status coin.PublicationStatus, list ...*transaction) {
	w.t.Helper()
	for i, t := range list {
		p := w.submit(t.raw)
		require.Equal(w.t, status, p.Status, "%d: %s", i, p.Reason)
	}
}

// requireWaiting compares what waits with the transactions, in any order.
func (w wallet) requireWaiting(list ...*transaction) {
	w.t.Helper()
	var want, got []coin.TransactionID
	for _, t := range list {
		want = append(want, t.id)
	}
	for _, t := range w.pool.waiting {
		got = append(got, t.id)
	}
	require.ElementsMatch(w.t, want, got)
	require.Len(w.t, w.pool.byID, len(list))
}

func TestOneHasTwentyFourDescendants(t *testing.T) {
	w := wallet{New(Options{}), t}
	root := w.root(0, 1000, 26)
	w.require(coin.Accepted, root)
	var children []*transaction
	for i := range uint32(25) {
		children = append(children, w.branch(root, i, 1000, 0))
	}
	w.require(coin.Accepted, children[:24]...)
	w.require(coin.Rejected, children[24])
	w.require(coin.Rejected, w.branch(children[0], 0, 1000, 0))
	bump := w.branch(root, 23, 2000, 0)
	w.require(coin.Accepted, bump) // in the place of the one that it replaces
	w.require(coin.Rejected, children[24])
	require.Len(t, w.pool.waiting, 25)

	// Those that a fork returns are not counted, as they were admitted before.
	mine(t, w.Chain, 1)
	w.require(coin.Accepted, children[24])
	require.NoError(t, w.Fork(t.Context(), 1, false))
	require.Len(t, w.pool.waiting, 26)
}

func TestOneHasTwentyFourAncestors(t *testing.T) {
	w := wallet{New(Options{}), t}
	chain := []*transaction{w.root(0, 1000, 1)}
	for range maxFamily {
		chain = append(chain, w.branch(chain[len(chain)-1], 0, 1000, 0))
	}
	w.require(coin.Accepted, chain[:25]...)
	w.require(coin.Rejected, chain[25])
	mine(t, w.Chain, 1)
	w.require(coin.Accepted, chain[25])
}

func TestWeightOfDescendantsIsBounded(t *testing.T) {
	heavy := (maxFamilyWeight - parentWeight - childWeight) / (outputSize * weightPerByte)
	for _, more := range []int{0, 1} {
		w := wallet{New(Options{}), t}
		root := w.root(0, 1000, 2)
		child := w.branch(root, 0, 1000, heavy+more)
		w.require(coin.Accepted, root)
		w.require([]coin.PublicationStatus{coin.Accepted, coin.Rejected}[more], child)
		// And that of ancestors, one of which is not the parent's child.
		if more == 0 {
			w.require(coin.Rejected, w.branch(root, 1, 1000, 0))
			w.require(coin.Rejected, w.branch(child, 0, 1000, 0))
		}
	}
}

func TestMinersTakePackages(t *testing.T) {
	type family struct{ root, first, second uint64 } // fees, a child's being 0 if there is none
	for name, c := range map[string]struct {
		family
		taken []int
	}{
		"alone, at the rate":           {family{root: 78}, []int{0}},
		"alone, below it":              {family{root: 77}, nil},
		"a child pays for both":        {family{root: 10, first: 129}, []int{0, 1}},
		"a child pays a unit less":     {family{root: 10, first: 128}, nil},
		"a child does not pay":         {family{root: 78, first: 61}, []int{0}},
		"a child at the rate":          {family{root: 78, first: 62}, []int{0, 1}},
		"one pays, not its sibling":    {family{root: 10, first: 129, second: 61}, []int{0, 1}},
		"one pays, its sibling itself": {family{root: 10, first: 62, second: 129}, []int{0, 1, 2}},
		"two do not pay together":      {family{root: 10, first: 100, second: 100}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := wallet{New(Options{}), t}
			w.SetMinerRate(100)
			all := []*transaction{w.root(0, c.root, 2)}
			for i, cost := range []uint64{c.first, c.second} {
				if cost > 0 {
					all = append(all, w.branch(all[0], uint32(i), cost, 0))
				}
			}
			w.require(coin.Accepted, all...)
			require.NoError(t, w.MineTo(t.Context(), miner.address(w.genesisID)))
			var taken []coin.TransactionID
			for _, i := range c.taken {
				taken = append(taken, all[i].id)
			}
			var got []coin.TransactionID
			for _, mined := range w.tip().transactions[1:] {
				got = append(got, mined.id)
			}
			require.Equal(t, taken, got)
			require.Len(t, w.pool.waiting, len(all)-len(taken), "the others go on waiting")
			requireRebuilt(t, w.Chain)

			w.SetMinerRate(0)
			mine(t, w.Chain, 1)
			w.require(coin.Mined, all...)
		})
	}
}

func TestMinersTakeGenerations(t *testing.T) {
	w := wallet{New(Options{}), t}
	w.SetMinerRate(100)
	first := w.root(0, 10, 1)
	second := w.branch(first, 0, 10, 0)
	third := w.branch(second, 0, 1000, 0)
	other := w.root(1, 50, 1)
	w.require(coin.Accepted, first, other, second, third)
	require.NoError(t, w.Mine(t.Context(), 3))
	w.requireWaiting(other)
	w.require(coin.Mined, first, second, third)
}

func TestRelayEvictsWhatPaysLess(t *testing.T) {
	type family struct{ root, first, second uint64 }
	for name, c := range map[string]struct {
		family
		stay []int
	}{
		"alone, at the rate":                  {family{root: 78}, []int{0}},
		"alone, below it":                     {family{root: 77}, nil},
		"a parent takes its child along":      {family{root: 10, first: 70}, nil},
		"a child pays for both":               {family{root: 10, first: 129}, []int{0, 1}},
		"a child pays a unit less":            {family{root: 10, first: 128}, nil},
		"a child goes alone":                  {family{root: 90, first: 20}, []int{0}},
		"a cheap child goes, a dear stays":    {family{root: 10, first: 20, second: 130}, []int{0, 2}},
		"two children pay together":           {family{root: 10, first: 100, second: 100}, []int{0, 1, 2}},
		"the cheapest goes before the parent": {family{root: 60, first: 20, second: 83}, []int{0, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			w := wallet{New(Options{}), t}
			all := []*transaction{w.root(0, c.root, 2)}
			for i, cost := range []uint64{c.first, c.second} {
				if cost > 0 {
					all = append(all, w.branch(all[0], uint32(i), cost, 0))
				}
			}
			w.require(coin.Accepted, all...)
			w.SetRelayRate(100)
			var stay []*transaction
			for _, i := range c.stay {
				stay = append(stay, all[i])
			}
			w.requireWaiting(stay...)
			mine(t, w.Chain, 1)
			requireRebuilt(t, w.Chain)
		})
	}
}

// What is published goes through a coin, whose node's user remembers parents.
func TestPackages(t *testing.T) {
	w := wallet{New(Options{}), t}
	w.SetRelayRate(100)
	cheap, pays := w.root(0, 10, 2), uint64(129)
	publish := func(c *Coin, t *transaction) coin.PublicationStatus {
		p, err := c.Publish(w.t.Context(), coin.Transaction{ID: t.id, Raw: t.raw})
		require.NoError(w.t, err)
		require.Equal(w.t, p.Status == coin.Accepted, p.Reason == "" || p.Reason == "known")
		return p.Status
	}
	c := NewCoin(w.Chain)
	require.Equal(t, coin.Conflict, publish(c, w.branch(cheap, 0, pays, 0)), "nobody knows the parent")
	require.Equal(t, coin.FeeTooLow, publish(c, cheap))
	require.Equal(t, coin.Conflict, publish(NewCoin(w.Chain), w.branch(cheap, 0, pays, 0)), "nor does another's node")
	require.Equal(t, coin.FeeTooLow, publish(c, w.branch(cheap, 0, pays-1, 0)))
	w.requireWaiting()
	child := w.branch(cheap, 0, pays, 0)
	grandchild := w.branch(child, 0, 1000, 0)
	require.Equal(t, coin.Conflict, publish(c, grandchild), "three generations")
	require.Equal(t, coin.Accepted, publish(c, child))
	require.Equal(t, coin.Accepted, publish(c, cheap))
	require.Equal(t, coin.Accepted, publish(c, grandchild))
	require.Equal(t, coin.Accepted, publish(c, w.branch(cheap, 1, 62, 0)), "another child by itself")
	require.Len(t, w.pool.waiting, 4)

	// A parent that is spent elsewhere, or that could not be alone anyway.
	free := w.root(1, 0, 1)
	require.Equal(t, coin.FeeTooLow, publish(c, free))
	require.Equal(t, coin.FeeTooLow, publish(c, w.branch(free, 0, 1000, 0)))
	w.require(coin.Accepted, w.root(1, 100, 1))
	require.Equal(t, coin.Conflict, publish(c, w.branch(free, 0, 1000, 0)))

	// One that has come in meanwhile, or has been mined.
	late := w.root(2, 10, 2)
	require.Equal(t, coin.FeeTooLow, publish(c, late))
	w.SetRelayRate(RelayRate)
	require.Equal(t, coin.Accepted, publish(c, w.branch(late, 0, 10, 0)))
	require.NotNil(t, w.pool.byID[late.id])
	mine(t, w.Chain, 1)
	require.Equal(t, coin.Conflict, publish(c, w.branch(late, 0, 20, 0)))
	require.Equal(t, coin.Accepted, publish(c, w.branch(late, 1, 20, 0)))
	requireRebuilt(t, w.Chain)
}

func TestNodesRememberTheLatestThatWereCheap(t *testing.T) {
	w := wallet{New(Options{}), t}
	w.SetRelayRate(100)
	c := NewCoin(w.Chain)
	roots := make([]*transaction, maxCheap+1)
	for i := range roots {
		roots[i] = w.root(0, uint64(10+i%50), 1+i/50)
		if i%100 == 99 {
			roots[i] = roots[i-1] // again
		}
		_, err := c.node.publish(roots[i].raw)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(c.node.cheap), maxCheap)
	require.True(t, slices.ContainsFunc(c.node.cheap, func(t *transaction) bool { return t.id == roots[maxCheap].id }))
	p, err := c.node.publish(w.branch(roots[maxCheap], 0, 100_000, 0).raw)
	require.NoError(t, err)
	require.Equal(t, coin.Accepted, p.Status)
}
