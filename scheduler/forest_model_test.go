package scheduler

import (
	"encoding/binary"
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// forest is a group whose trees of payments grow, get stuck, are replaced and
// rewound while its keys follow one another; and the chain as anybody sees it,
// against which the books are checked.
type forest struct {
	*world
	rapid *rapid.T

	// old is the oldest key in use, young its successor, or 0.
	old, young, sessions uint64
	stage                int
	shows                bool // young is abandoned, and the chain does not show it yet
	gone                 map[uint64]bool
	unsigned             bool // plans of abandoned keys never happen

	// there are the unspent outputs on the chain that were given to the group,
	// made those of all times.
	there, made map[coin.OutputID]coin.Output
	deposits    map[coin.OutputID]coin.Deposit
	void        []coin.OutputID        // deposits of void blocks that have not come back
	off         map[coin.OutputID]bool // deposits that were given up
	passed      map[coin.OutputID]coin.Deposit
	late        []coin.Late
	blocks      []coin.SettledBlock

	payments      map[coin.PaymentID]*owedPayment
	parents       map[coin.OutputID]coin.PlanID // of own outputs
	fees, charged Balance
	ids           uint32
}

// owedPayment is a payment and what became of it.
type owedPayment struct {
	coin.Payment
	refund bool
	plan   coin.PlanID // that it was planned in last
	status string      // Queued, Planned, Settled, Dropped or Refused
}

func newForest(t *rapid.T, p coin.Parameters) *forest {
	f := &forest{
		world: newWorld(t, p), rapid: t, old: 1, sessions: 1, gone: make(map[uint64]bool),
		there: make(map[coin.OutputID]coin.Output), made: make(map[coin.OutputID]coin.Output),
		deposits: make(map[coin.OutputID]coin.Deposit), off: make(map[coin.OutputID]bool),
		passed: make(map[coin.OutputID]coin.Deposit), payments: make(map[coin.PaymentID]*owedPayment),
		parents: make(map[coin.OutputID]coin.PlanID),
	}
	f.assign()
	return f
}

// assign sets the roles.
func (f *forest) assign() {
	switch {
	case f.young == 0 || f.stage == before:
		f.roles = []coin.Role{active(f.old)}
	case f.stage == hands:
		f.roles = []coin.Role{handing(f.old, f.young)}
	case f.stage == leaves:
		f.roles = []coin.Role{leaving(f.old, f.young)}
	default:
		f.roles = []coin.Role{finishing(f.old, f.young)}
	}
	if f.young != 0 && !f.shows {
		role := holding(f.young)
		role.Pays = f.stage >= leaves
		f.roles = append(f.roles, role)
	}
}

func (f *forest) internals() *scheduler { return f.s.(*scheduler) }

// view reads.
func (f *forest) view(read func(r storage.Reader, s *scheduler) error) {
	require.NoError(f.t, f.store.View(ctx, func(r storage.Reader) error { return read(r, f.internals()) }))
}

// waiting returns the queue without what trees have taken, by number.
func (f *forest) waiting() map[uint64]coin.PaymentID {
	list := make(map[uint64]coin.PaymentID)
	f.view(func(r storage.Reader, s *scheduler) error {
		for p, err := range s.waitingPayments(r) {
			if err != nil {
				return err
			}
			list[p.number] = p.value.ID
		}
		return nil
	})
	return list
}

// do runs a transaction and follows it.
func (f *forest) do(replaces bool, do func(storage.Tx) error) {
	before := f.waiting()
	require.NoError(f.t, f.update(do))
	f.check()
	f.observe(before, replaces)
}

// take expects payments.
func (f *forest) take(p coin.Payment, refund bool) {
	require.Nil(f.t, f.payments[p.ID])
	f.payments[p.ID] = &owedPayment{Payment: p, refund: refund, status: "Queued"}
}

// possible tells whether all inputs of a plan are on the chain.
func (f *forest) possible(id coin.PlanID) bool {
	if f.unsigned && f.forsaken(id) {
		return false
	}
	for _, input := range f.plans[id].Inputs {
		if _, ok := f.there[input.ID]; !ok {
			return false
		}
	}
	return true
}

// forsaken tells whether nobody is left to sign a plan. It may be signed.
func (f *forest) forsaken(id coin.PlanID) bool { return f.gone[f.plans[id].Key.Session] }

func (f *forest) have(o coin.Output) { f.there[o.ID], f.made[o.ID] = o, o }

// owns are the own outputs of a plan.
func (f *forest) owns(id coin.PlanID) (list []coin.Output) {
	plan := f.plans[id]
	for i, own := range plan.Own {
		list = append(list, coin.Output{
			ID:      coin.OutputID{Transaction: transactionOf(id), Index: uint32(len(plan.Payments) + i)},
			Session: own.Session, Kind: own.Kind, Amount: own.Amount,
		})
	}
	return list
}

// happens notes that a plan is on the chain.
func (f *forest) happens(block *coin.SettledBlock, id coin.PlanID) {
	f.completion(block, id)
	plan := f.plans[id]
	for _, input := range plan.Inputs {
		delete(f.there, input.ID)
	}
	for _, o := range f.owns(id) {
		f.have(o)
	}
	f.fees = f.fees.Add(plan.Fee)
	for _, p := range plan.Payments {
		f.charged = f.charged.Add(p.Amount - p.Paid)
	}
}

// grow settles a block: with deposits, those that return, and plans that
// happen, each with a likelihood in percent, parents before their children.
func (f *forest) grow(fresh []coin.Deposit, returns []coin.OutputID, likely int) {
	block := coin.SettledBlock{Deposits: fresh}
	for _, d := range fresh {
		f.deposits[d.Output.ID] = d
		f.have(d.Output)
		if d.Fate == coin.Refunded {
			f.take(coin.Payment{ID: coin.RefundID(d.Output.ID), Address: d.Output.Origin, Amount: d.Credit}, true)
		}
		if d.Fate == coin.PassedOn {
			f.passed[d.Output.ID] = d
		}
	}
	for _, id := range returns {
		d := f.deposits[id]
		d.Fate = coin.Returned
		block.Deposits = append(block.Deposits, d)
		f.have(d.Output)
		f.void = slices.DeleteFunc(f.void, func(v coin.OutputID) bool { return v == id })
	}
	for range 3 {
		for _, id := range rapid.Permutation(f.open).Draw(f.rapid, "order") {
			if f.possible(id) && (likely == 100 || rapid.IntRange(1, 100).Draw(f.rapid, "happens") <= likely) {
				f.happens(&block, id)
				f.open = slices.DeleteFunc(f.open, func(o coin.PlanID) bool { return o == id })
			}
		}
	}
	f.number++
	block.Number = f.number
	f.blocks = append(f.blocks, block)
	late := f.late
	f.late = nil
	f.do(false, func(tx storage.Tx) error {
		return f.settleIn(tx, &coin.Settlement{Reference: f.number, Late: late, Blocks: []coin.SettledBlock{block}})
	})
	for _, a := range f.newArrivals {
		d, ok := f.passed[a.Deposit]
		require.True(f.t, ok, "an arrival nobody waits for")
		delete(f.passed, a.Deposit)
		require.Equal(f.t, a.Amount == 0, f.off[a.Deposit])
		if a.Amount > 0 {
			f.late = append(f.late, coin.Late{Deposit: a.Deposit, Credit: d.Credit, Amount: min(a.Amount, d.Credit), Fate: coin.Reported})
		}
	}
}

// fork voids the newest blocks.
func (f *forest) fork(depth int) {
	back := &coin.Rewind{Fork: f.number - uint64(depth), Horizon: f.number}
	for _, block := range slices.Backward(f.blocks[len(f.blocks)-depth:]) {
		back.Blocks = append(back.Blocks, block)
		for _, c := range slices.Backward(block.Completions) {
			plan := f.plans[c.Plan]
			for _, o := range f.owns(c.Plan) {
				delete(f.there, o.ID)
			}
			for _, input := range plan.Inputs {
				f.there[input.ID] = f.made[input.ID]
			}
			f.fees = f.fees.Sub(plan.Fee)
			for _, p := range plan.Payments {
				f.charged = f.charged.Sub(p.Amount - p.Paid)
				require.Equal(f.t, "Settled", f.payments[p.ID].status)
				f.payments[p.ID].status, f.payments[p.ID].plan = "Planned", c.Plan
			}
		}
		for _, d := range block.Deposits {
			delete(f.there, d.Output.ID)
			f.void = append(f.void, d.Output.ID)
		}
	}
	f.blocks = f.blocks[:len(f.blocks)-depth]
	f.number = back.Fork
	f.do(false, func(tx storage.Tx) error {
		_, err := f.s.Rewind(tx, back)
		return err
	})
}

// replace replaces a plan, without some of the payments of its tree.
func (f *forest) replace(id coin.PlanID) {
	var number uint64
	of := make(map[coin.PaymentID]bool)
	f.view(func(r storage.Reader, s *scheduler) error {
		p, err := s.plans.Load(r, id)
		if err != nil {
			return err
		}
		v, err := s.relatives(r, id, p)
		number = v.Replaced + 1
		if err == nil {
			err = s.collect(r, p.first(id), of)
		}
		return err
	})
	var drop []coin.PaymentID
	few := rapid.IntRange(0, 3).Draw(f.rapid, "drops") * len(of) / 3
	for id := range of { // order-free: sorted
		drop = append(drop, id)
	}
	slices.SortFunc(drop, comparePayments)
	drop = drop[:few]
	before := f.dump()
	var reason string
	f.do(true, func(tx storage.Tx) (err error) {
		reason, err = f.s.Replace(tx, id, number, drop)
		return err
	})
	if reason != "" {
		require.Empty(f.t, f.newPlans)
		require.Equal(f.t, before, f.dump(), "a refusal changes nothing")
		return
	}
	version := f.only()
	require.Equal(f.t, f.plans[id].Inputs, version.Inputs)
	for _, p := range version.Payments {
		require.NotContains(f.t, drop, p.ID)
	}
}

// draw draws deposits.
func (f *forest) draw(most int) (list []coin.Deposit) {
	for range rapid.IntRange(0, most).Draw(f.rapid, "deposits") {
		session, fates := f.old, []coin.Fate{coin.Reported, coin.Reported, coin.Accumulated, coin.Refunded}
		if f.young != 0 && f.stage >= leaves && !f.shows {
			if session = f.young; f.stage == leaves && rapid.Bool().Draw(f.rapid, "old") {
				session, fates = f.old, []coin.Fate{coin.PassedOn, coin.Refunded}
			}
		}
		d := coin.Deposit{Output: f.outputTo(session, 30+rapid.OneOf(rapid.Uint64Range(0, 400), rapid.Uint64Range(0, 8000)).Draw(f.rapid, "amount"))}
		d.Fate = rapid.SampledFrom(fates).Draw(f.rapid, "fate")
		d.Credit = d.Output.Amount - rapid.Uint64Range(0, d.Output.Amount/3).Draw(f.rapid, "fee")
		if d.Fate == coin.Refunded {
			d.Output.Origin = "user"
		}
		list = append(list, d)
	}
	return list
}

// burns draws payments, sometimes very many.
func (f *forest) burns() (list []coin.Payment) {
	n := rapid.OneOf(rapid.IntRange(1, 4), rapid.IntRange(1, 60)).Draw(f.rapid, "payments")
	least := f.rules.Dust + rapid.OneOf(rapid.Uint64Range(0, 30), rapid.Uint64Range(0, 300)).Draw(f.rapid, "amount")
	for range n {
		f.ids++
		p := coin.Payment{Address: "user", Amount: least + uint64(f.ids*7919%17)}
		binary.BigEndian.PutUint32(p.ID[:], f.ids)
		f.take(p, false)
		list = append(list, p)
	}
	return list
}
