package scheduler

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// queued is a payment that waits for its plan.
type queued struct {
	coin.Payment
	// Refund marks the refund of a deposit; other payments are burns.
	Refund bool
	// Told is set once it was told that the payment waits for other means
	// than the group has at present.
	Told bool
	// Poor is set once the payment could not carry its share of the fee,
	// first at reference block Since.
	Poor  bool
	Since uint64
}

// Encode writes the queued payment.
func (q queued) Encode(w *wire.Writer) {
	q.Payment.Encode(w)
	w.Bool(q.Refund)
	w.Bool(q.Told)
	w.Bool(q.Poor)
	w.Uint64(q.Since)
}

// Decode reads the queued payment.
func (q *queued) Decode(r *wire.Reader) {
	q.Payment.Decode(r)
	q.Refund = r.Bool()
	q.Told = r.Bool()
	q.Poor = r.Bool()
	q.Since = r.Uint64()
}

// purpose is what a plan is for.
type purpose uint8

const (
	paying     purpose = iota + 1 // payments
	merging                       // several outputs of a key become one
	moving                        // outputs of a key that leaves go to its successor
	forwarding                    // a deposit goes to its key's successor
)

// planned is an unresolved plan.
type planned struct {
	Plan    coin.Plan
	Purpose purpose
	// Place is the number that the oldest of the outputs merged had among the
	// free ones.
	Place uint64
	// Refunds marks which of the plan's payments are refunds.
	Refunds []bool
}

// Encode writes the planned record.
func (p planned) Encode(w *wire.Writer) {
	p.Plan.Encode(w)
	w.Uint8(uint8(p.Purpose))
	w.Uint64(p.Place)
	for _, refund := range p.Refunds {
		w.Bool(refund)
	}
}

// Decode reads the planned record.
func (p *planned) Decode(r *wire.Reader) {
	p.Plan.Decode(r)
	p.Purpose = purpose(r.Uint8())
	r.Check(p.Purpose >= paying && p.Purpose <= forwarding, "purpose of a plan")
	p.Place = r.Uint64()
	p.Refunds = make([]bool, len(p.Plan.Payments))
	for i := range p.Refunds {
		p.Refunds[i] = r.Bool()
	}
}

// arrival is the end of passing a deposit on.
type arrival struct{ coin.Arrival }

// Encode writes 44 bytes.
func (a arrival) Encode(w *wire.Writer) {
	a.Deposit.Encode(w)
	w.Uint64(a.Amount)
}

// Decode reads 44 bytes.
func (a *arrival) Decode(r *wire.Reader) {
	a.Deposit.Decode(r)
	a.Amount = r.Uint64()
}
