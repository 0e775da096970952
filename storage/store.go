// Package storage is the one database of a processor: an ordered map of bytes
// with atomic, durable transactions and a single writer.
//
// Nobody outside this package and its drivers touches raw keys: packages keep
// their state in the typed helpers Value, Map and Queue. Memory is the store
// of tests and simulations; storage/bbolt keeps one file on disk.
package storage

import (
	"context"
	"errors"
	"iter"
)

var (
	// ErrClosed is returned by every use of a store after Close.
	ErrClosed = errors.New("storage: store is closed")
	// ErrCorrupt is wrapped by errors about stored bytes that do not decode.
	ErrCorrupt = errors.New("storage: corrupt record")
	// ErrVersion is wrapped when a record was written by another version.
	ErrVersion = errors.New("storage: record of an unknown version")
)

// Pair is a key and its value.
type Pair struct{ Key, Value []byte }

// Reader reads one consistent snapshot. Slices it returns belong to the
// caller.
type Reader interface {
	// Get returns the value of a key, or nil if there is none.
	Get(key []byte) ([]byte, error)
	// Range walks the keys in [start, end) in ascending byte order. A nil end
	// is the end of the store. After an error the walk is over.
	Range(start, end []byte) iter.Seq2[Pair, error]
}

// Tx is a transaction that sees its own writes.
type Tx interface {
	Reader
	// Put stores a value, which must not be empty.
	Put(key, value []byte) error
	// Delete removes a key, if it is there.
	Delete(key []byte) error
}

// Store is a database. One Update runs at a time; any number of Views run
// beside it, each on the snapshot of the last commit at its start.
type Store interface {
	// View runs fn on a snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn in a transaction: committed durably when fn returns nil,
	// without any trace otherwise. A driver may run fn again, so fn has no
	// effects but on tx.
	Update(ctx context.Context, fn func(Tx) error) error
	// Close waits for running transactions and releases the store.
	Close() error
}
