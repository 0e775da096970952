package processor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// A validator keeps few of the certificates that nothing can void any more. An
// audit confirms those that it gave before all the same.
func TestAnAuditConfirmsOldCertificates(t *testing.T) {
	g := ready(t, 1, 1)
	v := g.Validators[0]
	given := processor.Claims{Digests: make(map[uint64][32]byte)}
	for range 360 {
		require.NoError(t, g.Chain.Mine(t.Context(), 3))
		require.NoError(t, g.AcknowledgeAll(t.Context()))
		c := *status(t, v).Certified
		given.Certificates = append(given.Certificates, c)
		given.Digests[c.Number] = c.State
	}
	last := given.Certificates[len(given.Certificates)-1].Number
	require.Greater(t, last, uint64(coin.RewindDepth+50))
	gone := 0
	for _, c := range given.Certificates {
		_, ok, err := v.Processor.Certificate(t.Context(), c.Number)
		require.NoError(t, err)
		require.True(t, ok || c.Number+coin.RewindDepth <= last)
		if !ok {
			gone++
		}
	}
	require.Greater(t, gone, 10)
	_, err := processor.Audit(t.Context(), processor.Config{Coin: g.Chain.Coin()}, g.Log, given)
	require.NoError(t, err)
}
