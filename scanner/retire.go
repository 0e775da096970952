package scanner

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// Roles implements Scanner. What belongs to an abandoned successor is lost, so
// nothing goes there even while it still counts for the stages of its
// predecessor, which keeps its outputs until then.
func (s *scanner) Roles(r storage.Reader, number uint64) ([]coin.Role, error) {
	keys, err := s.ring(r)
	if err != nil {
		return nil, err
	}
	var roles []coin.Role
	var leaving []Stage // of each role
	paid := false
	for _, i := range keys.live() {
		at := keys.stage(i, number)
		if at == Confirmed || at == Retired {
			continue
		}
		key := keys.keys[i].coin()
		pays := !paid && (at == Reporting || at == HandingOver)
		paid = paid || pays
		roles = append(roles, coin.Role{Key: key, Change: key, Pays: pays})
		leaving = append(leaving, at)
	}
	for i := range len(roles) - 1 { // those that have a successor
		if leaving[i] >= HandingOver {
			roles[i].Change = roles[i+1].Key
			roles[i].Leaves = leaving[i] >= Forwarding
			roles[i].Finishing = leaving[i] >= Finishing
		}
	}
	return roles, nil
}

// Settled implements Scanner.
func (s *scanner) Settled(
	tx storage.Tx, arrivals []coin.Arrival, idle func(storage.Reader, uint64) (bool, error),
) (*uint64, error) {
	f, err := s.frontier.Load(tx)
	if err != nil {
		return nil, err
	}
	reference := f.Settle - 1
	keys, err := s.ring(tx)
	if err != nil {
		return nil, err
	}
	if err := s.arrived(tx, arrivals, keys.effective(reference)); err != nil {
		return nil, err
	}
	for _, key := range keys.keys {
		if !key.Retiring || key.Retirement > reference || key.Over {
			continue
		}
		if key.Watched {
			key.Over = true
			err = s.putKey(tx, key)
		} else {
			err = s.pass(tx, key)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := s.promote(tx); err != nil {
		return nil, err
	}
	if err := s.forgetTwins(tx); err != nil {
		return nil, err
	}
	return s.retiring(tx, reference, idle)
}

// arrived takes in what has become of deposits that were passed on. A block,
// the one given, reports those that have arrived.
func (s *scanner) arrived(tx storage.Tx, arrivals []coin.Arrival, due uint64) error {
	for _, a := range arrivals {
		if told, err := s.told.Has(tx, a.Deposit); err != nil {
			return err
		} else if told {
			if err := s.told.Delete(tx, a.Deposit); err != nil {
				return err
			}
			continue
		}
		l, ok, err := s.forwards.Get(tx, a.Deposit)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%w: deposit %s arrives, which was not passed on", storage.ErrCorrupt, a.Deposit)
		}
		if err := s.forwards.Delete(tx, a.Deposit); err != nil {
			return err
		}
		if a.Amount == 0 {
			continue // given up
		}
		l.Amount = min(l.Credit, a.Amount)
		if err := s.queue.Put(tx, l.in(due), l); err != nil {
			return err
		}
	}
	return nil
}

// retiring decides about the retirement of the oldest key, once. It is over
// with its duties if nothing of it is on the way to its successor, or back from
// there to be reported, and the scheduler has nothing left to do for it.
// Deposits that it held back were reported long ago.
func (s *scanner) retiring(
	tx storage.Tx, reference uint64, idle func(storage.Reader, uint64) (bool, error),
) (*uint64, error) {
	keys, err := s.ring(tx)
	if err != nil {
		return nil, err
	}
	live := keys.live()
	if len(live) == 0 {
		return nil, nil
	}
	key := keys.keys[live[0]]
	if key.Retiring {
		return nil, nil // decided before a rewind: that stands
	}
	retirement := keys.effective(reference)
	// Its successor may be abandoned by then, and the key stays.
	if keys.stage(live[0], reference) != Finishing || keys.stage(live[0], retirement) != Finishing {
		return nil, nil
	}
	// After a rewind an abandoned successor may count for longer than that.
	for _, next := range keys.keys[live[0]+1:] {
		if next.Abandoned && next.Retiring && next.Retirement > retirement {
			return nil, nil
		}
	}
	for item, err := range s.forwards.All(tx) {
		if err != nil || item.Value.Session == key.Session {
			return nil, err
		}
	}
	for item, err := range s.queue.All(tx) {
		if err != nil || item.Value.Session == key.Session {
			return nil, err
		}
	}
	if done, err := idle(tx, key.Session); err != nil || !done {
		return nil, err
	}
	key.Retirement, key.Retiring = retirement, true
	return &key.Session, s.putKey(tx, key)
}

// Retired implements Scanner. A block settles with the acknowledgement of its
// last batch. A key that was removed before it was active has no duties either.
func (s *scanner) Retired(r storage.Reader, session uint64) (bool, error) {
	if past, err := s.past.Has(r, session); err != nil || past {
		return past, err
	}
	key, ok, err := s.keys.Get(r, session)
	if err != nil || !ok || !key.Retiring || key.Over {
		return key.Over, err
	}
	f, err := s.frontier.Load(r)
	return key.Retirement < f.Settle, err
}
