package frost_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
)

// peer is a validator of the simulation below: it has at most one message on the
// way to the log.
type peer struct {
	honest  bool
	sent    func() frost.Progress
	counter uint64
	unused  bool
	set     uint32
	inSet   bool
	budget  int // messages a dishonest peer still sends
}

func TestRoastTerminates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Uint16Range(1, 3), 1, 8).Draw(t, "weights")
		total := 0
		for _, w := range weights {
			total += int(w)
		}
		threshold := rapid.IntRange(1, total).Draw(t, "threshold")
		l := newLog(t, uint16(threshold), weights...)

		peers := make([]*peer, len(weights))
		honest := 0
		for v := range peers {
			peers[v] = &peer{honest: rapid.Bool().Draw(t, "honest")}
			if peers[v].honest {
				honest += int(weights[v])
			}
		}
		dishonest := 0
		for v, p := range peers {
			if honest < threshold && !p.honest {
				p.honest = true
				honest += int(weights[v])
			}
			if !p.honest {
				p.budget = rapid.IntRange(0, 12).Draw(t, "budget")
				dishonest++
			}
		}
		withdrawing := rapid.Bool().Draw(t, "withdrawing")

		var sets, divergences int
		var formed []frost.SigningSet
		var completed *frost.SigningSet
		for range 10000 {
			var able []int
			for v, p := range peers {
				if p.sent != nil || p.next(t, l, uint16(v), withdrawing, formed) {
					able = append(able, v)
				}
			}
			if len(able) == 0 {
				break
			}
			v := rapid.SampledFrom(able).Draw(t, "next")
			send := peers[v].sent
			peers[v].sent = nil
			judged := l.judge(uint16(v))
			progress := send()
			progress.Formed = append(judged, progress.Formed...)
			if progress.Divergence != nil {
				divergences++
			}
			for _, set := range progress.Formed {
				sets++
				formed = append(formed, set)
				for _, m := range set.Members {
					p := peers[m.Validator]
					p.unused, p.inSet, p.set = false, true, set.Number
				}
			}
			for v := range peers {
				pending := 0
				for _, set := range formed {
					if l.r.Pending(uint16(v), set.Number) {
						pending++
					}
				}
				require.LessOrEqual(t, pending, 1)
			}
			if progress.Completed != nil {
				completed = progress.Completed
			}
		}
		require.True(t, l.r.Done())
		require.NotNil(t, completed)
		require.LessOrEqual(t, divergences, 1)
		// Whenever a set forms, each earlier one has a signer of its own that is
		// pending in it, unless a removal or a withdrawal ended it. A removal ends
		// one set with the signer pending and three with its shares.
		bound := 4*dishonest + len(weights) - fewest(weights, threshold) + 1
		if withdrawing {
			bound += dishonest * maxWithdrawals
		}
		require.LessOrEqual(t, sets, bound)
	})
}

// fewest returns how many validators it takes to reach a weight.
func fewest(weights []uint16, threshold int) int {
	sorted := slices.Sorted(slices.Values(weights))
	count, weight := 0, 0
	for weight < threshold {
		count++
		weight += int(sorted[len(sorted)-count])
	}
	return count
}

// next makes a peer send its next message, if it has one.
func (p *peer) next(t *rapid.T, l *log, v uint16, withdrawing bool, formed []frost.SigningSet) bool {
	if l.r.Done() {
		return false
	}
	c := func() *frost.SignerCommitment {
		p.counter++
		c := commitment(p.counter, digestA)
		return &c
	}
	pending := p.inSet && l.r.Pending(v, p.set)
	if p.honest {
		switch {
		case pending:
			set := p.set
			var next *frost.SignerCommitment
			if rapid.Bool().Draw(t, "carry") {
				next = c()
			}
			p.sent = func() frost.Progress {
				p.unused = p.unused || next != nil
				return l.give(v, set, valid, next)
			}
		case !p.unused:
			next := c()
			p.sent = func() frost.Progress {
				p.unused = true
				return l.commitTo(v, *next)
			}
		}
		return p.sent != nil
	}
	if p.budget == 0 {
		return false
	}
	p.budget--
	switch action := rapid.IntRange(0, 4).Draw(t, "action"); {
	case action == 0 && len(formed) > 0:
		set := rapid.SampledFrom(formed).Draw(t, "set").Number
		p.sent = func() frost.Progress { return l.answer(v, set, false, nil) }
	case action == 1 && pending:
		set := p.set
		var next *frost.SignerCommitment
		if rapid.Bool().Draw(t, "carry") {
			next = c()
		}
		p.sent = func() frost.Progress { return l.give(v, set, wrong, next) }
	default:
		next := c()
		if action == 2 {
			next.Digest = digestB
		}
		p.sent = func() frost.Progress {
			// What is pending here may have changed on the way.
			if !withdrawing && p.inSet && l.r.Pending(v, p.set) {
				return frost.Progress{}
			}
			return l.commitTo(v, *next)
		}
	}
	return true
}
