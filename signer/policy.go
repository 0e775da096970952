package signer

import (
	"context"
	"crypto/sha512"
	"fmt"
	"slices"
	"strings"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Proposal is a plan that this validator is about to sign.
type Proposal struct {
	// SignID names it, and with the session who signs.
	SignID ID
	// Plan is what was decided.
	Plan coin.Plan
	// Transaction is what the bytes to be signed do, and the same as the plan.
	Transaction coin.UnsignedTransaction
}

// Refusal is a plan that the policy refuses at present, and why.
type Refusal struct {
	Plan coin.PlanID
	// Reason is the policy's error, cut at 1024 bytes.
	Reason string
}

// opinion is what the policy said of a plan in this process.
type opinion struct {
	digest  [32]byte // of what it was asked about
	tip     uint64   // at which it was asked
	accepts bool
}

// refusal is what is kept of a plan that the policy refuses.
type refusal struct {
	Reason string // the last one
	// Told are the hashes of the reasons that were told, the last one last: of
	// more than maxTold the oldest are forgotten.
	Told [][32]byte
}

// Bounds of a refusal.
const (
	maxReason = 1 << 10 // bytes
	maxTold   = 16
)

// Encode writes the record.
func (r refusal) Encode(w *wire.Writer) {
	w.String(r.Reason)
	w.Count(len(r.Told))
	for _, hash := range r.Told {
		w.Fixed(hash[:])
	}
}

// Decode reads the record.
func (r *refusal) Decode(reader *wire.Reader) {
	r.Reason = reader.String(maxReason)
	r.Told = make([][32]byte, reader.Count(maxTold, 32))
	for i := range r.Told {
		reader.Fixed(r.Told[i][:])
	}
}

// again takes note of a refusal. It tells whether its reason is new.
func (r *refusal) again(reason error) bool {
	text := reason.Error()
	r.Reason = strings.ToValidUTF8(text[:min(len(text), maxReason)], "")
	hash := sha512.Sum512_256([]byte(r.Reason))
	if slices.Contains(r.Told, hash) {
		return false
	}
	r.Told = append(r.Told, hash)
	r.Told = r.Told[max(0, len(r.Told)-maxTold):]
	return true
}

// read decodes what a prepared plan's signatures sign, and compares it with the
// plan. Nothing is committed to before, by a policy or without.
//
// If they differ the processor halts. Coins that prepare or keep something else
// than what the books hold are wrong about more than one transaction, and with
// the same software all validators would refuse this one and go on with the next:
// so this is no refusal.
func (s *Signer) read(id ID, plan coin.Plan, prepared []byte) (coin.UnsignedTransaction, error) {
	t, err := s.Coin.Read(plan, prepared)
	if err == nil {
		err = t.Check(plan)
	}
	if err != nil {
		return t, fmt.Errorf("%w: transaction of %s: %v", ErrUnusable, id, err)
	}
	return t, nil
}

// question is a plan to ask the policy about.
type question struct {
	Proposal
	digest  [32]byte
	refused bool // before
}

// Consult asks the policy about plans that this validator is to sign. What it
// accepts is signed, as long as this process lasts. What it refuses is told, once
// for each reason, and asked about again at another tip: until then this validator
// neither commits to it nor answers for it. Consult tells whether it asked; it is
// for one goroutine, and waits for the policy with no transaction open.
func (s *Signer) Consult(ctx context.Context, store storage.Store, tip uint64) (bool, error) {
	if s.Policy == nil {
		return false, nil
	}
	var questions []question
	err := store.View(ctx, func(r storage.Reader) (err error) {
		questions, err = s.questions(r, tip)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, q := range questions {
		refusal := s.Policy(ctx, q.Proposal)
		if ctx.Err() != nil {
			return false, ctx.Err() // the policy was interrupted
		}
		if err := s.decided(ctx, store, q, refusal); err != nil {
			return false, err
		}
		s.mu.Lock()
		s.opinions[q.SignID] = opinion{q.digest, tip, refusal == nil}
		s.mu.Unlock()
	}
	return len(questions) > 0, nil
}

// questions returns some of what is to be asked at a tip.
func (s *Signer) questions(r storage.Reader, tip uint64) (list []question, err error) {
	open, err := s.unfinished(r)
	if err != nil {
		return nil, err
	}
	for _, item := range open {
		id, d := item.Key, item.Value
		if id.Kind != Plan || s.asked(id, d.Digest, tip) {
			continue
		}
		complete, err := s.signatures.Has(r, id)
		if err != nil {
			return nil, err
		}
		share, err := s.share(r, id)
		if err != nil {
			return nil, err
		}
		a, err := s.assembly(r, id)
		if err != nil {
			return nil, err
		}
		if complete || share == nil || a == nil {
			continue
		}
		if planDigest(id.Subject, a.unsigned) != d.Digest {
			return nil, fmt.Errorf("%w: what is prepared of %s has changed", storage.ErrCorrupt, id)
		}
		q := question{digest: d.Digest}
		q.SignID, q.Plan = id, a.plan
		if q.Transaction, err = s.read(id, a.plan, a.unsigned); err != nil {
			return nil, err
		}
		if q.refused, err = s.refusals.Has(r, id.Subject); err != nil {
			return nil, err
		}
		if list = append(list, q); len(list) == s.limits.round {
			break
		}
	}
	return list, nil
}

// asked tells whether the policy need not be asked about a plan at a tip.
func (s *Signer) asked(id ID, digest [32]byte, tip uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.opinions[id]
	return ok && o.digest == digest && (o.accepts || o.tip == tip)
}

// permitted tells whether the policy, if there is one, lets a plan with a digest be
// signed.
func (s *Signer) permitted(id ID, digest [32]byte) bool {
	if s.Policy == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.opinions[id]
	return o.accepts && o.digest == digest
}

// decided records what the policy said, unless the plan is over by now.
func (s *Signer) decided(ctx context.Context, store storage.Store, q question, no error) error {
	if no == nil && !q.refused {
		return nil
	}
	plan := coin.PlanID(q.SignID.Subject)
	return store.Update(ctx, func(tx storage.Tx) error {
		if no == nil {
			return s.refusals.Delete(tx, plan)
		}
		d, err := s.duties.Load(tx, q.SignID)
		if err != nil || d.Digest != q.digest || d.Done {
			return err
		}
		r, err := s.refusals.Load(tx, plan)
		if err != nil {
			return err
		}
		before := r.Reason
		if r.again(no) {
			if err := s.Events.Declined(tx, plan, r.Reason); err != nil {
				return err
			}
		} else if r.Reason == before {
			return nil
		}
		return s.refusals.Put(tx, plan, r)
	})
}

// Refusals returns what the policy refuses at present, in the order of the plans'
// IDs. What others signed is not among it.
func (s *Signer) Refusals(r storage.Reader) (list []Refusal, err error) {
	if s.Policy == nil {
		return nil, nil // it was another's
	}
	for item, err := range s.refusals.All(r) {
		if err != nil {
			return nil, err
		}
		list = append(list, Refusal{item.Key, item.Value.Reason})
	}
	return list, nil
}

// Refused returns why the policy refuses a plan at present, if it does.
func (s *Signer) Refused(r storage.Reader, id coin.PlanID) (string, bool, error) {
	if s.Policy == nil {
		return "", false, nil // it was another's
	}
	x, ok, err := s.refusals.Get(r, id)
	return x.Reason, ok, err
}
