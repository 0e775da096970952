package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// planAll plans transactions until the queue is empty or its head has to
// wait.
func (s *scheduler) planAll(tx storage.Tx, m moment, role coin.Role) error {
	var poor []queued
	var apart []waiting
	for {
		d, reason, err := s.draft(tx, m, role)
		if err != nil {
			return err
		}
		if d == nil {
			if err := s.tellWait(tx, reason); err != nil {
				return err
			}
			break
		}
		poor, apart = append(poor, d.poor...), append(apart, d.apart...)
		if err := s.commit(tx, m, role, d); err != nil {
			return err
		}
	}
	if err := s.putApart(tx, apart); err != nil {
		return err
	}
	return s.putPoor(tx, m, poor)
}

// waiting is a payment that waits for a reason.
type waiting struct {
	queued
	reason wait
}

// putApart lets payments wait behind the others, for as long as it takes: those
// that cannot carry the earlier costs that they would have to at present, and
// those that limits keep back.
func (s *scheduler) putApart(tx storage.Tx, apart []waiting) error {
	for _, w := range apart {
		q := w.queued
		q.Poor, q.Since = false, 0 // it can carry the fee
		if q.Waits != w.reason {
			q.Waits = w.reason
			if err := s.Events.Condition(tx, q.ID, "waits: "+w.reason.String()); err != nil {
				return err
			}
		}
		if _, err := s.aside.Push(tx, q); err != nil {
			return err
		}
	}
	return nil
}

// putPoor lets payments too small for the present fee rate wait for the next
// reference block, behind the others, until their patience ends.
func (s *scheduler) putPoor(tx storage.Tx, m moment, poor []queued) error {
	for _, q := range poor {
		if !q.Poor {
			q.Poor, q.Since = true, m.reference
			text := "waits: the amount does not carry its share of the fee at present"
			if err := s.Events.Condition(tx, q.ID, text); err != nil {
				return err
			}
		}
		if m.reference >= q.Since+m.rules.Patience {
			if err := s.drop(tx, q, "the amount did not carry its share of the fee for too long"); err != nil {
				return err
			}
			continue
		}
		if _, err := s.aside.Push(tx, q); err != nil {
			return err
		}
	}
	return nil
}

// tellWait tells, once, that the payment at the head of the queue waits, and
// why: all that could be planned is.
func (s *scheduler) tellWait(tx storage.Tx, reason wait) error {
	head, err := s.head(tx)
	if err != nil || head == nil || head.value.Waits == reason {
		return err
	}
	head.value.Waits = reason
	if err := s.payments.Put(tx, head.number, head.value); err != nil {
		return err
	}
	return s.Events.Condition(tx, head.value.ID, "waits: "+reason.String())
}

// commit carries a draft out: it moves payments and outputs from the queues
// into a plan.
func (s *scheduler) commit(tx storage.Tx, m moment, role coin.Role, d *draft) error {
	for _, n := range d.removed {
		if err := s.payments.Delete(tx, n); err != nil {
			return err
		}
	}
	if len(d.plan.Inputs) == 0 {
		return nil
	}
	if err := s.reserve(tx, d.plan.Key.Session, d.inputs); err != nil {
		return err
	}
	if err := s.spend(tx, m, d); err != nil {
		return err
	}
	if err := s.post(tx, func(l *Ledger) { l.Recover = d.recover }); err != nil {
		return err
	}
	id, err := s.beginPaying(tx, m, d)
	if err != nil {
		return err
	}
	return s.chain(tx, m, role, id, d.plan, len(d.children))
}

// beginPaying begins the plan of a draft, whose payments leave the queue, and
// leaves those of its branches for later.
func (s *scheduler) beginPaying(tx storage.Tx, m moment, d *draft) (coin.PlanID, error) {
	id := d.plan.ID(s.Genesis)
	record := planned{Plan: d.plan, Purpose: d.purpose}
	if len(d.inputs) > 0 {
		record.Place = first(d.inputs)
	}
	for _, p := range d.payments {
		if err := s.payments.Delete(tx, p.number); err != nil {
			return id, err
		}
		if err := s.Events.PaymentPlanned(tx, p.value.ID, id); err != nil {
			return id, err
		}
		if err := s.stand(tx, p.value.ID, fate{Stage: PaymentPlanned, ID: id}); err != nil {
			return id, err
		}
		record.Payments = append(record.Payments, origin{p.number, p.value.Refund})
	}
	if err := s.begin(tx, m, record); err != nil {
		return id, err
	}
	return id, s.plant(tx, id, d.plan, d.children)
}

// begin records a plan, checked to conserve value.
func (s *scheduler) begin(tx storage.Tx, m moment, p planned) error {
	if err := conserve(p.Plan); err != nil {
		return err
	}
	id := p.Plan.ID(s.Genesis)
	if err := s.plans.Put(tx, id, p); err != nil {
		return err
	}
	if err := s.count(tx, id, p, true); err != nil {
		return err
	}
	if err := s.watchFor(tx, m, id); err != nil {
		return err
	}
	return s.Plans.Planned(tx, id, p.Plan)
}

// conserve checks that a plan neither makes nor loses value.
func conserve(p coin.Plan) error {
	var in, out Balance
	for _, input := range p.Inputs {
		in = in.Add(input.Amount)
	}
	for _, payment := range p.Payments {
		out = out.Add(payment.Paid)
	}
	for _, own := range p.Own {
		out = out.Add(own.Amount)
	}
	if out = out.Add(p.Fee); in != out {
		return &Unbalanced{fmt.Sprintf("plan spends %s and makes %s", in, out)}
	}
	return nil
}
