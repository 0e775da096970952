package signer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// theft spends an output, and is no plan's.
type theft coin.OutputID

func (theft) ID() [32]byte        { return [32]byte{0xff} }
func (t theft) Lookups() [][]byte { return [][]byte{image(coin.OutputID(t))} }

// notices tells whether a node sees that an output of a plan is spent.
func (n *node) notices(plan coin.Plan, input int) bool {
	id := plan.Inputs[input].ID
	var spends []eventuality.Spend
	n.view(func(r storage.Reader) (err error) {
		_, spends, err = n.Tracker.Find(r, []eventuality.Transaction{theft(id)})
		return err
	})
	for _, s := range spends {
		require.Equal(n, wire.Marshal(id), s.Output)
	}
	return len(spends) > 0
}

// Where only signatures tell how spends look, they are watched for from when there
// are signatures until the plan has happened, and again if that is undone.
func TestSpendsThatOnlySignaturesTellAreWatchedFor(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	for _, n := range w.nodes {
		n.coin.secretive = true
	}
	id := w.plan(2)
	require.NoError(t, w.nodes[0].read())
	var plan coin.Plan
	w.nodes[0].view(func(r storage.Reader) (err error) { plan, _, err = plans.Get(r, id); return err })
	require.Len(t, plan.Inputs, 2)
	all := func(want bool) {
		t.Helper()
		for _, n := range w.nodes {
			for i := range plan.Inputs {
				require.Equal(t, want, n.notices(plan, i))
			}
		}
	}
	all(false)
	w.run()
	all(true)
	w.settle(id)
	all(false)
	w.append(func(n *node, tx storage.Tx) error {
		if err := plans.Put(tx, id, plan); err != nil {
			return err
		}
		return n.Reinstated(tx, id, plan)
	})
	w.run()
	all(true)
}

func TestACoinTellsTheSpendsOfAllInputs(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	n := w.nodes[0]
	id := w.plan(2)
	require.NoError(t, n.read())
	n.update(func(tx storage.Tx) error {
		plan, _, err := plans.Get(tx, id)
		require.NoError(t, err)
		require.ErrorIs(t, n.guard(tx, plan, [][]byte{{1}}), ErrUnusable)
		return nil
	})
}
