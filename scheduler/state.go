package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// PaymentStage is how far a payment is, as the scheduler knows.
type PaymentStage uint8

// Stages of a payment.
const (
	// PaymentUnknown: no burn or refund of this ID was taken in.
	PaymentUnknown PaymentStage = iota
	// PaymentQueued: it waits for a plan.
	PaymentQueued
	// PaymentAside: it waits behind the others, for what they do not: it is too small
	// to bear its share of the costs at the fee rate of the reference block, limits
	// keep it back, or it is the refund of a deposit that is in no block at present.
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

// Lack is what keeps a payment from being planned.
type Lack uint8

// What a payment can lack.
const (
	// LacksMeans: outputs that are free, or that carry earlier costs.
	LacksMeans Lack = iota
	// LacksHold: outputs whose hold is over.
	LacksHold
	// LacksLimit: room under a limit.
	LacksLimit
	// LacksFee: a lower fee rate.
	LacksFee
	// LacksDeposit: the deposit that it refunds, which is void.
	LacksDeposit
)

// PaymentState is what a scheduler tells of a payment.
type PaymentState struct {
	Stage PaymentStage
	// Plan pays it, or has the branch that funds it.
	Plan coin.PlanID
	// Transaction has paid it.
	Transaction coin.TransactionID
	// Ahead is how many payments are before it in the queue.
	Ahead int
	// Lack is what it waits for, if it is queued or stands aside.
	Lack Lack
	// Waits says so for people, or why it is not made.
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
	// OutputOnHold: it is not spent before a block has settled.
	OutputOnHold
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
	case OutputOnHold:
		return "on hold"
	}
	return fmt.Sprintf("stage %d", uint8(s))
}

// OutputState is what a scheduler tells of an output.
type OutputState struct {
	Stage OutputStage
	// Plan spends it.
	Plan coin.PlanID
	// Until is the block with whose settlement its hold is over.
	Until uint64
}

// Payment implements Scheduler. Of a payment that waits it looks at the queue up
// to there.
func (s *scheduler) Payment(r storage.Reader, id coin.PaymentID) (PaymentState, error) {
	f, ok, err := s.known.Get(r, id)
	if err != nil || !ok {
		return PaymentState{}, err
	}
	state := PaymentState{Stage: f.Stage, Since: f.Since}
	switch f.Stage {
	case PaymentPlanned:
		state.Plan = f.ID
	case PaymentSettled:
		state.Transaction = f.ID
	case PaymentQueued, PaymentAside:
		return s.waits(r, id, state)
	}
	return state, nil
}

// waits completes the state of a payment that is not planned yet.
func (s *scheduler) waits(r storage.Reader, id coin.PaymentID, state PaymentState) (PaymentState, error) {
	for p, err := range s.waitingPayments(r) {
		if err != nil {
			return state, err
		}
		if p.value.ID == id {
			state.Stage = PaymentQueued
			if p.value.Waits > 0 {
				state.Lack, state.Waits = p.value.Waits.lack(), p.value.Waits.String()
			}
			return state, nil
		}
		state.Ahead++
	}
	state.Ahead = 0
	for item, err := range s.aside.All(r) {
		if err != nil {
			return state, err
		}
		if item.Value.ID != id {
			continue
		}
		state.Stage, state.Lack, state.Waits = PaymentAside, item.Value.Waits.lack(), item.Value.Waits.String()
		if item.Value.Poor {
			state.Since, state.Lack = item.Value.Since, LacksFee
			state.Waits = "the amount does not carry its share of the fee at present"
		}
		return state, nil
	}
	for item, err := range s.suspended.All(r) {
		if err != nil {
			return state, err
		}
		if item.Value.ID == id {
			state.Stage, state.Lack, state.Waits = PaymentAside, LacksDeposit, "the deposit is in no block at present"
			return state, nil
		}
	}
	return s.inTree(r, id, state)
}

// inTree completes the state of a payment that a branch funds.
func (s *scheduler) inTree(r storage.Reader, id coin.PaymentID, state PaymentState) (PaymentState, error) {
	for item, err := range s.nodes.All(r) {
		if err != nil {
			return state, err
		}
		payments, err := s.nodePayments(r, item.Value)
		if err != nil {
			return state, err
		}
		for _, p := range payments {
			if p.value.ID == id {
				state.Stage, state.Plan = PaymentInTree, item.Key.plan
				state.Waits = "the transaction that funds it has not settled"
				return state, nil
			}
		}
	}
	return state, nil
}

// Output implements Scheduler.
func (s *scheduler) Output(r storage.Reader, id coin.OutputID) (OutputState, error) {
	missing, err := s.missing.Has(r, id)
	if err != nil {
		return OutputState{}, err
	}
	for item, err := range s.plans.All(r) {
		if err != nil {
			return OutputState{}, err
		}
		for _, input := range item.Value.Plan.Inputs {
			if input.ID == id {
				return OutputState{Stage: OutputReserved, Plan: item.Key}, nil
			}
		}
	}
	if missing {
		return OutputState{Stage: OutputMissing}, nil
	}
	if x, rests, err := s.resting.Get(r, id); err != nil || rests {
		return OutputState{Stage: OutputOnHold, Until: x.End.block}, err
	}
	for item, err := range s.ready.All(r) {
		if err != nil {
			return OutputState{}, err
		}
		n, err := s.nodes.Load(r, item.Value)
		if err != nil {
			return OutputState{}, err
		}
		if n.Output.ID == id {
			return OutputState{Stage: OutputReserved}, nil
		}
	}
	for item, err := range s.forwards.All(r) {
		if err != nil {
			return OutputState{}, err
		}
		if item.Value.Output.ID == id {
			return OutputState{Stage: OutputToForward}, nil
		}
	}
	for item, err := range s.free.All(r) {
		if err != nil {
			return OutputState{}, err
		}
		if item.Value.ID == id {
			return OutputState{Stage: OutputFree}, nil
		}
	}
	return OutputState{}, nil
}
