package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestBranchesStayWithTheirKeyInEveryStage(t *testing.T) {
	for stage, roles := range map[string][]coin.Role{
		"hands over": {handing(3, 4), holding(4)},
		"forwards":   {leaving(3, 4), active(4)},
		"finishes":   {finishing(3, 4), active(4)},
	} {
		t.Run(stage, func(t *testing.T) {
			w := planted(t, parameters(), 2, 10_000, 30, 100)
			w.roles = roles
			for rounds := 0; len(w.open) > 0; rounds++ {
				require.Less(t, rounds, 6)
				require.False(t, w.idle(3), "it has payments to make")
				w.complete()
				for _, plan := range w.newPlans {
					child := plan.Inputs[0].Kind == coin.Branch
					require.Equal(t, child, len(plan.Payments)+len(plan.Own) > 1)
					require.EqualValues(t, 3, plan.Key.Session)
					for _, own := range plan.Own {
						if own.Kind == coin.Branch {
							require.EqualValues(t, 3, own.Session)
						} else {
							require.EqualValues(t, 4, own.Session)
						}
					}
				}
			}
			require.Len(t, w.shares(), 30)
			if stage == "finishes" {
				require.True(t, w.idle(3))
				w.retire(3)
			}
		})
	}
}

func TestChangeOfAChildGoesToTheSuccessor(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(10_000)
	w.burn(pay(1, 500), pay(2, 500), pay(3, 200), pay(4, 200), pay(5, 200), pay(6, 1000))
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.rate = 110
	w.complete()
	child := w.newPlans[0]
	require.Len(t, child.Payments, 1)
	require.EqualValues(t, 4, child.Own[0].Session)
	w.rate = 1
	for range 4 {
		w.complete()
	}
	require.Len(t, w.shares(), 6, "the successor pays the poor")
	require.True(t, w.idle(3))
}

func TestPaymentsOfBranchesAreMadeByTheSuccessorOfAnAbandonedKey(t *testing.T) {
	p := chained()
	p.Descendants = 1
	w := planted(t, p, 1, 2000, 7, 100) // 1 direct, 2 to 4 chained, 5 to 7 to come
	root, child := w.open[0], w.open[1]
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.abandon(3)
	require.Zero(t, w.nodesLeft())
	require.Equal(t, Pending{Payments: 3, Plans: 2}, w.pending())
	require.Equal(t, amount(2000), w.ledger().WrittenOff)
	w.roles = []coin.Role{active(4)}
	w.one(4, 5000, 5000, coin.Reported)
	successors := w.newPlans
	require.NotEmpty(t, successors)
	var made []coin.PaymentID
	for _, plan := range successors {
		for _, payment := range plan.Payments {
			made = append(made, payment.ID)
		}
	}
	require.Equal(t, []coin.PaymentID{{5}, {6}, {7}}, made, "those planned may still be made")

	// What was signed may happen.
	events := w.happen(root, child)
	require.Len(t, of(events, "Settled"), 4)
	w.complete()
	require.Len(t, w.shares(), 7)
	require.Empty(t, w.open)
	w.tidy()
}

func TestFundedBranchesOfAnAbandonedKeyAreWrittenOff(t *testing.T) {
	w := planted(t, parameters(), 1, 10_000, 6, 100)
	root := w.open[0]
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	w.abandon(3)
	require.Equal(t, Pending{Payments: 4, Plans: 1}, w.pending())
	w.roles = []coin.Role{active(4)}
	off := of(w.happen(root), "WrittenOff")
	require.Len(t, off, 2, "change and branch come too late")
	w.one(4, 5000, 5000, coin.Reported)
	for len(w.open) > 0 {
		w.complete()
	}
	require.Len(t, w.shares(), 6)
	require.Equal(t, Pending{Outputs: 1}, w.pending())
}

// Blocks in which roots, children, bumps and versions settled are void, and all
// happens again, in any order that the chain allows.
func TestTreesAreReinstatedInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := chained()
		p.Descendants = rapid.Uint32Range(0, 2).Draw(t, "descendants")
		p.BumpAfter = rapid.Uint64Range(2, 6).Draw(t, "bump after")
		f := newForest(t, p)
		f.grow([]coin.Deposit{{Output: f.outputTo(1, 20_000), Credit: 20_000, Fate: coin.Reported}}, nil, 0)
		for range rapid.IntRange(1, 40).Draw(t, "payments") {
			f.ids++
			payment := pay(byte(f.ids), 100)
			f.take(payment, false)
			f.do(false, func(tx storage.Tx) error { return f.s.Hold(tx, []coin.Payment{payment}) })
		}
		for range rapid.IntRange(3, 9).Draw(t, "blocks") {
			f.grow(nil, nil, rapid.SampledFrom([]int{0, 30, 60, 100}).Draw(t, "likely"))
			if len(f.open) > 0 && rapid.Bool().Draw(t, "replace") {
				f.replace(rapid.SampledFrom(f.open).Draw(t, "plan"))
			}
		}
		f.fork(rapid.IntRange(0, len(f.blocks)-1).Draw(t, "depth"))
		f.restart()
		for range 60 {
			f.grow(nil, f.void, rapid.SampledFrom([]int{50, 100}).Draw(t, "likely again"))
			if len(f.open)+len(f.void)+f.pending().Payments == 0 {
				break
			}
		}
		require.Empty(t, f.open)
		require.Zero(t, f.ledger().Owed, "all is paid or dropped")
		require.Empty(t, f.void)
	})
}
