package frost_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
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
		r := frost.NewRoast(uint16(threshold), weights, allowed)
		var formed []frost.SigningSet
		for step := range uint32(60) {
			v := rapid.Uint16Range(0, uint16(len(weights))).Draw(t, "validator")
			digest := rapid.SampledFrom([][32]byte{digestA, digestA, digestB}).Draw(t, "digest")
			next := commitment(rapid.Uint64Range(0, uint64(step)).Draw(t, "counter"), digest)
			var number uint32
			if len(formed) > 0 {
				number = rapid.SampledFrom(formed).Draw(t, "set").Number
			}
			var p frost.Progress
			switch rapid.IntRange(0, 9).Draw(t, "entry") {
			case 0:
				p = r.Reattempt(step)
			case 1:
				p = r.Answer(v, number, []byte("malformed"), []uint16{v}, &next)
			case 2:
				p = give(r, v, number, wrong, &next)
			case 3, 4:
				p = give(r, v, number, []byte("z"), nil)
			case 5:
				p = give(r, v, number, []byte("z"), &next)
			default:
				p = r.Commit(v, next)
			}
			formed = append(formed, p.Formed...)

			live, pending := 0, make([]int, len(weights))
			for _, set := range formed {
				waits := false
				for _, m := range set.Members {
					if r.Pending(m.Validator, set.Number) {
						waits = true
						pending[m.Validator]++
					}
				}
				_, isLive := r.Set(set.Number)
				require.Equal(t, isLive, waits)
				if isLive {
					live++
				}
			}
			require.LessOrEqual(t, live, total-threshold+1)
			for _, sets := range pending {
				require.LessOrEqual(t, sets, 1)
			}
			r = reload(t, r)
		}
	})
}

// Without any withdrawals of its own a signer that restarts waits for a
// Reattempt, every time.
func TestRoastWithoutWithdrawals(t *testing.T) {
	l := &log{t, frost.NewRoast(2, []uint16{1, 1}, 0)}
	l.commit(0, 1)
	l.formed(l.commit(1, 1), 0, 0, 1)
	for i := range uint32(3) {
		l.nothing(l.commit(0, uint64(2+i)))
		require.True(t, l.r.Pending(0, i))
		l.nothing(l.r.Reattempt(1 + i))
		require.False(t, l.r.Pending(0, i))
		l.formed(l.commit(1, uint64(2+i)), 1+i, 0, 1)
	}
}
