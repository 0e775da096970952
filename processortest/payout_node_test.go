package processortest_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// rising are so many amounts, each a satoshi more than the one before.
func rising(n int, from uint64) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = from + uint64(i)
	}
	return list
}

// confirmations is how many blocks one behind the other it takes at most until n
// payments are made by a tree with one output of change.
func (w *payers) confirmations(n int) (levels int) {
	levels = 1
	for most := int(w.rules.MaxOutputs) - 1; most < n; most *= int(w.rules.MaxOutputs) {
		levels++
	}
	return levels
}

// TestNodeFiveThousandPayments pays five thousand people by a tree. Of its two
// levels as much is in the memory pool at once as relay lets depend on the root,
// the rest comes in the block behind the root's settlement.
func TestNodeFiveThousandPayments(t *testing.T) {
	w := newBusyPayers(t, nil)
	w.payIn(5, 30_000_000, 30_000_000, 30_000_000, 30_000_000, 30_000_000)

	start := time.Now()
	ids := w.pay(rising(5000, 20_000)...)
	t.Logf("planned, signed and published after %v", time.Since(start))
	at := w.ours()
	require.Equal(t, len(w.order), len(at), "all that is published is in the memory pool")
	var weight uint64
	for i, x := range at {
		t.Log(x)
		weight += x.weight
		require.Equal(t, i > 0, x.spends(at[0].id))
	}
	require.Greater(t, len(at), 4)
	require.LessOrEqual(t, weight, w.rules.DescendantsWeight)
	require.Greater(t, weight+at[len(at)-1].weight, w.rules.DescendantsWeight, "one more would be too much")

	blocks := w.settle(ids)
	t.Logf("settled after %v, in blocks %v", time.Since(start), blocks)
	require.Len(t, blocks, w.confirmations(len(ids)))
	w.check()
	w.accepted()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	t.Logf("checked after %v, %d transactions, %d MB", time.Since(start), len(w.order), memory.Sys>>20)
}

// TestNodeDeepTree pays by trees of more levels than can be in the memory pool at
// once: each settlement lets two levels more come in.
func TestNodeDeepTree(t *testing.T) {
	for _, c := range []struct{ payments, levels, blocks int }{
		{5, 1, 1}, {6, 2, 1}, {30, 2, 1}, {31, 3, 2}, {180, 3, 2}, {181, 4, 2},
	} {
		t.Run(fmt.Sprintf("%d payments", c.payments), func(t *testing.T) {
			w := newPayers(t, func(p *coin.Parameters) { p.MaxOutputs, p.ChangeOutputs = 6, 1 })
			w.payIn(1, 60_000_000)
			payments := w.pay(rising(c.payments, 20_000)...)
			require.Equal(t, c.levels, w.confirmations(c.payments))
			require.Len(t, w.settle(payments), c.blocks)
			w.check()
			w.accepted()
		})
	}
}
