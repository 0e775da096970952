package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// Settle implements Scheduler.
func (s *scheduler) Settle(tx storage.Tx, settlement *coin.Settlement) ([]coin.Arrival, error) {
	if err := s.reference.Put(tx, settlement.Reference); err != nil {
		return nil, err
	}
	m, err := s.moment(tx, settlement.Reference)
	if err != nil {
		return nil, err
	}
	for _, block := range settlement.Blocks {
		if err := s.settleBlock(tx, m, block); err != nil {
			return nil, fmt.Errorf("settle block %d: %w", block.Number, err)
		}
	}
	if err := s.awake(tx, settlement.Reference); err != nil {
		return nil, err
	}
	for _, l := range settlement.Late {
		if err := s.late(tx, m, l); err != nil {
			return nil, fmt.Errorf("late report of %s: %w", l.Deposit, err)
		}
	}
	if err := s.giveUpMissing(tx, settlement.Reference); err != nil {
		return nil, err
	}
	if err := s.forgetDone(tx, settlement.Reference); err != nil {
		return nil, err
	}
	if err := s.tryAgain(tx, m); err != nil {
		return nil, err
	}
	held, err := drain(tx, s.held)
	if err != nil {
		return nil, err
	}
	if err := s.enqueue(tx, m, held); err != nil {
		return nil, err
	}
	if err := s.sprout(tx, m); err != nil {
		return nil, err
	}
	if err := s.bump(tx, m); err != nil {
		return nil, err
	}
	for _, role := range m.roles {
		if err := s.leave(tx, m, role); err != nil {
			return nil, fmt.Errorf("leave the key of session %d: %w", role.Key.Session, err)
		}
	}
	if err := s.pay(tx, m); err != nil {
		return nil, err
	}
	return s.arrived(tx)
}

// settleBlock takes in what a block brought: outputs first, then completed
// plans.
func (s *scheduler) settleBlock(tx storage.Tx, m moment, block coin.SettledBlock) error {
	own, err := s.hold(tx, block)
	if err != nil {
		return err
	}
	for _, d := range block.Deposits {
		if err := s.deposit(tx, m, own, d); err != nil {
			return fmt.Errorf("deposit %s: %w", d.Output.ID, err)
		}
	}
	internal := make(map[coin.OutputID]coin.Output, len(block.Internal))
	for _, o := range block.Internal {
		internal[o.ID] = o
	}
	for _, c := range block.Completions {
		if err := s.resolve(tx, block.Number, c, internal); err != nil {
			return fmt.Errorf("plan %s: %w", c.Plan, err)
		}
	}
	return nil
}

// deposit books a deposit and queues its refund if it is due.
func (s *scheduler) deposit(tx storage.Tx, m moment, own hold, d coin.Deposit) error {
	if d.Fate == coin.Returned {
		return s.returned(tx, m, own, d)
	}
	if err := s.post(tx, func(l *Ledger) { l.deposit(d) }); err != nil {
		return err
	}
	if d.Fate == coin.Held || d.Fate == coin.PassedOn {
		if err := s.accepted.Put(tx, d.Output.ID, d.Credit); err != nil {
			return err
		}
	}
	if err := s.takeIn(tx, own, d); err != nil || d.Fate != coin.Refunded {
		return err
	}
	return s.refund(tx, m, d.Output.ID, d.Output.Origin, d.Credit)
}

// refund queues the refund of a deposit, or drops it if it cannot be made.
func (s *scheduler) refund(tx storage.Tx, m moment, id coin.OutputID, origin coin.Address, amount uint64) error {
	refund := coin.Payment{ID: coin.RefundID(id), Address: origin, Amount: amount}
	if reason := s.refuse(m, refund); reason != "" {
		return s.drop(tx, queued{Payment: refund, Refund: true}, reason)
	}
	return s.queue(tx, queued{Payment: refund, Refund: true})
}

// late books the report of a deposit that was held back or passed on.
func (s *scheduler) late(tx storage.Tx, m moment, l coin.Late) error {
	credit, ok, err := s.accepted.Get(tx, l.Deposit)
	if err != nil {
		return err
	}
	if !ok || credit != l.Credit || l.Amount > l.Credit || l.Fate < coin.Reported || l.Fate > coin.Accumulated {
		return &Unbalanced{fmt.Sprintf("%d of %d late are %s, %d were accepted", l.Amount, l.Credit, l.Fate, credit)}
	}
	if err := s.accepted.Delete(tx, l.Deposit); err != nil {
		return err
	}
	if err := s.post(tx, func(books *Ledger) { books.late(l) }); err != nil || l.Fate != coin.Refunded {
		return err
	}
	return s.refund(tx, m, l.Deposit, l.Origin, l.Amount)
}

// resolve books a plan that happened and frees its own outputs.
func (s *scheduler) resolve(tx storage.Tx, number uint64, c coin.Completion, internal map[coin.OutputID]coin.Output) error {
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
	if err := s.complete(tx, p); err != nil {
		return err
	}
	if err := s.count(tx, c.Plan, p, false); err != nil {
		return err
	}
	if p, err = s.decide(tx, c.Plan, p); err != nil {
		return err
	}
	if err := s.bookBack(tx, p); err != nil {
		return err
	}
	if err := s.post(tx, func(l *Ledger) { l.resolve(p) }); err != nil {
		return err
	}
	for i, own := range p.Plan.Own {
		id := coin.OutputID{Transaction: c.Transaction, Index: indices[i]}
		o, ok := internal[id]
		if !ok {
			// Nobody looks for what a key gets that has retired meanwhile. It is lost:
			// that it was given is known all the same.
			if ok, err = s.gone.Has(tx, own.Session); err != nil {
				return err
			}
			o = coin.Output{ID: id, Session: own.Session, Kind: own.Kind, Amount: own.Amount}
		}
		if !ok || o.Kind != own.Kind || o.Session != own.Session || o.Amount != own.Amount {
			return &Unbalanced{fmt.Sprintf("transaction %s lacks the plan's own output %d", c.Transaction, i)}
		}
		if err := s.back(tx, branchKey{c.Plan, uint32(i)}, p, o); err != nil {
			return err
		}
	}
	if err := s.plans.Delete(tx, c.Plan); err != nil {
		return err
	}
	if err := s.done.Put(tx, settledPlan{number, c.Plan}, p); err != nil {
		return err
	}
	if p.Purpose == forwarding {
		if err := s.share(tx, p.Claims, p.Plan.Own[0].Amount); err != nil {
			return err
		}
	}
	for i, payment := range p.Plan.Payments {
		if err := s.stand(tx, payment.ID, fate{Stage: PaymentSettled, ID: c.Transaction}); err != nil {
			return err
		}
		share := payment.Amount - payment.Paid
		if err := s.Events.PaymentSettled(tx, payment.ID, c.Transaction, payment.Paid, share, p.Payments[i].Refund); err != nil {
			return err
		}
	}
	return s.Plans.Resolved(tx, c.Plan, p.Plan, c.Transaction)
}
