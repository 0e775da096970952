package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
)

// PaymentStage is how far a payment is, as the scheduler knows.
type PaymentStage uint8

// Stages of a payment.
const (
	// PaymentUnknown: no burn or refund of this ID was taken in.
	PaymentUnknown PaymentStage = iota
	// PaymentQueued: it waits for a plan.
	PaymentQueued
	// PaymentAside: it is too small to bear its share of the costs at the fee rate
	// of the reference block.
	PaymentAside
	// PaymentInTree: it is part of a tree of plans, in a branch that is not funded
	// yet.
	PaymentInTree
	// PaymentPlanned: a plan pays it.
	PaymentPlanned
	// PaymentSettled: the transaction that pays it has settled.
	PaymentSettled
	// PaymentDropped: it is given up.
	PaymentDropped
	// PaymentRefused: it asked for what cannot be paid.
	PaymentRefused
)

func (s PaymentStage) String() string {
	switch s {
	case PaymentUnknown:
		return "unknown"
	case PaymentQueued:
		return "queued"
	case PaymentAside:
		return "aside"
	case PaymentInTree:
		return "in a tree"
	case PaymentPlanned:
		return "planned"
	case PaymentSettled:
		return "settled"
	case PaymentDropped:
		return "dropped"
	case PaymentRefused:
		return "refused"
	}
	return fmt.Sprintf("stage %d", uint8(s))
}

// PaymentState is what a scheduler tells of a payment.
type PaymentState struct {
	Stage PaymentStage
	// Plan pays it, or is the root of its tree.
	Plan coin.PlanID
	// Transaction has paid it.
	Transaction coin.TransactionID
	// Ahead is how many payments are before it in the queue.
	Ahead int
	// Waits says for people what it waits for, or why it is not made.
	Waits string
	// Since is the reference block at which it came to the stage.
	Since uint64
}

// OutputStage is what becomes of an output of the group, as the scheduler knows.
type OutputStage uint8

// Stages of an output.
const (
	// OutputUnknown: it is none of the group's, or spent.
	OutputUnknown OutputStage = iota
	// OutputFree: any plan may spend it.
	OutputFree
	// OutputReserved: a plan spends it.
	OutputReserved
	// OutputToForward: a deposit that is going to be passed on to a successor.
	OutputToForward
	// OutputMissing: it was in a block that is void, and has not come back.
	OutputMissing
	// OutputWrittenOff: it will not be spent.
	OutputWrittenOff
)

func (s OutputStage) String() string {
	switch s {
	case OutputUnknown:
		return "unknown"
	case OutputFree:
		return "free"
	case OutputReserved:
		return "reserved"
	case OutputToForward:
		return "to be forwarded"
	case OutputMissing:
		return "missing"
	case OutputWrittenOff:
		return "written off"
	}
	return fmt.Sprintf("stage %d", uint8(s))
}

// OutputState is what a scheduler tells of an output.
type OutputState struct {
	Stage OutputStage
	// Plan spends it.
	Plan coin.PlanID
}
