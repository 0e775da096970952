package clsag_test

import (
	"fmt"
	"testing"
	"time"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/frost"
)

// doubleCost measures one VarTimeDoubleScalarBaseMult, in nanoseconds: the
// yardstick of the figures below.
func doubleCost(b *testing.B) float64 {
	b.Helper()
	random := seeded(9)
	s, c := randomScalar(b, random), randomScalar(b, random)
	p := multiple(randomScalar(b, random))
	const rounds = 1000
	start := time.Now()
	for range rounds {
		p.VarTimeDoubleScalarBaseMult(c, p, s)
	}
	return float64(time.Since(start).Nanoseconds()) / rounds
}

// inDoubles runs a benchmark and reports its time in double multiplications,
// measured just before and after.
func inDoubles(b *testing.B, inputs int, bench func()) {
	b.Helper()
	before := doubleCost(b)
	b.ReportAllocs()
	bench()
	cost := (before + doubleCost(b)) / 2
	doubles := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / cost
	b.ReportMetric(doubles, "x-double")
	if inputs > 1 {
		b.ReportMetric(doubles/float64(inputs), "x-double/input")
	}
}

func BenchmarkCLSAG(b *testing.B) {
	random := seeded(1)
	key := randomScalar(b, random)
	in := newInput(b, random, key, clsag.RingSize, 5, randomScalar(b, random))
	message := [32]byte{1}
	b.Run("sign", func(b *testing.B) {
		inDoubles(b, 1, func() {
			for b.Loop() {
				_, _, err := clsag.Sign(random, key, &in, message)
				require.NoError(b, err)
			}
		})
	})
	b.Run("verify", func(b *testing.B) {
		s, image, err := clsag.Sign(random, key, &in, message)
		require.NoError(b, err)
		out := in.PseudoOut()
		inDoubles(b, 1, func() {
			for b.Loop() {
				require.NoError(b, s.Verify(message, in.Ring, image, out))
			}
		})
	})
}

// BenchmarkSignRound is what one signer does between the arrival of the last
// commitment and its own share, as the others' commitments were taken in when
// they came: the session, the message being cheap, and the share, which is
// checked. BenchmarkComplete is what it does with the shares of all.
func BenchmarkSignRound(b *testing.B) {
	forSessions(b, func(b *testing.B, g *group, work []frost.Algorithm, validators []uint16) {
		random := seeded(3)
		s := newSession(b, random, g, work, validators...)
		self := validators[0]
		for b.Loop() {
			b.StopTimer()
			gathering, err := frost.NewGathering(g.key, work)
			require.NoError(b, err)
			nonces, commitment, err := frost.Commit(random, g.shares[self], work, []byte("context"))
			require.NoError(b, err)
			s.members[0].Commitment = commitment
			for _, m := range s.members {
				c, err := frost.DecodeCommitment(g.key, work, m.Validator, m.Commitment)
				require.NoError(b, err)
				require.NoError(b, gathering.Add(c))
			}
			b.StartTimer()
			session, err := gathering.Session([]byte("context"))
			require.NoError(b, err)
			_, err = session.Sign(g.shares[self], nonces)
			require.NoError(b, err)
		}
	})
}

func BenchmarkComplete(b *testing.B) {
	forSessions(b, func(b *testing.B, g *group, work []frost.Algorithm, validators []uint16) {
		s := newSession(b, seeded(3), g, work, validators...)
		answers := s.sign(b)
		for b.Loop() {
			_, err := s.Aggregate(answers)
			require.NoError(b, err)
		}
	})
}

func forSessions(b *testing.B, bench func(b *testing.B, g *group, work []frost.Algorithm, validators []uint16)) {
	for _, size := range []struct{ t, n int }{{2, 3}, {67, 100}} {
		random := seeded(2)
		weights := make([]uint16, size.n)
		var validators []uint16
		for i := range weights {
			weights[i] = 1
			if i < size.t {
				validators = append(validators, uint16(i))
			}
		}
		g := newGroup(b, random, size.t, weights)
		for _, count := range []int{1, 2, 16} {
			b.Run(fmt.Sprintf("%dof%d/inputs=%d", size.t, size.n, count), func(b *testing.B) {
				work, err := clsag.Work(newInputs(b, random, g.secret, count), transaction)
				require.NoError(b, err)
				inDoubles(b, count, func() { bench(b, g, work, validators) })
			})
		}
	}
}

// newInputs returns outputs that the key has by offsets, in rings of the usual
// size.
func newInputs(t require.TestingT, random interface{ Read([]byte) (int, error) }, key *edwards25519.Scalar, count int) []clsag.Input {
	var inputs []clsag.Input
	for i := range count {
		inputs = append(inputs, newInput(t, random, key, clsag.RingSize, i%clsag.RingSize, randomScalar(t, random)))
	}
	return inputs
}
