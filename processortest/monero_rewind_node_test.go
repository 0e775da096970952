package processortest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/block"
)

// TestNodeMoneroRingMemberGone reorganises the chain so deep that members of the
// ring are gone of a transaction that waits for publication. Nodes refuse it. The
// settlement chain's next version of the plan spends the same output in another
// ring.
func TestNodeMoneroRingMemberGone(t *testing.T) {
	withoutRaces(t)
	w := newMoneros(t, 1, nil)
	w.appoint(0, 0, 1, 2)
	w.mine(int(w.rules.Confirmations))
	deposit := w.payIn(0, "mint", 9_000*xmr)
	w.until("the output settles", 60, func() bool { return w.status().Pending.Outputs >= 1 })
	for range 4 { // outputs that may become members, as coinbases do only late
		to, err := w.chain.Address(w.ctx)
		require.NoError(t, err)
		_, err = w.chain.Pay(w.ctx, cointest.Deposit{To: slices.Repeat([]cointest.Target{{Address: to, Amount: xmr}}, 15)})
		require.NoError(t, err)
		w.mine(2)
	}
	w.mine(25)

	var withheld []coin.Transaction
	w.publish = func(_ int, tx coin.Transaction) (coin.Publication, error) {
		withheld = append(withheld, tx)
		return coin.Publication{}, fmt.Errorf("%w: no node is there", coin.ErrTransient)
	}
	ids := w.burn(100 * xmr)
	require.NotEmpty(t, withheld)
	first, err := block.ParseTransaction(withheld[0].Raw)
	require.NoError(t, err)

	members, err := w.client.Outs(w.ctx, onlyInput(t, first).AppendRing(nil))
	require.NoError(t, err)
	newest := members[len(members)-1].Height
	found, err := w.client.Transaction(w.ctx, deposit)
	require.NoError(t, err)
	require.Greater(t, newest, found.Number)
	t.Logf("deposit in block %d, members in blocks up to %d", found.Number, newest)
	fork := newest - 1 // everything behind it goes

	w.halts = make(map[int]processor.Halted)
	tip, err := w.client.Tip(w.ctx)
	require.NoError(t, err)
	require.NoError(t, w.chain.Fork(w.ctx, int(tip-fork), false))
	w.run()
	require.Len(t, w.halts, 3)
	for _, h := range w.halts {
		require.NotNil(t, h.Changed, h.Reason)
	}
	report, err := w.group.PlanRewind(w.ctx)
	require.NoError(t, err)
	require.Empty(t, report.Credits)
	statuses := make(map[coin.PublicationStatus]int)
	coinOf := w.chain.Coin()
	w.publish = func(_ int, tx coin.Transaction) (coin.Publication, error) {
		p, err := coinOf.Publish(context.WithoutCancel(w.ctx), tx)
		if err != nil {
			return p, err
		}
		statuses[p.Status]++
		if p.Status == coin.Accepted {
			w.took(tx)
		}
		return p, nil
	}
	w.group.Rewind(report)
	w.halts = nil
	w.mine(20)
	t.Log(statuses, w.conditions, w.status().Troubles)
	require.Zero(t, statuses[coin.Accepted])
	require.NotZero(t, statuses[coin.Rejected])
	require.NotEmpty(t, w.conditions)
	require.Empty(t, w.settled)

	require.Len(t, w.planned[ids[0]], 1)
	w.group.Append(processor.ReplacePlan{Plan: w.planned[ids[0]][0], Number: 1})
	w.run()
	require.Len(t, w.raws, 1)
	require.NotEqual(t, first.Hash(), w.raws[0].Hash())
	was, is := onlyInput(t, first), onlyInput(t, w.raws[0])
	require.Equal(t, was.KeyImage, is.KeyImage, "the same output")
	require.NotEqual(t, was.AppendRing(nil), is.AppendRing(nil), "another ring")
	w.settle(ids)
	w.mine(int(w.rules.Window))
	require.Empty(t, w.writtenOff)
	w.check()

	// Who reads the log later, with a node that has one chain only, has the ring of
	// the void one from an archive.
	archives, err := w.group.Archives(w.ctx)
	require.NoError(t, err)
	require.Len(t, archives, 1)
	require.Len(t, archives[0].Plans, 1)
	other, err := monero.New(w.client, monero.Config{Network: monero.Regtest, Parameters: w.rules})
	require.NoError(t, err)
	convicted, err := processor.Replay(w.ctx, processor.Config{Coin: other, Archives: archives, Poll: 100 * time.Millisecond}, w.group.Log)
	require.NoError(t, err)
	require.Empty(t, convicted)
}

func onlyInput(t *testing.T, tx *block.Transaction) (only block.Input) {
	require.Equal(t, 1, tx.InputCount())
	for _, in := range tx.Inputs() {
		only = in
	}
	return only
}
