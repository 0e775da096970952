package frost

import (
	"slices"
)

// Roast forms the signing sets for one thing to be signed, out of an ordered
// log of commitments and shares (ROAST, eprint 2022/550, with the log in the
// place of its coordinator). It is a pure state machine: whoever applies the
// same log has the same sets.
//
// It knows commitments and shares by name only, a commitment by its signer and
// counter, a share by its signer and set. What they hold is with whoever applies
// the log, who judges it too: Progress tells what to keep, and for how long.
//
// Every responsive signer has one unused commitment in the log. As soon as
// unused commitments to signing the same digest have the weight of the
// threshold, they form the next set, and those signers are pending in it until
// they answer. An answer frees a signer. When the last member has answered, the
// shares are judged all at once: either the signatures are made, or whoever is
// at fault is removed for good, with all sets it is in. So a signature that
// nobody obstructs takes one verification, where ROAST, which judges each share
// when it comes, takes t.
//
// A signer whose shares in two live sets are not judged yet does not get into a
// third one before they are (Doubts). So whoever lies spoils two sets at a time,
// not all that others hold up, and with f adversaries and t honest signers one of
// at most 4f + 1 sets completes (besides those that withdrawals end), without any
// clock.
//
// A signer that restarts has lost its nonces. It commits again, with a higher
// counter, and that ends the set it is pending in without being a fault.
type Roast struct {
	threshold uint16
	weights   []uint16
	allowed   uint8    // withdrawals of a signer
	signers   []signer // per validator
	sets      []liveSet
	next      uint32    // number of the next set
	reattempt uint32    // number of the latest Reattempt
	first     *[32]byte // digest of the first commitment
	diverged  bool
	done      bool
}

// signer is the state of one validator. Once it is removed, only that remains.
type signer struct {
	removed     bool
	committed   bool
	counter     uint64            // highest so far, if committed
	unused      *SignerCommitment // waits for a set
	held        *SignerCommitment // waits for a Reattempt, while pending
	pending     bool
	set         uint32 // where it is pending
	withdrawals uint8
}

// liveSet is a set that waits for shares.
type liveSet struct {
	SigningSet
	answered []bool // per member
	sound    []bool // per member, whether its share was judged valid before the set is complete
}

// A SignerCommitment is what a signer puts into the log beside its nonces.
type SignerCommitment struct {
	// Counter distinguishes the commitments of a signer. It only grows.
	Counter uint64
	// Digest identifies what the signer is going to sign.
	Digest [32]byte
}

// A SetMember names the commitment of a validator.
type SetMember struct {
	Validator uint16
	// Counter is the commitment's.
	Counter uint64
}

// A SigningSet is a set of signers and their commitments to signing one digest.
type SigningSet struct {
	// Number counts the sets of one Roast from 0. It belongs in the context of
	// the session.
	Number uint32
	Digest [32]byte
	// Members are in ascending order, as NewSession wants them.
	Members []SetMember
}

// Progress is what an entry of the log led to.
type Progress struct {
	// Committed tells that the commitment counts: its nonces are needed until it
	// is Stale.
	Committed bool
	// Answered tells that the share counts and does not complete its set: it is
	// needed until the set has ended.
	Answered bool
	// Formed are the sets that now wait for shares.
	Formed []SigningSet
	// Ended are the sets that do not wait any more and have not completed.
	Ended []SigningSet
	// Stale are the commitments that are not needed any more: replaced, of
	// removed signers, and those in ended sets.
	Stale []SetMember
	// Completed is the set that has valid shares of all members. No commitment
	// and no share is needed any more, and everything after it is ignored.
	Completed *SigningSet
	// Divergence has the first two digests that differ. It is reported once.
	Divergence *[2][32]byte
}

// NewRoast starts without commitments. The weights are those of the validators,
// and the threshold is that of the key. Withdrawals is how often a signer may
// leave a set it is pending in before that takes a Reattempt.
func NewRoast(threshold uint16, weights []uint16, withdrawals uint8) *Roast {
	return &Roast{
		threshold: threshold,
		weights:   slices.Clone(weights),
		allowed:   withdrawals,
		signers:   make([]signer, len(weights)),
	}
}

// Done reports whether a set has completed.
func (r *Roast) Done() bool { return r.done }

// Next is the number of the next set, also when a set has completed.
func (r *Roast) Next() uint32 { return r.next }

// Skip lets the sets begin with a number, before there are any: those before it were
// of another Roast for the same thing to be signed, whose shares may still come.
func (r *Roast) Skip(number uint32) { r.next = max(r.next, number) }

// Pending reports whether a share of a validator for a set counts: whether the
// set is live and the validator has not answered yet. Other shares convict
// nobody.
func (r *Roast) Pending(validator uint16, number uint32) bool {
	if int(validator) >= len(r.signers) {
		return false
	}
	s := &r.signers[validator]
	return s.pending && s.set == number
}

// Idle reports whether a validator has to commit again to take part: it has
// neither an unused commitment nor a set that waits for it. The counter is the
// highest one it has committed with, 0 before the first.
func (r *Roast) Idle(validator uint16) (counter uint64, idle bool) {
	if r.done || int(validator) >= len(r.signers) {
		return 0, false
	}
	s := &r.signers[validator]
	return s.counter, !s.removed && s.unused == nil && s.held == nil && !s.pending
}

// Held reports whether a validator's commitment waits for a Reattempt: it has
// withdrawn too often, and is still pending.
func (r *Roast) Held(validator uint16) bool {
	return int(validator) < len(r.signers) && r.signers[validator].held != nil
}

// Set returns the live set with a number.
func (r *Roast) Set(number uint32) (SigningSet, bool) {
	if i, ok := r.find(number); ok {
		return r.sets[i].clone(), true
	}
	return SigningSet{}, false
}

// clone returns a set of its own.
func (s SigningSet) clone() SigningSet {
	s.Members = slices.Clone(s.Members)
	return s
}

func (r *Roast) find(number uint32) (int, bool) {
	return slices.BinarySearchFunc(r.sets, number, func(s liveSet, n uint32) int {
		return int(int64(s.Number) - int64(n))
	})
}

// Commit takes in a commitment. One that is not above the validator's highest
// counter so far is ignored: the first with a counter counts.
func (r *Roast) Commit(validator uint16, c SignerCommitment) Progress {
	var p Progress
	if !r.done && len(r.Doubts(validator)) == 0 {
		r.commit(validator, c, &p)
	}
	return p
}

func (r *Roast) commit(validator uint16, c SignerCommitment, p *Progress) {
	if int(validator) >= len(r.signers) {
		return
	}
	s := &r.signers[validator]
	if s.removed || s.committed && c.Counter <= s.counter {
		return
	}
	p.replace(validator, s)
	p.Committed = true
	s.committed, s.counter = true, c.Counter
	if s.pending && s.withdrawals == r.allowed {
		s.held = &c
		return
	}
	if s.pending {
		r.withdraw(s, &c, p)
		return
	}
	r.offer(s, &c, p)
}

// replace makes the commitment of a signer stale that is in no set, if there is
// one.
func (p *Progress) replace(validator uint16, s *signer) {
	if s.unused != nil || s.held != nil {
		p.Stale = append(p.Stale, SetMember{validator, s.counter})
	}
}

// offer makes a commitment the unused one of its signer and forms a set if that
// completes one.
func (r *Roast) offer(s *signer, c *SignerCommitment, p *Progress) {
	s.unused = c
	if r.first == nil {
		digest := c.Digest
		r.first = &digest
	}
	if !r.diverged && c.Digest != *r.first {
		r.diverged = true
		p.Divergence = &[2][32]byte{*r.first, c.Digest}
	}

	weight := 0
	for v := range r.signers {
		if u := r.signers[v].unused; u != nil && u.Digest == c.Digest {
			weight += int(r.weights[v])
		}
	}
	if weight < int(r.threshold) {
		return
	}
	set := SigningSet{Number: r.next, Digest: c.Digest}
	r.next++
	for v := range r.signers {
		s := &r.signers[v]
		if s.unused != nil && s.unused.Digest == c.Digest {
			set.Members = append(set.Members, SetMember{uint16(v), s.unused.Counter})
			s.unused, s.pending, s.set = nil, true, set.Number
		}
	}
	r.sets = append(r.sets, liveSet{set, make([]bool, len(set.Members)), make([]bool, len(set.Members))})
	p.Formed = append(p.Formed, set.clone())
}

// end removes a set and frees its members. They take part again as soon as they
// commit again, and those that already have do so at once.
func (r *Roast) end(number uint32, p *Progress) {
	i, ok := r.find(number)
	if !ok {
		return
	}
	set := r.sets[i].SigningSet
	r.sets = slices.Delete(r.sets, i, i+1)
	p.Ended = append(p.Ended, set)
	p.Stale = append(p.Stale, set.Members...)
	var freed []*signer
	for _, m := range set.Members {
		if s := &r.signers[m.Validator]; s.pending && s.set == number {
			s.pending, s.set = false, 0
			freed = append(freed, s)
		}
	}
	for _, s := range freed {
		r.release(s, p)
	}
}

// release offers the commitment that a signer, now free, had held back.
func (r *Roast) release(s *signer, p *Progress) {
	if c := s.held; c != nil {
		s.held = nil
		r.offer(s, c, p)
	}
}

// withdraw takes a signer out of the set it is pending in, which ends the set,
// and offers its new commitment.
func (r *Roast) withdraw(s *signer, c *SignerCommitment, p *Progress) {
	s.withdrawals++
	s.held = nil
	r.end(s.set, p)
	r.offer(s, c, p)
}

// Reattempt gives every signer its withdrawals back, and those that waited for
// it take part again. A number that is not above the last one is ignored.
func (r *Roast) Reattempt(number uint32) Progress {
	var p Progress
	if r.done || number <= r.reattempt {
		return p
	}
	r.reattempt = number
	for v := range r.signers {
		if s := &r.signers[v]; s.held != nil {
			r.withdraw(s, s.held, &p)
		}
	}
	for v := range r.signers {
		r.signers[v].withdrawals = 0
	}
	return p
}
