package signer

import (
	"errors"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/storage"
)

// Signing is how far the signing of a sign ID is.
type Signing struct {
	// Known tells whether this validator knows what is to be signed.
	Known bool
	// Counts tells whether commitments count as far as the log is read.
	Counts bool
	// Followed tells whether this validator has the session's keys. Else it does
	// not know of the others' signing.
	Followed bool
	// Sets is where the session's validators stand.
	Sets frost.RoastState
	// Made tells whether the signatures are made, Done whether they were handed on.
	Made, Done bool
}

// Signing returns how far the signing of a sign ID is.
func (s *Signer) Signing(r storage.Reader, id ID) (Signing, error) {
	var x Signing
	d, known, err := s.duties.Get(r, id)
	if err != nil {
		return x, err
	}
	x.Known, x.Done = known, d.Done
	if x.Counts, err = s.counts(r, id); err != nil {
		return x, err
	}
	key, err := s.key(r, id)
	if errors.Is(err, ErrNoKey) {
		return x, nil
	}
	if err != nil {
		return x, err
	}
	x.Followed = true
	if x.Made, err = s.signatures.Has(r, id); err != nil {
		return x, err
	}
	roast, begun, err := s.sets.Get(r, id)
	if err != nil {
		return x, err
	}
	if !begun {
		roast = *frost.NewRoast(uint16(key.Threshold()), key.Weights(), s.Parameters.Withdrawals)
	}
	x.Sets = roast.State()
	x.Made = x.Made || x.Done
	return x, nil
}

// PlanProgress is what a signer has of a plan.
type PlanProgress struct {
	// Unprepared plans have no transaction yet.
	Unprepared bool
	// Transaction is the signed transaction's ID, if that is here.
	Transaction *coin.TransactionID
}

// PlanProgress returns what there is of a plan, and whether there is anything: plans
// that happened are known as long as they can be reinstated.
func (s *Signer) PlanProgress(r storage.Reader, id coin.PlanID) (w PlanProgress, ok bool, err error) {
	if w.Unprepared, err = s.unprepared.Has(r, id); err != nil || w.Unprepared {
		return w, true, err
	}
	if ok, err = s.prepared.Has(r, id); err != nil || !ok {
		return w, false, err
	}
	t, here, err := s.signed.Get(r, id)
	if err != nil {
		return w, true, err
	}
	if !here {
		before, err := s.resolved.Load(r, id)
		if err != nil {
			return w, true, err
		}
		t, here = before.Signed, len(before.Signed.Transaction.Raw) > 0
	}
	if here {
		w.Transaction = &t.Transaction.ID
	}
	return w, true, nil
}

// PlansOf is the number of plans of a session that are to be signed or published
// here, and did not happen.
func (s *Signer) PlansOf(r storage.Reader, session uint64) (int, error) {
	ids, err := idsOf(r, s.duties, session, []Kind{Plan}, nil)
	return len(ids), err
}
