package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
)

// tellNews tells people what the validators have told since the last time. All
// tell the same, so each thing is said once.
func (s *story) tellNews(ctx context.Context) error {
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
					s.screen.say("block %d: session %d reports %d satoshi: %q", e.Number, e.Session, i.Amount, i.Data)
				}
			}
		case processor.PaymentSettled:
			if s.people > 0 {
				continue // they are counted
			}
			s.screen.say("a payment has arrived: %d satoshi, %d went for the fee", e.Paid, e.Share)
		case processor.Refunded:
			s.screen.say("a deposit without data is refunded: %d satoshi, %d went for the fee", e.Paid, e.Share)
		case processor.PaymentDropped:
			return fmt.Errorf("a payment is dropped: %s", e.Reason)
		case processor.WrittenOff:
			return fmt.Errorf("an output of %d satoshi is written off: %s", e.Amount, e.Reason)
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
		owns = append(owns, fmt.Sprintf("session %d: %d satoshi (outputs: %d)", session, amount, outputs))
	}
	if line := strings.Join(owns, ", "); line != s.owned {
		s.owned = line
		s.screen.say("the keys own, says the node: %s", line)
	}
	return nil
}

// holdings returns what the node says that a session's key owns.
func (s *story) holdings(ctx context.Context, session uint64) (outputs int, amount uint64, err error) {
	for _, kind := range coin.Kinds {
		address, err := s.chain.Coin().Address(s.key(session).NetworkKey, kind)
		if err != nil {
			return 0, 0, err
		}
		amounts, err := s.chain.Unspent(ctx, address)
		if err != nil {
			return 0, 0, err
		}
		for _, a := range amounts {
			outputs, amount = outputs+1, amount+a
		}
	}
	return outputs, amount, nil
}
