package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestADepositHeldBackIsAcceptedUntilItIsReported(t *testing.T) {
	for _, test := range []struct {
		fate coin.Fate
		want Ledger
	}{
		{coin.Reported, Ledger{Credited: amount(490)}},
		{coin.Refunded, Ledger{RefundsDue: amount(490)}},
		{coin.Accumulated, Ledger{Gifts: amount(490)}},
	} {
		w := newWorld(t, parameters())
		w.roles = []coin.Role{holding(3)} // pays no refund yet
		id := w.one(3, 500, 490, coin.Held)
		require.Equal(t, Ledger{Assets: amount(500), Accepted: amount(490), FeesCharged: amount(10)}, w.ledger())
		require.Equal(t, Pending{Outputs: 1}, w.pending())
		w.settle(coin.SettledBlock{}, coin.Late{Deposit: id, Origin: "user", Credit: 490, Amount: 490, Fate: test.fate})
		test.want.Assets, test.want.FeesCharged = amount(500), amount(10)
		require.Equal(t, test.want, w.ledger(), test.fate)
	}
}

func TestAHeldDepositMayBeReportedInTheSettlementThatBringsIt(t *testing.T) {
	w := newWorld(t, parameters())
	o := w.output(500)
	require.NoError(t, w.update(func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{
			Reference: 2, Late: []coin.Late{{Deposit: o.ID, Credit: 490, Amount: 490, Fate: coin.Reported}},
			Blocks: []coin.SettledBlock{{Number: 1, Deposits: []coin.Deposit{{Output: o, Credit: 490, Fate: coin.Held}}}, {Number: 2}},
		})
	}))
	w.check()
	require.Equal(t, Ledger{Assets: amount(500), Credited: amount(490), FeesCharged: amount(10)}, w.ledger())
}

func TestALateRefundIsQueuedOrDropped(t *testing.T) {
	for origin, what := range map[coin.Address]string{"user": "Planned", "nonsense": "Dropped", "user-own-07-change": "Dropped"} {
		w := newWorld(t, parameters())
		id := w.one(3, 500, 490, coin.Held)
		events := w.settle(coin.SettledBlock{}, coin.Late{Deposit: id, Origin: origin, Credit: 490, Amount: 470, Fate: coin.Refunded})
		require.Len(t, events, 1)
		require.Equal(t, what, events[0].What)
		require.Equal(t, coin.RefundID(id), events[0].Payment)
		if what == "Planned" {
			require.EqualValues(t, 470, w.only().Payments[0].Amount)
			require.Equal(t, amount(470), w.ledger().RefundsDue)
			require.Len(t, of(w.complete(), "Refunded"), 1)
		} else {
			require.Equal(t, amount(470), w.ledger().Gifts)
		}
	}
}

func TestLateReportsThatContradictTheBooksHalt(t *testing.T) {
	w := newWorld(t, parameters())
	id := w.one(3, 500, 490, coin.Held)
	for name, late := range map[string]coin.Late{
		"unknown":         {Deposit: coin.OutputID{Index: 99}, Credit: 490, Amount: 490, Fate: coin.Reported},
		"another credit":  {Deposit: id, Credit: 489, Amount: 489, Fate: coin.Reported},
		"more than that":  {Deposit: id, Credit: 490, Amount: 491, Fate: coin.Reported},
		"held once more":  {Deposit: id, Credit: 490, Amount: 490, Fate: coin.Held},
		"without a fate":  {Deposit: id, Credit: 490, Amount: 490},
		"unknown, of 0":   {Deposit: coin.OutputID{Index: 99}, Fate: coin.Reported},
		"passed on again": {Deposit: id, Credit: 490, Amount: 490, Fate: coin.PassedOn},
	} {
		var unbalanced *Unbalanced
		require.ErrorAs(t, w.update(func(tx storage.Tx) error {
			return w.settleIn(tx, &coin.Settlement{Reference: 2, Late: []coin.Late{late}})
		}), &unbalanced, name)
	}
	late := coin.Late{Deposit: id, Credit: 490, Amount: 490, Fate: coin.Reported}
	w.settle(coin.SettledBlock{}, late)
	var unbalanced *Unbalanced
	require.ErrorAs(t, w.update(func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 3, Late: []coin.Late{late}})
	}), &unbalanced, "reported twice")
}

func TestADepositIsPassedOnAloneAndReportedWithWhatArrived(t *testing.T) {
	for _, test := range []struct {
		fate coin.Fate
		want Ledger
	}{
		{coin.Reported, Ledger{Credited: amount(480)}},
		{coin.Refunded, Ledger{RefundsDue: amount(480)}},
		{coin.Accumulated, Ledger{Gifts: amount(480)}},
	} {
		w := newWorld(t, parameters())
		w.rate = 5
		w.roles = []coin.Role{leaving(3, 4), holding(4)}
		o, other := w.outputTo(3, 500), w.outputTo(3, 60)
		w.settle(coin.SettledBlock{Deposits: []coin.Deposit{
			{Output: o, Credit: 490, Fate: coin.PassedOn}, {Output: other, Credit: 50, Fate: coin.PassedOn},
		}})
		require.Empty(t, w.newEvents)
		require.Len(t, w.newPlans, 2)
		plan := w.newPlans[0]
		require.Equal(t, keyOf(3), plan.Key)
		require.Equal(t, []uint64{500}, inputs(plan))
		require.Empty(t, plan.Payments)
		require.Equal(t, []coin.OwnOutput{{Kind: coin.Forwarded, Session: 4, Address: "user-own-08-forwarded", Amount: 480}}, plan.Own)
		require.Equal(t, Ledger{
			Assets: amount(560), Accepted: amount(540), FeesCharged: amount(20), Recover: amount(40),
		}, w.ledger())
		require.Empty(t, w.newArrivals)
		require.False(t, w.idle(3))

		w.complete()
		require.Equal(t, []coin.Arrival{{Deposit: o.ID, Amount: 480}, {Deposit: other.ID, Amount: 40}}, w.newArrivals)
		require.Equal(t, Pending{Outputs: 2}, w.pending())
		require.True(t, w.idle(3))
		before := w.ledger()
		require.Equal(t, Ledger{
			Assets: amount(520), Accepted: amount(540), FeesCharged: amount(20), NetworkFees: amount(40), Recover: amount(40),
		}, before)

		w.settle(coin.SettledBlock{}, coin.Late{Deposit: o.ID, Origin: "user", Credit: 490, Amount: 480, Fate: test.fate})
		require.Empty(t, w.newArrivals, "told once")
		test.want.Assets, test.want.Accepted, test.want.FeesCharged = before.Assets, amount(50), amount(30)
		test.want.NetworkFees, test.want.Recover = before.NetworkFees, before.Recover
		require.Equal(t, test.want, w.ledger())

		w.roles = []coin.Role{active(4)}
		w.settle(coin.SettledBlock{}, coin.Late{Deposit: other.ID, Credit: 50, Amount: 40, Fate: coin.Reported})
		if test.fate != coin.Refunded {
			w.burn(pay(1, 400))
		}
		require.Equal(t, []uint64{480}, inputs(w.only()), "it is the successor's")
		require.Equal(t, keyOf(4), w.only().Key)
	}
}

func TestADepositThatCostsTooMuchToPassOnWaitsUntilTheKeyFinishes(t *testing.T) {
	w := newWorld(t, parameters())
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.rate = 10 // 40 for a transaction
	id := w.one(3, 49, 30, coin.PassedOn)
	rich := w.one(3, 50, 30, coin.PassedOn)
	require.Len(t, w.open, 1)
	require.Equal(t, rich, w.plans[w.open[0]].Inputs[0].ID, "exactly dust arrives of this one")
	w.complete()
	require.Equal(t, []coin.Arrival{{Deposit: rich, Amount: dust}}, w.newArrivals)
	w.restart()
	require.Empty(t, w.settle(coin.SettledBlock{}))
	require.False(t, w.idle(3))

	cheap := w.fork()
	cheap.rate = 9
	cheap.roles = []coin.Role{finishing(3, 4), active(4)}
	cheap.settle(coin.SettledBlock{})
	require.Len(t, cheap.newPlans, 1, "tried once more")
	require.EqualValues(t, 49-36, cheap.only().Own[0].Amount)

	w.roles = []coin.Role{finishing(3, 4), active(4)}
	before := w.ledger()
	events := w.settle(coin.SettledBlock{})
	const reason = "passing the deposit on costs too much of it"
	require.Equal(t, []happened{
		{What: "WrittenOff", Output: id, Amount: 49, Text: reason},
		{What: "Dropped", Payment: coin.RefundID(id), Text: reason},
	}, events)
	require.Equal(t, []coin.Arrival{{Deposit: id}}, w.newArrivals)
	require.True(t, w.idle(3))
	before.Assets, before.WrittenOff = before.Assets.Sub(49), amount(49)
	before.Accepted, before.Gifts = before.Accepted.Sub(30), amount(30)
	require.Equal(t, before, w.ledger())
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.newArrivals)
}

// If the successor is gone, a key goes on, and what it was to pass on has arrived.
func TestDepositsThatNoKeyTakesStay(t *testing.T) {
	for name, role := range map[string]coin.Role{
		"it pays again": active(3), "it hands over again": handing(3, 4), "it is told late": finishing(3, 3),
	} {
		w := newWorld(t, parameters())
		w.roles = []coin.Role{leaving(3, 4), active(4)}
		w.rate = 125
		id := w.one(3, 500, 490, coin.PassedOn)
		require.Empty(t, w.newPlans, name)
		before := w.ledger()
		w.roles = []coin.Role{role}
		require.Empty(t, w.settle(coin.SettledBlock{}), name)
		require.Empty(t, w.newPlans, name)
		require.Equal(t, []coin.Arrival{{Deposit: id, Amount: 500}}, w.newArrivals, name)
		require.Equal(t, Pending{Outputs: 1}, w.pending(), name)
		require.Equal(t, before, w.ledger(), name)
		require.True(t, w.idle(3), name)
		w.settle(coin.SettledBlock{}, coin.Late{Deposit: id, Credit: 490, Amount: 490, Fate: coin.Reported})
		require.Empty(t, w.newArrivals, "told once")
		require.Equal(t, Ledger{Assets: amount(500), Credited: amount(490), FeesCharged: amount(10)}, w.ledger(), name)
	}
}

func TestAKeyThatHandsOverGivesChangeToItsSuccessor(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	w.burn(pay(1, 300))
	require.Equal(t, keyOf(3), w.only().Key)
	require.Equal(t, []coin.OwnOutput{{Kind: coin.Change, Session: 4, Address: "user-own-08-change", Amount: 700}}, w.only().Own)
	w.burn(pay(2, 500))
	require.Empty(t, w.newPlans, "the change is not this key's")
	w.complete()
	require.Empty(t, w.newPlans)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	require.Equal(t, keyOf(4), w.only().Key)
	require.EqualValues(t, 4, w.only().Own[0].Session)
}

func TestAKeyThatHandsOverDoesNotMerge(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(slices.Repeat([]uint64{100}, 6)...)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	require.Contains(t, w.burn(pay(1, 450))[0].Text, "waits")
	require.Empty(t, w.newPlans)

	alone := w.fork()
	alone.roles = []coin.Role{active(3)}
	alone.settle(coin.SettledBlock{})
	require.Len(t, alone.only().Inputs, 4, "alone it would")

	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	require.Len(t, w.newPlans, 2)
	require.Empty(t, w.complete()[1:])
	require.Len(t, of(w.events, "Planned"), 1, "paid once everything has moved")
	require.Equal(t, keyOf(4), w.only().Key)
}

func TestPaymentsWaitWithoutAWordIfNoKeyPays(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.roles = []coin.Role{holding(3)}
	require.Empty(t, w.burn(pay(1, 300)))
	require.Empty(t, w.newPlans)
	require.Equal(t, amount(300), w.ledger().Owed)
	w.roles = nil
	require.Empty(t, w.settle(coin.SettledBlock{}))
	w.roles = []coin.Role{active(3)}
	require.Len(t, of(w.settle(coin.SettledBlock{}), "Planned"), 1)
}

func TestOutputsOfOtherSessionsAreNotSpent(t *testing.T) {
	w := newWorld(t, parameters())
	w.roles = []coin.Role{active(3), holding(4)}
	w.one(2, 5000, 5000, coin.Reported)
	w.one(4, 5000, 5000, coin.Reported)
	w.burn(pay(1, 100))
	require.Empty(t, w.newPlans)
	w.deposits(200)
	require.Equal(t, []uint64{200}, inputs(w.only()), "the oldest")
	w.deposits(12, 12, 12, 12, 110)
	w.burn(pay(2, 120))
	require.Equal(t, []uint64{110, 12, 12}, inputs(w.only()), "the largest")
	w.roles = []coin.Role{leaving(3, 4), holding(4)}
	w.settle(coin.SettledBlock{})
	require.Equal(t, []uint64{12, 12}, inputs(w.only()), "those that move")
}

func TestPaymentsToAnyKeyInUseAreRefused(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.roles = []coin.Role{active(3), holding(4)}
	for i, kind := range coin.Kinds {
		p := pay(byte(i), 100)
		p.Address, _ = tabled{}.Address(keyOf(4).Key, kind)
		require.Equal(t, "the address is the group's own", of(w.burn(p), "Refused")[0].Text)
	}
}

func TestOutputsMoveOldestFirstInBoundedTransactions(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 2
	w.deposits(50, 2, 60, 40, 3, 30, 20, 80)
	w.roles = []coin.Role{leaving(3, 4), holding(4)}
	require.False(t, w.idle(3))
	w.settle(coin.SettledBlock{})
	require.Len(t, w.newPlans, 2)
	require.Equal(t, []uint64{50, 60, 40, 3}, inputs(w.newPlans[0]), "not what costs what it holds")
	require.Equal(t, []uint64{30, 20, 80}, inputs(w.newPlans[1]))
	for i, arrives := range []uint64{153 - 14, 130 - 12} {
		plan := w.newPlans[i]
		require.Equal(t, keyOf(3), plan.Key)
		require.Equal(t, []coin.OwnOutput{{Kind: coin.Forwarded, Session: 4, Address: "user-own-08-forwarded", Amount: arrives}}, plan.Own)
	}
	require.Equal(t, amount(26), w.ledger().Recover)
	require.Empty(t, w.newEvents)
	require.False(t, w.idle(3))
	require.Empty(t, w.settle(coin.SettledBlock{}))
	require.Empty(t, w.newPlans, "nothing moves twice")
	w.complete()
	require.Empty(t, w.newArrivals)
	require.True(t, w.idle(3))
	require.Equal(t, Pending{Outputs: 3}, w.pending())
}

func TestOutputsOfWhichTooLittleWouldArriveStay(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 10
	w.deposits(24, 35) // 50 are fees
	w.roles = []coin.Role{leaving(3, 4)}
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.newPlans)
	require.True(t, w.idle(3))
	cheap := w.fork()
	cheap.rate = 9
	require.False(t, cheap.idle(3))
	w.deposits(11) // costs 10
	require.EqualValues(t, dust, w.only().Own[0].Amount)
	require.Equal(t, []uint64{24, 35, 11}, inputs(w.only()))
}

func TestChangeThatComesBackToAKeyThatLeavesMoves(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.burn(pay(1, 300))
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.newPlans)
	require.False(t, w.idle(3))
	w.complete()
	require.Equal(t, []uint64{700}, inputs(w.only()))
}

func TestTheSuccessorCountsOnWhatMovesToIt(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.one(4, 60, 60, coin.Reported)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	require.Len(t, w.newPlans, 1)
	require.NoError(t, w.store.Update(ctx, func(tx storage.Tx) error { // there is much to recover
		return w.s.(*scheduler).post(tx, func(l *Ledger) {
			l.NetworkFees, l.Credited, l.Recover = amount(60), l.Credited.Add(60), l.Recover.Add(60)
		})
	}))
	w.burn(pay(1, 100))
	require.Empty(t, w.newPlans, "costs do not stand in for what is about to come")
	w.complete()
	require.Equal(t, []uint64{60, 996}, inputs(w.only()))
}

func TestAKeyThatRetiresWritesOffWhatItLeavesBehind(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 10
	w.deposits(11, 30, 7)
	w.one(4, 500, 500, coin.Reported)
	w.roles = []coin.Role{finishing(3, 4), active(4)}
	require.True(t, w.idle(3))
	events := w.retire(3)
	require.Len(t, events, 3)
	for i, a := range []uint64{11, 30, 7} {
		require.Equal(t, "WrittenOff", events[i].What)
		require.Equal(t, a, events[i].Amount)
		require.EqualValues(t, i+1, events[i].Output.Index)
	}
	require.Equal(t, Ledger{
		Assets: amount(500), Credited: amount(548), WrittenOff: amount(48), Recover: amount(48),
	}, w.ledger(), "payments make up for it")
	require.Equal(t, Pending{Outputs: 1}, w.pending())
	w.rate = 0
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.newPlans, "it is gone")
	require.Empty(t, w.retire(4)[1:])
}

func TestAKeyThatIsNotIdleDoesNotRetire(t *testing.T) {
	for name, busy := range map[string]func(*world){
		"a plan": func(w *world) { w.deposits(500); w.burn(pay(1, 500)) },
		"a deposit": func(w *world) { // too dear to pass on at present
			w.roles, w.rate = []coin.Role{leaving(3, 4), active(4)}, 1000
			w.one(3, 500, 490, coin.PassedOn)
		},
		"an output":    func(w *world) { w.deposits(500) },
		"after a move": func(w *world) { w.deposits(500); w.roles[0] = leaving(3, 4); w.settle(coin.SettledBlock{}) },
	} {
		w := newWorld(t, parameters())
		busy(w)
		w.roles = []coin.Role{finishing(3, 4), active(4)}
		before := w.dump()
		require.False(t, w.idle(3), name)
		var unbalanced *Unbalanced
		require.ErrorAs(t, w.update(func(tx storage.Tx) error { return w.s.Retire(tx, 3) }), &unbalanced, name)
		require.Equal(t, before, w.dump())
	}
}
