package processortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
)

// TestAuditConfirmsEverybody: in every scenario somebody without any share finds
// that all is true that the validators told.
func TestAuditConfirmsEverybody(t *testing.T) {
	scenarios(t, func(t *testing.T, _ string, s processortest.Scenario) {
		sampled(t)
		t.Parallel()
		p := &processortest.Player{NewChain: newMock, NewMonero: newMonero}
		_, err := p.Play(t.Context(), s)
		require.NoError(t, err)
		claims := processor.Claims{Digests: make(map[uint64][32]byte)}
		for _, v := range p.Validators {
			if v.Halted != nil {
				t.Skip("the chain of the end is not the one that this run saw")
			}
			if v.Processor == nil {
				continue // it never joined
			}
			for _, told := range v.Told {
				switch e := told.Body.(type) {
				case processor.SignedBatch:
					claims.Batches = append(claims.Batches, e)
				case processor.Completed:
					claims.Transactions = append(claims.Transactions, e)
				}
			}
			status, err := v.Processor.Status(t.Context())
			require.NoError(t, err)
			for n := range status.Frontier.Settle {
				certificate, ok, err := v.Processor.Certificate(t.Context(), n)
				require.NoError(t, err)
				if ok {
					claims.Digests[n] = certificate.State
					claims.Certificates = append(claims.Certificates, certificate)
				}
			}
		}
		config := processor.Config{Coin: p.Coin(0), Parameters: p.Parameters, Archives: archived(t, p)}
		if len(config.Archives) > 0 {
			config.Coin = bestOf(t, p.Chain.(*mock.Chain)).Coin()
		}
		_, err = processor.Audit(t.Context(), config, p.Log, claims)
		require.NoError(t, err)
	})
}
