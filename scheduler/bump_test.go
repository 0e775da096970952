package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// stuck is a world with a plan that is stuck at block 4: it weighs 5 units, and
// the change is as given.
func stuck(t *testing.T, limit, change uint64) *world {
	p := chained()
	p.BumpAfter, p.FeeCap = 3, limit
	w := newWorld(t, p)
	w.rate = 2
	w.deposits(500 + change)
	w.burn(pay(1, 500))
	if change > 0 {
		require.EqualValues(t, 10, w.only().Fee)
	} else {
		require.EqualValues(t, 16, w.only().Fee, "nothing can lift it")
	}
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.newPlans, "not stuck yet")
	return w
}

// happen settles a block in which plans happen, in order.
func (w *world) happen(ids ...coin.PlanID) []happened {
	var block coin.SettledBlock
	for _, id := range ids {
		w.completion(&block, id)
		w.close(id)
	}
	return w.settle(block)
}

// close takes a plan from those under way.
func (w *world) close(id coin.PlanID) {
	for i, o := range w.open {
		if o == id {
			w.open = append(w.open[:i:i], w.open[i+1:]...)
			return
		}
	}
}

func (w *world) id(plan coin.Plan) coin.PlanID { return plan.ID(w.config.Genesis) }

func TestAStuckPlanIsLiftedByItsChange(t *testing.T) {
	w := stuck(t, 1000, 1000)
	root := w.open[0]
	w.settle(coin.SettledBlock{})
	bump := w.only()
	require.Equal(t, coin.Change, bump.Inputs[0].Kind)
	require.EqualValues(t, 1000, bump.Inputs[0].Amount)
	require.EqualValues(t, (5+4)*3-10, bump.Fee, "together half as much again")
	require.Equal(t, []coin.OwnOutput{{Kind: coin.Change, Session: 3, Address: "user-own-07-change", Amount: 983}}, bump.Own)
	require.Equal(t, amount(17), w.ledger().Recover)
	events := w.happen(root, w.id(bump))
	require.Len(t, of(events, "Settled"), 1)
	require.Equal(t, amount(983), w.ledger().Assets)
	require.Equal(t, amount(27), w.ledger().NetworkFees)
	require.Equal(t, Pending{Outputs: 1}, w.pending())
	for range 9 {
		w.settle(coin.SettledBlock{})
	}
	require.Empty(t, w.open)
}

func TestAStuckPlanIsLiftedToThePresentRate(t *testing.T) {
	for rate, fee := range map[uint64]uint64{0: 17, 3: 17, 4: 26, 50: 440, 60: 440, 200: 440} {
		w := stuck(t, 50, 1000)
		w.rate = rate
		w.settle(coin.SettledBlock{})
		require.Equal(t, fee, w.only().Fee, "at %d", rate)
	}
}

func TestChangeThatIsTooSmallLiftsNothing(t *testing.T) {
	for change, lifts := range map[uint64]bool{dust + 16: false, dust + 17: true} {
		w := stuck(t, 1000, change)
		before := w.ledger()
		events := w.settle(coin.SettledBlock{})
		if lifts {
			require.EqualValues(t, dust, w.only().Own[0].Amount)
			continue
		}
		require.Empty(t, w.newPlans)
		require.Len(t, events, 1)
		require.Equal(t, "stuck: its change cannot pay for it", events[0].Text)
		require.Equal(t, before, w.ledger())
		for range 2 {
			require.Empty(t, w.settle(coin.SettledBlock{}))
		}
		require.Len(t, w.settle(coin.SettledBlock{}), 1, "told again as often as it is looked at")
	}
}

func TestAPlanWithoutChangeIsToldToBeStuck(t *testing.T) {
	w := stuck(t, 1000, 0)
	events := w.settle(coin.SettledBlock{})
	require.Empty(t, w.newPlans)
	require.Equal(t, "stuck: the transaction leaves no change that could pay for it", events[0].Text)
}

func TestABumpOfAKeyThatHandsOverGivesToTheSuccessor(t *testing.T) {
	w := stuck(t, 1000, 1000)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	w.settle(coin.SettledBlock{})
	bump := w.only()
	require.EqualValues(t, 3, bump.Key.Session)
	require.EqualValues(t, 4, bump.Own[0].Session)

	// Change that went to the successor is spent by it.
	p := chained()
	p.BumpAfter = 3
	w = newWorld(t, p)
	w.deposits(2000)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	w.burn(pay(1, 500))
	require.EqualValues(t, 4, w.only().Own[0].Session)
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	bump = w.only()
	require.EqualValues(t, 4, bump.Key.Session)
	require.EqualValues(t, 4, bump.Own[0].Session)
	require.False(t, w.idle(3))
	w.complete()
	require.Zero(t, w.pending().Plans)
}

func TestNobodyIsAskedToLiftWhoIsGone(t *testing.T) {
	p := chained()
	p.BumpAfter = 1
	w := newWorld(t, p)
	w.deposits(2000)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	w.burn(pay(1, 500))
	w.abandon(4)
	events := w.settle(coin.SettledBlock{})
	require.Empty(t, w.newPlans, "its holders are gone, though the chain does not show it yet")
	require.Equal(t, "stuck: its change is of a key that is not in use", events[0].Text)
}

func TestAStuckBumpGetsVersionsThatOutbidIt(t *testing.T) {
	w := stuck(t, 12, 1000)
	root := w.open[0]
	w.settle(coin.SettledBlock{})
	versions := []coin.Plan{w.only()}
	var last happened
	for w.number < 40 {
		events := w.settle(coin.SettledBlock{})
		if len(events) > 0 {
			last = events[0]
		}
		if len(w.newPlans) > 0 {
			require.EqualValues(t, 4+3*len(versions), w.number)
			plan, before := w.only(), versions[len(versions)-1]
			require.Equal(t, before.Inputs, plan.Inputs)
			require.GreaterOrEqual(t, plan.Fee, before.Fee+4*w.rules.FeeFloor)
			require.LessOrEqual(t, plan.Fee+10, (5+4)*w.rules.FeeCap)
			versions = append(versions, plan)
		}
	}
	require.Greater(t, len(versions), 3)
	require.Equal(t, "stuck: the fee is at the cap", last.Text)
	require.Equal(t, amount(17), w.ledger().Recover, "only one of them can happen")
	for i := range versions {
		f := w.fork()
		f.t = t
		f.happen(root, f.id(versions[i]))
		require.Equal(t, Pending{Outputs: 1}, f.pending())
		require.Empty(t, f.open, "the others are void")
		require.Equal(t, amount(versions[i].Fee+10), f.ledger().NetworkFees)
		require.Equal(t, amount(versions[i].Fee), f.ledger().Recover)
		require.Equal(t, amount(versions[i].Own[0].Amount), f.ledger().Assets)
	}
}

func TestARootMayHappenBeforeItsBump(t *testing.T) {
	w := stuck(t, 1000, 1000)
	root := w.open[0]
	w.settle(coin.SettledBlock{})
	bump := w.open[1]
	w.happen(root)
	require.Equal(t, Pending{Plans: 1}, w.pending())
	require.Equal(t, amount(1000), w.ledger().Assets)
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	version := w.only() // pays for itself alone
	require.EqualValues(t, 6*4, version.Fee, "half as much again")
	w.happen(bump)
	require.Equal(t, Pending{Outputs: 1}, w.pending())
	require.Equal(t, amount(983), w.ledger().Assets)
}
