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
	key, err := s.Chain.PayingKey(tx, reference)
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
	for i, payment := range p.Plan.Payments {
		share := payment.Amount - payment.Paid
		if err := s.Events.PaymentSettled(tx, payment.ID, c.Transaction, payment.Paid, share, p.Refunds[i]); err != nil {
			return err
		}
	}
	return s.Plans.Resolved(tx, c.Plan, p.Plan, c.Transaction)
}

// back makes a plan's own output free, that of a merge in the place of the
// first output merged.
func (s *scheduler) back(tx storage.Tx, p planned, o coin.Output) error {
	if !p.merge() {
		return s.release(tx, o)
	}
	under, err := s.merging.Load(tx)
	if err != nil {
		return err
	}
	if err := s.merging.Put(tx, under.minus(p.Plan)); err != nil {
		return err
	}
	if err := s.free.Put(tx, p.Place, o); err != nil {
		return err
	}
	return s.addAvailable(tx, o.Amount)
}

// release makes an output free, as the newest.
func (s *scheduler) release(tx storage.Tx, o coin.Output) error {
	o.Data = nil // reported by now; planning does not need it
	if _, err := s.free.Push(tx, o); err != nil {
		return err
	}
	return s.addAvailable(tx, o.Amount)
}

func (s *scheduler) addAvailable(tx storage.Tx, amount uint64) error {
	sum, err := s.available.Load(tx)
	if err != nil {
		return err
	}
	if sum+amount < sum {
		return &Unbalanced{"free outputs exceed 64 bits"}
	}
	return s.available.Put(tx, sum+amount)
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

// Pending implements Scheduler.
func (s *scheduler) Pending(r storage.Reader) (Pending, error) {
	var p Pending
	for _, queue := range []storage.Queue[queued]{s.payments, s.aside} {
		for _, err := range queue.All(r) {
			if err != nil {
				return p, err
			}
			p.Payments++
		}
	}
	for _, err := range s.free.All(r) {
		if err != nil {
			return p, err
		}
		p.Outputs++
	}
	for _, err := range s.plans.All(r) {
		if err != nil {
			return p, err
		}
		p.Plans++
	}
	return p, nil
}

// Audit implements Scheduler.
func (s *scheduler) Audit(r storage.Reader) error {
	var assets, owed, refunds, unborne Balance
	var free uint64
	var merging merges
	owe := func(amount uint64, refund bool) {
		if refund {
			refunds = refunds.Add(amount)
		} else {
			owed = owed.Add(amount)
		}
	}
	for item, err := range s.free.All(r) {
		if err != nil {
			return err
		}
		assets = assets.Add(item.Value.Amount)
		free += item.Value.Amount
	}
	for item, err := range s.plans.All(r) {
		if err != nil {
			return err
		}
		for _, input := range item.Value.Plan.Inputs {
			assets = assets.Add(input.Amount)
		}
		if item.Value.merge() {
			merging = merging.plus(item.Value.Plan)
		}
		unborne = unborne.Add(item.Value.Plan.Fee)
		for i, payment := range item.Value.Plan.Payments {
			owe(payment.Amount, item.Value.Refunds[i])
			unborne = unborne.Sub(payment.Amount - payment.Paid)
		}
	}
	for _, queue := range []storage.Queue[queued]{s.payments, s.aside} {
		for item, err := range queue.All(r) {
			if err != nil {
				return err
			}
			owe(item.Value.Amount, item.Value.Refund)
		}
	}
	books, err := s.ledger.Load(r)
	if err != nil {
		return err
	}
	available, err := s.available.Load(r)
	if err != nil {
		return err
	}
	under, err := s.merging.Load(r)
	if err != nil {
		return err
	}
	for _, account := range []struct {
		name           string
		booked, actual Balance
	}{
		{"assets", books.Assets, assets},
		{"owed", books.Owed, owed},
		{"refunds due", books.RefundsDue, refunds},
		{"costs to recover", books.Recover, books.NetworkFees.Minus(books.CostsCharged).Plus(unborne)},
		{"merges", under.Sum.Add(under.Count), merging.Sum.Add(merging.Count)},
		{"free outputs", Balance{}.Add(available), Balance{}.Add(free)},
	} {
		if account.booked != account.actual {
			return &Unbalanced{fmt.Sprintf("%s are booked as %s and count %s", account.name, account.booked, account.actual)}
		}
	}
	return books.Check()
}
