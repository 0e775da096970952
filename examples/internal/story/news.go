package story

import (
	"context"
	"fmt"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/scanner"
)

// tellNews tells people what the validators have told since the last time. All
// tell the same, so each thing is said once.
func (s *story) tellNews(ctx context.Context) error {
	m := s.net.Money
	told, _ := s.c.record()
	news := told[s.heard:]
	s.heard = len(told)
	for _, t := range news {
		if s.known[string(processor.EncodeEvent(t.body))] {
			continue
		}
		s.known[string(processor.EncodeEvent(t.body))] = true
		switch e := t.body.(type) {
		case processor.KeyStage:
			s.stages[keyStage{e.Session, e.Stage}] = e.Number
			s.screen.say("block %d: the key of session %d is %s", e.Number, e.Session, e.Stage)
			if e.Session > 0 || e.Stage > scanner.Reporting {
				if err := s.tellHoldings(ctx); err != nil {
					return err
				}
			}
		case processor.Update:
			for _, b := range e.Batches {
				for _, i := range b.Instructions {
					s.screen.say("block %d: session %d reports %s: %q", e.Number, e.Session, m.sum(i.Amount), s.said(i.Data))
				}
			}
		case processor.PaymentSettled:
			if s.people > 0 {
				continue // they are counted
			}
			s.screen.say("a payment has arrived: %s, %s went for the fee", m.sum(e.Paid), m.number(e.Share))
		case processor.Refunded:
			what := "without data"
			if fate, _ := s.net.giveBack(); fate == Refused {
				what = "that was refused"
			}
			s.screen.say("a deposit %s is refunded: %s, %s went for the fee", what, m.sum(e.Paid), m.number(e.Share))
		case processor.PaymentDropped:
			return fmt.Errorf("a payment is dropped: %s", e.Reason)
		case processor.WrittenOff:
			return fmt.Errorf("an output of %s is written off: %s", m.sum(e.Amount), e.Reason)
		}
	}
	return nil
}

// tellHoldings tells people what the node says that the keys own, if that has
// changed.
func (s *story) tellHoldings(ctx context.Context) error {
	var owns []string
	for session := range s.keyCount() {
		outputs, amount, err := s.holdings(ctx, session)
		if err != nil {
			return err
		}
		owns = append(owns, fmt.Sprintf("session %d: %s (outputs: %d)", session, s.net.Money.sum(amount), outputs))
	}
	if line := strings.Join(owns, ", "); line != s.owned {
		s.owned = line
		_, say := s.witnesses()
		s.screen.say("the keys own, %s: %s", say, line)
	}
	return nil
}
