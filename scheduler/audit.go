package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/storage"
)

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
	var free, outputs, ranks uint64
	var back returning
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
		outputs++
	}
	for item, err := range s.ranks.All(r) {
		if err != nil {
			return err
		}
		o, ok, err := s.free.Get(r, item.Key.number)
		if err != nil {
			return err
		}
		if !ok || o.Amount != item.Key.amount {
			return &Unbalanced{fmt.Sprintf("ranks hold output %d of %d, which is not free", item.Key.number, item.Key.amount)}
		}
		ranks++
	}
	for item, err := range s.plans.All(r) {
		if err != nil {
			return err
		}
		for _, input := range item.Value.Plan.Inputs {
			assets = assets.Add(input.Amount)
		}
		back = back.plus(item.Value)
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
	under, err := s.returning.Load(r)
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
		{"merges", Balance{}.Add(under.Merges), Balance{}.Add(back.Merges)},
		{"yields of merges", under.Merged, back.Merged},
		{"change to come back", under.Change, back.Change},
		{"ranks", Balance{}.Add(ranks), Balance{}.Add(outputs)},
		{"free outputs", Balance{}.Add(available), Balance{}.Add(free)},
	} {
		if account.booked != account.actual {
			return &Unbalanced{fmt.Sprintf("%s are booked as %s and count %s", account.name, account.booked, account.actual)}
		}
	}
	return books.Check()
}
