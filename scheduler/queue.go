package scheduler

import (
	"fmt"
	"iter"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// drain empties a queue.
func drain[T any](tx storage.Tx, queue storage.Queue[T]) ([]T, error) {
	var numbers []uint64
	var values []T
	for item, err := range queue.All(tx) {
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, item.Key)
		values = append(values, item.Value)
	}
	for _, n := range numbers {
		if err := queue.Delete(tx, n); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// numberedItems are the elements of a queue with their numbers.
func numberedItems[T any](items iter.Seq2[storage.Item[uint64, T], error]) iter.Seq2[numbered[T], error] {
	return func(yield func(numbered[T], error) bool) {
		for item, err := range items {
			if !yield(numbered[T]{item.Key, item.Value}, err) || err != nil {
				return
			}
		}
	}
}

// Hold implements Scheduler.
func (s *scheduler) Hold(tx storage.Tx, payments []coin.Payment) error {
	for _, p := range payments {
		if _, err := s.held.Push(tx, p); err != nil {
			return err
		}
	}
	return nil
}

// Burn implements Scheduler.
func (s *scheduler) Burn(tx storage.Tx, payments []coin.Payment) error {
	reference, settled, err := s.reference.Get(tx)
	if err != nil {
		return err
	}
	if !settled {
		return s.Hold(tx, payments)
	}
	m, err := s.moment(tx, reference)
	if err != nil {
		return err
	}
	if err := s.enqueue(tx, m, payments); err != nil {
		return err
	}
	return s.pay(tx, m)
}

// enqueue books burns and puts them into the queue, or refuses them.
func (s *scheduler) enqueue(tx storage.Tx, m moment, payments []coin.Payment) error {
	books, err := s.ledger.Load(tx)
	if err != nil {
		return err
	}
	for _, p := range payments {
		if err := s.enqueueOne(tx, m, &books, p); err != nil {
			return fmt.Errorf("payment %s: %w", p.ID, err)
		}
	}
	return s.ledger.Put(tx, books)
}

func (s *scheduler) enqueueOne(tx storage.Tx, m moment, books *Ledger, p coin.Payment) error {
	known, err := s.known.Has(tx, p.ID)
	if err != nil {
		return err
	}
	if known {
		return s.Events.Condition(tx, p.ID, "burnt twice: a payment of this ID was taken in before, this one is ignored")
	}
	books.burn(p.Amount)
	if books.Credited.Negative() {
		if err := s.Events.Condition(tx, p.ID, "burnt above all that was credited"); err != nil {
			return err
		}
	}
	if reason := s.refuse(m, p); reason != "" {
		books.refuse(p.Amount)
		if err := s.stand(tx, p.ID, fate{Stage: PaymentRefused}); err != nil {
			return err
		}
		return s.Events.PaymentRefused(tx, p.ID, reason)
	}
	return s.queue(tx, queued{Payment: p})
}

// queue puts a payment behind the others.
func (s *scheduler) queue(tx storage.Tx, q queued) error {
	if _, err := s.payments.Push(tx, q); err != nil {
		return err
	}
	return s.stand(tx, q.ID, fate{Stage: PaymentQueued})
}

// stand records how far a payment is.
func (s *scheduler) stand(tx storage.Tx, id coin.PaymentID, f fate) error {
	var err error
	if f.Since, err = s.reference.Load(tx); err != nil {
		return err
	}
	return s.known.Put(tx, id, f)
}

// refuse returns why a payment cannot be made, or nothing.
func (s *scheduler) refuse(m moment, p coin.Payment) string {
	if p.Amount == 0 {
		return "the amount is zero"
	}
	if p.Amount < m.rules.Dust {
		return fmt.Sprintf("the amount is below the dust limit of %d", m.rules.Dust)
	}
	if err := s.Coin.CheckAddress(p.Address); err != nil {
		return err.Error()
	}
	if slices.Contains(m.own, p.Address) {
		return "the address is the group's own"
	}
	return ""
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
	if err := s.stand(tx, q.ID, fate{Stage: PaymentDropped}); err != nil {
		return err
	}
	return s.Events.PaymentDropped(tx, q.ID, kept, reason)
}
