package scanner

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
)

// Stage is where a key is in its life.
type Stage uint8

// Stages of a key, in order.
const (
	// Confirmed keys wait for their activation block.
	Confirmed Stage = iota
	// Holding keys are active, but deposits to them are held back: not all
	// users may have heard of the key yet.
	Holding
	// Reporting keys have their deposits reported.
	Reporting
	// HandingOver keys still have their deposits reported, but what their
	// payments leave over goes to the successor.
	HandingOver
	// Forwarding keys pass deposits on to their successor.
	Forwarding
	// Finishing keys ignore deposits and complete what is under way.
	Finishing
	// Retired keys have nothing left to do.
	Retired
)

func (s Stage) String() string {
	switch s {
	case Confirmed:
		return "confirmed"
	case Holding:
		return "active, not reporting yet"
	case Reporting:
		return "active"
	case HandingOver:
		return "handing over change"
	case Forwarding:
		return "forwarding"
	case Finishing:
		return "finishing"
	case Retired:
		return "retired"
	}
	return fmt.Sprintf("stage %d", uint8(s))
}

// Start says when the first key activates: at the first finalised block at or
// after a number or, with ByTime, after a time of the network's monotone
// clock in seconds since 1970.
type Start struct {
	ByTime bool
	At     uint64 // a block number, or seconds
}

func (s Start) reached(h coin.Header) bool {
	if s.ByTime {
		return h.Time >= s.At
	}
	return h.Number >= s.At
}

// Key is a voted-in key pair of a validator set.
type Key struct {
	// Session is the validator set.
	Session uint64
	// BatchKey is the Ed25519 public key that signs batches.
	BatchKey [32]byte
	// NetworkKey is the encoded key that owns outputs.
	NetworkKey []byte
	// Start is when the first key activates; later keys have no use for it.
	Start Start
	// Activation is the block at which the key becomes active, once Active is
	// set.
	Activation uint64
	Active     bool
}

// Encode writes the key.
func (k Key) Encode(w *wire.Writer) {
	w.Uint64(k.Session)
	w.Fixed(k.BatchKey[:])
	w.Bytes(k.NetworkKey)
	w.Bool(k.Start.ByTime)
	w.Uint64(k.Start.At)
	w.Uint64(k.Activation)
	w.Bool(k.Active)
}

// Decode reads the key.
func (k *Key) Decode(r *wire.Reader) {
	k.Session = r.Uint64()
	r.Fixed(k.BatchKey[:])
	k.NetworkKey = r.Bytes(64)
	k.Start.ByTime = r.Bool()
	k.Start.At = r.Uint64()
	k.Activation = r.Uint64()
	k.Active = r.Bool()
}

// Lifetime holds the blocks that decide about a key's stages.
type Lifetime struct {
	// Activation is the block at which the key becomes active.
	Activation uint64
	// First marks the network's first key: all depositors know it at once.
	First bool
	// Successor is the next key's activation, nil while there is none.
	Successor *uint64
	// Retirement is the block at which the key retires, nil until decided.
	Retirement *uint64
}

// StageAt is the stage at block n of a key with this lifetime. A key reports
// once all deposits sent before its activation was known are buried, at once
// if it is the first; hands over when its successor has come that far;
// forwards late deposits a confirmation later; and no longer looks at them
// after the grace period.
func StageAt(p coin.Parameters, n uint64, l Lifetime) Stage {
	buried := p.Confirmations + p.TenMinutes
	since := func(block *uint64, blocks uint64) bool {
		return block != nil && n >= *block && n-*block >= blocks
	}
	switch {
	case since(l.Retirement, 0):
		return Retired
	case since(l.Successor, buried+p.Confirmations+p.Grace):
		return Finishing
	case since(l.Successor, buried+p.Confirmations):
		return Forwarding
	case since(l.Successor, buried):
		return HandingOver
	case since(&l.Activation, buried), l.First && n >= l.Activation:
		return Reporting
	case n >= l.Activation:
		return Holding
	}
	return Confirmed
}
