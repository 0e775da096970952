package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

const keyGone = "the key is not in use any more"

// Idle implements Scheduler.
func (s *scheduler) Idle(r storage.Reader, session uint64) (bool, error) {
	p, err := s.pools.Load(r, session)
	if err != nil || p.Plans > 0 || p.Branches > 0 || p.Rests.Outputs > 0 {
		return false, err
	}
	from, to := placesOf(session)
	for _, err := range s.forwards.Between(r, from, to) {
		return false, err
	}
	reference, err := s.reference.Load(r)
	if err != nil {
		return false, err
	}
	m, err := s.moment(r, reference)
	if err != nil {
		return false, err
	}
	for _, role := range m.roles {
		if role.Key.Session == session && role.Leaves && handsOver(role) {
			moves, err := s.moves(r, m, role)
			return len(moves) == 0, err
		}
	}
	return true, nil
}

// Retire implements Scheduler.
func (s *scheduler) Retire(tx storage.Tx, session uint64) error {
	idle, err := s.Idle(tx, session)
	if err != nil {
		return err
	}
	if !idle {
		return &Unbalanced{fmt.Sprintf("session %d retires and is not idle", session)}
	}
	p, err := s.pools.Load(tx, session)
	if err != nil {
		return err
	}
	lost, err := s.lost.Load(tx)
	if err != nil {
		return err
	}
	if err := s.lost.Put(tx, lost.Add(p.Available)); err != nil {
		return err
	}
	if err := s.post(tx, func(l *Ledger) { l.Recover = l.Recover.Add(p.Available) }); err != nil {
		return err
	}
	return s.close(tx, session, "the key retires, and moving the output costs too much of it")
}

// Abandon implements Scheduler.
func (s *scheduler) Abandon(tx storage.Tx, session uint64) error {
	gone, err := s.gone.Has(tx, session)
	if err != nil || gone {
		return err
	}
	for item, err := range s.plans.All(tx) {
		if err != nil {
			return err
		}
		if item.Value.Plan.Key.Session != session {
			continue
		}
		if err := s.forsake(tx, item.Key, item.Value); err != nil {
			return fmt.Errorf("plan %s: %w", item.Key, err)
		}
	}
	if err := s.uproot(tx, session); err != nil {
		return err
	}
	waiting, err := s.waiting(tx, session)
	if err != nil {
		return err
	}
	for _, item := range waiting {
		if err := s.forwards.Delete(tx, item.Key); err != nil {
			return err
		}
		if err := s.forgo(tx, item.Value, keyGone); err != nil {
			return err
		}
	}
	if err := s.forgoResting(tx, session); err != nil {
		return err
	}
	return s.close(tx, session, keyGone)
}

// forsake writes the inputs of a plan off that may never happen. What it gives
// is not counted on, and its payments are never made otherwise: it may happen.
func (s *scheduler) forsake(tx storage.Tx, id coin.PlanID, p planned) error {
	if !p.counts(id) {
		return nil // another version of it does
	}
	if err := s.count(tx, id, p, false); err != nil {
		return err
	}
	if err := s.uncountBumps(tx, id, p); err != nil {
		return err
	}
	if err := s.lookAgain(tx, id, p); err != nil {
		return err
	}
	for _, input := range p.Plan.Inputs {
		if missing, err := s.missing.Has(tx, input.ID); err != nil {
			return err
		} else if missing {
			continue
		}
		if err := s.writeOff(tx, input, keyGone); err != nil {
			return err
		}
	}
	return nil
}

// uproot lets payments that are not planned yet be made by another key: nobody
// signs for those that the branches of a session were to fund. The branches
// that are there are written off.
func (s *scheduler) uproot(tx storage.Tx, session uint64) error {
	var list []storage.Item[branchKey, node]
	for item, err := range s.nodes.All(tx) {
		if err != nil {
			return err
		}
		if item.Value.Session == session {
			list = append(list, item)
		}
	}
	for _, item := range list {
		n := item.Value
		payments, err := s.nodePayments(tx, n)
		if err != nil {
			return err
		}
		var unborne Balance
		for _, p := range payments {
			unborne = unborne.Add(p.value.Amount)
		}
		err = s.post(tx, func(l *Ledger) { l.Recover = l.Recover.Plus(unborne).Sub(n.Amount) })
		if err != nil {
			return err
		}
		if err := s.removeNode(tx, item.Key, n); err != nil {
			return err
		}
		if n.Funded {
			if err := s.writeOff(tx, n.Output, keyGone); err != nil {
				return err
			}
		}
	}
	return nil
}

// bookBack books the inputs of a plan back that happened although its session
// is gone.
func (s *scheduler) bookBack(tx storage.Tx, p planned) error {
	gone, err := s.gone.Has(tx, p.Plan.Key.Session)
	if err != nil || !gone {
		return err
	}
	return s.post(tx, func(l *Ledger) {
		for _, input := range p.Plan.Inputs {
			l.bookBack(input.Amount)
		}
	})
}

// close writes the free outputs of a session off. From now on those that still
// come are, too.
func (s *scheduler) close(tx storage.Tx, session uint64, reason string) error {
	var outputs []numbered[coin.Output]
	from, to := placesOf(session)
	for item, err := range s.free.Between(tx, from, to) {
		if err != nil {
			return err
		}
		outputs = append(outputs, numbered[coin.Output]{item.Key.number, item.Value})
	}
	if err := s.reserve(tx, session, outputs); err != nil {
		return err
	}
	for _, o := range outputs {
		if err := s.writeOff(tx, o.value, reason); err != nil {
			return err
		}
	}
	if err := s.pools.Delete(tx, session); err != nil {
		return err
	}
	if err := s.gone.Put(tx, session, struct{}{}); err != nil {
		return err
	}
	return s.balanced(tx)
}

// writeOff books that an output will not be spent, and tells so.
func (s *scheduler) writeOff(tx storage.Tx, o coin.Output, reason string) error {
	if err := s.post(tx, func(l *Ledger) { l.writeOff(o.Amount) }); err != nil {
		return err
	}
	return s.Events.WrittenOff(tx, o.ID, o.Amount, reason)
}
