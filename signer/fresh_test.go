package signer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/storage"
)

// Without a fresh view, a signer says nothing on batches and plans, neither
// commitments nor shares; on requests it does.
func TestWhatFollowsFromTheChainWaitsForAFreshView(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	plan := w.plan(1)
	w.reportAll(0)
	blind := func() [][]byte {
		t.Helper()
		require.NoError(t, n.read())
		for {
			did, err := n.Work(t.Context(), n.store, false)
			require.NoError(t, err)
			if !did {
				return n.take()
			}
		}
	}
	require.Empty(t, blind())
	require.Empty(t, n.nonces, "nor draws nonces")
	require.NoError(t, n.work())
	commitments := n.take()
	require.Len(t, commitments, 2)
	w.say(0, commitments...)

	// With a set to answer.
	require.NoError(t, w.nodes[1].read())
	require.NoError(t, w.nodes[1].work())
	w.say(1, w.nodes[1].take()...)
	require.Empty(t, blind())
	w.append(func(n *node, tx storage.Tx) error { return n.RequestCosign(tx, 0, batch.Cosign{Number: 1}) })
	require.Len(t, blind(), 1)
	require.NoError(t, n.work())
	require.Len(t, n.take(), 2, "its shares")
	require.NotZero(t, plan)
}

// What is signed completely is handed on: everybody can see it in the log.
func TestSignaturesAreHandedOnWithoutAFreshView(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	n := w.nodes[0]
	n.offline = true
	id := w.plan(1)
	w.reportAll(0)
	w.run()
	require.NoError(t, n.read())
	_, err := n.Work(t.Context(), n.store, false)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"batch 0 signed", planLine(id)}, n.told())
}

// Without a fresh view, a transaction is not handed over for the first time,
// but again.
func TestFirstPublicationWaitsForAFreshView(t *testing.T) {
	_, n, _ := signedPlans(t, 2)
	blind := func(tip uint64) int {
		before := len(n.coin.published)
		_, err := n.Publish(t.Context(), n.store, tip, false)
		require.NoError(t, err)
		return len(n.coin.published) - before
	}
	require.Zero(t, blind(5))
	require.Equal(t, 2, n.publishAt(t, 5))
	require.Zero(t, blind(5))
	require.Equal(t, 2, blind(6))
}
