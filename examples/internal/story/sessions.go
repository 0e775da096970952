package story

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/frost/dkg"
)

// elect makes a session of its set. Validators that are new start with an empty
// file, and read all of the log.
func (s *story) elect(ctx context.Context, session uint64) error {
	for _, who := range s.sets[session] {
		for len(s.group) <= who {
			v, err := newValidator(len(s.group), s.dir, s.net)
			if err != nil {
				return err
			}
			if err := v.start(ctx, s.c); err != nil {
				return err
			}
			s.group = append(s.group, v)
		}
	}
	s.c.elect(session, s.sets[session])
	return nil
}

// keygen makes the keys of a session. All of its validators have to approve
// but those who are convicted on the way.
func (s *story) keygen(ctx context.Context, session uint64) error {
	set := s.sets[session]
	e := processor.GenerateKey{Session: session, Threshold: s.threshold, MinOK: s.Total(session)}
	for _, who := range set {
		e.Participants = append(e.Participants, dkg.Participant{Key: s.group[who].self.Public(), Weight: s.weights[who]})
	}
	s.c.order(e)
	key, err := await(ctx, s.c, len(set), func(e processor.KeyGenerated) bool { return e.Session == session })
	if err != nil {
		return fmt.Errorf("key generation of session %d: %w", session, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, key)
	return nil
}

// vote makes a session's keys those of the network. The first ones begin at the
// newest block.
func (s *story) vote(ctx context.Context, session uint64) error {
	key := s.key(session)
	e := processor.ConfirmKey{Session: session, BatchKey: key.BatchKey, NetworkKey: key.NetworkKey}
	if session == 0 {
		var err error
		if e.Start.At, err = s.coin.Tip(ctx); err != nil {
			return err
		}
	}
	s.c.order(e)
	return nil
}

// key returns the keys that a session made.
func (s *story) key(session uint64) processor.KeyGenerated {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[session]
}

// keyCount returns how many sessions have made keys.
func (s *story) keyCount() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.keys))
}

// acknowledge acknowledges batches in their order, each as soon as it is
// signed and its signature verified as any program could do it.
func (s *story) acknowledge(ctx context.Context) {
	for id := uint64(0); ; id++ {
		signed, err := await(ctx, s.c, 1, func(e processor.SignedBatch) bool { return e.Batch.ID == id })
		if err != nil {
			return // whoever waits for what follows gets the error, too
		}
		key := s.key(signed.Session).BatchKey
		if !ed25519.Verify(key[:], signed.Digest[:], signed.Signature[:]) {
			s.c.fail(fmt.Errorf("batch %d: wrong signature", id))
			return
		}
		by := ""
		if s.rotates() {
			by = fmt.Sprintf(" of session %d", signed.Session)
		}
		if n := len(signed.Batch.Instructions); n > 0 || !s.rotates() {
			s.screen.say("batch %d about block %d, instructions: %d, signature%s verified", id, signed.Batch.Number, n, by)
		}
		ack := processor.AcknowledgeBatch{ID: id, Digest: signed.Digest}
		for _, i := range signed.Batch.Instructions {
			ack.Results = append(ack.Results, !s.refuses(i.Data))
		}
		if len(ack.Results) > 0 && s.onReport != nil {
			s.onReport(&ack)
		}
		s.mu.Lock()
		s.summary.Batches = append(s.summary.Batches, batchSummary{
			ID: id, Session: signed.Session, Block: signed.Batch.Number, Instructions: len(signed.Batch.Instructions),
			Signature: fmt.Sprintf("%x", signed.Signature),
		})
		s.mu.Unlock()
		s.c.order(ack)
	}
}
