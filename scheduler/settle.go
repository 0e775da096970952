package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// settleBlock takes in what a block brought: outputs first, then completed
// plans.
func (s *scheduler) settleBlock(tx storage.Tx, block coin.SettledBlock) error {
	for _, d := range block.Deposits {
		if err := s.deposit(tx, d); err != nil {
			return fmt.Errorf("deposit %s: %w", d.Output.ID, err)
		}
	}
	internal := make(map[coin.OutputID]coin.Output, len(block.Internal))
	for _, o := range block.Internal {
		internal[o.ID] = o
	}
	for _, c := range block.Completions {
		if err := s.resolve(tx, c, internal); err != nil {
			return fmt.Errorf("plan %s: %w", c.Plan, err)
		}
	}
	return nil
}

// deposit books a deposit and queues its refund if it is due.
func (s *scheduler) deposit(tx storage.Tx, d coin.Deposit) error {
	if err := s.post(tx, func(l *Ledger) { l.deposit(d) }); err != nil {
		return err
	}
	if err := s.release(tx, d.Output); err != nil {
		return err
	}
	if d.Fate != coin.Refunded {
		return nil
	}
	refund := coin.Payment{ID: coin.RefundID(d.Output.ID), Address: d.Output.Origin, Amount: d.Credit}
	if err := s.known.Put(tx, refund.ID, struct{}{}); err != nil {
		return err
	}
	reference, err := s.reference.Load(tx)
	if err != nil {
		return err
	}
	key, err := s.payingKey(tx, reference)
	if err != nil {
		return err
	}
	own, err := s.own(key)
	if err != nil {
		return err
	}
	if reason := s.refuse(own, refund); reason != "" {
		return s.drop(tx, queued{Payment: refund, Refund: true}, reason)
	}
	_, err = s.payments.Push(tx, queued{Payment: refund, Refund: true})
	return err
}

// resolve books a plan that happened and frees its own outputs.
func (s *scheduler) resolve(tx storage.Tx, c coin.Completion, internal map[coin.OutputID]coin.Output) error {
	p, ok, err := s.plans.Get(tx, c.Plan)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: completed plan is unknown", storage.ErrCorrupt)
	}
	indices, err := s.Plans.Indices(tx, c.Plan)
	if err != nil {
		return err
	}
	if len(indices) != len(p.Plan.Own) {
		return fmt.Errorf("%w: plan has %d own outputs, %d described", storage.ErrCorrupt, len(p.Plan.Own), len(indices))
	}
	for i, own := range p.Plan.Own {
		o, ok := internal[coin.OutputID{Transaction: c.Transaction, Index: indices[i]}]
		if !ok || o.Kind != own.Kind || o.Session != own.Session || o.Amount != own.Amount {
			return &Unbalanced{fmt.Sprintf("transaction %s lacks the plan's own output %d", c.Transaction, i)}
		}
		if err := s.back(tx, p, o); err != nil {
			return err
		}
	}
	if err := s.post(tx, func(l *Ledger) { l.resolve(p) }); err != nil {
		return err
	}
	if err := s.plans.Delete(tx, c.Plan); err != nil {
		return err
	}
	under, err := s.returning.Load(tx)
	if err != nil {
		return err
	}
	if err := s.returning.Put(tx, under.minus(p)); err != nil {
		return err
	}
	for i, payment := range p.Plan.Payments {
		share := payment.Amount - payment.Paid
		if err := s.Events.PaymentSettled(tx, payment.ID, c.Transaction, payment.Paid, share, p.Refunds[i]); err != nil {
			return err
		}
	}
	return s.Plans.Resolved(tx, c.Plan, p.Plan, c.Transaction)
}

// drop gives a queued payment up. A burn goes back to the settlement chain, a
// refund stays with the group.
func (s *scheduler) drop(tx storage.Tx, q queued, reason string) error {
	kept := q.Amount
	if q.Refund {
		kept = 0
	}
	err := s.post(tx, func(l *Ledger) {
		if q.Refund {
			l.keep(q.Amount)
		} else {
			l.refuse(q.Amount)
		}
	})
	if err != nil {
		return err
	}
	return s.Events.PaymentDropped(tx, q.ID, kept, reason)
}
