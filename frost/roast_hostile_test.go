package frost_test

import (
	"bytes"
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

// What a Roast is given and gives is not shared with its caller, and looking
// does not change it.
func TestRoastOwnsItsState(t *testing.T) {
	r := frost.NewRoast(2, []uint16{1, 1}, maxWithdrawals)
	nonces := []byte("nonces")
	r.Commit(0, frost.SignerCommitment{Counter: 1, Digest: digestA, Nonces: nonces})
	clear(nonces)
	p := r.Commit(1, commitment(1, digestA))
	require.Equal(t, []byte("nonces"), p.Formed[0].Members[0].Commitment)

	share := []byte("share")
	r.Answer(0, 0, share, nil, nil)
	clear(share)
	before := wire.Marshal(r)
	set, last := r.LastAnswer(1, 0, []byte("z"))
	require.True(t, last)
	require.Equal(t, [][]byte{[]byte("share"), []byte("z")}, set.Shares)
	require.Equal(t, before, wire.Marshal(r))
}

// A Reattempt counts once, however often it is in the log.
func TestRoastReattemptsAreNotRepeated(t *testing.T) {
	l := &log{t, frost.NewRoast(2, []uint16{1, 1}, 1)}
	l.commit(0, 1)
	l.formed(l.commit(1, 1), 0, 0, 1)
	require.Empty(t, l.r.Reattempt(7))
	l.nothing(l.commit(0, 2)) // the one withdrawal
	l.formed(l.commit(1, 2), 1, 0, 1)
	l.nothing(l.commit(0, 3)) // held back
	for _, number := range []uint32{7, 6} {
		require.Empty(t, l.r.Reattempt(number))
		require.True(t, l.r.Pending(0, 1))
	}
	require.Empty(t, l.r.Reattempt(8))
	require.False(t, l.r.Pending(0, 1))
}

func TestRoastDecodeRefusesWhatNoLogLeadsTo(t *testing.T) {
	// Two signers are pending in set 1; the first has withdrawn once before, and
	// the third has not committed.
	r := frost.NewRoast(2, []uint16{1, 1, 1}, maxWithdrawals)
	r.Commit(0, commitment(1, digestA))
	r.Commit(1, commitment(1, digestA))
	r.Commit(0, commitment(2, digestA))
	r.Commit(1, commitment(2, digestA))
	sound := wire.Marshal(r)
	_, err := wire.Unmarshal[frost.Roast](sound)
	require.NoError(t, err)

	const (
		allowed = 2 + 4 + 3*2 // behind threshold and weights
		next    = allowed + 1 + 1
		last    = 1 // the third signer, from the end
	)
	pending := []byte{10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}
	for name, change := range map[string]func(b []byte) []byte{
		"more withdrawals than allowed": func(b []byte) []byte { b[allowed] = 0; return b },
		"a set that is yet to form":     func(b []byte) []byte { b[next] = 1; return b },
		"pending, but not in the set":   func(b []byte) []byte { return append(b[:len(b)-last], pending...) },
		"a signer with unknown state":   func(b []byte) []byte { b[len(b)-last] = 1 << 5; return b },
		"removed and committed":         func(b []byte) []byte { return append(b[:len(b)-last], 3) },
		"unused without commitment":     func(b []byte) []byte { b[len(b)-last] = 4; return b },
	} {
		changed := change(bytes.Clone(sound))
		_, err := wire.Unmarshal[frost.Roast](changed)
		require.Error(t, err, name)
	}
}
