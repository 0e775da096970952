package story

import (
	"context"
	"fmt"
	"time"

	"github.com/serai-go/processor"
)

// convict lets a third party judge what the validators accuse each other of:
// it has the log and a connection to a node, and no reason to believe any of
// them.
func (s *story) convict(ctx context.Context) error {
	told, log := s.c.record()
	coin, err := s.net.Dial(ctx)
	if err != nil {
		return err
	}
	convictions, err := processor.Replay(ctx, processor.Config{Coin: coin, Poll: 50 * time.Millisecond}, log)
	if err != nil {
		return fmt.Errorf("a third party: %w", err)
	}
	s.screen.say("a third party has read the log, %d entries, with a connection to a node of its own", len(log))
	return s.weigh(ctx, told, convictions)
}

// weigh compares what the validators told with what the log convicts of.
func (s *story) weigh(ctx context.Context, told []told, convictions processor.Convictions) error {
	for _, t := range told {
		e, ok := t.body.(processor.InvalidParticipant)
		if ok && !s.adversaries.faulty(t.who) && !convictions.Confirm(e) {
			return fmt.Errorf("validator %d accuses validator %d without evidence: %s", t.who, e.Who, e.Reason)
		}
	}
	named := make([]int, len(s.weights))
	for _, e := range convictions {
		if !s.adversaries.faulty(int(e.Who)) {
			return fmt.Errorf("validator %d is honest and convicted: %s", e.Who, e.Reason)
		}
		if err := s.agree(ctx, e); err != nil {
			return fmt.Errorf("conviction of validator %d by all others: %w", e.Who, err)
		}
		named[e.Who]++
	}
	return s.report(named)
}

// agree waits until all honest validators have told of a conviction.
func (s *story) agree(ctx context.Context, conviction processor.InvalidParticipant) error {
	all := func(who map[int]bool) bool {
		for i := range s.group {
			if !who[i] && !s.adversaries.faulty(i) {
				return false
			}
		}
		return true
	}
	_, err := awaitFrom(ctx, s.c, all, processor.Convictions{conviction}.Confirm)
	return err
}

// report tells who was faulty, named by so many pieces of evidence.
func (s *story) report(named []int) error {
	x := &adversariesSummary{Threshold: s.threshold}
	s.summary.Adversaries = x
	for i, weight := range s.weights {
		member := memberSummary{Number: i, Weight: weight}
		x.Validators = append(x.Validators, member)
		if !s.adversaries.faulty(i) {
			continue
		}
		if named[i] == 0 {
			return fmt.Errorf("validator %d is faulty and was not named", i)
		}
		did := s.adversaries.did(i)
		x.Faulty = append(x.Faulty, faultySummary{memberSummary: member, Did: did, Named: named[i], Verified: true})
		s.screen.say("validator %d of weight %d %s; pieces of evidence, all confirmed: %d", i, weight, did, named[i])
	}
	s.screen.say("all %d honest validators agree, and named nobody else", len(s.weights)-len(x.Faulty))
	return nil
}
