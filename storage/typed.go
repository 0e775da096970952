package storage

import (
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/serai-go/processor/internal/wire"
)

// version stands in front of each stored value.
const version = 1

// Codec turns values into records and back.
type Codec[T any] struct {
	write func(*wire.Writer, T)
	read  func(*wire.Reader) T
}

// Record is the codec of a type that has Encode and Decode.
func Record[T any, P wire.Decoder[T]]() Codec[T] {
	return Codec[T]{
		write: func(w *wire.Writer, v T) { P(&v).Encode(w) },
		read: func(r *wire.Reader) T {
			var v T
			P(&v).Decode(r)
			return v
		},
	}
}

// Number is the codec of a uint64.
var Number = Codec[uint64]{
	write: func(w *wire.Writer, v uint64) { w.Uint64(v) },
	read:  func(r *wire.Reader) uint64 { return r.Uint64() },
}

// Hash is the codec of 32 bytes.
func Hash[T ~[32]byte]() Codec[T] {
	return Codec[T]{
		write: func(w *wire.Writer, v T) { b := [32]byte(v); w.Fixed(b[:]) },
		read: func(r *wire.Reader) T {
			var b [32]byte
			r.Fixed(b[:])
			return T(b)
		},
	}
}

// Blob is the codec of a byte string.
var Blob = Codec[[]byte]{
	write: func(w *wire.Writer, v []byte) { w.Fixed(v) },
	read: func(r *wire.Reader) []byte {
		b := make([]byte, r.Remaining())
		r.Fixed(b)
		return b
	},
}

// Flag is the codec of a set's members: the key alone counts.
var Flag = Codec[struct{}]{
	write: func(*wire.Writer, struct{}) {},
	read:  func(*wire.Reader) struct{} { return struct{}{} },
}

// usual is a size that most values do not exceed: they are written without being
// copied as they grow.
const usual = 64

func (c Codec[T]) encode(v T) []byte {
	var w wire.Writer
	w.Grow(usual)
	w.Uint8(version)
	c.write(&w, v)
	return w.Data()
}

func (c Codec[T]) decode(key, data []byte) (T, error) {
	return c.decodeFrom(wire.NewReader(data), key)
}

// decodeFrom is decode with a reader of the data.
func (c Codec[T]) decodeFrom(r *wire.Reader, key []byte) (T, error) {
	var zero T
	if v := r.Uint8(); v != version {
		return zero, fmt.Errorf("%w: %q has version %d, this software reads %d", ErrVersion, key, v, version)
	}
	v := c.read(r)
	if err := r.Done(); err != nil {
		return zero, fmt.Errorf("%w: %q: %w", ErrCorrupt, key, err)
	}
	return v, nil
}

// Key says how a map's keys are written, in an order-preserving way.
type Key[K any] struct {
	append func([]byte, K) []byte
	parse  func([]byte) (K, bool)
}

// NumberKey orders by number.
func NumberKey[K ~uint64]() Key[K] {
	return Key[K]{
		append: func(b []byte, k K) []byte { return binary.BigEndian.AppendUint64(b, uint64(k)) },
		parse: func(b []byte) (K, bool) {
			if len(b) != 8 {
				return 0, false
			}
			return K(binary.BigEndian.Uint64(b)), true
		},
	}
}

// HashKey orders by the bytes of a hash.
func HashKey[K ~[32]byte]() Key[K] {
	return Key[K]{
		append: func(b []byte, k K) []byte { h := [32]byte(k); return append(b, h[:]...) },
		parse: func(b []byte) (K, bool) {
			if len(b) != 32 {
				return K{}, false
			}
			return K([32]byte(b)), true
		},
	}
}

// FixedKey is the key of a type whose order is that of its bytes: append and
// parse are the two directions, parse false for what append never writes.
func FixedKey[K any](append func([]byte, K) []byte, parse func([]byte) (K, bool)) Key[K] {
	return Key[K]{append: append, parse: parse}
}

// Value is one stored value.
type Value[T any] struct {
	key   []byte
	codec Codec[T]
}

// NewValue names a value. Names are unique within a database.
func NewValue[T any](name string, codec Codec[T]) Value[T] {
	return Value[T]{key: append([]byte(name), 0), codec: codec}
}

// Get returns the value and whether there is one.
func (v Value[T]) Get(r Reader) (T, bool, error) { return get(r, v.key, v.codec) }

// Load returns the value, or zero if there is none.
func (v Value[T]) Load(r Reader) (T, error) {
	x, _, err := v.Get(r)
	return x, err
}

// Put stores the value.
func (v Value[T]) Put(tx Tx, x T) error { return tx.Put(v.key, v.codec.encode(x)) }

// Delete removes the value.
func (v Value[T]) Delete(tx Tx) error { return tx.Delete(v.key) }

func get[T any](r Reader, key []byte, codec Codec[T]) (T, bool, error) {
	var zero T
	data, err := r.Get(key)
	if err != nil || data == nil {
		return zero, false, err
	}
	x, err := codec.decode(key, data)
	return x, err == nil, err
}

// Map is a stored, ordered map.
type Map[K, T any] struct {
	prefix []byte
	key    Key[K]
	codec  Codec[T]
}

// NewMap names a map. Names are unique within a database.
func NewMap[K, T any](name string, key Key[K], codec Codec[T]) Map[K, T] {
	return Map[K, T]{prefix: append([]byte(name), 0), key: key, codec: codec}
}

func (m Map[K, T]) at(k K) []byte {
	return m.key.append(m.prefix[:len(m.prefix):len(m.prefix)], k)
}

// Get returns the value of k and whether there is one.
func (m Map[K, T]) Get(r Reader, k K) (T, bool, error) { return get(r, m.at(k), m.codec) }

// Load returns the value of k, or zero if there is none.
func (m Map[K, T]) Load(r Reader, k K) (T, error) {
	x, _, err := m.Get(r, k)
	return x, err
}

// Has tells whether k has a value.
func (m Map[K, T]) Has(r Reader, k K) (bool, error) {
	data, err := r.Get(m.at(k))
	return data != nil, err
}

// Put stores the value of k.
func (m Map[K, T]) Put(tx Tx, k K, x T) error { return tx.Put(m.at(k), m.codec.encode(x)) }

// Delete removes k.
func (m Map[K, T]) Delete(tx Tx, k K) error { return tx.Delete(m.at(k)) }

// Item is an element of a Map: a key and its value.
type Item[K, T any] struct {
	Key   K
	Value T
}

// All walks the whole map in the order of its keys.
func (m Map[K, T]) All(r Reader) iter.Seq2[Item[K, T], error] {
	return m.walk(r, m.prefix, prefixEnd(m.prefix))
}

// From walks the map from k on.
func (m Map[K, T]) From(r Reader, k K) iter.Seq2[Item[K, T], error] {
	return m.walk(r, m.at(k), prefixEnd(m.prefix))
}

// Between walks the keys in [from, to).
func (m Map[K, T]) Between(r Reader, from, to K) iter.Seq2[Item[K, T], error] {
	return m.walk(r, m.at(from), m.at(to))
}

func (m Map[K, T]) walk(r Reader, start, end []byte) iter.Seq2[Item[K, T], error] {
	return func(yield func(Item[K, T], error) bool) {
		var value wire.Reader // one for all
		for pair, err := range r.Range(start, end) {
			var item Item[K, T]
			if err == nil {
				var ok bool
				if item.Key, ok = m.key.parse(pair.Key[len(m.prefix):]); !ok {
					err = fmt.Errorf("%w: key %x", ErrCorrupt, pair.Key)
				} else {
					value = *wire.NewReader(pair.Value)
					item.Value, err = m.codec.decodeFrom(&value, pair.Key)
				}
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// prefixEnd returns the first key behind all keys with the prefix.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	end[len(end)-1]++ // the prefix ends with a zero byte
	return end
}

// Queue is a stored first-in-first-out queue. Elements keep the number they
// were given; numbers only grow and are never used twice.
type Queue[T any] struct {
	items Map[uint64, T]
	next  Value[uint64]
}

// NewQueue names a queue. Names are unique within a database.
func NewQueue[T any](name string, codec Codec[T]) Queue[T] {
	return Queue[T]{items: NewMap(name+"/items", NumberKey[uint64](), codec), next: NewValue(name+"/next", Number)}
}

// Push appends x and returns its number; the first is 0.
func (q Queue[T]) Push(tx Tx, x T) (uint64, error) {
	n, err := q.next.Load(tx)
	if err != nil {
		return 0, err
	}
	if err := q.next.Put(tx, n+1); err != nil {
		return 0, err
	}
	return n, q.items.Put(tx, n, x)
}

// Next returns the number the next element will get.
func (q Queue[T]) Next(r Reader) (uint64, error) { return q.next.Load(r) }

// All walks the queue from its head.
func (q Queue[T]) All(r Reader) iter.Seq2[Item[uint64, T], error] { return q.items.All(r) }

// From walks the elements numbered n or higher.
func (q Queue[T]) From(r Reader, n uint64) iter.Seq2[Item[uint64, T], error] {
	return q.items.From(r, n)
}

// Between walks the elements numbered from, up to but without to.
func (q Queue[T]) Between(r Reader, from, to uint64) iter.Seq2[Item[uint64, T], error] {
	return q.items.Between(r, from, to)
}

// Get returns element n and whether it is still in the queue.
func (q Queue[T]) Get(r Reader, n uint64) (T, bool, error) { return q.items.Get(r, n) }

// Put replaces element n.
func (q Queue[T]) Put(tx Tx, n uint64, x T) error { return q.items.Put(tx, n, x) }

// Delete removes element n.
func (q Queue[T]) Delete(tx Tx, n uint64) error { return q.items.Delete(tx, n) }
