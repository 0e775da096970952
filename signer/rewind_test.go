package signer

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// settle puts the resolution of a plan, which may turn out to be void, into the
// log, reinstate that it is.
func (w *world) settle(id coin.PlanID) (plan coin.Plan) {
	w.append(func(n *node, tx storage.Tx) error {
		var err error
		if plan, _, err = plans.Get(tx, id); err != nil {
			return err
		}
		if err := plans.Delete(tx, id); err != nil {
			return err
		}
		return n.Resolved(tx, id, plan, coin.TransactionID{})
	})
	w.run()
	return plan
}

func (w *world) reinstate(id coin.PlanID, plan coin.Plan) {
	w.append(func(n *node, tx storage.Tx) error {
		if err := plans.Put(tx, id, plan); err != nil {
			return err
		}
		return n.Reinstated(tx, id, plan)
	})
	w.run()
}

func (n *node) hasSigned(id coin.PlanID) (signed bool) {
	n.view(func(r storage.Reader) (err error) { signed, err = n.Signed(r, id); return err })
	return signed
}

func TestAReinstatedPlanIsPublishedAgain(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	id := w.plan(2)
	w.run()
	plan := w.settle(id)
	for _, n := range w.nodes {
		require.False(t, n.hasSigned(id))
		n.told()
	}
	w.reinstate(id, plan)
	for _, n := range w.nodes {
		require.True(t, n.hasSigned(id))
		require.True(t, n.duty(PlanID(0, id)).Done)
		require.Equal(t, 1, len(n.told()), "it was signed once")
		var c Counts
		n.view(func(r storage.Reader) (err error) { c, err = n.Counts(r); return err })
		require.Equal(t, Counts{Transactions: 1}, c)
	}
	w.settle(id)
	w.append(func(n *node, tx storage.Tx) error { return n.Forgotten(tx, id) })
	w.run()
	for _, n := range w.nodes {
		require.Zero(t, n.records())
	}
}

func TestAReinstatedPlanIsSignedIfNobodyHas(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	for _, n := range w.nodes[2:] {
		n.offline = true
	}
	id := w.plan(1)
	w.run()
	counter := w.nodes[0].duty(PlanID(0, id)).Counter
	require.NotZero(t, counter)
	plan := w.settle(id)
	w.append(func(n *node, tx storage.Tx) error {
		if err := plans.Put(tx, id, plan); err != nil {
			return err
		}
		if err := n.Reinstated(tx, id, plan); err != nil {
			return err
		}
		if d, err := n.duties.Load(tx, PlanID(0, id)); err != nil || n == w.nodes[0] && d.Counter <= counter {
			return errors.Join(err, errors.New("a counter is given away twice"))
		}
		return nil
	})
	for _, n := range w.nodes {
		n.offline = false
	}
	w.run()
	for _, n := range w.nodes {
		require.True(t, n.hasSigned(id))
	}
}

func TestBatchesAreVoidBehindARewind(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	for _, n := range w.nodes[1:] {
		n.report(0, 0) // node 0 has not scanned the block, and never will
	}
	w.run()
	const position = 77
	first := w.nodes[0].Parameters.BatchesAhead
	for _, n := range w.nodes {
		n.update(func(tx storage.Tx) error { return n.Rewind(tx, position, first) })
	}
	w.append(func(n *node, tx storage.Tx) error { return n.Rewound(tx, position) })
	w.run()
	for _, n := range w.nodes {
		require.Zero(t, n.duty(BatchID(0, 0)))
		require.Error(t, n.store.Update(t.Context(), func(tx storage.Tx) error { return n.Rewound(tx, position) }), "done")
	}
	w.reportAll(first)
	w.run()
	for _, n := range w.nodes {
		require.Contains(t, n.told(), "batch "+string('0'+rune(first))+" signed")
	}
}

func FuzzResolved(f *testing.F) {
	f.Add(wire.Marshal(resolved{Counter: 1, Sets: 3, Signed: signed{coin.Transaction{ID: coin.TransactionID{2}, Raw: []byte("raw")}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := wire.Unmarshal[resolved](data); err == nil {
			require.Equal(t, data, wire.Marshal(p))
		}
	})
}

// What was prepared is known as long as the reference block can become void,
// whatever becomes of the plan.
func TestWhatWasPreparedIsKept(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	prepared := func(behind uint64) (list []coin.PlanID) {
		n.view(func(r storage.Reader) error {
			all, err := n.PreparedBehind(r, behind)
			for _, p := range all {
				require.NotEmpty(t, p.Transaction)
				list = append(list, p.Plan)
			}
			return err
		})
		return list
	}
	at := func(reference uint64) coin.PlanID {
		plan := coin.Plan{Reference: reference, Inputs: []coin.Output{{Spend: []byte{1}}}}
		id := plan.ID(coin.BlockID{})
		w.append(func(n *node, tx storage.Tx) error {
			if err := plans.Put(tx, id, plan); err != nil {
				return err
			}
			return n.Planned(tx, id, plan)
		})
		w.run()
		return id
	}
	open, settled, void := at(9), at(10), at(11)
	w.settle(settled)
	w.void(void)
	w.run()
	require.ElementsMatch(t, []coin.PlanID{open, settled, void}, prepared(8))
	require.ElementsMatch(t, []coin.PlanID{settled, void}, prepared(9))
	require.Equal(t, []coin.PlanID{void}, prepared(10))
	require.Empty(t, prepared(11))
	list := prepared(0)
	require.True(t, slices.IsSortedFunc(list, func(a, b coin.PlanID) int { return bytes.Compare(a[:], b[:]) }))

	at(10 + coin.RewindDepth)
	require.Contains(t, prepared(0), void)
	at(11 + coin.RewindDepth)
	require.NotContains(t, prepared(0), void, "it cannot become void any more")

	// A plan that comes again is not forgotten for what it was before.
	again := at(20 + coin.RewindDepth)
	w.void(again)
	w.run()
	require.Equal(t, again, at(20+coin.RewindDepth))
	at(20 + 2*coin.RewindDepth)
	require.Contains(t, prepared(0), again)
}
