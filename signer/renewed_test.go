package signer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// late lets all nodes answer their sets, and returns the shares, which do not get
// into the log.
func (w *world) late() map[uint16][]byte {
	late := make(map[uint16][]byte)
	for i, n := range w.nodes {
		require.NoError(w, n.read())
		require.NoError(w, n.work())
		for _, data := range n.take() {
			if w.parse(data).Share != nil {
				late[uint16(i)] = data
			}
		}
	}
	require.Len(w, late, 3)
	return late
}

// signedAgain expects that late shares of before change nothing for a plan that was
// taken up again.
func (w *world) signedAgain(id coin.PlanID, late map[uint16][]byte) {
	w.once() // all commit again
	for i, data := range late {
		w.say(i, data)
	}
	w.run()
	for _, n := range w.nodes {
		require.Equal(w, []string{planLine(id)}, n.told(), "nobody is blamed")
	}
}

// Shares of before a rewind that come behind it are for none of the sets behind it,
// and convict nobody.
func TestSharesOfBeforeARewindConvictNobodyBehindIt(t *testing.T) {
	for _, inputs := range []int{1, 2} {
		w := newWorld(t, 3, 1, 1, 1, 1)
		id := w.plan(inputs)
		w.once()
		late := w.late()
		plan := w.settle(id) // someone saw the shares before the log had them
		w.append(func(n *node, tx storage.Tx) error {
			if err := plans.Put(tx, id, plan); err != nil {
				return err
			}
			return n.Reinstated(tx, id, plan)
		})
		w.signedAgain(id, late)
	}
}

// The same of a plan that became void and is made again.
func TestSharesForAVoidPlanConvictNobodyOnceItIsMadeAgain(t *testing.T) {
	for _, inputs := range []int{1, 2} {
		w := newWorld(t, 3, 1, 1, 1, 1)
		id := w.plan(inputs)
		w.once()
		late := w.late()
		var plan coin.Plan
		w.nodes[0].view(func(r storage.Reader) (err error) { plan, _, err = plans.Get(r, id); return err })
		w.void(id)
		w.append(func(n *node, tx storage.Tx) error {
			if err := plans.Put(tx, id, plan); err != nil {
				return err
			}
			return n.Planned(tx, id, plan)
		})
		w.signedAgain(id, late)
	}
}

// Nor do those that have been heard and are delivered twice, where the log had all
// shares and nobody came to make the transaction.
func TestSharesDeliveredTwiceConvictNobodyBehindARewind(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	id := w.plan(1)
	w.once()
	late := w.late()
	for i := range uint16(3) {
		w.say(i, late[i])
	}
	plan := w.settle(id)
	w.append(func(n *node, tx storage.Tx) error {
		if err := plans.Put(tx, id, plan); err != nil {
			return err
		}
		return n.Reinstated(tx, id, plan)
	})
	w.signedAgain(id, late)
}

func FuzzVoided(f *testing.F) {
	f.Add(wire.Marshal(voided{Transaction: []byte("prepared"), Sets: 2}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := wire.Unmarshal[voided](data); err == nil {
			require.Equal(t, data, wire.Marshal(p))
		}
	})
}
