package scanner

import (
	"fmt"

	"github.com/serai-go/processor/coin"
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
