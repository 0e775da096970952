package processor

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/signer"
)

func (s AboutOutput) explain(x *explainer) error {
	id := coin.OutputID(s)
	found, err := x.scanner.Sight(x.r, id)
	if err != nil {
		return err
	}
	switch {
	case found == nil:
		err = x.old(id)
	case found.Void:
		x.step(Step{Kind: StepVoid, Transaction: &id.Transaction})
		x.wait(Wait{Kind: WaitReturn}, "its block is void; should it be in another one, it counts as before")
		x.seek = &id.Transaction
		return nil
	default:
		x.step(Step{Kind: StepSeen, Block: &found.Block, Transaction: &id.Transaction})
		if found.Lost > 0 {
			kinds := map[scanner.Loss]StepKind{
				scanner.NotLarger: StepNotLarger, scanner.TooLate: StepTooLate, scanner.Taken: StepTaken,
			}
			x.step(Step{Kind: kinds[found.Lost]})
			return nil
		}
		if found.Raises != nil {
			x.step(Step{Kind: StepRaises, Transaction: &found.Raises.Transaction})
		}
		if found.Output.Kind == coin.External {
			if err = x.deposit(found); found.OvertakenBy != nil {
				x.step(Step{Kind: StepOvertaken, Transaction: &found.OvertakenBy.Transaction})
				return err
			}
		} else if !found.Settled {
			x.settlement(found.Block)
		}
	}
	if err != nil || len(x.Waits) > 0 || x.seek != nil {
		return err
	}
	return x.holding(id)
}

// old explains an output that is in no block that is kept. If nobody knows it, it
// may be in one that is not final.
func (x *explainer) old(id coin.OutputID) error {
	state, err := x.scheduler.Output(x.r, id)
	if err == nil && state.Stage == scheduler.OutputUnknown {
		x.seek = &id.Transaction
	}
	return err
}

// settlement waits for a block to settle.
func (x *explainer) settlement(block uint64) {
	x.wait(Wait{Kind: WaitSettlement, Block: &block},
		"block %d settles with the last batch of itself or of the next block that has any", block)
}

// deposit explains what becomes of a deposit.
func (x *explainer) deposit(d *scanner.Sighting) error {
	switch d.Way {
	case scanner.HeldBack:
		x.step(Step{Kind: StepHeldBack})
		if d.Due == nil {
			x.wait(Wait{Kind: WaitBlock}, "its key does not report yet")
		} else {
			x.wait(Wait{Kind: WaitBlock, Block: d.Due}, "its key reports from block %d on", *d.Due)
		}
		return nil
	case scanner.OnTheWay:
		return x.onTheWay(d)
	case scanner.Arrived:
		x.step(Step{Kind: StepPassedOn})
		x.step(Step{Kind: StepArrived})
		x.wait(Wait{Kind: WaitBlock, Block: d.Due}, "block %d reports it", *d.Due)
		return nil
	case scanner.Over:
		x.step(Step{Kind: StepSettled})
		return x.refund(d)
	}
	if d.Way == scanner.LateReport {
		x.step(Step{Kind: StepHeldBack})
		if d.Fate == coin.PassedOn {
			x.Steps[len(x.Steps)-1].Kind = StepPassedOn
		}
	}
	if d.Batch != nil {
		return x.reported(d)
	}
	if d.Due != nil {
		x.settlement(*d.Due)
		return nil
	}
	kinds := map[coin.Fate]StepKind{
		coin.Reported: StepCredited, coin.Refunded: StepRefunded, coin.Accumulated: StepKept, coin.Returned: StepReturned,
	}
	if d.Raises == nil || d.Credit > 0 { // else it brings nothing
		x.step(Step{Kind: kinds[d.Fate], Block: &d.Block})
	}
	return x.refund(d)
}

// onTheWay explains a deposit that goes to the successor.
func (x *explainer) onTheWay(d *scanner.Sighting) error {
	x.step(Step{Kind: StepPassedOn})
	if !d.Settled {
		x.settlement(d.Block)
		return nil
	}
	state, err := x.scheduler.Output(x.r, d.Output.ID)
	if err != nil {
		return err
	}
	if state.Stage == scheduler.OutputReserved {
		if known, err := x.plan(state.Plan); err != nil || known {
			return err
		}
	}
	if state.Stage == scheduler.OutputOnHold {
		x.hold(state)
	} else if state.Stage == scheduler.OutputToForward {
		x.wait(Wait{Kind: WaitForward}, "it is to be sent to the successor, of which at the present fee rate less than dust would arrive")
	} else {
		x.wait(Wait{Kind: WaitForward}, "it is on its way to the successor")
	}
	return nil
}

// reported explains a deposit that a batch reports.
func (x *explainer) reported(d *scanner.Sighting) error {
	b := *d.Batch
	x.step(Step{Kind: StepReported, Block: d.Due, Batch: &b.ID})
	if b.Acknowledged {
		x.step(Step{Kind: StepAcknowledged, Batch: &b.ID})
		x.settlement(*d.Due)
		return nil
	}
	id := signer.BatchID(b.Session, b.ID)
	s, err := x.signer.Signing(x.r, id)
	if err != nil {
		return err
	}
	if s.Done {
		x.step(Step{Kind: StepSigned, Batch: &b.ID})
	}
	if s.Done || !s.Known {
		x.wait(Wait{Kind: WaitAcknowledgement, Batch: &b.ID}, "reported in batch %d, which is not acknowledged", b.ID)
		return nil
	}
	return x.signing(id)
}

// refund goes on with the refund of a deposit, if it has one.
func (x *explainer) refund(d *scanner.Sighting) error {
	if d.Output.Origin == "" {
		return nil
	}
	_, err := x.paid(coin.RefundID(d.Output.ID))
	return err
}

// holding explains what the group does with an output that is its own by now.
func (x *explainer) holding(id coin.OutputID) error {
	state, err := x.scheduler.Output(x.r, id)
	if err != nil {
		return err
	}
	switch state.Stage {
	case scheduler.OutputFree:
		x.step(Step{Kind: StepFree})
	case scheduler.OutputReserved:
		x.step(Step{Kind: StepReserved, Plan: &state.Plan})
		x.wait(Wait{Kind: WaitPlans, Count: 1, Plan: &state.Plan}, "plan %s spends it, which has to happen", state.Plan)
	case scheduler.OutputOnHold:
		x.hold(state)
	case scheduler.OutputToForward:
		x.step(Step{Kind: StepPassedOn})
		x.wait(Wait{Kind: WaitForward}, "it is to be sent to the successor")
	case scheduler.OutputMissing:
		x.step(Step{Kind: StepVoid})
		x.wait(Wait{Kind: WaitReturn}, "its block is void, and it has not come back")
	case scheduler.OutputWrittenOff:
		x.step(Step{Kind: StepWrittenOff})
	}
	return nil
}

// hold waits for the hold of an output.
func (x *explainer) hold(state scheduler.OutputState) {
	x.step(Step{Kind: StepOnHold})
	x.wait(Wait{Kind: WaitHold, Block: &state.Until}, "its hold is over once block %d has settled", state.Until)
}
