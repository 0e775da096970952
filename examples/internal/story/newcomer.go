package story

import (
	"context"
	"fmt"
	"time"

	"github.com/serai-go/processor"
)

// catchUp starts a validator with an empty database and hands it the log, as a
// member of the next session would begin, and waits until it knows as much as
// the others.
func (s *story) catchUp(ctx context.Context) error {
	want, err := s.group[0].running().Status(ctx)
	if err != nil {
		return err
	}
	v, err := newValidator(len(s.group), s.dir, s.net)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := time.Now()
	if err := v.start(ctx, s.c); err != nil {
		return err
	}
	defer func() {
		cancel()
		v.wait()
	}()
	all := int(want.Frontier.Settle - min(want.Frontier.Settle, want.Keys[0].Activation))
	shown := -1 // blocks done
	for {
		status, err := v.running().Status(ctx)
		switch {
		case err != nil:
			return err
		case status.Halted != nil:
			return fmt.Errorf("the newcomer: %w", status.Halted)
		}
		done := 0
		if status.Frontier.Active {
			done = min(int(status.Frontier.Settle-status.Keys[0].Activation), all)
		}
		if done != shown {
			s.screen.bar("a newcomer catches up: blocks", done, all)
			shown = done
		}
		if status.Read >= want.Next && status.Frontier.Settle >= want.Frontier.Settle {
			return s.caughtUp(status, want, begin)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the newcomer: %w: %s", ctx.Err(), status.Progress)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// caughtUp compares the newcomer with another validator.
func (s *story) caughtUp(got, want processor.Status, begin time.Time) error {
	if got.Ledger != want.Ledger {
		return fmt.Errorf("the newcomer has other books than validator 0")
	}
	took := time.Since(begin)
	blocks := got.Frontier.Settle - got.Keys[0].Activation
	s.summary.CatchUp = catchUpSummary{Blocks: blocks, Entries: got.Read, Seconds: took.Seconds()}
	s.screen.say("the newcomer has the same books after %.2f s: %.0f blocks and %.0f log entries a second; %s",
		took.Seconds(), float64(blocks)/took.Seconds(), float64(got.Read)/took.Seconds(), got.Progress)
	return nil
}
