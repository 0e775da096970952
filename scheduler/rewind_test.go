package scheduler

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// rewind takes blocks back, the newest first, and returns what has become of
// them and the events.
func (w *world) rewind(fork uint64, blocks ...coin.SettledBlock) (undone coin.Undone, events []happened) {
	back := &coin.Rewind{Fork: fork, Horizon: w.number, Blocks: blocks}
	require.NoError(w.t, w.update(func(tx storage.Tx) (err error) {
		undone, err = w.s.Rewind(tx, back)
		return err
	}))
	w.check()
	w.number = fork
	return undone, w.newEvents
}

// block is the next block.
func (w *world) block(deposits ...coin.Deposit) coin.SettledBlock {
	return coin.SettledBlock{Number: w.number + 1, Deposits: deposits}
}

func returned(d coin.Deposit) coin.Deposit {
	d.Fate = coin.Returned
	return d
}

func TestADepositThatReturnsIsNotCreditedAgain(t *testing.T) {
	w := newWorld(t, parameters())
	d := w.deposit(100)
	block := w.block(d)
	w.settle(block)
	undone, _ := w.rewind(0, block)
	require.Equal(t, []coin.Deposit{d}, undone.Voided)
	require.Equal(t, Ledger{Credited: amount(100), WrittenOff: amount(100)}, w.ledger())
	require.Empty(t, w.settle(w.block(returned(d))))
	require.Equal(t, Ledger{Assets: amount(100), Credited: amount(100)}, w.ledger())
	require.Equal(t, 1, w.pending().Outputs)

	// It is neither missing nor told any more, and cannot return twice.
	w.number++
	require.Error(t, w.update(func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 3, Blocks: []coin.SettledBlock{w.block(returned(d))}})
	}))
}

func TestWhatDoesNotReturnInTimeIsTold(t *testing.T) {
	w := newWorld(t, parameters())
	d := w.deposit(100)
	w.settle(coin.SettledBlock{})
	block := w.block(d)
	w.settle(block)
	w.settle(coin.SettledBlock{})
	w.rewind(1, block)
	require.Empty(t, w.settle(coin.SettledBlock{}), "block 2 is before the horizon")
	require.Equal(t, []happened{{What: "Voided", Output: d.Output.ID, Amount: 100}}, w.settle(coin.SettledBlock{}))
	require.Empty(t, w.settle(coin.SettledBlock{}), "told once")
	require.Empty(t, w.settle(w.block(returned(d))))
	require.Equal(t, Ledger{Assets: amount(100), Credited: amount(100)}, w.ledger(), "and booked back all the same")

	// Behind another rewind, it is told again.
	w.number--
	w.rewind(4, w.block(returned(d)))
	require.Len(t, of(w.settle(coin.SettledBlock{}), "Voided"), 1)
}

func TestARefundWaitsForItsDeposit(t *testing.T) {
	refunded := func(w *world) (coin.Deposit, coin.SettledBlock) {
		w.roles = []coin.Role{holding(3)} // so it is not paid yet
		d := w.deposit(100)
		d.Fate, d.Output.Origin = coin.Refunded, "user"
		block := w.block(d)
		w.settle(block)
		w.settle(coin.SettledBlock{})
		require.Equal(t, 1, w.pending().Payments)
		w.rewind(0, block)
		require.Zero(t, w.pending().Payments)
		w.roles = []coin.Role{active(3)}
		return d, block
	}
	w := newWorld(t, parameters())
	d, _ := refunded(w)
	w.burn(pay(1, 50)) // no refund is made of what is others'
	require.Empty(t, of(w.settle(w.block(w.deposit(500))), "Dropped"))
	require.Equal(t, amount(100), w.ledger().RefundsDue)
	require.Len(t, of(w.settle(w.block(returned(d))), "Planned"), 1)
	require.Len(t, of(w.complete(), "Refunded"), 1)
	require.Zero(t, w.ledger().RefundsDue)

	w = newWorld(t, parameters())
	d, _ = refunded(w)
	w.settle(coin.SettledBlock{})
	events := w.settle(coin.SettledBlock{})
	require.Equal(t, []happened{{What: "Voided", Output: d.Output.ID, Amount: 100},
		{What: "Dropped", Payment: coin.RefundID(d.Output.ID), Text: "the deposit is void"}}, events)
	require.Equal(t, Ledger{Gifts: amount(100), WrittenOff: amount(100)}, w.ledger())
	require.Empty(t, w.settle(w.block(returned(d))))
	require.Zero(t, w.pending().Payments, "it is not made any more")

	// One that cannot be made when the deposit is back is dropped then.
	w = newWorld(t, parameters())
	d, _ = refunded(w)
	w.rules.Dust = 101
	require.Len(t, of(w.settle(w.block(returned(d))), "Dropped"), 1)
}

func TestAPlanWaitsForItsInputs(t *testing.T) {
	w := newWorld(t, parameters())
	d := w.deposit(1000)
	first := w.block(d)
	w.settle(first)
	w.burn(pay(1, 100))
	before := w.ledger()
	id := w.newestPlan()
	second := w.block()
	w.completion(&second, id)
	w.open = nil
	w.settle(second)
	w.burn(pay(2, 100)) // spends the change
	child := w.newestPlan()

	undone, events := w.rewind(0, second, first)
	require.Empty(t, events)
	require.Equal(t, []coin.Deposit{d}, undone.Voided)
	require.Empty(t, undone.Inputs, "none is there to be watched")
	require.Equal(t, Pending{Plans: 2}, w.pending())
	require.ElementsMatch(t, []coin.PlanID{id, child}, w.open)
	require.Zero(t, w.ledger().Assets)

	// A plan cannot happen before all that it spends.
	for _, early := range []coin.PlanID{id, child} {
		block := w.block()
		w.completion(&block, early)
		err := w.update(func(tx storage.Tx) error {
			return w.settleIn(tx, &coin.Settlement{Reference: 1, Blocks: []coin.SettledBlock{block}})
		})
		require.ErrorAs(t, err, new(*Unbalanced))
		require.ErrorContains(t, err, "which is not there")
	}
	w.settle(w.block(returned(d)))
	require.Equal(t, before.Assets, w.ledger().Assets)
	require.Equal(t, Pending{Plans: 2}, w.pending())
	w.open = []coin.PlanID{id, child}
	require.Len(t, of(w.complete(), "Settled"), 2)
	require.Equal(t, Pending{Outputs: 1}, w.pending())
}

func TestBurnsWaitForTheFirstSettlementBehindARewind(t *testing.T) {
	w := newWorld(t, parameters())
	d := w.deposit(1000)
	first := w.block(w.deposit(500))
	w.settle(first)
	second := w.block(d)
	w.settle(second)
	w.rewind(1, second)
	require.Empty(t, w.burn(pay(1, 100)))
	require.Len(t, of(w.settle(coin.SettledBlock{}), "Planned"), 1)

	// A rewind behind the reference block leaves it.
	w.rewind(2)
	require.Len(t, of(w.burn(pay(2, 100)), "Condition"), 1)
}

func TestWhatHadNoEffectIsForgotten(t *testing.T) {
	w := newWorld(t, parameters())
	w.roles = []coin.Role{leaving(3, 4), holding(4)}
	held := coin.Deposit{Output: w.outputTo(4, 100), Credit: 90, Fate: coin.Held}
	passed := coin.Deposit{Output: w.outputTo(3, 12), Credit: 11, Fate: coin.PassedOn} // too small at this rate
	block := w.block(held, passed)
	w.settle(block)
	require.Equal(t, amount(101), w.ledger().Accepted)
	undone, _ := w.rewind(0, block)
	require.ElementsMatch(t, []coin.OutputID{held.Output.ID, passed.Output.ID}, undone.Forgotten)
	require.Empty(t, undone.Voided)
	require.Zero(t, w.ledger())
	require.Zero(t, w.pending())
	w.settle(block) // as new ones
	require.Equal(t, amount(101), w.ledger().Accepted)

	// Once reported, it stands.
	late := coin.Late{Deposit: held.Output.ID, Credit: 90, Amount: 90, Fate: coin.Reported}
	w.settle(coin.SettledBlock{}, late)
	undone, _ = w.rewind(0, block)
	require.Equal(t, []coin.Deposit{held}, undone.Voided)
	require.Equal(t, amount(90), w.ledger().Credited)
}

func TestADepositThatIsPassedOnWaits(t *testing.T) {
	w := newWorld(t, parameters())
	w.roles = []coin.Role{leaving(3, 4), active(4)}
	d := coin.Deposit{Output: w.outputTo(3, 100), Credit: 98, Fate: coin.PassedOn}
	first := w.block(d)
	w.settle(first)
	id := w.open[0]
	second := w.block()
	w.completion(&second, id)
	w.open = nil
	w.settle(second)
	require.Len(t, w.newArrivals, 1)

	undone, _ := w.rewind(1, second)
	require.Equal(t, []coin.OutputID{d.Output.ID}, undone.Recalled)
	require.Equal(t, amount(98), w.ledger().Accepted)
	w.open = nil
	w.settle(second)
	require.Len(t, w.newArrivals, 1, "it arrives again")

	undone, _ = w.rewind(0, second, first)
	require.Equal(t, []coin.OutputID{d.Output.ID}, undone.Recalled)
	require.Equal(t, []coin.Deposit{d}, undone.Voided, "it is planned, so it is not forgotten")
	require.Equal(t, amount(98), w.ledger().Accepted)
	require.Equal(t, amount(100), w.ledger().WrittenOff)
	w.settle(w.block(returned(d)))
	w.open = nil
	w.settle(second)
	require.Len(t, w.newArrivals, 1)
	require.Zero(t, w.ledger().WrittenOff)
}

// What sessions that are gone had is written off already, and is again when it
// returns.
func TestRewindBehindAnAbandonedKey(t *testing.T) {
	w := newWorld(t, parameters())
	w.roles = []coin.Role{active(3), holding(4)}
	free := w.deposit(1000)
	first := w.block(free, w.deposit(300))
	w.settle(first)
	w.burn(pay(1, 100))
	w.burn(pay(2, 800))
	second := w.block()
	w.completion(&second, w.open[0])
	w.open = nil
	w.settle(second)
	w.burn(pay(3, 50))
	w.abandon(3)
	w.roles = []coin.Role{active(4)}
	books := w.ledger()
	require.Zero(t, books.Assets)

	open := len(w.open)
	w.rewind(0, second, first)
	require.Zero(t, w.ledger().Assets)
	require.Greater(t, len(w.open), open)
	w.settle(w.block(returned(first.Deposits[0]), returned(first.Deposits[1])))
	w.open = nil
	second.Number = w.number + 1
	w.settle(second)
	require.Equal(t, books, w.ledger())
}

func TestRewindBehindARetiredKey(t *testing.T) {
	w := newWorld(t, parameters())
	w.roles = []coin.Role{active(3), holding(4)}
	d := w.deposit(1000)
	dusty := w.deposit(11)
	first := w.block(d, dusty)
	w.settle(first)
	w.roles = []coin.Role{finishing(3, 4), active(4)}
	w.rate = 11
	w.settle(coin.SettledBlock{})
	require.Len(t, w.open, 1)
	third := w.block()
	w.completion(&third, w.open[0])
	w.open = nil
	w.settle(third)
	require.True(t, w.idle(3))
	w.retire(3)
	books := w.ledger()

	undone, _ := w.rewind(0, third, first)
	require.Len(t, undone.Voided, 2)
	require.Zero(t, w.ledger().Assets)
	w.settle(w.block(returned(d)))
	w.open = nil
	third.Number = w.number + 1
	w.settle(third)
	require.Equal(t, books.Assets, w.ledger().Assets)
	w.settle(w.block(returned(dusty)))
	require.Equal(t, books, w.ledger())
}

func TestAcknowledgedDepositsOfABlockThatDidNotSettle(t *testing.T) {
	w := newWorld(t, parameters())
	w.settle(coin.SettledBlock{})
	reported, failed := w.deposit(100), w.deposit(50)
	failed.Fate, failed.Output.Origin = coin.Refunded, "user"
	var undone coin.Undone
	require.NoError(t, w.update(func(tx storage.Tx) (err error) {
		undone, err = w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Deposits: []coin.Deposit{reported, failed}})
		return err
	}))
	w.check()
	require.Len(t, undone.Voided, 2)
	require.Equal(t, Ledger{Credited: amount(100), RefundsDue: amount(50), WrittenOff: amount(150)}, w.ledger())
	require.Len(t, of(w.settle(w.block(returned(reported), returned(failed))), "Planned"), 1)
	require.Equal(t, amount(150), w.ledger().Assets)
}

func TestOldPlansAreForgotten(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.burn(pay(1, 100))
	w.complete()
	count := func() (n int) {
		require.NoError(t, w.store.View(ctx, func(r storage.Reader) error {
			for range w.s.(*scheduler).done.All(r) {
				n++
			}
			return nil
		}))
		return n
	}
	w.number += coin.RewindDepth - 2
	w.settle(coin.SettledBlock{})
	require.Equal(t, 1, count())
	w.settle(coin.SettledBlock{})
	require.Zero(t, count())
}

// A refund in a child that is void, whose deposit is missing, is planned no more.
func TestTheStateOfASuspendedRefundIsNotThatOfAVoidPlan(t *testing.T) {
	p := chained()
	p.MaxOutputs = 3
	w := newWorld(t, p)
	deposit := coin.Deposit{Output: w.output(300), Credit: 290, Fate: coin.Refunded}
	deposit.Output.Origin = "user"
	w.hold(pay(1, 290), pay(2, 290), pay(3, 290))
	w.roles = []coin.Role{holding(3)}
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{w.deposit(3000)}})
	block := coin.SettledBlock{Number: 2, Deposits: []coin.Deposit{deposit}}
	w.settle(block)
	w.roles = []coin.Role{active(3)}
	w.settle(coin.SettledBlock{})
	refund := coin.RefundID(deposit.Output.ID)
	require.Equal(t, PaymentPlanned, w.payment(refund).Stage)
	root, child := w.open[0], w.payment(refund).Plan
	require.NotEqual(t, root, child)
	require.Empty(t, w.replace(root, 1))
	version := w.id(w.only())
	require.NoError(t, w.update(func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 3, Blocks: []coin.SettledBlock{block}})
		return err
	}))
	w.number = 1
	w.happen(version)
	require.Contains(t, w.newVoid, child)
	require.Equal(t, PaymentAside, w.payment(refund).Stage)
	require.Equal(t, LacksDeposit, w.payment(refund).Lack)
	require.Equal(t, "the deposit is in no block at present", w.payment(refund).Waits)
}

// What a void plan was to spend beside its parent's change is free once it is back.
func TestADepositOfAVoidPlanIsFreeOnceItReturns(t *testing.T) {
	w := newWorld(t, chained())
	w.deposits(1000)
	w.burn(pay(1, 300))
	root := w.open[0]
	d := w.deposit(500)
	block := coin.SettledBlock{Number: 2, Deposits: []coin.Deposit{d}}
	w.completion(&block, root)
	w.open = nil
	w.settle(block)
	w.burn(pay(2, 1000))
	spends := w.only()
	require.Len(t, spends.Inputs, 2)
	require.NoError(t, w.update(func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Blocks: []coin.SettledBlock{block}})
		return err
	}))
	w.check()
	w.number = 1
	w.settle(coin.SettledBlock{})
	f := w.fork()
	f.t = t
	require.Contains(t, f.skip(101), happened{
		What: "Condition", Plan: root, Text: "stuck: payments are planned from its change already",
	})
	require.Empty(t, w.replace(root, 1))
	version := w.id(w.only())
	w.happen(version)
	require.Equal(t, []coin.PlanID{w.id(spends), root}, w.newVoid)
	require.Empty(t, w.newPlans, "the deposit is missing")
	require.Equal(t, PaymentQueued, w.payment(coin.PaymentID{2}).Stage)
	d.Fate = coin.Returned
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}})
	require.Len(t, w.only().Inputs, 2)
	w.complete()
	require.Equal(t, PaymentSettled, w.payment(coin.PaymentID{2}).Stage)
}

// What a void plan was to spend of a plan that is under way comes back to the group.
func TestTheChangeOfAnotherPlanIsCountedAgainOnceWhatSpendsItIsVoid(t *testing.T) {
	w := newWorld(t, chained())
	w.deposits(1000, 1000)
	w.burn(pay(1, 600))
	w.burn(pay(2, 600))
	roots := slices.Clone(w.open)
	require.Len(t, roots, 2)
	block := coin.SettledBlock{Number: 2}
	w.completion(&block, roots[0])
	w.completion(&block, roots[1])
	w.open = nil
	w.settle(block)
	w.burn(pay(3, 700))
	spends := w.id(w.only())
	require.NoError(t, w.update(func(tx storage.Tx) error {
		_, err := w.s.Rewind(tx, &coin.Rewind{Fork: 1, Horizon: 2, Blocks: []coin.SettledBlock{block}})
		return err
	}))
	w.number = 1
	w.settle(coin.SettledBlock{})
	require.Empty(t, w.replace(roots[0], 1))
	w.happen(w.id(w.only()))
	require.Equal(t, []coin.PlanID{spends, roots[0]}, w.newVoid)
	require.Empty(t, w.newPlans)
	w.happen(roots[1])
	require.Len(t, w.only().Inputs, 2)
	w.tidy()
}

// Where signatures enter a transaction's ID, another transaction of the plan may
// happen on the new chain: its change has another ID, and is what the child spends.
func TestAPlanMayHappenByAnotherTransactionBehindARewind(t *testing.T) {
	w := newWorld(t, parameters())
	w.settle(w.block(w.deposit(1000)))
	w.burn(pay(1, 100))
	id := w.newestPlan()
	block := w.block()
	w.completion(&block, id)
	w.open = nil
	w.settle(block)
	w.burn(pay(2, 100)) // spends the change
	child := w.newestPlan()

	// It happens by another one, that is undone too, and by a third one.
	other := func(before coin.SettledBlock, n byte) coin.SettledBlock {
		w.rewind(1, before)
		again := w.block()
		w.completion(&again, id)
		again.Completions[0].Transaction[5] ^= n
		for i := range again.Internal {
			again.Internal[i].ID.Transaction[5] ^= n
			again.Internal[i].Spend = []byte{n}
		}
		require.NoError(t, w.update(func(tx storage.Tx) error {
			return w.settleIn(tx, &coin.Settlement{Reference: again.Number, Blocks: []coin.SettledBlock{again}})
		}))
		w.number = again.Number
		require.Zero(t, w.pending().Outputs, "the change is spent")
		return again
	}
	third := other(other(block, 1), 2)

	require.Empty(t, w.replace(child, 1))
	version := w.newPlans[len(w.newPlans)-1]
	require.Equal(t, third.Internal[0].ID, version.Inputs[0].ID, "a version spends what there is")
	require.Equal(t, third.Internal[0].Spend, version.Inputs[0].Spend)
	last := w.block()
	w.completion(&last, child)
	require.NoError(t, w.update(func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: last.Number, Blocks: []coin.SettledBlock{last}})
	}))
	w.tidy()
}
