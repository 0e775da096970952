package signer

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// ownNonces are nonces whose commitment this process has given away.
type ownNonces struct {
	counter    uint64
	secret     *frost.Nonces
	commitment []byte
}

// task is what a duty asks for next.
type task struct {
	id    ID
	duty  duty
	key   *frost.PublicKey
	share *frost.KeyShare
	work  []frost.Algorithm
	set   *frost.SigningSet // to answer
	seen  uint64            // the highest own counter in the log
	done  *completedSet     // to aggregate
}

// waits tells whether the commitment to nonces may still get into a set: it is
// on its way into the log, or waits there, and no later one is known of.
func (o *ownNonces) waits(d duty) bool {
	return o != nil && o.counter == d.Counter && o.counter > d.Used
}

// Work does what is due, one sign ID after the other: it commits, answers
// sets, and aggregates complete ones. It tells whether it did anything.
func (s *Signer) Work(ctx context.Context, store storage.Store) (bool, error) {
	var open, due []ID
	err := store.View(ctx, func(r storage.Reader) error {
		for item, err := range s.duties.All(r) {
			if err != nil {
				return err
			}
			if item.Value.Done {
				continue
			}
			open = append(open, item.Key)
			complete, err := s.completed.Has(r, item.Key)
			if err != nil {
				return err
			}
			if complete || !s.own(item.Key).waits(item.Value) {
				due = append(due, item.Key)
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	s.erase(open)
	did := false
	for _, id := range due {
		one, err := s.workOn(ctx, store, id)
		if err != nil {
			return did, fmt.Errorf("sign %s: %w", id, err)
		}
		did = did || one
	}
	return did, nil
}

// erase drops nonces of sign IDs that are over.
func (s *Signer) erase(open []ID) {
	is := make(map[ID]bool, len(open))
	for _, id := range open {
		is[id] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, own := range s.nonces { // order-free: each is kept or erased
		if !is[id] {
			own.secret.Erase()
			delete(s.nonces, id)
		}
	}
}

func (s *Signer) workOn(ctx context.Context, store storage.Store, id ID) (bool, error) {
	t, err := s.look(ctx, store, id)
	if err != nil || t == nil {
		return false, err
	}
	if t.done != nil {
		return true, s.aggregate(ctx, store, t)
	}
	if t.share == nil {
		return false, nil
	}
	own := s.own(id)
	if t.set != nil && own != nil {
		for _, m := range t.set.Members {
			if m.Validator == t.share.Validator() && string(m.Commitment) == string(own.commitment) {
				return true, s.answer(ctx, store, t, own)
			}
		}
	}
	if own.waits(t.duty) {
		return false, nil
	}
	if own != nil {
		s.drop(id, own)
		own.secret.Erase()
	}
	return true, s.send(ctx, store, t, item{ID: id})
}

func (s *Signer) own(id ID) *ownNonces {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nonces[id]
}

// look reads what a sign ID needs from one snapshot.
func (s *Signer) look(ctx context.Context, store storage.Store, id ID) (*task, error) {
	var t *task
	err := store.View(ctx, func(r storage.Reader) error {
		d, ok, err := s.duties.Get(r, id)
		if err != nil || !ok || d.Done {
			return err
		}
		if counts, err := s.counts(r, id); err != nil || !counts {
			return err
		}
		one := &task{id: id, duty: d}
		if done, ok, err := s.completed.Get(r, id); err != nil {
			return err
		} else if ok {
			if turn, err := s.turn(r, id); err != nil || !turn {
				return err
			}
			one.done = &done
		}
		if one.share, err = s.self(r, id); err != nil || one.share == nil && one.done == nil {
			return err
		}
		one.key, one.work, err = s.subject(r, id)
		if errors.Is(err, ErrNoKey) {
			return nil
		}
		if err != nil || one.work == nil {
			return err
		}
		roast, ok, err := s.sets.Get(r, id)
		if err != nil {
			return err
		}
		if set, live := roast.Set(d.Set); ok && d.Pending && live {
			one.set = &set
		}
		if one.share != nil {
			one.seen, _ = roast.Idle(one.share.Validator())
		}
		t = one
		return nil
	})
	return t, err
}

// answer sends the share for a set, and the next commitment with it.
func (s *Signer) answer(ctx context.Context, store storage.Store, t *task, own *ownNonces) error {
	if t.set.Digest != t.duty.Digest {
		return &DigestError{t.id, t.duty.Digest, t.set.Digest, t.set.Number}
	}
	session, err := s.session(t.key, t.work, t.id, *t.set)
	if err != nil {
		return err
	}
	s.drop(t.id, own)
	share, err := session.Sign(t.share, own.secret)
	own.secret.Erase()
	if err != nil {
		return fmt.Errorf("set %d: %w", t.set.Number, err)
	}
	return s.send(ctx, store, t, item{ID: t.id, Share: share, Set: t.set.Number})
}

func (s *Signer) drop(id ID, own *ownNonces) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonces[id] == own {
		delete(s.nonces, id)
	}
}

// send adds a fresh commitment to an item and sends it. The counter is stored
// before the nonces exist.
func (s *Signer) send(ctx context.Context, store storage.Store, t *task, i item) error {
	var counter uint64
	err := store.Update(ctx, func(tx storage.Tx) error {
		d, ok, err := s.duties.Get(tx, t.id)
		if err != nil || !ok {
			return errors.Join(err, ctx.Err())
		}
		d.Counter = max(d.Counter, t.seen) + 1
		counter = d.Counter
		return s.duties.Put(tx, t.id, d)
	})
	if err != nil || counter == 0 {
		return err
	}
	secret, nonces, err := frost.Commit(s.Random, t.share, t.work, s.context(t.id, counter))
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	i.Next = &commitment{Counter: counter, Digest: t.duty.Digest, Nonces: nonces}
	err = store.Update(ctx, func(tx storage.Tx) error {
		return s.Events.SendSigning(tx, t.id.Session, wire.Marshal(i))
	})
	if err != nil {
		secret.Erase()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nonces[t.id] = &ownNonces{counter, secret, nonces}
	return nil
}

// aggregate completes the signatures of a set and hands them on.
func (s *Signer) aggregate(ctx context.Context, store storage.Store, t *task) error {
	set := frost.SigningSet{Number: t.done.Number}
	shares := make([][]byte, len(t.done.Members))
	for i, m := range t.done.Members {
		set.Members = append(set.Members, frost.Member{Validator: m.Validator, Commitment: m.Commitment})
		shares[i] = m.Share
	}
	session, err := s.session(t.key, t.work, t.id, set)
	if err != nil {
		return err
	}
	signatures, err := session.Aggregate(shares)
	if err != nil {
		return fmt.Errorf("aggregate set %d: %w", set.Number, err)
	}
	finish, err := s.finish(ctx, store, t.id, signatures)
	if err != nil || finish == nil {
		return err
	}
	return store.Update(ctx, func(tx storage.Tx) error {
		d, ok, err := s.duties.Get(tx, t.id)
		if err != nil || !ok || d.Done {
			return err
		}
		d.Done, d.Pending = true, false
		if err := s.duties.Put(tx, t.id, d); err != nil {
			return err
		}
		if err := s.completed.Delete(tx, t.id); err != nil {
			return err
		}
		return finish(tx)
	})
}

// finish makes what the signatures are for and returns what records it, or nil
// if that is over.
func (s *Signer) finish(ctx context.Context, store storage.Store, id ID, signatures [][]byte) (func(storage.Tx) error, error) {
	if id.Kind == Batch {
		return s.finishBatch(id, signatures)
	}
	return s.finishPlan(ctx, store, id, signatures)
}
