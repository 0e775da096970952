package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// settling settles a block in which plans happen.
func (w *world) settling(ids ...coin.PlanID) func(storage.Tx) error {
	block := coin.SettledBlock{Number: w.number + 1}
	for _, id := range ids {
		w.completion(&block, id)
		w.close(id)
	}
	return func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: block.Number, Blocks: []coin.SettledBlock{block}})
	}
}

// chains plans a tree whose children are chained.
func chains(t *testing.T) (*world, func(storage.Tx) error) {
	w := newWorld(t, chained())
	w.deposits(10_000)
	var burns []coin.Payment
	for i := range byte(12) {
		burns = append(burns, pay(i+1, 100))
	}
	return w, func(tx storage.Tx) error { return w.s.Burn(tx, burns) }
}

// sprouts settles a root whose branches are there: one payment has become poor.
func sprouts(t *testing.T) (*world, func(storage.Tx) error) {
	w := newWorld(t, parameters())
	w.deposits(10_000)
	w.burn(pay(1, 500), pay(2, 500), pay(3, 200), pay(4, 200), pay(5, 200), pay(6, 1000))
	w.rate = 110
	return w, w.settling(w.open...)
}

// releases settles a root with a branch whose payments have become poor.
func releases(t *testing.T) (*world, func(storage.Tx) error) {
	w := planted(t, parameters(), 1, 10_000, 6, 60)
	w.rate = 1000
	return w, w.settling(w.open...)
}

// lifts bumps a plan that is stuck.
func lifts(t *testing.T) (*world, func(storage.Tx) error) {
	w := stuck(t, 1000, 1000)
	return w, w.settling()
}

// liftsAgain makes a version of a bump that is stuck.
func liftsAgain(t *testing.T) (*world, func(storage.Tx) error) {
	w := stuck(t, 1000, 1000)
	for range 3 {
		w.settle(coin.SettledBlock{})
	}
	return w, w.settling()
}

// replacesOne replaces the root of a tree.
func replacesOne(t *testing.T) (*world, func(storage.Tx) error) {
	w, ids := tended(t)
	return w, func(tx storage.Tx) error {
		reason, err := w.s.Replace(tx, ids[0], 1, []coin.PaymentID{{3}, {6}})
		if err == nil && reason != "" {
			require.Fail(t, reason)
		}
		return err
	}
}

// decides settles a version of the root of a tree.
func decides(t *testing.T) (*world, func(storage.Tx) error) {
	w, replace := replacesOne(t)
	require.NoError(t, w.update(replace))
	return w, w.settling(w.open[len(w.open)-1])
}

// letsGo settles a version of a plan whose change another one spends, with a
// deposit, behind a rewind.
func letsGo(t *testing.T) (*world, func(storage.Tx) error) {
	p := chained()
	p.ChangeOutputs = 2
	w := newWorld(t, p)
	w.deposits(600, 600)
	w.burn(pay(1, 500))
	root := w.open[0]
	require.Len(t, w.only().Own, 1)
	w.happen(root)
	block := coin.SettledBlock{Number: w.number}
	w.completion(&block, root)
	w.burn(pay(2, 650))
	require.Len(t, w.only().Inputs, 2)
	require.NoError(t, w.update(func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Blocks: []coin.SettledBlock{block}})
		return err
	}))
	w.number = 1
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.replace(root, 1))
	return w, w.settling(w.id(w.only()))
}

// uproots abandons a key whose branches are to fund payments, and one is there.
func uproots(t *testing.T) (*world, func(storage.Tx) error) {
	w := planted(t, parameters(), 1, 10_000, 6, 100)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	return w, func(tx storage.Tx) error { return w.s.Abandon(tx, 3) }
}

// reinstates takes a block back in which the root of a tree settled, with its
// first child.
func reinstates(t *testing.T) (*world, func(storage.Tx) error) {
	p := chained()
	p.Descendants = 1
	w := planted(t, p, 1, 2000, 7, 100)
	root, child := w.open[0], w.open[1]
	w.happen(root, child)
	block := coin.SettledBlock{Number: w.number}
	w.completion(&block, root)
	w.completion(&block, child)
	return w, func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Blocks: []coin.SettledBlock{block}})
		return err
	}
}

func TestAVoidPlanLetsGoOfAllThatItSpends(t *testing.T) {
	w, settle := letsGo(t)
	version := w.newestVersion()
	require.NoError(t, w.update(settle))
	w.number++
	w.check()
	require.Len(t, w.newVoid, 2)
	plan := w.only()
	require.Equal(t, coin.PaymentID{2}, plan.Payments[0].ID, "made of what is free again")
	require.Len(t, plan.Inputs, 2)
	w.tidy()
	w.complete()
	require.Zero(t, w.pending().Payments)
	require.Equal(t, amount(2*600-1150-version.Fee-plan.Fee).Plus(w.ledger().CostsCharged), w.ledger().Assets)
}

func TestAVoidPlanMaySpendTwoOutputsOfAnother(t *testing.T) {
	p := chained()
	p.ChangeOutputs = 2
	w := newWorld(t, p)
	w.deposits(2000)
	w.burn(pay(1, 500))
	root := w.open[0]
	require.Len(t, w.only().Own, 2)
	w.happen(root)
	block := coin.SettledBlock{Number: w.number}
	w.completion(&block, root)
	w.burn(pay(2, 1400))
	require.Len(t, w.only().Inputs, 2)
	require.NoError(t, w.update(func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Blocks: []coin.SettledBlock{block}})
		return err
	}))
	w.number = 1
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.replace(root, 1))
	w.happen(w.id(w.only()))
	require.Len(t, w.newVoid, 2)
	require.Equal(t, coin.PaymentID{2}, w.only().Payments[0].ID)
	w.tidy()
}

func TestABranchIsReinstatedWithItsRoot(t *testing.T) {
	w := planted(t, parameters(), 1, 10_000, 6, 100)
	root := w.open[0]
	block := coin.SettledBlock{Number: 2}
	w.completion(&block, root)
	w.open = nil
	w.roles = []coin.Role{active(4)} // the key's absence shows
	require.Error(t, w.update(w.settling(root)), "a branch's key is in use as long as it funds payments")
	w.roles = []coin.Role{active(3)}
	require.NoError(t, w.update(func(tx storage.Tx) error {
		s := w.s.(*scheduler)
		m, err := s.moment(tx, 2)
		if err != nil {
			return err
		}
		return s.settleBlock(tx, m, block) // it is there, and not planned yet
	}))
	w.check()
	require.Equal(t, 1, w.nodesLeft())
	require.NoError(t, w.update(func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Blocks: []coin.SettledBlock{block}})
		return err
	}))
	w.check()
	w.number = 1
	require.Equal(t, []coin.PlanID{root}, w.open)
	for len(w.open) > 0 {
		w.complete()
	}
	require.Len(t, w.shares(), 2+6, "the root settles twice")
}

// newestVersion is the plan that began last.
func (w *world) newestVersion() coin.Plan { return w.newPlans[len(w.newPlans)-1] }

var growing = []func(*testing.T) (*world, func(storage.Tx) error){
	chains, sprouts, releases, lifts, liftsAgain, replacesOne, decides, letsGo, uproots, reinstates,
}

func TestNoErrorOfTheDatabaseIsLostWhenTreesGrow(t *testing.T) {
	for _, start := range growing {
		loseNoError(t, start)
	}
}

func TestNoErrorOfTheOthersIsLostWhenTreesGrow(t *testing.T) {
	for _, start := range growing {
		_, calls := failAnyOther(t, start)
		require.Greater(t, calls, 0)
	}
}
