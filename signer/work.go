package signer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/storage"
)

// limits bound the memory that Work takes.
type limits struct {
	// round is how many sign IDs one round works on, and elements how many
	// group elements are in its sets; but it always works on one.
	round, elements int
	// committed is how many signatures of plans there are own commitments to
	// at a time; but there is always one commitment. Plans are committed to in
	// the order in which they were made, which is the same for all validators:
	// so the oldest gets everybody's commitment, and all have their turn.
	// Batches and requests are few and come on top.
	committed int
}

var defaultLimits = limits{round: 64, elements: 1 << 16, committed: 4096}

// ownNonces are nonces whose commitment this process has given away.
type ownNonces struct {
	counter uint64
	// secret is nil if the last thing given away was a share alone.
	secret     *frost.Nonces
	commitment []byte
	set        uint32 // which that share is for
	size       int    // signatures
}

// waits tells whether what was given away may still have an effect. A
// commitment may still get into a set: it is on its way into the log, or waits
// there, and no later one is known of. A share alone is on its way.
func (o *ownNonces) waits(d duty) bool {
	switch {
	case o == nil:
		return false
	case o.secret == nil:
		return d.Pending && d.Set == o.set
	}
	return o.counter == d.Counter && o.counter > d.Used
}

// erase erases the nonces, if there are any.
func (o *ownNonces) erase() {
	if o.secret != nil {
		o.secret.Erase()
	}
}

// task is what a duty asks for next: to hand signatures on, to answer a set, or
// to commit, or both.
type task struct {
	id       ID
	duty     duty
	key      *frost.PublicKey
	share    *frost.KeyShare
	work     []frost.Algorithm
	made     [][]byte   // signatures to hand on
	unsigned *assembly  // of a plan, to go with them
	own      *ownNonces // to answer with, or to erase
	set      *boundSet  // to answer
	seen     uint64     // the highest own counter in the log
}

// commits tells whether the task takes fresh nonces. An answer does so only where
// that is small: should the set fail, the next one need not wait for it. A
// commitment to several signatures waits until the share is in the log and the
// set not complete.
func (t *task) commits() bool { return t.made == nil && (t.set == nil || len(t.work) == 1) }

// elements is how many group elements the task's set has, or what its memory is
// like.
func (t *task) elements() int {
	if t.unsigned != nil {
		return len(t.unsigned.unsigned) / elementBytes
	}
	if t.set == nil {
		return 2 * len(t.work)
	}
	return 2 * len(t.work) * (len(t.set.Members) + 1)
}

// Work does what is due for some sign IDs: it commits, answers sets, and hands
// on the signatures of complete ones. Unless the view of the chain is fresh, it
// neither commits to plans and batches nor answers for them, nor ever for plans
// that the policy has not accepted. It tells whether it did anything; there may be
// more then.
func (s *Signer) Work(ctx context.Context, store storage.Store, fresh bool) (bool, error) {
	var open []storage.Item[ID, duty]
	var tasks []*task
	err := store.View(ctx, func(r storage.Reader) (err error) {
		if open, err = s.unfinished(r); err == nil {
			tasks, err = s.due(r, open, fresh)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	s.erase(open)
	if len(tasks) == 0 {
		return false, nil
	}
	return true, s.round(ctx, store, tasks)
}

// unfinished returns what is to be signed, in the order in which it came up.
func (s *Signer) unfinished(r storage.Reader) ([]storage.Item[ID, duty], error) {
	retired := make(map[uint64]bool)
	for item, err := range s.retired.All(r) {
		if err != nil {
			return nil, err
		}
		retired[item.Key] = true
	}
	var open []storage.Item[ID, duty]
	for item, err := range s.duties.All(r) {
		if err != nil {
			return nil, err
		}
		if !item.Value.Done && !retired[item.Key.Session] {
			open = append(open, item)
		}
	}
	slices.SortStableFunc(open, func(a, b storage.Item[ID, duty]) int { return cmp.Compare(a.Value.Order, b.Value.Order) })
	return open, nil
}

// erase drops nonces and opinions of sign IDs that are over.
func (s *Signer) erase(open []storage.Item[ID, duty]) {
	is := make(map[ID]bool, len(open))
	for _, item := range open {
		is[item.Key] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, own := range s.nonces { // order-free: each is kept or erased
		if !is[id] {
			own.erase()
			delete(s.nonces, id)
		}
	}
	maps.DeleteFunc(s.opinions, func(id ID, _ opinion) bool { return !is[id] })
}

// due returns the tasks of one round.
func (s *Signer) due(r storage.Reader, open []storage.Item[ID, duty], fresh bool) (tasks []*task, err error) {
	elements, committed := 0, 0
	for _, item := range open {
		id, d := item.Key, item.Value
		own := s.own(id)
		if own != nil && id.Kind == Plan {
			committed += own.size
		}
		complete, err := s.signatures.Has(r, id)
		if err != nil {
			return nil, err
		}
		if (own.waits(d) || !fresh && id.Kind.follows()) && !complete {
			continue
		}
		if id.Kind == Plan && !complete && !s.permitted(id, d.Digest) {
			continue
		}
		t, err := s.task(r, id, d, own)
		if err != nil {
			return nil, fmt.Errorf("sign %s: %w", id, err)
		}
		if t == nil {
			continue
		}
		if own == nil && t.made == nil && id.Kind == Plan {
			if committed > 0 && committed+len(t.work) > s.limits.committed {
				continue
			}
			committed += len(t.work)
		}
		tasks = append(tasks, t)
		elements += t.elements()
		if len(tasks) >= s.limits.round || elements >= s.limits.elements {
			break
		}
	}
	return tasks, nil
}

func (s *Signer) own(id ID) *ownNonces {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nonces[id]
}

// task returns what a sign ID asks for, nil if that is nothing.
func (s *Signer) task(r storage.Reader, id ID, d duty, own *ownNonces) (*task, error) {
	if counts, err := s.counts(r, id); err != nil || !counts {
		return nil, err
	}
	t := &task{id: id, duty: d, own: own}
	made, complete, err := s.signatures.Get(r, id)
	if err != nil {
		return nil, err
	}
	if complete {
		t.made = made.List
		if id.Kind == Plan {
			if t.unsigned, err = s.assembly(r, id); err != nil || t.unsigned == nil {
				return nil, err
			}
			return t, nil
		}
		turn, err := s.turn(r, id)
		if err != nil || !turn {
			return nil, err
		}
		return t, nil
	}
	if t.share, err = s.share(r, id); err != nil || t.share == nil {
		return nil, err
	}
	t.key, err = s.key(r, id)
	if errors.Is(err, ErrNoKey) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if t.work, _, err = s.work(r, id, d.Digest); err != nil || t.work == nil {
		return nil, err
	}
	roast, _, err := s.sets.Get(r, id)
	if err != nil {
		return nil, err
	}
	t.seen, _ = roast.Idle(t.share.Validator())
	set, live := roast.Set(d.Set)
	if !d.Pending || !live || own == nil {
		return t, nil
	}
	for _, m := range set.Members {
		if m.Validator != t.share.Validator() {
			continue
		}
		nonces, err := s.committed(r, id, m)
		if err != nil {
			return nil, err
		}
		if string(nonces) != string(own.commitment) {
			continue
		}
		if set.Digest != d.Digest {
			return nil, &DigestError{ID: id, SigningSetNo: set.Number, Own: d.Digest, Theirs: set.Digest}
		}
		bound, err := s.bind(r, id, set)
		if err != nil {
			return nil, err
		}
		t.set = &bound
	}
	return t, nil
}
