package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/storage"
)

var counter = storage.NewValue("counter", storage.Number)

func set(t *testing.T, s storage.Store, n uint64) error {
	return s.Update(t.Context(), func(tx storage.Tx) error { return counter.Put(tx, n) })
}

func read(t *testing.T, s storage.Store) (n uint64) {
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) (err error) {
		n, err = counter.Load(r)
		return err
	}))
	return n
}

func TestMemoryCountsCommits(t *testing.T) {
	s := storage.NewMemory()
	require.Zero(t, s.Commits())
	require.NoError(t, set(t, s, 1))
	require.NoError(t, set(t, s, 1), "the same content is a commit too")
	require.ErrorIs(t, s.Update(t.Context(), func(storage.Tx) error { return errWalk }), errWalk)
	require.NoError(t, s.View(t.Context(), func(storage.Reader) error { return nil }))
	require.Equal(t, 2, s.Commits())
}

func TestMemoryCutOffCommitsNothingMore(t *testing.T) {
	s := storage.NewMemory()
	s.CutAfter(2)
	require.NoError(t, set(t, s, 1))
	require.NoError(t, set(t, s, 2))
	require.ErrorIs(t, set(t, s, 3), storage.ErrCut)
	require.ErrorIs(t, set(t, s, 3), storage.ErrCut)
	require.EqualValues(t, 2, read(t, s))
	require.Equal(t, 2, s.Commits())

	again := s.Clone()
	require.Equal(t, 2, again.Commits())
	require.NoError(t, set(t, again, 4))
	require.EqualValues(t, 4, read(t, again))
	require.EqualValues(t, 2, read(t, s))
}

func TestMemoryCutAtOnce(t *testing.T) {
	s := storage.NewMemory()
	s.CutAfter(0)
	require.ErrorIs(t, set(t, s, 1), storage.ErrCut)
}

func TestMemoryClonesAreIndependent(t *testing.T) {
	s := storage.NewMemory()
	require.NoError(t, set(t, s, 1))
	c := s.Clone()
	require.NoError(t, set(t, s, 2))
	require.NoError(t, set(t, c, 3))
	require.NoError(t, s.Close())
	require.EqualValues(t, 3, read(t, c))
	require.EqualValues(t, 2, read(t, s.Clone()), "a clone of a closed store is open")
}

func TestMemoryHistory(t *testing.T) {
	s := storage.NewMemory()
	require.NoError(t, set(t, s, 10))
	s.KeepHistory()
	require.NoError(t, set(t, s, 20))
	require.NoError(t, set(t, s, 30))
	for commit, want := range map[int]uint64{1: 10, 2: 20, 3: 30} {
		at := s.At(commit)
		require.Equal(t, commit, at.Commits())
		require.Equal(t, want, read(t, at))
		require.NoError(t, set(t, at, 99))
		require.Equal(t, commit+1, at.Commits())
	}
	require.EqualValues(t, 30, read(t, s))
}
