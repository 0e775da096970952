package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/bitcointest"
	"github.com/serai-go/processor/coin/bitcoin/node"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/signer"
)

// story is the main job, told to people.
type story struct {
	cast
	screen  *screen
	dir     string
	node    node.Config
	summary summary

	c     *coordinator
	group []*validator
	chain *bitcointest.Chain
	key   processor.KeyGenerated
	ours  coin.Address
	burns []coin.Payment

	acknowledging sync.WaitGroup

	mu      sync.Mutex
	killed  bool   // once the victim was
	answers []bool // of validators: gave a share for the payments' signatures
}

// tell tells it.
func (s *story) tell(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer s.end(cancel)
	parts := []func(context.Context) error{
		s.found, s.generate, s.deposit, s.payOut, s.settle, s.check,
	}
	if s.adversaries != nil {
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
	seed := fmt.Sprintf("example %d", time.Now().UnixNano())
	var err error
	if s.chain, err = bitcointest.Dial(ctx, bitcointest.Config{Node: s.node, Seed: seed}); err != nil {
		return err
	}
	s.c = newCoordinator()
	if s.adversaries != nil {
		s.c.onSend = s.adversaries.spoil
	}
	s.answers = make([]bool, len(s.weights))
	for i := range s.weights {
		v, err := newValidator(i, s.dir, s.node)
		if err != nil {
			return err
		}
		if err := v.start(ctx, s.c); err != nil {
			return err
		}
		s.group = append(s.group, v)
	}
	s.summary.Validators, s.summary.Threshold = len(s.weights), s.threshold
	s.screen.say("%s", s.cast)
	return nil
}

// generate makes the key and votes it in.
func (s *story) generate(ctx context.Context) error {
	// All have to approve but those who are convicted on the way.
	e := processor.GenerateKey{Threshold: s.threshold, MinOK: s.total()}
	for i, v := range s.group {
		e.Participants = append(e.Participants, dkg.Participant{Key: v.self.Public(), Weight: s.weights[i]})
	}
	s.c.order(e)
	var err error
	s.key, err = await(ctx, s.c, len(s.group), func(processor.KeyGenerated) bool { return true })
	if err != nil {
		return fmt.Errorf("key generation: %w", err)
	}
	tip, err := s.chain.Coin().Tip(ctx)
	if err != nil {
		return err
	}
	confirm := processor.ConfirmKey{BatchKey: s.key.BatchKey, NetworkKey: s.key.NetworkKey}
	confirm.Start.At = tip
	if s.adversaries != nil {
		if err := s.isolate(ctx); err != nil {
			return err
		}
	}
	s.c.order(confirm)
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
	if s.ours, err = s.group[0].running().DepositAddress(ctx, 0); err != nil {
		return err
	}
	s.screen.say("the group's key is active: users pay to %s", s.ours)
	return nil
}

// confirm mines until the newest block counts as final.
func (s *story) confirm(ctx context.Context, what string) error {
	c := s.chain.Coin().Parameters().Confirmations
	for i := range c {
		if err := s.chain.Mine(ctx, 1); err != nil {
			return err
		}
		s.summary.Blocks++
		s.screen.bar(what, int(i)+1, int(c))
	}
	return nil
}

// acknowledge acknowledges batches in their order, each as soon as it is
// signed and its signature verified as any program could do it.
func (s *story) acknowledge(ctx context.Context) {
	for id := uint64(0); ; id++ {
		signed, err := await(ctx, s.c, 1, func(e processor.SignedBatch) bool { return e.Batch.ID == id })
		if err != nil {
			return // whoever waits for what follows gets the error, too
		}
		if !ed25519.Verify(s.key.BatchKey[:], signed.Digest[:], signed.Signature[:]) {
			s.c.fail(fmt.Errorf("batch %d: wrong signature", id))
			return
		}
		s.screen.say("batch %d about block %d, instructions: %d, signature verified",
			id, signed.Batch.Number, len(signed.Batch.Instructions))
		ack := processor.AcknowledgeBatch{ID: id, Digest: signed.Digest}
		for range signed.Batch.Instructions {
			ack.Results = append(ack.Results, true)
		}
		if len(ack.Results) > 0 {
			// The users withdraw. One validator will hear of it late, and one
			// is killed while it signs.
			ack.Burns = s.burns
			s.c.pause(s.absent, true)
			s.screen.say("acknowledged with three payments to make")
		}
		s.mu.Lock()
		s.summary.Batches = append(s.summary.Batches, batchSummary{
			ID: id, Block: signed.Batch.Number, Instructions: len(signed.Batch.Instructions),
			Signature: fmt.Sprintf("%x", signed.Signature),
		})
		s.mu.Unlock()
		s.c.order(ack)
	}
}

// deposit lets a user pay in, in three ways, and says what will be withdrawn.
func (s *story) deposit(ctx context.Context) error {
	for i, amount := range []uint64{1_500_000, 1_200_000, 800_000} {
		to, err := s.chain.Address(ctx)
		if err != nil {
			return err
		}
		id := coin.PaymentID(sha256.Sum256(fmt.Appendf(nil, "payment %d", i)))
		s.burns = append(s.burns, coin.Payment{ID: id, Address: to, Amount: amount})
		s.summary.Payments = append(s.summary.Payments, paymentSummary{Address: string(to), Asked: amount, id: id})
	}
	s.c.change(func() { s.c.onMessage, s.c.onCut = s.watch, func(who int) { s.kill(ctx, who) } })
	for _, d := range []struct {
		what   string
		amount uint64
		data   string
		origin bitcointest.Origin
	}{
		{"reported: it has data", 5_000_000, "mint for alice", bitcointest.P2WPKH},
		{"refunded: it has no data", 2_000_000, "", bitcointest.P2TR},
		{"accumulated: no data, no address to refund", 1_000_000, "", bitcointest.P2PK},
	} {
		id, from, err := s.chain.PayFrom(ctx, d.origin, cointest.Deposit{
			To: []cointest.Target{{Address: s.ours, Amount: d.amount}}, Data: []byte(d.data),
		})
		if err != nil {
			return err
		}
		s.summary.Deposits = append(s.summary.Deposits, depositSummary{
			Amount: d.amount, Data: d.data, Origin: string(from), Transaction: displayed(id),
		})
		s.screen.say("a user pays in %d satoshi (to be %s)", d.amount, d.what)
	}
	return s.confirm(ctx, "confirming the deposits")
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
	s.screen.say("transaction %s is signed, with the help of validator %d, and published", displayed(done.Transaction), s.victim)
	s.c.pause(s.absent, false)
	for { // the node has it once somebody has published it
		if _, err := s.chain.Coin().Transaction(ctx, done.Transaction); err == nil {
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
		p.Fee, p.Transaction = e.Share, displayed(e.Transaction)
	}
	refund, err := await(ctx, s.c, len(s.group), func(processor.Refunded) bool { return true })
	if err != nil {
		return fmt.Errorf("refund: %w", err)
	}
	s.summary.Refunds = append(s.summary.Refunds, refundSummary{
		Address: s.summary.Deposits[1].Origin, Paid: refund.Paid, Fee: refund.Share, Transaction: displayed(refund.Transaction),
	})
	s.screen.say("all validators have seen the payments settle")
	return nil
}
