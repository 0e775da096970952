package processor

import (
	"context"
	"fmt"
	"sync"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/signer"
)

func (s AboutPlan) explain(x *explainer) error {
	known, err := x.plan(coin.PlanID(s))
	if err == nil && !known {
		err = x.unknown("no plan that waits, and none of those that settled in the last %d blocks", coin.RewindDepth)
	}
	return err
}

// plan explains a plan, and tells whether it is known.
func (x *explainer) plan(id coin.PlanID) (bool, error) {
	plan, waits, err := x.scheduler.Plan(x.r, id)
	if err != nil {
		return false, err
	}
	work, any, err := x.signer.PlanProgress(x.r, id)
	if err != nil {
		return false, err
	}
	if !waits {
		by, block, completed, err := x.scanner.Completed(x.r, id)
		if err != nil || !completed {
			return false, err
		}
		x.step(Step{Kind: StepPlanned, Plan: &id})
		if work.Transaction != nil {
			x.step(Step{Kind: StepSigned, Transaction: work.Transaction})
		}
		x.step(Step{Kind: StepSettled, Block: &block, Transaction: &by})
		return true, nil
	}
	x.step(Step{Kind: StepPlanned, Block: &plan.Reference, Plan: &id})
	if !any || work.Unprepared {
		x.wait(Wait{Kind: WaitPreparation}, "its transaction has to be prepared, which asks the node")
		return true, nil
	}
	x.step(Step{Kind: StepPrepared})
	if work.Transaction != nil {
		x.step(Step{Kind: StepSigned, Transaction: work.Transaction})
		x.published(*work.Transaction)
		return true, nil
	}
	if err := x.refused(id); err != nil {
		return true, err
	}
	return true, x.signing(signer.PlanID(plan.Key.Session, id))
}

// refused tells if this validator's policy keeps it from signing a plan.
func (x *explainer) refused(id coin.PlanID) error {
	reason, refused, err := x.signer.Refused(x.r, id)
	if err == nil && refused {
		x.wait(Wait{Kind: WaitPolicy}, "this validator's policy refuses it: %s", reason)
	}
	return err
}

// published explains how the node took a signed transaction.
func (x *explainer) published(id coin.TransactionID) {
	answer, handed := x.answers.get(id)
	switch {
	case !handed && x.blind != "":
		x.wait(Wait{Kind: WaitSight}, "nothing new is published while this validator does not see the chain: %s", x.blind)
		return
	case !handed:
		x.wait(Wait{Kind: WaitPublication}, "this process has not handed it to its node yet")
	case answer.Status == coin.Accepted, answer.Status == coin.Mined:
		x.step(Step{Kind: StepPublished, Transaction: &id})
		x.wait(Wait{Kind: WaitConfirmations, Of: int(x.deep)}, "the node has it; it needs %d confirmations", x.deep)
	default:
		x.wait(Wait{Kind: WaitNode}, "the node answers: %s", answerText(answer))
	}
	x.seek = &id
}

// signing explains what the signing of a sign ID waits for.
func (x *explainer) signing(id signer.ID) error {
	s, err := x.signer.Signing(x.r, id)
	if err != nil {
		return err
	}
	switch {
	case s.Made:
		x.wait(Wait{Kind: WaitTurn}, "the signatures are made; this validator has to hand them on, in order")
		return nil
	case !s.Followed:
		x.wait(Wait{Kind: WaitOthers}, "session %d has to sign it, whose signing this validator does not follow", id.Session)
		return nil
	case !s.Counts:
		x.wait(Wait{Kind: WaitAcknowledgement}, "it is not its turn to be signed: batches before it have to be acknowledged")
		return nil
	}
	for _, set := range s.Sets.Sets {
		x.wait(Wait{Kind: WaitShares, Set: &set.Number, Validators: set.Missing},
			"set %d lacks the shares of validators %v", set.Number, set.Missing)
	}
	if len(s.Sets.Sets) == 0 {
		x.wait(Wait{Kind: WaitCommitments, Validators: s.Sets.Idle, Count: int(s.Sets.Weight), Of: int(s.Sets.Threshold)},
			"validators of weight %d have committed, of %d; missing are %v", s.Sets.Weight, s.Sets.Threshold, s.Sets.Idle)
	}
	if len(s.Sets.Held) > 0 {
		x.wait(Wait{Kind: WaitReattempt, Validators: s.Sets.Held}, "validators %v restarted too often and need a Reattempt", s.Sets.Held)
	}
	if x.blind != "" {
		x.wait(Wait{Kind: WaitSight}, "this validator does not sign while it does not see the chain: %s", x.blind)
	}
	return nil
}

// moreBlocks is in how many blocks beyond twice the confirmations a transaction is
// looked for that is not settled.
const moreBlocks = 8

// bury looks for a transaction in the newest blocks in which it may be and is not
// known to be, and tells how deep it is. A node that does not answer has nothing to tell.
func (p *Processor) bury(ctx context.Context, x *explainer) error {
	tip, err := p.config.Coin.Tip(ctx)
	if err != nil || tip > maxTip {
		return x.orNothing()
	}
	first := tip + 1 - min(2*x.deep+moreBlocks, tip+1)
	if _, output := x.Subject.(AboutOutput); x.frontier.Active && output {
		first = max(first, x.frontier.Scan) // what counts of the blocks before is known
	} else if x.frontier.Active {
		first = max(first, x.frontier.Settle)
	}
	for n := first; n <= tip; n++ {
		header, err := p.header(ctx, n)
		if err != nil {
			return x.orNothing()
		}
		block, err := p.block(ctx, header)
		if err != nil {
			return x.orNothing()
		}
		for _, t := range block.Transactions() {
			if coin.TransactionID(t.ID()) == *x.seek {
				x.found(n, tip+1-n)
				return nil
			}
		}
	}
	return x.orNothing()
}

// found tells that the transaction is in a block that so many confirm.
func (x *explainer) found(block, confirmations uint64) {
	kind := StepMined
	if _, output := x.Subject.(AboutOutput); output {
		kind = StepConfirming
	}
	x.Waits = nil
	x.step(Step{Kind: kind, Block: &block, Transaction: x.seek})
	if confirmations >= x.deep {
		x.wait(Wait{Kind: WaitSettlement, Block: &block}, "block %d is final; those before it and itself have to settle", block)
		return
	}
	x.wait(Wait{Kind: WaitConfirmations, Count: int(confirmations), Of: int(x.deep)}, "confirming %d of %d", confirmations, x.deep)
}

// orNothing is an error if there is nothing to tell.
func (x *explainer) orNothing() error {
	if len(x.Steps) == 0 {
		return x.unknown("in no block yet; too small, locked, or to a key that takes no deposits there; or spent long ago")
	}
	return nil
}

func answerText(a coin.Publication) string {
	if a.Reason == "" {
		return a.Status.String()
	}
	return clip(fmt.Sprintf("%s: %s", a.Status, a.Reason))
}

// maxAnswers bounds how many of the node's answers are remembered.
const maxAnswers = 4096

// answers are what the node said last to transactions that this process published.
type answers struct {
	mu    sync.Mutex
	by    map[coin.TransactionID]coin.Publication
	order []coin.TransactionID
}

func newAnswers() *answers { return &answers{by: make(map[coin.TransactionID]coin.Publication)} }

func (a *answers) get(id coin.TransactionID) (coin.Publication, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer, ok := a.by[id]
	return answer, ok
}

func (a *answers) note(id coin.TransactionID, answer coin.Publication) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, again := a.by[id]; !again {
		a.order = append(a.order, id)
	}
	a.by[id] = answer
	for len(a.order) > maxAnswers {
		delete(a.by, a.order[0])
		a.order = a.order[1:]
	}
}

// listening notes what the node answers.
type listening struct {
	coin.Spender
	answers *answers
}

// Publish implements coin.Spender.
func (l listening) Publish(ctx context.Context, t coin.Transaction) (coin.Publication, error) {
	answer, err := l.Spender.Publish(ctx, t)
	if err == nil {
		l.answers.note(t.ID, answer)
	}
	return answer, err
}
