package signer

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// void puts that a plan is void into the log.
func (w *world) void(id coin.PlanID) {
	w.append(func(n *node, tx storage.Tx) error { return n.voids(tx, id) })
}

// over asserts that nothing is left of any plan, in a node's database or memory.
func (n *node) over(t *testing.T) {
	t.Helper()
	require.NoError(t, n.work())
	n.publishAt(t, 1000)
	require.Zero(t, n.records())
	require.Empty(t, n.nonces)
	require.Empty(t, n.opinions)
	require.Empty(t, n.published)
	n.view(func(r storage.Reader) error {
		c, err := n.Counts(r)
		require.Zero(t, c)
		for pair, err := range r.Range([]byte("eventuality/"), []byte("eventuality0")) {
			require.NoError(t, err)
			t.Errorf("%q is still watched for", pair.Key)
		}
		return err
	})
}

// A plan becomes void behind so many steps of its signing.
func TestAPlanBecomesVoidAnywhere(t *testing.T) {
	for steps := range 8 {
		t.Run(fmt.Sprint(steps), func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1)
			id := w.plan(2)
			for range steps {
				w.once()
			}
			w.void(id)
			w.run() // with what is on its way
			for _, n := range w.nodes {
				n.over(t)
				for _, line := range n.told() {
					require.Equal(t, planLine(id), line, "nobody is blamed")
				}
			}
			// What is said later has no effect either.
			w.say(1, w.commitTo(1, id)...)
			w.say(2, w.commitTo(2, id)...)
			w.run()
			for _, n := range w.nodes {
				n.over(t)
			}
		})
	}
}

// commitTo returns what a validator says on a plan in a world where it is not void.
func (w *world) commitTo(validator int, id coin.PlanID) [][]byte {
	other := newWorld(w.tester, 3, 1, 1, 1, 1)
	if made := other.plan(2); made != id {
		panic("another plan")
	}
	n := other.nodes[validator]
	require.NoError(w, n.read())
	require.NoError(w, n.work())
	return n.take()
}

func TestSharesOfAVoidPlanAreIgnored(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	id := w.plan(2)
	w.once()
	var late [][]byte
	for _, n := range w.nodes {
		require.NoError(t, n.read())
		require.NoError(t, n.work())
		late = append(late, n.take()...)
	}
	require.Len(t, late, 3)
	w.void(id)
	for i, data := range late {
		require.NotEmpty(t, w.parse(data).Share)
		w.say(uint16(i), data)
	}
	w.run()
	for _, n := range w.nodes {
		require.Empty(t, n.told())
		n.over(t)
	}
}

// interrupted calls a function when it is read for the first time.
type interrupted struct {
	io.Reader
	once func()
}

func (i *interrupted) Read(p []byte) (int, error) {
	if i.once != nil {
		i.once()
		i.once = nil
	}
	return i.Reader.Read(p)
}

func TestAPlanBecomesVoidWhileItIsCommittedTo(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	id := w.plan(1)
	require.NoError(t, n.read())
	n.random = &interrupted{chacha(1), func() { n.update(func(tx storage.Tx) error { return n.voids(tx, id) }) }}
	n.restart(n.store)
	require.NoError(t, n.work())
	require.Empty(t, n.take())
	n.over(t)
}

func TestAPlanBecomesVoidWhileItIsAssembled(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	id := w.plan(1)
	n.coin.assemble = func() { n.update(func(tx storage.Tx) error { return n.voids(tx, id) }) }
	w.run()
	require.Empty(t, n.told())
	n.coin.assemble = nil
	n.over(t)
}

func TestAPlanBecomesVoidWhileItIsPrepared(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	id := w.plan(1)
	n.coin.prepare = func() { n.update(func(tx storage.Tx) error { return n.voids(tx, id) }) }
	w.run()
	require.Empty(t, n.told())
	n.over(t)
}

// Before it is even prepared, and it keeps no other from that.
func TestAPlanBecomesVoidBeforeItIsPrepared(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	w.plan(1)
	stuck := true
	n.coin.unable = func(coin.Plan) bool { return stuck }
	require.ErrorIs(t, n.read(), coin.ErrTransient)
	id := w.plan(2)
	n.update(func(tx storage.Tx) error {
		for item, err := range plans.All(tx) {
			if err != nil {
				return err
			}
			return n.voids(tx, item.Key)
		}
		return nil
	})
	stuck = false
	w.run()
	require.Equal(t, []string{planLine(id)}, n.told())
}

func TestAPlanBecomesVoidWhileItIsPublished(t *testing.T) {
	_, n, ids := signedPlans(t, 1)
	n.coin.publish = func(coin.Transaction) (coin.Publication, error) {
		n.update(func(tx storage.Tx) error { return n.voids(tx, ids[0]) })
		return coin.Publication{Status: coin.Rejected}, nil
	}
	require.Equal(t, 1, n.publishAt(t, 1))
	require.Empty(t, n.told(), "it is void")
	require.Zero(t, n.publishAt(t, 2))
	n.over(t)
}

// Another version of it, with the same inputs, goes its way.
func TestOneVersionIsVoidAndTheOtherIsNot(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	lost := w.chained(coin.Change, coin.TransactionID{1}, 1)
	won := w.chained(coin.Change, coin.TransactionID{1}, 2)
	w.once()
	w.void(lost)
	w.run()
	for _, n := range w.nodes {
		require.True(t, n.hasSigned(won))
		require.False(t, n.hasSigned(lost))
		require.Equal(t, 1, n.publishAt(t, 1))
	}
	w.resolve(won)
	w.run()
	for _, n := range w.nodes {
		n.update(func(tx storage.Tx) error { return n.Tracker.Forget(tx, won) }) // as whoever finds it does
		n.over(t)
	}
}

// The version that happened is void with its block and is taken up again; the
// others stay void.
func TestAVoidPlanIsNotReinstated(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	lost := w.chained(coin.Change, coin.TransactionID{1}, 1)
	won := w.chained(coin.Change, coin.TransactionID{1}, 2)
	w.run()
	var lostPlan coin.Plan
	w.nodes[0].view(func(r storage.Reader) (err error) { lostPlan, _, err = plans.Get(r, lost); return err })
	w.void(lost)
	plan := w.settle(won)
	w.reinstate(won, plan)
	for _, n := range w.nodes {
		require.True(t, n.hasSigned(won))
		require.False(t, n.hasSigned(lost))
		require.Equal(t, 1, n.publishAt(t, 9))
		err := n.store.Update(t.Context(), func(tx storage.Tx) error { return n.Reinstated(tx, lost, lostPlan) })
		require.ErrorIs(t, err, storage.ErrCorrupt)
	}
}

func TestASessionRetiresBehindAVoidPlan(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	id := w.plan(2)
	w.once()
	w.void(id)
	w.append(func(n *node, tx storage.Tx) error {
		if err := n.Retire(tx, 0, 5); err != nil {
			return err
		}
		return n.Retired(tx, 0, 5)
	})
	w.run()
	for _, n := range w.nodes {
		require.NoError(t, n.work())
		require.Empty(t, n.nonces)
		require.Equal(t, 1, n.records(), "that it is retired")
	}
}

// A tree whose root is not in any block: all is signed, published in order, and
// again at the next tip.
func TestATreeIsSignedAndPublishedFromItsRootOn(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	root := w.plan(1)
	w.run()
	by := n.transaction(root)
	bump := w.chained(coin.Change, by, 10)
	child := w.chained(coin.Branch, by, 20)
	w.run()
	leaf := w.chained(coin.Branch, n.transaction(child), 30)
	w.run()
	want := []coin.TransactionID{by, n.transaction(bump), n.transaction(child), n.transaction(leaf)}
	for tip := range uint64(3) {
		n.coin.published = nil
		require.Equal(t, 4, n.publishAt(t, tip))
		require.Equal(t, want, n.coin.published)
	}
}

// Whatever is signed first: a child that the node refused for want of its root is
// handed over again with it, and not at the next tip only.
func TestAChildIsPublishedAgainWithItsRoot(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	root := w.plan(1)
	require.NoError(t, n.read())
	by := n.transaction(root)
	child := w.chained(coin.Branch, by, 20)
	n.coin.refuse, n.coin.only = coin.ErrTransient, func(p coin.Plan) bool { return p.ID(coin.BlockID{}) == root }
	for range 3 {
		_ = n.read()
		_ = n.work()
		for _, m := range n.takeMessages() {
			n.say(m.items)
		}
	}
	require.True(t, n.hasSigned(child))
	require.False(t, n.hasSigned(root))
	require.Equal(t, 1, n.publishAt(t, 1))
	n.coin.refuse = nil
	w.run()
	require.True(t, n.hasSigned(root))
	n.coin.published = nil
	require.Equal(t, 2, n.publishAt(t, 1))
	require.Equal(t, []coin.TransactionID{by, n.transaction(child)}, n.coin.published)
}
