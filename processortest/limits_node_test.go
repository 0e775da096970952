package processortest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// shapes are the numbers of inputs and outputs of transactions.
func shapes(list []*sent) (all [][2]int) {
	for _, x := range list {
		all = append(all, [2]int{len(x.inputs), len(x.outputs)})
	}
	return all
}

// TestNodeMergeSixHundred pays from six hundred small deposits, all of which the
// payment needs: they come together in as few merges as can be, each of what one
// transaction may spend.
func TestNodeMergeSixHundred(t *testing.T) {
	w := newBusyPayers(t, nil)
	amounts := rising(600, 30_000)
	w.payIn(100, amounts...)
	var sum uint64
	for _, amount := range amounts {
		sum += amount
	}
	ids := w.pay(sum - 50_000)
	// Nine merges leave 24 deposits, which the payment can spend besides.
	merges := w.ours()
	require.Equal(t, slices.Repeat([][2]int{{64, 1}}, 9), shapes(merges))
	require.Empty(t, w.planned[ids[0]])
	blocks := w.settle(ids)
	require.Len(t, blocks, 2)
	last := w.sent[w.order[len(w.order)-1]]
	require.Len(t, w.order, 10)
	require.Len(t, last.inputs, 9+24)
	for _, merge := range merges {
		require.True(t, last.spends(merge.id))
	}
	w.check()
	w.accepted()
}

// TestNodeLimits makes, of deposits and payments for which the largest
// transaction has room to the last, those transactions, and with one less and
// one more.
func TestNodeLimits(t *testing.T) {
	const each, least, change = 6_200_000, 12_000, 30_000
	for _, c := range []struct {
		inputs, payments int
		// first are the shapes of the transactions at once, later those of the
		// others.
		first, later [][2]int
	}{
		{inputs: 63, payments: 498, first: [][2]int{{63, 499}}},
		{inputs: 64, payments: 499, first: [][2]int{{64, 500}}},
		{inputs: 64, payments: 500, first: [][2]int{{64, 500}, {1, 2}}},
		{inputs: 65, payments: 499, first: [][2]int{{64, 1}}, later: [][2]int{{2, 500}}},
	} {
		t.Run(fmt.Sprintf("%d inputs, %d payments", c.inputs, c.payments), func(t *testing.T) {
			w := newBusyPayers(t, func(p *coin.Parameters) { p.ChangeOutputs = 1 })
			w.payIn(64, slices.Repeat([]uint64{each}, c.inputs)...)
			amounts := slices.Repeat([]uint64{least}, c.payments)
			amounts[0] = uint64(c.inputs)*each - uint64(c.payments-1)*least - change // more than all inputs but one
			ids := w.pay(amounts...)
			require.Equal(t, c.first, shapes(w.ours()))
			w.settle(ids)
			var later []*sent
			for _, id := range w.order[len(c.first):] {
				later = append(later, w.sent[id])
			}
			require.Equal(t, c.later, shapes(later))
			w.check()
			w.accepted()
		})
	}
}
