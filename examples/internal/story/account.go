package story

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
)

// account accounts for every atomic unit, from what the node says and from what the
// validators say.
func (s *story) account(ctx context.Context) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	for _, d := range s.summary.Deposits {
		if d.Data == "" {
			continue
		}
		if err := s.once(d.Data); err != nil {
			return err
		}
	}
	if err := s.checkPayments(ctx); err != nil {
		return err
	}
	if err := s.checkBooks(ctx); err != nil {
		return err
	}
	if err := s.compare(ctx); err != nil {
		return err
	}
	if err := s.compareDigests(ctx); err != nil {
		return err
	}
	return s.audit(ctx)
}

// once checks that a deposit with data was credited exactly once.
func (s *story) once(data string) error {
	credits := make(map[uint64]uint64) // by batch
	told, _ := s.c.record()
	for _, t := range told {
		update, ok := t.body.(processor.Update)
		if !ok {
			continue
		}
		for _, b := range update.Batches {
			times := 0
			for _, i := range b.Instructions {
				if s.said(i.Data) == data {
					credits[b.ID] = i.Amount
					times++
				}
			}
			if times > 1 {
				return fmt.Errorf("batch %d credits deposit %q twice", b.ID, data)
			}
		}
	}
	if len(credits) != 1 {
		return fmt.Errorf("deposit %q is credited in %d batches", data, len(credits))
	}
	i := slices.IndexFunc(s.summary.Deposits, func(d depositSummary) bool { return d.Data == data })
	d := &s.summary.Deposits[i]
	for _, amount := range credits { // the only one
		d.Credited = amount
	}
	if d.Credited > d.Amount {
		return fmt.Errorf("deposit %q of %s is credited with %d", data, s.net.Money.sum(d.Amount), d.Credited)
	}
	return nil
}

// compare compares what came in with what went out and what is there, and with
// the books.
func (s *story) compare(ctx context.Context) error {
	x := &rotationSummary{NetworkFees: s.summary.Ledger.NetworkFees}
	s.summary.Rotation = x
	for i, set := range s.sets {
		session := uint64(i)
		outputs, amount, err := s.holdings(ctx, session)
		if err != nil {
			return err
		}
		_, retired := s.stages[keyStage{session, scanner.Retired}]
		if retired && outputs > 0 || retired != (i < len(s.sets)-1) {
			return fmt.Errorf("session %d owns %d outputs, retired: %t", session, outputs, retired)
		}
		one := sessionSummary{Session: session, Validators: set, Retired: retired, Outputs: outputs, Amount: amount}
		for stage := scanner.Holding; stage <= scanner.Retired; stage++ {
			if block, ok := s.stages[keyStage{session, stage}]; ok {
				one.Stages = append(one.Stages, stageSummary{Stage: stage.String(), Block: block})
			}
		}
		x.Sessions = append(x.Sessions, one)
		x.Held += amount
	}
	if err := s.signers(); err != nil {
		return err
	}
	for _, d := range s.summary.Deposits {
		x.Deposited += d.Amount
	}
	for _, p := range s.summary.Payments {
		x.Paid += p.Received
	}
	for _, r := range s.summary.Refunds {
		if err := s.checkRefund(ctx, r); err != nil {
			return err
		}
		x.Refunded += r.Paid
	}
	if x.Held != s.summary.Ledger.Assets {
		return fmt.Errorf("the keys own %s, the books say %d", s.net.Money.sum(x.Held), s.summary.Ledger.Assets)
	}
	if out := x.Held + x.Paid + x.Refunded + x.NetworkFees; x.Deposited != out {
		return fmt.Errorf("%s were paid in, but %d are accounted for", s.net.Money.sum(x.Deposited), out)
	}
	m := s.net.Money
	say, _ := s.witnesses()
	s.screen.say("%s: the old keys own nothing, the last one %s, as in the books", say, m.sum(x.Held))
	s.screen.say("every %s: %s paid in = %s paid out + %s refunded + %s for the miners + %s held",
		m.Atom, m.number(x.Deposited), m.number(x.Paid), m.number(x.Refunded), m.number(x.NetworkFees), m.number(x.Held))
	return nil
}

// checkRefund checks that an address which gave all that it had away has a refund,
// and nothing else.
func (s *story) checkRefund(ctx context.Context, r refundSummary) error {
	if lister, ok := s.user.(Lister); ok {
		unspent, err := lister.Unspent(ctx, coin.Address(r.Address))
		if err == nil && !slices.Equal(unspent, []uint64{r.Paid}) {
			err = fmt.Errorf("%s has %d, not a refund of %d", r.Address, unspent, r.Paid)
		}
		return err
	}
	received, err := s.user.Received(ctx, coin.Address(r.Address))
	if err == nil && received != r.Paid {
		err = fmt.Errorf("%s has received %d, not a refund of %d", r.Address, received, r.Paid)
	}
	return err
}

// signers checks that each session has signed the batches about all blocks up to
// its key's retirement, and none about later ones.
func (s *story) signers() error {
	for _, b := range s.summary.Batches {
		oldest := uint64(0)
		for r, ok := s.stages[keyStage{oldest, scanner.Retired}]; ok && b.Block > r; {
			oldest++
			r, ok = s.stages[keyStage{oldest, scanner.Retired}]
		}
		if b.Session != oldest {
			return fmt.Errorf("batch %d about block %d is signed by session %d, not %d", b.ID, b.Block, b.Session, oldest)
		}
	}
	return nil
}

// compareDigests checks that all validators have decided the same all the time,
// those who came late too.
func (s *story) compareDigests(ctx context.Context) error {
	var first processor.Status
	for i, v := range s.group {
		status, err := v.running().Status(ctx)
		if err != nil {
			return err
		}
		if i == 0 {
			first = status
		}
		if status.Digest != first.Digest {
			return fmt.Errorf("validator %d has another state than validator 0", i)
		}
		if status.Pending.Payments+status.Pending.Plans > 0 {
			return fmt.Errorf("validator %d still has payments or plans", i)
		}
	}
	s.summary.Rotation.Digest = fmt.Sprintf("%x", first.Digest)
	s.screen.say("all %d validators have the same state: %x", len(s.group), first.Digest[:8])
	return nil
}

// audit lets somebody with the log and a connection to a node check all that
// was signed and decided, as the next set of validators would.
func (s *story) audit(ctx context.Context) error {
	coin, err := s.net.Dial(ctx)
	if err != nil {
		return err
	}
	told, log := s.c.record()
	var claims processor.Claims
	for _, t := range told {
		switch e := t.body.(type) {
		case processor.SignedBatch:
			claims.Batches = append(claims.Batches, e)
		case processor.Completed:
			claims.Transactions = append(claims.Transactions, e)
		}
	}
	report, err := processor.Audit(ctx, processor.Config{Coin: coin, Poll: 50 * time.Millisecond}, log, claims)
	if err != nil {
		return fmt.Errorf("a third party: %w", err)
	}
	if digest := fmt.Sprintf("%x", report.Status.Digest); digest != s.summary.Rotation.Digest {
		return fmt.Errorf("a third party has the state %s", digest)
	}
	s.summary.Rotation.Audited = true
	s.screen.say("a third party with the log, %d entries, confirms %d batches and %d transactions, and has the same state",
		len(log), len(report.Reported), len(report.Transactions))
	return nil
}
