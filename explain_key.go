package processor

import (
	"github.com/serai-go/processor/scanner"
)

func (s AboutKey) explain(x *explainer) error {
	session := uint64(s)
	life, err := x.scanner.Life(x.r, session)
	if err != nil {
		return err
	}
	if life == nil {
		return x.unknown("no key of it is voted in, as far as the log is read, up to position %d", x.Read)
	}
	x.step(Step{Kind: StepVoted})
	for i := range life.Stages {
		if at := &life.Stages[i]; at.Number <= life.Settled {
			x.step(Step{Kind: StepKind(at.Stage.String()), Block: &at.Number})
		}
	}
	if life.Key.Abandoned {
		x.step(Step{Kind: StepAbandoned})
	}
	if life.Past {
		x.step(Step{Kind: StepOver})
		return nil
	}
	return x.duties(session, life)
}

// duties tells why a key is not retired.
func (x *explainer) duties(session uint64, life *scanner.Life) error {
	key, next := life.Key, life.Next()
	switch {
	case key.Waiting:
		x.wait(Wait{Kind: WaitRoom, Count: life.Older}, "one of the %d older keys has to retire", life.Older)
		return nil
	case !key.Active && key.First:
		x.wait(Wait{Kind: WaitBlock}, "it starts with the first final block at or after %d", key.Start.At)
		return nil
	case !key.Active:
		x.wait(Wait{Kind: WaitAcknowledgement}, "it becomes active a window behind the block of the next batch that is acknowledged")
		return nil
	case key.Retiring:
		x.wait(Wait{Kind: WaitSettlement, Block: &key.Retirement}, "it retires with block %d, once that has settled", key.Retirement)
		return nil
	}
	if life.Stage != scanner.Finishing {
		switch {
		case next != nil:
			x.wait(Wait{Kind: WaitBlock, Block: &next.Number}, "from block %d on it is %s", next.Number, next.Stage)
		case life.Successor == nil:
			x.wait(Wait{Kind: WaitSuccessor}, "there is no successor")
		default:
			x.wait(Wait{Kind: WaitSuccessor}, "its successor, the key of session %d, is not active", *life.Successor)
		}
	}
	if life.Older > 0 {
		x.wait(Wait{Kind: WaitRoom, Count: life.Older}, "older keys that retire before it: %d", life.Older)
	}
	for _, d := range []struct {
		count int
		what  string
	}{{life.Held, "held back"}, {life.Forwards, "on the way to its successor"}, {life.Queued, "at its successor, to be reported"}} {
		if d.count > 0 {
			x.wait(Wait{Kind: WaitDeposits, Count: d.count}, "deposits %s: %d", d.what, d.count)
		}
	}
	plans, err := x.signer.PlansOf(x.r, session)
	if err != nil {
		return err
	}
	if plans > 0 {
		x.wait(Wait{Kind: WaitPlans, Count: plans}, "its plans that have not happened: %d", plans)
	}
	if life.Stage != scanner.Finishing {
		return nil // what it has is not to move yet
	}
	resting, last, err := x.scheduler.Resting(x.r, session)
	if err != nil {
		return err
	}
	if resting > 0 {
		x.wait(Wait{Kind: WaitHold, Count: resting, Block: &last}, "outputs on hold: %d, the last until block %d has settled", resting, last)
		return nil
	}
	idle, err := x.scheduler.Idle(x.r, session)
	if err != nil {
		return err
	}
	switch {
	case !idle && plans == 0:
		x.wait(Wait{Kind: WaitOutputs}, "outputs or deposits are to move to its successor")
	case len(x.Waits) == 0:
		x.wait(Wait{Kind: WaitSettlement}, "nothing is left to do: the next settlement decides when it retires")
	}
	return nil
}
