package frost

// RoastState is where the validators of a Roast stand, for people who ask what it
// waits for. Each validator is in at most one of the lists, in ascending order, and
// in at most one set's Missing.
type RoastState struct {
	// Committed have an unused commitment, of the weight Weight together; with
	// that of the Threshold, and one digest, they form a set.
	Committed         []uint16
	Weight, Threshold uint16
	// Idle have to commit.
	Idle []uint16
	// Held have committed and withdrawn too often: they wait for a Reattempt.
	Held []uint16
	// Removed were convicted.
	Removed []uint16
	// Sets are the live ones.
	Sets []WaitingSet
}

// WaitingSet is a live set.
type WaitingSet struct {
	// Number is that of the SigningSet.
	Number uint32
	// Members are in ascending order, and Missing those of them whose shares are not
	// there.
	Members, Missing []uint16
}

// State returns where the validators stand. There is nothing to tell of a Roast
// that is done.
func (r *Roast) State() RoastState {
	state := RoastState{Threshold: r.threshold}
	if r.done {
		return state
	}
	for v := range r.signers {
		s, validator := &r.signers[v], uint16(v)
		switch {
		case s.removed:
			state.Removed = append(state.Removed, validator)
		case s.held != nil:
			state.Held = append(state.Held, validator)
		case s.unused != nil:
			state.Committed = append(state.Committed, validator)
			state.Weight += r.weights[v]
		case !s.pending:
			state.Idle = append(state.Idle, validator)
		}
	}
	for i := range r.sets {
		set := WaitingSet{Number: r.sets[i].Number}
		for m, member := range r.sets[i].Members {
			set.Members = append(set.Members, member.Validator)
			if !r.sets[i].answered[m] {
				set.Missing = append(set.Missing, member.Validator)
			}
		}
		state.Sets = append(state.Sets, set)
	}
	return state
}
