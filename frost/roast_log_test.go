package frost_test

import (
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
)

var digestA, digestB = [32]byte{'A'}, [32]byte{'B'}

// maxWithdrawals is what the tests allow a signer.
const maxWithdrawals = 3

func commitment(counter uint64, digest [32]byte) frost.SignerCommitment {
	return frost.SignerCommitment{Counter: counter, Digest: digest}
}

// reload encodes and decodes a state.
func reload(t require.TestingT, r *frost.Roast) *frost.Roast {
	encoded := wire.Marshal(r)
	decoded, err := wire.Unmarshal[frost.Roast](encoded)
	require.NoError(t, err)
	require.Equal(t, encoded, wire.Marshal(&decoded))
	return &decoded
}

// tester is a test or a property.
type tester interface {
	require.TestingT
	Helper()
}

// shareName names a share.
type shareName struct {
	set       uint32
	validator uint16
}

// log drives a Roast and reloads it at every step. It keeps commitments and
// shares as the Roast tells it to.
type log struct {
	t           tester
	r           *frost.Roast
	commitments map[frost.SetMember]bool
	shares      map[shareName]string
}

func newLog(t tester, threshold uint16, weights ...uint16) *log {
	return logOf(t, frost.NewRoast(threshold, weights, maxWithdrawals))
}

func logOf(t tester, r *frost.Roast) *log {
	return &log{t, r, make(map[frost.SetMember]bool), make(map[shareName]string)}
}

// Shares of the tests: one that verifies, and one that looks like it and does not.
const valid, wrong = "z", "wrong"

// commit gives a commitment to A.
func (l *log) commit(v uint16, counter uint64) frost.Progress {
	return l.commitTo(v, commitment(counter, digestA))
}

func (l *log) commitTo(v uint16, c frost.SignerCommitment) frost.Progress {
	l.r = reload(l.t, l.r)
	return l.keep(v, 0, "", &c, l.r.Commit(v, c))
}

// answer gives a share: a valid one, or one that convicts its sender at once.
func (l *log) answer(v uint16, set uint32, sound bool, next *frost.SignerCommitment) frost.Progress {
	l.r = reload(l.t, l.r)
	var faulty []uint16
	if !sound {
		faulty = []uint16{v}
	}
	return l.keep(v, set, valid, next, l.r.Answer(v, set, faulty, next))
}

// give gives a share and judges the set if that is its last one.
func (l *log) give(v uint16, set uint32, share string, next *frost.SignerCommitment) frost.Progress {
	l.r = reload(l.t, l.r)
	var faulty []uint16
	if answered, last := l.r.LastAnswer(v, set); last {
		for _, m := range answered.Members {
			given, ok := l.shares[shareName{set, m.Validator}]
			require.Equal(l.t, m.Validator != v, ok, "share of %d for set %d", m.Validator, set)
			if given == wrong || m.Validator == v && share == wrong {
				faulty = append(faulty, m.Validator)
			}
		}
	}
	return l.keep(v, set, share, next, l.r.Answer(v, set, faulty, next))
}

// judge judges the doubts of a validator, if there are any.
func (l *log) judge(v uint16) []frost.SigningSet {
	doubts := l.r.Doubts(v)
	if len(doubts) == 0 {
		return nil
	}
	return l.judged(v, !slices.ContainsFunc(doubts, func(d frost.SigningSet) bool {
		share, ok := l.shares[shareName{d.Number, v}]
		require.True(l.t, ok, "share of %d for set %d", v, d.Number)
		return share == wrong
	})).Formed
}

func (l *log) judged(v uint16, sound bool) frost.Progress {
	return l.keep(v, 0, "", nil, l.r.Judged(v, sound))
}

func (l *log) reattempt(number uint32) frost.Progress {
	l.r = reload(l.t, l.r)
	return l.keep(0, 0, "", nil, l.r.Reattempt(number))
}

// keep keeps and forgets what a step tells to, and requires that exactly what is
// of use is there.
func (l *log) keep(v uint16, set uint32, share string, c *frost.SignerCommitment, p frost.Progress) frost.Progress {
	if p.Completed != nil {
		for _, m := range p.Completed.Members {
			require.True(l.t, l.commitments[m])
			require.NotEqual(l.t, wrong, l.shares[shareName{p.Completed.Number, m.Validator}])
		}
		require.Equal(l.t, frost.Progress{Completed: p.Completed}, p)
		require.True(l.t, l.r.Done())
		clear(l.commitments)
		clear(l.shares)
		return p
	}
	if p.Committed {
		require.False(l.t, l.commitments[frost.SetMember{Validator: v, Counter: c.Counter}], "the first with a counter counts")
		l.commitments[frost.SetMember{Validator: v, Counter: c.Counter}] = true
	}
	if p.Answered {
		require.NotContains(l.t, l.shares, shareName{set, v})
		l.shares[shareName{set, v}] = share
	}
	for _, m := range p.Stale {
		require.True(l.t, l.commitments[m], "it was kept: %v", m)
		delete(l.commitments, m)
	}
	for _, set := range p.Ended {
		for _, m := range set.Members {
			delete(l.shares, shareName{set.Number, m.Validator})
		}
	}
	for m := range l.commitments { // order-free: each is checked
		require.True(l.t, l.r.Uses(m), "commitment %v", m)
	}
	for name := range l.shares { // order-free: each is checked
		_, live := l.r.Set(name.set)
		require.True(l.t, live && !l.r.Pending(name.validator, name.set), "share %v", name)
	}
	for _, set := range p.Formed {
		for _, m := range set.Members {
			_, live := l.r.Set(set.Number)
			require.Equal(l.t, live, l.commitments[m], "commitment %v", m)
		}
	}
	return p
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

// nothing requires that no set formed or completed, and no digests differ.
func (l *log) nothing(p frost.Progress) {
	l.t.Helper()
	require.Empty(l.t, p.Formed)
	require.Nil(l.t, p.Completed)
	require.Nil(l.t, p.Divergence)
}

// ignored requires that a step has no effect at all.
func (l *log) ignored(p frost.Progress) {
	l.t.Helper()
	require.Equal(l.t, frost.Progress{}, p)
}
