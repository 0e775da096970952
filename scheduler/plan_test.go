package scheduler

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestPlanOfOnePayment(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 3
	w.deposits(1000)
	w.burn(pay(1, 100))
	plan := w.only()
	input := coin.Output{
		ID: coin.OutputID{Transaction: coin.TransactionID{0xdd}, Index: 1}, Session: 3, Amount: 1000, Spend: []byte{1},
	}
	require.Equal(t, coin.Plan{
		Key:      coin.Key{Session: 3, Key: []byte{7}},
		Inputs:   []coin.Output{input},
		Payments: []coin.PlannedPayment{{Payment: pay(1, 100), Paid: 85}},
		Own:      []coin.OwnOutput{{Kind: coin.Change, Session: 3, Address: "user-own-07-change", Amount: 900}},
		Fee:      15, Reference: 1,
	}, plan)
	require.Equal(t, amount(1000), w.ledger().Assets, "until the plan resolves")
	events := w.complete()
	require.Equal(t, []happened{{What: "Settled", Payment: coin.PaymentID{1}, Amount: 85, Share: 15}}, events)
	require.Equal(t, Ledger{
		Assets: amount(900), Credited: amount(900), CostsCharged: amount(15), NetworkFees: amount(15),
	}, w.ledger())
}

func TestTheOldestOutputsAreSpentAndOnlyAsManyAsNeeded(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(50, 60, 5000, 70)
	w.burn(pay(1, 100))
	require.Equal(t, []uint64{50, 60}, inputs(w.only()))
	w.burn(pay(2, 100))
	require.Equal(t, []uint64{5000}, inputs(w.only()))
}

func TestOneMoreOutputIsSpentIfTheRestWouldBeDust(t *testing.T) {
	for _, test := range []struct {
		left   uint64
		inputs int
	}{{0, 1}, {1, 2}, {dust - 1, 2}, {dust, 1}, {dust + 1, 1}} {
		w := newWorld(t, parameters())
		w.deposits(100+test.left, 700)
		w.burn(pay(1, 100))
		require.Len(t, w.only().Inputs, test.inputs, "left over: %d", test.left)
	}
}

func TestOutputsOfATransactionAreLimited(t *testing.T) {
	for n, test := range map[int]struct{ payments, branches int }{
		1: {1, 0}, 2: {2, 0}, 3: {3, 0}, 4: {2, 1}, 6: {2, 1}, 7: {1, 2}, 12: {0, 3}, 13: {2, 1}, 48: {0, 3}, 49: {2, 1},
	} {
		w := newWorld(t, parameters())
		w.deposits(10_000)
		var burns []coin.Payment
		for i := range n {
			burns = append(burns, pay(byte(i), 100))
		}
		w.burn(burns...)
		plan := w.only()
		require.Len(t, plan.Payments, test.payments, "of %d", n)
		require.Len(t, plan.Own, 1+test.branches, "of %d", n)
		require.Equal(t, coin.Change, plan.Own[0].Kind)
		for n := 1; len(w.open) > 0; n++ {
			w.complete()
			require.LessOrEqual(t, n, 4)
		}
		require.Len(t, of(w.events, "Settled"), n)
		require.Zero(t, w.pending().Payments)
	}
}

func TestInputsOfATransactionAreLimited(t *testing.T) {
	for n, test := range map[int]struct{ inputs, payments []int }{
		3: {[]int{3}, []int{1}},
		4: {[]int{4}, []int{1}},
		5: {[]int{4}, []int{0}}, // a merge, and the payment waits for it
	} {
		w := newWorld(t, parameters())
		w.deposits(slices.Repeat([]uint64{100}, n)...)
		w.burn(pay(1, uint64(n)*100-30))
		plan := w.only()
		require.Len(t, plan.Inputs, test.inputs[0])
		require.Len(t, plan.Payments, test.payments[0])
	}
}

func TestSmallOutputsAreMergedForALargePayment(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(slices.Repeat([]uint64{100}, 20)...)
	w.burn(pay(1, 1500), pay(2, 300))
	// 4 merges yield 1572; 3 yield 1179, and one output can be spent beside.
	require.Len(t, w.newPlans, 4)
	for _, plan := range w.newPlans {
		require.Len(t, plan.Inputs, 4)
		require.Empty(t, plan.Payments)
		require.EqualValues(t, 7, plan.Fee)
		require.EqualValues(t, 393, plan.Own[0].Amount)
	}
	require.Equal(t, amount(28), w.ledger().Recover)
	w.complete()
	require.Equal(t, []uint64{393, 393, 393, 393}, inputs(w.newPlans[0]))
	require.Equal(t, coin.PaymentID{1}, w.newPlans[0].Payments[0].ID)
	require.Equal(t, []uint64{100, 100, 100}, inputs(w.newPlans[1]))
	w.complete()
	require.Empty(t, w.open)
	require.Zero(t, w.pending().Payments)
}

func TestNoMoreIsMergedThanNeeded(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(slices.Repeat([]uint64{100}, 50)...)
	w.burn(pay(1, 600), pay(2, 100))
	require.Len(t, w.newPlans, 1, "its yield and 3 outputs beside it cover the payment")
	require.Equal(t, Pending{Payments: 2, Outputs: 46, Plans: 1}, w.pending())
	for range 3 {
		w.restart()
		w.burn()
		w.deposits(100)
		require.Len(t, w.open, 1, "the merge is under way")
	}
	w.complete()
	require.Equal(t, []uint64{393, 100, 100, 100}, inputs(w.newPlans[0]), "a merge's output is as old as what went into it")
	w.complete()
	require.Zero(t, w.pending().Payments)
}

func TestMergesAreMergedWhereOneRoundIsNotEnough(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(slices.Repeat([]uint64{100}, 64)...)
	w.burn(pay(1, 6000))
	rounds := 0
	for ; len(w.open) > 0; rounds++ {
		w.complete()
		w.restart()
	}
	require.Equal(t, 3, rounds, "to 16 outputs, to 4, and the payment")
	require.Len(t, of(w.events, "Settled"), 1)
}

func TestOneInputForATransactionMergesNothing(t *testing.T) {
	p := parameters()
	p.MaxInputs = 1
	w := newWorld(t, p)
	w.deposits(100, 100)
	w.burn(pay(1, 150))
	require.Empty(t, w.newPlans)
}

// A merge of 4 lets one more output be spent, of 100.
func TestAMergeThatCostsWhatItAddsWaits(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(100, 100, 100, 102, 100)
	for _, w.rate = range []uint64{60, 15} { // 420, 105
		w.burn(pay(1, 450))
		require.Empty(t, w.newPlans)
	}
	w.rate = 14 // 98
	w.settle(coin.SettledBlock{})
	require.EqualValues(t, 402-98, w.only().Own[0].Amount)
	w.complete()
	require.Len(t, w.only().Payments, 1, "which can carry that")
}

func TestAMergeThatYieldsLessThanDustIsOfNoUse(t *testing.T) {
	p := parameters()
	p.MaxInputs = 2
	w := newWorld(t, p)
	w.deposits(100, 100, 100, 100, 12, 11)
	w.rate = 3
	w.burn(pay(1, 375))
	require.Len(t, w.newPlans, 2)
	require.Equal(t, Pending{Payments: 1, Outputs: 2, Plans: 2}, w.pending())
}

func TestCostsOfMergesAreRecoveredOnce(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(slices.Repeat([]uint64{100}, 5)...)
	w.burn(pay(1, 450))
	require.Equal(t, amount(7), w.ledger().Recover)
	w.complete() // 100 and 393
	plan := w.only()
	require.EqualValues(t, 6, plan.Fee)
	require.EqualValues(t, 438, plan.Payments[0].Paid, "the fee, and the fee once more")
	require.EqualValues(t, 49, plan.Own[0].Amount)
	require.Equal(t, amount(1), w.ledger().Recover)
	w.complete()
	w.deposits(1000)
	w.burn(pay(2, 100))
	plan = w.only()
	require.EqualValues(t, 100-6-1, plan.Payments[0].Paid)
	require.Zero(t, w.ledger().Recover)
	w.complete()
	w.burn(pay(3, 100))
	require.EqualValues(t, 95, w.only().Payments[0].Paid, "nothing is charged twice")
	w.complete()
	books := w.ledger()
	require.Equal(t, books.NetworkFees, books.CostsCharged)
}

func TestRestsBelowDustGoToTheFeeAndAreRecovered(t *testing.T) {
	for _, test := range []struct{ left, fee, share, recover uint64 }{
		{0, 4, 4, 0},
		{1, 4, 3, 1},
		{4, 4, 0, 4},
		{dust - 1, dust - 1, 0, dust - 1},
		{dust, 5, 5, 0}, // change
	} {
		w := newWorld(t, parameters())
		w.deposits(100 + test.left)
		w.burn(pay(1, 100))
		plan := w.only()
		require.Equal(t, test.fee, plan.Fee)
		require.Equal(t, 100-test.share, plan.Payments[0].Paid)
		require.Equal(t, amount(test.recover), w.ledger().Recover)
		require.Equal(t, test.left >= dust, len(plan.Own) == 1)
		w.complete()
		w.deposits(1000)
		w.rate = 20
		w.burn(pay(2, 500))
		require.Equal(t, 500-w.only().Fee-test.recover, w.only().Payments[0].Paid)
		require.Zero(t, w.ledger().Recover)
	}
}

// Whoever makes the group lose rests to fees, again and again, pays for what
// was lost before.
func TestRestsLostToFeesNeverAddUpToDust(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 0
	var lifted int
	for i := range byte(20) {
		w.deposits(100 + dust/2 - 1)
		w.burn(pay(i, 100))
		plan := w.only()
		if len(plan.Own) > 0 && plan.Own[0].Amount == dust {
			lifted++
		}
		require.False(t, amount(dust-1).Minus(w.ledger().Recover).Negative())
		w.complete()
	}
	require.NotZero(t, lifted)
}

func TestExactlyWhatThereIsLeavesNothing(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(100, 200)
	w.burn(pay(1, 300))
	plan := w.only()
	require.Empty(t, plan.Own)
	require.EqualValues(t, 5, plan.Fee)
	require.EqualValues(t, 295, plan.Payments[0].Paid)
	w.complete()
	require.Zero(t, w.pending())
	require.Zero(t, w.ledger().Assets)
}

func TestAFeeNobodyCanPayIsNotPaid(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 50
	w.deposits(slices.Repeat([]uint64{1000}, 5)...)
	w.burn(pay(1, 4500))
	w.complete()
	w.complete()
	require.Equal(t, amount(50), w.ledger().Recover, "of the merge")
	w.rate = math.MaxUint64 / weigh(1, 2) // the fee is all that 64 bits hold
	require.Contains(t, w.burn(pay(2, 300))[0].Text, "share of the fee")
	require.Empty(t, w.open)
	w.rate = 1
	w.settle(coin.SettledBlock{})
	require.EqualValues(t, 300-5-5, w.only().Payments[0].Paid)
}

func TestNothingIsPlannedTwice(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000, 1000)
	w.burn(pay(1, 100))
	first := w.only()
	for range 3 {
		w.restart()
		require.Empty(t, w.burn())
		require.Empty(t, w.settle(coin.SettledBlock{}))
	}
	w.burn(pay(2, 100))
	require.NotEqual(t, first.Inputs[0].ID, w.only().Inputs[0].ID)
	require.Equal(t, Pending{Plans: 2}, w.pending())
}

func TestDraftsChangeNothing(t *testing.T) {
	w := newWorld(t, parameters())
	w.rateErr = coin.ErrTransient
	w.deposits(1000)
	p := queued{Payment: pay(1, 100)}
	s := w.s.(*scheduler)
	require.NoError(t, w.store.Update(ctx, func(tx storage.Tx) error {
		_, err := s.payments.Push(tx, p)
		return err
	}))
	w.rateErr = nil
	before := w.dump()
	require.NoError(t, w.store.View(ctx, func(r storage.Reader) error {
		d, _, err := s.draft(r, moment{reference: 1, rules: w.rules}, coin.Role{Key: coin.Key{Session: 3}, Change: coin.Key{Session: 3}})
		require.Equal(t, p.Payment, d.plan.Payments[0].Payment)
		return err
	}))
	require.Equal(t, before, w.dump())
}

func TestAmortise(t *testing.T) {
	for _, test := range []struct {
		name       string
		amounts    []uint64
		cost       uint64
		paid       []uint64
		rich, poor []int
	}{
		{"nothing to bear", []uint64{10, 11}, 0, []uint64{10, 11}, []int{0, 1}, nil},
		{"equal shares", []uint64{100, 200, 300}, 30, []uint64{90, 190, 290}, []int{0, 1, 2}, nil},
		{"the largest bear the rest", []uint64{100, 200, 300}, 32, []uint64{90, 189, 289}, []int{0, 1, 2}, nil},
		{"the first of equals", []uint64{100, 100, 100}, 31, []uint64{89, 90, 90}, []int{0, 1, 2}, nil},
		{"down to dust", []uint64{20, 21}, 20, []uint64{10, 11}, []int{0, 1}, nil},
		{"below dust", []uint64{19, 21}, 20, []uint64{10, 10}, []int{1}, []int{0}},
		{"below zero", []uint64{10, 100}, 40, []uint64{10, 60}, []int{1}, []int{0}},
		{"the larger bear for the small", []uint64{30, 12, 20}, 30, []uint64{12, 10, 10}, []int{0, 2}, []int{1}},
		{"beyond all of them", []uint64{10, 12}, 1 << 63, nil, nil, []int{0, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			payments := make([]coin.PlannedPayment, len(test.amounts))
			for i, a := range test.amounts {
				payments[i].Amount = a
			}
			rich, poor := afford(payments, test.cost, dust)
			require.Equal(t, test.rich, rich)
			require.Equal(t, test.poor, poor)
			if test.paid == nil {
				return
			}
			amortise(payments, test.cost, dust)
			for i, p := range payments {
				require.Equal(t, test.paid[i], p.Paid)
			}
		})
	}
}

func TestAmortiseSharesToTheUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Uint64Range(dust, 1<<40), 1, 30).Draw(t, "amounts")
		cost := rapid.Uint64Range(0, 1<<40).Draw(t, "cost")
		payments := make([]coin.PlannedPayment, len(amounts))
		for i, a := range amounts {
			payments[i].Amount = a
		}
		rich, poor := afford(payments, cost, dust)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(slices.Concat(rich, poor)))), len(amounts))
		var most uint64 // that they can carry together
		for _, a := range amounts {
			most += a - dust
		}
		if most < cost {
			require.NotEmpty(t, poor)
			return
		}
		amortise(payments, cost, dust)
		var borne, highest uint64
		for i, p := range payments {
			require.GreaterOrEqual(t, p.Paid, uint64(dust))
			borne += amounts[i] - p.Paid
			highest = max(highest, amounts[i]-p.Paid)
		}
		require.Equal(t, cost, borne)
		for _, p := range payments {
			if p.Paid > dust {
				require.LessOrEqual(t, highest-(p.Amount-p.Paid), uint64(1), "equal shares")
			}
		}
		if len(poor) == 0 {
			require.LessOrEqual(t, highest, cost/uint64(len(amounts))+1)
		}
	})
}

func TestConserve(t *testing.T) {
	plan := coin.Plan{
		Inputs:   []coin.Output{{Amount: 1 << 63}, {Amount: 1 << 63}},
		Payments: []coin.PlannedPayment{{Paid: 1 << 63}},
		Own:      []coin.OwnOutput{{Amount: 1<<63 - 1}},
		Fee:      1,
	}
	require.NoError(t, conserve(plan))
	plan.Fee = 2
	var unbalanced *Unbalanced
	require.ErrorAs(t, conserve(plan), &unbalanced)
}

func inputs(plan coin.Plan) (amounts []uint64) {
	for _, o := range plan.Inputs {
		amounts = append(amounts, o.Amount)
	}
	return amounts
}
