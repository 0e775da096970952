package signer

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// outcome is what became of a task.
type outcome struct {
	counter uint64 // of the new commitment, 0 for none
	item    []byte // to send
	fresh   *ownNonces
	finish  func(storage.Tx) error // records what the signatures are for
	err     error
}

// round does some tasks: one transaction raises the commit counters, then all
// is computed, then one transaction sends and records it all. A task that fails
// keeps no other back. What is computed asks neither database nor node: workers
// must not wait for whoever waits for them.
func (s *Signer) round(ctx context.Context, store storage.Store, tasks []*task) error {
	outcomes := make([]outcome, len(tasks))
	if err := s.raise(ctx, store, tasks, outcomes); err != nil {
		return err
	}
	s.Parallel(len(tasks), func(i int) {
		t, o := tasks[i], &outcomes[i]
		switch {
		case t.made != nil:
			o.finish, o.err = s.finish(t)
		case o.counter > 0 || !t.commits():
			o.err = s.speak(t, o)
		}
	})
	if err := s.hand(ctx, store, tasks, outcomes); err != nil {
		return err
	}
	for i := range outcomes {
		if err := outcomes[i].err; err != nil {
			return fmt.Errorf("sign %s: %w", tasks[i].id, err)
		}
	}
	return nil
}

// raise stores the counters of the round's commitments before their nonces
// exist.
func (s *Signer) raise(ctx context.Context, store storage.Store, tasks []*task, outcomes []outcome) error {
	needed := false
	for _, t := range tasks {
		needed = needed || t.commits()
	}
	if !needed {
		return nil
	}
	return store.Update(ctx, func(tx storage.Tx) error {
		for i, t := range tasks {
			outcomes[i].counter = 0
			if !t.commits() {
				continue
			}
			d, ok, err := s.duties.Get(tx, t.id)
			if err != nil {
				return err
			}
			if !ok || d.Done {
				continue
			}
			d.Counter = max(d.Counter, t.seen) + 1
			outcomes[i].counter = d.Counter
			if err := s.duties.Put(tx, t.id, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// speak makes an item: a share for the set, if there is one to answer, a fresh
// commitment, or both. The nonces there were are used or erased.
func (s *Signer) speak(t *task, o *outcome) error {
	i := item{ID: t.id}
	if t.own != nil {
		s.forget(t.id, t.own)
		defer t.own.erase()
	}
	if t.set != nil {
		session, err := s.session(t.key, t.work, t.id, *t.set)
		if err != nil {
			return err
		}
		if i.Share, err = session.Sign(t.share, t.own.secret); err != nil {
			return fmt.Errorf("set %d: %w", t.set.Number, err)
		}
		i.Set = t.set.Number
	}
	if !t.commits() {
		o.fresh = &ownNonces{set: i.Set, size: len(t.work)}
		o.item = wire.Marshal(i)
		return nil
	}
	secret, nonces, err := frost.Commit(s.Random, t.share, t.work, s.context(t.id, o.counter))
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	o.fresh = &ownNonces{counter: o.counter, secret: secret, commitment: nonces, size: len(t.work)}
	i.Next = &commitment{Counter: o.counter, Digest: t.duty.Digest, Nonces: nonces}
	o.item = wire.Marshal(i)
	return nil
}

func (s *Signer) forget(id ID, own *ownNonces) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nonces[id] == own {
		delete(s.nonces, id)
	}
}

// hand sends the items and records the signatures, all in one transaction.
// What is over by now is left out. Nonces of what was not sent are erased.
func (s *Signer) hand(ctx context.Context, store storage.Store, tasks []*task, outcomes []outcome) error {
	sent := make([]bool, len(tasks))
	err := store.Update(ctx, func(tx storage.Tx) error {
		var sessions []uint64 // in the order of the tasks
		items := make(map[uint64][][]byte)
		for i, t := range tasks {
			o := &outcomes[i]
			sent[i] = false
			if o.item == nil && o.finish == nil {
				continue
			}
			d, ok, err := s.duties.Get(tx, t.id)
			if err != nil {
				return err
			}
			if !ok || d.Done {
				continue
			}
			if o.finish != nil {
				if err := s.done(tx, t.id, d, o.finish); err != nil {
					return err
				}
				continue
			}
			session := t.id.Session
			if items[session] == nil {
				sessions = append(sessions, session)
			}
			items[session] = append(items[session], o.item)
			sent[i] = true
		}
		for _, session := range sessions {
			if err := s.Events.SendSigning(tx, session, items[session]); err != nil {
				return err
			}
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range tasks {
		switch fresh := outcomes[i].fresh; {
		case fresh == nil:
		case err == nil && sent[i]:
			s.nonces[t.id] = fresh
		default:
			fresh.erase()
		}
	}
	return err
}

// done records that a sign ID is signed.
func (s *Signer) done(tx storage.Tx, id ID, d duty, finish func(storage.Tx) error) error {
	d.Done, d.Pending = true, false
	if err := s.duties.Put(tx, id, d); err != nil {
		return err
	}
	if err := s.signatures.Delete(tx, id); err != nil {
		return err
	}
	if id.Kind == Plan {
		if err := s.refusals.Delete(tx, id.Subject); err != nil {
			return err
		}
	}
	return finish(tx)
}

// finish makes what the signatures are for and returns what records it.
func (s *Signer) finish(t *task) (func(storage.Tx) error, error) {
	if t.id.Kind == Batch {
		return s.finishBatch(t.id, t.made)
	}
	return s.finishPlan(t.id, t.unsigned, t.made)
}
