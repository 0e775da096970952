package story

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
)

// rotation is what the story of several sessions remembers. All of it belongs
// to the goroutine that tells the story.
type rotation struct {
	heard  int                         // of what was told
	known  map[string]bool             // events that people were told of, as encoded
	stages map[keyStage]uint64         // the block at which each began
	seen   map[coin.TransactionID]bool // the node has them
	owned  string                      // what people were told that the keys own
	view   view
}

func newRotation() rotation {
	return rotation{
		known: make(map[string]bool), stages: make(map[keyStage]uint64), seen: make(map[coin.TransactionID]bool),
		view: newView(),
	}
}

// rotate lets one set of validators take over from another until the last one
// has done so, while users pay in and are paid all the time.
func (s *story) rotate(ctx context.Context) error {
	for i, amount := range []uint64{5_000_000, 2_500_000, 1_200_000} {
		if err := s.payIn(ctx, 0, amount, fmt.Sprintf("deposit %d", i)); err != nil {
			return err
		}
	}
	if err := s.advance(ctx, 1); err != nil {
		return err
	}
	deep := int(s.coin.Parameters().Confirmations)
	if err := s.advance(ctx, deep); err != nil {
		return err
	}
	if err := s.payOff(ctx, 900_000); err != nil {
		return err
	}
	for session := 1; session < len(s.sets); session++ {
		if err := s.handOver(ctx, uint64(session)); err != nil {
			return fmt.Errorf("session %d: %w", session, err)
		}
	}
	last := uint64(len(s.sets) - 1)
	if err := s.payIn(ctx, last, 800_000, "after all"); err != nil {
		return err
	}
	if err := s.payOff(ctx, 400_000); err != nil {
		return err
	}
	for range 3 { // the deposit is final, the payment and its change too
		if err := s.advance(ctx, deep); err != nil {
			return err
		}
	}
	return nil
}

// handOver lets a session take over from the one before it.
func (s *story) handOver(ctx context.Context, to uint64) error {
	from := to - 1
	if err := s.appoint(ctx, to); err != nil {
		return err
	}

	s.screen.say("users hear of the new key one by one: who is early has to wait, who is late is served as before")
	if err := s.payIn(ctx, to, 700_000+to, fmt.Sprintf("early for session %d", to)); err != nil {
		return err
	}
	if err := s.payIn(ctx, from, 300_000+to, fmt.Sprintf("in time for session %d", from)); err != nil {
		return err
	}
	if err := s.payOff(ctx, 250_000); err != nil {
		return err
	}

	if err := s.until(ctx, from, scanner.HandingOver, 1); err != nil {
		return err
	}
	if err := s.once(fmt.Sprintf("early for session %d", to)); err != nil {
		return err
	}
	s.screen.say("who was early is served, once; session %d still pays, and what is left over goes to session %d", from, to)
	if err := s.payOff(ctx, 350_000); err != nil {
		return err
	}

	if err := s.until(ctx, from, scanner.Forwarding, 1); err != nil {
		return err
	}
	s.screen.say("session %d moves all it has to session %d, and forwards what still comes in", from, to)
	if err := s.payIn(ctx, from, 600_000+to, fmt.Sprintf("late for session %d", from)); err != nil {
		return err
	}
	if err := s.payInVain(ctx, from, 200_000+to); err != nil {
		return err
	}
	if err := s.payOff(ctx, 150_000); err != nil {
		return err
	}
	if err := s.tellHoldings(ctx); err != nil {
		return err
	}

	if err := s.until(ctx, from, scanner.Finishing, int(s.coin.Parameters().Confirmations)); err != nil {
		return err
	}
	if err := s.once(fmt.Sprintf("late for session %d", from)); err != nil {
		return err
	}
	s.screen.say("what came late has been forwarded to session %d and is reported, once", to)
	if err := s.payOff(ctx, 120_000); err != nil {
		return err
	}
	if err := s.until(ctx, from, scanner.Retired, int(s.coin.Parameters().Confirmations/2)); err != nil {
		return err
	}
	return s.dismiss(ctx, from)
}

// appoint lets a new set make keys and votes them in, and returns when its
// first block comes next.
func (s *story) appoint(ctx context.Context, session uint64) error {
	before := len(s.group)
	if err := s.elect(ctx, session); err != nil {
		return err
	}
	s.screen.say("session %d is to be validators %v; new ones, who read the log from its first entry on: %d",
		session, s.sets[session], len(s.group)-before)
	if err := s.keygen(ctx, session); err != nil {
		return err
	}
	if err := s.vote(ctx, session); err != nil {
		return err
	}
	s.screen.say("its keys are made and voted in, while session %d goes on", session-1)
	s.c.order(processor.RetireSession{Session: session - 1}) // too early
	if err := s.activating(ctx, session); err != nil {
		return err
	}
	if s.refusals(session-1) == 0 {
		return fmt.Errorf("session %d could retire while it has duties", session-1)
	}
	s.screen.say("session %d may not erase its secrets yet", session-1)
	return nil
}

// dismiss lets a retired session erase its secrets.
func (s *story) dismiss(ctx context.Context, session uint64) error {
	if outputs, amount, err := s.holdings(ctx, session); err != nil || outputs > 0 {
		return fmt.Errorf("session %d still owns %s in %d outputs: %w", session, s.net.Money.sum(amount), outputs, err)
	}
	before := s.refusals(session)
	s.c.order(processor.RetireSession{Session: session})
	if err := s.advance(ctx, 1); err != nil {
		return err
	}
	if s.refusals(session) > before {
		return fmt.Errorf("session %d still has duties", session)
	}
	s.screen.say("session %d owns nothing on the chain, and its secrets are erased", session)
	return nil
}

// refusals counts how often validators were told that a session may not retire.
func (s *story) refusals(session uint64) (n int) {
	told, _ := s.c.record()
	for _, t := range told {
		if e, ok := t.body.(processor.Condition); ok &&
			strings.Contains(e.Text, fmt.Sprintf("session %d has duties", session)) {
			n++
		}
	}
	return n
}

// payIn lets a user pay to a session's key, in units.
func (s *story) payIn(ctx context.Context, session, units uint64, data string) error {
	return s.payTo(ctx, Reported, session, units, data)
}

// payInVain lets a user pay to a session's key what will be given back, if the
// network has such deposits.
func (s *story) payInVain(ctx context.Context, session, units uint64) error {
	data := ""
	fate, ok := s.net.giveBack()
	if ok && fate == Refused {
		data = fmt.Sprintf("no order, for session %d", session)
	}
	return s.payTo(ctx, fate, session, units, data)
}

func (s *story) payTo(ctx context.Context, fate Fate, session, units uint64, data string) error {
	at, err := s.coin.Address(s.key(session).NetworkKey, coin.External)
	if err != nil {
		return err
	}
	if err := s.pay(ctx, fate, session, units, at, data); err != nil {
		return err
	}
	what := fmt.Sprintf("%q", data)
	if data == "" {
		what = "without data"
	}
	s.screen.say("a user pays %s to the key of session %d: %s", s.net.Money.sum(units*s.net.Unit), session, what)
	return nil
}

// payOff lets a user burn some units that were credited, and the validators sign
// what pays them out.
func (s *story) payOff(ctx context.Context, units uint64) error {
	amount := units * s.net.Unit
	to, err := s.user.Address(ctx)
	if err != nil {
		return err
	}
	id := coin.PaymentID(sha256.Sum256(fmt.Appendf(nil, "payment %d", len(s.summary.Payments))))
	s.summary.Payments = append(s.summary.Payments, paymentSummary{Address: string(to), Asked: amount, id: id})
	s.c.order(processor.Burns{Payments: []coin.Payment{{ID: id, Address: to, Amount: amount}}})
	s.screen.say("a user withdraws %s", s.net.Money.sum(amount))
	return s.advance(ctx, 1)
}
