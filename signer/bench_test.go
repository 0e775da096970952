package signer

import (
	"bytes"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/secp256k1"
)

// verifyCost is what one BIP-340 verification costs in btcec, in nanoseconds:
// the yardstick.
func verifyCost(b *testing.B) float64 {
	key, public := btcec.PrivKeyFromBytes([]byte{7})
	message := make([]byte, 32)
	signature, err := schnorr.Sign(key, message)
	require.NoError(b, err)
	const rounds = 500
	start := time.Now()
	for range rounds {
		require.True(b, signature.Verify(message, public))
	}
	return float64(time.Since(start).Nanoseconds()) / rounds
}

// newBitcoinWorld is four signers, three of whom have to sign, whose network key
// signs as Bitcoin wants it.
func newBitcoinWorld(b *testing.B) *world {
	w := newWorldOf(b, secp256k1.Group, 3, 1, 1, 1, 1)
	w.algorithm = func(message []byte) frost.Algorithm { return secp256k1.NewBIP340(message) }
	w.verify = func(key, message, signature []byte) bool {
		public, err1 := schnorr.ParsePubKey(key[1:])
		parsed, err2 := schnorr.ParseSignature(signature)
		return err1 == nil && err2 == nil && parsed.Verify(message, public)
	}
	w.run()
	return w
}

// BenchmarkSignTransaction is all the work of four signers, three of whom have
// to sign, from a plan of ten taproot inputs to the signed transaction of each:
// commitments, shares, signatures by everyone, and the database. The metrics
// compare it with that many verifications by btcec, and count the messages in
// the log and the bytes of their items.
func BenchmarkSignTransaction(b *testing.B) {
	cost := verifyCost(b)
	w := newBitcoinWorld(b)
	messages, size := 0, 0
	for b.Loop() {
		at := len(w.log)
		id := w.plan(10)
		w.run()
		for _, e := range w.log[at:] {
			if e.do == nil {
				messages++
				size += len(bytes.Join(e.items, nil))
			}
		}
		w.resolve(id)
	}
	for _, n := range w.nodes {
		require.Equal(b, b.N, count(n.told(), "plan"))
	}
	b.ReportMetric(float64(messages)/float64(b.N), "messages/op")
	b.ReportMetric(float64(size)/float64(b.N), "said-B/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cost, "verifies/op")
}

// BenchmarkSignMany is that for 200 plans of one input at once, by all four. The
// metrics count the messages in the log, and verifications for each of the 200
// signatures.
func BenchmarkSignMany(b *testing.B) {
	const many = 200
	cost := verifyCost(b)
	w := newBitcoinWorld(b)
	messages := 0
	for b.Loop() {
		at := len(w.log)
		ids := w.plansOf(many, 1)
		w.run()
		for _, e := range w.log[at:] {
			if e.do == nil {
				messages++
			}
		}
		for _, id := range ids {
			w.resolve(id)
		}
	}
	for _, n := range w.nodes {
		require.Equal(b, many*b.N, count(n.told(), "plan"))
	}
	b.ReportMetric(float64(messages)/float64(b.N), "messages/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/many/cost, "verifies/signature")
}
