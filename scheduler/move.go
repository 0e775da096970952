package scheduler

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// move plans to move the free outputs of a key that leaves to its successor.
func (s *scheduler) move(tx storage.Tx, m moment, role coin.Role) error {
	moves, err := s.moves(tx, m, role)
	if err != nil {
		return err
	}
	for _, d := range moves {
		if err := s.reserve(tx, role.Key.Session, d.inputs); err != nil {
			return err
		}
		if err := s.beginSweep(tx, m, planned{Plan: d.plan, Purpose: moving}); err != nil {
			return err
		}
	}
	return nil
}

// moves makes, and changes nothing, the transactions that move what is worth
// moving of a key's free outputs: the oldest first, as many at once as one
// transaction may spend. Those stay of which too little would arrive.
func (s *scheduler) moves(r storage.Reader, m moment, role coin.Role) ([]draft, error) {
	if p, err := s.pools.Load(r, role.Key.Session); err != nil || p.Available == 0 {
		return nil, err
	}
	rate, err := s.Chain.Rate(r, m.reference)
	if err != nil {
		return nil, err
	}
	ranks, err := s.worthwhile(r, role.Key.Session, s.Coin.InputCost(rate))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ranks, func(a, b rank) int { return cmp.Compare(a.number, b.number) })
	var moves []draft
	for some := range slices.Chunk(ranks, int(m.rules.MaxInputs)) {
		d := draft{}
		if d.inputs, err = s.read(r, some); err != nil {
			return nil, err
		}
		outputs := make([]coin.Output, len(d.inputs))
		for i, o := range d.inputs {
			outputs[i] = o.value
		}
		ok := false
		if d.plan, ok, err = s.sweep(m, role, rate, outputs); err != nil {
			return nil, fmt.Errorf("move %d outputs: %w", len(outputs), err)
		}
		if ok {
			moves = append(moves, d)
		}
	}
	return moves, nil
}

// worthwhile returns the ranks of the free outputs of a session that hold more
// than it costs to spend them.
func (s *scheduler) worthwhile(r storage.Reader, session, cost uint64) ([]rank, error) {
	var ranks []rank
	from, to := ranksOf(session)
	for item, err := range s.ranks.Between(r, from, to) {
		if err != nil {
			return nil, err
		}
		if item.Key.amount <= cost {
			break
		}
		ranks = append(ranks, item.Key)
	}
	return ranks, nil
}

// sweep makes the plan that sends all the inputs hold to the successor, or
// returns false if less than dust would arrive.
func (s *scheduler) sweep(m moment, role coin.Role, rate uint64, inputs []coin.Output) (coin.Plan, bool, error) {
	plan := coin.Plan{Key: role.Key, Inputs: inputs, Reference: m.reference}
	address, err := s.Coin.Address(role.Change.Key, coin.Forwarded)
	if err != nil {
		return plan, false, fmt.Errorf("address at the successor: %w", err)
	}
	if plan.Fee, err = s.Coin.Fee(rate, inputs, []coin.Address{address}); err != nil {
		return plan, false, fmt.Errorf("fee of %d inputs: %w", len(inputs), err)
	}
	var sum uint64 // fits: of one output, or of a pool's
	for _, o := range inputs {
		sum += o.Amount
	}
	if sum < plan.Fee || sum-plan.Fee < m.rules.Dust {
		return plan, false, nil
	}
	plan.Own = []coin.OwnOutput{{
		Kind: coin.Forwarded, Session: role.Change.Session, Address: address, Amount: sum - plan.Fee,
	}}
	return plan, true, nil
}

// beginSweep begins a plan whose fee no payment carries: later ones make up for
// it.
func (s *scheduler) beginSweep(tx storage.Tx, m moment, p planned) error {
	if err := s.post(tx, func(l *Ledger) { l.Recover = l.Recover.Add(p.Plan.Fee) }); err != nil {
		return err
	}
	return s.begin(tx, m, p)
}
