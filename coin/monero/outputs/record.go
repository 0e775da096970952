package outputs

import (
	"errors"
	"math"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/wire"
)

// ErrOrder reports an output of a block before one that was observed.
var ErrOrder = errors.New("outputs: block is before that of an output observed earlier")

// Sight is an external output as the chain shows it.
type Sight struct {
	// ID is where it is.
	ID coin.OutputID
	// Block is the number of its block.
	Block uint64
	// Global is its index among all outputs, Commitment that to its amount:
	// what names it as a ring member.
	Global     uint64
	Commitment [keys.Size]byte
	// Amount is in piconero.
	Amount uint64
}

// Record is what is known of all external outputs with one key. It is kept as
// long as the key they are for is looked for.
type Record struct {
	// First is the number of the block with the first that counted.
	First uint64
	// Largest is the one to spend.
	Largest Sight
	// Credited is the sum credited for all of them, in piconero. It is less
	// than the largest amount unless there was no cost.
	Credited uint64
}

// Outcome says what an output is to those who have seen its key before.
type Outcome uint8

// The outcomes, see the package comment.
const (
	// Ignored outputs are too small to leave a trace.
	Ignored Outcome = iota + 1
	// Credited outputs are the first of their key.
	Credited
	// Raised: this output takes the place of a smaller one.
	Raised
	// WrittenOff outputs can never be spent.
	WrittenOff
)

func (o Outcome) String() string {
	switch o {
	case Ignored:
		return "ignored"
	case Credited:
		return "credited"
	case Raised:
		return "raised"
	case WrittenOff:
		return "written off"
	}
	return "unknown"
}

// Verdict is what an output comes to.
type Verdict struct {
	// Outcome is the rule that applied.
	Outcome Outcome
	// Credit is what is to be credited and reported for it in piconero. It
	// may be 0 for Raised: then nothing is reported.
	Credit uint64
	// Gain is by how much more can be spent than before: the amount, or what
	// it is above the one whose place it takes.
	Gain uint64
}

// Rules are the consensus parameters that decide about outputs.
type Rules struct {
	// Window is W, in blocks: how much later than the first a copy counts.
	Window uint64
	// Dust is the least credit, in piconero.
	Dust uint64
}

// Observe takes account of an output. Each is observed once, in the order of
// the chain; cost, in piconero, is what a deposit in its block is charged. The
// record is that of its key, nil if there is none. The record to keep comes
// back, nil if there is still none; the given one does not change.
func (r Rules) Observe(known *Record, o Sight, cost uint64) (*Record, Verdict, error) {
	if known != nil && o.Block < known.Largest.Block {
		return known, Verdict{}, ErrOrder
	}
	if o.Amount < cost || o.Amount-cost < r.Dust || o.Amount == 0 {
		return known, Verdict{Outcome: Ignored}, nil
	}
	value := o.Amount - cost
	if known == nil {
		return &Record{o.Block, o, value}, Verdict{Credited, value, o.Amount}, nil
	}
	if o.Block-known.First > r.Window || o.Amount <= known.Largest.Amount {
		return known, Verdict{Outcome: WrittenOff}, nil
	}
	raised := Record{known.First, o, known.Credited}
	verdict := Verdict{Outcome: Raised, Gain: o.Amount - known.Largest.Amount}
	if value > known.Credited && value-known.Credited >= r.Dust {
		verdict.Credit = value - known.Credited
		raised.Credited = value
	}
	return &raised, verdict, nil
}

// Settled returns the number of the block with whose settlement the largest
// output may be spent: no copy counts after it.
func (r Rules) Settled(record *Record) uint64 {
	if r.Window > math.MaxUint64-record.First {
		return math.MaxUint64
	}
	return record.First + r.Window
}

// Encode writes 108 bytes.
func (r Record) Encode(w *wire.Writer) {
	w.Uint64(r.First)
	r.Largest.ID.Encode(w)
	w.Uint64(r.Largest.Block)
	w.Uint64(r.Largest.Global)
	w.Fixed(r.Largest.Commitment[:])
	w.Uint64(r.Largest.Amount)
	w.Uint64(r.Credited)
}

// Decode reads 108 bytes that Observe can have come to.
func (r *Record) Decode(in *wire.Reader) {
	r.First = in.Uint64()
	r.Largest.ID.Decode(in)
	r.Largest.Block = in.Uint64()
	in.Check(r.Largest.Block >= r.First, "block of the largest output")
	r.Largest.Global = in.Uint64()
	in.Fixed(r.Largest.Commitment[:])
	r.Largest.Amount = in.Uint64()
	in.Check(r.Largest.Amount > 0, "amount of the largest output")
	r.Credited = in.Uint64()
	in.Check(r.Credited <= r.Largest.Amount, "sum credited")
}
