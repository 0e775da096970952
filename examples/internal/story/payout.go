package story

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/signer"
)

const (
	// leastPaid is what the first of many people asks for, in units. Each asks for
	// one more than the one before.
	leastPaid = 20_000
	// kept is about what the group keeps, in units.
	kept = 1_000_000
)

// payout is what becomes of the payments to many people.
type payout struct {
	payments     []coin.Payment
	planned      map[coin.PaymentID]bool
	settled      map[coin.PaymentID]map[int]processor.PaymentSettled // by validator
	transactions map[coin.TransactionID]bool
}

// payMany lets as many people withdraw at once as -payout says, and says how the
// tree of transactions that pays them grows.
func (s *story) payMany(ctx context.Context) error {
	p := &payout{planned: make(map[coin.PaymentID]bool)}
	var asked uint64
	for i := range s.people {
		to, err := s.user.Address(ctx)
		if err != nil {
			return err
		}
		id := coin.PaymentID(sha256.Sum256(fmt.Appendf(nil, "payment %d of many", i)))
		p.payments = append(p.payments, coin.Payment{ID: id, Address: to, Amount: (leastPaid + uint64(i)) * s.net.Unit})
		asked += leastPaid + uint64(i)
	}
	if err := s.pay(ctx, Reported, 0, asked+kept, s.ours, "mint for many"); err != nil {
		return err
	}
	m, paidIn := s.net.Money, (asked+kept)*s.net.Unit
	asked *= s.net.Unit
	s.onReport = func(ack *processor.AcknowledgeBatch) {
		ack.Burns = p.payments
		s.screen.say("acknowledged with %d payments to make, %s", len(p.payments), m.sum(asked))
	}
	s.screen.say("a user pays in %s", m.sum(paidIn))
	for range most {
		if err := s.advance(ctx, 1); err != nil {
			return err
		}
		if err := s.delivered(ctx); err != nil {
			return err
		}
		if p.look(s) {
			return s.sumUp(ctx, p, asked, paidIn)
		}
	}
	return fmt.Errorf("only %d of %d payments have settled after many blocks", len(p.settled), len(p.payments))
}

// delivered waits until all events are told.
func (s *story) delivered(ctx context.Context) error {
	for _, v := range s.group {
		for {
			events, err := v.running().Pending(ctx, 0, 1)
			if err != nil {
				return err
			}
			if len(events) == 0 {
				break
			}
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// look takes in what was told, and says what is new. It returns whether all
// payments have settled for all validators.
func (p *payout) look(s *story) bool {
	before := [2]int{len(p.planned), len(p.settled)}
	told, _ := s.c.record()
	p.settled, p.transactions = make(map[coin.PaymentID]map[int]processor.PaymentSettled), make(map[coin.TransactionID]bool)
	for _, t := range told {
		switch e := t.body.(type) {
		case processor.PaymentPlanned:
			p.planned[e.ID] = true
		case processor.Completed:
			if e.SignID.Kind == signer.Plan {
				p.transactions[e.Transaction] = true
			}
		case processor.PaymentSettled:
			if p.settled[e.ID] == nil {
				p.settled[e.ID] = make(map[int]processor.PaymentSettled)
			}
			p.settled[e.ID][t.who] = e
		}
	}
	if now := [2]int{len(p.planned), len(p.settled)}; now != before {
		s.screen.say("transactions: %d, with %d payments, of which %d have settled", len(p.transactions), now[0], now[1])
	}
	for _, payment := range p.payments {
		if len(p.settled[payment.ID]) < len(s.group) {
			return false
		}
	}
	return true
}

// sumUp compares what the people were to get with what they got, and with the
// books.
func (s *story) sumUp(ctx context.Context, p *payout, asked, paidIn uint64) error {
	x := &payoutSummary{People: len(p.payments), Asked: asked, Transactions: len(p.transactions)}
	s.summary.Payout = x
	for i, payment := range p.payments {
		received, err := s.user.Received(ctx, payment.Address)
		if err != nil {
			return err
		}
		for who, e := range p.settled[payment.ID] {
			if received != e.Paid || e.Paid+e.Share != payment.Amount {
				return fmt.Errorf("%s has received %s of %d, validator %d says %d", payment.Address, s.net.Money.sum(received),
					payment.Amount, who, e.Paid)
			}
		}
		x.Received += received
		s.screen.bar("asking the chain what people received", i+1, len(p.payments))
	}
	if err := s.checkBooks(ctx); err != nil {
		return err
	}
	l := s.summary.Ledger
	x.Fees, x.Kept = l.NetworkFees, l.Assets
	m := s.net.Money
	s.screen.say("%d people asked for %s and received %s by %d transactions", x.People, m.sum(x.Asked), m.number(x.Received), x.Transactions)
	if x.Received+x.Fees+x.Kept != paidIn {
		return fmt.Errorf("%s were paid in, but not as many are accounted for: %+v", m.sum(paidIn), *x)
	}
	s.screen.say("every %s: %s paid in = %s paid out + %s for the miners + %s held",
		m.Atom, m.number(paidIn), m.number(x.Received), m.number(x.Fees), m.number(x.Kept))
	return nil
}
