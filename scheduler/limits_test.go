package scheduler

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// limited are rules with windows of 10 blocks.
func limited(window, payee uint64) coin.Parameters {
	p := parameters()
	p.OutflowWindow, p.OutflowLimit, p.PayeeLimit = 10, window, payee
	return p
}

// skip settles quiet blocks up to one.
func (w *world) skip(to uint64) (events []happened) {
	for w.number < to {
		events = append(events, w.settle(coin.SettledBlock{})...)
	}
	return events
}

// plannedIDs returns the payments planned, in order.
func plannedIDs(events []happened) (ids []byte) {
	for _, e := range of(events, "Planned") {
		ids = append(ids, e.Payment[0])
	}
	return ids
}

func TestAWindowsOutflowIsLimited(t *testing.T) {
	w := newWorld(t, limited(1000, 0))
	w.deposits(5000, 5000, 5000)
	events := w.burn(pay(1, 600), pay(2, 400), pay(3, 30), pay(4, 30))
	require.Equal(t, []byte{1, 2}, plannedIDs(events), "just the limit")
	require.Equal(t, []happened{{What: "Condition", Payment: coin.PaymentID{3}, Text: "waits: " + beyondWindow.String()}}, of(events, "Condition"))
	require.Empty(t, w.skip(9), "told once")
	require.Equal(t, []byte{3, 4}, plannedIDs(w.skip(10)), "block 10 begins another window")
}

func TestNobodyOvertakesAPaymentThatWaitsForAWindow(t *testing.T) {
	w := newWorld(t, limited(1000, 0))
	w.deposits(5000, 5000, 5000)
	require.Equal(t, []byte{1}, plannedIDs(w.burn(pay(1, 600), pay(2, 401), pay(3, 30))))
	require.Equal(t, []byte{2, 3}, plannedIDs(w.skip(10)))
}

func TestAPaymentAboveTheLimitWaitsApart(t *testing.T) {
	w := newWorld(t, limited(1000, 0))
	w.deposits(5000, 5000, 5000)
	events := w.burn(pay(1, 1001), pay(2, 1000))
	require.Equal(t, []byte{2}, plannedIDs(events))
	require.Contains(t, of(events, "Condition")[0].Text, "above the limit")
	require.Empty(t, w.skip(40), "it waits as long as the limit stands")
	require.Equal(t, LacksLimit, w.payment(coin.PaymentID{1}).Lack)
	w.rules.OutflowLimit = 1001
	require.Equal(t, []byte{1}, plannedIDs(w.skip(41)))
}

func TestAPayeesOutflowIsLimited(t *testing.T) {
	w := newWorld(t, limited(0, 500))
	w.deposits(5000, 5000, 5000)
	other := pay(4, 300)
	other.Address = "user-2"
	events := w.burn(pay(1, 300), pay(2, 201), pay(3, 200), other)
	require.Equal(t, []byte{1, 3, 4}, plannedIDs(events), "others are not kept back")
	require.Equal(t, []happened{{What: "Condition", Payment: coin.PaymentID{2}, Text: "waits: " + beyondPayee.String()}}, of(events, "Condition"))
	require.Equal(t, LacksLimit, w.payment(coin.PaymentID{2}).Lack)
	require.Empty(t, plannedIDs(w.burn(pay(5, 20))), "what was planned counts, also in one plan after the other")
	require.ElementsMatch(t, []byte{2, 5}, plannedIDs(w.skip(10)))
	require.Empty(t, plannedIDs(w.burn(pay(6, 300))))
}

func TestLimitsCountWholeTrees(t *testing.T) {
	p := limited(1000, 0)
	w := newWorld(t, p)
	w.deposits(50_000)
	var burns []coin.Payment
	for i := range 15 {
		burns = append(burns, pay(byte(i), 100))
	}
	w.burn(burns...)
	waiting := 0
	for i := range 15 {
		if w.stage(coin.PaymentID{byte(i)}) == PaymentQueued {
			waiting++
		}
	}
	require.Equal(t, 5, waiting)
}

// stage is how far a payment is.
func (w *world) stage(id coin.PaymentID) PaymentStage { return w.payment(id).Stage }

// TestNothingIsPlannedAboveTheLimits recounts what is planned in each window.
func TestNothingIsPlannedAboveTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := limited(rapid.Uint64Range(20, 300).Draw(t, "window's limit"), rapid.Uint64Range(20, 200).Draw(t, "payee's limit"))
		p.OutflowWindow = rapid.Uint64Range(1, 5).Draw(t, "window")
		w := newWorld(t, p)
		w.deposits(10_000, 10_000, 10_000, 10_000, 10_000, 10_000)
		burnt := map[coin.PaymentID]coin.Payment{}
		spent := map[string]uint64{}
		counted := map[coin.PaymentID]bool{}
		observe := func() {
			window := w.number / p.OutflowWindow
			for id, payment := range burnt {
				if stage := w.stage(id); counted[id] || stage != PaymentPlanned && stage != PaymentInTree && stage != PaymentSettled {
					continue
				}
				counted[id] = true
				for key, limit := range map[string]uint64{
					fmt.Sprint(window): p.OutflowLimit, fmt.Sprint(window, payment.Address): p.PayeeLimit,
				} {
					spent[key] += payment.Amount
					require.LessOrEqual(t, spent[key], limit)
				}
			}
		}
		for i := range rapid.IntRange(1, 20).Draw(t, "steps") {
			payment := pay(byte(i), rapid.Uint64Range(dust+10, 250).Draw(t, "amount"))
			payment.Address = rapid.SampledFrom([]coin.Address{"user", "user-2"}).Draw(t, "address")
			burnt[payment.ID] = payment
			w.burn(payment)
			observe()
			for range rapid.IntRange(0, 2).Draw(t, "blocks") {
				w.complete()
				observe()
			}
		}
		for range 400 {
			w.complete()
			observe()
		}
		for id, payment := range burnt { // order-free: each is looked at by itself
			payable := payment.Amount <= p.OutflowLimit && payment.Amount <= p.PayeeLimit
			require.Equal(t, payable, w.stage(id) == PaymentSettled, "%d", payment.Amount)
		}
	})
}

// payment is what the scheduler tells of a payment.
func (w *world) payment(id coin.PaymentID) (state PaymentState) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) (err error) {
		state, err = w.s.Payment(r, id)
		return err
	}))
	return state
}

func TestARewindOpensNoWindowAnew(t *testing.T) {
	w := newWorld(t, limited(1000, 500))
	w.deposits(5000, 5000, 5000, 5000)
	w.skip(10)
	other := pay(2, 500)
	other.Address = "user-2"
	require.Equal(t, []byte{1, 2}, plannedIDs(w.burn(pay(1, 500), other)))
	require.NoError(t, w.update(func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 8, Horizon: 10})
		return err
	}))
	w.number = 8
	w.skip(9)
	require.Empty(t, plannedIDs(w.burn(pay(3, 500))), "what was planned stays so")
	require.Empty(t, plannedIDs(w.skip(19)))
	require.Equal(t, []byte{3}, plannedIDs(w.skip(20)))
}

func TestLongerWindowsForgetNothing(t *testing.T) {
	w := newWorld(t, limited(1000, 0))
	w.deposits(5000, 5000, 5000)
	w.skip(30)
	require.Equal(t, []byte{1}, plannedIDs(w.burn(pay(1, 1000))))
	w.rules.OutflowWindow = 25
	require.Empty(t, plannedIDs(w.burn(pay(2, 1000))))
	require.Empty(t, plannedIDs(w.skip(49)))
	require.Equal(t, []byte{2}, plannedIDs(w.skip(50)))
}
