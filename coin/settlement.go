package coin

import "github.com/serai-go/processor/internal/wire"

// Fate is what becomes of a deposit.
type Fate uint8

// Fates of deposits.
const (
	// Reported deposits are instructions in a batch.
	Reported Fate = iota + 1
	// Refunded deposits go back to their origin.
	Refunded
	// Accumulated deposits stay with the group as a gift: nobody can tell
	// whose they are.
	Accumulated
	// Held deposits are to a key that does not report yet. What becomes of them
	// is decided when it begins to.
	Held
	// PassedOn deposits are to a key that retires: they are sent to its
	// successor, one by one, and reported once they have arrived there.
	PassedOn
	// Returned deposits took effect in a block that is void, and are here again.
	// Nothing becomes of them but that their outputs are there.
	Returned
)

func (f Fate) String() string {
	switch f {
	case Reported:
		return "reported"
	case Refunded:
		return "refunded"
	case Accumulated:
		return "accumulated"
	case Held:
		return "held"
	case PassedOn:
		return "passed on"
	case Returned:
		return "returned"
	}
	return "unknown"
}

// Deposit is a user's output that counts.
type Deposit struct {
	// Output is external.
	Output Output
	// Credit is what is credited, refunded or accumulated, in atomic units:
	// the amount less what it costs to move it.
	Credit uint64
	// Fate is what becomes of it.
	Fate Fate
	// Raises is the smaller output whose place this one takes, as only one of them
	// can ever be spent, or nil: Credit is then what this one is worth beyond all
	// that was credited before.
	Raises *Output
}

// Encode writes the deposit.
func (d Deposit) Encode(w *wire.Writer) {
	d.Output.Encode(w)
	w.Uint64(d.Credit)
	w.Uint8(uint8(d.Fate))
	w.Bool(d.Raises != nil)
	if d.Raises != nil {
		d.Raises.Encode(w)
	}
}

// MinDeposit is the least encoded size of a deposit.
const MinDeposit = 79

// Gain is by how much more can be spent than before, in atomic units.
func (d Deposit) Gain() uint64 {
	if d.Raises != nil {
		return d.Output.Amount - d.Raises.Amount
	}
	return d.Output.Amount
}

// Decode reads the deposit.
func (d *Deposit) Decode(r *wire.Reader) {
	d.Output.Decode(r)
	d.Credit = r.Uint64()
	d.Fate = Fate(r.Uint8())
	r.Check(d.Fate >= Reported && d.Fate <= Returned, "fate of a deposit")
	r.Check(d.Credit <= d.Output.Amount, "credit above the deposit's amount")
	if d.Raises = nil; r.Bool() {
		d.Raises = new(Output)
		d.Raises.Decode(r)
		r.Check(d.Raises.Amount < d.Output.Amount, "place of an output that is not smaller")
	}
}

// Completion is a plan that happened.
type Completion struct {
	Plan        PlanID
	Transaction TransactionID // the one that the plan's eventuality matched
}

// Encode writes 64 bytes.
func (c Completion) Encode(w *wire.Writer) {
	w.Fixed(c.Plan[:])
	w.Fixed(c.Transaction[:])
}

// Decode reads 64 bytes.
func (c *Completion) Decode(r *wire.Reader) {
	r.Fixed(c.Plan[:])
	r.Fixed(c.Transaction[:])
}

// Settlement is what blocks bring when they settle: consecutive blocks, the
// last of which is notable and becomes the reference block.
type Settlement struct {
	// Reference is the number of the reference block.
	Reference uint64
	// Late are the deposits that the reference block reports though they came
	// before, in the order of its instructions.
	Late []Late
	// Blocks are in order, at least one.
	Blocks []SettledBlock
}

// SettledBlock is one block's part of a settlement.
type SettledBlock struct {
	// Number is that of the block.
	Number uint64
	// Deposits that count, with their final fate, in block order.
	Deposits []Deposit
	// Internal are outputs to internal addresses, in block order. Which of
	// them are the group's own, its plans tell.
	Internal []Output
	// Completions are in block order.
	Completions []Completion
}

// Late is the report of a deposit that was held back or passed on.
type Late struct {
	// Deposit is the output that the user made.
	Deposit OutputID
	// Origin is that of the deposit, empty if unknown.
	Origin Address
	// Credit is that of the deposit, Amount what of it is reported, refunded or
	// accumulated in the end: less, if less has arrived at the successor.
	Credit, Amount uint64
	// Fate is Reported, Refunded or Accumulated.
	Fate Fate
}

// Arrival is the end of passing a deposit on.
type Arrival struct {
	// Deposit is the output that the user made.
	Deposit OutputID
	// Amount has arrived at the successor, or stays if that is gone, in atomic
	// units; 0 means that the deposit was given up.
	Amount uint64
}
