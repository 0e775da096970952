package processor_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
)

// cloneGroup copies a group and its chain, with new processes.
func cloneGroup(t testing.TB, g *processortest.Group) *processortest.Group {
	t.Helper()
	c, err := processortest.New(processortest.Options{
		Chain: g.Chain.(*mock.Chain).Clone(), Weights: g.Weights, Threshold: g.Threshold,
	})
	require.NoError(t, err)
	c.Log, c.Sessions, c.Signed, c.Acknowledged = slices.Clone(g.Log), maps.Clone(g.Sessions), maps.Clone(g.Signed), g.Acknowledged
	for i, v := range g.Validators {
		require.NoError(t, c.Start(i, v.Store.Clone()))
	}
	return c
}

// FuzzHandle lets one of four validators say anything at any time while the
// others sign a batch and a cosign, and pay: nobody fails or halts, nobody else is named, and
// the others reach their aims without it.
func FuzzHandle(f *testing.F) {
	const hostile = 1
	g := ready(f, 3, 1, 1, 1, 1)
	deposit(f, g, 1000)
	mine(f, g, 3)
	require.NoError(f, g.Chain.Mine(f.Context(), 3))
	owe(f, g, 1, 100)
	g.Append(processor.CosignBlock{Number: 1})
	for i, payload := range payloads(f) {
		f.Add(payload, uint8(i))
	}
	// What it would say here and now, to be spoilt.
	now := cloneGroup(f, g)
	require.NoError(f, now.Run(f.Context()))
	for i, e := range now.Log[len(g.Log):] {
		if m, ok := e.(processor.PeerMessage); ok && m.From == hostile {
			f.Add(m.Payload, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, when uint8) {
		g := cloneGroup(t, g)
		g.OnEvent = func(i int, e processor.EventBody) {
			switch e := e.(type) {
			case processor.InvalidParticipant:
				require.Equal(t, uint16(hostile), e.Who, e.Reason)
			case processor.Halted:
				t.Fatal(e.Reason)
			}
		}
		g.Validators[hostile].Offline = true
		acknowledged := g.Acknowledged
		for i := range when % 16 { // validators move one by one until then
			if i%4 != hostile {
				_, err := g.Step(t.Context(), int(i%4))
				require.NoError(t, err)
			}
		}
		g.Append(processor.PeerMessage{From: hostile, Payload: payload})
		require.NoError(t, g.AcknowledgeAll(t.Context()))
		require.Greater(t, g.Acknowledged, acknowledged, "no batch was signed")
		_, err := g.Digests(t.Context())
		require.NoError(t, err)
		for i, v := range g.Validators {
			if i != hostile {
				require.Zero(t, status(t, v).Signing.Plans, "a plan was not signed")
				require.Equal(t, 1, status(t, v).Signing.Transactions)
				require.Zero(t, status(t, v).Signing.Requests, "a cosign was not signed")
			}
		}
	})
}
