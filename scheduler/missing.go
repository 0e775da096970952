package scheduler

import (
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// absence is what an output was when its block turned out to be void.
type absence uint8

const (
	absentFree  absence = iota + 1 // a deposit that was free
	absentInput                    // a deposit that a plan spends
	absentLost                     // a deposit that was written off before
	absentOwn                      // of one plan, spent by another: it is no asset before it is there
)

// missing is an output of a void block that has not come back.
type missing struct {
	Absence absence
	Session uint64
	// Credit is that of a deposit, Written what was written off as it was void.
	Credit, Written uint64
	// Told is set once it was told that the deposit has not come back in time.
	Told bool
	// Maker is the plan and the own output of it that this is, if Absence says so.
	Maker branchKey
}

// Encode writes 62 bytes.
func (m missing) Encode(w *wire.Writer) {
	w.Uint8(uint8(m.Absence))
	w.Uint64(m.Session)
	w.Uint64(m.Credit)
	w.Uint64(m.Written)
	w.Bool(m.Told)
	w.Fixed(m.Maker.plan[:])
	w.Uint32(m.Maker.index)
}

// Decode reads 62 bytes.
func (m *missing) Decode(r *wire.Reader) {
	m.Absence = absence(r.Uint8())
	r.Check(m.Absence >= absentFree && m.Absence <= absentOwn, "absence of an output")
	m.Session = r.Uint64()
	m.Credit = r.Uint64()
	m.Written = r.Uint64()
	m.Told = r.Bool()
	r.Fixed(m.Maker.plan[:])
	m.Maker.index = r.Uint32()
}

// returned takes a missing deposit in that is here again. Its credit stands as
// it was, and a refund that waited for it is queued.
func (s *scheduler) returned(tx storage.Tx, at moment, own hold, d coin.Deposit) error {
	o := d.Output
	m, ok, err := s.missing.Get(tx, o.ID)
	if err == nil && !ok {
		err = &Unbalanced{"it returns and was not missing"}
	}
	if err != nil {
		return err
	}
	if err := s.missing.Delete(tx, o.ID); err != nil {
		return err
	}
	if m.Absence != absentLost {
		if err := s.post(tx, func(l *Ledger) { l.comesBack(d.Gain(), m.Written) }); err != nil {
			return err
		}
	}
	switch m.Absence {
	case absentFree:
		err = s.takeIn(tx, own, d)
	case absentInput:
		if err = s.renew(tx, o.ID, o); err == nil {
			err = s.writeOffIfGone(tx, o)
		}
	}
	if err != nil {
		return err
	}
	q, ok, err := s.suspended.Get(tx, o.ID)
	if err != nil || !ok {
		return err
	}
	if err := s.suspended.Delete(tx, o.ID); err != nil {
		return err
	}
	if reason := s.refuse(at, q.Payment); reason != "" {
		return s.drop(tx, q, reason)
	}
	return s.queue(tx, q)
}

// writeOffIfGone books that an input of a plan is not counted on, if the plan's
// session is gone.
func (s *scheduler) writeOffIfGone(tx storage.Tx, o coin.Output) error {
	gone, err := s.gone.Has(tx, o.Session)
	if err != nil || !gone {
		return err
	}
	return s.post(tx, func(l *Ledger) { l.writeOff(o.Amount) })
}

// voidRefunds returns the refunds of missing deposits.
func (s *scheduler) voidRefunds(r storage.Reader) (map[coin.PaymentID]coin.OutputID, error) {
	refunds := make(map[coin.PaymentID]coin.OutputID)
	for item, err := range s.missing.All(r) {
		if err != nil {
			return nil, err
		}
		if item.Value.Absence != absentOwn {
			refunds[coin.RefundID(item.Key)] = item.Key
		}
	}
	return refunds, nil
}

// suspendOne keeps a refund that is in no queue until its deposit is here again,
// or drops it if that is given up.
func (s *scheduler) suspendOne(tx storage.Tx, q queued, deposit coin.OutputID) error {
	m, err := s.missing.Load(tx, deposit)
	if err != nil {
		return err
	}
	if m.Told {
		return s.drop(tx, q, voidDeposit)
	}
	if err := s.stand(tx, q.ID, fate{Stage: PaymentAside}); err != nil {
		return err
	}
	return s.suspended.Put(tx, deposit, q)
}

// voidDeposit is why a refund is dropped.
const voidDeposit = "the deposit is void"

// comesBack takes a plan's own output in that another plan spends, if it was
// missing there.
func (s *scheduler) comesBack(tx storage.Tx, key branchKey, child coin.PlanID, o coin.Output, gone bool) error {
	as, err := s.spentAs(tx, key, child)
	if err != nil {
		return err
	}
	if err := s.missing.Delete(tx, as); err != nil {
		return err
	}
	if !gone {
		return s.renew(tx, as, o)
	}
	return s.writeOff(tx, o, keyGone)
}

// spentAs returns the ID under which a plan spends the own output of another one,
// which is missing. It is another than that of what is there now if the other plan
// has happened by another transaction, where signatures enter the ID.
func (s *scheduler) spentAs(r storage.Reader, key branchKey, by coin.PlanID) (coin.OutputID, error) {
	p, err := s.plans.Load(r, by)
	if err != nil {
		return coin.OutputID{}, err
	}
	for _, input := range p.Plan.Inputs {
		m, ok, err := s.missing.Get(r, input.ID)
		if err != nil || ok && m.Absence == absentOwn && m.Maker == key {
			return input.ID, err
		}
	}
	return coin.OutputID{}, &Unbalanced{fmt.Sprintf("plan %s does not spend own output %d of plan %s", by, key.index, key.plan)}
}

// renew notes how an output that a plan spends under an ID has come back. A coin may
// need to know where it is, and a plan does not change.
func (s *scheduler) renew(tx storage.Tx, as coin.OutputID, o coin.Output) error {
	o.Data = nil
	return s.again.Put(tx, as, o)
}

// renewed returns what a plan spends as it has come back, if it was away.
func (s *scheduler) renewed(r storage.Reader, inputs []coin.Output) ([]coin.Output, error) {
	inputs = slices.Clone(inputs)
	for i, input := range inputs {
		o, ok, err := s.again.Get(r, input.ID)
		if err != nil {
			return nil, err
		}
		if ok {
			inputs[i] = o
		}
	}
	return inputs, nil
}

// incomplete tells whether an input of a plan is not there.
func (s *scheduler) incomplete(r storage.Reader, p planned) (bool, error) {
	for _, input := range p.Plan.Inputs {
		if missing, err := s.missing.Has(r, input.ID); err != nil || missing {
			return missing, err
		}
	}
	return false, nil
}

// complete makes sure that all inputs of a plan that happened are there. They are
// not spent again.
func (s *scheduler) complete(tx storage.Tx, p planned) error {
	for _, input := range p.Plan.Inputs {
		missing, err := s.missing.Has(tx, input.ID)
		if err != nil {
			return err
		}
		if err := s.again.Delete(tx, input.ID); err != nil {
			return err
		}
		if missing {
			return &Unbalanced{fmt.Sprintf("a plan spends output %s, which is not there", input.ID)}
		}
	}
	return nil
}

// giveUpMissing tells, once the chain has come as far as it was before a
// rewind, which deposits have not come back. Their refunds are not made. If
// they come later, they are booked back all the same.
func (s *scheduler) giveUpMissing(tx storage.Tx, reference uint64) error {
	horizon, ok, err := s.horizon.Get(tx)
	if err != nil || !ok || reference < horizon {
		return err
	}
	var late []storage.Item[coin.OutputID, missing]
	for item, err := range s.missing.All(tx) {
		if err != nil {
			return err
		}
		if !item.Value.Told && item.Value.Absence != absentOwn {
			late = append(late, item)
		}
	}
	for _, item := range late {
		item.Value.Told = true
		if err := s.missing.Put(tx, item.Key, item.Value); err != nil {
			return err
		}
		if err := s.Events.VoidedCredit(tx, item.Key, item.Value.Session, item.Value.Credit); err != nil {
			return err
		}
		q, suspended, err := s.suspended.Get(tx, item.Key)
		if err != nil {
			return err
		}
		if !suspended {
			continue
		}
		if err := s.suspended.Delete(tx, item.Key); err != nil {
			return err
		}
		if err := s.drop(tx, q, voidDeposit); err != nil {
			return err
		}
	}
	return s.horizon.Delete(tx)
}
