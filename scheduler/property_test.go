package scheduler

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// model is what a scheduler must hold, counted in the simplest way.
type model struct {
	w        *world
	free     map[coin.OutputID]uint64
	age      map[coin.OutputID]int         // the place of each output, the oldest first
	places   map[coin.TransactionID]int    // those of merges' outputs
	back     map[coin.TransactionID]uint64 // what unresolved plans give back
	reserved map[coin.OutputID]uint64
	branches map[coin.OutputID]coin.PlanID // of the reserved ones those that fund payments not planned yet
	payments map[coin.PaymentID]*obligation
	taken    int  // payments so far
	left     bool // costs were left for later payments: merged, or payments left a tree
}

// obligation is a payment that was taken in.
type obligation struct {
	coin.Payment
	place  int
	poor   bool // was set aside as too small, and not as able to carry the fee since
	aside  bool // was once set aside
	status string
}

func newModel(w *world) *model {
	return &model{
		w: w, free: make(map[coin.OutputID]uint64), back: make(map[coin.TransactionID]uint64), age: make(map[coin.OutputID]int), places: make(map[coin.TransactionID]int), reserved: make(map[coin.OutputID]uint64),
		branches: make(map[coin.OutputID]coin.PlanID), payments: make(map[coin.PaymentID]*obligation),
	}
}

// take expects a payment to be taken in, unless it is one too many or not
// payable.
func (m *model) take(p coin.Payment) {
	if m.payments[p.ID] != nil {
		return
	}
	m.taken++
	m.payments[p.ID] = &obligation{Payment: p, place: m.taken, status: "Queued"}
	if p.Amount < dust || !strings.HasPrefix(string(p.Address), "user") || strings.Contains(string(p.Address), "own") {
		m.payments[p.ID].status = "Unpayable"
	}
}

// observe follows the last transaction and compares.
func (m *model) observe() {
	t := m.w.t
	for _, e := range m.w.newEvents {
		if e.Plan != (coin.PlanID{}) && e.What == "Condition" {
			m.released(e)
		}
	}
	for _, plan := range m.w.newPlans {
		if _, child := m.branches[plan.Inputs[0].ID]; child {
			m.sprouted(plan)
		} else {
			m.planned(plan)
		}
	}
	for _, e := range m.w.newEvents {
		if e.What == "Condition" && e.Plan != (coin.PlanID{}) {
			continue
		}
		p := m.payments[e.Payment]
		require.NotNil(t, p, "event of an unknown payment")
		from := map[string]string{
			"Planned": "Queued", "Settled": "Planned", "Refunded": "Planned", "Dropped": "Queued", "Refused": "Unpayable",
		}[e.What]
		switch {
		case e.What == "Condition" && strings.Contains(e.Text, "share of the fee"):
			require.False(t, p.poor, "told twice")
			p.poor = true
			continue
		case e.What == "Condition":
			continue
		case e.What == "Dropped" && p.status == "Unpayable": // a refund
		case e.What == "Dropped":
			require.True(t, p.poor)
			require.Equal(t, from, p.status)
		default:
			require.Equal(t, from, p.status, "%+v", e)
		}
		p.status = e.What
	}
	require.NoError(t, m.w.store.View(ctx, func(r storage.Reader) error {
		poor := len(of(m.w.newEvents, "Dropped")) > 0
		for item, err := range m.w.s.(*scheduler).aside.All(r) {
			if err != nil {
				return err
			}
			p := m.payments[item.Value.ID]
			p.poor, p.aside, poor = item.Value.Poor, true, true
		}
		m.left = m.left || poor && slices.ContainsFunc(m.w.newPlans, func(p coin.Plan) bool { return p.Inputs[0].Kind == coin.Branch })
		waits, last := make(map[coin.PaymentID]bool), 0
		for p, err := range m.w.s.(*scheduler).waitingPayments(r) {
			if err != nil {
				return err
			}
			waits[p.value.ID] = true
		}
		for id, p := range m.payments { // order-free: the greatest
			if taken := p.status == "Queued" && !waits[id] || p.status == "Planned"; taken && !p.aside {
				last = max(last, p.place)
			}
		}
		for id := range waits { // order-free: each is checked
			require.True(t, m.payments[id].aside || m.payments[id].place > last, "the queue's order")
		}
		return nil
	}))
	m.compare()
}

// planned checks a new plan.
func (m *model) planned(plan coin.Plan) {
	t, p := m.w.t, m.w.rules
	require.NotEmpty(t, plan.Inputs)
	require.LessOrEqual(t, len(plan.Inputs), int(p.MaxInputs))
	require.LessOrEqual(t, len(plan.Payments)+len(plan.Own), int(p.MaxOutputs))
	m.picked(plan)
	var all, in, out, gross, charged, back, returning uint64
	for _, a := range m.free {
		all += a
	}
	for _, a := range m.back {
		returning += a
	}
	for _, o := range plan.Inputs {
		require.Contains(t, m.free, o.ID, "an input is not free")
		in += m.free[o.ID]
		m.reserved[o.ID] = m.free[o.ID]
		delete(m.free, o.ID)
	}
	for _, payment := range plan.Payments {
		require.Equal(t, m.payments[payment.ID].Payment, payment.Payment)
		require.GreaterOrEqual(t, payment.Paid, p.Dust)
		out += payment.Paid
		gross += payment.Amount
		charged += payment.Amount - payment.Paid
	}
	id, changes, branches := plan.ID(m.w.config.Genesis), 0, uint64(0)
	for _, own := range plan.Own {
		require.GreaterOrEqual(t, own.Amount, p.Dust)
		out += own.Amount
		if own.Kind == coin.Branch {
			branches += own.Amount
		} else {
			back += own.Amount
			changes++
		}
	}
	m.back[transactionOf(id)] = back
	require.Equal(t, in, out+plan.Fee)
	fee, err := m.w.config.Coin.Fee(m.w.rate, plan.Inputs, plan.Addresses())
	require.NoError(t, err)
	// The payments that branches fund bear what of their sum the branches lack,
	// but for what their transactions cost, which all bear.
	sizes, funded := m.funds(id)
	require.Len(t, sizes, len(plan.Own)-changes)
	below := uint64(0)
	for _, n := range sizes {
		require.LessOrEqual(t, levels(n, int(p.MaxOutputs), int(p.MaxOutputs)), levels(len(plan.Payments)+n*len(sizes), int(p.MaxOutputs)-1, int(p.MaxOutputs)))
		below += m.costOf(n)
	}
	gross += funded
	charged += funded + below - branches
	var short uint64 // borne of earlier costs because the inputs lack it
	if gross > 0 && in < gross {
		short = gross - in
		require.True(t, returning == 0 || all+returning < gross, "what comes back would do")
	}
	switch {
	case gross == 0:
		m.left = true
		require.Equal(t, fee, plan.Fee)
	case changes > 0:
		require.Equal(t, fee, plan.Fee)
		require.LessOrEqual(t, charged, fee+below+max(fee, p.Dust+short))
	default:
		require.LessOrEqual(t, fee, plan.Fee)
		require.LessOrEqual(t, charged, fee+below+short)
		require.Less(t, plan.Fee, max(fee+1, p.Dust))
	}
}

// picked checks that a plan spends the oldest outputs that are worth it, or
// the largest, in order.
func (m *model) picked(plan coin.Plan) {
	p := m.w.rules
	var order []coin.OutputID
	for id := range m.free {
		order = append(order, id)
	}
	slices.SortFunc(order, func(a, b coin.OutputID) int { return cmp.Compare(m.age[a], m.age[b]) })
	largest := slices.Clone(order)
	slices.SortStableFunc(largest, func(a, b coin.OutputID) int { return cmp.Compare(m.free[b], m.free[a]) })
	oldest := slices.DeleteFunc(order[:min(reach*int(p.MaxInputs), len(order))], func(id coin.OutputID) bool {
		return m.free[id] <= m.w.rate
	})
	var inputs []coin.OutputID
	place := len(m.age)
	for _, o := range plan.Inputs {
		inputs = append(inputs, o.ID)
		place = min(place, m.age[o.ID])
	}
	merge := len(plan.Payments) == 0 && !slices.ContainsFunc(plan.Own, func(o coin.OwnOutput) bool { return o.Kind == coin.Branch })
	if n := len(inputs); merge || n > len(oldest) || !slices.Equal(oldest[:n], inputs) {
		require.Equal(m.w.t, largest[:n], inputs)
	}
	if merge {
		m.places[transactionOf(plan.ID(m.w.config.Genesis))] = place
	}
}

// compare compares with the books; that they balance the world has checked.
func (m *model) compare() {
	t := m.w.t
	var assets uint64
	for _, a := range m.free {
		assets += a
	}
	for _, a := range m.reserved {
		assets += a
	}
	books := m.w.ledger()
	require.Equal(t, amount(assets), books.Assets)
	if !m.left {
		require.True(t, books.Recover.Sub(dust).Negative(), "rests lost to fees add up to %s", books.Recover)
	}
	queued := 0
	for _, p := range m.payments {
		if p.status == "Queued" {
			queued++
		}
	}
	require.Equal(t, Pending{Payments: queued, Outputs: len(m.free), Plans: len(m.w.open)}, m.w.pending())
	if len(m.w.open) == 0 {
		m.idle(books)
	}
}

// idle checks that the payment at the head of the queue, with no plan under
// way, is beyond what one transaction can spend, costs to recover included.
func (m *model) idle(books Ledger) {
	amounts := slices.Sorted(maps.Values(m.free))
	means := books.Recover
	for _, a := range amounts[max(0, len(amounts)-int(m.w.rules.MaxInputs)):] {
		means = means.Add(a)
	}
	require.NoError(m.w.t, m.w.store.View(ctx, func(r storage.Reader) error {
		head, err := m.w.s.(*scheduler).head(r)
		if err == nil && head != nil {
			require.True(m.w.t, len(amounts) == 0 || means.Sub(head.value.Amount).Negative(), "the queue stands still")
		}
		return err
	}))
}

// settles prepares the model for a block.
func (m *model) settles(block coin.SettledBlock, held []coin.Payment) {
	for _, d := range block.Deposits {
		m.frees(d.Output)
		if d.Fate == coin.Refunded {
			m.take(coin.Payment{ID: coin.RefundID(d.Output.ID), Address: d.Output.Origin, Amount: d.Credit})
		}
	}
	for _, c := range block.Completions {
		for _, o := range m.w.plans[c.Plan].Inputs {
			require.Contains(m.w.t, m.reserved, o.ID)
			delete(m.reserved, o.ID)
		}
		delete(m.back, c.Transaction)
	}
	for _, o := range block.Internal {
		m.frees(o)
	}
	for _, p := range held {
		m.take(p)
	}
}

func (m *model) frees(o coin.Output) {
	if o.Kind == coin.Branch {
		m.reserved[o.ID] = o.Amount
		for id := range m.w.plans { // order-free: at most one of them
			if transactionOf(id) == o.ID.Transaction {
				m.branches[o.ID] = id
			}
		}
		return
	}
	m.free[o.ID] = o.Amount
	place, merged := m.places[o.ID.Transaction]
	if !merged {
		place = len(m.age)
	}
	m.age[o.ID] = place
}

// settled checks that what still waits, with no plan under way and at the
// lowest rate, is beyond what the group has, costs to recover included, or
// cannot carry earlier costs because hardly anything is left.
func (m *model) settled() {
	t, s := m.w.t, m.w.s.(*scheduler)
	books := m.w.ledger()
	most := 2*dust + 4*weigh(5, 5)
	require.NoError(t, m.w.store.View(ctx, func(r storage.Reader) error {
		head, err := s.head(r)
		if err != nil || head != nil {
			require.True(t, books.Assets.Plus(books.Recover).Sub(head.value.Amount).Negative(), "the queue stands still")
			return err
		}
		for item, err := range s.aside.All(r) {
			require.True(t, item.Value.Amount < most || books.Assets.Sub(most).Negative(), "a payment waits")
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

var (
	anyAmount  = rapid.OneOf(rapid.Uint64Range(0, 10), rapid.Uint64Range(0, 60), rapid.Uint64Range(0, 3000), rapid.Uint64Range(0, 100_000))
	anyAddress = rapid.SampledFrom([]coin.Address{"user", "user", "user", "user-2", "user-3", "nonsense", "user-own-07-change"})
	anyRate    = rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64Range(0, 100))
)

func anyPayment(t *rapid.T) coin.Payment {
	var p coin.Payment
	binary.BigEndian.PutUint32(p.ID[:], rapid.Uint32Range(0, 300).Draw(t, "payment"))
	p.Address = anyAddress.Draw(t, "address")
	p.Amount = anyAmount.Draw(t, "amount")
	return p
}

func TestTheSchedulerKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := parameters()
		p.MaxInputs = rapid.Uint32Range(2, 5).Draw(t, "max inputs")
		p.MaxOutputs = rapid.Uint32Range(3, 5).Draw(t, "max outputs")
		p.Patience = rapid.Uint64Range(0, 6).Draw(t, "patience")
		w, twin := newWorld(t, p), newWorld(t, p)
		m := newModel(w)
		var held []coin.Payment
		both := func(do func(*world)) {
			do(w)
			m.observe()
			do(twin)
			twin.restart()
		}
		settle := func(block coin.SettledBlock) {
			m.settles(block, held)
			held = nil
			both(func(w *world) { w.settle(block) })
		}
		steps := map[string]func(*rapid.T){
			"burn": func(t *rapid.T) {
				payments := rapid.SliceOfN(rapid.Custom(anyPayment), 1, 8).Draw(t, "payments")
				if w.number == 0 {
					held = append(held, payments...)
				} else {
					for _, p := range payments {
						m.take(p)
					}
				}
				both(func(w *world) { w.burn(payments...) })
			},
			"hold": func(t *rapid.T) {
				payments := rapid.SliceOfN(rapid.Custom(anyPayment), 1, 4).Draw(t, "payments")
				held = append(held, payments...)
				both(func(w *world) { w.hold(payments...) })
			},
			"settle": func(t *rapid.T) {
				var block coin.SettledBlock
				for range rapid.IntRange(0, 4).Draw(t, "deposits") {
					d := coin.Deposit{Output: w.output(dust + anyAmount.Draw(t, "amount"))}
					d.Fate = coin.Fate(rapid.IntRange(1, 3).Draw(t, "fate"))
					d.Credit = d.Output.Amount - rapid.Uint64Range(0, d.Output.Amount/3).Draw(t, "fee")
					if d.Fate == coin.Refunded {
						d.Output.Origin = anyAddress.Draw(t, "origin")
					}
					block.Deposits = append(block.Deposits, d)
				}
				for range rapid.IntRange(0, len(w.open)).Draw(t, "completions") {
					i := rapid.IntRange(0, len(w.open)-1).Draw(t, "plan")
					w.completion(&block, w.open[i])
					w.open = append(w.open[:i:i], w.open[i+1:]...)
				}
				settle(block)
			},
			"burn all": func(t *rapid.T) {
				left, ok := w.ledger().Credited.Uint64()
				var payments []coin.Payment
				for i := range rapid.IntRange(1, 6).Draw(t, "payments") {
					if !ok || w.number == 0 || left < 2*dust {
						break
					}
					p := coin.Payment{Address: "user", Amount: left}
					if i < 5 {
						p.Amount = rapid.Uint64Range(dust, left).Draw(t, "amount")
					}
					binary.BigEndian.PutUint32(p.ID[:], uint32(1000+m.taken))
					m.take(p)
					payments = append(payments, p)
					left -= p.Amount
				}
				both(func(w *world) { w.burn(payments...) })
			},
			"rate": func(t *rapid.T) {
				w.rate = anyRate.Draw(t, "rate")
				twin.rate = w.rate
			},
		}
		t.Repeat(steps)

		finish := func() {
			for quiet := uint64(0); quiet <= p.Patience+1 || len(w.open) > 0; quiet++ {
				var block coin.SettledBlock
				for _, id := range w.open {
					w.completion(&block, id)
				}
				w.open = nil
				settle(block)
				if len(w.open) > 0 {
					quiet = 0
				}
			}
		}

		// The rate is low: what the group can pay, it pays.
		settle(coin.SettledBlock{})
		w.rate, twin.rate = 1, 1
		before := len(w.events)
		finish()
		m.settled()

		// There is enough besides: all that can carry the fee is paid.
		settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: w.output(1 << 30), Credit: 1 << 30, Fate: coin.Accumulated}}})
		finish()
		require.Equal(t, Pending{Outputs: len(m.free)}, w.pending())
		require.Empty(t, w.open)
		for _, e := range of(w.events[before:], "Dropped") {
			require.Less(t, m.payments[e.Payment].Amount, 2*dust+4*weigh(int(p.MaxInputs), 2))
		}
		for _, p := range m.payments {
			require.NotContains(t, []string{"Queued", "Planned", "Unpayable"}, p.status)
		}
		twin.open = nil
		require.Equal(t, w.dump(), twin.dump(), "restarts change nothing")
	})
}
