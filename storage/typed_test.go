package storage_test

import (
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// point is a record with a rule of its own.
type point struct{ X, Y uint32 }

func (p point) Encode(w *wire.Writer) {
	w.Uint32(p.X)
	w.Uint32(p.Y)
}

func (p *point) Decode(r *wire.Reader) {
	p.X = r.Uint32()
	p.Y = r.Uint32()
	r.Check(p.X <= p.Y, "order")
}

// inTx runs fn in a transaction of a new store.
func inTx(t testing.TB, fn func(storage.Tx)) {
	require.NoError(t, storage.NewMemory().Update(t.Context(), func(tx storage.Tx) error {
		fn(tx)
		return nil
	}))
}

func collect[K, T any](t require.TestingT, items iter.Seq2[storage.Item[K, T], error]) (all []storage.Item[K, T]) {
	for item, err := range items {
		require.NoError(t, err)
		all = append(all, item)
	}
	return all
}

func TestValue(t *testing.T) {
	v := storage.NewValue("v", storage.Record[point]())
	inTx(t, func(tx storage.Tx) {
		p, ok, err := v.Get(tx)
		require.NoError(t, err)
		require.False(t, ok)
		require.Zero(t, p)
		require.NoError(t, v.Put(tx, point{1, 2}))
		p, ok, err = v.Get(tx)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, point{1, 2}, p)
		require.NoError(t, v.Delete(tx))
		p, err = v.Load(tx)
		require.NoError(t, err)
		require.Zero(t, p)
	})
}

func TestCodecs(t *testing.T) {
	inTx(t, func(tx storage.Tx) {
		number := storage.NewValue("number", storage.Number)
		require.NoError(t, number.Put(tx, 1<<63))
		n, err := number.Load(tx)
		require.NoError(t, err)
		require.Equal(t, uint64(1<<63), n)

		hash := storage.NewValue("hash", storage.Hash[[32]byte]())
		require.NoError(t, hash.Put(tx, [32]byte{1, 31: 2}))
		h, err := hash.Load(tx)
		require.NoError(t, err)
		require.Equal(t, [32]byte{1, 31: 2}, h)

		blob := storage.NewValue("blob", storage.Blob)
		for _, b := range [][]byte{{}, {0}, []byte("blob")} {
			require.NoError(t, blob.Put(tx, b))
			got, ok, err := blob.Get(tx)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, b, got)
		}

		flag := storage.NewValue("flag", storage.Flag)
		require.NoError(t, flag.Put(tx, struct{}{}))
		_, ok, err := flag.Get(tx)
		require.NoError(t, err)
		require.True(t, ok)
	})
}

// The bytes in the database are part of what a next version has to read.
func TestStoredForm(t *testing.T) {
	inTx(t, func(tx storage.Tx) {
		require.NoError(t, storage.NewValue("value", storage.Number).Put(tx, 0x0102))
		require.NoError(t, storage.NewMap("map", storage.NumberKey[uint64](), storage.Blob).Put(tx, 0x0304, []byte("x")))
		require.NoError(t, storage.NewMap("flag", storage.NumberKey[uint64](), storage.Flag).Put(tx, 5, struct{}{}))
		_, err := storage.NewQueue("queue", storage.Blob).Push(tx, []byte("y"))
		require.NoError(t, err)
		stored := make(map[string]string)
		for pair, err := range tx.Range(nil, nil) {
			require.NoError(t, err)
			stored[string(pair.Key)] = string(pair.Value)
		}
		require.Equal(t, map[string]string{
			"value\x00": "\x01\x02\x01\x00\x00\x00\x00\x00\x00",
			"map\x00\x00\x00\x00\x00\x00\x00\x03\x04":         "\x01x",
			"flag\x00\x00\x00\x00\x00\x00\x00\x00\x05":        "\x01",
			"queue/items\x00\x00\x00\x00\x00\x00\x00\x00\x00": "\x01y",
			"queue/next\x00": "\x01\x01\x00\x00\x00\x00\x00\x00\x00",
		}, stored)
	})
}

func TestRecordsOfAnotherVersionAreRefused(t *testing.T) {
	m := storage.NewMap("m", storage.NumberKey[uint64](), storage.Number)
	inTx(t, func(tx storage.Tx) {
		key := append([]byte("m\x00"), 0, 0, 0, 0, 0, 0, 0, 7)
		require.NoError(t, tx.Put(key, append([]byte{2}, make([]byte, 8)...)))
		_, ok, err := m.Get(tx, 7)
		require.False(t, ok)
		require.ErrorIs(t, err, storage.ErrVersion)
		require.NotErrorIs(t, err, storage.ErrCorrupt)
		for _, err := range m.All(tx) {
			require.ErrorIs(t, err, storage.ErrVersion)
		}
	})
}

func TestCorruptRecordsAreRefused(t *testing.T) {
	v := storage.NewValue("v", storage.Record[point]())
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"short":         {[]byte{1, 0, 0}, wire.ErrShort},
		"only version":  {[]byte{1}, wire.ErrShort},
		"trailing":      {append([]byte{1}, make([]byte, 9)...), wire.ErrTrailing},
		"not canonical": {[]byte{1, 9, 0, 0, 0, 0, 0, 0, 0}, wire.ErrValue},
	} {
		t.Run(name, func(t *testing.T) {
			inTx(t, func(tx storage.Tx) {
				require.NoError(t, tx.Put([]byte("v\x00"), c.data))
				p, ok, err := v.Get(tx)
				require.Zero(t, p)
				require.False(t, ok)
				require.ErrorIs(t, err, storage.ErrCorrupt)
				require.ErrorIs(t, err, c.want)
				_, err = v.Load(tx)
				require.ErrorIs(t, err, storage.ErrCorrupt)
			})
		})
	}
}

func TestCorruptKeysAreRefused(t *testing.T) {
	for name, walk := range map[string]func(storage.Reader) error{
		"number": func(r storage.Reader) error {
			return firstError(storage.NewMap("m", storage.NumberKey[uint64](), storage.Flag).All(r))
		},
		"hash": func(r storage.Reader) error {
			return firstError(storage.NewMap("m", storage.HashKey[[32]byte](), storage.Flag).All(r))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTx(t, func(tx storage.Tx) {
				require.NoError(t, tx.Put([]byte("m\x00short"), []byte{1}))
				require.ErrorIs(t, walk(tx), storage.ErrCorrupt)
			})
		})
	}
}

func firstError[K, T any](items iter.Seq2[storage.Item[K, T], error]) error {
	for _, err := range items {
		if err != nil {
			return err
		}
	}
	return nil
}

// failing is a Reader whose walks fail.
type failing struct{ storage.Reader }

var errWalk = errors.New("walk")

func (failing) Range(_, _ []byte) iter.Seq2[storage.Pair, error] {
	return func(yield func(storage.Pair, error) bool) { yield(storage.Pair{}, errWalk) }
}

func TestWalksPassErrorsOn(t *testing.T) {
	m := storage.NewMap("m", storage.NumberKey[uint64](), storage.Number)
	n := 0
	for _, err := range m.All(failing{}) {
		require.ErrorIs(t, err, errWalk)
		n++
	}
	require.Equal(t, 1, n)
}

// TestMap compares maps that stand beside one another with maps in memory.
func TestMap(t *testing.T) {
	keys := rapid.OneOf(rapid.Uint64Max(6), rapid.SampledFrom([]uint64{255, 256, 1 << 32, 1<<64 - 1}))
	names := []string{"a", "aa", "b"}
	rapid.Check(t, func(t *rapid.T) {
		stored := make([]storage.Map[uint64, uint64], len(names))
		model := make([]map[uint64]uint64, len(names))
		for i, name := range names {
			stored[i], model[i] = storage.NewMap(name, storage.NumberKey[uint64](), storage.Number), map[uint64]uint64{}
		}
		require.NoError(t, storage.NewMemory().Update(t.Context(), func(tx storage.Tx) error {
			which := rapid.IntRange(0, len(names)-1)
			t.Repeat(map[string]func(*rapid.T){
				"put": func(t *rapid.T) {
					i, k, v := which.Draw(t, "map"), keys.Draw(t, "key"), rapid.Uint64().Draw(t, "value")
					require.NoError(t, stored[i].Put(tx, k, v))
					model[i][k] = v
				},
				"delete": func(t *rapid.T) {
					i, k := which.Draw(t, "map"), keys.Draw(t, "key")
					require.NoError(t, stored[i].Delete(tx, k))
					delete(model[i], k)
				},
				"get": func(t *rapid.T) {
					i, k := which.Draw(t, "map"), keys.Draw(t, "key")
					v, ok, err := stored[i].Get(tx, k)
					require.NoError(t, err)
					want, exists := model[i][k]
					require.Equal(t, exists, ok)
					require.Equal(t, want, v)
					has, err := stored[i].Has(tx, k)
					require.NoError(t, err)
					require.Equal(t, exists, has)
				},
				"walk": func(t *rapid.T) {
					i, from, to := which.Draw(t, "map"), keys.Draw(t, "from"), keys.Draw(t, "to")
					in := func(low uint64, below func(uint64) bool) (want []storage.Item[uint64, uint64]) {
						for _, k := range slices.Sorted(maps.Keys(model[i])) {
							if k >= low && below(k) {
								want = append(want, storage.Item[uint64, uint64]{Key: k, Value: model[i][k]})
							}
						}
						return want
					}
					all := func(uint64) bool { return true }
					require.Equal(t, in(0, all), collect(t, stored[i].All(tx)))
					require.Equal(t, in(from, all), collect(t, stored[i].From(tx, from)))
					require.Equal(t, in(from, func(k uint64) bool { return k < to }), collect(t, stored[i].Between(tx, from, to)))
				},
			})
			return nil
		}))
	})
}

func TestWalksMayStopEarly(t *testing.T) {
	m := storage.NewMap("m", storage.NumberKey[uint64](), storage.Number)
	inTx(t, func(tx storage.Tx) {
		for k := range uint64(9) {
			require.NoError(t, m.Put(tx, k, k))
		}
		for item, err := range m.From(tx, 3) {
			require.NoError(t, err)
			require.EqualValues(t, 3, item.Key)
			break
		}
	})
}

func TestMapOfHashes(t *testing.T) {
	m := storage.NewMap("m", storage.HashKey[[32]byte](), storage.Number)
	inTx(t, func(tx storage.Tx) {
		require.NoError(t, m.Put(tx, [32]byte{2}, 2))
		require.NoError(t, m.Put(tx, [32]byte{1, 31: 255}, 1))
		require.NoError(t, m.Put(tx, [32]byte{1}, 0))
		var order []uint64
		for _, item := range collect(t, m.All(tx)) {
			order = append(order, item.Value)
		}
		require.Equal(t, []uint64{0, 1, 2}, order)
	})
}

func TestMapOfFixedKeys(t *testing.T) {
	type place struct{ A, B uint16 }
	key := storage.FixedKey(
		func(b []byte, p place) []byte {
			return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, p.A), p.B)
		},
		func(b []byte) (place, bool) {
			if len(b) != 4 {
				return place{}, false
			}
			return place{binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])}, true
		})
	m := storage.NewMap("m", key, storage.Flag)
	inTx(t, func(tx storage.Tx) {
		for _, p := range []place{{2, 0}, {1, 256}, {1, 255}} {
			require.NoError(t, m.Put(tx, p, struct{}{}))
		}
		var order []place
		for _, item := range collect(t, m.From(tx, place{1, 256})) {
			order = append(order, item.Key)
		}
		require.Equal(t, []place{{1, 256}, {2, 0}}, order)
		require.NoError(t, tx.Put([]byte("m\x00abcde"), []byte{1}))
		require.ErrorIs(t, firstError(m.All(tx)), storage.ErrCorrupt)
	})
}

func TestQueueNumbersAreNeverUsedTwice(t *testing.T) {
	q := storage.NewQueue("q", storage.Number)
	rapid.Check(t, func(t *rapid.T) {
		require.NoError(t, storage.NewMemory().Update(t.Context(), func(tx storage.Tx) error {
			model, next := map[uint64]uint64{}, uint64(0)
			number := rapid.Uint64Max(12)
			t.Repeat(map[string]func(*rapid.T){
				"push": func(t *rapid.T) {
					x := rapid.Uint64().Draw(t, "element")
					n, err := q.Push(tx, x)
					require.NoError(t, err)
					require.Equal(t, next, n)
					model[n] = x
					next++
				},
				"delete": func(t *rapid.T) {
					n := number.Draw(t, "number")
					require.NoError(t, q.Delete(tx, n))
					delete(model, n)
				},
				"replace": func(t *rapid.T) {
					n := number.Draw(t, "number")
					if _, ok := model[n]; ok {
						require.NoError(t, q.Put(tx, n, 9))
						model[n] = 9
					}
				},
				"": func(t *rapid.T) {
					n, err := q.Next(tx)
					require.NoError(t, err)
					require.Equal(t, next, n)
					from := number.Draw(t, "from")
					var all, rest []storage.Item[uint64, uint64]
					for _, k := range slices.Sorted(maps.Keys(model)) {
						item := storage.Item[uint64, uint64]{Key: k, Value: model[k]}
						all = append(all, item)
						if k >= from {
							rest = append(rest, item)
						}
					}
					require.Equal(t, all, collect(t, q.All(tx)))
					require.Equal(t, rest, collect(t, q.From(tx, from)))
					x, ok, err := q.Get(tx, from)
					require.NoError(t, err)
					want, exists := model[from]
					require.Equal(t, exists, ok)
					require.Equal(t, want, x)
				},
			})
			return nil
		}))
	})
}
