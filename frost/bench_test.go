package frost_test

import (
	stdlib "crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

// sizes are (t, n) with one share per validator.
var sizes = []struct{ t, n int }{{2, 3}, {7, 10}, {67, 100}, {101, 150}}

// verifyCost measures one verification by the library everybody uses for this
// kind, in nanoseconds: the yardstick of the figures below.
func verifyCost(b *testing.B, k kind) float64 {
	b.Helper()
	message := make([]byte, 32)
	var verify func() bool
	switch k.group.Name() {
	case "ed25519":
		public, private, err := stdlib.GenerateKey(seeded(2))
		require.NoError(b, err)
		signature := stdlib.Sign(private, message)
		verify = func() bool { return stdlib.Verify(public, message, signature) }
	case "secp256k1":
		key, _ := btcec.PrivKeyFromBytes([]byte{7})
		signature, err := schnorr.Sign(key, message)
		require.NoError(b, err)
		verify = func() bool { return signature.Verify(message, key.PubKey()) }
	}
	const rounds = 500
	start := time.Now()
	for range rounds {
		require.True(b, verify())
	}
	return float64(time.Since(start).Nanoseconds()) / rounds
}

// forSizes runs a benchmark for both groups and all sizes. It reports its time
// in verifications, measured just before and after.
func forSizes(b *testing.B, bench func(b *testing.B, s *signing)) {
	for _, k := range []kind{kinds[1], kinds[0]} {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%s/%dof%d", k.group.Name(), size.t, size.n), func(b *testing.B) {
				weights := make([]uint16, size.n)
				for i := range weights {
					weights[i] = 1
				}
				members := make([]uint16, size.t)
				for i := range members {
					members[i] = uint16(size.n - size.t + i)
				}
				s := newSigning(b, k, uint16(size.t), weights, members, "a message of thirty-two bytes...")
				before := verifyCost(b, k)
				b.ReportAllocs()
				bench(b, s)
				cost := (before + verifyCost(b, k)) / 2
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cost, "verifies/op")
				// A signer sends a commitment and a share, and gets those of t.
				sent := len(s.members[0].Commitment) + k.group.ScalarSize()
				b.ReportMetric(float64(sent), "sent-B")
				b.ReportMetric(float64(sent*size.t), "received-B")
			})
		}
	}
}

// BenchmarkSign is everything one party does for one signature: commit, decode
// the others' commitments, answer, and complete the signature.
func BenchmarkSign(b *testing.B) {
	forSizes(b, func(b *testing.B, s *signing) {
		answers := s.sign(b)
		rand := seeded(3)
		self := s.members[0].Validator
		for b.Loop() {
			s.key.Forget()
			nonces, commitment, err := frost.Commit(rand, s.shares[self], s.work, []byte("context"))
			require.NoError(b, err)
			s.members[0].Commitment = commitment
			session, err := frost.NewSession(s.key, s.work, []byte("context"), s.members)
			require.NoError(b, err)
			_, err = session.Sign(s.shares[self], nonces)
			require.NoError(b, err)
			// The others' shares belong to the first session, which costs the
			// same to complete.
			_, err = s.session.Aggregate(answers)
			require.NoError(b, err)
		}
	})
}

// BenchmarkSignCritical is what one party does between the arrival of the last
// commitment and its own share: the session of a set not seen before, of
// commitments that were taken in as they came, and the share, which is checked.
func BenchmarkSignCritical(b *testing.B) {
	forSizes(b, func(b *testing.B, s *signing) {
		rand := seeded(3)
		self := s.members[0].Validator
		decoded := make([]*frost.Commitment, len(s.members))
		for i, m := range s.members {
			var err error
			decoded[i], err = frost.DecodeCommitment(s.key, s.work, m.Validator, m.Commitment)
			require.NoError(b, err)
		}
		last := len(decoded) - 1
		for b.Loop() {
			b.StopTimer()
			s.key.Forget()
			nonces, commitment, err := frost.Commit(rand, s.shares[self], s.work, []byte("context"))
			require.NoError(b, err)
			decoded[0], err = frost.DecodeCommitment(s.key, s.work, self, commitment)
			require.NoError(b, err)
			g, err := frost.NewGathering(s.key, s.work)
			require.NoError(b, err)
			for _, c := range decoded[:last] {
				require.NoError(b, g.Add(c))
			}
			b.StartTimer()
			if err := g.Add(decoded[last]); err != nil {
				b.Fatal(err)
			}
			session, err := g.Session([]byte("context"))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := session.Sign(s.shares[self], nonces); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkBlame is the search for one wrong share among all, from the attempt
// to complete the signature on.
func BenchmarkBlame(b *testing.B) {
	forSizes(b, func(b *testing.B, s *signing) {
		answers := s.sign(b)
		wrong := len(answers) / 2
		answers[wrong] = answers[0]
		for b.Loop() {
			s.key.Forget()
			_, err := s.session.Aggregate(answers)
			var faults frost.Faults
			require.ErrorAs(b, err, &faults)
			require.Len(b, faults, 1)
		}
	})
}

// BenchmarkVerifyShare is the check of one share.
func BenchmarkVerifyShare(b *testing.B) {
	forSizes(b, func(b *testing.B, s *signing) {
		answers := s.sign(b)
		for b.Loop() {
			require.NoError(b, s.session.Verify(s.members[0].Validator, answers[0]))
		}
	})
}

// BenchmarkVerifyAll is the check of all shares of a session at once.
func BenchmarkVerifyAll(b *testing.B) {
	forSizes(b, func(b *testing.B, s *signing) {
		answers := s.sign(b)
		for b.Loop() {
			require.Empty(b, s.session.VerifyAll(answers))
		}
	})
}
