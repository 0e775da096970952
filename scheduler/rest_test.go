package scheduler

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// onHold are parameters with a hold of 3 blocks.
func onHold() coin.Parameters {
	p := parameters()
	p.Hold = 3
	return p
}

// raise is a deposit that takes the place of another.
func (w *world) raise(by, of coin.Deposit, credit uint64, fate coin.Fate) coin.Deposit {
	smaller := of.Output
	smaller.Data = nil
	by.Raises, by.Credit, by.Fate = &smaller, credit, fate
	by.Output.Session = of.Output.Session
	return by
}

// output returns what is known of an output.
func (w *world) state(id coin.OutputID) (state OutputState) {
	require.NoError(w.t, w.store.View(ctx, func(r storage.Reader) (err error) {
		state, err = w.s.Output(r, id)
		return err
	}))
	return state
}

func TestAnOutputIsSpentOnceTheBlockItsHoldBehindItHasSettled(t *testing.T) {
	w := newWorld(t, onHold())
	d := w.deposit(100)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}}) // block 1
	require.Equal(t, amount(100), w.ledger().Assets)
	require.Equal(t, OutputState{Stage: OutputOnHold, Until: 4}, w.state(d.Output.ID))
	require.Equal(t, "on hold", OutputOnHold.String())
	events := w.burn(pay(1, 60))
	require.Equal(t, "waits: "+beyondHold.String(), events[0].Text)
	require.Equal(t, LacksHold, w.payment(coin.PaymentID{1}).Lack)
	for range 2 { // blocks 2 and 3
		require.Empty(t, w.settle(coin.SettledBlock{}))
		require.Equal(t, Pending{Payments: 1, Resting: 1}, w.pending())
	}
	require.Len(t, of(w.settle(coin.SettledBlock{}), "Planned"), 1)
	require.Equal(t, Pending{Plans: 1}, w.pending())
}

func TestTheHoldIsThatOfTheOutputsOwnBlock(t *testing.T) {
	w := newWorld(t, onHold())
	d := w.deposit(100)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}})
	w.rules.Hold = 0
	next := w.deposit(50)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{next}})
	require.Equal(t, OutputOnHold, w.state(d.Output.ID).Stage)
	require.Equal(t, OutputFree, w.state(next.Output.ID).Stage)
}

func TestWhatRaisesIsOnHoldForAsLongAsBoth(t *testing.T) {
	w := newWorld(t, onHold())
	d := w.deposit(100)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}}) // block 1
	larger := w.raise(w.deposit(160), d, 55, coin.Reported)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{larger}})
	require.Equal(t, OutputState{Stage: OutputOnHold, Until: 5}, w.state(larger.Output.ID))
	require.Equal(t, OutputUnknown, w.state(d.Output.ID).Stage)
	require.Equal(t, Ledger{Assets: amount(160), Credited: amount(155), FeesCharged: amount(5)}, w.ledger())
	w.rules.Hold = 0
	largest := w.raise(w.deposit(200), larger, 45, coin.Reported) // the cost fell
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{largest}})
	require.Equal(t, OutputState{Stage: OutputOnHold, Until: 5}, w.state(largest.Output.ID))
	require.Equal(t, Ledger{Assets: amount(200), Credited: amount(200)}, w.ledger())
	w.settle(coin.SettledBlock{})
	w.settle(coin.SettledBlock{})
	require.Equal(t, OutputFree, w.state(largest.Output.ID).Stage)
}

func TestWhatIsNotOnHoldIsNotRaised(t *testing.T) {
	w := newWorld(t, parameters())
	d := w.deposit(100)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}})
	larger := w.raise(w.deposit(160), d, 55, coin.Reported)
	err := w.update(func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{{Number: 2, Deposits: []coin.Deposit{larger}}}})
	})
	var unbalanced *Unbalanced
	require.ErrorAs(t, err, &unbalanced)
	require.ErrorContains(t, err, "does not rest")
}

func TestDepositsShareWhatArrives(t *testing.T) {
	w := newWorld(t, onHold())
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	first := coin.Deposit{Output: w.output(100), Credit: 96, Fate: coin.PassedOn}
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{first}})
	larger := w.raise(w.deposit(150), first, 46, coin.PassedOn)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{larger}})
	require.Equal(t, amount(142), w.ledger().Accepted)
	require.False(t, w.idle(3))
	require.Empty(t, w.newPlans)
	w.rate = 10
	for range 3 {
		w.settle(coin.SettledBlock{})
	}
	require.EqualValues(t, 150-40, w.only().Own[0].Amount)
	w.complete()
	require.Equal(t, []coin.Arrival{{Deposit: first.Output.ID, Amount: 96}, {Deposit: larger.Output.ID, Amount: 14}}, w.newArrivals)
	require.True(t, w.idle(3))
}

func TestDepositsForWhichNothingArrivesAreGivenUp(t *testing.T) {
	w := newWorld(t, onHold())
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	first := coin.Deposit{Output: w.output(100), Credit: 96, Fate: coin.PassedOn}
	larger := w.raise(w.deposit(110), first, 12, coin.PassedOn)
	next := w.raise(w.deposit(130), larger, 20, coin.PassedOn)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{first, larger, next}})
	w.rate = 8
	for range 3 {
		w.settle(coin.SettledBlock{})
	}
	require.EqualValues(t, 98, w.only().Own[0].Amount)
	events := w.complete()
	require.Equal(t, []coin.Arrival{
		{Deposit: first.Output.ID, Amount: 96}, {Deposit: larger.Output.ID, Amount: 2}, {Deposit: next.Output.ID},
	}, w.newArrivals)
	require.Len(t, of(events, "Dropped"), 1)
	require.Equal(t, amount(20), w.ledger().Gifts)
}

func TestAKeyDoesNotRetireWithOutputsOnHold(t *testing.T) {
	w := newWorld(t, onHold())
	w.roles = []coin.Role{finishing(3, 4), active(4)}
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: w.output(12), Credit: 10, Fate: coin.Accumulated}}})
	w.rate = 100 // it is not worth moving
	require.False(t, w.idle(3))
	require.NoError(t, w.store.View(ctx, func(r storage.Reader) error {
		count, last, err := w.s.Resting(r, 3)
		require.Equal(t, 1, count)
		require.EqualValues(t, 4, last)
		return err
	}))
	for range 3 {
		require.False(t, w.idle(3))
		w.settle(coin.SettledBlock{})
	}
	require.True(t, w.idle(3))
	w.retire(3)
}

func TestARewindPutsOutputsOnHoldAgain(t *testing.T) {
	w := newWorld(t, onHold())
	one, two := w.deposit(100), w.deposit(200)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{one, two}})
	for range 3 {
		w.settle(coin.SettledBlock{})
	}
	w.burn(pay(1, 80)) // spends the first
	require.Equal(t, one.Output.ID, w.only().Inputs[0].ID)
	var undone coin.Undone
	require.NoError(t, w.update(func(tx storage.Tx) (err error) {
		undone, err = w.s.Rewind(tx, &coin.Rewind{Fork: 2, Horizon: 4})
		return err
	}))
	w.check()
	require.Equal(t, []coin.OutputID{one.Output.ID}, ids(undone.Fixed))
	require.Equal(t, OutputState{Stage: OutputOnHold, Until: 4}, w.state(two.Output.ID))
	w.number = 2
	w.settle(coin.SettledBlock{})
	larger := w.raise(w.deposit(300), two, 90, coin.Reported)
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{larger}})
	require.Equal(t, OutputState{Stage: OutputOnHold, Until: 7}, w.state(larger.Output.ID))
}

func TestARewindPutsTheSmallerOutputBack(t *testing.T) {
	w := newWorld(t, onHold())
	d := coin.Deposit{Output: w.output(100), Credit: 96, Fate: coin.Held}
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}})
	held := w.raise(w.deposit(150), d, 50, coin.Held)
	reported := w.raise(w.deposit(190), held, 40, coin.Reported)
	block := coin.SettledBlock{Number: 2, Deposits: []coin.Deposit{held, reported}}
	w.settle(block)
	require.Equal(t, Ledger{Assets: amount(190), Accepted: amount(146), Credited: amount(40), FeesCharged: amount(4)}, w.ledger())
	var undone coin.Undone
	require.NoError(t, w.update(func(tx storage.Tx) (err error) {
		undone, err = w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Blocks: []coin.SettledBlock{block}})
		return err
	}))
	w.check()
	require.Equal(t, []coin.Deposit{reported}, undone.Voided)
	require.Equal(t, []coin.OutputID{held.Output.ID}, undone.Forgotten)
	require.Empty(t, undone.Fixed)
	require.Equal(t, Ledger{
		Assets: amount(100), Accepted: amount(96), Credited: amount(40), FeesCharged: amount(4), WrittenOff: amount(40),
	}, w.ledger())
	require.Equal(t, OutputOnHold, w.state(d.Output.ID).Stage)
	// It returns in the place of the smallest: what it brings is more than was
	// written off.
	back := reported
	back.Fate, back.Raises = coin.Returned, &coin.Output{ID: d.Output.ID, Session: 3, Amount: 100}
	w.number = 1
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{back}})
	require.Equal(t, Ledger{Assets: amount(190), Accepted: amount(96), Credited: amount(40), FeesCharged: amount(54)}, w.ledger())
}

func TestNothingIsMergedForAPaymentThatWaitsForAHold(t *testing.T) {
	w := newWorld(t, onHold())
	w.deposits(50, 50, 50, 50, 50)
	for range 3 {
		w.settle(coin.SettledBlock{})
	}
	w.deposits(100)
	w.burn(pay(1, 300))
	require.Equal(t, Pending{Payments: 1, Outputs: 5, Resting: 1}, w.pending())
	for range 3 {
		require.Empty(t, w.newPlans)
		w.settle(coin.SettledBlock{})
	}
	require.Len(t, w.only().Inputs, 4, "merged once all is free")
}

func TestCostsToRecoverDoNotStandInForWhatIsOnHold(t *testing.T) {
	for _, waits := range []bool{false, true} {
		w := newWorld(t, onHold())
		w.roles = []coin.Role{finishing(3, 4), active(4)}
		w.settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: w.output(40), Credit: 30, Fate: coin.Reported}}})
		w.settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: w.outputTo(4, 80), Credit: 80, Fate: coin.Reported}}})
		w.rate = 100 // the first is not worth moving: payments make up for it
		for range 3 {
			w.settle(coin.SettledBlock{})
		}
		w.retire(3)
		w.roles = []coin.Role{active(4)}
		w.rate = 1
		if waits {
			w.settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: w.outputTo(4, 90), Credit: 90, Fate: coin.Reported}}})
		}
		w.burn(pay(1, 100))
		if waits {
			require.Equal(t, Pending{Payments: 1, Outputs: 1, Resting: 1}, w.pending())
		} else {
			require.Equal(t, Pending{Plans: 1}, w.pending())
		}
	}
}

// counting counts what a transaction reads.
type counting struct {
	storage.Tx
	n *int
}

func (c counting) Get(key []byte) ([]byte, error) {
	*c.n++
	return c.Tx.Get(key)
}

func (c counting) Range(start, end []byte) iter.Seq2[storage.Pair, error] {
	return func(yield func(storage.Pair, error) bool) {
		for pair, err := range c.Tx.Range(start, end) {
			*c.n++
			if !yield(pair, err) {
				return
			}
		}
	}
}

func TestWorkDoesNotGrowWithWhatIsOnHold(t *testing.T) {
	var reads []int
	for _, many := range []int{10, 1000} {
		p := onHold()
		p.Hold = 2 * coin.RewindDepth
		w := newWorld(t, p)
		for range many / 10 {
			w.deposits(slices.Repeat([]uint64{50}, 10)...)
		}
		n := 0
		w.number++
		require.NoError(t, w.update(func(tx storage.Tx) error {
			return w.settleIn(counting{tx, &n}, &coin.Settlement{Reference: w.number, Blocks: []coin.SettledBlock{{Number: w.number}}})
		}))
		reads = append(reads, n)
	}
	require.Equal(t, reads[0], reads[1])
}

func TestEndsOfHoldsAreForgottenThatCannotBeTakenBack(t *testing.T) {
	w := newWorld(t, onHold())
	w.deposits(100)
	kept := func() (n int) {
		require.NoError(t, w.store.View(ctx, func(r storage.Reader) error {
			for _, err := range w.s.(*scheduler).awoken.All(r) {
				require.NoError(t, err)
				n++
			}
			return nil
		}))
		return n
	}
	w.number = 3
	w.settle(coin.SettledBlock{}) // block 4
	require.Equal(t, 1, kept())
	w.number = coin.RewindDepth + 2
	w.settle(coin.SettledBlock{})
	require.Equal(t, 1, kept(), "with a fork at block 3 it is on hold again")
	w.settle(coin.SettledBlock{})
	require.Zero(t, kept())
}

func TestTheAuditCountsWhatIsOnHold(t *testing.T) {
	for name, spoil := range map[string]func(*scheduler, storage.Tx, resting) error{
		"amount": func(s *scheduler, tx storage.Tx, x resting) error {
			x.Output.Amount++
			return s.resting.Put(tx, x.Output.ID, x)
		},
		"end":   func(s *scheduler, tx storage.Tx, x resting) error { return s.ends.Delete(tx, x.End) },
		"twice": func(s *scheduler, tx storage.Tx, x resting) error { return s.ends.Put(tx, end{9, 9}, x.Output.ID) },
		"claim": func(s *scheduler, tx storage.Tx, x resting) error {
			x.Claims = []claim{{x.Output.ID, 1}}
			return s.resting.Put(tx, x.Output.ID, x)
		},
		"pool": func(s *scheduler, tx storage.Tx, _ resting) error {
			return s.change(tx, 3, func(p *pool) { p.Rests.Outputs++ })
		},
	} {
		w := newWorld(t, onHold())
		d := w.deposit(100)
		w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}})
		s := w.s.(*scheduler)
		require.NoError(t, w.update(func(tx storage.Tx) error {
			x, err := s.resting.Load(tx, d.Output.ID)
			require.NoError(t, err)
			return spoil(s, tx, x)
		}))
		require.Error(t, w.store.View(ctx, s.Audit), name)
	}
}

// ids are those of outputs.
func ids(outputs []coin.Output) (list []coin.OutputID) {
	for _, o := range outputs {
		list = append(list, o.ID)
	}
	return list
}
