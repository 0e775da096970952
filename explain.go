package processor

import (
	"context"
	"fmt"
	"strings"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// Subject is what Explain is asked about: AboutOutput, AboutPayment, AboutPlan or
// AboutKey.
type Subject interface {
	fmt.Stringer
	explain(*explainer) error
}

// AboutOutput asks about a deposit, or an output of the group's own.
type AboutOutput coin.OutputID

// AboutPayment asks about a burn, or the refund of a deposit: see coin.RefundID.
type AboutPayment coin.PaymentID

// AboutPlan asks about a plan.
type AboutPlan coin.PlanID

// AboutKey asks about the key of a session: where it is in its life, and why it is
// not retired.
type AboutKey uint64

func (s AboutOutput) String() string  { return "output " + coin.OutputID(s).String() }
func (s AboutPayment) String() string { return "payment " + coin.PaymentID(s).String() }
func (s AboutPlan) String() string    { return "plan " + coin.PlanID(s).String() }
func (s AboutKey) String() string     { return fmt.Sprintf("key of session %d", uint64(s)) }

// UnknownSubject is returned by Explain for what is not known here.
type UnknownSubject struct {
	Subject Subject // as it was asked about
	Reason  string  // what it may be, for people
}

func (e *UnknownSubject) Error() string {
	return fmt.Sprintf("processor: %s is not known here: %s", e.Subject, e.Reason)
}

// Explanation is how far something is, and what it waits for.
type Explanation struct {
	// Subject is what was asked about.
	Subject Subject
	// Steps are those that it has come to, in order, at least one. The last is
	// where it is now.
	Steps []Step
	// Waits are what it waits for now, the most telling first. There are none if
	// nothing more is to happen.
	Waits []Wait
	// Settled is the number of the last settled block, and Read the position in the
	// log up to which it has taken effect: as of then this holds.
	Settled, Read uint64
}

// Now is where it is.
func (e *Explanation) Now() StepKind { return e.Steps[len(e.Steps)-1].Kind }

// String writes it for people.
func (e *Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", e.Subject)
	for i, s := range e.Steps {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %s", s)
	}
	for i, w := range e.Waits {
		separator := ", "
		if i == 0 {
			separator = "; waits: "
		}
		b.WriteString(separator + w.Text)
	}
	return b.String()
}

// Explain returns how far something is and what it waits for. It reads one state
// of the database, changes nothing, and its work does not grow with history. For
// transactions that have not settled it asks the node for a few of its newest blocks. What
// is not known here is an *UnknownSubject: what is not on the chain or in the log,
// is not read yet, or was over long ago.
func (p *Processor) Explain(ctx context.Context, subject Subject) (*Explanation, error) {
	x := &explainer{core: p.core, Explanation: &Explanation{Subject: subject}}
	var err error
	if x.blind, err = p.blind(ctx); err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		x.r = r
		if halt, stopped, err := halted.Get(r); err != nil {
			return err
		} else if stopped {
			x.halt = &halt
		}
		if x.frontier, err = p.core.scanner.Frontier(r); err != nil {
			return err
		}
		x.Settled = x.frontier.Settle - min(x.frontier.Settle, 1)
		if x.Read, err = p.log.cursors.Load(r, uint64(settleLane)); err != nil {
			return err
		}
		if x.deep, err = p.core.confirmations(r); err != nil {
			return err
		}
		return subject.explain(x)
	})
	if err == nil && x.seek != nil {
		err = p.bury(ctx, x)
	}
	if err != nil {
		return nil, err
	}
	if x.halt != nil && len(x.Waits) > 0 {
		stopped := Wait{Kind: WaitHalt, Text: "this processor has halted: " + x.halt.Reason}
		x.Waits = append([]Wait{stopped}, x.Waits...)
	}
	return x.Explanation, nil
}

// explainer collects an explanation.
type explainer struct {
	*Explanation
	*core
	r        storage.Reader
	frontier scanner.Frontier
	blind    string // why this processor does not see the chain, or nothing
	halt     *Halt
	// deep is after how many blocks one is final.
	deep uint64
	// seek is a transaction to look for in blocks that are not final.
	seek *coin.TransactionID
}

func (x *explainer) step(s Step) { x.Steps = append(x.Steps, s) }

// wait notes what is waited for, and says it.
func (x *explainer) wait(w Wait, format string, args ...any) {
	w.Text = fmt.Sprintf(format, args...)
	x.Waits = append(x.Waits, w)
}

func (x *explainer) unknown(format string, args ...any) error {
	return &UnknownSubject{x.Subject, fmt.Sprintf(format, args...)}
}
