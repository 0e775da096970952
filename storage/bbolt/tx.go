package bbolt

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/serai-go/processor/storage"
)

// transaction is both kinds of transaction. Nothing it returns points into
// the mapped file.
type transaction struct {
	store  *Store
	tx     *bolt.Tx
	bucket *bolt.Bucket
	over   bool
	walks  []*walk // running now
}

func (t *transaction) usable() error {
	if t.over {
		return errOver
	}
	return t.store.sound()
}

// Get implements storage.Reader.
func (t *transaction) Get(key []byte) (value []byte, err error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	defer t.store.guard(&err)
	return bytes.Clone(t.bucket.Get(key)), nil
}

// Put implements storage.Tx.
func (t *transaction) Put(key, value []byte) (err error) {
	if len(value) == 0 {
		return errors.New("bbolt: empty value")
	}
	if err := t.beforeWrite(key); err != nil {
		return err
	}
	defer t.store.guard(&err)
	// bbolt copies the key but keeps the value until the commit.
	if err := t.bucket.Put(key, bytes.Clone(value)); err != nil {
		return fmt.Errorf("bbolt: put: %w", err)
	}
	return nil
}

// Delete implements storage.Tx.
func (t *transaction) Delete(key []byte) (err error) {
	if err := t.beforeWrite(key); err != nil {
		return err
	}
	defer t.store.guard(&err)
	if err := t.bucket.Delete(key); err != nil {
		return fmt.Errorf("bbolt: delete: %w", err)
	}
	return nil
}

func (t *transaction) commit() (err error) {
	if err := t.store.sound(); err != nil {
		return err
	}
	t.over = true
	defer t.store.guard(&err)
	if err := t.tx.Commit(); err != nil {
		return t.store.fail(fmt.Errorf("bbolt: commit: %w", err))
	}
	return nil
}

// end rolls back what was not committed.
func (t *transaction) end() {
	t.over = true
	var err error // stays in the store
	defer t.store.guard(&err)
	t.tx.Rollback() // says only that it is over, after a commit
}

// Range implements storage.Reader. Writes of the same transaction during the
// walk do not change what it yields.
func (t *transaction) Range(start, end []byte) iter.Seq2[storage.Pair, error] {
	return func(yield func(storage.Pair, error) bool) {
		w := &walk{t: t, start: start, end: end}
		t.walks = append(t.walks, w)
		defer func() {
			t.walks = slices.DeleteFunc(t.walks, func(x *walk) bool { return x == w })
		}()
		for {
			pair, ok, err := w.next()
			if err != nil {
				yield(storage.Pair{}, err)
				return
			}
			if !ok || !yield(pair, nil) {
				return
			}
		}
	}
}

// beforeWrite keeps running walks from seeing a write to key. A walk that has
// the key still ahead of it reads the rest of its range now; for the others,
// such as those that delete what they have just seen, a new search is enough,
// as a write invalidates bbolt's cursors.
func (t *transaction) beforeWrite(key []byte) error {
	if err := t.usable(); err != nil {
		return err
	}
	for _, w := range t.walks {
		if bytes.Compare(key, w.last) > 0 && (w.end == nil || bytes.Compare(key, w.end) < 0) {
			if err := w.readAhead(); err != nil {
				return err
			}
		}
		w.cursor = nil
	}
	return nil
}

// walk is a running Range.
type walk struct {
	t          *transaction
	start, end []byte
	cursor     *bolt.Cursor
	last       []byte // the key yielded last
	ahead      []storage.Pair
	detached   bool // what remains is in ahead
}

func (w *walk) next() (storage.Pair, bool, error) {
	if w.detached {
		if len(w.ahead) == 0 {
			return storage.Pair{}, false, nil
		}
		pair := w.ahead[0]
		w.ahead = w.ahead[1:]
		return pair, true, nil
	}
	return w.read()
}

// read advances in the file.
func (w *walk) read() (pair storage.Pair, ok bool, err error) {
	if err := w.t.usable(); err != nil {
		return storage.Pair{}, false, err
	}
	defer w.t.store.guard(&err)
	var key, value []byte
	switch {
	case w.cursor != nil:
		key, value = w.cursor.Next()
	case w.last == nil:
		w.cursor = w.t.bucket.Cursor()
		key, value = w.cursor.Seek(w.start)
	default:
		w.cursor = w.t.bucket.Cursor()
		if key, value = w.cursor.Seek(w.last); bytes.Equal(key, w.last) {
			key, value = w.cursor.Next()
		}
	}
	if key == nil || w.end != nil && bytes.Compare(key, w.end) >= 0 {
		return storage.Pair{}, false, nil
	}
	pair = storage.Pair{Key: bytes.Clone(key), Value: bytes.Clone(value)}
	w.last = append(w.last[:0], key...) // the pair is the caller's
	return pair, true, nil
}

// readAhead reads all that remains.
func (w *walk) readAhead() error {
	if w.detached {
		return nil
	}
	for {
		pair, ok, err := w.read()
		if err != nil {
			return err
		}
		if !ok {
			w.detached = true
			return nil
		}
		w.ahead = append(w.ahead, pair)
	}
}
