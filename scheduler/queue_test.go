package scheduler

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestPaymentsThatCannotBeMadeAreRefused(t *testing.T) {
	for _, test := range []struct {
		name    string
		address coin.Address
		amount  uint64
		reason  string
	}{
		{"zero", "user", 0, "the amount is zero"},
		{"below dust", "user", dust - 1, "the amount is below the dust limit of 10"},
		{"invalid address", "nonsense", 100, coin.ErrAddress.Error()},
		{"own external address", "user-own-07-external", 100, "the address is the group's own"},
		{"own branch address", "user-own-07-branch", 100, "the address is the group's own"},
		{"own change address", "user-own-07-change", 100, "the address is the group's own"},
		{"own forwarded address", "user-own-07-forwarded", 100, "the address is the group's own"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, parameters())
			w.deposits(1000)
			p := pay(1, test.amount)
			p.Address = test.address
			events := w.burn(p)
			require.Len(t, events, 1)
			require.Equal(t, "Refused", events[0].What)
			require.Contains(t, events[0].Text, test.reason)
			require.Empty(t, w.newPlans)
			require.Zero(t, w.pending().Payments)
			books := w.ledger()
			require.Equal(t, amount(1000-test.amount), books.Credited)
			require.Equal(t, amount(test.amount), books.Returned)
			require.Zero(t, books.Owed)
		})
	}
}

func TestAPaymentOfDustIsTaken(t *testing.T) {
	w := newWorld(t, parameters())
	w.rate = 0
	w.deposits(1000)
	require.Len(t, of(w.burn(pay(1, dust)), "Planned"), 1)
	require.EqualValues(t, dust, w.only().Payments[0].Paid)
}

func TestAPaymentIDCountsOnce(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000, 1000)
	w.burn(pay(1, 100))
	refused := pay(2, 0)
	w.burn(refused)
	before := w.ledger()
	events := w.burn(pay(1, 100), pay(1, 500), pay(2, 300))
	require.Len(t, events, 3)
	for _, e := range events {
		require.Equal(t, "Condition", e.What)
		require.Contains(t, e.Text, "burnt twice")
	}
	require.Equal(t, before, w.ledger())
	require.Len(t, of(w.complete(), "Settled"), 1)
	require.Equal(t, "Condition", w.burn(pay(1, 100))[0].What)
	require.Len(t, w.burn(pay(3, 100), pay(3, 100)), 2)
	require.Len(t, w.open, 1)
}

func TestBurnsWaitForTheFirstSettlement(t *testing.T) {
	w := newWorld(t, parameters())
	require.Empty(t, w.burn(pay(1, 100)))
	w.hold(pay(2, 100))
	require.Empty(t, w.burn(pay(3, 100), pay(1, 100)))
	require.Zero(t, w.ledger())
	events := w.deposits(1000)
	require.Len(t, of(events, "Condition"), 1, "the second of an ID")
	require.Len(t, of(events, "Planned"), 3)
	var order []byte
	for _, p := range w.only().Payments {
		order = append(order, p.ID[0])
	}
	require.Equal(t, []byte{1, 2, 3}, order)
}

func TestHeldBurnsArePlannedAtTheNextSettlementInOrder(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.hold(pay(1, 100))
	w.hold(pay(2, 100), pay(3, 100))
	require.Empty(t, w.open)
	events := w.settle(coin.SettledBlock{})
	require.Len(t, of(events, "Planned"), 3)
	require.Equal(t, coin.PaymentID{1}, w.only().Payments[0].ID)
	require.Equal(t, w.number, w.only().Reference)
	require.Empty(t, w.settle(coin.SettledBlock{}), "held burns are taken once")
}

func TestAPaymentBeyondMeansWaitsToldOnceAndKeepsItsPlace(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(100)
	events := w.burn(pay(1, 1000), pay(2, 50))
	require.Equal(t, []string{"burnt above all that was credited", "burnt above all that was credited"},
		[]string{events[0].Text, events[1].Text})
	require.Len(t, events, 3)
	require.Contains(t, events[2].Text, "waits")
	require.Equal(t, coin.PaymentID{1}, events[2].Payment)
	for range 3 {
		require.Empty(t, w.settle(coin.SettledBlock{}))
		w.restart()
	}
	require.Empty(t, of(w.burn(pay(3, 20)), "Planned"), "nobody overtakes the head")
	require.Empty(t, w.deposits(899))
	events = w.deposits(71)
	require.Len(t, of(events, "Planned"), 3)
	require.Equal(t, coin.PaymentID{1}, events[0].Payment)
}

func TestTheWaitOfAPaymentIsToldOnceEvenIfOthersWaitBetween(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(100)
	require.Contains(t, w.burn(pay(1, 150))[1].Text, "beyond")
	// At a high rate the payment is set aside, and another one has to wait.
	w.rate = 100
	events := append(w.deposits(60), w.burn(pay(2, 500))...)
	require.Len(t, of(events, "Condition"), 3)
	require.Contains(t, events[0].Text, "share of the fee")
	require.Contains(t, events[2].Text, "beyond")
	require.Equal(t, coin.PaymentID{2}, events[2].Payment)
	// The other one goes, and locks all there is.
	w.rate = 1
	events = w.deposits(340)
	require.Len(t, of(events, "Planned"), 1)
	require.Empty(t, of(events, "Condition"), "payment 1 is at the head again")
}

func TestPoorPaymentsWaitBehindTheOthers(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(10_000)
	w.rate = 10 // 2 payments and change: 60, each 30
	events := w.burn(pay(1, 39), pay(2, 1000))
	require.Equal(t, "Planned", events[0].What)
	require.Equal(t, coin.PaymentID{2}, events[0].Payment)
	require.Equal(t, "Condition", events[1].What)
	require.Equal(t, coin.PaymentID{1}, events[1].Payment)
	require.EqualValues(t, 950, w.only().Payments[0].Paid, "who is set aside bears nothing")
	w.rate = 1
	w.complete()
	require.EqualValues(t, 34, w.only().Payments[0].Paid)
}

func TestPoorPaymentsAreJudgedOnceForEachReferenceBlock(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000, 1000)
	w.rate = 100
	w.burn(pay(1, 50))
	w.rate = 1
	events := w.burn(pay(2, 60))
	require.Len(t, events, 1)
	require.Equal(t, coin.PaymentID{2}, events[0].Payment)
	require.Equal(t, Pending{Payments: 1, Outputs: 1, Plans: 1}, w.pending())
	w.hold(pay(3, 70))
	events = w.settle(coin.SettledBlock{})
	require.Equal(t, []coin.PaymentID{{1}, {3}}, []coin.PaymentID{events[0].Payment, events[1].Payment})
}

func TestPoorPaymentsAreDroppedAfterTheirPatience(t *testing.T) {
	for _, refund := range []bool{false, true} {
		w := newWorld(t, parameters())
		w.rate = 1000
		var id coin.PaymentID
		if refund {
			d := coin.Deposit{Output: w.output(40), Credit: 35, Fate: coin.Refunded}
			d.Output.Origin = "user"
			id = coin.RefundID(d.Output.ID)
			require.Len(t, w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}}), 1)
		} else {
			id = coin.PaymentID{1}
			w.deposits(40)
			require.Len(t, w.burn(pay(1, 35)), 1)
		}
		for range patience - 1 {
			require.Empty(t, w.settle(coin.SettledBlock{}), "told once")
			require.Empty(t, w.burn(), "blocks count, not entries")
		}
		events := w.settle(coin.SettledBlock{})
		require.Len(t, events, 1)
		require.Equal(t, "Dropped", events[0].What)
		require.Equal(t, id, events[0].Payment)
		books := w.ledger()
		require.Zero(t, w.pending().Payments)
		if refund {
			require.Zero(t, events[0].Amount)
			require.Equal(t, amount(35), books.Gifts)
			require.Equal(t, amount(5), books.FeesCharged)
			require.Zero(t, books.RefundsDue)
			continue
		}
		require.EqualValues(t, 35, events[0].Amount)
		require.Equal(t, amount(35), books.Returned)
		require.Zero(t, books.Owed)
		require.Contains(t, w.burn(pay(1, 35))[0].Text, "burnt twice", "a dropped payment does not come back")
	}
}

func TestWithoutPatiencePoorPaymentsAreDroppedAtOnce(t *testing.T) {
	p := parameters()
	p.Patience = 0
	w := newWorld(t, p)
	w.rate = 1000
	w.deposits(40)
	require.Len(t, of(w.burn(pay(1, 35)), "Dropped"), 1)
}

func TestRefunds(t *testing.T) {
	for _, test := range []struct {
		name   string
		origin coin.Address
		amount uint64
		credit uint64
		drop   string
	}{
		{"paid", "user-7", 100, 90, ""},
		{"of exactly dust after the fee", "user-7", 100, dust + 5, ""},
		{"to nowhere", "nonsense", 100, 90, coin.ErrAddress.Error()},
		{"to the group", "user-own-07-change", 100, 90, "own"},
		{"of dust", "user-7", 100, dust - 1, "dust"},
		{"of nothing", "user-7", 100, 0, "zero"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, parameters())
			d := coin.Deposit{Output: w.output(test.amount), Credit: test.credit, Fate: coin.Refunded}
			d.Output.Origin = test.origin
			id := coin.RefundID(d.Output.ID)
			events := w.settle(coin.SettledBlock{Deposits: []coin.Deposit{d}})
			require.Len(t, events, 1)
			require.Equal(t, id, events[0].Payment)
			books := w.ledger()
			require.Equal(t, amount(test.amount-test.credit), books.FeesCharged)
			if test.drop != "" {
				require.Equal(t, "Dropped", events[0].What)
				require.Contains(t, events[0].Text, test.drop)
				require.Zero(t, events[0].Amount, "nothing is owed to the settlement chain")
				require.Equal(t, amount(test.credit), books.Gifts)
				return
			}
			require.Equal(t, "Planned", events[0].What)
			require.Equal(t, amount(test.credit), books.RefundsDue)
			require.Contains(t, w.burn(coin.Payment{ID: id, Address: "user", Amount: 50})[0].Text, "burnt twice")
			events = w.complete()
			paid := w.plans[w.newestPlan()].Payments[0]
			require.Equal(t, []happened{{What: "Refunded", Payment: id, Amount: paid.Paid, Share: test.credit - paid.Paid}}, events)
			require.Zero(t, w.ledger().RefundsDue)
		})
	}
}

func TestFatesOfDepositsAreBooked(t *testing.T) {
	w := newWorld(t, parameters())
	reported, gift, failed := w.output(100), w.output(200), w.output(300)
	failed.Origin = "user"
	w.settle(coin.SettledBlock{Deposits: []coin.Deposit{
		{Output: reported, Credit: 99, Fate: coin.Reported},
		{Output: gift, Credit: 198, Fate: coin.Accumulated},
		{Output: failed, Credit: 297, Fate: coin.Refunded},
	}})
	books := w.ledger()
	require.Equal(t, Ledger{
		Assets: amount(600), Credited: amount(99), Gifts: amount(198), RefundsDue: amount(297), FeesCharged: amount(6),
	}, books)
	require.Len(t, w.only().Payments, 1)
}

func TestDepositsThatContradictThemselvesHalt(t *testing.T) {
	for _, d := range []coin.Deposit{
		{Output: coin.Output{Amount: 5}, Credit: 6, Fate: coin.Reported},
		{Output: coin.Output{Amount: 5}, Credit: 5},
	} {
		w := newWorld(t, parameters())
		err := w.update(func(tx storage.Tx) error {
			return w.settleIn(tx, &coin.Settlement{Blocks: []coin.SettledBlock{{Deposits: []coin.Deposit{d}}}})
		})
		var unbalanced *Unbalanced
		require.ErrorAs(t, err, &unbalanced)
		require.Empty(t, w.dump())
	}
}

func TestHostileAmountsWrapNothing(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(math.MaxUint64 - 5)
	var burns []coin.Payment
	for i := range byte(10) {
		burns = append(burns, pay(i+1, math.MaxUint64))
	}
	w.burn(burns...)
	require.Empty(t, w.newPlans)
	books := w.ledger()
	require.Equal(t, "184467440737095516150", books.Owed.String())
	require.Equal(t, "-166020696663385964540", books.Credited.String())
	// The group comes to own all that 64 bits can count, and pays one.
	w.deposits(5)
	require.Len(t, w.only().Payments, 1)
	require.EqualValues(t, uint64(math.MaxUint64)-5, w.only().Payments[0].Paid)
	w.complete()
	require.Len(t, w.pendingIDs(), 9)
}

func TestFreeOutputsBeyond64BitsHalt(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(math.MaxUint64)
	before := w.dump()
	err := w.update(func(tx storage.Tx) error {
		return w.settleIn(tx, &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{{Deposits: []coin.Deposit{w.deposit(1)}}}})
	})
	var unbalanced *Unbalanced
	require.ErrorAs(t, err, &unbalanced)
	require.Equal(t, before, w.dump())
}

func TestAnErrorLeavesTheDatabaseAsItWas(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(100, 50)
	w.burn(pay(1, 500))
	before := w.dump()
	missing := errors.New("rate is missing")
	w.rateErr = missing
	settlement := &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{{Deposits: []coin.Deposit{w.deposit(900)}}}}
	settle := func(tx storage.Tx) error { return w.settleIn(tx, settlement) }
	require.ErrorIs(t, w.update(settle), missing)
	require.Equal(t, before, w.dump())
	w.rateErr = nil
	require.NoError(t, w.update(settle))
	require.Len(t, w.only().Payments, 1)
}

func TestTheRateIsAskedForOnlyToPlan(t *testing.T) {
	w := newWorld(t, parameters())
	w.rateErr = errors.New("asked")
	w.deposits(100)
	w.burn(pay(1, 101), pay(2, 5))
	w.settle(coin.SettledBlock{})
}

func TestCompletionsThatContradictThePlanHalt(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*coin.SettledBlock)
	}{
		{"another amount", func(b *coin.SettledBlock) { b.Internal[0].Amount++ }},
		{"another kind", func(b *coin.SettledBlock) { b.Internal[0].Kind = coin.Branch }},
		{"another session", func(b *coin.SettledBlock) { b.Internal[0].Session++ }},
		{"another output", func(b *coin.SettledBlock) { b.Internal[0].ID.Index++ }},
		{"no output", func(b *coin.SettledBlock) { b.Internal = nil }},
		{"unknown plan", func(b *coin.SettledBlock) { b.Completions[0].Plan[0]++ }},
		{"twice", func(b *coin.SettledBlock) { b.Completions = append(b.Completions, b.Completions[0]) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, parameters())
			w.deposits(1000)
			w.burn(pay(1, 100))
			var block coin.SettledBlock
			w.completion(&block, w.open[0])
			test.spoil(&block)
			before := w.dump()
			require.Error(t, w.update(func(tx storage.Tx) error {
				return w.settleIn(tx, &coin.Settlement{Reference: 2, Blocks: []coin.SettledBlock{block}})
			}))
			require.Equal(t, before, w.dump())
		})
	}
}

func TestForeignOutputsToInternalAddressesDoNotCount(t *testing.T) {
	w := newWorld(t, parameters())
	w.settle(coin.SettledBlock{Internal: []coin.Output{{ID: coin.OutputID{Index: 1}, Kind: coin.Change, Amount: 1000}}})
	require.Zero(t, w.pending())
	require.Zero(t, w.ledger())
}

func TestAnUnresolvedPlanCanBeRead(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000)
	w.burn(pay(1, 100))
	id := w.open[0]
	read := func() (plan coin.Plan, ok bool) {
		require.NoError(t, w.store.View(ctx, func(r storage.Reader) (err error) {
			plan, ok, err = w.s.Plan(r, id)
			return err
		}))
		return plan, ok
	}
	plan, ok := read()
	require.True(t, ok)
	require.Equal(t, w.plans[id], plan)
	require.Empty(t, plan.Inputs[0].Data, "what is reported is not stored again")
	w.complete()
	_, ok = read()
	require.False(t, ok)
}

func TestAuditFindsWhatTheBooksDoNot(t *testing.T) {
	w := newWorld(t, parameters())
	w.deposits(1000, 500)
	w.burn(pay(1, 100), pay(2, 10_000))
	s := w.s.(*scheduler)
	inPool := func(change func(*pool)) func(storage.Tx) error {
		return func(tx storage.Tx) error { return s.change(tx, 3, change) }
	}
	for _, test := range []struct {
		text  string
		spoil func(storage.Tx) error
	}{
		{"assets", func(tx storage.Tx) error { return s.release(tx, coin.Output{Amount: 10}) }},
		{"owed", func(tx storage.Tx) error { _, err := s.payments.Push(tx, queued{Payment: pay(9, 20)}); return err }},
		{"refunds due", func(tx storage.Tx) error {
			_, err := s.payments.Push(tx, queued{Payment: pay(9, 20), Refund: true})
			return err
		}},
		{"costs to recover", func(tx storage.Tx) error { return s.post(tx, func(l *Ledger) { l.Recover = l.Recover.Add(1) }) }},
		{"costs to recover", func(tx storage.Tx) error { return s.lost.Put(tx, amount(1)) }},
		{"accepted deposits", func(tx storage.Tx) error { return s.accepted.Put(tx, coin.OutputID{Index: 7}, 5) }},
		{"passed on and was not accepted", func(tx storage.Tx) error {
			return s.forwards.Put(tx, place{3, 9}, passing{w.output(20), []claim{{Credit: 20}}})
		}},
		{"the pool of session 3", inPool(func(p *pool) { p.Available-- })},
		{"the pool of session 3", inPool(func(p *pool) { p.Plans++ })},
		{"the pool of session 3", inPool(func(p *pool) { p.Returning.Merges++ })},
		{"the pool of session 3", inPool(func(p *pool) { p.Returning.Merged = amount(1) })},
		{"the pool of session 3", inPool(func(p *pool) { p.Returning.Change = Balance{} })},
		{"the pool of session 4", func(tx storage.Tx) error { return s.change(tx, 4, func(p *pool) { p.Plans++ }) }},
		{"1 sessions have outputs and no pool", func(tx storage.Tx) error { return s.pools.Delete(tx, 3) }},
		{"is in the pool of 4", func(tx storage.Tx) error { return s.free.Put(tx, place{4, 9}, w.output(20)) }},
		{"ranks are", func(tx storage.Tx) error { return s.ranks.Delete(tx, rank{3, 500, 1}) }},
		{"ranks hold", func(tx storage.Tx) error { return s.ranks.Put(tx, rank{3, 501, 1}, struct{}{}) }},
		{"negative account", func(tx storage.Tx) error {
			return s.post(tx, func(l *Ledger) { l.Gifts, l.Returned = l.Gifts.Sub(1), l.Returned.Add(1) })
		}},
		{"negative account", func(tx storage.Tx) error {
			return s.post(tx, func(l *Ledger) { l.Gifts, l.WrittenOff = l.Gifts.Sub(1), l.WrittenOff.Sub(1) })
		}},
		{"against claims", func(tx storage.Tx) error { return s.post(tx, func(l *Ledger) { l.Gifts = l.Gifts.Add(1) }) }},
	} {
		var unbalanced *Unbalanced
		spoilt := w.store.Clone()
		require.NoError(t, spoilt.Update(ctx, test.spoil), test.text)
		require.ErrorAs(t, spoilt.View(ctx, w.s.Audit), &unbalanced, test.text)
		require.Contains(t, unbalanced.Error(), test.text)
	}
}
