package signer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

func (w *world) cosign(session, number uint64) batch.Cosign {
	c := batch.Cosign{Number: number, Hash: [32]byte{byte(number)}}
	w.append(func(n *node, tx storage.Tx) error { return n.RequestCosign(tx, session, c) })
	return c
}

func (w *world) slashReport(session uint64, slashes ...batch.Slash) batch.SlashReport {
	report := batch.SlashReport{Slashes: slashes}
	w.append(func(n *node, tx storage.Tx) error { return n.RequestSlashReport(tx, session, report) })
	return report
}

func TestRequestsAreSigned(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	follower := w.add(&fakeKeys{world: w})
	w.cosign(0, 5)
	w.slashReport(0, batch.Slash{Validator: 2, Points: 7})
	w.run()
	w.cosign(0, 6)
	w.run()
	for _, n := range append(w.nodes, follower) {
		require.ElementsMatch(t, []string{"cosign 5 signed", "slash report signed, 1 slashes", "cosign 6 signed"}, n.told())
		require.Empty(t, n.nonces)
		require.Equal(t, 2, n.records(), "the last number, and that there was a report")
		require.Zero(t, n.memory.held)
	}
}

func TestCosignsGrow(t *testing.T) {
	const refused = "refused: cosign of block "
	w := newWorld(t, 3, 1, 1, 1)
	w.nodes[2].offline = true
	old := w.cosign(0, 5)
	w.run()
	n := w.nodes[0]
	require.NotEmpty(t, n.nonces)
	late := len(w.log)

	w.cosign(0, 5) // again
	w.cosign(0, 4)
	w.run()
	require.Equal(t, []string{refused + "5: session 0 was asked for block 5 before", refused + "4: session 0 was asked for block 5 before"}, n.told())
	w.cosign(0, 8) // takes the place of 5
	w.run()
	require.Zero(t, n.duty(n.CosignID(0, old)))
	w.nodes[2].offline = false
	for _, e := range w.log[:late] { // what was said on 5 comes late
		if e.do == nil {
			w.log = append(w.log, e)
		}
	}
	w.run()
	w.cosign(0, 8)
	w.cosign(0, 9)
	w.run()
	for _, n := range w.nodes {
		require.Equal(t, 1, count(n.told(), "cosign 8 signed"), "%v", n.told())
		require.Equal(t, 1, count(n.told(), "cosign 9 signed"))
		require.Equal(t, 0, count(n.told(), "cosign 5 signed"))
		require.Equal(t, 3, count(n.told(), refused))
		require.Equal(t, 1, n.records())
	}
}

func TestOneSlashReportOfASession(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	w.slashReport(0)
	w.slashReport(0, batch.Slash{Validator: 1, Points: 1})
	w.run()
	w.slashReport(0)
	w.run()
	const refused = "refused: slash report: session 0 was asked before"
	for _, n := range w.nodes {
		require.ElementsMatch(t, []string{refused, "slash report signed, 0 slashes", refused}, n.told())
	}
}

func TestOnlyConfirmedSessionsAreAsked(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	w.cosign(3, 1)
	w.slashReport(3)
	w.run()
	for _, n := range w.nodes {
		require.Len(t, n.told(), 2)
		require.Equal(t, 2, counting(n.told(), "session 3 is not confirmed, or retired"))
		require.Zero(t, n.records())
	}
}

// What is said on a request counts from the request's position on, until it is
// signed.
func TestItemsOnRequestsCountBetweenRequestAndSignature(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	n := w.nodes[0]
	id := n.CosignID(0, batch.Cosign{Number: 5, Hash: [32]byte{5}})
	early := w.commit(1, id, 7, id.Subject)
	w.say(1, early)
	require.NoError(t, n.read())
	require.Zero(t, n.records())
	w.cosign(0, 5)
	w.run()
	for _, n := range w.nodes {
		require.Equal(t, []string{"cosign 5 signed"}, n.told())
	}
	w.say(1, w.commit(1, id, 99, [32]byte{1}))
	w.say(1, wire.Marshal(item{ID: id, Share: make([]byte, 32)}))
	w.run()
	require.Equal(t, []string{"cosign 5 signed"}, n.told(), "neither blame nor divergence")
	require.Equal(t, 1, n.records())
}

// Requests go through sets as everything does.
func TestRequestsDivergeWithdrawAndAreReattempted(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	report := w.slashReport(0, batch.Slash{Validator: 0, Points: 1})
	n := w.nodes[0]
	id := n.SlashReportID(0, report)
	require.NoError(t, n.read())
	w.say(2, w.commit(2, id, 0, [32]byte{9}))
	for range 10 {
		n.restart(n.store.Clone())
		w.once()
	}
	w.run()
	require.Equal(t, 1, counting(n.told(), "slash report diverged"))
	require.Equal(t, 1, counting(n.told(), "0 held in session 0 slash report"))
	require.Len(t, n.told(), 2)
	w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, id, 1) })
	w.run()
	for _, n := range w.nodes {
		require.Equal(t, 1, count(n.told(), "slash report signed, 1 slashes"))
	}
	w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, id, 2) })
	w.run()
	require.Equal(t, 1, n.records(), "a late Reattempt brings nothing back")
}

func (w *world) retire(session, position uint64) {
	w.append(func(n *node, tx storage.Tx) error {
		if err := n.Retire(tx, session, position); err != nil {
			return err
		}
		return n.Retired(tx, session, position)
	})
}

func TestRetirementEndsASessionsSigning(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	w.append(func(n *node, tx storage.Tx) error { return n.Confirmed(tx, 1, 0) })
	w.nodes[2].offline = true
	w.cosign(0, 5)
	w.slashReport(0)
	w.plan(1)
	for _, n := range w.nodes {
		n.report(0, 0)
		n.report(1, 1)
	}
	w.run()
	n := w.nodes[0]
	require.Len(t, n.nonces, 4)
	w.retire(0, 10)
	w.run()
	require.Empty(t, n.nonces)
	require.NotEmpty(t, n.ids())
	n.view(func(r storage.Reader) error {
		cosign, err := n.cosigns.Has(r, 0)
		require.NoError(t, err)
		report, err := n.reports.Has(r, 0)
		require.False(t, cosign || report)
		return err
	})
	for _, id := range n.ids() {
		require.Equal(t, uint64(1), id.Session, "what is other sessions' stays")
	}
	require.Empty(t, n.told())

	// Whatever still comes counts for nothing.
	w.nodes[2].offline = false
	w.cosign(0, 6)
	w.say(1, w.commit(1, BatchID(0, 0), 50, [32]byte{}))
	w.run()
	require.Equal(t, []string{"refused: cosign of block 6: session 0 is not confirmed, or retired"}, n.told())
}

// ids are the sign IDs that the node knows anything of.
func (n *node) ids() (list []ID) {
	n.view(func(r storage.Reader) (err error) {
		kinds := []Kind{Batch, Plan, Cosign, SlashReport}
		list = nil
		for session := range uint64(3) {
			if list, err = idsOf(r, n.duties, session, kinds, list); err != nil {
				return err
			}
			if list, err = idsOf(r, n.sets, session, kinds, list); err != nil {
				return err
			}
		}
		return nil
	})
	return list
}

// The log of batch signing may be read before or behind that of settlement: a
// refused retirement has no effect on it.
func TestARefusedRetirementHasNoEffectOnBatches(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	w.cosign(0, 5)
	w.append(func(n *node, tx storage.Tx) error { return n.Retired(tx, 0, 4) }) // refused
	w.append(func(n *node, tx storage.Tx) error { return n.Retire(tx, 0, 9) })  // settlement is ahead
	w.append(func(n *node, tx storage.Tx) error { return n.Retired(tx, 0, 8) }) // refused too
	n := w.nodes[0]
	require.NoError(t, n.read())
	able := func() (able bool) {
		n.view(func(r storage.Reader) (err error) { able, err = n.sessions.Has(r, 0); return err })
		return able
	}
	require.True(t, able())
	require.NoError(t, n.work())
	require.Empty(t, n.take(), "but nothing is signed any more")
	n.update(func(tx storage.Tx) error { return n.Retired(tx, 0, 9) })
	require.False(t, able())
}

// Settlement may have read a second retirement before batch signing gets to the
// first: what is between them counts nowhere.
func TestARepeatedRetirementHasNoEffect(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	ahead, behind := w.nodes[0], w.nodes[1]
	for _, n := range w.nodes {
		require.NoError(t, n.read())
	}
	settle := func(position uint64) func(*node) {
		return func(n *node) { n.update(func(tx storage.Tx) error { return n.Retire(tx, 0, position) }) }
	}
	read := func(position uint64) func(*node) {
		return func(n *node) { n.update(func(tx storage.Tx) error { return n.Retired(tx, 0, position) }) }
	}
	ask := func(n *node) {
		n.update(func(tx storage.Tx) error { return n.RequestCosign(tx, 0, batch.Cosign{Number: 1}) })
	}
	for _, do := range []func(*node){settle(5), read(5), ask, settle(9), read(9)} {
		do(ahead)
	}
	for _, do := range []func(*node){settle(5), settle(9), read(5), ask, read(9)} {
		do(behind)
	}
	require.Len(t, ahead.told(), 1)
	require.Equal(t, ahead.told(), behind.told())
}

func TestARepeatedVoteBringsNoRetiredSessionBack(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	require.NoError(t, n.read())
	n.update(func(tx storage.Tx) error { return n.Retire(tx, 0, 5) })
	ask := func(number uint64) {
		n.update(func(tx storage.Tx) error { return n.RequestCosign(tx, 0, batch.Cosign{Number: number}) })
	}
	confirm := func(position uint64) {
		n.update(func(tx storage.Tx) error { return n.Confirmed(tx, 0, position) })
	}
	n.update(func(tx storage.Tx) error { return n.sessions.Delete(tx, 0) })
	confirm(4) // settlement is ahead: the session is confirmed first
	ask(1)
	require.Empty(t, n.told())
	n.update(func(tx storage.Tx) error { return n.Retired(tx, 0, 5) })
	confirm(6)
	ask(2)
	require.Equal(t, []string{"refused: cosign of block 2: session 0 is not confirmed, or retired"}, n.told())
	require.Empty(t, n.ids())
}
