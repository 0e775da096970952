package processortest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// small are rules under which forty outputs are a transaction's most, and what
// has not happened after three blocks is stuck.
func small(p *coin.Parameters) { p.MaxOutputs, p.ChangeOutputs, p.BumpAfter = 40, 1, 3 }

// TestNodeStuckTree lets a tree be evicted from a memory pool that fills up. A
// child of the root's change pays for both, in one or two steps, and what else was
// evicted comes back behind the root.
func TestNodeStuckTree(t *testing.T) {
	for _, c := range []struct {
		rate  int64 // of other people, in satoshi per 1000 virtual bytes
		bumps int
	}{{rate: 2700, bumps: 1}, {rate: 3200, bumps: 2}} {
		t.Run(fmt.Sprintf("%d bumps", c.bumps), func(t *testing.T) {
			w := newPayers(t, small, smallPool...)
			others := w.newPressure()
			w.payIn(1, 3_000_000)
			payments := w.pay(rising(45, 20_000)...)
			tree := w.ours()
			require.Equal(t, [][2]int{{1, 40}, {1, 7}}, shapes(tree), "a root with change, and a child")
			root, child := tree[0], tree[1]

			others.fill(c.rate)
			require.Empty(t, w.ours(), "the tree is still there")
			w.mine(1)
			require.Empty(t, w.ours())
			for i := 0; len(w.ours()) == 0; i++ {
				require.Less(t, i, 30, "the tree does not come back")
				w.mine(1)
			}
			for _, id := range w.order {
				t.Log(w.sent[id])
			}
			require.Len(t, w.order, 2+c.bumps)
			bump := w.sent[w.order[len(w.order)-1]]
			require.True(t, bump.spends(root.id))
			require.Equal(t, ids(root, bump), ids(w.ours()...))
			w.mineNothing()
			require.Equal(t, ids(root, child, bump), ids(w.ours()...), "what was evicted too has come back")
			blocks := w.settle(payments)
			require.Len(t, blocks, 1)
			require.Subset(t, w.block(blocks[0]), ids(root, child, bump))
			w.mine(int(w.rules.Confirmations))
			w.check()
			require.Equal(t, coin.Accepted, bump.statuses[len(bump.statuses)-1])
			for _, x := range []*sent{root, child} {
				require.Equal(t, "allowed", x.verdicts[0])
				require.NotEqual(t, "allowed", x.verdicts[1])
			}
			require.False(t, slices.Contains(bump.verdicts, "allowed"), "the bump alone has no parent")
		})
	}
}

// TestNodeLeafConfirms lets a memory pool fill up in which a transaction without
// change waits: it pays enough to stay, and another one to come in.
func TestNodeLeafConfirms(t *testing.T) {
	w := newPayers(t, small, smallPool...)
	others := w.newPressure()
	w.payIn(1, 1_000_000, 2_000_000)
	ids := w.pay(1_000_000)
	others.fill(2700)
	ids = append(ids, w.pay(1_500_000, 500_000)...)
	require.Equal(t, [][2]int{{1, 1}, {1, 2}}, shapes(w.ours()))
	for _, x := range w.ours() {
		require.Equal(t, 2*w.rules.FeeFloor, x.fee*1000/x.weight)
	}
	require.Len(t, w.settle(ids), 1)
	w.mine(10)
	w.check()
	w.accepted()
	require.Len(t, w.order, 2, "nothing was bumped")
}

// TestNodeFullTreeBump lifts trees whose root already has as many descendants in
// the memory pool as the rules let it have, by number or by weight: there is room
// for the bump.
func TestNodeFullTreeBump(t *testing.T) {
	for _, c := range []struct {
		name                         string
		outputs                      uint32
		payments, children, branches int
		weight                       uint64 // at least
	}{
		{name: "by number", outputs: 40, payments: 820, children: 20, branches: 21},
		{name: "by weight", outputs: 500, payments: 2708, children: 5, branches: 5, weight: 398_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newBusyPayers(t, func(p *coin.Parameters) { p.MaxOutputs, p.ChangeOutputs, p.BumpAfter = c.outputs, 1, 3 })
			w.payIn(1, 80_000_000)
			payments := w.pay(rising(c.payments, 20_000)...)
			tree := w.ours()
			require.Len(t, tree, 1+c.children)
			for i := 0; len(w.ours()) == len(tree); i++ {
				require.Less(t, i, 20, "there is no bump")
				w.mineNothing()
			}
			full := w.ours()
			require.Len(t, full, len(tree)+1)
			require.True(t, full[len(tree)].spends(tree[0].id))
			var weight uint64
			for _, x := range full {
				weight += x.weight
			}
			t.Logf("%d transactions of weight %d", len(full), weight)
			require.Greater(t, weight, c.weight)
			require.Len(t, w.settle(payments), 1+c.branches-c.children)
			require.Len(t, w.order, 1+c.branches+1)
			w.check()
			w.accepted()
		})
	}
}

// TestNodeRelayFeeRaised lets the node start again with a relay fee above the
// root's rate. Nothing lifts a transaction below that, nodes do not let packages
// do it. The settlement chain raises the floor of rates and replaces the plan.
func TestNodeRelayFeeRaised(t *testing.T) {
	w := newPayers(t, small)
	w.payIn(1, 3_000_000)
	payments := w.pay(rising(45, 20_000)...)
	tree := w.ours()
	require.Len(t, tree, 2)
	w.configure("minrelaytxfee=0.00002500")
	require.NoError(t, w.node.Restart(t.Context()))
	require.Empty(t, w.ours())

	rules := w.rules
	rules.FeeFloor = 700
	w.group.Append(processor.NewParameters(rules))
	w.mine(4 * int(rules.Window))
	require.Empty(t, w.ours())
	require.Greater(t, len(w.order), 2, "there is a bump")
	for _, id := range w.order {
		t.Log(w.sent[id])
	}
	w.replacePlan(tree[0], 1)
	require.Len(t, w.settle(payments), 2)
	w.check()
}
