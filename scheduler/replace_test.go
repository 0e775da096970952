package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// replace replaces a plan and returns why that is refused, which changes nothing.
func (w *world) replace(id coin.PlanID, number uint64, drop ...coin.PaymentID) (reason string) {
	before := w.dump()
	require.NoError(w.t, w.update(func(tx storage.Tx) (err error) {
		reason, err = w.s.Replace(tx, id, number, drop)
		return err
	}))
	w.check()
	if reason != "" {
		require.Equal(w.t, before, w.dump())
		require.Empty(w.t, w.newPlans)
	}
	return reason
}

// tended is a world with a root that pays payment 1, has a child under way for 2
// to 4, a branch for 5 to 7, and a bump.
func tended(t *testing.T) (*world, []coin.PlanID) {
	p := chained()
	p.Descendants, p.BumpAfter = 1, 1
	w := planted(t, p, 1, 2000, 7, 100)
	require.Len(t, w.newPlans, 2)
	require.Equal(t, 1, w.nodesLeft())
	w.settle(coin.SettledBlock{})
	require.Len(t, w.open, 3)
	return w, w.open
}

// tidy checks that nothing is left of what is void.
func (w *world) tidy() {
	s := w.s.(*scheduler)
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) error {
		for range s.families.All(r) {
			require.Fail(w.t, "a family is left")
		}
		for range s.builds.All(r) {
			require.Fail(w.t, "something is built on what is void")
		}
		for range s.missing.All(r) {
			require.Fail(w.t, "something is missing")
		}
		return nil
	}))
	require.Zero(w.t, w.nodesLeft())
}

func TestTheVersionThatHappensDecides(t *testing.T) {
	w, ids := tended(t)
	root := ids[0]
	require.Empty(t, w.replace(root, 1, coin.PaymentID{3}, coin.PaymentID{6}))
	version := w.only()
	require.Equal(t, w.plans[root].Inputs, version.Inputs)
	require.Len(t, version.Payments, 1)
	require.Len(t, version.Own, 1)
	all := w.plans[root].Fee + w.plans[ids[1]].Fee + w.plans[ids[2]].Fee
	require.Equal(t, all+5*w.rules.FeeFloor, version.Fee, "what relay asks of one that takes the place of all")
	require.Equal(t, 100-weigh(1, 2)*w.rate, version.Payments[0].Paid, "it bears the present rate")
	require.Equal(t, 1900+weigh(1, 2)*w.rate-version.Fee, version.Own[0].Amount, "the group bears the rest")
	books := w.ledger()

	t.Run("the first", func(t *testing.T) {
		f := w.fork()
		f.t = t
		require.Equal(t, books, f.ledger())
		f.happen(root)
		require.Equal(t, []coin.PlanID{f.id(version)}, f.newVoid)
		require.Empty(t, of(f.newEvents, "Dropped"))
		for len(f.open) > 0 {
			f.complete()
		}
		require.Len(t, f.shares(), 7)
		f.tidy()
	})
	t.Run("the other", func(t *testing.T) {
		f := w.fork()
		f.t = t
		f.burn(pay(9, 100))
		require.Empty(t, f.newPlans, "there is nothing else")
		events := f.happen(f.id(version))
		require.ElementsMatch(t, ids, f.newVoid)
		require.Equal(t, []happened{
			{What: "Dropped", Payment: coin.PaymentID{3}, Amount: 100, Text: "it was decided not to make the payment"},
			{What: "Dropped", Payment: coin.PaymentID{6}, Amount: 100, Text: "it was decided not to make the payment"},
		}, of(events, "Dropped"))
		settled := of(events, "Settled")
		require.Len(t, settled, 1)
		require.Equal(t, coin.PaymentID{1}, settled[0].Payment)
		var order []byte
		for _, e := range of(events, "Planned") {
			order = append(order, e.Payment[0])
		}
		require.Equal(t, []byte{2}, order[:1], "the old ones are first")
		for len(f.open) > 0 {
			f.complete()
		}
		require.Len(t, f.shares(), 6)
		require.Equal(t, amount(200), f.ledger().Returned)
		f.tidy()
	})
}

func TestPaymentsOfTheRootItselfMayBeDropped(t *testing.T) {
	w, ids := tended(t)
	require.Empty(t, w.replace(ids[0], 1, coin.PaymentID{1}))
	version := w.only()
	require.Empty(t, version.Payments)
	require.Equal(t, 2000-version.Fee, version.Own[0].Amount)
	events := w.happen(w.id(version))
	require.Len(t, of(events, "Dropped"), 1)
	require.Equal(t, coin.PaymentID{1}, of(events, "Dropped")[0].Payment)
	require.Equal(t, coin.PaymentID{2}, of(events, "Planned")[0].Payment)
}

func TestReplacementsAreRefused(t *testing.T) {
	w, ids := tended(t)
	for name, test := range map[string]struct {
		id     coin.PlanID
		number uint64
		drop   []coin.PaymentID
		reason string
	}{
		"an unknown plan":      {coin.PlanID{7}, 1, nil, "it is not under way"},
		"number 0":             {ids[0], 0, nil, "its next replacement is number 1"},
		"number 2":             {ids[0], 2, nil, "its next replacement is number 1"},
		"an unknown payment":   {ids[0], 1, []coin.PaymentID{{9}}, "is none of the plan's"},
		"a payment twice":      {ids[0], 1, []coin.PaymentID{{1}, {1}}, "comes twice"},
		"payments unordered":   {ids[0], 1, []coin.PaymentID{{2}, {1}}, "comes twice"},
		"the root's, of child": {ids[1], 1, []coin.PaymentID{{1}}, "is none of the plan's"},
		"the node's, of child": {ids[1], 1, []coin.PaymentID{{5}}, "is none of the plan's"},
		"all of a leaf":        {ids[1], 1, []coin.PaymentID{{2}, {3}, {4}}, ""},
	} {
		f := w.fork()
		f.t = t
		reason := f.replace(test.id, test.number, test.drop...)
		if test.reason == "" {
			require.Empty(t, reason, name)
		} else {
			require.Contains(t, reason, test.reason, name)
		}
	}
	f := w.fork()
	f.t = t
	f.rate = 400
	require.Equal(t, "what it spends does not carry the fee", f.replace(ids[0], 1))
	require.Equal(t, "its payments do not carry the fee", f.replace(ids[1], 1))
	f.rate = 1
	f.rules.Dust = 101
	require.Contains(t, f.replace(ids[0], 1), "is below the dust limit")
	f.roles = []coin.Role{active(4)}
	require.Equal(t, "its key is not in use", f.replace(ids[0], 1))
	w.abandon(3)
	require.Equal(t, "its key is not in use", w.replace(ids[0], 1))
}

// rounded is a coin with fees that are multiples of ten thousand.
type rounded struct{ tabled }

func (c rounded) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	const quantum = 10_000
	fee, err := c.tabled.Fee(rate, inputs, outputs)
	return (fee + quantum - 1) / quantum * quantum, err
}

func TestRoundedFeesDoNotAddToAWeight(t *testing.T) {
	for inputs := range 5 {
		plan := coin.Plan{Inputs: make([]coin.Output, inputs), Own: make([]coin.OwnOutput, 3)}
		exact, err := (&scheduler{Config: Config{Coin: tabled{}}}).weigh(plan)
		require.NoError(t, err)
		require.Equal(t, 1000*weigh(inputs, 3), exact)
		weight, err := (&scheduler{Config: Config{Coin: rounded{}}}).weigh(plan)
		require.NoError(t, err)
		require.Equal(t, exact, weight)
	}
}

func TestAVersionMayBeReplacedAgain(t *testing.T) {
	w, ids := tended(t)
	require.Empty(t, w.replace(ids[0], 1, coin.PaymentID{2}))
	first := w.only()
	require.Equal(t, "its next replacement is number 2", w.replace(ids[0], 1))
	require.Empty(t, w.replace(w.id(first), 2, coin.PaymentID{1}))
	second := w.only()
	require.GreaterOrEqual(t, second.Fee, first.Fee+4*w.rules.FeeFloor)
	require.Empty(t, second.Payments)
	events := w.happen(w.id(second))
	dropped := of(events, "Dropped")
	require.Len(t, dropped, 1, "what another version drops is made")
	require.Equal(t, coin.PaymentID{1}, dropped[0].Payment)
	require.Len(t, w.newVoid, 4)
}

func TestABumpIsReplacedOnceForEachNumber(t *testing.T) {
	w, ids := tended(t)
	bump := ids[2]
	require.Empty(t, w.replace(bump, 1))
	dear := w.only()
	require.Equal(t, "its next replacement is number 2", w.replace(bump, 1))
	w.settle(coin.SettledBlock{}) // the newest version is stuck
	for _, plan := range w.newPlans {
		require.Equal(t, dear.Inputs, plan.Inputs)
		require.GreaterOrEqual(t, plan.Fee, dear.Fee+4*w.rules.FeeFloor, "of all versions")
	}
	require.LessOrEqual(t, len(w.newPlans), 1, "only the newest is looked at")
}

// A child with room for its payments alone has none for change.
func TestAVersionHasNoMoreOutputsThanATransactionMay(t *testing.T) {
	w := newWorld(t, chained())
	w.rate = 20
	w.deposits(10_000)
	w.burn(pay(1, 300), pay(2, 300), pay(3, 300), pay(4, 300), pay(5, 300), pay(6, 300))
	child := w.newPlans[1]
	require.Len(t, child.Payments, 4)
	w.rate = 1
	if w.replace(w.id(child), 1) == "" {
		require.LessOrEqual(t, len(w.only().Payments)+len(w.only().Own), 4)
	}
}

func TestLeavesMergesMovesAndForwardsAreReplaced(t *testing.T) {
	twice := func(w *world, id coin.PlanID, drop ...coin.PaymentID) coin.Plan {
		require.Empty(t, w.replace(id, 1, drop...))
		version := w.only()
		require.Equal(t, w.plans[id].Inputs, version.Inputs)
		require.Greater(t, version.Fee, w.plans[id].Fee)
		return version
	}
	// A leaf whose input is not confirmed, then one whose is.
	for _, confirmed := range []bool{false, true} {
		p := chained()
		w := planted(t, p, 1, 2000, 6, 100)
		root, leaf := w.open[0], w.open[1]
		if confirmed {
			w.happen(root)
		}
		version := twice(w, leaf, coin.PaymentID{4})
		require.Len(t, version.Payments, 3)
		require.Len(t, version.Own, 1, "what is dropped is change")
		if !confirmed {
			w.happen(root)
		}
		events := w.happen(w.id(version))
		require.Len(t, of(events, "Settled"), 3)
		require.Len(t, of(events, "Dropped"), 1)
		require.Equal(t, []coin.PlanID{leaf}, w.newVoid)
		w.tidy()
	}
	// A merge.
	w := newWorld(t, chained())
	w.deposits(100, 100, 100, 100, 100)
	w.burn(pay(1, 450))
	merge := w.open[0]
	version := twice(w, merge)
	require.Empty(t, version.Payments)
	w.happen(w.id(version))
	require.Len(t, w.only().Payments, 1, "which can spend what is merged")
	w.tidy()
	// A deposit passed on, and outputs that move.
	w = newWorld(t, chained())
	w.deposits(500)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	id := w.one(3, 300, 290, coin.PassedOn)
	require.Len(t, w.open, 2)
	for _, plan := range []coin.PlanID{w.open[0], w.open[1]} {
		version := twice(w, plan)
		require.Len(t, version.Own, 1)
		require.EqualValues(t, 4, version.Own[0].Session)
		w.happen(w.id(version))
		if version.Inputs[0].ID == id {
			require.Equal(t, []coin.Arrival{{Deposit: id, Amount: version.Own[0].Amount}}, w.newArrivals, "what arrived is less")
		}
	}
	require.True(t, w.idle(3))
	w.tidy()
	// To a successor that is gone nothing is given.
	w = newWorld(t, chained())
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.one(3, 300, 290, coin.PassedOn)
	w.abandon(4)
	require.Equal(t, "it goes to a key that is not in use", w.replace(w.open[0], 1))
}

func TestAVersionLeavesTheRestToWhomChangeIsDueNow(t *testing.T) {
	w := newWorld(t, chained())
	w.deposits(2000)
	w.burn(pay(1, 500))
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	require.Empty(t, w.replace(w.open[0], 1))
	require.EqualValues(t, 4, w.only().Own[0].Session)
	w.happen(w.id(w.newPlans[0]))
	require.Equal(t, Pending{Outputs: 1}, w.pending())
}

// TestPaymentsOfVoidPlansAreTiedToWhatHappened makes them from the change of the
// version, though there are older outputs.
func TestPaymentsOfVoidPlansAreTiedToWhatHappened(t *testing.T) {
	w, ids := tended(t)
	w.deposits(10_000, 10_000)
	require.Empty(t, w.replace(ids[0], 1, coin.PaymentID{3}))
	version := w.only()
	before := w.ledger()
	w.happen(w.id(version))
	change := coin.OutputID{Transaction: transactionOf(w.id(version)), Index: 1}
	var paid []coin.PaymentID
	for _, plan := range w.newPlans {
		require.Len(t, plan.Inputs, 1)
		if plan.Inputs[0].ID == change {
			require.EqualValues(t, w.rules.MaxOutputs, len(plan.Payments)+len(plan.Own))
			require.Equal(t, coin.Change, plan.Own[0].Kind)
			require.Greater(t, plan.Own[0].Amount, uint64(1000), "the rest")
		}
		for _, payment := range plan.Payments {
			paid = append(paid, payment.ID)
			require.Less(t, payment.Paid, payment.Amount, "they bear their fees")
		}
	}
	require.Subset(t, []coin.PaymentID{{2}, {4}, {5}, {6}, {7}}, paid)
	require.Equal(t, change, w.newPlans[0].Inputs[0].ID)
	for len(w.open) > 0 {
		w.complete()
	}
	require.Len(t, w.shares(), 6)
	require.Equal(t, before.Credited, w.ledger().Credited)
	w.tidy()
}

// A version of a plan that spends what is not there can be prepared by no coin whose
// Prepare looks its inputs up. Once it is there again, maybe in another block, the
// version spends it as it is there.
func TestNoVersionSpendsWhatIsNotThere(t *testing.T) {
	w := newWorld(t, parameters())
	d := w.deposit(1000)
	block := w.block(d)
	w.settle(block)
	w.burn(pay(1, 100))
	id := w.newestPlan()
	w.rewind(0, block)
	w.settle(coin.SettledBlock{})
	require.NotEmpty(t, w.replace(id, 1), "it spends a deposit that is void")

	d.Fate = coin.Returned
	d.Output.Spend = []byte("elsewhere")
	w.settle(w.block(d))
	require.Empty(t, w.replace(id, 1))
	version := w.newPlans[len(w.newPlans)-1]
	require.Equal(t, d.Output.ID, version.Inputs[0].ID)
	require.Equal(t, d.Output.Spend, version.Inputs[0].Spend)
}
