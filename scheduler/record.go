package scheduler

import (
	"encoding/binary"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// queued is a payment that waits for its plan.
type queued struct {
	coin.Payment
	// Refund marks the refund of a deposit; other payments are burns.
	Refund bool
	// Waits is what was told last that the payment waits for, the fee rate apart.
	Waits wait
	// Poor is set once the payment could not carry its share of the fee,
	// first at reference block Since.
	Poor  bool
	Since uint64
}

// wait is what a payment waits for.
type wait uint8

const (
	beyondFree   wait = iota + 1 // more outputs
	beyondCosts                  // lower earlier costs
	beyondWindow                 // the next window
	beyondLimit                  // another limit of a window
	beyondPayee                  // the next window of its payee
	beyondHold                   // outputs on hold
)

func (w wait) String() string {
	switch w {
	case beyondFree:
		return "the amount is beyond what the group has free at present"
	case beyondCosts:
		return "the amount does not carry earlier costs at present"
	case beyondWindow:
		return "the payments of this window are at their limit"
	case beyondLimit:
		return "the amount is above the limit of a window"
	case beyondPayee:
		return "the payments to this address are at their limit"
	case beyondHold:
		return "the amount is beyond what the group has free before the hold of deposits is over"
	}
	return "nothing"
}

func (w wait) lack() Lack {
	switch w {
	case beyondWindow, beyondLimit, beyondPayee:
		return LacksLimit
	case beyondHold:
		return LacksHold
	}
	return LacksMeans
}

// fate is how far a payment is that was taken in.
type fate struct {
	Stage PaymentStage
	// ID is of the plan that pays it, or of the transaction that did.
	ID [32]byte
	// Since is the reference block at which it came to the stage.
	Since uint64
}

// Encode writes 41 bytes.
func (f fate) Encode(w *wire.Writer) {
	w.Uint8(uint8(f.Stage))
	w.Fixed(f.ID[:])
	w.Uint64(f.Since)
}

// Decode reads 41 bytes.
func (f *fate) Decode(r *wire.Reader) {
	f.Stage = PaymentStage(r.Uint8())
	r.Check(f.Stage > PaymentUnknown && f.Stage <= PaymentRefused, "stage of a payment")
	r.Fixed(f.ID[:])
	f.Since = r.Uint64()
}

// Encode writes the queued payment.
func (q queued) Encode(w *wire.Writer) {
	q.Payment.Encode(w)
	w.Bool(q.Refund)
	w.Uint8(uint8(q.Waits))
	w.Bool(q.Poor)
	w.Uint64(q.Since)
}

// Decode reads the queued payment.
func (q *queued) Decode(r *wire.Reader) {
	q.Payment.Decode(r)
	q.Refund = r.Bool()
	q.Waits = wait(r.Uint8())
	r.Check(q.Waits <= beyondHold, "what a payment waits for")
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
	bumping                       // change of a stuck transaction pays for it
)

// planned is an unresolved plan.
type planned struct {
	Plan    coin.Plan
	Purpose purpose
	// Place is the number that the oldest of the outputs merged had among the
	// free ones.
	Place uint64
	// Payments says, of each of the plan's payments, what is not in the plan.
	Payments []origin
	// Family is the first version's ID if there are several versions of the
	// plan, else zero.
	Family coin.PlanID
	// Claims are the deposits that a forwarding plan passes on.
	Claims []claim
}

// origin is where a planned payment comes from.
type origin struct {
	Number uint64 // its place in the queue
	Refund bool
}

// counts tells whether the plan counts, which has an ID: of several versions the
// first does.
func (p planned) counts(id coin.PlanID) bool { return p.Family == coin.PlanID{} || p.Family == id }

// unborne is what of the plan's fee its payments do not bear. It is negative if
// they bear more, for transactions before or behind it.
func (p planned) unborne() Balance {
	b := Balance{}.Add(p.Plan.Fee)
	for _, payment := range p.Plan.Payments {
		b = b.Sub(payment.Amount - payment.Paid)
	}
	return b
}

// Encode writes the planned record.
func (p planned) Encode(w *wire.Writer) {
	p.Plan.Encode(w)
	w.Uint8(uint8(p.Purpose))
	w.Uint64(p.Place)
	for _, o := range p.Payments {
		w.Uint64(o.Number)
		w.Bool(o.Refund)
	}
	w.Fixed(p.Family[:])
	wire.List(w, p.Claims)
}

// Decode reads the planned record.
func (p *planned) Decode(r *wire.Reader) {
	p.Plan.Decode(r)
	p.Purpose = purpose(r.Uint8())
	r.Check(p.Purpose >= paying && p.Purpose <= bumping, "purpose of a plan")
	p.Place = r.Uint64()
	p.Payments = make([]origin, len(p.Plan.Payments))
	for i := range p.Payments {
		p.Payments[i] = origin{r.Uint64(), r.Bool()}
	}
	r.Fixed(p.Family[:])
	p.Claims = wire.ReadList[claim](r, 1<<16, minClaim)
	r.Check(len(p.Claims) > 0 == (p.Purpose == forwarding), "claims of a plan")
}

// branchKey names an own output of a plan: it is the element of Own with the
// index.
type branchKey struct {
	plan  coin.PlanID
	index uint32
}

// branchKeyOf is 36 bytes.
var branchKeyOf = storage.FixedKey(
	func(b []byte, k branchKey) []byte {
		return binary.BigEndian.AppendUint32(append(b, k.plan[:]...), k.index)
	},
	func(b []byte) (k branchKey, ok bool) {
		if len(b) != 36 {
			return k, false
		}
		return branchKey{coin.PlanID(b), binary.BigEndian.Uint32(b[32:])}, true
	},
)

// Encode writes 36 bytes.
func (k branchKey) Encode(w *wire.Writer) {
	w.Fixed(k.plan[:])
	w.Uint32(k.index)
}

// Decode reads 36 bytes.
func (k *branchKey) Decode(r *wire.Reader) {
	r.Fixed(k.plan[:])
	k.index = r.Uint32()
}

// run is consecutive numbers in the queue of payments, all of which are there.
type run struct{ From, To uint64 }

// Encode writes 16 bytes.
func (x run) Encode(w *wire.Writer) {
	w.Uint64(x.From)
	w.Uint64(x.To)
}

// Decode reads 16 bytes.
func (x *run) Decode(r *wire.Reader) {
	x.From = r.Uint64()
	x.To = r.Uint64()
	r.Check(x.From < x.To, "run of payments")
}

// maxRuns bounds the runs of a node: those of all payments that a queue could
// hold would not fit into a record anyway.
const maxRuns = 1 << 20

// node is a part of a payment tree that is not planned yet: payments which an
// output of the group funds once it is there.
type node struct {
	Session uint64 // of the output
	Amount  uint64 // of the output
	Runs    []run  // the payments, which stay in the queue
	// Funded is set once the output is there, with the number that the node has
	// among those to be planned.
	Funded bool
	Number uint64
	Output coin.Output
}

// Encode writes the node.
func (n node) Encode(w *wire.Writer) {
	w.Uint64(n.Session)
	w.Uint64(n.Amount)
	wire.List(w, n.Runs)
	w.Bool(n.Funded)
	if n.Funded {
		w.Uint64(n.Number)
		n.Output.Encode(w)
	}
}

// Decode reads the node.
func (n *node) Decode(r *wire.Reader) {
	n.Session = r.Uint64()
	n.Amount = r.Uint64()
	n.Runs = wire.ReadList[run](r, maxRuns, 16)
	if n.Funded = r.Bool(); n.Funded {
		n.Number = r.Uint64()
		n.Output.Decode(r)
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
