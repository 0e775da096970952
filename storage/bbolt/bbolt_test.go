package bbolt

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/storagetest"
)

func openIn(t testing.TB, dir string) storage.Store {
	s, err := Open(filepath.Join(dir, "processor.db"), Options{})
	require.NoError(t, err)
	return s
}

func TestStore(t *testing.T) { storagetest.Run(t, openIn) }

func BenchmarkStore(b *testing.B) { storagetest.Benchmark(b, openIn) }

func put(t *testing.T, s storage.Store, key string, size int) error {
	return s.Update(t.Context(), func(tx storage.Tx) error {
		return tx.Put([]byte(key), bytes.Repeat([]byte{1}, size))
	})
}

func TestFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := Open(path, Options{})
	require.NoError(t, err)
	_, err = Open(path, Options{Timeout: time.Millisecond})
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorContains(t, err, path)
	require.NoError(t, s.Close())
	s, err = Open(path, Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestFileInUseByAnotherProcess runs this test binary as a second process.
func TestFileInUseByAnotherProcess(t *testing.T) {
	if path := os.Getenv("BBOLT_CHILD"); path != "" {
		_, err := Open(path, Options{Timeout: time.Millisecond})
		require.ErrorIs(t, err, ErrLocked)
		return
	}
	path := filepath.Join(t.TempDir(), "db")
	s, err := Open(path, Options{})
	require.NoError(t, err)
	defer s.Close()
	child := exec.Command(os.Args[0], "-test.run=^TestFileInUseByAnotherProcess$")
	child.Env = append(os.Environ(), "BBOLT_CHILD="+path)
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := Open(path, Options{})
	require.NoError(t, err)
	defer s.Close()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(dir, Options{})
	require.Error(t, err, "a directory")
	_, err = Open(filepath.Join(dir, "missing", "db"), Options{})
	require.ErrorIs(t, err, os.ErrNotExist)

	noise := filepath.Join(dir, "noise")
	require.NoError(t, os.WriteFile(noise, bytes.Repeat([]byte("noise"), 10_000), 0o600))
	_, err = Open(noise, Options{})
	require.ErrorIs(t, err, storage.ErrCorrupt)

	foreign := filepath.Join(dir, "foreign")
	db, err := bolt.Open(foreign, 0o600, &bolt.Options{Timeout: time.Second})
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("processor/9"))
		return err
	}))
	require.NoError(t, db.Close())
	_, err = Open(foreign, Options{})
	require.ErrorIs(t, err, storage.ErrVersion)
}

func TestFailedCommitEndsUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := open(path, &bolt.Options{Timeout: time.Second, MaxSize: 1 << 20})
	require.NoError(t, err)
	require.NoError(t, put(t, s, "small", 10))
	err = put(t, s, "large", 4<<20)
	require.ErrorContains(t, err, "commit")
	require.Equal(t, err, put(t, s, "small", 11), "the first failure, again")
	require.Equal(t, err, s.View(t.Context(), func(storage.Reader) error { panic("called") }))
	require.NoError(t, s.Close())
	require.ErrorIs(t, put(t, s, "small", 12), storage.ErrClosed)

	reopened, err := Open(path, Options{})
	require.NoError(t, err)
	defer reopened.Close()
	require.NoError(t, reopened.View(t.Context(), func(r storage.Reader) error {
		small, err := r.Get([]byte("small"))
		require.NoError(t, err)
		require.Len(t, small, 10)
		large, err := r.Get([]byte("large"))
		require.NoError(t, err)
		require.Nil(t, large)
		return nil
	}))
}

// TestDamagedFile spoils all pages but the two that say where the others are,
// and truncates: the store returns errors.
func TestDamagedFile(t *testing.T) {
	page := os.Getpagesize()
	for name, damage := range map[string]func(*os.File, int64){
		"ones": func(f *os.File, size int64) {
			f.WriteAt(bytes.Repeat([]byte{0xff}, int(size)-2*page), 2*int64(page))
		},
		"zeros": func(f *os.File, size int64) {
			f.WriteAt(make([]byte, int(size)-2*page), 2*int64(page))
		},
		"truncated": func(f *os.File, size int64) { f.Truncate(2 * int64(page)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			s, err := Open(path, Options{})
			require.NoError(t, err)
			for _, key := range []string{"a", "b", "c"} {
				require.NoError(t, put(t, s, key, 10_000))
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			defer f.Close()
			info, err := f.Stat()
			require.NoError(t, err)
			damage(f, info.Size())

			// What is mapped changes under the open store.
			require.Error(t, s.View(t.Context(), func(r storage.Reader) error {
				for _, err := range r.Range(nil, nil) {
					if err != nil {
						return err
					}
				}
				_, err := r.Get([]byte("b"))
				return err
			}))
			require.Error(t, put(t, s, "d", 10))
			require.ErrorIs(t, s.usable(), storage.ErrCorrupt)
			s.Close()

			_, err = Open(path, Options{Timeout: time.Millisecond})
			require.Error(t, err)
		})
	}
}

func TestUpdateInsideUpdateWaitsForItsContext(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	require.NoError(t, s.Update(t.Context(), func(storage.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, s.Update(ctx, func(storage.Tx) error { panic("called") }), context.DeadlineExceeded)
		return nil
	}))
}

func TestTransactionIsOver(t *testing.T) {
	s := openIn(t, t.TempDir())
	defer s.Close()
	require.NoError(t, put(t, s, "a", 1))
	var kept storage.Tx
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error { kept = tx; return nil }))
	_, err := kept.Get([]byte("a"))
	require.ErrorIs(t, err, errOver)
	require.ErrorIs(t, kept.Put([]byte("a"), []byte("1")), errOver)
	require.ErrorIs(t, kept.Delete([]byte("a")), errOver)
	for _, err := range kept.Range(nil, nil) {
		require.ErrorIs(t, err, errOver)
	}
}
