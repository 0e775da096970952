package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// leave empties the key of a role that leaves: deposits are passed on one by
// one, then the free outputs move.
func (s *scheduler) leave(tx storage.Tx, m moment, role coin.Role) error {
	if !role.Leaves || !handsOver(role) {
		return s.stay(tx, role)
	}
	if err := s.forward(tx, m, role); err != nil {
		return err
	}
	return s.move(tx, m, role)
}

// stay lets the deposits of a key that wait to be passed on arrive where they
// are: the successor is gone, and the key itself goes on.
func (s *scheduler) stay(tx storage.Tx, role coin.Role) error {
	waiting, err := s.waiting(tx, role.Key.Session)
	if err != nil {
		return err
	}
	for _, item := range waiting {
		o := item.Value.Output
		if err := s.forwards.Delete(tx, item.Key); err != nil {
			return err
		}
		if err := s.release(tx, o); err != nil {
			return err
		}
		if err := s.tell(tx, o.ID, o.Amount); err != nil {
			return err
		}
	}
	return nil
}

// passOn lets a deposit wait to be passed on. If its session is gone, it is
// given up.
func (s *scheduler) passOn(tx storage.Tx, d coin.Deposit) error {
	gone, err := s.gone.Has(tx, d.Output.Session)
	if err != nil {
		return err
	}
	if gone {
		return s.giveUp(tx, d, keyGone)
	}
	d.Output.Data = nil // the scanner keeps what is to be reported
	number, err := s.number(tx)
	if err != nil {
		return err
	}
	return s.forwards.Put(tx, place{d.Output.Session, number}, d)
}

// forward plans to pass the waiting deposits of a key on, in order, each by a
// transaction of its own, so that what arrives is the depositor's. One of which
// too little would arrive waits for a lower fee rate, until the key finishes.
func (s *scheduler) forward(tx storage.Tx, m moment, role coin.Role) error {
	waiting, err := s.waiting(tx, role.Key.Session)
	if err != nil || len(waiting) == 0 {
		return err
	}
	rate, err := s.Chain.Rate(tx, m.reference)
	if err != nil {
		return err
	}
	for _, item := range waiting {
		d := item.Value
		plan, ok, err := s.sweep(m, role, unlifted(rate, m.rules), []coin.Output{d.Output})
		if err != nil {
			return fmt.Errorf("pass deposit %s on: %w", d.Output.ID, err)
		}
		if !ok && !role.Finishing {
			continue
		}
		if err := s.forwards.Delete(tx, item.Key); err != nil {
			return err
		}
		if ok {
			err = s.beginSweep(tx, m, planned{Plan: plan, Purpose: forwarding})
		} else {
			err = s.giveUp(tx, d, "passing the deposit on costs too much of it")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// waiting returns the deposits of a session that wait to be passed on.
func (s *scheduler) waiting(r storage.Reader, session uint64) ([]storage.Item[place, coin.Deposit], error) {
	var waiting []storage.Item[place, coin.Deposit]
	from, to := placesOf(session)
	for item, err := range s.forwards.Between(r, from, to) {
		if err != nil {
			return nil, err
		}
		waiting = append(waiting, item)
	}
	return waiting, nil
}

// giveUp keeps a deposit that cannot be passed on as a gift, writes its output
// off and tells so.
func (s *scheduler) giveUp(tx storage.Tx, d coin.Deposit, reason string) error {
	if err := s.accepted.Delete(tx, d.Output.ID); err != nil {
		return err
	}
	if err := s.post(tx, func(l *Ledger) { l.giveUp(d.Credit) }); err != nil {
		return err
	}
	if err := s.writeOff(tx, d.Output, reason); err != nil {
		return err
	}
	if err := s.Events.PaymentDropped(tx, coin.RefundID(d.Output.ID), 0, reason); err != nil {
		return err
	}
	return s.tell(tx, d.Output.ID, 0)
}

// tell keeps, for the end of this Settle or the next, that passing a deposit on
// has ended.
func (s *scheduler) tell(tx storage.Tx, deposit coin.OutputID, amount uint64) error {
	_, err := s.arrivals.Push(tx, arrival{coin.Arrival{Deposit: deposit, Amount: amount}})
	return err
}

// arrived returns, once, which deposits are not to be passed on any more.
func (s *scheduler) arrived(tx storage.Tx) ([]coin.Arrival, error) {
	list, err := drain(tx, s.arrivals)
	if err != nil {
		return nil, err
	}
	var arrivals []coin.Arrival
	for _, a := range list {
		arrivals = append(arrivals, a.Arrival)
	}
	return arrivals, nil
}
