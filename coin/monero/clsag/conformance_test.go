package clsag_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/internal/conformance"
)

type signatureVector struct {
	S  []string `json:"s"`
	C1 string   `json:"c1"`
	D  string   `json:"D"`
}

func (v signatureVector) signature(t testing.TB) *clsag.Signature {
	s := &clsag.Signature{C1: fromHex(t, v.C1), D: fromHex(t, v.D)}
	for _, response := range v.S {
		s.S = append(s.S, fromHex(t, response))
	}
	return s
}

type vector struct {
	signatureVector
	Valid     bool
	Ring      [][2]string
	Image     string `json:"key_image"`
	PseudoOut string `json:"pseudo_out"`
	Message   string
}

func (v vector) ring(t testing.TB) (ring []clsag.Member) {
	for _, m := range v.Ring {
		ring = append(ring, clsag.Member{Key: fromHex(t, m[0]), Commitment: fromHex(t, m[1])})
	}
	return ring
}

func (v vector) verify(t testing.TB, s *clsag.Signature) error {
	return s.Verify(fromHex(t, v.Message), v.ring(t), fromHex(t, v.Image), fromHex(t, v.PseudoOut))
}

// Signatures of mainnet and of monero-wallet-rpc, and mutations of them.
func TestConformanceSignatures(t *testing.T) {
	conformance.Monero(t, "*clsag.json", func(t *testing.T, v struct {
		vector
		Signature *signatureVector
	}) {
		if v.Signature != nil { // of several signers
			v.signatureVector, v.Valid = *v.Signature, true
		}
		s := v.signature(t)
		again, err := clsag.Parse(s.Append(nil), len(v.Ring))
		if len(v.S) == 0 || len(v.S) != len(v.Ring) { // nor is it one in memory
			require.False(t, v.Valid)
			require.ErrorIs(t, err, clsag.ErrEncoding)
			require.Error(t, v.verify(t, s))
			return
		}
		require.NoError(t, err)
		require.Equal(t, s, again)
		err = v.verify(t, again)
		require.Equal(t, v.Valid, err == nil, "%v", err)
		if !v.Valid && !errors.Is(err, clsag.ErrRing) { // of a member that is no point
			require.ErrorIs(t, err, clsag.ErrSignature)
		}
	})
}

// The signatures are in the transactions, in this encoding, over the hash that
// the transactions have.
func TestConformanceTransactionsHoldTheSignatures(t *testing.T) {
	held := 0
	var vectors []vector
	conformance.Monero(t, "clsag.json", func(_ *testing.T, v vector) { vectors = append(vectors, v) })
	conformance.Monero(t, "transactions.json", func(t *testing.T, tx struct {
		Hex        string
		Message    string   `json:"signature_hash"`
		PseudoOuts []string `json:"pseudo_outs"`
		RingCTType int      `json:"rct_type"`
	}) {
		for _, v := range vectors {
			if v.Valid && v.Message == tx.Message {
				require.Equal(t, 6, tx.RingCTType)
				require.Contains(t, tx.PseudoOuts, v.PseudoOut)
				require.True(t, strings.Contains(tx.Hex, hex.EncodeToString(v.signature(t).Append(nil))))
				require.NoError(t, v.verify(t, v.signature(t)))
				held++
			}
		}
	})
	t.Logf("%d signatures are in transactions", held)
}
