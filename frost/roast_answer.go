package frost

import "slices"

// LastAnswer returns the set with all its shares if that of the given validator
// is the last one that a live set waits for. Then the shares are to be judged,
// before Answer.
func (r *Roast) LastAnswer(validator uint16, number uint32, share []byte) (set AnsweredSet, last bool) {
	if !r.Pending(validator, number) {
		return AnsweredSet{}, false
	}
	i, _ := r.find(number)
	live := &r.sets[i]
	shares := slices.Clone(live.shares)
	for m := range live.Members {
		switch {
		case live.Members[m].Validator == validator:
			shares[m] = given(share)
		case shares[m] == nil:
			return AnsweredSet{}, false
		}
	}
	return AnsweredSet{live.SigningSet, shares}, true
}

// A Doubt is a share in a live set that was not judged.
type Doubt struct {
	SigningSet
	Share []byte
}

// maxDoubts is in how many live sets a signer's shares may wait to be judged
// when it commits. Where nobody obstructs, sets seldom overlap more.
const maxDoubts = 2

// Doubts returns the shares of a validator that are to be judged before its next
// commitment, alone or beside a share, counts: those in live sets, or none if
// they are few.
func (r *Roast) Doubts(validator uint16) []Doubt {
	var doubts []Doubt
	for i := range r.sets {
		set := &r.sets[i]
		for m := range set.Members {
			if set.Members[m].Validator == validator && set.shares[m] != nil && !set.sound[m] {
				doubts = append(doubts, Doubt{set.SigningSet, set.shares[m]})
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
			set.sound[m] = set.sound[m] || set.Members[m].Validator == validator && set.shares[m] != nil
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
func (r *Roast) Answer(validator uint16, number uint32, share []byte, faulty []uint16, next *SignerCommitment) Progress {
	var p Progress
	if r.done || int(validator) >= len(r.signers) {
		return p
	}
	if len(r.Doubts(validator)) > 0 {
		next = nil
	}
	if r.Pending(validator, number) {
		switch {
		case len(share) > MaxAnswerSize:
			r.remove([]uint16{validator}, &p)
		case len(faulty) > 0:
			r.remove(faulty, &p)
			r.end(number, &p)
		default:
			r.accept(validator, number, share, &p)
		}
		if r.done {
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
			r.signers[v] = signer{removed: true}
		}
	}
	for _, n := range over {
		r.end(n, p)
	}
}

// accept takes in a share that is pending.
func (r *Roast) accept(validator uint16, number uint32, share []byte, p *Progress) {
	i, _ := r.find(number)
	set := &r.sets[i]
	missing := 0
	for m := range set.Members {
		if set.Members[m].Validator == validator {
			set.shares[m] = given(share)
		}
		if set.shares[m] == nil {
			missing++
		}
	}
	if missing == 0 {
		p.Completed = &AnsweredSet{set.SigningSet, set.shares}
		*r = Roast{threshold: r.threshold, weights: r.weights, allowed: r.allowed, signers: make([]signer, len(r.signers)), done: true}
		return
	}
	s := &r.signers[validator]
	s.pending, s.set = false, 0
	r.release(s, p)
}

// given returns a copy of a share that is there: it is not nil, even if it is
// empty, so that it counts as malformed and not as missing.
func given(share []byte) []byte { return append([]byte{}, share...) }
