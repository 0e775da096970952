package dkg

import (
	"fmt"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost/secp256k1"
)

// verifyCost measures one verification of a BIP-340 signature by the library
// that everybody uses, in nanoseconds: the yardstick of the figures below.
func verifyCost(b *testing.B) float64 {
	b.Helper()
	message := make([]byte, 32)
	key, _ := btcec.PrivKeyFromBytes([]byte{7})
	signature, err := schnorr.Sign(key, message)
	require.NoError(b, err)
	const rounds = 500
	start := time.Now()
	for range rounds {
		require.True(b, signature.Verify(message, key.PubKey()))
	}
	return float64(time.Since(start).Nanoseconds()) / rounds
}

// made is all messages of a run of n validators of weight 1 for both keys, with
// the network key on secp256k1.
type made struct {
	setup     *Setup
	ids       []*Identity
	deals     [][]byte
	responses [][]byte
	result    *Result
	decoded   []*Deal
}

func newMade(b *testing.B, t, n int) *made {
	weights := make([]uint16, n)
	for i := range weights {
		weights[i] = 1
	}
	m := new(made)
	m.setup, m.ids = setup(b, secp256k1.Group, uint16(t), weights...)
	for i, id := range m.ids {
		raw, err := m.setup.Deal(id)
		require.NoError(b, err)
		m.deals = append(m.deals, raw)
		d, err := m.setup.DecodeDeal(uint16(i), raw)
		require.NoError(b, err)
		m.decoded = append(m.decoded, d)
	}
	var err error
	m.result, err = m.setup.Combine(m.decoded)
	require.NoError(b, err)
	for i := range m.ids {
		m.responses = append(m.responses, m.setup.Respond(uint16(i), FirstResponses, m.result))
	}
	return m
}

func size(messages [][]byte) (sum int) {
	for _, m := range messages {
		sum += len(m)
	}
	return sum
}

var sizes = []struct{ t, n int }{{2, 3}, {7, 10}, {67, 100}, {101, 150}}

// BenchmarkKeyGen is everything that one validator of weight 1 does for a key
// pair: it deals, reads, verifies and combines all deals, takes its shares out
// of them, responds and reads all responses.
func BenchmarkKeyGen(b *testing.B) {
	for _, shape := range sizes {
		b.Run(fmt.Sprintf("%dof%d", shape.t, shape.n), func(b *testing.B) {
			m := newMade(b, shape.t, shape.n)
			s, self := m.setup, m.ids[0]
			sent := 0
			cost := verifyCost(b)
			b.ReportAllocs()
			for b.Loop() {
				dealt, err := s.Deal(self)
				require.NoError(b, err)
				deals := make([]*Deal, shape.n)
				for i, raw := range m.deals {
					deals[i], err = s.DecodeDeal(uint16(i), raw)
					require.NoError(b, err)
				}
				require.Empty(b, s.VerifyDeals(deals))
				result, err := s.Combine(deals)
				require.NoError(b, err)
				batchShare, networkShare, err := s.Shares(self, deals, result)
				require.NoError(b, err)
				response := s.Respond(0, FirstResponses, result)
				for i, raw := range m.responses {
					r, err := s.ReadResponse(uint16(i), raw)
					require.NoError(b, err)
					require.Equal(b, result.Transcript, r.Transcript)
				}
				batchShare.Erase()
				networkShare.Erase()
				sent = len(dealt) + len(response)
			}
			spent := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			// Before and after, as other work of the machine slows both down.
			cost = (cost + verifyCost(b)) / 2
			b.ReportMetric(spent/cost, "verifies/op")
			b.ReportMetric(float64(sent), "sent-B")
			b.ReportMetric(float64(size(m.deals)+size(m.responses)), "received-B")
		})
	}
}

// BenchmarkPart is each of the parts alone.
func BenchmarkPart(b *testing.B) {
	m := newMade(b, 101, 150)
	s := m.setup
	for _, part := range []struct {
		name string
		run  func()
	}{
		{"Deal", func() { _, _ = s.Deal(m.ids[0]) }},
		{"DecodeAll", func() {
			for i, raw := range m.deals {
				_, _ = s.DecodeDeal(uint16(i), raw)
			}
		}},
		{"VerifyAll", func() { s.VerifyDeals(m.decoded) }},
		{"Combine", func() { _, _ = s.Combine(m.decoded) }},
		{"Shares", func() { _, _, _ = s.Shares(m.ids[0], m.decoded, m.result) }},
		{"Complain", func() { _, _ = s.Complain(m.ids[0], FirstResponses, m.decoded, []uint16{1}) }},
		{"Judge", func() {
			raw, _ := s.Complain(m.ids[0], FirstResponses, m.decoded, []uint16{1})
			r, _ := s.ReadResponse(0, raw)
			_, _ = s.Judge(r, m.decoded)
		}},
	} {
		b.Run(part.name, func(b *testing.B) {
			for b.Loop() {
				part.run()
			}
		})
	}
}
