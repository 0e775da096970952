// Package bbolt keeps a processor's database in one file, with
// go.etcd.io/bbolt: ACID, synced to disk on each commit, readers beside the
// writer, and locked against a second process on the same keys.
package bbolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/serai-go/processor/storage"
)

// ErrLocked is wrapped by Open when another process, or another Store of this
// one, has the file open.
var ErrLocked = errors.New("bbolt: file is in use")

var errOver = errors.New("bbolt: transaction is over")

// bucket holds all pairs. A format that differs gets another name.
var bucket = []byte("processor/1")

// initialMap is the address space set aside for the file, in bytes. While a
// file fits in, no commit has to wait for Views to end.
const initialMap = 256 << 20

// Options of a store. The zero value is fine.
type Options struct {
	// Timeout is how long Open waits for a file in use. Zero is one second.
	Timeout time.Duration
}

// Store is a storage.Store in a file.
//
// A failed commit, or bytes in the file that cannot be the database's, end
// its use: from then on everything returns that first failure, as nobody knows
// what the disk holds. A new process that opens the file will tell.
//
// Update waits for a running Update, so one inside the other waits until its
// context ends. A View may be opened inside an Update and sees the last
// commit; an Update must not be called inside a View.
type Store struct {
	db     *bolt.DB
	writer chan struct{} // filled by the running Update

	mu       sync.Mutex // guards the fields below
	failed   error
	panicked bool // bbolt's locks may never be free again
	closed   bool
}

// Open opens the database in the file at path, or makes one that only its
// owner can read.
func Open(path string, o Options) (s *Store, err error) {
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	return open(path, &bolt.Options{
		Timeout:         o.Timeout,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: initialMap,
		NoStatistics:    true,
	})
}

func open(path string, o *bolt.Options) (s *Store, err error) {
	s = &Store{writer: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			s, err = nil, fmt.Errorf("bbolt: open %s: %w", path, err)
		}
	}()
	defer s.guard(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	s.db, err = bolt.Open(path, 0o600, o)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, ErrLocked
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", storage.ErrCorrupt, err)
	case err != nil:
		return nil, err
	}
	if err = s.initialise(path); err != nil {
		s.db.Close()
		return nil, err
	}
	return s, nil
}

// initialise makes the bucket of a new file, and refuses a file that is not
// ours.
func (s *Store) initialise(path string) error {
	var first []byte
	err := s.db.View(func(tx *bolt.Tx) error {
		name, _ := tx.Cursor().First()
		first = bytes.Clone(name)
		return nil
	})
	if err != nil {
		return err
	}
	if first != nil {
		if !bytes.Equal(first, bucket) {
			return fmt.Errorf("%w: it holds %q, this software reads %q", storage.ErrVersion, first, bucket)
		}
		return nil
	}
	err = s.db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket(bucket)
		return err
	})
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new file's name as durable as its content.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

// View implements storage.Store.
func (s *Store) View(ctx context.Context, fn func(storage.Reader) error) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	t, err := s.begin(ctx, false)
	if err != nil {
		return err
	}
	defer t.end()
	return fn(t)
}

// Update implements storage.Store.
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	t, err := s.begin(ctx, true)
	if err != nil {
		return err
	}
	defer t.end()
	if err := fn(t); err != nil {
		return err
	}
	return t.commit()
}

// begin starts a transaction.
func (s *Store) begin(ctx context.Context, writable bool) (t *transaction, err error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	defer s.guard(&err)
	tx, err := s.db.Begin(writable)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return nil, storage.ErrClosed
	}
	if err != nil {
		return nil, fmt.Errorf("bbolt: begin: %w", err)
	}
	return &transaction{store: s, tx: tx, bucket: tx.Bucket(bucket)}, nil
}

// usable tells whether a transaction may begin.
func (s *Store) usable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return storage.ErrClosed
	}
	return s.failed
}

// sound tells whether a transaction may go on: one that runs while the store
// is being closed may.
func (s *Store) sound() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// fail ends the use of the store and returns the first failure.
func (s *Store) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
	return s.failed
}

// guard turns a panic of bbolt, which is what it does about pages that make no
// sense, into a failure. It is deferred around calls of bbolt alone.
func (s *Store) guard(err *error) {
	if r := recover(); r != nil {
		s.mu.Lock()
		s.panicked = true
		s.mu.Unlock()
		*err = s.fail(fmt.Errorf("bbolt: %w: %v", storage.ErrCorrupt, r))
	}
}

// Close implements storage.Store.
func (s *Store) Close() (err error) {
	s.mu.Lock()
	nothing := s.closed || s.panicked
	s.closed = true
	s.mu.Unlock()
	if nothing {
		return nil
	}
	defer s.guard(&err)
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("bbolt: close: %w", err)
	}
	return nil
}
