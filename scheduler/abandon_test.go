package scheduler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// abandoned is a world whose session 3 had free outputs, a payment, a move and
// two deposits to pass on under way or waiting when it was abandoned.
func abandoned(t *testing.T) (w *world, waits, passes coin.OutputID) {
	w = newWorld(t, parameters())
	w.roles = []coin.Role{active(3), holding(4)}
	w.deposits(1000, 300)
	w.burn(pay(1, 400))
	w.roles = []coin.Role{leaving(3, 4), holding(4)}
	passes = w.one(3, 500, 490, coin.PassedOn)
	w.rate = 50
	waits = w.one(3, 100, 90, coin.PassedOn)
	w.deposits(40)
	require.Len(t, w.open, 3)
	require.Equal(t, Ledger{
		Assets: amount(1940), Accepted: amount(580), Credited: amount(940), Owed: amount(400), FeesCharged: amount(20), Recover: amount(8),
	}, w.ledger())
	w.rate = 1
	w.roles = []coin.Role{active(4)}
	events := w.abandon(3)
	require.Len(t, of(events, "WrittenOff"), 5)
	require.Equal(t, []happened{{What: "Dropped", Payment: coin.RefundID(waits), Text: keyGone}}, of(events, "Dropped"))
	return w, waits, passes
}

func TestAnAbandonedKeyTakesItsOutputsAlong(t *testing.T) {
	w, waits, _ := abandoned(t)
	require.Equal(t, Ledger{
		Accepted: amount(490), Credited: amount(940), Owed: amount(400), FeesCharged: amount(20), Gifts: amount(90),
		WrittenOff: amount(1940), Recover: amount(8),
	}, w.ledger(), "the payment stays with its plan")
	require.Equal(t, Pending{Plans: 3}, w.pending())
	require.Empty(t, w.abandon(3), "once")
	w.settle(coin.SettledBlock{})
	require.Equal(t, []coin.Arrival{{Deposit: waits}}, w.newArrivals)
	w.one(4, 2000, 2000, coin.Reported)
	require.Empty(t, w.newPlans, "the payment is never made from other outputs")
	w.burn(pay(2, 400))
	require.Equal(t, keyOf(4), w.only().Key)
}

func TestPlansOfAnAbandonedKeyMayHappen(t *testing.T) {
	w, waits, passes := abandoned(t)
	events := w.complete()
	require.Len(t, of(events, "Settled"), 1)
	require.Equal(t, []happened{{
		What: "WrittenOff", Output: of(events, "WrittenOff")[0].Output, Amount: 1000 - 400, Text: keyGone,
	}}, of(events, "WrittenOff"), "the change is the abandoned key's")
	require.Equal(t, []coin.Arrival{{Deposit: waits}, {Deposit: passes, Amount: 496}}, w.newArrivals)
	require.Equal(t, Ledger{
		Assets: amount(300 - 4 + 496), Accepted: amount(490), Credited: amount(940), FeesCharged: amount(20), Gifts: amount(90),
		CostsCharged: amount(5), NetworkFees: amount(5 + 4 + 4), WrittenOff: amount(600 + 100 + 40), Recover: amount(8),
	}, w.ledger())
	require.Equal(t, Pending{Outputs: 2}, w.pending())
	w.settle(coin.SettledBlock{}, coin.Late{Deposit: passes, Credit: 490, Amount: 490, Fate: coin.Reported})
	w.burn(pay(2, 700))
	require.Equal(t, keyOf(4), w.only().Key)
}

func TestWhatStillComesToAnAbandonedKeyIsWrittenOff(t *testing.T) {
	for _, test := range []struct {
		fate coin.Fate
		want Ledger
	}{
		{coin.Reported, Ledger{Credited: amount(90)}},
		{coin.Refunded, Ledger{RefundsDue: amount(90)}},
		{coin.Accumulated, Ledger{Gifts: amount(90)}},
		{coin.Held, Ledger{Accepted: amount(90)}},
		{coin.PassedOn, Ledger{Gifts: amount(90)}},
	} {
		w := newWorld(t, parameters())
		w.roles = []coin.Role{holding(4)}
		w.abandon(3)
		o := w.outputTo(3, 100)
		o.Origin = "user"
		events := w.settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: o, Credit: 90, Fate: test.fate}}})
		require.Equal(t, []happened{{What: "WrittenOff", Output: o.ID, Amount: 100, Text: keyGone}}, of(events, "WrittenOff"))
		test.want.FeesCharged, test.want.WrittenOff = amount(10), amount(100)
		require.Equal(t, test.want, w.ledger(), test.fate)
		if test.fate == coin.PassedOn {
			require.Equal(t, []coin.Arrival{{Deposit: o.ID}}, w.newArrivals)
			require.Len(t, of(events, "Dropped"), 1)
		}
		if test.fate == coin.Held {
			w.settle(coin.SettledBlock{}, coin.Late{Deposit: o.ID, Credit: 90, Amount: 90, Fate: coin.Accumulated})
			require.Equal(t, amount(90), w.ledger().Gifts)
			require.Zero(t, w.ledger().Accepted)
		}
	}
}

// The key of session 4 is abandoned, and the chain does not show it yet.
func TestNothingIsGivenToAnAbandonedSuccessor(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.roles = []coin.Role{handing(3, 4), holding(4)}
	w.burn(pay(1, 100))
	require.EqualValues(t, 4, w.only().Own[0].Session)
	w.abandon(4)
	w.deposits(500)
	w.burn(pay(2, 100))
	require.EqualValues(t, 3, w.only().Own[0].Session)
	w.roles = []coin.Role{leaving(3, 4)}
	w.one(3, 500, 490, coin.PassedOn)
	require.Empty(t, w.newPlans)
	require.Len(t, of(w.complete(), "WrittenOff"), 1, "what was given before")
	w.roles = []coin.Role{active(3)}
	w.burn(pay(3, 100))
	require.Len(t, w.newPlans, 1)
}

func TestASuccessorDoesNotCountOnWhatAnAbandonedKeyWasToGive(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.one(4, 95, 95, coin.Reported)
	require.Len(t, w.newPlans, 1)
	w.abandon(3)
	w.roles = []coin.Role{active(4)}
	require.Len(t, of(w.burn(pay(1, 97)), "Planned"), 1, "from 95 and costs to recover")
}

// Holders of an abandoned key may publish what they signed when the key that it
// gives to has retired, and is not looked for any more.
func TestWhatAnAbandonedKeyGivesToARetiredOneIsWrittenOff(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	w.settle(coin.SettledBlock{})
	id := w.open[0]
	w.abandon(3)
	w.roles = []coin.Role{finishing(4, 5), active(5)}
	w.settle(coin.SettledBlock{})
	w.retire(4)
	var block coin.SettledBlock
	w.completion(&block, id)
	block.Internal = nil
	require.Equal(t, []happened{{
		What: "WrittenOff", Output: coin.OutputID{Transaction: transactionOf(id)}, Amount: 996, Text: keyGone,
	}}, w.settle(block))
	require.Equal(t, amount(996), w.ledger().WrittenOff)
	require.Equal(t, amount(4), w.ledger().NetworkFees)
	require.Equal(t, Pending{}, w.pending())
}
