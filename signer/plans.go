package signer

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// prepared is a plan's unsigned transaction.
type prepared struct {
	Transaction []byte
	// Own are the output indices of the plan's own outputs.
	Own []uint32
	// Reference is the plan's.
	Reference uint64
}

// MaxTransaction bounds a transaction's encoding, in bytes.
const MaxTransaction = 4 << 20

// Encode writes the record.
func (p prepared) Encode(w *wire.Writer) {
	w.Bytes(p.Transaction)
	w.Count(len(p.Own))
	for _, index := range p.Own {
		w.Uint32(index)
	}
	w.Uint64(p.Reference)
}

// Decode reads the record.
func (p *prepared) Decode(r *wire.Reader) {
	p.Transaction = r.Bytes(MaxTransaction)
	p.Own = make([]uint32, r.Count(coin.MaxPlanOutputs, 4))
	for i := range p.Own {
		p.Own[i] = r.Uint32()
	}
	p.Reference = r.Uint64()
}

// signed is a plan's signed transaction.
type signed struct{ Transaction coin.Transaction }

// Encode writes the record.
func (t signed) Encode(w *wire.Writer) {
	w.Fixed(t.Transaction.ID[:])
	w.Bytes(t.Transaction.Raw)
	w.Count(len(t.Transaction.Spends))
	for _, lookup := range t.Transaction.Spends {
		w.Bytes(lookup)
	}
}

// Decode reads the record.
func (t *signed) Decode(r *wire.Reader) {
	r.Fixed(t.Transaction.ID[:])
	t.Transaction.Raw = r.Bytes(MaxTransaction)
	n := r.Count(coin.MaxPlanInputs, 1)
	for range n {
		t.Transaction.Spends = append(t.Transaction.Spends, r.Bytes(eventuality.MaxLookup))
	}
}

// Planned takes a new plan in. It has to be prepared before the log goes on.
func (s *Signer) Planned(tx storage.Tx, id coin.PlanID, plan coin.Plan) error {
	if err := s.forgetVoided(tx, plan.Reference); err != nil {
		return err
	}
	before, err := s.voided.Load(tx, voidedPlan{plan.Reference, id}) // it may come again
	if err != nil {
		return err
	}
	if err := s.voided.Delete(tx, voidedPlan{plan.Reference, id}); err != nil {
		return err
	}
	if err := s.renew(tx, PlanID(plan.Key.Session, id), before.Sets); err != nil {
		return err
	}
	return s.unprepared.Put(tx, id, struct{}{})
}

// Prepare makes the unsigned transactions of new plans and watches for what
// completes them. It tells whether it did anything.
func (s *Signer) Prepare(ctx context.Context, store storage.Store) (bool, error) {
	did := false
	for {
		var plans []storage.Item[coin.PlanID, coin.Plan]
		err := store.View(ctx, func(r storage.Reader) error {
			for item, err := range s.unprepared.All(r) {
				if err != nil {
					return err
				}
				plan, ok, err := s.Plans.Plan(r, item.Key)
				if err != nil || !ok {
					return err
				}
				plans = append(plans, storage.Item[coin.PlanID, coin.Plan]{Key: item.Key, Value: plan})
				if len(plans) == s.limits.round {
					return nil
				}
			}
			return nil
		})
		if err != nil || len(plans) == 0 {
			return did, err
		}
		if err := s.prepare(ctx, store, plans); err != nil {
			return did, err
		}
		did = true
	}
}

// prepare prepares some plans, up to the first one that fails: their order is
// that in which they are signed. It asks the node, so it leaves the workers to
// others.
func (s *Signer) prepare(ctx context.Context, store storage.Store, plans []storage.Item[coin.PlanID, coin.Plan]) error {
	var transactions [][]byte
	var descriptions []coin.Description
	var failed error
	for _, plan := range plans {
		transaction, err := s.PreparePlan(ctx, plan.Key, plan.Value)
		var description coin.Description
		if err == nil {
			description, err = s.Coin.Describe(plan.Value, transaction)
		}
		if err != nil {
			failed = fmt.Errorf("prepare plan %s: %w", plan.Key, err)
			break
		}
		transactions, descriptions = append(transactions, transaction), append(descriptions, description)
	}
	err := store.Update(ctx, func(tx storage.Tx) error {
		for i, transaction := range transactions {
			if err := s.watch(tx, plans[i].Key, plans[i].Value, transaction, descriptions[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, failed)
}

// watch records a prepared plan and watches for what completes it.
func (s *Signer) watch(tx storage.Tx, id coin.PlanID, plan coin.Plan, transaction []byte, description coin.Description) error {
	// Another goroutine may have prepared it by now, and the log have gone on
	// to where it is resolved.
	if waits, err := s.unprepared.Has(tx, id); err != nil || !waits {
		return err
	}
	if err := s.unprepared.Delete(tx, id); err != nil {
		return err
	}
	if err := s.prepared.Put(tx, id, prepared{transaction, description.Own, plan.Reference}); err != nil {
		return err
	}
	if err := s.Tracker.Expect(tx, id, description.Eventuality); err != nil {
		return err
	}
	return s.open(tx, PlanID(plan.Key.Session, id), planDigest(id, transaction))
}

// planDigest is of all that a plan's signatures sign.
func planDigest(id coin.PlanID, transaction []byte) [32]byte {
	var w wire.Writer
	w.String("serai-go/processor prepared plan v1")
	w.Fixed(id[:])
	w.Bytes(transaction)
	return sha512.Sum512_256(w.Data())
}

// Indices returns the output indices of a prepared plan's own outputs.
func (s *Signer) Indices(r storage.Reader, id coin.PlanID) ([]uint32, error) {
	p, ok, err := s.prepared.Get(r, id)
	if err == nil && !ok {
		err = fmt.Errorf("%w: plan %s is not prepared", storage.ErrCorrupt, id)
	}
	return p.Own, err
}

// Resolved ends the work on a plan that happened, and keeps what it would take to
// go on, should it turn out to be void.
func (s *Signer) Resolved(tx storage.Tx, id coin.PlanID, plan coin.Plan, _ coin.TransactionID) error {
	transaction, err := s.signed.Load(tx, id)
	if err != nil {
		return err
	}
	lookups := transaction.Transaction.Spends
	for _, input := range plan.Inputs {
		if lookup := s.SpendLookup(input); lookup != nil {
			lookups = append(lookups, lookup)
		}
	}
	for _, lookup := range lookups {
		if err := s.Tracker.Unguard(tx, lookup); err != nil {
			return err
		}
	}
	if err := s.archive(tx, PlanID(plan.Key.Session, id)); err != nil {
		return err
	}
	return s.close(tx, PlanID(plan.Key.Session, id))
}

// planWork is the signing work of a plan with a digest, nil if it is not here.
func (s *Signer) planWork(r storage.Reader, id ID, digest [32]byte) ([]frost.Algorithm, error) {
	return s.memory.work(id, digest, func() ([]frost.Algorithm, error) {
		plan, ok, err := s.Plans.Plan(r, id.Subject)
		if err != nil || !ok {
			return nil, err
		}
		p, ok, err := s.prepared.Get(r, id.Subject)
		if err != nil || !ok {
			return nil, err
		}
		// Whoever commits to, answers for or judges the plan comes by here.
		if _, err := s.read(id, plan, p.Transaction); err != nil {
			return nil, err
		}
		work, err := s.Coin.Work(plan, p.Transaction)
		if err != nil {
			return nil, fmt.Errorf("%w: work of %s: %v", ErrUnusable, id, err)
		}
		return work, nil
	})
}

// assembly is what it takes to assemble the signed transaction of a plan.
type assembly struct {
	plan     coin.Plan
	unsigned []byte
}

// assembly reads it. It returns nil for a plan that is resolved by now.
func (s *Signer) assembly(r storage.Reader, id ID) (*assembly, error) {
	plan, ok, err := s.Plans.Plan(r, id.Subject)
	if err != nil || !ok {
		return nil, err
	}
	p, ok, err := s.prepared.Get(r, id.Subject)
	if err != nil || !ok {
		return nil, err
	}
	return &assembly{plan, p.Transaction}, nil
}

// finishPlan assembles the signed transaction of a plan, and returns what
// records it.
func (s *Signer) finishPlan(id ID, a *assembly, made [][]byte) (func(storage.Tx) error, error) {
	transaction, err := s.Coin.Assemble(a.plan, a.unsigned, made)
	if err != nil {
		return nil, fmt.Errorf("%w: assemble: %v", ErrUnusable, err)
	}
	return s.transact(id, a.plan, transaction), nil
}

// transact records the signed transaction of a plan, and watches for other
// transactions that spend the plan's inputs, if it tells how.
func (s *Signer) transact(id ID, plan coin.Plan, transaction coin.Transaction) func(storage.Tx) error {
	return func(tx storage.Tx) error {
		if err := s.signed.Put(tx, id.Subject, signed{transaction}); err != nil {
			return err
		}
		if err := s.guard(tx, plan, transaction.Spends); err != nil {
			return err
		}
		return s.Events.Completed(tx, id, transaction.ID)
	}
}

// guard watches for the spends of a plan's inputs by their lookup bytes, if there
// are any.
func (s *Signer) guard(tx storage.Tx, plan coin.Plan, spends [][]byte) error {
	if len(spends) == 0 {
		return nil
	}
	if len(spends) != len(plan.Inputs) {
		return fmt.Errorf("%w: %d spends are told of %d inputs", ErrUnusable, len(spends), len(plan.Inputs))
	}
	for i, lookup := range spends {
		if err := s.Guard(tx, plan.Inputs[i], lookup); err != nil {
			return err
		}
	}
	return nil
}
