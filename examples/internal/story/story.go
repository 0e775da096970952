package story

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/signer"
)

// story is the main job, told to people.
type story struct {
	Cast
	rotation
	screen  *screen
	dir     string
	net     *Network
	summary Summary

	c     *coordinator
	group []*validator
	user  User
	coin  coin.Coin    // a connection of our own
	ours  coin.Address // where users pay to in session 0
	burns []coin.Payment

	// onReport, if set, sees the acknowledgement of each batch that has
	// instructions.
	onReport      func(*processor.AcknowledgeBatch)
	acknowledging sync.WaitGroup

	mu      sync.Mutex
	keys    []processor.KeyGenerated // of the sessions
	killed  bool                     // once the victim was
	answers []bool                   // of validators: gave a share for the payments' signatures
}

// tell tells it.
func (s *story) tell(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer s.end(cancel)
	parts := []func(context.Context) error{
		s.found, s.generate, s.deposit, s.payOut, s.settle, s.check,
	}
	switch {
	case s.rotates():
		parts = []func(context.Context) error{s.found, s.generate, s.rotate, s.account}
	case s.people > 0:
		parts = []func(context.Context) error{s.found, s.generate, s.payMany}
	case s.adversaries != nil:
		parts = append(parts, s.convict)
	}
	parts = append(parts, s.catchUp)
	for _, part := range parts {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// end stops everything that runs and waits for it.
func (s *story) end(cancel context.CancelFunc) {
	cancel()
	for _, v := range s.group {
		v.wait()
	}
	s.acknowledging.Wait()
}

// found starts the user's wallet and the validators.
func (s *story) found(ctx context.Context) error {
	s.screen.say("connected to %s, mining the user's first coins", s.summary.Node)
	var err error
	if s.user, err = s.net.User(ctx); err != nil {
		return err
	}
	if s.coin, err = s.net.Dial(ctx); err != nil {
		return err
	}
	s.c = newCoordinator()
	if s.adversaries != nil {
		s.c.onSend = s.adversaries.spoil
	}
	s.answers = make([]bool, len(s.weights))
	if err := s.elect(ctx, 0); err != nil {
		return err
	}
	s.summary.Validators, s.summary.Threshold = len(s.weights), s.threshold
	s.screen.say("%s", s.Cast)
	return nil
}

// generate makes the key and votes it in.
func (s *story) generate(ctx context.Context) error {
	if err := s.keygen(ctx, 0); err != nil {
		return err
	}
	if s.adversaries != nil {
		if err := s.isolate(ctx); err != nil {
			return err
		}
	}
	if err := s.vote(ctx, 0); err != nil {
		return err
	}
	if err := s.confirm(ctx, "confirming the key's first block"); err != nil {
		return err
	}
	s.acknowledging.Go(func() { s.acknowledge(ctx) })
	if s.adversaries != nil {
		if err := s.firstLie(ctx); err != nil {
			return err
		}
	}
	if _, err := await(ctx, s.c, len(s.group), func(processor.KeyStage) bool { return true }); err != nil {
		return fmt.Errorf("activation of the key: %w", err)
	}
	var err error
	if s.ours, err = s.group[0].running().DepositAddress(ctx, 0); err != nil {
		return err
	}
	s.screen.say("the group's key is active: users pay to %s", s.ours)
	return nil
}

// confirm mines until the newest block counts as final.
func (s *story) confirm(ctx context.Context, what string) error {
	return s.mine(ctx, what, int(s.coin.Parameters().Confirmations))
}

// mine mines some blocks, one by one.
func (s *story) mine(ctx context.Context, what string, blocks int) error {
	for i := range blocks {
		if err := s.user.Mine(ctx, 1); err != nil {
			return err
		}
		s.summary.Blocks++
		s.screen.bar(what, i+1, blocks)
	}
	return nil
}

// withdraw lets the users burn what was reported. One validator will hear of it
// late, and one is killed while it signs.
func (s *story) withdraw(ack *processor.AcknowledgeBatch) {
	ack.Burns = s.burns
	s.c.pause(s.absent, true)
	s.screen.say("acknowledged with three payments to make")
}

// deposit lets a user pay in, in three ways, and says what will be withdrawn.
func (s *story) deposit(ctx context.Context) error {
	for i, units := range []uint64{1_500_000, 1_200_000, 800_000} {
		amount := units * s.net.Unit
		to, err := s.user.Address(ctx)
		if err != nil {
			return err
		}
		id := coin.PaymentID(sha256.Sum256(fmt.Appendf(nil, "payment %d", i)))
		s.burns = append(s.burns, coin.Payment{ID: id, Address: to, Amount: amount})
		s.summary.Payments = append(s.summary.Payments, paymentSummary{Address: string(to), Asked: amount, id: id})
	}
	s.onReport = s.withdraw
	s.c.change(func() { s.c.onMessage, s.c.onCut = s.watch, func(who int) { s.kill(ctx, who) } })
	for i, d := range s.net.Deposits {
		units := []uint64{5_000_000, 2_000_000, 1_000_000}[i]
		data := map[Fate]string{Reported: "mint for alice", Refused: "mint for nobody"}[d.Fate]
		if err := s.pay(ctx, d.Fate, 0, units, s.ours, data); err != nil {
			return err
		}
		s.screen.say("a user pays in %s (to be %s)", s.net.Money.sum(units*s.net.Unit), d.Why)
	}
	if err := s.confirm(ctx, "confirming the deposits"); err != nil {
		return err
	}
	return s.mine(ctx, "waiting until the deposits can be spent", int(s.coin.Parameters().Hold))
}

// watch sees the messages about signing the payments. It cuts the victim off
// at its first commitment.
func (s *story) watch(who int, payload []byte) bool {
	contents, err := processor.SigningContents(payload)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range contents {
		if one.ID.Kind != signer.Plan {
			continue
		}
		if one.Share {
			s.answers[who] = true
		}
		if who == s.victim && one.Commitment && !s.killed {
			s.killed = true
			return true
		}
	}
	return false
}

// kill kills a validator and starts it again from its file.
func (s *story) kill(ctx context.Context, who int) {
	v := s.group[who]
	if err := v.kill(); err != nil {
		s.c.fail(err)
		return
	}
	s.screen.say("validator %d is killed: its commitment is in the log, its share is not", who)
	if err := v.start(ctx, s.c); err != nil {
		s.c.fail(err)
		return
	}
	s.mu.Lock()
	s.summary.Restarts++
	s.mu.Unlock()
	s.screen.say("validator %d is back, from its file", who)
}

// payOut waits until the transaction is signed and published.
func (s *story) payOut(ctx context.Context) error {
	done, err := await(ctx, s.c, len(s.group)-1, func(processor.Completed) bool { return true })
	if err != nil {
		return fmt.Errorf("signing the payments: %w", err)
	}
	s.mu.Lock()
	killed, answered := s.killed, s.answers[s.victim]
	s.mu.Unlock()
	if !killed || !answered {
		return errors.New("the killed validator gave no share after its return")
	}
	s.screen.say("transaction %s is signed, with the help of validator %d, and published", s.net.Display(done.Transaction), s.victim)
	s.c.pause(s.absent, false)
	for { // the node has it once somebody has published it
		if _, err := s.coin.Transaction(ctx, done.Transaction); err == nil {
			break
		} else if ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return s.confirm(ctx, "confirming the payments")
}

// settle waits until all payments are settled by all.
func (s *story) settle(ctx context.Context) error {
	for i := range s.summary.Payments {
		p := &s.summary.Payments[i]
		e, err := await(ctx, s.c, len(s.group), func(e processor.PaymentSettled) bool { return e.ID == p.id })
		if err != nil {
			return fmt.Errorf("payment to %s: %w", p.Address, err)
		}
		p.Fee, p.Transaction = e.Share, s.net.Display(e.Transaction)
	}
	for _, d := range s.summary.Deposits {
		if !d.fate.back() {
			continue
		}
		e, err := await(ctx, s.c, len(s.group), func(e processor.Refunded) bool { return d.refunds(e.ID) })
		if err != nil {
			return fmt.Errorf("refund to %s: %w", d.Origin, err)
		}
		s.summary.Refunds = append(s.summary.Refunds, refundSummary{
			Address: d.Origin, Paid: e.Paid, Fee: e.Share, Transaction: s.net.Display(e.Transaction), of: d.Amount,
		})
	}
	s.screen.say("all validators have seen the payments settle")
	return nil
}
