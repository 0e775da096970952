package processor

import (
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scheduler"
)

func (s AboutPayment) explain(x *explainer) error {
	known, err := x.paid(coin.PaymentID(s))
	if err == nil && !known {
		err = x.unknown("no burn or refund of this ID, as far as the log is read, up to position %d", x.Read)
	}
	return err
}

func waitFor(l scheduler.Lack) WaitKind {
	switch l {
	case scheduler.LacksHold:
		return WaitHold
	case scheduler.LacksLimit:
		return WaitLimit
	case scheduler.LacksFee:
		return WaitFee
	case scheduler.LacksDeposit:
		return WaitReturn
	}
	return WaitMeans
}

// paid explains a payment, and tells whether it is known.
func (x *explainer) paid(id coin.PaymentID) (bool, error) {
	p, err := x.scheduler.Payment(x.r, id)
	if err != nil || p.Stage == scheduler.PaymentUnknown {
		return false, err
	}
	text := func(otherwise string) string {
		if p.Waits != "" {
			return p.Waits
		}
		return otherwise
	}
	switch p.Stage {
	case scheduler.PaymentRefused:
		x.step(Step{Kind: StepRefused, Block: &p.Since})
		return true, nil
	case scheduler.PaymentDropped:
		x.step(Step{Kind: StepDropped, Block: &p.Since})
		return true, nil
	case scheduler.PaymentQueued:
		x.step(Step{Kind: StepQueued, Block: &p.Since})
		x.wait(Wait{Kind: waitFor(p.Lack), Count: p.Ahead}, "behind %d payments: %s", p.Ahead, text("what is free does not reach it"))
	case scheduler.PaymentAside:
		x.step(Step{Kind: StepQueued, Block: &p.Since})
		x.wait(Wait{Kind: waitFor(p.Lack)}, "%s", text("it is made later"))
	case scheduler.PaymentInTree:
		x.step(Step{Kind: StepQueued})
		x.step(Step{Kind: StepPlanned, Block: &p.Since, Plan: &p.Plan})
		x.wait(Wait{Kind: WaitBranch, Plan: &p.Plan}, "%s", text("the plan before it in its tree has to settle"))
	case scheduler.PaymentPlanned:
		x.step(Step{Kind: StepQueued})
		if known, err := x.plan(p.Plan); err != nil || known {
			return true, err
		}
		x.step(Step{Kind: StepPlanned, Block: &p.Since, Plan: &p.Plan})
	case scheduler.PaymentSettled:
		x.step(Step{Kind: StepQueued})
		x.step(Step{Kind: StepPlanned, Plan: &p.Plan})
		x.step(Step{Kind: StepSettled, Block: &p.Since, Transaction: &p.Transaction})
	}
	return true, nil
}
