package coin

import (
	"crypto/sha512"
	"encoding/hex"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

// PaymentID identifies a payment within its network. The settlement chain
// gives it to a burn; a refund has the hash of its deposit's output ID.
type PaymentID [32]byte

func (id PaymentID) String() string { return hex.EncodeToString(id[:]) }

// RefundID is the payment ID of the refund of an output.
func RefundID(id OutputID) PaymentID {
	var w wire.Writer
	w.String("serai-go/processor refund v1")
	id.Encode(&w)
	return sha512.Sum512_256(w.Data())
}

// Payment is an amount that the group owes to an address.
type Payment struct {
	// ID is paid at most once.
	ID PaymentID
	// Address is where it goes.
	Address Address
	// Amount is what is owed in atomic units, the payment's share of fees
	// included.
	Amount uint64
}

// Encode writes the payment.
func (p Payment) Encode(w *wire.Writer) {
	w.Fixed(p.ID[:])
	w.String(string(p.Address))
	w.Uint64(p.Amount)
}

// Decode reads the payment.
func (p *Payment) Decode(r *wire.Reader) {
	r.Fixed(p.ID[:])
	p.Address = Address(r.String(MaxAddress))
	p.Amount = r.Uint64()
}

// PlannedPayment is a payment and what of it arrives.
type PlannedPayment struct {
	Payment
	// Paid is the amount of the output: Amount less the share of costs.
	Paid uint64
}

// Encode writes the planned payment.
func (p PlannedPayment) Encode(w *wire.Writer) {
	p.Payment.Encode(w)
	w.Uint64(p.Paid)
}

// Decode reads the planned payment.
func (p *PlannedPayment) Decode(r *wire.Reader) {
	p.Payment.Decode(r)
	p.Paid = r.Uint64()
	r.Check(p.Paid <= p.Amount, "paid above the payment's amount")
}

// OwnOutput is an output of a plan to the group itself.
type OwnOutput struct {
	// Kind is one of the internal ones.
	Kind Kind
	// Session is whose key the output goes to.
	Session uint64
	// Address is that key's address for the kind.
	Address Address
	// Amount is in atomic units.
	Amount uint64
}

// Encode writes the own output.
func (o OwnOutput) Encode(w *wire.Writer) {
	w.Uint8(uint8(o.Kind))
	w.Uint64(o.Session)
	w.String(string(o.Address))
	w.Uint64(o.Amount)
}

// Decode reads the own output.
func (o *OwnOutput) Decode(r *wire.Reader) {
	o.Kind = Kind(r.Uint8())
	r.Check(o.Kind > External && o.Kind <= Forwarded, "kind of an own output")
	o.Session = r.Uint64()
	o.Address = Address(r.String(MaxAddress))
	o.Amount = r.Uint64()
}

// PlanID identifies a plan.
type PlanID [32]byte

func (id PlanID) String() string { return hex.EncodeToString(id[:]) }

// Plan is a decided transaction: which outputs it spends and what it pays.
// The inputs' sum equals the outputs' sum and the fee.
type Plan struct {
	// Key is the network key that signs, of the session of all inputs.
	Key Key
	// Inputs are spent in this order.
	Inputs []Output
	// Payments come first among the outputs, in this order, unless the coin
	// orders outputs by rules of its own.
	Payments []PlannedPayment
	// Own outputs come behind the payments.
	Own []OwnOutput
	// Fee is what the transaction pays for its place in a block, in atomic
	// units.
	Fee uint64
	// Reference is the number of the block whose fee rate the plan uses.
	Reference uint64
}

// Limits of what a decoded plan may hold; consensus parameters are no wider.
const (
	// MaxPlanInputs is what one signing session can sign for.
	MaxPlanInputs = frost.MaxWork
	// MaxPlanOutputs is beyond what a standard transaction has room for.
	MaxPlanOutputs = 4096
)

// Encode writes the plan.
func (p Plan) Encode(w *wire.Writer) {
	w.Uint64(p.Key.Session)
	w.Bytes(p.Key.Key)
	wire.List(w, p.Inputs)
	wire.List(w, p.Payments)
	wire.List(w, p.Own)
	w.Uint64(p.Fee)
	w.Uint64(p.Reference)
}

// Decode reads the plan.
func (p *Plan) Decode(r *wire.Reader) {
	p.Key.Session = r.Uint64()
	p.Key.Key = r.Bytes(64)
	p.Inputs = wire.ReadList[Output](r, MaxPlanInputs, 69)
	p.Payments = wire.ReadList[PlannedPayment](r, MaxPlanOutputs, 52)
	p.Own = wire.ReadList[OwnOutput](r, MaxPlanOutputs, 21)
	p.Fee = r.Uint64()
	p.Reference = r.Uint64()
}

// ID is the hash of the network's genesis and the canonical plan, session
// included.
func (p Plan) ID(genesis BlockID) PlanID {
	var w wire.Writer
	w.String("serai-go/processor plan v1")
	w.Fixed(genesis[:])
	p.Encode(&w)
	return sha512.Sum512_256(w.Data())
}

// Addresses returns the address of each output, payments first.
func (p Plan) Addresses() []Address {
	list := make([]Address, 0, len(p.Payments)+len(p.Own))
	for _, payment := range p.Payments {
		list = append(list, payment.Address)
	}
	for _, own := range p.Own {
		list = append(list, own.Address)
	}
	return list
}

// Transaction is a signed transaction.
type Transaction struct {
	// ID is the network's own.
	ID TransactionID
	// Raw is the network's own encoding.
	Raw []byte
	// Spends are, for each of the plan's inputs, the lookup bytes of whatever
	// spends it, where only signatures tell them. There are none where
	// Recognizer.SpendLookup knows.
	Spends [][]byte
}
