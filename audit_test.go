package processor_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/processortest"
)

// claims are what a validator tells of the past.
func claims(t *testing.T, v *processortest.Validator) processor.Claims {
	c := processor.Claims{Digests: make(map[uint64][32]byte)}
	for _, told := range v.Told {
		switch e := told.Body.(type) {
		case processor.SignedBatch:
			c.Batches = append(c.Batches, e)
		case processor.Completed:
			c.Transactions = append(c.Transactions, e)
		}
	}
	status, err := v.Processor.Status(context.Background())
	require.NoError(t, err)
	for n := range status.Frontier.Settle {
		certificate, ok, err := v.Processor.Certificate(context.Background(), n)
		require.NoError(t, err)
		if ok {
			c.Digests[n] = certificate.State
			c.Certificates = append(c.Certificates, certificate)
		}
	}
	require.NotEmpty(t, c.Digests)
	require.NotEmpty(t, c.Batches)
	require.NotEmpty(t, c.Transactions)
	return c
}

func TestAnAuditConfirmsWhatHappened(t *testing.T) {
	g := lyingGroup(t)
	config := processor.Config{Coin: unpublishing{g.Chain.Coin(), t}}
	for i, v := range g.Validators {
		report, err := processor.Audit(t.Context(), config, g.Log, claims(t, v))
		require.NoError(t, err, "validator %d", i)
		want, err := v.Processor.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, want.Digest, report.Status.Digest)
		require.Equal(t, want.Ledger, report.Status.Ledger)
		require.ElementsMatch(t, convictions(v), report.Convictions)
		require.Len(t, report.Reported, len(g.Signed))
		for id, signed := range g.Signed {
			require.Equal(t, signed, report.Reported[id], "the log's shares sign it")
		}
	}
}

func TestAnAuditNamesWhatDidNotHappen(t *testing.T) {
	g := lyingGroup(t)
	config := processor.Config{Coin: g.Chain.Coin()}
	honest := claims(t, g.Validators[0])
	last := len(honest.Batches) - 1
	for what, lie := range map[string]func(*processor.Claims){
		"state digest":                                     func(c *processor.Claims) { c.Digests[slices.Max(slices.Collect(maps.Keys(c.Digests)))] = [32]byte{1} },
		"block 100000, which ends no settlement":           func(c *processor.Claims) { c.Certificates[0].Number = 100000 },
		"its block is not what follows from chain and log": func(c *processor.Claims) { c.Certificates[0].Block[0] ^= 1 },
		"its books is not what follows from chain and log": func(c *processor.Claims) { c.Certificates[0].Books.Assets = c.Certificates[0].Books.Assets.Add(1) },
		"its plans is not what follows from chain and log": func(c *processor.Claims) { c.Certificates[last].Plans++ },
		"behind block 100000":                              func(c *processor.Claims) { c.Digests[100000] = [32]byte{} },
		"the chain says something else": func(c *processor.Claims) {
			c.Batches[last].Batch.Number++
		},
		"there is none": func(c *processor.Claims) { c.Batches[last].Batch.ID = 1000 },
		"the signature is not that of the session's batch key": func(c *processor.Claims) {
			c.Batches[last].Signature[0] ^= 1
		},
		"it is for session 0 to sign": func(c *processor.Claims) { c.Batches[last].Session = 1 },
		"which the log does not sign": func(c *processor.Claims) { c.Transactions[0].Transaction[0] ^= 1 },
		"is fulfilled by 00000000000000000": func(c *processor.Claims) {
			c.Transactions[0].SignID.Subject[0] ^= 1
			c.Transactions[0].Transaction = [32]byte{}
		},
	} {
		t.Run(what, func(t *testing.T) {
			lying := processor.Claims{
				Digests: maps.Clone(honest.Digests), Certificates: slices.Clone(honest.Certificates), Batches: slices.Clone(honest.Batches), Transactions: slices.Clone(honest.Transactions),
			}
			lie(&lying)
			report, err := processor.Audit(t.Context(), config, g.Log, lying)
			var wrong *processor.Discrepancy
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, what)
			require.NotNil(t, report, "the report is of what is true")
		})
	}
}

func TestAnAuditOfAnotherChain(t *testing.T) {
	g, other := lyingGroup(t), newGroup(t, 3, 1, 1, 1, 1)
	require.NoError(t, other.Chain.Mine(t.Context(), 40))
	_, err := processor.Audit(t.Context(), processor.Config{Coin: other.Chain.Coin()}, g.Log, processor.Claims{})
	var halt *processor.Halt
	require.ErrorAs(t, err, &halt)
	_, err = processor.Audit(t.Context(), processor.Config{}, g.Log, processor.Claims{})
	require.ErrorContains(t, err, "Coin")
}
