package scheduler

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin"
)

// model is what a scheduler must hold, counted in the simplest way.
type model struct {
	w        *world
	free     map[coin.OutputID]uint64
	reserved map[coin.OutputID]uint64
	payments map[coin.PaymentID]*obligation
	taken    int // payments so far
	last     int // place of the payment planned last that was never set aside
	merged   bool
}

// obligation is a payment that was taken in.
type obligation struct {
	coin.Payment
	place  int
	aside  bool // was once set aside as too small
	status string
}

func newModel(w *world) *model {
	return &model{
		w: w, free: make(map[coin.OutputID]uint64), reserved: make(map[coin.OutputID]uint64),
		payments: make(map[coin.PaymentID]*obligation),
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
	for _, plan := range m.w.newPlans {
		m.planned(plan)
	}
	for _, e := range m.w.newEvents {
		p := m.payments[e.Payment]
		require.NotNil(t, p, "event of an unknown payment")
		from := map[string]string{
			"Planned": "Queued", "Settled": "Planned", "Refunded": "Planned", "Dropped": "Queued", "Refused": "Unpayable",
		}[e.What]
		switch {
		case e.What == "Condition" && strings.Contains(e.Text, "share of the fee"):
			require.False(t, p.aside, "told twice")
			p.aside = true
			continue
		case e.What == "Condition":
			continue
		case e.What == "Dropped" && p.status == "Unpayable": // a refund
		case e.What == "Dropped":
			require.True(t, p.aside)
			require.Equal(t, from, p.status)
		default:
			require.Equal(t, from, p.status, "%+v", e)
		}
		p.status = e.What
		if e.What == "Planned" && !p.aside {
			require.Greater(t, p.place, m.last, "the queue's order")
			m.last = p.place
		}
	}
	m.compare()
}

// planned checks a new plan.
func (m *model) planned(plan coin.Plan) {
	t, p := m.w.t, m.w.config.Parameters
	require.NotEmpty(t, plan.Inputs)
	require.LessOrEqual(t, len(plan.Inputs), int(p.MaxInputs))
	require.LessOrEqual(t, len(plan.Payments)+len(plan.Own), int(p.MaxOutputs))
	var in, out, charged uint64
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
		charged += payment.Amount - payment.Paid
	}
	for _, own := range plan.Own {
		require.GreaterOrEqual(t, own.Amount, p.Dust)
		out += own.Amount
	}
	require.Equal(t, in, out+plan.Fee)
	fee, err := m.w.config.Coin.Fee(m.w.rate, plan.Inputs, plan.Addresses())
	require.NoError(t, err)
	switch {
	case len(plan.Payments) == 0:
		m.merged = true
		require.Equal(t, fee, plan.Fee)
	case len(plan.Own) > 0:
		require.Equal(t, fee, plan.Fee)
		require.LessOrEqual(t, charged, fee+max(fee, p.Dust-1))
	default:
		require.LessOrEqual(t, fee, plan.Fee)
		require.LessOrEqual(t, charged, fee)
		require.Less(t, plan.Fee, max(fee+1, p.Dust))
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
	if !m.merged {
		require.True(t, books.Recover.Sub(dust).Negative(), "rests lost to fees add up to %s", books.Recover)
	}
	queued := 0
	for _, p := range m.payments {
		if p.status == "Queued" {
			queued++
		}
	}
	require.Equal(t, Pending{queued, len(m.free), len(m.w.open)}, m.w.pending())
}

// settles prepares the model for a block.
func (m *model) settles(block coin.SettledBlock, held []coin.Payment) {
	for _, d := range block.Deposits {
		m.free[d.Output.ID] = d.Output.Amount
		if d.Fate == coin.Refunded {
			m.take(coin.Payment{ID: coin.RefundID(d.Output.ID), Address: d.Output.Origin, Amount: d.Credit})
		}
	}
	for _, c := range block.Completions {
		for _, o := range m.w.plans[c.Plan].Inputs {
			require.Contains(m.w.t, m.reserved, o.ID)
			delete(m.reserved, o.ID)
		}
	}
	for _, o := range block.Internal {
		m.free[o.ID] = o.Amount
	}
	for _, p := range held {
		m.take(p)
	}
}

var (
	anyAmount  = rapid.OneOf(rapid.Uint64Range(0, 60), rapid.Uint64Range(0, 3000))
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
		p.MaxOutputs = rapid.Uint32Range(2, 5).Draw(t, "max outputs")
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
			"rate": func(t *rapid.T) {
				w.rate = anyRate.Draw(t, "rate")
				twin.rate = w.rate
			},
		}
		t.Repeat(steps)

		// The rate is low and there is enough: all that can carry the fee is
		// paid.
		settle(coin.SettledBlock{})
		w.rate, twin.rate = 1, 1
		settle(coin.SettledBlock{Deposits: []coin.Deposit{{Output: w.output(1 << 30), Credit: 1 << 30, Fate: coin.Accumulated}}})
		before := len(w.events)
		for range 1000 {
			if w.pending() == (Pending{Outputs: len(m.free)}) {
				break
			}
			var block coin.SettledBlock
			for _, id := range w.open {
				w.completion(&block, id)
			}
			w.open = nil
			settle(block)
		}
		require.Empty(t, w.open)
		for _, e := range of(w.events[before:], "Dropped") {
			require.Less(t, m.payments[e.Payment].Amount, 2*dust+weigh(int(p.MaxInputs), 2))
		}
		for _, p := range m.payments {
			require.NotContains(t, []string{"Queued", "Planned", "Unpayable"}, p.status)
		}
		twin.open = nil
		require.Equal(t, w.dump(), twin.dump(), "restarts change nothing")
	})
}
