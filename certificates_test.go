package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
)

// certifiedBlocks are the blocks that a state has certificates of.
func certifiedBlocks(t *testing.T, s *state, store storage.Store) (list []uint64) {
	require.NoError(t, store.View(t.Context(), func(r storage.Reader) error {
		for item, err := range s.certificates.All(r) {
			if err != nil {
				return err
			}
			list = append(list, item.Key)
		}
		return nil
	}))
	return list
}

func TestOldCertificatesAreThinnedOut(t *testing.T) {
	const depth = coin.RewindDepth
	s, store := newState(), storage.NewMemory()
	settle := func(number uint64) {
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error { return s.certified(tx, Certificate{Number: number}) }))
	}
	for n := uint64(100); n < 6*depth; n += 10 {
		settle(n)
		newest := 0
		for _, block := range certifiedBlocks(t, s, store) {
			if block+depth > n {
				newest++
			}
		}
		require.Equal(t, int(min(n-100, depth-10)/10)+1, newest, "all of the newest at %d", n)
	}
	list := certifiedBlocks(t, s, store)
	require.Equal(t, []uint64{100, depth, 2 * depth, 3 * depth, 4 * depth}, list[:5])
	require.Len(t, list, 5+depth/10, "nothing else is old")

	// Blocks that settle again behind a rewind take nothing else away.
	require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error { return s.rewind(tx, 5*depth+500) }))
	settle(5*depth + 501)
	require.Equal(t, list[:5], certifiedBlocks(t, s, store)[:5])

	s, store = newState(), storage.NewMemory()
	s.all = true
	for n := uint64(0); n < 3*depth; n += 10 {
		settle(n)
	}
	require.Len(t, certifiedBlocks(t, s, store), 3*depth/10, "an audit keeps all")
}

func TestARewindTakesCertificatesBack(t *testing.T) {
	s, store := newState(), storage.NewMemory()
	newest := func() (c *Certificate) {
		require.NoError(t, store.View(t.Context(), func(r storage.Reader) (err error) {
			c, err = s.newest(r)
			return err
		}))
		return c
	}
	require.Nil(t, newest())
	for _, n := range []uint64{3, 5, 8} {
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error { return s.certified(tx, Certificate{Number: n}) }))
		require.Equal(t, n, newest().Number)
	}
	for _, test := range []struct {
		fork uint64
		left []uint64
	}{{8, []uint64{3, 5, 8}}, {7, []uint64{3, 5}}, {5, []uint64{3, 5}}, {4, []uint64{3}}, {2, nil}} {
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error { return s.rewind(tx, test.fork) }))
		require.Equal(t, test.left, certifiedBlocks(t, s, store))
		if len(test.left) == 0 {
			require.Nil(t, newest())
		} else {
			require.Equal(t, test.left[len(test.left)-1], newest().Number)
		}
	}
}

// Counts follow what is put and deleted, whether it was there or not.
func TestRunningCounts(t *testing.T) {
	s, store := newState(), storage.NewMemory()
	step := func(do func(*trace) error) error {
		return store.Update(t.Context(), func(tx storage.Tx) error {
			traced, err := s.trace(tx)
			require.NoError(t, err)
			if err := do(traced); err != nil {
				return err
			}
			return s.finish(traced, nil)
		})
	}
	put := func(key string) func(*trace) error {
		return func(tx *trace) error { return tx.Put([]byte(key), []byte("value")) }
	}
	drop := func(key string) func(*trace) error {
		return func(tx *trace) error { return tx.Delete([]byte(key)) }
	}
	for _, test := range []struct {
		do   func(*trace) error
		want scheduler.Pending
	}{
		{put("scheduler/free\x00a"), scheduler.Pending{Outputs: 1}},
		{put("scheduler/free\x00a"), scheduler.Pending{Outputs: 1}},
		{put("scheduler/free\x00b"), scheduler.Pending{Outputs: 2}},
		{drop("scheduler/free\x00c"), scheduler.Pending{Outputs: 2}},
		{put("scheduler/plans\x00a"), scheduler.Pending{Outputs: 2, Plans: 1}},
		{put("scheduler/payments/items\x00a"), scheduler.Pending{Outputs: 2, Plans: 1, Payments: 1}},
		{put("scheduler/aside/items\x00a"), scheduler.Pending{Outputs: 2, Plans: 1, Payments: 2}},
		{put("scheduler/payments/next"), scheduler.Pending{Outputs: 2, Plans: 1, Payments: 2}},
		{drop("scheduler/free\x00b"), scheduler.Pending{Outputs: 1, Plans: 1, Payments: 2}},
		{drop("scheduler/plans\x00a"), scheduler.Pending{Outputs: 1, Payments: 2}},
	} {
		require.NoError(t, step(test.do))
		require.NoError(t, store.View(t.Context(), func(r storage.Reader) error { return s.recount(r, test.want) }))
		test.want.Plans++
		require.ErrorAs(t, store.View(t.Context(), func(r storage.Reader) error { return s.recount(r, test.want) }), new(*scheduler.Unbalanced))
	}
	// What was not counted cannot be taken away.
	require.NoError(t, store.Update(t.Context(), plainly("scheduler/plans\x00old")))
	require.ErrorIs(t, step(drop("scheduler/plans\x00old")), storage.ErrCorrupt)
}

func plainly(key string) func(storage.Tx) error {
	return func(tx storage.Tx) error { return tx.Put([]byte(key), []byte("value")) }
}
