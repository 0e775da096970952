package coin

import (
	"crypto/sha512"
	"errors"
	"fmt"

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
	// Dust is the least output worth making or crediting, in atomic units.
	Dust uint64
	// FeeFloor and FeeCap bound the fee rate, in atomic units per 1000 weight
	// units.
	FeeFloor, FeeCap uint64
	// MaxInputs and MaxOutputs bound one transaction.
	MaxInputs, MaxOutputs uint32
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
		p.Confirmations, p.Window, p.TenMinutes, p.Grace, p.BatchesAhead,
		p.Patience, p.Dust, p.FeeFloor, p.FeeCap,
	} {
		w.Uint64(v)
	}
	for _, v := range []uint32{p.MaxInputs, p.MaxOutputs, p.BatchLimit, p.MaxData} {
		w.Uint32(v)
	}
	w.Uint8(p.Withdrawals)
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
	switch {
	case p.Confirmations == 0 || p.Confirmations > most:
		return errors.New("parameters: Confirmations out of range")
	case p.Window == 0 || p.Window > most:
		return errors.New("parameters: Window out of range")
	case p.TenMinutes > most || p.Grace > most || p.Patience > most:
		return errors.New("parameters: a number of blocks is out of range")
	case p.BatchesAhead == 0 || p.BatchesAhead > most:
		return errors.New("parameters: BatchesAhead out of range")
	case p.Dust == 0:
		return errors.New("parameters: Dust is zero")
	case p.FeeFloor > p.FeeCap || p.FeeCap > 1<<40:
		return errors.New("parameters: FeeFloor and FeeCap out of range")
	case p.MaxInputs < 2 || p.MaxInputs > MaxPlanInputs:
		return fmt.Errorf("parameters: MaxInputs must be 2 to %d", MaxPlanInputs)
	case p.MaxOutputs < 2 || p.MaxOutputs > MaxPlanOutputs:
		return fmt.Errorf("parameters: MaxOutputs must be 2 to %d", MaxPlanOutputs)
	case p.Withdrawals == 0:
		return errors.New("parameters: Withdrawals is zero")
	case p.MaxData > 1<<20:
		return errors.New("parameters: MaxData out of range")
	case p.BatchLimit < batchOverhead+MaxAddress+p.MaxData || p.BatchLimit > 1<<24:
		return errors.New("parameters: BatchLimit cannot hold an instruction of MaxData bytes")
	}
	return nil
}
