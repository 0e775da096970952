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
var sizes = []struct{ t, n int }{{3, 4}, {67, 100}}

// verifyCost measures one verification by the library everybody uses for this
// kind, in nanoseconds: the yardstick of the figures below.
func verifyCost(b *testing.B, k kind) float64 {
	b.Helper()
	message := make([]byte, 32)
	var verify func() bool
	switch k.name {
	case "Ed25519":
		public, private, err := stdlib.GenerateKey(seeded(2))
		require.NoError(b, err)
		signature := stdlib.Sign(private, message)
		verify = func() bool { return stdlib.Verify(public, message, signature) }
	case "BIP-340":
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

func forSizes(b *testing.B, bench func(b *testing.B, s *signing)) {
	for _, k := range kinds[:2] {
		cost := verifyCost(b, k)
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%s/%d of %d", k.name, size.t, size.n), func(b *testing.B) {
				weights := make([]uint16, size.n)
				for i := range weights {
					weights[i] = 1
				}
				members := make([]uint16, size.t)
				for i := range members {
					members[i] = uint16(size.n - size.t + i)
				}
				s := newSigning(b, k, uint16(size.t), weights, members, "a message of thirty-two bytes...")
				bench(b, s)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cost, "verifies/op")
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

// BenchmarkBlame is the search for one wrong share.
func BenchmarkBlame(b *testing.B) {
	forSizes(b, func(b *testing.B, s *signing) {
		answers := s.sign(b)
		answers[1] = answers[0]
		for b.Loop() {
			_, err := s.session.Aggregate(answers)
			require.Error(b, err)
		}
	})
}
