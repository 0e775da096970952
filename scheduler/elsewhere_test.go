package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// movedAtACost is a world in which session 4 has one output of 4200, and 800 are to
// be recovered.
func movedAtACost(t *testing.T) *world {
	w := newWorld(t, parameters())
	w.rate = 200
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.one(3, 5000, 5000, coin.Reported)
	w.complete()
	w.rate = 1
	w.roles = []coin.Role{active(4)}
	require.Equal(t, amount(800), w.ledger().Recover)
	return w
}

// What a key lacks while another has it is not lost: payments do not bear it.
func TestAPaymentDoesNotBearWhatAnotherKeyHas(t *testing.T) {
	t.Run("change at the successor", func(t *testing.T) {
		w := movedAtACost(t)
		w.roles = []coin.Role{handing(4, 5), holding(5)}
		w.burn(pay(1, 600))
		w.complete()
		w.one(4, 100, 100, coin.Reported)
		require.Contains(t, w.burn(pay(2, 800))[0].Text, "waits")
		require.Empty(t, w.newPlans)
		w.roles = []coin.Role{leaving(4, 5), active(5)}
		w.settle(coin.SettledBlock{})
		w.complete()
		require.Greater(t, w.plans[w.newestPlan()].Payments[0].Paid, uint64(780))
	})
	t.Run("change that the predecessor gets", func(t *testing.T) {
		w := movedAtACost(t)
		w.burn(pay(1, 600))
		w.roles = []coin.Role{leaving(4, 5), active(5)}
		w.one(5, 100, 100, coin.Reported)
		w.burn(pay(2, 800))
		require.Empty(t, w.newPlans)
		w.complete() // the change moves
		w.complete()
		require.Greater(t, w.plans[w.newestPlan()].Payments[0].Paid, uint64(780))
	})
	t.Run("outputs that cannot be merged", func(t *testing.T) {
		w := movedAtACost(t)
		w.roles = []coin.Role{handing(4, 5), holding(5)}
		w.burn(pay(1, 600))
		w.complete()
		for range 5 {
			w.one(4, 30, 30, coin.Reported)
		}
		w.rate = 10
		w.burn(pay(2, 145))
		require.Empty(t, w.newPlans)
	})
}

// What a key that leaves does not move keeps no payment waiting.
func TestAPaymentDoesNotWaitForWhatIsNotWorthMoving(t *testing.T) {
	w := movedAtACost(t)
	w.rate = 20
	w.roles = []coin.Role{leaving(4, 5), active(5)}
	w.one(4, 15, 15, coin.Reported)
	w.complete()
	w.burn(pay(1, 4500)) // 4120 have moved
	require.Len(t, w.newPlans, 1)
}
