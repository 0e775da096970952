package scheduler

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// forked is a scheduler over a chain that changes, and what must be true of it.
type forked struct {
	*world
	rapid *rapid.T
	// blocks are the settled ones of the present chain.
	blocks []coin.SettledBlock
	// there are the outputs of that chain that the group owns and has not spent,
	// made all that it has, spent ones included.
	there, made map[coin.OutputID]coin.Output
	// deposits are all that ever took effect, void those that are not on the chain.
	deposits map[coin.OutputID]coin.Deposit
	void     []coin.OutputID
	// happened are the plans that are on the chain.
	done map[coin.PlanID]bool
	// planned and settled count by payment; settled ones on the present chain.
	planned, settled map[coin.PaymentID]int
	burnt, gifts     uint64
	refunds          map[coin.PaymentID]uint64 // due, settled ones included
	payments         uint16
}

func newForked(t *rapid.T) *forked {
	return &forked{
		world: newWorld(t, parameters()), rapid: t, there: make(map[coin.OutputID]coin.Output), made: make(map[coin.OutputID]coin.Output),
		deposits: make(map[coin.OutputID]coin.Deposit), done: make(map[coin.PlanID]bool),
		planned: make(map[coin.PaymentID]int), settled: make(map[coin.PaymentID]int), refunds: make(map[coin.PaymentID]uint64),
	}
}

// extend settles a next block, with deposits that return and plans that happen.
func (f *forked) extend(fresh []coin.Deposit, returns []coin.OutputID, share int) {
	block := coin.SettledBlock{Deposits: fresh}
	for _, d := range fresh {
		f.deposits[d.Output.ID] = d
		f.have(d.Output)
		switch d.Fate {
		case coin.Refunded:
			f.refunds[coin.RefundID(d.Output.ID)] = d.Credit
		case coin.Accumulated:
			f.gifts += d.Credit
		}
	}
	for _, id := range returns {
		d := f.deposits[id]
		d.Fate = coin.Returned
		block.Deposits = append(block.Deposits, d)
		f.have(d.Output)
		f.void = slices.DeleteFunc(f.void, func(v coin.OutputID) bool { return v == id })
	}
	var late []coin.PlanID
	for _, id := range rapid.Permutation(f.open).Draw(f.rapid, "order") {
		if f.possible(id) && rapid.IntRange(1, 100).Draw(f.rapid, "happens") <= share {
			f.completion(&block, id)
			f.happens(id)
		} else {
			late = append(late, id)
		}
	}
	f.open = slices.DeleteFunc(f.open, func(id coin.PlanID) bool { return !slices.Contains(late, id) })
	f.settle(block)
	block.Number = f.number
	f.blocks = append(f.blocks, block)
	f.observe()
}

func (f *forked) have(o coin.Output) { f.there[o.ID], f.made[o.ID] = o, o }

// possible tells whether all inputs of a plan are there.
func (f *forked) possible(id coin.PlanID) bool {
	for _, input := range f.plans[id].Inputs {
		if _, ok := f.there[input.ID]; !ok {
			return false
		}
	}
	return true
}

// happens notes that a plan is on the chain.
func (f *forked) happens(id coin.PlanID) {
	plan := f.plans[id]
	for _, input := range plan.Inputs {
		delete(f.there, input.ID)
	}
	for i, own := range plan.Own {
		f.have(coin.Output{
			ID:      coin.OutputID{Transaction: transactionOf(id), Index: uint32(len(plan.Payments) + i)},
			Session: own.Session, Kind: own.Kind, Amount: own.Amount,
		})
	}
	f.done[id] = true
}

// fork voids the newest blocks.
func (f *forked) fork(depth int, ahead []coin.Deposit) {
	back := &coin.Rewind{Fork: f.number - uint64(depth), Horizon: f.number, Deposits: ahead}
	for _, d := range ahead {
		f.deposits[d.Output.ID] = d
		f.void = append(f.void, d.Output.ID)
		if d.Fate == coin.Refunded {
			f.refunds[coin.RefundID(d.Output.ID)] = d.Credit
		}
	}
	for _, block := range slices.Backward(f.blocks[len(f.blocks)-depth:]) {
		back.Blocks = append(back.Blocks, block)
		for _, c := range slices.Backward(block.Completions) {
			plan := f.plans[c.Plan]
			for i := range plan.Own {
				id := coin.OutputID{Transaction: c.Transaction, Index: uint32(len(plan.Payments) + i)}
				delete(f.there, id)
				delete(f.made, id)
			}
			for _, input := range plan.Inputs {
				f.there[input.ID] = f.made[input.ID]
			}
			for _, p := range plan.Payments {
				f.settled[p.ID]--
			}
			delete(f.done, c.Plan)
		}
		for _, d := range block.Deposits {
			delete(f.there, d.Output.ID)
			delete(f.made, d.Output.ID)
			f.void = append(f.void, d.Output.ID)
		}
	}
	f.blocks = f.blocks[:len(f.blocks)-depth]
	var undone coin.Undone
	require.NoError(f.t, f.update(func(tx storage.Tx) (err error) {
		undone, err = f.s.Rewind(tx, back)
		return err
	}))
	f.number = back.Fork
	f.check()
	require.Empty(f.t, undone.Forgotten)
	require.Empty(f.t, undone.Recalled)
	f.observe()
}

// observe follows the last transaction, and compares the books with the chain.
func (f *forked) observe() {
	for _, e := range f.newEvents {
		switch e.What {
		case "Planned":
			f.planned[e.Payment]++
			require.Equal(f.t, 1, f.planned[e.Payment], "planned twice")
		case "Settled", "Refunded":
			f.settled[e.Payment]++
			require.Equal(f.t, 1, f.settled[e.Payment], "settled twice")
		case "Dropped":
			if amount, ok := f.refunds[e.Payment]; ok {
				f.gifts += amount
				delete(f.refunds, e.Payment)
			}
		case "Voided":
			require.Contains(f.t, f.void, e.Output, "it is there")
			require.Equal(f.t, f.deposits[e.Output].Credit, e.Amount)
		}
	}
	var assets, credited, fees, lost Balance
	for _, o := range f.there { // order-free: a sum
		assets = assets.Add(o.Amount)
	}
	for _, d := range f.deposits { // order-free: sums
		fees = fees.Add(d.Output.Amount - d.Credit)
		if d.Fate == coin.Reported {
			credited = credited.Add(d.Credit)
		}
	}
	for _, id := range f.void {
		lost = lost.Add(f.deposits[id].Output.Amount)
	}
	books := f.ledger()
	require.Equal(f.t, assets, books.Assets, "the outputs of the chain")
	require.Equal(f.t, credited.Sub(f.burnt-f.held()), books.Credited, "each deposit once")
	require.Equal(f.t, fees, books.FeesCharged)
	require.Equal(f.t, amount(f.gifts), books.Gifts)
	require.Equal(f.t, lost, books.WrittenOff, "what is void")
}

// held is what is burnt and waits for the first settlement behind a rewind.
func (f *forked) held() (sum uint64) {
	require.NoError(f.t, f.store.View(ctx, func(r storage.Reader) error {
		for item, err := range f.s.(*scheduler).held.All(r) {
			if err != nil {
				return err
			}
			sum += item.Value.Amount
		}
		return nil
	}))
	return sum
}

// draw draws deposits.
func (f *forked) draw(most int) (list []coin.Deposit) {
	for range rapid.IntRange(0, most).Draw(f.rapid, "deposits") {
		d := f.deposit(dust + rapid.Uint64Range(0, 400).Draw(f.rapid, "amount"))
		d.Fate = coin.Fate(rapid.IntRange(1, 3).Draw(f.rapid, "fate"))
		d.Credit = d.Output.Amount - rapid.Uint64Range(0, d.Output.Amount-dust).Draw(f.rapid, "fee")
		if d.Fate == coin.Refunded {
			d.Output.Origin = "user"
		}
		list = append(list, d)
	}
	return list
}

// some draws some of the void deposits.
func (f *forked) some() []coin.OutputID {
	if len(f.void) == 0 {
		return nil
	}
	list := rapid.Permutation(f.void).Draw(f.rapid, "void")
	return list[:rapid.IntRange(0, len(list)).Draw(f.rapid, "returns")]
}

// TestRewindsKeepBooksAndPayments lets the chain change at random moments: the
// books always are what is on the chain, no deposit is credited and no payment
// made twice, and in the end, when all is on the chain again, nothing is lost.
func TestRewindsKeepBooksAndPayments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newForked(t)
		f.extend(f.draw(4), nil, 0)
		t.Repeat(map[string]func(*rapid.T){
			"block": func(t *rapid.T) {
				f.rapid = t
				f.extend(f.draw(3), f.some(), rapid.SampledFrom([]int{0, 50, 100}).Draw(t, "share"))
			},
			"burn": func(t *rapid.T) {
				var list []coin.Payment
				for range rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 15)).Draw(t, "payments") {
					f.payments++
					p := coin.Payment{Address: "user", Amount: dust + rapid.Uint64Range(0, 300).Draw(t, "amount")}
					binary.BigEndian.PutUint16(p.ID[:], f.payments)
					f.burnt += p.Amount
					list = append(list, p)
				}
				require.NoError(t, f.update(func(tx storage.Tx) error { return f.s.Burn(tx, list) }))
				f.check()
				f.observe()
			},
			"fork": func(t *rapid.T) {
				f.rapid = t
				var ahead []coin.Deposit
				for _, d := range f.draw(2) {
					if d.Fate != coin.Accumulated {
						ahead = append(ahead, d)
					}
				}
				f.fork(rapid.IntRange(0, len(f.blocks)).Draw(t, "depth"), ahead)
			},
		})
		// All comes back, and what is planned happens.
		f.rapid = t
		for range 50 {
			f.extend(nil, slices.Clone(f.void), 100)
			if len(f.open) == 0 {
				break
			}
		}
		require.Empty(t, f.open)
		require.Zero(t, f.ledger().WrittenOff)
		for id, n := range f.planned { // order-free: each is checked
			require.Equal(t, 1, n)
			require.Equal(t, 1, f.settled[id], "a planned payment settles")
		}
		require.NoError(t, f.store.View(ctx, func(r storage.Reader) error {
			for range f.s.(*scheduler).missing.All(r) {
				require.Fail(t, "something is missing")
			}
			for range f.s.(*scheduler).suspended.All(r) {
				require.Fail(t, "a refund is suspended")
			}
			return nil
		}))
	})
}
