package story

import (
	"context"
	"fmt"
	"time"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/scanner"
)

// A rotation takes so many blocks that what happens in which of them would be a
// matter of luck. So no block is mined before all is done about the last one.

// advance mines blocks and waits until all validators have done what there is
// to do about them.
func (s *story) advance(ctx context.Context, blocks int) error {
	if err := s.user.Mine(ctx, blocks); err != nil {
		return err
	}
	s.summary.Blocks += blocks
	for {
		calm, err := s.calm(ctx)
		if err != nil {
			return err
		}
		if calm {
			return s.tellNews(ctx)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// calm tells whether nothing moves but by a new block: everything final is
// scanned, everything reported is signed and acknowledged, everything planned is
// signed and with the node.
func (s *story) calm(ctx context.Context) (bool, error) {
	tip, err := s.coin.Tip(ctx)
	if err != nil {
		return false, err
	}
	next := tip + 2 - s.coin.Parameters().Confirmations // the first block that is not final
	entries, reported, err := s.c.progress()
	if err != nil {
		return false, err
	}
	for _, v := range s.group {
		status, err := v.running().Status(ctx)
		if err != nil {
			return false, err
		}
		f, open := status.Frontier, status.Signing
		if status.Read < entries || f.Index < next || f.Scan < next || f.Acknowledged < reported ||
			open.Batches+open.Requests+open.Plans > 0 {
			return false, nil
		}
	}
	if published, err := s.published(ctx); err != nil || !published {
		return false, err
	}
	after, _, err := s.c.progress()
	return after == entries, err
}

// progress returns how many entries there are, and how many batches were
// reported, or the error that has ended the run.
func (c *coordinator) progress() (entries, reported uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.told {
		switch e := t.body.(type) {
		case processor.Update:
			for _, b := range e.Batches {
				reported = max(reported, b.ID+1)
			}
		case processor.Halted:
			return 0, 0, fmt.Errorf("validator %d halted: %s", t.who, e.Reason)
		}
	}
	return uint64(len(c.log)), reported, c.err
}

// published tells whether the node has all transactions that are signed.
func (s *story) published(ctx context.Context) (bool, error) {
	told, _ := s.c.record()
	for _, t := range told {
		e, ok := t.body.(processor.Completed)
		if !ok || s.seen[e.Transaction] {
			continue
		}
		if _, err := s.coin.Transaction(ctx, e.Transaction); err != nil {
			return false, ctx.Err()
		}
		if _, ok := s.user.(Lister); !ok {
			if err := s.view.note(ctx, s, e); err != nil {
				return false, err
			}
		}
		s.seen[e.Transaction] = true
	}
	return true, nil
}

// until mines until a key was told to be in a stage, in strides of so many
// blocks.
func (s *story) until(ctx context.Context, session uint64, stage scanner.Stage, stride int) error {
	for range most {
		if _, ok := s.stages[keyStage{session, stage}]; ok {
			return nil
		}
		if err := s.advance(ctx, stride); err != nil {
			return err
		}
	}
	return fmt.Errorf("the key of session %d is not %s after many blocks", session, stage)
}

// most is how many times blocks are mined until a key has to be where it is
// expected.
const most = 100

// keyStage is a stage of a session's key.
type keyStage struct {
	session uint64
	stage   scanner.Stage
}

// activating mines until the next block is one in which a key is active, which
// the validators know before there is such a block.
func (s *story) activating(ctx context.Context, session uint64) error {
	for range most {
		status, err := s.group[0].running().Status(ctx)
		if err != nil {
			return err
		}
		tip, err := s.coin.Tip(ctx)
		if err != nil {
			return err
		}
		for _, key := range status.Keys {
			if key.Session == session && key.Active && key.Activation <= tip+1 {
				return nil
			}
		}
		if err := s.advance(ctx, 1); err != nil {
			return err
		}
	}
	return fmt.Errorf("the key of session %d is not active after many blocks", session)
}
