package frost

import (
	"github.com/serai-go/processor/internal/wire"
)

// Bits of the encoded state of a signer.
const (
	flagRemoved = 1 << iota
	flagCommitted
	flagUnused
	flagPending
	flagHeld
	flagEnd
)

// Encode writes the whole state.
func (r *Roast) Encode(w *wire.Writer) {
	w.Uint16(r.threshold)
	w.Count(len(r.weights))
	for _, weight := range r.weights {
		w.Uint16(weight)
	}
	w.Uint8(r.allowed)
	w.Bool(r.done)
	w.Uint32(r.next)
	if r.done {
		return
	}
	w.Uint32(r.reattempt)
	w.Bool(r.first != nil)
	if r.first != nil {
		w.Fixed(r.first[:])
		w.Bool(r.diverged)
	}
	w.Count(len(r.sets))
	for i := range r.sets {
		r.sets[i].encode(w)
	}
	for i := range r.signers {
		r.signers[i].encode(w)
	}
}

func (s *liveSet) encode(w *wire.Writer) {
	w.Uint32(s.Number)
	w.Fixed(s.Digest[:])
	w.Count(len(s.Members))
	for i, m := range s.Members {
		w.Uint16(m.Validator)
		w.Uint64(m.Counter)
		w.Bool(s.answered[i])
		if s.answered[i] {
			w.Bool(s.sound[i])
		}
	}
}

func (s *signer) encode(w *wire.Writer) {
	var flags uint8
	set := func(flag uint8, on bool) {
		if on {
			flags |= flag
		}
	}
	set(flagRemoved, s.removed)
	set(flagCommitted, s.committed)
	set(flagUnused, s.unused != nil)
	set(flagPending, s.pending)
	set(flagHeld, s.held != nil)
	w.Uint8(flags)
	if !s.committed {
		return
	}
	w.Uint64(s.counter)
	w.Uint8(s.withdrawals)
	if s.pending {
		w.Uint32(s.set)
	}
	for _, c := range []*SignerCommitment{s.unused, s.held} {
		if c != nil {
			// Its counter is the highest one.
			w.Fixed(c.Digest[:])
		}
	}
}

// Decode reads a state that Encode wrote. It refuses what no log leads to as far
// as later steps rely on it.
func (r *Roast) Decode(rd *wire.Reader) {
	*r = Roast{threshold: rd.Uint16()}
	r.weights = make([]uint16, rd.Count(MaxShares, 2))
	for i := range r.weights {
		r.weights[i] = rd.Uint16()
	}
	r.signers = make([]signer, len(r.weights))
	r.allowed = rd.Uint8()
	r.done = rd.Bool()
	if r.next = rd.Uint32(); r.done {
		return
	}
	r.reattempt = rd.Uint32()
	if rd.Bool() {
		r.first = new([32]byte)
		rd.Fixed(r.first[:])
		r.diverged = rd.Bool()
	}
	// Every live set has a signer pending in it, and no signer in two.
	r.sets = make([]liveSet, rd.Count(len(r.weights), 4+32+4))
	for i := range r.sets {
		set := &r.sets[i]
		set.decode(rd, len(r.weights))
		rd.Check(set.Number < r.next, "number of a set")
		rd.Check(i == 0 || r.sets[i-1].Number < set.Number, "order of the sets")
	}
	for i := range r.signers {
		r.signers[i].decode(rd, r.allowed)
		rd.Check(!r.signers[i].committed || r.first != nil, "first digest")
	}
	if rd.Err() == nil {
		rd.Check(r.consistent(), "sets and pending signers")
	}
	if rd.Err() != nil {
		*r = Roast{}
	}
}

func (s *liveSet) decode(rd *wire.Reader, validators int) {
	s.Number = rd.Uint32()
	rd.Fixed(s.Digest[:])
	n := rd.Count(validators, 2+8+1)
	s.Members = make([]SetMember, n)
	s.answered = make([]bool, n)
	s.sound = make([]bool, n)
	for i := range s.Members {
		s.Members[i].Validator = rd.Uint16()
		rd.Check(int(s.Members[i].Validator) < validators, "member")
		rd.Check(i == 0 || s.Members[i-1].Validator < s.Members[i].Validator, "order of the members")
		s.Members[i].Counter = rd.Uint64()
		if s.answered[i] = rd.Bool(); s.answered[i] {
			s.sound[i] = rd.Bool()
		}
	}
}

func (s *signer) decode(rd *wire.Reader, allowed uint8) {
	flags := rd.Uint8()
	rd.Check(flags < flagEnd, "state of a signer")
	s.removed = flags&flagRemoved != 0
	s.committed = flags&flagCommitted != 0
	s.pending = flags&flagPending != 0
	unused, held := flags&flagUnused != 0, flags&flagHeld != 0
	rd.Check(!s.removed || flags == flagRemoved, "removed signer")
	rd.Check(s.committed || flags&^flagRemoved == 0, "signer without commitment")
	rd.Check(!unused || !s.pending, "unused commitment of a pending signer")
	rd.Check(!held || s.pending, "held commitment of a free signer")
	if !s.committed {
		return
	}
	s.counter = rd.Uint64()
	s.withdrawals = rd.Uint8()
	rd.Check(s.withdrawals <= allowed, "withdrawals")
	rd.Check(!held || s.withdrawals == allowed, "held commitment")
	if s.pending {
		s.set = rd.Uint32()
	}
	read := func() *SignerCommitment {
		c := &SignerCommitment{Counter: s.counter}
		rd.Fixed(c.Digest[:])
		return c
	}
	if unused {
		s.unused = read()
	}
	if held {
		s.held = read()
	}
}

// consistent reports whether the pending signers are those whose shares the
// sets wait for.
func (r *Roast) consistent() bool {
	waiting := 0
	for i := range r.sets {
		missing := 0
		for m, member := range r.sets[i].Members {
			if r.sets[i].answered[m] {
				continue
			}
			if !r.Pending(member.Validator, r.sets[i].Number) {
				return false
			}
			missing++
		}
		if missing == 0 {
			return false
		}
		waiting += missing
	}
	for i := range r.signers {
		if r.signers[i].pending {
			waiting--
		}
	}
	return waiting == 0
}
