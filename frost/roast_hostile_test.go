package frost_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

// Whatever a log holds, every live set waits for somebody, nobody is waited for
// in two, no more than n − t + 1 are live, and the state can be stored and read.
func TestRoastAnyLogKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Uint16Range(1, 3), 1, 6).Draw(t, "weights")
		total := 0
		for _, w := range weights {
			total += int(w)
		}
		threshold := rapid.IntRange(1, total).Draw(t, "threshold")
		allowed := rapid.SampledFrom([]uint8{0, 1, 3, 255}).Draw(t, "withdrawals")
		l := logOf(t, frost.NewRoast(uint16(threshold), weights, allowed))
		var formed []frost.SigningSet
		for step := range uint32(60) {
			v := rapid.Uint16Range(0, uint16(len(weights))).Draw(t, "validator")
			digest := rapid.SampledFrom([][32]byte{digestA, digestA, digestB}).Draw(t, "digest")
			next := commitment(rapid.Uint64Range(0, uint64(step)).Draw(t, "counter"), digest)
			var number uint32
			if len(formed) > 0 {
				number = rapid.SampledFrom(formed).Draw(t, "set").Number
			}
			formed = append(formed, l.judge(v)...)
			var p frost.Progress
			switch rapid.IntRange(0, 9).Draw(t, "entry") {
			case 0:
				p = l.reattempt(step)
			case 1:
				p = l.answer(v, number, false, &next)
			case 2:
				p = l.give(v, number, wrong, &next)
			case 3, 4:
				p = l.give(v, number, valid, nil)
			case 5:
				p = l.give(v, number, valid, &next)
			default:
				p = l.commitTo(v, next)
			}
			formed = append(formed, p.Formed...)

			live, pending := 0, make([]int, len(weights))
			for _, set := range formed {
				waits := false
				for _, m := range set.Members {
					if l.r.Pending(m.Validator, set.Number) {
						waits = true
						pending[m.Validator]++
					}
				}
				_, isLive := l.r.Set(set.Number)
				require.Equal(t, isLive, waits)
				if isLive {
					live++
				}
			}
			require.LessOrEqual(t, live, total-threshold+1)
			for _, sets := range pending {
				require.LessOrEqual(t, sets, 1)
			}
		}
	})
}

// Without any withdrawals of its own a signer that restarts waits for a
// Reattempt, every time.
func TestRoastWithoutWithdrawals(t *testing.T) {
	l := logOf(t, frost.NewRoast(2, []uint16{1, 1}, 0))
	l.commit(0, 1)
	l.formed(l.commit(1, 1), 0, 0, 1)
	for i := range uint32(3) {
		l.nothing(l.commit(0, uint64(2+i)))
		require.True(t, l.r.Pending(0, i))
		l.nothing(l.reattempt(1 + i))
		require.False(t, l.r.Pending(0, i))
		l.formed(l.commit(1, uint64(2+i)), 1+i, 0, 1)
	}
}

// What a Roast gives is not shared with its caller, and looking does not change
// it.
func TestRoastOwnsItsState(t *testing.T) {
	r := frost.NewRoast(3, []uint16{1, 1, 1, 1}, maxWithdrawals)
	spoil := func(set frost.SigningSet) {
		require.NotEmpty(t, set.Members)
		clear(set.Members)
	}
	for set := range uint32(2) {
		r.Commit(0, commitment(uint64(1+set), digestA))
		r.Commit(1, commitment(uint64(1+set), digestA))
		before := wire.Marshal(r)
		spoil(r.Commit(uint16(2+set), commitment(1, digestA)).Formed[0])
		require.NotEqual(t, before, wire.Marshal(r))
		r.Answer(0, set, nil, nil)
		r.Answer(1, set, nil, nil)
	}
	before := wire.Marshal(r)
	set, live := r.Set(1)
	require.True(t, live)
	require.Equal(t, []frost.SetMember{{0, 2}, {1, 2}, {3, 1}}, set.Members)
	spoil(set)
	set, last := r.LastAnswer(2, 0)
	require.True(t, last)
	require.Equal(t, []frost.SetMember{{0, 1}, {1, 1}, {2, 1}}, set.Members)
	spoil(set)
	doubts := r.Doubts(0)
	require.Len(t, doubts, 2)
	for _, set := range doubts {
		spoil(set)
	}
	require.Equal(t, before, wire.Marshal(r))
	require.True(t, r.Pending(2, 0), "looking at the last answer does not take it in")
}

// A Reattempt counts once, however often it is in the log.
func TestRoastReattemptsAreNotRepeated(t *testing.T) {
	l := logOf(t, frost.NewRoast(2, []uint16{1, 1}, 1))
	l.commit(0, 1)
	l.formed(l.commit(1, 1), 0, 0, 1)
	l.nothing(l.reattempt(7))
	l.nothing(l.commit(0, 2)) // the one withdrawal
	l.formed(l.commit(1, 2), 1, 0, 1)
	l.nothing(l.commit(0, 3)) // held back
	for _, number := range []uint32{7, 6} {
		l.ignored(l.reattempt(number))
		require.True(t, l.r.Pending(0, 1))
	}
	l.nothing(l.reattempt(8))
	require.False(t, l.r.Pending(0, 1))
}

// rawSet is a live set as it is encoded: the members that have answered come with
// true.
type rawSet struct {
	number  uint32
	members []uint16
	answers []bool
}

// rawSigner is the encoded state of a signer, with the bits of flags as they
// are: removed, committed, unused, pending, held.
type rawSigner struct {
	flags, withdrawals uint8
	set                uint32
}

// rawRoast encodes a state with threshold 2 and 3 withdrawals allowed, in which
// sets 0 to 8 have formed.
func rawRoast(first bool, sets []rawSet, signers ...rawSigner) []byte {
	var w wire.Writer
	w.Uint16(2)
	w.Count(len(signers))
	for range signers {
		w.Uint16(1)
	}
	w.Uint8(3)
	w.Bool(false) // done
	w.Uint32(9)
	w.Uint32(0) // Reattempts
	if w.Bool(first); first {
		w.Fixed(digestA[:])
		w.Bool(false) // diverged
	}
	w.Count(len(sets))
	for _, set := range sets {
		w.Uint32(set.number)
		w.Fixed(digestA[:])
		w.Count(len(set.members))
		for i, v := range set.members {
			w.Uint16(v)
			w.Uint64(5) // counter
			if w.Bool(set.answers[i]); set.answers[i] {
				w.Bool(false) // judged
			}
		}
	}
	for _, s := range signers {
		if w.Uint8(s.flags); s.flags&2 == 0 {
			continue
		}
		w.Uint64(5) // counter
		w.Uint8(s.withdrawals)
		if s.flags&8 != 0 {
			w.Uint32(s.set)
		}
		for _, commitment := range []uint8{4, 16} {
			if s.flags&commitment != 0 {
				w.Fixed(digestA[:])
			}
		}
	}
	return w.Data()
}

func TestRoastDecodeRefusesWhatNoLogLeadsTo(t *testing.T) {
	silent, free, pending := rawSigner{}, rawSigner{flags: 2}, rawSigner{flags: 2 | 8, set: 1}
	both, one := []bool{false, false}, []bool{true, false}
	set := []rawSet{{1, []uint16{0, 1}, both}}
	for name, sound := range map[string][]byte{
		"both pending": rawRoast(true, set, pending, pending, silent),
		"one answered": rawRoast(true, []rawSet{{1, []uint16{0, 1}, one}}, rawSigner{flags: 2 | 4}, pending),
		"one waits":    rawRoast(true, set, pending, rawSigner{2 | 8 | 16, 3, 1}),
		"removed":      rawRoast(true, set, pending, pending, rawSigner{flags: 1}),
	} {
		r, err := wire.Unmarshal[frost.Roast](sound)
		require.NoError(t, err, name)
		require.Equal(t, sound, wire.Marshal(&r), name)
	}
	for name, b := range map[string][]byte{
		"more withdrawals than allowed":  rawRoast(true, set, pending, rawSigner{2 | 8, 4, 1}),
		"a set that is yet to form":      rawRoast(true, []rawSet{{9, []uint16{0}, both}}, rawSigner{2 | 8, 0, 9}),
		"sets out of order":              rawRoast(true, []rawSet{{2, []uint16{0}, both}, {1, []uint16{1}, both}}, rawSigner{2 | 8, 0, 2}, pending),
		"members out of order":           rawRoast(true, []rawSet{{1, []uint16{1, 0}, both}}, pending, pending),
		"an unknown member":              rawRoast(true, []rawSet{{1, []uint16{0, 2}, []bool{false, true}}}, pending, free),
		"pending, but not in the set":    rawRoast(true, set, pending, pending, pending),
		"in the set, but not pending":    rawRoast(true, set, pending, free),
		"a set that all have answered":   rawRoast(true, []rawSet{{1, []uint16{0, 1}, []bool{true, true}}}, free, free),
		"a signer with unknown state":    rawRoast(true, nil, rawSigner{flags: 1 << 5}),
		"removed and committed":          rawRoast(true, nil, rawSigner{flags: 1 | 2}),
		"unused without commitment":      rawRoast(true, nil, rawSigner{flags: 4}),
		"unused while pending":           rawRoast(true, set, pending, rawSigner{2 | 4 | 8, 0, 1}),
		"held back though free":          rawRoast(true, nil, rawSigner{2 | 16, 3, 0}),
		"held back with withdrawals":     rawRoast(true, set, pending, rawSigner{2 | 8 | 16, 2, 1}),
		"a commitment, but no digest":    rawRoast(false, nil, free),
		"bytes behind the state":         append(rawRoast(true, set, pending, pending), 0),
		"the state of a signer is short": rawRoast(true, set, pending, pending)[:40],
	} {
		_, err := wire.Unmarshal[frost.Roast](b)
		require.Error(t, err, name)
	}
}

// One after the other lies, once all others are silent in sets. If lies were
// found when sets are complete, and only then, this would take f(f+1)/2 + 1 sets.
func TestRoastUnderAttack(t *testing.T) {
	const adversaries, all, threshold = 9, 28, 19
	weights := make([]uint16, all)
	for v := range weights {
		weights[v] = 1
	}
	l := newLog(t, threshold, weights...)
	var formed []frost.SigningSet
	commitIfIdle := func(v uint16) bool {
		formed = append(formed, l.judge(v)...)
		counter, idle := l.r.Idle(v)
		if idle {
			formed = append(formed, l.commit(v, counter+1).Formed...)
		}
		return idle
	}
	var liar uint16
	for !l.r.Done() {
		// One more adversary is going to be silent, if there is one left.
		silent := liar + 1
		for silent < adversaries && !commitIfIdle(silent) {
			silent++
		}
		if !commitIfIdle(liar) && liar < adversaries {
			liar++ // it is convicted
		}
		for v := uint16(adversaries); v < all; v++ {
			commitIfIdle(v)
		}
		set := formed[len(formed)-1]
		for _, m := range set.Members {
			switch {
			case m.Validator >= adversaries:
				l.give(m.Validator, set.Number, valid, nil)
			case m.Validator == liar:
				l.give(m.Validator, set.Number, wrong, nil)
			}
		}
	}
	require.LessOrEqual(t, len(formed), 4*adversaries+1)
}
