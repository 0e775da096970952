package frost

import "slices"

// LastAnswer returns the set if the share of the given validator is the last one
// that it waits for. Then the shares are to be judged, before Answer.
func (r *Roast) LastAnswer(validator uint16, number uint32) (set SigningSet, last bool) {
	if !r.Pending(validator, number) {
		return SigningSet{}, false
	}
	i, _ := r.find(number)
	live := &r.sets[i]
	for m := range live.Members {
		if live.Members[m].Validator != validator && !live.answered[m] {
			return SigningSet{}, false
		}
	}
	return live.clone(), true
}

// maxDoubts is in how many live sets a signer's shares may wait to be judged
// when it commits. Where nobody obstructs, sets seldom overlap more.
const maxDoubts = 2

// Doubts returns the sets in which a validator's shares are to be judged before
// its next commitment, alone or beside a share, counts: the live sets with shares
// of its that were not judged, or none if they are few.
func (r *Roast) Doubts(validator uint16) []SigningSet {
	var doubts []SigningSet
	for i := range r.sets {
		set := &r.sets[i]
		for m := range set.Members {
			if set.Members[m].Validator == validator && set.answered[m] && !set.sound[m] {
				doubts = append(doubts, set.clone())
			}
		}
	}
	if len(doubts) < maxDoubts {
		return nil
	}
	return doubts
}

// Judged takes in the verdict on all Doubts of a validator: it is removed
// unless all of the shares are valid.
func (r *Roast) Judged(validator uint16, valid bool) Progress {
	var p Progress
	if !valid {
		r.remove([]uint16{validator}, &p)
		return p
	}
	for i := range r.sets {
		set := &r.sets[i]
		for m := range set.Members {
			set.sound[m] = set.sound[m] || set.Members[m].Validator == validator && set.answered[m]
		}
	}
	return p
}

// Answer takes in the share of a validator for a set, and the commitment that
// came with it, or nil. If the share counts, faulty are the validators that it
// leads to the conviction of: its sender, if it is malformed, or those whose
// shares are at fault, if it is the last one and the set does not make its
// signatures. The commitment counts even if the share does not, unless the
// validator is removed or there are Doubts of it.
func (r *Roast) Answer(validator uint16, number uint32, faulty []uint16, next *SignerCommitment) Progress {
	var p Progress
	if r.done || int(validator) >= len(r.signers) {
		return p
	}
	if len(r.Doubts(validator)) > 0 {
		next = nil
	}
	if r.Pending(validator, number) {
		if len(faulty) > 0 {
			r.remove(faulty, &p)
			r.end(number, &p)
		} else if r.accept(validator, number, &p); r.done {
			return p
		}
	}
	if next != nil {
		r.commit(validator, *next, &p)
	}
	return p
}

// remove removes validators for good and ends the sets that need a share of
// theirs: those where it is missing, wrong or not judged.
func (r *Roast) remove(faulty []uint16, p *Progress) {
	var over []uint32
	for i := range r.sets {
		set := &r.sets[i]
		for m := range set.Members {
			if slices.Contains(faulty, set.Members[m].Validator) && !set.sound[m] {
				over = append(over, set.Number)
				break
			}
		}
	}
	for _, v := range faulty {
		if int(v) < len(r.signers) {
			p.replace(v, &r.signers[v])
			r.signers[v] = signer{removed: true}
		}
	}
	for _, n := range over {
		r.end(n, p)
	}
}

// accept takes in a share that is pending.
func (r *Roast) accept(validator uint16, number uint32, p *Progress) {
	i, _ := r.find(number)
	set := &r.sets[i]
	for m := range set.Members {
		set.answered[m] = set.answered[m] || set.Members[m].Validator == validator
	}
	if !slices.Contains(set.answered, false) {
		p.Completed = &set.SigningSet
		*r = Roast{threshold: r.threshold, weights: r.weights, allowed: r.allowed, signers: make([]signer, len(r.signers)), next: r.next, done: true}
		return
	}
	p.Answered = true
	s := &r.signers[validator]
	s.pending, s.set = false, 0
	r.release(s, p)
}
