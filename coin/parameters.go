package coin

import (
	"crypto/sha512"
	"fmt"
	"math"

	"github.com/serai-go/processor/internal/wire"
)

// Parameters are the rules that all validators of a network must share. A
// coin has defaults; a settlement chain may set others.
type Parameters struct {
	// Confirmations is after how many blocks, itself the first, a block is
	// finalised.
	Confirmations uint64
	// Window is how many blocks beyond the last settled one may be scanned,
	// and after how many quiet blocks an empty batch is due.
	Window uint64
	// Hold is for how many blocks an external output is on hold: it is spent only
	// once the block so many behind its own has settled, so that no decision about
	// it comes too late. It counts from its own block on. 0 is no hold.
	Hold uint64
	// TenMinutes is the number of blocks in about ten minutes.
	TenMinutes uint64
	// Grace is how many blocks a retiring key forwards before it ignores what
	// still comes in.
	Grace uint64
	// BatchesAhead is how many batches beyond the last acknowledged one may
	// be signed.
	BatchesAhead uint64
	// Patience is for how many blocks a payment waits that is too small for
	// its share of the fee.
	Patience uint64
	// BumpAfter is how many blocks behind its reference block a plan is stuck
	// that has not happened.
	BumpAfter uint64
	// Dust is the least output worth making or crediting, in atomic units.
	Dust uint64
	// FeeFloor and FeeCap bound the fee rate, in atomic units per 1000 weight
	// units.
	FeeFloor, FeeCap uint64
	// OutflowWindow is the number of blocks, each window beginning at a multiple
	// of it, for which the limits count. OutflowLimit bounds, in atomic units, the
	// payments that are planned in a window, PayeeLimit those to one address; 0
	// is no limit.
	OutflowWindow, OutflowLimit, PayeeLimit uint64
	// DescendantsWeight bounds the weight of a transaction with all that spend
	// its unconfirmed outputs.
	DescendantsWeight uint64
	// MaxInputs and MaxOutputs bound one transaction.
	MaxInputs, MaxOutputs uint32
	// Descendants is how many children of a payment tree's root may spend its
	// branches before it is confirmed: 0 where nothing can.
	Descendants uint32
	// ChangeOutputs is how many free outputs a key should have: change is split
	// as long as there are fewer.
	ChangeOutputs uint32
	// Depositors is how many addresses for deposits a key has, on a network where
	// it can have several: 0 is one, as 1 is.
	Depositors uint32
	// BatchLimit bounds the encoded size of a batch, in bytes.
	BatchLimit uint32
	// MaxData bounds an instruction's data, in bytes; more counts as none.
	MaxData uint32
	// Withdrawals is how often a signer may restart while a set waits for its
	// share before it has to wait for a Reattempt.
	Withdrawals uint8
}

// Encode writes the parameters.
func (p Parameters) Encode(w *wire.Writer) {
	for _, v := range []uint64{
		p.Confirmations, p.Window, p.Hold, p.TenMinutes, p.Grace, p.BatchesAhead,
		p.Patience, p.BumpAfter, p.Dust, p.FeeFloor, p.FeeCap,
		p.OutflowWindow, p.OutflowLimit, p.PayeeLimit, p.DescendantsWeight,
	} {
		w.Uint64(v)
	}
	for _, v := range []uint32{p.MaxInputs, p.MaxOutputs, p.Descendants, p.ChangeOutputs, p.Depositors, p.BatchLimit, p.MaxData} {
		w.Uint32(v)
	}
	w.Uint8(p.Withdrawals)
}

// Decode reads the parameters and refuses what Validate does.
func (p *Parameters) Decode(r *wire.Reader) {
	for _, v := range []*uint64{
		&p.Confirmations, &p.Window, &p.Hold, &p.TenMinutes, &p.Grace, &p.BatchesAhead,
		&p.Patience, &p.BumpAfter, &p.Dust, &p.FeeFloor, &p.FeeCap,
		&p.OutflowWindow, &p.OutflowLimit, &p.PayeeLimit, &p.DescendantsWeight,
	} {
		*v = r.Uint64()
	}
	for _, v := range []*uint32{&p.MaxInputs, &p.MaxOutputs, &p.Descendants, &p.ChangeOutputs, &p.Depositors, &p.BatchLimit, &p.MaxData} {
		*v = r.Uint32()
	}
	p.Withdrawals = r.Uint8()
	r.Check(p.Validate() == nil, "parameters")
}

// Hash identifies the parameters.
func (p Parameters) Hash() [32]byte {
	var w wire.Writer
	w.String("serai-go/processor parameters v1")
	p.Encode(&w)
	return sha512.Sum512_256(w.Data())
}

// batchOverhead is the encoded size of a batch whose one instruction has
// neither origin nor data.
const batchOverhead = 52 + 16

// Validate refuses parameters that no processor could work with.
func (p Parameters) Validate() error {
	const most = 1 << 32 // keeps sums of block numbers far from overflow
	for _, v := range []struct {
		name               string
		value, least, most uint64
	}{
		{"Confirmations", p.Confirmations, 1, most},
		{"Window", p.Window, 1, most},
		{"Hold", p.Hold, 0, most},
		{"TenMinutes", p.TenMinutes, 0, most},
		{"Grace", p.Grace, 0, most},
		{"BatchesAhead", p.BatchesAhead, 1, most},
		{"Patience", p.Patience, 0, most},
		{"BumpAfter", p.BumpAfter, 1, most},
		{"Dust", p.Dust, 1, math.MaxUint64},
		{"FeeFloor", p.FeeFloor, 0, p.FeeCap},
		{"FeeCap", p.FeeCap, 0, 1 << 40},
		{"MaxInputs", uint64(p.MaxInputs), 2, MaxPlanInputs},
		{"OutflowWindow", p.OutflowWindow, 1, most},
		{"DescendantsWeight", p.DescendantsWeight, 0, 1 << 40},
		{"MaxOutputs", uint64(p.MaxOutputs), 3, MaxPlanOutputs}, // change and two branches
		{"Descendants", uint64(p.Descendants), 0, 1 << 10},
		{"ChangeOutputs", uint64(p.ChangeOutputs), 1, 1 << 10},
		{"Depositors", uint64(p.Depositors), 0, 1 << 16},
		{"MaxData", uint64(p.MaxData), 0, 1 << 20},
		// A batch has room for an instruction with MaxData bytes.
		{"BatchLimit", uint64(p.BatchLimit), batchOverhead + MaxAddress + uint64(p.MaxData), 1 << 24},
		{"Withdrawals", uint64(p.Withdrawals), 1, math.MaxUint8},
	} {
		if v.value < v.least || v.value > v.most {
			return fmt.Errorf("parameters: %s is %d, it must be %d to %d", v.name, v.value, v.least, v.most)
		}
	}
	return nil
}
