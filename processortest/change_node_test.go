package processortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
)

// deep are rules under which a few payments make a tree of three levels.
func deep(p *coin.Parameters) { p.MaxOutputs, p.ChangeOutputs = 12, 1 }

// TestNodeRateRises lets the fee rate rise fivefold between the two upper levels
// of a tree and the last. Payments that do not carry the fees then wait until it
// falls.
func TestNodeRateRises(t *testing.T) {
	w := newPayers(t, deep)
	others := w.newPressure()
	w.payIn(1, 10_000_000)
	for settled := w.status().Frontier.Settle; settled == w.status().Frontier.Settle; {
		w.mine(1)
	}
	for range 5 { // which are not final when the tree is planned, but when its root is
		require.True(t, others.send(10_000, 20))
		w.mine(1)
	}
	var amounts []uint64
	for i := range uint64(200) {
		amounts = append(amounts, 10_350+i%2*10_000)
	}
	payments := w.pay(amounts...)
	require.Empty(t, w.told)
	upper := len(w.order)
	w.settle(payments)
	waited := 0
	for i, id := range payments {
		if len(w.told[id]) > 0 {
			require.Zero(t, i%2)
			waited++
		}
	}
	require.Greater(t, waited, 20)
	rates := make(map[uint64]int)
	for _, id := range w.order[upper:] {
		x := w.sent[id]
		rates[x.fee*1000/x.weight]++
	}
	t.Logf("%d payments waited; transactions of the last level by their rates: %v", waited, rates)
	require.Greater(t, rates[2500], 5, "with the change that they leave")
	w.check()
	w.accepted()
}

// noteStages also takes down the stages that session 0's key enters.
func (w *payers) noteStages(stages *[]scanner.Stage) func(int, processor.EventBody) {
	return func(v int, body processor.EventBody) {
		if e, ok := body.(processor.KeyStage); ok && v == 0 && e.Session == 0 {
			*stages = append(*stages, e.Stage)
		}
		w.note(v, body)
	}
}

// TestNodeTreesAndRotation lets a key retire while trees grow whose roots it made
// in all of its stages.
func TestNodeTreesAndRotation(t *testing.T) {
	w := newPayers(t, deep)
	w.payIn(1, 10_000_000, 10_000_000, 10_000_000)
	require.NoError(t, w.group.Elect(1, []int{0, 1, 2}, []uint16{1, 1, 1}, 2))
	w.group.GenerateKey(1, 0, 3)
	w.run()
	require.NoError(t, w.group.ConfirmKey(w.ctx, 1))
	require.NoError(t, w.books.add(w.coin, 1, w.group.Key(1).NetworkKey))

	var payments []coin.PaymentID
	var stages []scanner.Stage
	w.group.OnEvent = w.noteStages(&stages)
	for i, paid := 0, -1; paid < 4; i++ {
		require.Less(t, i, 120)
		if paid < len(stages) { // a new stage
			paid = len(stages)
			t.Logf("block %d: %v", w.tip(), stages)
			payments = append(payments, w.pay(rising(150, 20_000)...)...)
		}
		w.mine(1)
	}
	w.settle(payments)
	require.Equal(t, []scanner.Stage{scanner.HandingOver, scanner.Forwarding, scanner.Finishing, scanner.Retired}, stages)
	require.NoError(t, w.books.follow(w.ctx))
	require.Zero(t, w.books.blocks[w.tip()][0])
	sessions := make(map[uint64]int)
	for _, id := range w.order {
		if plan := w.plans[id]; len(plan.Payments) > 0 {
			sessions[plan.Key.Session]++
		}
	}
	t.Log("transactions with payments, by session:", sessions)
	require.Greater(t, sessions[0], 20)
	require.Greater(t, sessions[1], 20)
	w.check()
	w.accepted()
}
