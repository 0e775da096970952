package frost_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

func TestRoastCompletes(t *testing.T) {
	l := newLog(t, 4, 1, 2, 1, 2)
	l.nothing(l.commit(3, 5))
	l.nothing(l.commit(0, 9))
	l.formed(l.commit(1, 1), 0, 0, 1, 3)
	l.nothing(l.commit(2, 1))
	l.nothing(l.answer(3, 0, true, nil))
	require.False(t, l.r.Pending(3, 0))
	l.nothing(l.answer(0, 0, true, nil))
	p := l.answer(1, 0, true, nil)
	require.Equal(t, &frost.SigningSet{Digest: digestA, Members: []frost.SetMember{{0, 9}, {1, 1}, {3, 5}}}, p.Completed)
	require.True(t, l.r.Done())
	for v := range uint16(4) {
		l.ignored(l.commit(v, 100))
	}
}

func TestRoastHigherCounterReplaces(t *testing.T) {
	l := newLog(t, 2, 1, 1)
	for counter := uint64(0); counter < 10; counter++ {
		l.nothing(l.commit(0, counter))
	}
	l.ignored(l.commit(0, 3)) // lower
	l.ignored(l.commitTo(0, commitment(9, digestB)))
	p := l.commit(1, 0)
	l.formed(p, 0, 0, 1)
	require.Equal(t, frost.SetMember{Validator: 0, Counter: 9}, p.Formed[0].Members[0])
}

func TestRoastWithdrawalEndsTheSet(t *testing.T) {
	l := newLog(t, 2, 1, 1, 1)
	l.commit(0, 1)
	l.formed(l.commit(1, 1), 0, 0, 1)
	p := l.commit(0, 2) // withdraws
	l.nothing(p)
	require.Equal(t, []frost.SigningSet{{Digest: digestA, Members: []frost.SetMember{{0, 1}, {1, 1}}}}, p.Ended)
	require.Equal(t, p.Ended[0].Members, p.Stale)
	require.False(t, l.r.Pending(1, 0))
	// The other's share convicts nobody, and what it carries counts.
	next := commitment(2, digestA)
	l.formed(l.answer(1, 0, false, &next), 1, 0, 1)
	// A late share for the dead set again, without commitment.
	l.nothing(l.answer(1, 0, false, nil))
	require.True(t, l.r.Pending(1, 1))
}

func TestRoastWithdrawalsAreLimited(t *testing.T) {
	l := newLog(t, 2, 1, 1)
	l.commit(0, 0)
	l.formed(l.commit(1, 0), 0, 0, 1)
	for i := uint64(1); i <= maxWithdrawals; i++ {
		l.nothing(l.commit(0, i))
		l.formed(l.commit(1, i), uint32(i), 0, 1)
	}
	live := uint32(maxWithdrawals)
	l.nothing(l.commit(0, 10))
	l.nothing(l.commit(0, 11))
	require.True(t, l.r.Pending(0, live), "held back until a Reattempt")

	l.r = reload(t, l.r)
	l.nothing(l.reattempt(1))
	require.False(t, l.r.Pending(0, live))
	l.ignored(l.reattempt(1)) // the number does not grow
	p := l.commit(1, 50)
	l.formed(p, live+1, 0, 1)
	require.Equal(t, frost.SetMember{Validator: 0, Counter: 11}, p.Formed[0].Members[0])
}

func TestRoastHeldCommitmentCountsOnceTheSignerIsFree(t *testing.T) {
	setup := func(t *testing.T) (*log, uint32) {
		l := newLog(t, 2, 1, 1)
		l.commit(0, 0)
		l.commit(1, 0)
		for i := uint64(1); i <= maxWithdrawals; i++ {
			l.commit(0, i)
			l.commit(1, i)
		}
		l.commit(0, 10)
		return l, maxWithdrawals
	}
	t.Run("by a valid share", func(t *testing.T) {
		l, live := setup(t)
		l.nothing(l.answer(0, live, true, nil))
		require.True(t, l.r.Pending(1, live))
		l.formed(l.commit(1, 20), live+1, 0, 1)
	})
	t.Run("by another's withdrawal", func(t *testing.T) {
		l, live := setup(t)
		l.formed(l.commit(1, 20), live+1, 0, 1)
	})
	t.Run("not by an invalid share", func(t *testing.T) {
		l, live := setup(t)
		l.nothing(l.answer(0, live, false, nil))
		l.nothing(l.commit(1, 20))
		l.nothing(l.commit(0, 21))
	})
}

func TestRoastInvalidShareRemoves(t *testing.T) {
	l := newLog(t, 2, 1, 1, 1)
	l.commit(0, 1)
	l.formed(l.commit(1, 1), 0, 0, 1)
	next := commitment(2, digestA)
	l.nothing(l.answer(0, 0, false, &next))
	l.nothing(l.commit(0, 3))
	l.nothing(l.commit(1, 2))
	l.formed(l.commit(2, 1), 1, 1, 2)
	l.nothing(l.answer(2, 1, true, nil))
	require.NotNil(t, l.answer(1, 1, true, nil).Completed)
}

// With a signer goes its commitment that waits for a set.
func TestRoastRemovalMakesTheCommitmentStale(t *testing.T) {
	l := newLog(t, 2, 1, 1, 1)
	l.commit(0, 1)
	l.commit(1, 1)
	next := commitment(2, digestA)
	l.give(0, 0, wrong, &next)
	p := l.give(1, 0, valid, nil)
	l.nothing(p)
	require.Equal(t, []frost.SigningSet{{Digest: digestA, Members: []frost.SetMember{{0, 1}, {1, 1}}}}, p.Ended)
	require.ElementsMatch(t, []frost.SetMember{{0, 1}, {1, 1}, {0, 2}}, p.Stale)
}

// Wrong shares are found when the set is complete. Whoever gave them is out, of
// all its sets, and all others go on.
func TestRoastWrongSharesRemoveOnceTheSetIsComplete(t *testing.T) {
	l := newLog(t, 3, 1, 1, 1, 1, 1)
	for v := range uint16(3) {
		l.commit(v, 1)
	}
	next := func(counter uint64) *frost.SignerCommitment { c := commitment(counter, digestA); return &c }
	l.nothing(l.give(0, 0, wrong, next(2))) // free, and in the next set
	l.nothing(l.give(1, 0, wrong, next(2)))
	l.formed(l.commit(3, 1), 1, 0, 1, 3)
	_, last := l.r.LastAnswer(3, 0)
	require.False(t, last, "not in the set")
	_, last = l.r.LastAnswer(3, 1)
	require.False(t, last, "others are missing")
	set, last := l.r.LastAnswer(2, 0)
	require.True(t, last)
	require.Equal(t, []uint16{0, 1, 2}, validators(set))
	l.nothing(l.give(2, 0, valid, next(2)))
	l.r = reload(t, l.r)
	for _, set := range []uint32{0, 1} {
		_, live := l.r.Set(set)
		require.False(t, live)
	}
	_, idle := l.r.Idle(3)
	require.True(t, idle, "freed from the set with the convicted ones")
	l.nothing(l.commit(0, 9))
	l.nothing(l.commit(3, 2))
	l.formed(l.commit(4, 1), 2, 2, 3, 4)
}

// A signer has shares in two live sets that nobody has judged. Before it gets
// into a third one they are judged.
func TestRoastDoubts(t *testing.T) {
	// Each set waits for a validator of its own, from 4 on.
	setup := func(t *testing.T, share string) *log {
		l := newLog(t, 3, 1, 1, 1, 1, 1, 1)
		for set := range uint32(2) {
			for v := range uint16(2) {
				l.commit(v, uint64(1+set))
			}
			l.formed(l.commit(uint16(4+set), 1), set, 0, 1, uint16(4+set))
			require.Empty(t, l.r.Doubts(0))
			l.nothing(l.give(0, set, share, nil))
			l.nothing(l.give(1, set, valid, nil))
		}
		l.r = reload(t, l.r)
		doubts := l.r.Doubts(0)
		require.Len(t, doubts, 2)
		for set, d := range doubts {
			require.Equal(t, uint32(set), d.Number)
			require.Equal(t, []uint16{0, 1, uint16(4 + set)}, validators(d))
		}
		return l
	}
	t.Run("before, commitments do not count", func(t *testing.T) {
		l := setup(t, valid)
		l.ignored(l.commit(0, 3))
		next := commitment(4, digestA)
		l.nothing(l.answer(0, 0, true, &next))
		l.commit(2, 1)
		l.nothing(l.commit(3, 1))
	})
	t.Run("valid", func(t *testing.T) {
		l := setup(t, valid)
		l.ignored(l.judged(0, true))
		l.r = reload(t, l.r)
		require.Empty(t, l.r.Doubts(0))
		require.Len(t, l.r.Doubts(1), 2)
		l.commit(0, 3)
		l.commit(2, 1)
		l.formed(l.commit(3, 1), 2, 0, 2, 3)
		// Whatever becomes of it, what was judged goes on.
		l.nothing(l.answer(0, 2, false, nil))
		for set, live := range []bool{true, true, false} {
			_, got := l.r.Set(uint32(set))
			require.Equal(t, live, got)
		}
		require.NotNil(t, l.give(4, 0, valid, nil).Completed)
	})
	t.Run("wrong", func(t *testing.T) {
		l := setup(t, wrong)
		l.nothing(l.judged(0, false))
		l.r = reload(t, l.r)
		for v := range uint16(6) {
			_, idle := l.r.Idle(v)
			require.Equal(t, v != 0, idle)
		}
		l.nothing(l.commit(0, 9))
		l.commit(1, 3)
		l.commit(2, 1)
		l.formed(l.commit(3, 1), 2, 1, 2, 3)
	})
}

func TestRoastStuckSetDoesNotStopOthers(t *testing.T) {
	l := newLog(t, 2, 1, 1, 1)
	l.commit(0, 1) // silent from now on
	l.formed(l.commit(1, 1), 0, 0, 1)
	next := commitment(2, digestA)
	l.nothing(l.answer(1, 0, true, &next))
	l.formed(l.commit(2, 1), 1, 1, 2)
	l.nothing(l.answer(1, 1, true, nil))
	require.NotNil(t, l.answer(2, 1, true, nil).Completed)
}

func TestRoastDivergenceIsReportedOnce(t *testing.T) {
	l := newLog(t, 2, 1, 1, 1, 1)
	l.commit(0, 1)
	p := l.commitTo(1, commitment(1, digestB))
	require.Equal(t, &[2][32]byte{digestA, digestB}, p.Divergence)
	require.Empty(t, p.Formed, "digests do not mix")
	l.r = reload(t, l.r)
	p = l.commitTo(2, commitment(1, digestB))
	require.Nil(t, p.Divergence)
	require.Equal(t, []uint16{1, 2}, validators(p.Formed[0]))
	require.Equal(t, digestB, p.Formed[0].Digest)
	l.formed(l.commit(3, 1), 1, 0, 3)
}

func TestRoastIdle(t *testing.T) {
	l := newLog(t, 2, 1, 1, 1)
	idle := func(v uint16, counter uint64, want bool) {
		t.Helper()
		c, got := l.r.Idle(v)
		require.Equal(t, want, got)
		require.Equal(t, counter, c)
	}
	idle(0, 0, true)
	l.commit(0, 5)
	idle(0, 5, false) // unused
	l.commit(1, 1)
	idle(1, 1, false) // pending
	l.answer(1, 0, true, nil)
	idle(1, 1, true)
	l.commit(0, 6) // ends the set
	idle(1, 1, true)
	l.commit(1, 2)
	l.answer(0, 1, false, nil)
	idle(0, 0, false) // removed
	idle(1, 2, true)
	idle(7, 0, false) // unknown
	l.commit(1, 3)
	l.commit(2, 1)
	l.answer(1, 2, true, nil)
	l.answer(2, 2, true, nil)
	idle(1, 0, false) // done
}

func TestRoastIgnoresStrangers(t *testing.T) {
	l := newLog(t, 1, 1)
	l.ignored(l.commit(1, 1))
	l.ignored(l.answer(1, 0, true, nil))
	l.ignored(l.answer(0, 7, true, nil))
	require.False(t, l.r.Pending(1, 0))
	l.formed(l.commit(0, 0), 0, 0)
	_, ok := l.r.Set(1)
	require.False(t, ok)
}

func FuzzRoastDecode(f *testing.F) {
	r := frost.NewRoast(2, []uint16{1, 1, 1}, maxWithdrawals)
	f.Add(wire.Marshal(r))
	r.Commit(0, commitment(1, digestA))
	r.Commit(1, commitment(1, digestB))
	f.Add(wire.Marshal(r))
	r.Commit(2, commitment(1, digestB))
	r.Answer(1, 0, nil, nil)
	f.Add(wire.Marshal(r))
	r.Answer(2, 0, nil, nil)
	f.Add(wire.Marshal(r))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := wire.Unmarshal[frost.Roast](data)
		if err != nil {
			return
		}
		if encoded := wire.Marshal(&r); !bytes.Equal(data, encoded) {
			t.Fatalf("%x decodes and encodes to %x", data, encoded)
		}
		// Whatever decodes takes further entries.
		for v := range uint16(4) {
			r.LastAnswer(v, 0)
			r.Answer(v, 0, nil, nil)
			r.Answer(v, 1, []uint16{v, 7}, nil)
			r.Commit(v, commitment(1<<63, digestA))
			r.Doubts(v)
			r.Judged(v, v%2 == 0)
		}
		r.Reattempt(1 << 31)
	})
}

// A Roast that follows another one for the same thing to be signed has none of its
// numbers.
func TestRoastNumbersGoOn(t *testing.T) {
	l := newLog(t, 1, 1, 1)
	require.Zero(t, l.r.Next())
	l.commit(0, 1)
	l.commit(1, 1)
	require.EqualValues(t, 2, l.r.Next())
	require.NotNil(t, l.answer(0, 0, true, nil).Completed)
	require.EqualValues(t, 2, reload(t, l.r).Next())

	again := newLog(t, 1, 1, 1)
	again.r.Skip(l.r.Next())
	again.formed(again.commit(0, 1), 2, 0)
}
