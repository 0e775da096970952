package signer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/storage"
)

func (n *node) signing(id ID) (x Signing) {
	n.view(func(r storage.Reader) (err error) { x, err = n.Signing(r, id); return err })
	return x
}

func (n *node) progressOf(id coin.PlanID) (w PlanProgress, ok bool) {
	n.view(func(r storage.Reader) (err error) { w, ok, err = n.PlanProgress(r, id); return err })
	return w, ok
}

func TestSigningOfAPlanStepByStep(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	n := w.nodes[0]
	w.nodes[2].offline, w.nodes[3].offline = true, true
	_, ok := n.progressOf(coin.PlanID{9})
	require.False(t, ok)
	id := w.plan(1)
	at := w.log[len(w.log)-1]
	n.update(func(tx storage.Tx) error { // as the log has it, before it is prepared
		if err := at.do(n, tx); err != nil {
			return err
		}
		return cursor.Put(tx, uint64(len(w.log)))
	})
	work, ok := n.progressOf(id)
	require.True(t, ok)
	require.True(t, work.Unprepared)
	require.False(t, n.signing(PlanID(0, id)).Known)

	w.run()
	x := n.signing(PlanID(0, id))
	require.True(t, x.Known)
	require.True(t, x.Counts)
	require.True(t, x.Followed)
	require.False(t, x.Made)
	require.Equal(t, frost.RoastState{Threshold: 3, Committed: []uint16{0, 1}, Weight: 2, Idle: []uint16{2, 3}}, x.Sets)
	work, ok = n.progressOf(id)
	require.True(t, ok)
	require.Equal(t, PlanProgress{}, work)

	// One commits, and then is silent: the set lacks its share.
	w.nodes[3].offline = false
	require.NoError(t, w.nodes[3].read())
	require.NoError(t, w.nodes[3].work())
	w.nodes[3].say(w.nodes[3].take())
	w.nodes[3].offline = true
	w.run()
	x = n.signing(PlanID(0, id))
	require.Equal(t, []frost.WaitingSet{{Members: []uint16{0, 1, 3}, Missing: []uint16{3}}}, x.Sets.Sets)
	count := func() (count int) {
		n.view(func(r storage.Reader) (err error) { count, err = n.PlansOf(r, 0); return err })
		return count
	}
	require.Equal(t, 1, count())

	w.nodes[2].offline, w.nodes[3].offline = false, false
	w.run()
	x = n.signing(PlanID(0, id))
	require.True(t, x.Made)
	require.True(t, x.Done)
	work, _ = n.progressOf(id)
	require.NotNil(t, work.Transaction)
	signed := *work.Transaction

	// It happens, and is known as long as it can be reinstated.
	plan := coin.Plan{}
	n.update(func(tx storage.Tx) error {
		p, _, err := plans.Get(tx, id)
		if err != nil {
			return err
		}
		plan = p
		if err := plans.Delete(tx, id); err != nil {
			return err
		}
		return n.Resolved(tx, id, plan, signed)
	})
	require.Equal(t, 0, count())
	require.False(t, n.signing(PlanID(0, id)).Known)
	work, ok = n.progressOf(id)
	require.True(t, ok)
	require.Equal(t, signed, *work.Transaction)
	n.update(func(tx storage.Tx) error { return n.Forgotten(tx, id) })
	_, ok = n.progressOf(id)
	require.False(t, ok)
}

func TestSigningOfABatch(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	n := w.nodes[0]
	require.False(t, n.signing(BatchID(0, 0)).Known)
	w.reportAll(0)
	w.reportAll(5)
	require.NoError(t, n.read())
	require.True(t, n.signing(BatchID(0, 0)).Counts)
	x := n.signing(BatchID(0, 5))
	require.True(t, x.Known)
	require.False(t, x.Counts, "too far ahead")
	require.False(t, n.signing(BatchID(7, 0)).Followed, "another session's")
	w.run()
	require.True(t, n.signing(BatchID(0, 0)).Done)
}
