package scheduler

import (
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// holdAgain puts outputs on hold again whose holds ended with blocks that are void.
// Where that is too late, they keep their places.
func (u *undo) holdAgain(tx storage.Tx, fork uint64) error {
	var list []storage.Item[end, coin.Output]
	for item, err := range u.awoken.From(tx, end{block: fork + 1}) {
		if err != nil {
			return err
		}
		list = append(list, item)
	}
	for _, item := range list {
		if err := u.awoken.Delete(tx, item.Key); err != nil {
			return err
		}
		o := item.Value
		x := resting{Output: o, End: item.Key}
		if free, ok := u.free[o.ID]; ok {
			delete(u.free, o.ID)
			if err := u.reserve(tx, o.Session, []numbered[coin.Output]{free}); err != nil {
				return err
			}
		} else if at, ok := u.waiting[o.ID]; ok {
			p, err := u.forwards.Load(tx, at)
			if err != nil {
				return err
			}
			delete(u.waiting, o.ID)
			if err := u.forwards.Delete(tx, at); err != nil {
				return err
			}
			x.Claims = p.Claims
		} else {
			u.Fixed = append(u.Fixed, o)
			continue
		}
		if err := u.rest(tx, x); err != nil {
			return err
		}
	}
	return nil
}

// deposit takes a deposit away. If it had no effect yet that cannot be taken
// back, it is forgotten; else its effect stands without it.
func (u *undo) deposit(tx storage.Tx, d coin.Deposit) error {
	id := d.Output.ID
	accepted, err := u.accepted.Has(tx, id)
	if err != nil {
		return err
	}
	here, waits, err := u.remove(tx, d)
	if err != nil {
		return err
	}
	_, spent := u.spent[id]
	if accepted && (d.Fate == coin.Held && !spent || d.Fate == coin.PassedOn && waits) {
		return u.forget(tx, d, here)
	}
	m := missing{Absence: absentLost, Session: d.Output.Session, Credit: d.Credit}
	switch {
	case here:
		m.Absence, m.Written = absentFree, d.Gain()
	case spent:
		m.Absence, m.Written = absentInput, d.Output.Amount // all of it, as the plan counts on it
		gone, err := u.gone.Has(tx, d.Output.Session)
		if err != nil {
			return err
		}
		if gone { // it is written off, and stays so
			return u.void(tx, d, m)
		}
	}
	if m.Absence != absentLost {
		if err := u.post(tx, func(l *Ledger) { l.writeOff(m.Written) }); err != nil {
			return err
		}
	}
	return u.void(tx, d, m)
}

// remove takes the output of a deposit away if no plan spends it: one that it
// raised is there again instead. It tells whether it was there, and whether the
// deposit waited to be passed on.
func (u *undo) remove(tx storage.Tx, d coin.Deposit) (here, waits bool, err error) {
	id := d.Output.ID
	x, rests, err := u.resting.Get(tx, id)
	if err != nil {
		return false, false, err
	}
	if rests {
		waits = slices.ContainsFunc(x.Claims, func(c claim) bool { return c.Deposit == id })
		if err := u.wake(tx, x); err != nil || d.Raises == nil {
			return true, waits, err
		}
		x.Output = *d.Raises
		x.Claims = slices.DeleteFunc(x.Claims, func(c claim) bool { return c.Deposit == id })
		return true, waits, u.rest(tx, x)
	}
	if o, free := u.free[id]; free {
		delete(u.free, id)
		return true, false, u.reserve(tx, d.Output.Session, []numbered[coin.Output]{o})
	}
	if at, waits := u.waiting[id]; waits {
		delete(u.waiting, id)
		return true, true, u.forwards.Delete(tx, at)
	}
	return false, false, nil
}

// void records a deposit as missing.
func (u *undo) void(tx storage.Tx, d coin.Deposit, m missing) error {
	u.Voided = append(u.Voided, d)
	u.refunds[coin.RefundID(d.Output.ID)] = d.Output.ID
	if m.Absence != absentFree {
		u.Fixed = append(u.Fixed, d.Output)
	}
	return u.missing.Put(tx, d.Output.ID, m)
}

// forget undoes a deposit that was accepted and not reported. If it was not there,
// its session is gone.
func (u *undo) forget(tx storage.Tx, d coin.Deposit, here bool) error {
	u.Forgotten = append(u.Forgotten, d.Output.ID)
	if err := u.accepted.Delete(tx, d.Output.ID); err != nil {
		return err
	}
	return u.post(tx, func(l *Ledger) {
		if !here {
			l.bookBack(d.Gain())
		}
		l.forget(d)
	})
}

// acknowledged books a deposit whose credit is acknowledged although its block
// has not settled, and will not as it is.
func (u *undo) acknowledged(tx storage.Tx, d coin.Deposit) error {
	err := u.post(tx, func(l *Ledger) {
		l.deposit(d)
		l.writeOff(d.Gain())
	})
	if err != nil {
		return err
	}
	if d.Fate == coin.Refunded {
		q := queued{Payment: coin.Payment{ID: coin.RefundID(d.Output.ID), Address: d.Output.Origin, Amount: d.Credit}, Refund: true}
		if err := u.stand(tx, q.ID, fate{Stage: PaymentAside}); err != nil {
			return err
		}
		if err := u.suspended.Put(tx, d.Output.ID, q); err != nil {
			return err
		}
	}
	return u.void(tx, d, missing{Absence: absentFree, Session: d.Output.Session, Credit: d.Credit, Written: d.Gain()})
}
