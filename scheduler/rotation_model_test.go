package scheduler

import (
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// rotation is a group whose keys follow one another, and what its scheduler
// must hold, counted in the simplest way.
type rotation struct {
	*world
	// old is the oldest key in use, young its successor, or 0; sessions is the
	// newest so far.
	old, young, sessions uint64
	stage                int  // of old and young, see roles
	reports              bool // whether old does
	shows                bool // young is abandoned, and the chain does not show it yet

	have      map[coin.OutputID]coin.Output // free, or waiting to be passed on
	forsaken  map[coin.PlanID]bool          // plans of abandoned keys
	gone      map[uint64]bool
	payments  map[coin.PaymentID]*rotated
	held      map[uint64][]coin.Deposit
	passed    map[coin.OutputID]coin.Deposit // without an arrival yet
	forwarded map[coin.OutputID]uint64       // what is to arrive of them
	given     map[coin.OutputID]bool         // given up
	queue     []coin.Late
	taken     uint32

	in, paid, fees, off, accepted uint64 // totals, those of now
}

// rotated is a payment and what became of it.
type rotated struct {
	coin.Payment
	status string
	plan   coin.PlanID
}

// Stages of the old key and the young one.
const (
	before = iota // the young holds back
	hands
	leaves
	finishes
)

func newRotation(t *rapid.T) *rotation {
	r := &rotation{
		world: newWorld(t, parameters()), old: 1, sessions: 1, reports: true,
		have: make(map[coin.OutputID]coin.Output), forsaken: make(map[coin.PlanID]bool), gone: make(map[uint64]bool),
		payments: make(map[coin.PaymentID]*rotated), held: make(map[uint64][]coin.Deposit),
		passed: make(map[coin.OutputID]coin.Deposit), forwarded: make(map[coin.OutputID]uint64),
		given: make(map[coin.OutputID]bool),
	}
	r.assign()
	r.step(coin.SettledBlock{}, nil)
	return r
}

// assign sets the roles.
func (r *rotation) assign() {
	switch {
	case !r.reports:
		r.roles = []coin.Role{holding(r.old)}
	case r.young == 0 || r.stage == before:
		r.roles = []coin.Role{active(r.old)}
	case r.stage == hands:
		r.roles = []coin.Role{handing(r.old, r.young)}
	case r.stage == leaves:
		r.roles = []coin.Role{leaving(r.old, r.young)}
	default:
		r.roles = []coin.Role{finishing(r.old, r.young)}
	}
	if r.young != 0 && !r.shows {
		role := holding(r.young)
		role.Pays = r.stage >= leaves
		r.roles = append(r.roles, role)
	}
}

func (r *rotation) do(do func(storage.Tx) error) {
	require.NoError(r.t, r.update(do))
	r.check()
	r.observe()
}

// step settles a block.
func (r *rotation) step(block coin.SettledBlock, late []coin.Late) {
	r.number++
	block.Number = r.number
	for _, d := range block.Deposits {
		r.have[d.Output.ID] = d.Output
		r.in += d.Output.Amount
		switch d.Fate {
		case coin.Refunded:
			r.take(coin.Payment{ID: coin.RefundID(d.Output.ID), Address: d.Output.Origin, Amount: d.Credit})
		case coin.Held:
			r.held[d.Output.Session] = append(r.held[d.Output.Session], d)
			r.accepted += d.Credit
		case coin.PassedOn:
			r.passed[d.Output.ID] = d
			r.accepted += d.Credit
		}
	}
	for _, c := range block.Completions {
		plan := r.plans[c.Plan]
		r.fees += plan.Fee
		for _, p := range plan.Payments {
			r.paid += p.Paid
		}
		if r.forsaken[c.Plan] {
			delete(r.forsaken, c.Plan)
			for _, o := range plan.Inputs {
				r.off -= o.Amount
			}
		}
	}
	for _, o := range block.Internal {
		r.have[o.ID] = o
	}
	for _, l := range late {
		r.accepted -= l.Credit
		if l.Fate == coin.Refunded {
			r.take(coin.Payment{ID: coin.RefundID(l.Deposit), Address: l.Origin, Amount: l.Amount})
		}
	}
	r.do(func(tx storage.Tx) error {
		return r.settleIn(tx, &coin.Settlement{Reference: r.number, Late: late, Blocks: []coin.SettledBlock{block}})
	})
}

// take expects a payment.
func (r *rotation) take(p coin.Payment) {
	require.Nil(r.t, r.payments[p.ID])
	r.payments[p.ID] = &rotated{Payment: p, status: "Queued"}
}

// observe follows the last transaction.
func (r *rotation) observe() {
	stay := func(a coin.Arrival) bool { return a.Amount > 0 && r.forwarded[a.Deposit] == 0 }
	for _, a := range r.newArrivals { // before they can be spent
		if stay(a) {
			d := r.passed[a.Deposit]
			require.Equal(r.t, r.old, d.Output.Session)
			require.True(r.t, r.gone[r.young] || r.stage < leaves, "it could be passed on")
			require.Equal(r.t, d.Output.Amount, a.Amount)
			r.arrives(a)
		}
	}
	for _, plan := range r.newPlans {
		r.planned(plan)
	}
	for _, e := range r.newEvents {
		r.happens(e)
	}
	for _, a := range r.newArrivals {
		if stay(a) {
			continue
		}
		require.Equal(r.t, r.forwarded[a.Deposit], a.Amount)
		require.Equal(r.t, a.Amount == 0, r.given[a.Deposit])
		r.arrives(a)
	}
	var assets uint64
	for _, o := range r.have {
		assets += o.Amount
	}
	for _, id := range r.open {
		if !r.forsaken[id] {
			for _, o := range r.plans[id].Inputs {
				assets += o.Amount
			}
		}
	}
	require.Equal(r.t, r.in, assets+r.paid+r.fees+r.off, "conserved")
	books := r.ledger()
	for _, account := range [][2]Balance{
		{amount(assets), books.Assets}, {amount(r.off), books.WrittenOff}, {amount(r.fees), books.NetworkFees}, {amount(r.accepted), books.Accepted},
	} {
		require.Equal(r.t, account[0], account[1])
	}
}

// arrives takes in what has become of a deposit.
func (r *rotation) arrives(a coin.Arrival) {
	d, ok := r.passed[a.Deposit]
	require.True(r.t, ok, "an arrival nobody waits for")
	delete(r.passed, a.Deposit)
	if a.Amount > 0 {
		r.queue = append(r.queue, coin.Late{Deposit: a.Deposit, Origin: d.Output.Origin, Credit: d.Credit, Amount: min(a.Amount, d.Credit)})
	}
}

// planned checks a plan: whose outputs it may spend, and whose they become.
func (r *rotation) planned(plan coin.Plan) {
	t, p := r.t, r.rules
	i := slices.IndexFunc(r.roles, func(role coin.Role) bool { return role.Key.Session == plan.Key.Session })
	require.GreaterOrEqual(t, i, 0)
	role := r.roles[i]
	if r.gone[role.Change.Session] {
		role.Change = role.Key
	}
	require.Equal(t, role.Key, plan.Key)
	require.LessOrEqual(t, len(plan.Inputs), int(p.MaxInputs))
	require.LessOrEqual(t, len(plan.Payments)+len(plan.Own), int(p.MaxOutputs))
	for _, o := range plan.Inputs {
		require.Contains(t, r.have, o.ID, "an input is used twice")
		require.Equal(t, plan.Key.Session, o.Session)
		delete(r.have, o.ID)
	}
	kind := coin.Change
	child := plan.Inputs[0].Kind == coin.Branch && len(plan.Inputs) == 1
	branches := slices.ContainsFunc(plan.Own, func(own coin.OwnOutput) bool { return own.Kind == coin.Branch })
	if len(plan.Payments) > 0 || branches {
		require.True(t, role.Pays || child, "only branches fund payments in every stage")
	} else if role.Leaves {
		kind = coin.Forwarded
		require.Len(t, plan.Own, 1)
	} else {
		require.Equal(t, role.Key, role.Change, "merged while handing over")
	}
	for _, own := range plan.Own {
		if own.Kind == coin.Branch {
			require.Equal(t, role.Key.Session, own.Session, "what funds payments stays with the key")
		} else {
			require.Equal(t, kind, own.Kind)
			require.Equal(t, role.Change.Session, own.Session)
		}
		require.GreaterOrEqual(t, own.Amount, p.Dust)
	}
	for _, o := range plan.Inputs {
		if _, passed := r.passed[o.ID]; passed {
			require.Len(t, plan.Inputs, 1, "a deposit is passed on with others")
			r.forwarded[o.ID] = plan.Own[0].Amount
		}
	}
}

func (r *rotation) happens(e happened) {
	t := r.t
	if e.What == "Condition" && e.Plan != (coin.PlanID{}) {
		return
	}
	if e.What == "WrittenOff" {
		r.off += e.Amount
		if o, ok := r.have[e.Output]; ok {
			require.Equal(t, o.Amount, e.Amount)
			delete(r.have, e.Output)
			return
		}
		require.True(t, slices.ContainsFunc(r.open, func(id coin.PlanID) bool {
			return r.forsaken[id] && slices.ContainsFunc(r.plans[id].Inputs, func(o coin.Output) bool { return o.ID == e.Output })
		}), "nobody's output is written off")
		return
	}
	for id, d := range r.passed { // at most one of them
		if coin.RefundID(id) == e.Payment {
			require.Equal(t, "Dropped", e.What)
			require.Zero(t, r.forwarded[id])
			require.False(t, r.given[id], "given up twice")
			r.given[id] = true
			r.accepted -= d.Credit
			return
		}
	}
	p := r.payments[e.Payment]
	require.NotNil(t, p, "event of an unknown payment")
	switch e.What {
	case "Condition":
		return
	case "Planned", "Dropped", "Refused":
		require.Equal(t, "Queued", p.status)
	case "Settled", "Refunded":
		require.Equal(t, "Planned", p.status)
	}
	p.status, p.plan = e.What, e.Plan
}
