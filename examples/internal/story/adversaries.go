package story

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/signer"
)

// adversaries stand between two validators and the log. The validators'
// processors are honest; what leaves them is not.
type adversaries struct {
	dealer int // sends an invalid deal
	liar   int // answers with wrong signature shares
	// late is an honest validator that is away when the first batch is to be
	// signed. Without it the others need the liar, so they find out.
	late int

	mu    sync.Mutex
	dealt bool
	lies  int // shares that were made wrong
}

func newAdversaries(dealer, liar, late int) *adversaries {
	return &adversaries{dealer: dealer, liar: liar, late: late}
}

// faulty tells whether a validator is one of them.
func (a *adversaries) faulty(who int) bool { return who == a.dealer || who == a.liar }

// did says what they do, for people.
func (a *adversaries) did(who int) string {
	if who == a.dealer {
		return "sent an invalid deal in key generation"
	}
	return "answered with wrong signature shares"
}

// spoil returns what is sent for a validator's message.
func (a *adversaries) spoil(who int, payload []byte) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case who == a.dealer && !a.dealt:
		// Its first message is its deal. At the end is a proof that it knows
		// what it deals, over all that stands before.
		a.dealt = true
		payload = slices.Clone(payload)
		payload[len(payload)-1] ^= 1
	case who == a.liar:
		changed, err := processor.RewriteShares(payload, func(_ signer.ID, share []byte) []byte {
			a.lies++
			share[0] ^= 1 // a scalar as before, but not the answer
			return share
		})
		if err == nil { // what its processor sends can be read
			payload = changed
		}
	}
	return payload
}

// isolate keeps an honest validator away once the key is made, so that nothing
// gets signed without the liar's help.
func (s *story) isolate(ctx context.Context) error {
	a := s.adversaries
	e, err := s.convicted(ctx, a.dealer)
	if err != nil {
		return err
	}
	s.screen.say("validator %d is convicted: %s", e.Who, e.Reason)
	s.screen.say("the others make the key without its deal; validator %d is away, so they need validator %d", a.late, a.liar)
	s.c.pause(a.late, true)
	return nil
}

// firstLie waits until the liar is found out and lets the one that was away do
// its part.
func (s *story) firstLie(ctx context.Context) error {
	a := s.adversaries
	e, err := s.convicted(ctx, a.liar)
	if err != nil {
		return err
	}
	s.screen.say("validator %d is convicted: %s", e.Who, e.Reason)
	s.screen.say("validator %d is back and signs in its place", a.late)
	s.c.pause(a.late, false)
	return nil
}

// convicted waits until an honest validator names a faulty one.
func (s *story) convicted(ctx context.Context, who int) (processor.InvalidParticipant, error) {
	honest := func(by map[int]bool) bool {
		for i := range s.group {
			if by[i] && !s.adversaries.faulty(i) {
				return true
			}
		}
		return false
	}
	e, err := awaitFrom(ctx, s.c, honest, func(e processor.InvalidParticipant) bool { return int(e.Who) == who })
	if err != nil {
		return e, fmt.Errorf("conviction of validator %d: %w", who, err)
	}
	return e, nil
}
