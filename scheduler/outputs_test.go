package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestOutputsThatCostWhatTheyHoldAreLeftOut(t *testing.T) {
	for rate, spent := range map[uint64][]uint64{
		11: {12, 12, 500},
		12: {500},
	} {
		w := newWorld(t, parameters())
		w.rate = rate
		w.deposits(12, 12, 500, 9000)
		w.burn(pay(1, 450))
		require.Equal(t, spent, inputs(w.only()), "at a rate of %d", rate)
	}
}

func TestTheSearchForOldOutputsIsBounded(t *testing.T) {
	for dead, spent := range map[int]uint64{reach*4 - 1: 500, reach * 4: 9000} {
		w := newWorld(t, parameters())
		w.rate = 12
		w.deposits(slices.Repeat([]uint64{12}, dead)...)
		w.deposits(500, 9000)
		w.burn(pay(1, 450))
		require.Equal(t, []uint64{spent}, inputs(w.only()))
	}
}

func TestTheLargestOutputsPayWhatTheOldestDoNotCover(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(12, 12, 12, 12, 700, 900, 900, 800)
	w.burn(pay(1, 1750))
	require.Equal(t, []uint64{900, 900}, inputs(w.only()), "the largest, the older of equals first")
	require.EqualValues(t, 6, w.only().Inputs[0].ID.Index)
	w.burn(pay(2, 40))
	require.Equal(t, []uint64{12, 12, 12, 12}, inputs(w.only()), "the oldest, where they do")
}

// Outputs that hold little stand before outputs that hold much, and merging
// them would cost what they hold.
func TestCheapOutputsDoNotFreezeLargerPayments(t *testing.T) {
	for _, payments := range [][]coin.Payment{
		{pay(1, 50_000), pay(2, 40)},
		{pay(2, 40), pay(1, 50_000)},
		{pay(2, 40)},
	} {
		w := newWorld(t, parameters())
		w.rate = 6
		w.deposits(slices.Repeat([]uint64{12}, 5)...)
		w.deposits(100_000, 100_000, 100_000)
		require.Len(t, of(w.burn(payments...), "Planned"), len(payments))
		require.Equal(t, []uint64{100_000}, inputs(w.only()))
	}
}

// Payments that cannot carry the cost of many old outputs can carry that of
// one large output.
func TestPaymentsAreJudgedByTheFewestOutputs(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 10
	w.deposits(20, 20, 20, 20)
	require.Contains(t, w.burn(pay(1, 70))[0].Text, "share of the fee")
	w.deposits(5000)
	require.EqualValues(t, 70-50, w.only().Payments[0].Paid)
	require.Equal(t, []uint64{5000}, inputs(w.only()))
}

// Outputs not worth it are spent after all if nothing else covers a payment
// that can carry what they cost.
func TestTheLastOutputsAreSpentWhateverTheyCost(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 20
	w.deposits(12, 990, 12)
	w.burn(pay(1, 1000))
	require.Equal(t, []uint64{990, 12, 12}, inputs(w.only()))
	require.EqualValues(t, 1000-20*weigh(3, 2), w.only().Payments[0].Paid)
}

func TestMergesLeaveOutWhatIsNotWorthIt(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 15
	w.deposits(12, 12, 300, 300, 12, 300, 12, 300, 200, 12)
	w.burn(pay(1, 1350))
	require.Equal(t, []uint64{300, 300, 300, 300}, inputs(w.only()))
	require.Empty(t, w.only().Payments)
	w.rate = 14
	w.complete()
	require.Equal(t, []uint64{1095, 200, 12, 12}, inputs(w.only()))
}

// 8 deposits are credited at a low rate, and all of that is burnt at a high
// one: what the merges cost stands in for what the group no longer has.
func TestAllThatIsCreditedCanBeBurnt(t *testing.T) {
	for _, rates := range [][2]uint64{{5, 5}, {5, 1}} {
		w := newWorld(t, parameters())
		var block coin.SettledBlock
		for range 8 {
			block.Deposits = append(block.Deposits, coin.Deposit{Output: w.output(100), Credit: 98, Fate: coin.Reported})
		}
		w.settle(block)
		w.rate = rates[0]
		w.burn(pay(1, 784))
		require.Len(t, w.newPlans, 2)
		require.Equal(t, amount(70), w.ledger().Recover)
		require.Equal(t, amount(800), w.ledger().Assets)
		w.rate = rates[1]
		w.complete()
		plan := w.only()
		require.Equal(t, []uint64{365, 365}, inputs(plan))
		fee := rates[1] * weigh(2, 2)
		require.Equal(t, fee, plan.Fee)
		// The inputs lack 54, and change takes dust.
		require.Equal(t, 784-fee-54-dust, plan.Payments[0].Paid)
		require.EqualValues(t, dust, plan.Own[0].Amount)
		w.complete()
		require.Equal(t, Ledger{
			Assets: amount(dust), FeesCharged: amount(16), CostsCharged: amount(64 + fee), NetworkFees: amount(70 + fee),
			Recover: amount(6),
		}, w.ledger())
	}
}

// indebted is a world that has costs to recover.
func indebted(t *testing.T, costs uint64) *world {
	w := newWorld(t, parameters())
	require.NoError(t, w.store.Update(ctx, func(tx storage.Tx) error {
		return w.s.(*scheduler).post(tx, func(l *Ledger) {
			l.NetworkFees, l.Credited, l.Recover = amount(costs), amount(costs), amount(costs)
		})
	}))
	return w
}

func TestCostsStandInOnlyForWhatTheGroupDoesNotHave(t *testing.T) {
	w := indebted(t, 60)
	w.deposits(1000, 40)
	w.burn(pay(1, 900))
	require.EqualValues(t, 105, w.only().Own[0].Amount)
	w.burn(pay(2, 80))
	require.Empty(t, w.newPlans, "the change comes back")
	w.complete()
	require.Equal(t, []uint64{40, 105}, inputs(w.only()))
	require.EqualValues(t, 80-2*weigh(2, 2), w.only().Payments[0].Paid, "the fee, and the fee once more")
	w = indebted(t, 60)
	w.deposits(40)
	w.burn(pay(2, 80))
	require.EqualValues(t, 80-weigh(1, 2)-50, w.only().Payments[0].Paid, "what is missing, and change of dust")
}

// What costs more to reach than it holds is as good as not there.
func TestCostsStandInForWhatCannotBeReached(t *testing.T) {
	w := indebted(t, 60)
	w.rate = 5
	w.deposits(slices.Repeat([]uint64{11}, 10)...)
	w.deposits(500)
	w.burn(pay(1, 540))
	require.Equal(t, []uint64{500, 11, 11, 11}, inputs(w.only()))
	require.EqualValues(t, 540-2*5*weigh(4, 2), w.only().Payments[0].Paid, "the fee, and the fee once more")
}

func TestCostsWithChangeOrWithout(t *testing.T) {
	for _, test := range []struct{ assets, costs, amount, paid, change uint64 }{
		{60, 9, 69, 69 - 4 - 9, 0},
		{60, 18, 69, 69 - 4 - 9, 0},
		{60, 19, 69, 69 - 5 - 19, 10},
		{60, 40, 69, 69 - 5 - 19, 10},
		{60, 9, 60, 60 - 4, 0},
		{60, 10, 60, 60 - 5 - 10, 10},
		{14, 18, 24, 24 - 4 - 10, 0}, // change is beyond the payment
		{24, 18, 24, 24 - 4, 0},      // likewise
	} {
		w := indebted(t, test.costs)
		w.deposits(test.assets)
		w.burn(pay(1, test.amount))
		plan := w.only()
		require.Equal(t, test.paid, plan.Payments[0].Paid, "%+v", test)
		var change uint64
		for _, own := range plan.Own {
			change = own.Amount
		}
		require.Equal(t, test.change, change, "%+v", test)
		w.complete()
	}
}

func TestNoMoreIsRecoveredThanAPaymentCarries(t *testing.T) {
	w := indebted(t, 60)
	w.deposits(1000)
	w.burn(pay(1, dust+5+3))
	require.EqualValues(t, dust, w.only().Payments[0].Paid)
	require.Equal(t, amount(57), w.ledger().Recover)
}

func TestCostsBeyondAPaymentLetItWaitButNeverDropIt(t *testing.T) {
	for _, test := range []struct{ assets, costs, amount uint64 }{
		{12, 60, 70}, // the inputs lack 58
		{23, 8, 20},  // 3 would be lost, a lift takes 7
	} {
		w := indebted(t, test.costs)
		w.deposits(test.assets)
		events := w.burn(pay(1, test.amount))
		require.Len(t, events, 1)
		require.Contains(t, events[0].Text, "earlier costs")
		for range 3 * patience {
			require.Empty(t, w.settle(coin.SettledBlock{}), "told once")
			w.restart()
		}
		require.Len(t, of(w.deposits(20), "Planned"), 1)
	}
}

func TestPatienceStartsAnewForWhoCouldCarryTheFeeBetween(t *testing.T) {
	w := indebted(t, 8)
	w.deposits(23)
	w.rate = 10
	require.Contains(t, w.burn(pay(1, 20))[0].Text, "share of the fee")
	w.rate = 1
	require.Contains(t, w.settle(coin.SettledBlock{})[0].Text, "earlier costs")
	w.rate = 10
	for i := range patience {
		require.Len(t, of(w.settle(coin.SettledBlock{}), "Condition"), max(0, 1-i))
	}
	require.Len(t, of(w.settle(coin.SettledBlock{}), "Dropped"), 1)
}

func TestARankWithoutAnOutputHalts(t *testing.T) {
	for _, amounts := range [][]uint64{{900, 20, 20, 20, 20}, {100, 100, 100, 100, 200}} { // a payment, a merge
		w := newWorld(t, parameters())
		w.deposits(amounts...)
		s := w.s.(*scheduler)
		require.NoError(t, w.store.Update(ctx, func(tx storage.Tx) error { return s.free.Delete(tx, place{session: 3}) }))
		require.ErrorIs(t, w.update(func(tx storage.Tx) error {
			return s.Burn(tx, []coin.Payment{pay(1, 510)})
		}), storage.ErrCorrupt)
	}
}

func TestPaymentsThatCannotCarryEarlierCostsTogetherAreTriedOneByOne(t *testing.T) {
	w := indebted(t, 60)
	w.deposits(20)
	events := w.burn(pay(1, 30), pay(2, 30))
	require.Equal(t, "Planned", events[0].What)
	require.EqualValues(t, 30-weigh(1, 1)-10, w.only().Payments[0].Paid)
	require.Contains(t, events[1].Text, "waits")
	require.Equal(t, []coin.PaymentID{{2}}, w.pendingIDs())
}
