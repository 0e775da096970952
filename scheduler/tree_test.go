package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// chained are the parameters of a network where children may spend unconfirmed
// branches.
func chained() coin.Parameters {
	p := parameters()
	p.FeeFloor, p.FeeCap = 1, 1000
	p.Descendants, p.DescendantsWeight = 10, 1_000_000
	return p
}

// patient is a coin whose unconfirmed outputs cannot be spent.
type patient struct{ tabled }

func (patient) Unconfirmed(coin.Plan) ([]coin.Output, error) { return nil, nil }

// planted burns n payments of an amount each, from one output.
func planted(t *testing.T, p coin.Parameters, rate, output uint64, n int, each uint64) *world {
	w := newWorld(t, p)
	w.rate = rate
	w.deposits(output)
	var burns []coin.Payment
	for i := range n {
		burns = append(burns, pay(byte(i+1), each))
	}
	w.burn(burns...)
	return w
}

// shares returns what settled payments bore.
func (w *world) shares() (list []uint64) {
	for _, e := range of(w.events, "Settled") {
		list = append(list, e.Share)
	}
	return list
}

func sum(list []uint64) (total uint64) {
	for _, n := range list {
		total += n
	}
	return total
}

// nodesLeft are the branches for which nothing is planned yet.
func (w *world) nodesLeft() (n int) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) error {
		for _, err := range w.s.(*scheduler).nodes.All(r) {
			if err != nil {
				return err
			}
			n++
		}
		return nil
	}))
	return n
}

func TestATreeOfThreeLevelsPaysEachPaymentOnceInEqualShares(t *testing.T) {
	for name, change := range map[string]func(*coin.Parameters, *world){
		"standard":        func(*coin.Parameters, *world) {},
		"no descendants":  func(p *coin.Parameters, _ *world) { p.FeeFloor, p.FeeCap = 1, 1000 },
		"chained":         func(p *coin.Parameters, _ *world) { *p = chained() },
		"cannot be spent": func(p *coin.Parameters, w *world) { *p = chained(); w.config.Coin = patient{} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, parameters())
			change(&w.rules, w)
			w.s = New(w.config)
			w.rate = 3
			w.deposits(10_000)
			var burns []coin.Payment
			for i := range 30 {
				burns = append(burns, pay(byte(i+1), 200))
			}
			w.burn(burns...)
			require.Equal(t, 3, levels(30, 3, 4))
			rounds := 0
			for ; len(w.open) > 0; rounds++ {
				w.restart()
				w.complete()
				books := w.ledger()
				require.Equal(t, amount(10_000), books.Assets.Plus(books.NetworkFees).Plus(amount(200*uint64(len(w.shares())))).Minus(books.CostsCharged))
			}
			if name == "chained" {
				require.Equal(t, 2, rounds, "only children of the root are chained")
			} else {
				require.Equal(t, 3, rounds)
			}
			shares := w.shares()
			require.Len(t, shares, 30)
			require.LessOrEqual(t, slices.Max(shares)-slices.Min(shares), uint64(1), "equal to the unit")
			books := w.ledger()
			require.Equal(t, amount(sum(shares)), books.NetworkFees, "they bear all fees, and no more")
			require.Zero(t, books.Recover)
			require.Equal(t, amount(10_000-30*200), books.Assets)
			require.Equal(t, Pending{Outputs: 1}, w.pending())
		})
	}
}

func TestOnlySoManyChildrenAreChainedAsRelayLets(t *testing.T) {
	// The root has change and three branches and weighs 7 units, its children,
	// with 4 payments each, as much.
	for _, test := range []struct {
		descendants uint32
		weight      uint64
		children    int
	}{
		{10, 28_000, 3}, {10, 27_999, 2}, {10, 21_000, 2}, {10, 20_999, 1}, {10, 14_000, 1}, {10, 13_999, 0},
		{0, 28_000, 0}, {1, 28_000, 1}, {2, 28_000, 2}, {3, 28_000, 3},
	} {
		p := chained()
		p.Descendants, p.DescendantsWeight = test.descendants, test.weight
		w := planted(t, p, 1, 10_000, 12, 100)
		require.Len(t, w.newPlans, 1+test.children, "%+v", test)
		require.Equal(t, 3-test.children, w.nodesLeft())
		require.EqualValues(t, 7, w.newPlans[0].Fee)
		for _, child := range w.newPlans[1:] {
			require.EqualValues(t, 14, child.Fee, "nothing can lift it")
		}
		for len(w.open) > 0 {
			w.complete()
		}
		require.Len(t, w.shares(), 12)
	}
}

func TestAChildWithDeeperBranchesIsNotChainedFurther(t *testing.T) {
	w := planted(t, chained(), 1, 10_000, 24, 100)
	require.Len(t, w.newPlans, 3)
	for _, child := range w.newPlans[1:] {
		require.NotEmpty(t, child.Own, "it has branches of its own")
	}
	left := w.nodesLeft()
	require.NotZero(t, left)
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.newPlans)
	var block coin.SettledBlock
	w.completion(&block, w.open[0])
	w.open = w.open[1:]
	w.settle(block)
	require.Empty(t, w.newPlans, "the branches of children are not there")
	require.Equal(t, left, w.nodesLeft())
}

func TestTheRateOfTheDayCountsForChildren(t *testing.T) {
	for rate, share := range map[uint64]uint64{2: 0, 1: 0, 4: 0} {
		w := planted(t, parameters(), 2, 10_000, 6, 100) // two direct, four in a branch
		root := w.only()
		require.Len(t, root.Payments, 2)
		require.EqualValues(t, 2*7, root.Fee) // one input, two payments, change and a branch
		branch := root.Own[1].Amount
		w.rate = rate
		w.complete()
		child := w.only()
		require.Len(t, child.Payments, 4)
		require.Equal(t, rate*7, child.Fee)
		require.Empty(t, child.Own)
		share = 0
		for _, p := range child.Payments {
			share += p.Amount - p.Paid
		}
		require.Equal(t, branch, 400-share+child.Fee, "all of the rest is theirs")
		w.complete()
		require.Zero(t, w.pending().Payments)
	}
}

func TestPaymentsOfABranchThatBecomePoorAreQueuedAnew(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(10_000)
	w.burn(pay(1, 500), pay(2, 500), pay(3, 300), pay(4, 30), pay(5, 300), pay(6, 300))
	root := w.only()
	require.Equal(t, coin.Branch, root.Own[1].Kind)
	w.rate = 20
	events := w.complete()
	require.Equal(t, coin.PaymentID{4}, of(events, "Condition")[0].Payment)
	child := w.only()
	require.Len(t, child.Payments, 3)
	require.Equal(t, root.Own[1].Amount, child.Inputs[0].Amount)
	w.rate = 1
	w.settle(coin.SettledBlock{})
	require.Equal(t, coin.PaymentID{4}, w.only().Payments[0].ID)
	w.complete()
	require.Len(t, w.shares(), 6)
	require.Zero(t, w.pending().Payments)
}

func TestWhatPoorPaymentsLeaveIsChange(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(10_000)
	w.burn(pay(1, 500), pay(2, 500), pay(3, 200), pay(4, 200), pay(5, 200), pay(6, 1000))
	w.rate = 110
	w.complete()
	child := w.only()
	require.Len(t, child.Payments, 1)
	require.Equal(t, coin.PaymentID{6}, child.Payments[0].ID)
	require.Len(t, child.Own, 1)
	require.Equal(t, coin.Change, child.Own[0].Kind)
	require.EqualValues(t, 110*5, child.Fee)
	w.rate = 1
	for range 3 {
		w.complete()
	}
	require.Len(t, w.shares(), 6)
	require.Zero(t, w.pending().Payments)
	require.Empty(t, w.open)
}

func TestABranchWithNothingLeftToPayIsFree(t *testing.T) {
	w := planted(t, parameters(), 1, 10_000, 6, 60)
	root := w.only()
	w.rate = 1000
	events := w.complete()
	told := of(events, "Condition")
	require.Equal(t, root.ID(w.config.Genesis), told[len(told)-1].Plan)
	require.Contains(t, told[len(told)-1].Text, "branch 1 is free")
	require.Empty(t, w.newPlans)
	require.Zero(t, w.nodesLeft())
	require.Equal(t, Pending{Payments: 4, Outputs: 2}, w.pending())
	w.rate = 1
	w.settle(coin.SettledBlock{})
	for len(w.open) > 0 {
		w.complete()
	}
	require.Len(t, w.shares(), 6)
}

func TestChangeIsSplitWhileTheKeyLacksOutputs(t *testing.T) {
	for _, test := range []struct {
		wanted   uint32
		change   uint64
		payments int
		amounts  []uint64
	}{
		{1, 1000, 1, []uint64{1000}},
		{2, 1001, 1, []uint64{501, 500}},
		{3, 1000, 1, []uint64{334, 333, 333}},
		{9, 1000, 1, []uint64{334, 333, 333}}, // no room for more
		{3, 1000, 2, []uint64{500, 500}},      // a payment takes the room
		{3, 1000, 3, []uint64{1000}},          // all payments do
		{3, 95, 1, []uint64{48, 47}},          // 32 times what spending costs is 32
		{3, 63, 1, []uint64{63}},              // not worth it
		{3, 64, 1, []uint64{32, 32}},          // just
		{3, 96, 1, []uint64{32, 32, 32}},      // just
		{2, dust + 1, 1, []uint64{dust + 1}},  // hardly anything
	} {
		p := parameters()
		p.ChangeOutputs = test.wanted
		w := newWorld(t, p)
		w.deposits(uint64(test.payments)*100 + test.change)
		var burns []coin.Payment
		for i := range test.payments {
			burns = append(burns, pay(byte(i+1), 100))
		}
		w.burn(burns...)
		var got []uint64
		for _, own := range w.only().Own {
			require.Equal(t, coin.Change, own.Kind)
			got = append(got, own.Amount)
		}
		require.Equal(t, test.amounts, got, "%+v", test)
	}
}

func TestChangeIsSplitByWhatItsKeyHas(t *testing.T) {
	p := parameters()
	p.ChangeOutputs = 3
	w := newWorld(t, p)
	w.deposits(1000, 1000)
	w.burn(pay(1, 100))
	require.Len(t, w.only().Own, 2, "another one is free")
	w.burn(pay(2, 100))
	require.Len(t, w.only().Own, 1, "two come back")

	w = newWorld(t, p)
	w.deposits(1000)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	w.burn(pay(1, 100))
	require.Len(t, w.only().Own, 3, "the successor has none")
	for _, own := range w.newPlans[0].Own {
		require.EqualValues(t, 4, own.Session)
	}
}
