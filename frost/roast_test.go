package frost_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

var digestA, digestB = [32]byte{'A'}, [32]byte{'B'}

// maxWithdrawals is what the tests allow a signer.
const maxWithdrawals = 3

func commitment(counter uint64, digest [32]byte) frost.SignerCommitment {
	return frost.SignerCommitment{Counter: counter, Digest: digest, Nonces: []byte{byte(counter), digest[0]}}
}

// reload encodes and decodes a state.
func reload(t require.TestingT, r *frost.Roast) *frost.Roast {
	encoded := wire.Marshal(r)
	decoded, err := wire.Unmarshal[frost.Roast](encoded)
	require.NoError(t, err)
	require.Equal(t, encoded, wire.Marshal(&decoded))
	return &decoded
}

// log drives a Roast and reloads it at every step.
type log struct {
	t *testing.T
	r *frost.Roast
}

func newLog(t *testing.T, threshold uint16, weights ...uint16) *log {
	return &log{t, frost.NewRoast(threshold, weights, maxWithdrawals)}
}

func (l *log) commit(v uint16, counter uint64) frost.Progress {
	l.r = reload(l.t, l.r)
	return l.r.Commit(v, commitment(counter, digestA))
}

// answer gives a share: a valid one, or one that convicts its sender at once.
func (l *log) answer(v uint16, set uint32, valid bool, next *frost.SignerCommitment) frost.Progress {
	l.r = reload(l.t, l.r)
	var faulty []uint16
	if !valid {
		faulty = []uint16{v}
	}
	return l.r.Answer(v, set, []byte{'z', byte(v)}, faulty, next)
}

// wrong is a share that looks like one and does not verify.
var wrong = []byte("wrong")

// judge judges the doubts of a validator, if there are any.
func judge(r *frost.Roast, v uint16) []frost.SigningSet {
	doubts := r.Doubts(v)
	if len(doubts) == 0 {
		return nil
	}
	return r.Judged(v, !slices.ContainsFunc(doubts, func(d frost.Doubt) bool { return bytes.Equal(d.Share, wrong) })).Formed
}

// give gives a share and judges the set if that is its last one.
func give(r *frost.Roast, v uint16, set uint32, share []byte, next *frost.SignerCommitment) frost.Progress {
	var faulty []uint16
	if answered, last := r.LastAnswer(v, set, share); last {
		for i, m := range answered.Members {
			if bytes.Equal(answered.Shares[i], wrong) {
				faulty = append(faulty, m.Validator)
			}
		}
	}
	return r.Answer(v, set, share, faulty, next)
}

func validators(set frost.SigningSet) []uint16 {
	var v []uint16
	for _, m := range set.Members {
		v = append(v, m.Validator)
	}
	return v
}

// formed requires that exactly one set was formed, of the given validators.
func (l *log) formed(p frost.Progress, number uint32, want ...uint16) {
	l.t.Helper()
	require.Len(l.t, p.Formed, 1)
	require.Equal(l.t, number, p.Formed[0].Number)
	require.Equal(l.t, want, validators(p.Formed[0]))
	for _, v := range want {
		require.True(l.t, l.r.Pending(v, number))
	}
	set, ok := l.r.Set(number)
	require.True(l.t, ok)
	require.Equal(l.t, p.Formed[0], set)
}

func (l *log) nothing(p frost.Progress) {
	l.t.Helper()
	require.Equal(l.t, frost.Progress{}, p)
}

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
	require.Equal(t, []uint16{0, 1, 3}, validators(p.Completed.SigningSet))
	require.Equal(t, [][]byte{{'z', 0}, {'z', 1}, {'z', 3}}, p.Completed.Shares)
	require.Equal(t, []byte{9, 'A'}, p.Completed.Members[0].Commitment)
	require.True(t, l.r.Done())
	l.nothing(l.commit(0, 100))
	l.nothing(l.commit(1, 100))
	l.nothing(l.commit(2, 100))
	l.nothing(l.commit(3, 100))
}

func TestRoastHigherCounterReplaces(t *testing.T) {
	l := newLog(t, 2, 1, 1)
	for counter := uint64(0); counter < 10; counter++ {
		l.nothing(l.commit(0, counter))
	}
	l.nothing(l.commit(0, 3)) // lower
	l.nothing(l.r.Commit(0, frost.SignerCommitment{Counter: 9, Digest: digestB}))
	p := l.commit(1, 0)
	l.formed(p, 0, 0, 1)
	require.Equal(t, []byte{9, 'A'}, p.Formed[0].Members[0].Commitment)
}

func TestRoastWithdrawalEndsTheSet(t *testing.T) {
	l := newLog(t, 2, 1, 1, 1)
	l.commit(0, 1)
	l.formed(l.commit(1, 1), 0, 0, 1)
	l.nothing(l.commit(0, 2)) // withdraws
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
	require.Empty(t, l.r.Reattempt(1))
	require.False(t, l.r.Pending(0, live))
	require.Empty(t, l.r.Reattempt(1), "the number does not grow")
	p := l.commit(1, 50)
	l.formed(p, live+1, 0, 1)
	require.Equal(t, []byte{11, 'A'}, p.Formed[0].Members[0].Commitment)
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

// Wrong shares are found when the set is complete. Whoever gave them is out, of
// all its sets, and all others go on.
func TestRoastWrongSharesRemoveOnceTheSetIsComplete(t *testing.T) {
	l := newLog(t, 3, 1, 1, 1, 1, 1)
	for v := range uint16(3) {
		l.commit(v, 1)
	}
	next := func(counter uint64) *frost.SignerCommitment { c := commitment(counter, digestA); return &c }
	l.nothing(give(l.r, 0, 0, wrong, next(2))) // free, and in the next set
	l.nothing(give(l.r, 1, 0, wrong, next(2)))
	l.formed(l.commit(3, 1), 1, 0, 1, 3)
	_, last := l.r.LastAnswer(3, 0, []byte("z"))
	require.False(t, last, "not in the set")
	_, last = l.r.LastAnswer(3, 1, []byte("z"))
	require.False(t, last, "others are missing")
	set, last := l.r.LastAnswer(2, 0, []byte("z"))
	require.True(t, last)
	require.Equal(t, []uint16{0, 1, 2}, validators(set.SigningSet))
	require.Equal(t, [][]byte{wrong, wrong, []byte("z")}, set.Shares)
	l.nothing(give(l.r, 2, 0, []byte("z"), next(2)))
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

// An empty share, which decoders return as nil, is there all the same: it is to
// be judged and convicts.
func TestRoastEmptyLastShareIsNotMissing(t *testing.T) {
	l := newLog(t, 2, 1, 1)
	l.commit(0, 1)
	l.commit(1, 1)
	l.nothing(l.r.Answer(0, 0, nil, nil, nil))
	l.r = reload(t, l.r)
	set, last := l.r.LastAnswer(1, 0, nil)
	require.True(t, last)
	require.Equal(t, [][]byte{{}, {}}, set.Shares)
}

// A signer has shares in two live sets that nobody has judged. Before it gets
// into a third one they are judged.
func TestRoastDoubts(t *testing.T) {
	// Each set waits for a validator of its own, from 4 on.
	setup := func(t *testing.T, share []byte) *log {
		l := newLog(t, 3, 1, 1, 1, 1, 1, 1)
		for set := range uint32(2) {
			for v := range uint16(2) {
				l.commit(v, uint64(1+set))
			}
			l.formed(l.commit(uint16(4+set), 1), set, 0, 1, uint16(4+set))
			require.Empty(t, l.r.Doubts(0))
			l.nothing(give(l.r, 0, set, share, nil))
			l.nothing(give(l.r, 1, set, []byte("z"), nil))
		}
		l.r = reload(t, l.r)
		doubts := l.r.Doubts(0)
		require.Len(t, doubts, 2)
		for set, d := range doubts {
			require.Equal(t, uint32(set), d.Number)
			require.Equal(t, []uint16{0, 1, uint16(4 + set)}, validators(d.SigningSet))
			require.Equal(t, share, d.Share)
		}
		return l
	}
	t.Run("before, commitments do not count", func(t *testing.T) {
		l := setup(t, []byte("z"))
		l.nothing(l.commit(0, 3))
		next := commitment(4, digestA)
		l.nothing(l.answer(0, 0, true, &next))
		l.commit(2, 1)
		l.nothing(l.commit(3, 1))
	})
	t.Run("valid", func(t *testing.T) {
		l := setup(t, []byte("z"))
		l.nothing(l.r.Judged(0, true))
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
		require.NotNil(t, give(l.r, 4, 0, []byte("z"), nil).Completed)
	})
	t.Run("wrong", func(t *testing.T) {
		l := setup(t, wrong)
		l.nothing(l.r.Judged(0, false))
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
	p := l.r.Commit(1, commitment(1, digestB))
	require.Equal(t, &[2][32]byte{digestA, digestB}, p.Divergence)
	require.Empty(t, p.Formed, "digests do not mix")
	l.r = reload(t, l.r)
	p = l.r.Commit(2, commitment(1, digestB))
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

func TestRoastIgnoresStrangersAndGiants(t *testing.T) {
	l := newLog(t, 1, 1)
	l.nothing(l.commit(1, 1))
	l.nothing(l.answer(1, 0, true, nil))
	l.nothing(l.answer(0, 7, true, nil))
	require.False(t, l.r.Pending(1, 0))
	l.nothing(l.r.Commit(0, frost.SignerCommitment{Nonces: make([]byte, frost.MaxCommitmentSize+1)}))
	l.formed(l.commit(0, 0), 0, 0)
	_, ok := l.r.Set(1)
	require.False(t, ok)
	// The verdict "valid" on a share that no session can have produced.
	l.nothing(l.r.Answer(0, 0, make([]byte, frost.MaxAnswerSize+1), nil, nil))
	l.nothing(l.commit(0, 1))
}

func FuzzRoastDecode(f *testing.F) {
	r := frost.NewRoast(2, []uint16{1, 1, 1}, maxWithdrawals)
	f.Add(wire.Marshal(r))
	r.Commit(0, commitment(1, digestA))
	r.Commit(1, commitment(1, digestB))
	f.Add(wire.Marshal(r))
	r.Commit(2, commitment(1, digestB))
	r.Answer(1, 0, []byte("z"), nil, nil)
	f.Add(wire.Marshal(r))
	r.Answer(2, 0, nil, nil, nil)
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
			give(&r, v, 0, []byte("z"), nil)
			r.Answer(v, 1, nil, []uint16{v, 7}, nil)
			r.Commit(v, commitment(1<<63, digestA))
			judge(&r, v)
			r.Judged(v, v%2 == 0)
		}
		r.Reattempt(1 << 31)
	})
}
