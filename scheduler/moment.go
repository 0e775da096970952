package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// moment is what holds at a reference block.
type moment struct {
	reference uint64
	rules     coin.Parameters
	// roles are those of the live keys, the oldest first.
	roles []coin.Role
	// own are the group's own addresses, of all live keys and kinds.
	own []coin.Address
}

// moment returns what holds at a reference block.
func (s *scheduler) moment(r storage.Reader, reference uint64) (moment, error) {
	m := moment{reference: reference}
	var err error
	if m.rules, err = s.Chain.Rules(r, reference); err != nil {
		return m, err
	}
	roles, err := s.Chain.Roles(r, reference)
	if err != nil {
		return m, err
	}
	for _, role := range roles {
		for _, kind := range coin.Kinds {
			address, err := s.Coin.Address(role.Key.Key, kind)
			if err != nil {
				return m, fmt.Errorf("address of kind %s of session %d: %w", kind, role.Key.Session, err)
			}
			m.own = append(m.own, address)
		}
		if role, err = s.spared(r, role); err != nil {
			return m, err
		}
		m.roles = append(m.roles, role)
	}
	return m, nil
}

// role returns the role of a session's key, if it is live.
func (m moment) role(session uint64) (coin.Role, bool) {
	for _, role := range m.roles {
		if role.Key.Session == session {
			return role, true
		}
	}
	return coin.Role{}, false
}

// spared returns the role without what must not be done any more: a key that is
// gone spends nothing, and nothing is given to it. Until its absence shows on
// the chain, the key before it keeps what it has.
func (s *scheduler) spared(r storage.Reader, role coin.Role) (coin.Role, error) {
	gone, err := s.gone.Has(r, role.Key.Session)
	if err != nil {
		return role, err
	}
	if gone {
		role.Pays, role.Leaves = false, false
	}
	gone, err = s.gone.Has(r, role.Change.Session)
	if gone {
		role.Change = role.Key
	}
	return role, err
}

// handsOver tells whether what the key's transactions leave goes to a
// successor.
func handsOver(role coin.Role) bool { return role.Change.Session != role.Key.Session }

// pay plans payments, if a key pays, and checks the books.
func (s *scheduler) pay(tx storage.Tx, m moment) error {
	for _, role := range m.roles {
		if !role.Pays {
			continue
		}
		if err := s.planAll(tx, m, role); err != nil {
			return fmt.Errorf("plan at block %d: %w", m.reference, err)
		}
		break
	}
	return s.balanced(tx)
}
