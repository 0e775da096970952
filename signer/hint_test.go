package signer

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// abroad lets three of four sign a plan and a fourth hear nothing of it but the
// plan, and returns the fourth with its node knowing the transaction.
func abroad(t *testing.T) (*world, *node, coin.PlanID, coin.TransactionID) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	n := w.nodes[3]
	id := w.plan(2)
	require.NoError(t, n.read())
	require.NoError(t, n.work())
	n.offline = true
	w.run()
	by := n.transaction(id)
	n.coin.pool = map[coin.TransactionID][]byte{by: w.nodes[0].signedBytes(id)}
	return w, n, id, by
}

func (n *node) signedBytes(id coin.PlanID) []byte {
	var one signed
	n.view(func(r storage.Reader) (err error) { one, err = n.signed.Load(r, id); return err })
	require.NotEmpty(n, one.Transaction.Raw)
	return one.Transaction.Raw
}

func (n *node) hint(id ID, by coin.TransactionID) error { return n.Hint(n.Context(), n.store, id, by) }

func TestAHintBringsTheTransaction(t *testing.T) {
	w, n, id, by := abroad(t)
	require.Len(t, n.take(), 1, "a commitment")
	require.Len(t, n.nonces, 1)
	require.NoError(t, n.hint(PlanID(0, id), by))
	require.Equal(t, []string{planLine(id)}, n.told())
	require.Equal(t, w.nodes[0].signedBytes(id), n.signedBytes(id))
	require.ErrorIs(t, n.hint(PlanID(0, id), by), ErrSigned)
	require.Equal(t, 1, n.publishAt(t, 1), "it is published")
	require.NoError(t, n.work())
	require.Empty(t, n.nonces, "they are not needed any more")

	// What the log says of it is read, and changes nothing.
	n.offline = false
	w.run()
	require.Equal(t, []string{planLine(id)}, n.told())
	var c Counts
	n.view(func(r storage.Reader) (err error) { c, err = n.Counts(r); return err })
	require.Equal(t, Counts{Transactions: 1}, c)
	n.view(func(r storage.Reader) error {
		kept, err := n.signatures.Has(r, PlanID(0, id))
		require.False(t, kept)
		return err
	})
	w.resolve(id)
	w.run()
	require.Zero(t, n.records())
}

// It is in a set that waits for its share, and gives none.
func TestNoShareIsGivenBehindAHint(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	id := w.plan(1)
	w.nodes[2].offline = true
	w.once() // two commit
	n := w.nodes[1]
	require.NoError(t, n.read())
	require.True(t, n.duty(PlanID(0, id)).Pending)
	// Others signed meanwhile, as it were.
	twin := w.clone(t)
	twin.run()
	n.coin.pool = map[coin.TransactionID][]byte{n.transaction(id): twin.nodes[0].signedBytes(id)}
	require.NoError(t, n.hint(PlanID(0, id), n.transaction(id)))
	require.NoError(t, n.work())
	require.Empty(t, n.take())
	require.Empty(t, n.nonces)
	w.run()
	for _, e := range w.log {
		for _, data := range e.items {
			require.False(t, e.from == 1 && w.parse(data).Share != nil)
		}
	}
}

// A hint that arrives while a share is computed: the share does not leave.
func TestAHintWhileASetIsAnswered(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	id := w.plan(1)
	w.once()
	n := w.nodes[1]
	require.NoError(t, n.read())
	twin := w.clone(t)
	twin.run()
	n.coin.pool = map[coin.TransactionID][]byte{n.transaction(id): twin.nodes[0].signedBytes(id)}
	n.Parallel = func(count int, do func(int)) {
		for i := range count {
			do(i)
		}
		require.NoError(t, n.hint(PlanID(0, id), n.transaction(id)))
	}
	_, err := n.Work(t.Context(), n.store, true)
	require.NoError(t, err)
	require.Empty(t, n.take())
	require.Empty(t, n.nonces)
}

func TestHintsThatLie(t *testing.T) {
	w, n, id, by := abroad(t)
	other := w.plan(1)
	n.offline = true
	w.run()
	require.NoError(t, n.read())
	otherBy := n.transaction(other)
	n.coin.pool[otherBy] = w.nodes[0].signedBytes(other)
	unchanged := func(want error, hint ID, by coin.TransactionID) {
		t.Helper()
		err := n.hint(hint, by)
		require.ErrorIs(t, err, want)
		require.Len(t, n.told(), 0)
		require.False(t, n.hasSigned(id))
		require.False(t, n.duty(PlanID(0, id)).Done)
	}
	unchanged(ErrOther, PlanID(0, id), otherBy)
	unchanged(coin.ErrInvalid, PlanID(0, id), otherBy)
	unchanged(coin.ErrNotFound, PlanID(0, id), coin.TransactionID{1})
	unchanged(ErrNotAwaited, PlanID(1, id), by)
	unchanged(ErrNotAwaited, PlanID(0, coin.PlanID{1}), by)
	unchanged(ErrNotAwaited, BatchID(0, 0), by)
	n.coin.away = true
	unchanged(coin.ErrTransient, PlanID(0, id), by)
	n.coin.away = false
	right := n.coin.pool[by]
	for i := range len(right) / 16 {
		wrong := bytes.Clone(right)
		wrong[16*i] ^= 1
		n.coin.pool[by] = wrong
		unchanged(ErrOther, PlanID(0, id), by)
	}
	n.coin.pool[by] = right
	require.NoError(t, n.hint(PlanID(0, id), by))
}

func TestHintsOnWhatIsOver(t *testing.T) {
	w, n, id, by := abroad(t)
	w.log = w.log[:2] // the others' signatures are not in its log
	w.resolve(id)
	require.NoError(t, n.read())
	require.ErrorIs(t, n.hint(PlanID(0, id), by), ErrNotAwaited)
	// Nor on what is not prepared yet.
	plan := w.plan(1)
	n.coin.unable = func(coin.Plan) bool { return true }
	_ = n.read()
	require.ErrorIs(t, n.hint(PlanID(0, plan), by), ErrNotAwaited)
}

// The plan becomes void while the node looks.
func TestAPlanIsVoidWhileAHintIsFollowed(t *testing.T) {
	_, n, id, by := abroad(t)
	n.coin.assemble = func() { n.update(func(tx storage.Tx) error { return n.voids(tx, id) }) }
	require.ErrorIs(t, n.hint(PlanID(0, id), by), ErrNotAwaited)
	require.Empty(t, n.told())
	require.False(t, n.hasSigned(id))
}

func TestAHintHelpsWhoeverRefuses(t *testing.T) {
	_, n, id, by := abroad(t)
	n.obey(refuses)
	require.NoError(t, n.work())
	require.Len(t, n.refused(), 1)
	require.NoError(t, n.hint(PlanID(0, id), by))
	require.Empty(t, n.refused())
	require.Equal(t, 1, n.publishAt(t, 1))
}

// Hints from anywhere, while everything else runs.
func TestHintsAtTheSameTime(t *testing.T) {
	_, n, id, by := abroad(t)
	var group sync.WaitGroup
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			_ = n.Hint(context.Background(), n.store, PlanID(0, id), by)
		}()
	}
	require.NoError(t, n.read())
	require.NoError(t, n.work())
	_, err := n.Publish(t.Context(), n.store, 1, true)
	require.NoError(t, err)
	group.Wait()
	require.Equal(t, []string{planLine(id)}, n.told())
}
