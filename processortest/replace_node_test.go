package processortest_test

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// replacePlan orders another version of a plan, and returns it: the node has
// taken it in the place of all that spent the same or built on that.
func (w *payers) replacePlan(of *sent, number uint64, drop ...coin.PaymentID) *sent {
	before := len(w.order)
	id := w.plans[of.id].ID(w.coin.Genesis())
	told := len(w.told[id])
	w.group.Append(processor.ReplacePlan{Plan: id, Number: number, Drop: drop})
	w.run()
	require.Len(w, w.told[id], told, "%v", w.told[id])
	require.Len(w, w.order, before+1)
	version := w.sent[w.order[before]]
	require.Equal(w, of.inputs, version.inputs)
	require.Equal(w, "allowed", version.verdicts[0])
	require.Equal(w, ids(version), ids(w.ours()...), "nothing of the others is left")
	return version
}

// include makes a block of these transactions, whatever the memory pool holds.
func (w *payers) include(list ...*sent) {
	var raws []string
	for _, x := range list {
		raws = append(raws, hex.EncodeToString(x.raw))
	}
	require.NoError(w, w.call(nil, "generateblock", "raw(51)", raws))
	w.run()
}

// TestNodeReplace replaces the root of a tree in bitcoind's memory pool with all
// that builds on it, and lets one of the versions confirm.
func TestNodeReplace(t *testing.T) {
	for _, c := range []struct {
		name     string
		bumped   bool // before it is replaced
		versions int
		drop     []int // payments
		confirms int   // which version, 0 is the tree as it was
	}{
		{name: "the version confirms", versions: 1, confirms: 1},
		{name: "payments are dropped", versions: 1, drop: []int{3, 41}, confirms: 1},
		{name: "the third version confirms", versions: 3, confirms: 3},
		{name: "an older version confirms", versions: 2, drop: []int{0}, confirms: 1},
		{name: "the tree confirms as it was", versions: 2, drop: []int{3, 41}},
		{name: "a bump is replaced too", bumped: true, versions: 1, confirms: 1},
		{name: "the tree confirms with its bump", bumped: true, versions: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newPayers(t, small)
			w.payIn(1, 3_000_000)
			payments := w.pay(rising(45, 20_000)...)
			versions := [][]*sent{w.ours()}
			require.Len(t, versions[0], 2, "a root and a child")
			if c.bumped {
				for len(versions[0]) < 3 {
					w.mineNothing()
					versions[0] = w.ours()
				}
			}
			var drop []coin.PaymentID
			for _, i := range c.drop {
				drop = append(drop, payments[i])
			}
			for i := range c.versions {
				versions = append(versions, []*sent{w.replacePlan(versions[0][0], uint64(i+1), drop...)})
			}
			w.include(versions[c.confirms]...)
			if c.confirms > 0 {
				payments = slices.DeleteFunc(payments, func(id coin.PaymentID) bool { return slices.Contains(drop, id) })
			}
			w.settle(payments)
			w.mine(2 * int(w.rules.Confirmations))
			require.Len(t, w.settled, len(payments))
			require.Len(t, w.dropped, len(w.payees)-len(payments))
			w.check()
			for _, id := range w.order {
				require.Equal(t, "allowed", w.sent[id].verdicts[0])
			}
		})
	}
}

// TestNodeReplaceLeaf replaces a transaction that leaves nothing to the group,
// also by one without a payment.
func TestNodeReplaceLeaf(t *testing.T) {
	for _, c := range []struct {
		name  string
		drop  int // so many payments
		shape [2]int
	}{
		{"all payments", 0, [2]int{1, 3}},
		{"one is dropped", 1, [2]int{1, 3}}, // there is change
		{"all are dropped", 3, [2]int{1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newPayers(t, small)
			w.payIn(1, 1_000_000)
			payments := w.pay(500_000, 300_000, 200_000)
			leaf := w.ours()
			require.Equal(t, [][2]int{{1, 3}}, shapes(leaf))
			version := w.replacePlan(leaf[0], 1, payments[:c.drop]...)
			require.Equal(t, [][2]int{c.shape}, shapes([]*sent{version}))
			w.settle(payments[c.drop:])
			w.mine(int(w.rules.Confirmations))
			require.Len(t, w.dropped, c.drop)
			w.check()
		})
	}
}

// TestNodeReplaceEvicted replaces what the memory pool has evicted: the version
// comes in at once.
func TestNodeReplaceEvicted(t *testing.T) {
	w := newPayers(t, small, smallPool...)
	others := w.newPressure()
	w.payIn(1, 3_000_000)
	payments := w.pay(rising(45, 20_000)...)
	tree := w.ours()
	others.fill(2700)
	require.Empty(t, w.ours())
	w.replacePlan(tree[0], 1)
	w.settle(payments)
	w.check()
}
