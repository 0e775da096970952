package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
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
		if err := s.share(tx, item.Value.Claims, o.Amount); err != nil {
			return err
		}
	}
	return nil
}

// passing is an output that waits to be passed on, with the deposits that it
// brings to the successor.
type passing struct {
	Output coin.Output
	Claims []claim
}

// Encode writes the record.
func (p passing) Encode(w *wire.Writer) {
	p.Output.Encode(w)
	wire.List(w, p.Claims)
}

// Decode reads the record.
func (p *passing) Decode(r *wire.Reader) {
	p.Output.Decode(r)
	p.Claims = wire.ReadList[claim](r, 1<<16, minClaim)
	r.Check(len(p.Claims) > 0, "output that is passed on for no deposit")
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
		p := item.Value
		plan, ok, err := s.sweep(m, role, unlifted(rate, m.rules), []coin.Output{p.Output})
		if err != nil {
			return fmt.Errorf("pass deposit %s on: %w", p.Output.ID, err)
		}
		if !ok && !role.Finishing {
			continue
		}
		if err := s.forwards.Delete(tx, item.Key); err != nil {
			return err
		}
		if ok {
			err = s.beginSweep(tx, m, planned{Plan: plan, Purpose: forwarding, Claims: p.Claims})
		} else {
			err = s.forgo(tx, p, "passing the deposit on costs too much of it")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// waiting returns the deposits of a session that wait to be passed on.
func (s *scheduler) waiting(r storage.Reader, session uint64) ([]storage.Item[place, passing], error) {
	var waiting []storage.Item[place, passing]
	from, to := placesOf(session)
	for item, err := range s.forwards.Between(r, from, to) {
		if err != nil {
			return nil, err
		}
		waiting = append(waiting, item)
	}
	return waiting, nil
}

// forgo writes an output off that is not passed on, or never was to be, and gives
// up the deposits that it would bring.
func (s *scheduler) forgo(tx storage.Tx, p passing, reason string) error {
	if err := s.writeOff(tx, p.Output, reason); err != nil {
		return err
	}
	for _, c := range p.Claims {
		if err := s.giveUp(tx, c, reason); err != nil {
			return err
		}
	}
	return nil
}

// giveUp keeps a deposit that is not reported as a gift, and tells so.
func (s *scheduler) giveUp(tx storage.Tx, c claim, reason string) error {
	accepted, err := s.accepted.Has(tx, c.Deposit)
	if err != nil {
		return err
	}
	if accepted { // else it was reported, before a rewind
		if err := s.accepted.Delete(tx, c.Deposit); err != nil {
			return err
		}
		if err := s.post(tx, func(l *Ledger) { l.giveUp(c.Credit) }); err != nil {
			return err
		}
		if err := s.Events.PaymentDropped(tx, coin.RefundID(c.Deposit), 0, reason); err != nil {
			return err
		}
	}
	return s.tell(tx, c.Deposit, 0)
}

// share tells that deposits have arrived, which share an amount in their order:
// each gets its credit, and the last what is left. Those for which nothing is left
// are given up.
func (s *scheduler) share(tx storage.Tx, claims []claim, amount uint64) error {
	for i, c := range claims {
		part := amount
		if i < len(claims)-1 {
			part = min(amount, c.Credit)
		}
		amount -= part
		var err error
		if part == 0 {
			err = s.giveUp(tx, c, "passing the deposit on cost all of it")
		} else {
			err = s.tell(tx, c.Deposit, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
