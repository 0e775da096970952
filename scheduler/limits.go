package scheduler

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// outflow is what was planned to be paid in a window.
type outflow struct {
	Window uint64 // its first block
	Amount uint64
}

// Encode writes 16 bytes.
func (o outflow) Encode(w *wire.Writer) {
	w.Uint64(o.Window)
	w.Uint64(o.Amount)
}

// Decode reads 16 bytes.
func (o *outflow) Decode(r *wire.Reader) {
	o.Window = r.Uint64()
	o.Amount = r.Uint64()
}

// limits are those that kept payments back.
type limits struct{ Window, Outflow, Payee uint64 }

// Encode writes 24 bytes.
func (l limits) Encode(w *wire.Writer) {
	w.Uint64(l.Window)
	w.Uint64(l.Outflow)
	w.Uint64(l.Payee)
}

// Decode reads 24 bytes.
func (l *limits) Decode(r *wire.Reader) {
	l.Window = r.Uint64()
	l.Outflow = r.Uint64()
	l.Payee = r.Uint64()
}

// tryAgain lets payments that were set aside be tried behind the others. Those that
// limits keep back stay until these change: a window only fills up.
func (s *scheduler) tryAgain(tx storage.Tx, m moment) error {
	now := limits{m.reference - m.reference%m.rules.OutflowWindow, m.rules.OutflowLimit, m.rules.PayeeLimit}
	before, err := s.limits.Load(tx)
	if err != nil {
		return err
	}
	if now != before {
		if err := s.limits.Put(tx, now); err != nil {
			return err
		}
	}
	var again []numbered[queued]
	for q, err := range numberedItems(s.aside.All(tx)) {
		if err != nil {
			return err
		}
		if kept := q.value.Waits == beyondPayee || q.value.Waits == beyondLimit; kept && !q.value.Poor && now == before {
			continue
		}
		again = append(again, q)
	}
	for _, q := range again {
		if err := s.aside.Delete(tx, q.number); err != nil {
			return err
		}
		if _, err := s.payments.Push(tx, q.value); err != nil {
			return err
		}
	}
	return nil
}

// payee is what an address is stored under.
func payee(address coin.Address) [32]byte { return sha256.Sum256([]byte(address)) }

// allowance is what the limits still let be planned at a moment.
type allowance struct {
	rules  coin.Parameters
	spent  outflow
	payees map[coin.Address]uint64 // what was planned for them in the window, as far as known
	stored func(coin.Address) (uint64, error)
}

// allowance returns what the limits let be planned at a moment.
func (s *scheduler) allowance(r storage.Reader, m moment) (*allowance, error) {
	a := &allowance{rules: m.rules, payees: make(map[coin.Address]uint64)}
	now := m.reference - m.reference%m.rules.OutflowWindow
	var err error
	if a.spent, err = s.outflow.Load(r); err != nil {
		return nil, err
	}
	if a.spent.Window < now { // it may be after: behind a rewind, or with longer windows
		a.spent = outflow{Window: now}
		a.stored = func(coin.Address) (uint64, error) { return 0, nil }
		return a, nil
	}
	a.stored = func(address coin.Address) (uint64, error) { return s.payees.Load(r, payee(address)) }
	return a, nil
}

// What the limits say of a payment.
type judgement uint8

const (
	allowed judgement = iota
	later             // it, and with it those behind it, wait for the next window
	apart             // it alone waits, behind the others
)

// judge tells whether the limits let a payment be planned, and why not.
func (a *allowance) judge(p coin.Payment) (judgement, wait, error) {
	if limit := a.rules.OutflowLimit; limit > 0 {
		switch {
		case p.Amount > limit:
			return apart, beyondLimit, nil
		case p.Amount > limit-min(limit, a.spent.Amount):
			return later, beyondWindow, nil
		}
	}
	if limit := a.rules.PayeeLimit; limit > 0 {
		spent, err := a.to(p.Address)
		if err != nil {
			return apart, 0, err
		}
		if p.Amount > limit-min(limit, spent) {
			return apart, beyondPayee, nil
		}
	}
	return allowed, 0, nil
}

// to is what was planned for an address in the window.
func (a *allowance) to(address coin.Address) (uint64, error) {
	spent, known := a.payees[address]
	if known {
		return spent, nil
	}
	spent, err := a.stored(address)
	if err != nil {
		return 0, fmt.Errorf("outflow to %s: %w", address, err)
	}
	a.payees[address] = spent
	return spent, nil
}

// take counts a payment.
func (a *allowance) take(p coin.Payment) error {
	a.spent.Amount = plus(a.spent.Amount, p.Amount)
	if a.rules.PayeeLimit == 0 {
		return nil
	}
	spent, err := a.to(p.Address)
	a.payees[p.Address] = plus(spent, p.Amount)
	return err
}

// spend records that payments of a draft are planned.
func (s *scheduler) spend(tx storage.Tx, m moment, d *draft) error {
	a, err := s.allowance(tx, m)
	if err != nil {
		return err
	}
	before, err := s.outflow.Load(tx)
	if err != nil {
		return err
	}
	if before.Window < a.spent.Window {
		if err := s.forgetPayees(tx); err != nil {
			return err
		}
	}
	count := func(list []numbered[queued]) error {
		for _, p := range list {
			if err := a.take(p.value.Payment); err != nil {
				return err
			}
		}
		return nil
	}
	if err := count(d.payments); err != nil {
		return err
	}
	for _, c := range d.children {
		if err := count(c.payments); err != nil {
			return err
		}
	}
	for _, address := range slices.Sorted(maps.Keys(a.payees)) {
		if err := s.payees.Put(tx, payee(address), a.payees[address]); err != nil {
			return err
		}
	}
	return s.outflow.Put(tx, a.spent)
}

// forgetPayees forgets what was planned for whom in a window that is over.
func (s *scheduler) forgetPayees(tx storage.Tx) error {
	var old [][32]byte
	for item, err := range s.payees.All(tx) {
		if err != nil {
			return err
		}
		old = append(old, item.Key)
	}
	for _, key := range old {
		if err := s.payees.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}
