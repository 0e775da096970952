package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// hanging is a world where key 3 moves its output to key 4, which bumps that, as
// nobody signs it; then key 3 is abandoned.
func hanging(t *testing.T) (w *world, move, bump coin.PlanID) {
	p := chained()
	p.BumpAfter = 2
	w = newWorld(t, p)
	w.deposits(2000)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	require.Len(t, w.open, 2)
	move, bump = w.open[0], w.open[1]
	require.EqualValues(t, 4, w.plans[bump].Key.Session)
	w.abandon(3)
	w.roles = []coin.Role{active(4)}
	return w, move, bump
}

func TestAKeyDoesNotWaitForItsBumpOfAnAbandonedKeysPlan(t *testing.T) {
	w, move, bump := hanging(t)
	w.roles = []coin.Role{finishing(4, 5), active(5)}
	for range 5 {
		w.settle(coin.SettledBlock{})
	}
	require.True(t, w.idle(4))
	w.retire(4)
	// Both happen all the same: what they give is lost.
	w.roles = []coin.Role{active(5)}
	w.happen(move)
	w.happen(bump)
	require.Equal(t, amount(0), w.ledger().Assets)
	require.Equal(t, amount(w.plans[bump].Own[0].Amount), w.ledger().WrittenOff)
}

func TestABumpOfAnAbandonedKeysPlanCountsOnceThatHappened(t *testing.T) {
	w, move, bump := hanging(t)
	w.burn(pay(1, 500))
	require.Empty(t, w.newPlans)
	f := w.fork()
	f.t = t
	f.happen(move)
	require.False(t, f.idle(4))
	f.happen(bump)
	require.Len(t, f.only().Payments, 1)
	// Back behind the move, it does not count again.
	var back coin.Rewind
	back.Fork, back.Horizon = f.number-2, f.number
	for i, id := range []coin.PlanID{bump, move} {
		block := coin.SettledBlock{Number: f.number - uint64(i)}
		f.completion(&block, id)
		back.Blocks = append(back.Blocks, block)
	}
	require.NoError(t, f.update(func(tx storage.Tx) error {
		_, err := f.s.Rewind(tx, &back)
		return err
	}))
	f.check()

	w.abandon(4)
	w.happen(move)
	w.happen(bump)
}

func TestABumpOfAnAbandonedKeysPlanIsVoidWithIt(t *testing.T) {
	p := chained()
	p.BumpAfter = 2
	w := newWorld(t, p)
	w.deposits(2000)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	move := w.open[0]
	require.Empty(t, w.replace(move, 1))
	version := w.id(w.only())
	w.abandon(3)
	w.roles = []coin.Role{active(4)}
	w.happen(version)
	require.Len(t, w.newVoid, 2)
	w.tidy()
	require.Equal(t, Pending{Outputs: 1}, w.pending())
}

// Outputs that were to move to a key that is abandoned meanwhile can be kept.
func TestAMoveToAnAbandonedKeyCanBeReplacedByOneThatStays(t *testing.T) {
	p := chained()
	p.BumpAfter = 2
	w := newWorld(t, p)
	w.deposits(2000)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	require.Len(t, w.open, 2)
	w.abandon(4)
	w.roles = []coin.Role{leaving(3, 4)}
	events := w.settle(coin.SettledBlock{})
	require.Equal(t, []happened{{What: "Condition", Plan: w.open[0], Text: "stuck: the key of what pays for it is not in use"}}, events)
	require.Empty(t, w.replace(w.open[0], 1))
	version := w.only()
	require.EqualValues(t, 3, version.Own[0].Session)
	w.happen(w.id(version))
	require.Len(t, w.newVoid, 2)
	require.Equal(t, amount(version.Own[0].Amount), w.ledger().Assets)
	require.Zero(t, w.ledger().WrittenOff)
	w.tidy()
}
