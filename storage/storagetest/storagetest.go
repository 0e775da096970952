// Package storagetest is the conformance suite of stores: what a processor
// relies on, whatever keeps its database.
package storagetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/storage"
)

// Open opens the store of a directory. After Close it is opened again with
// what it held, by the same directory.
type Open func(t testing.TB, dir string) storage.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, storage.Store)
	}{
		{"GetPutDelete", getPutDelete},
		{"EmptyValuesAreRefused", emptyValues},
		{"Ranges", ranges},
		{"NamedRanges", namedRanges},
		{"RangeStopsEarly", rangeStopsEarly},
		{"RangesDoNotSeeLaterWrites", rangesAndWrites},
		{"NestedRanges", nestedRanges},
		{"UpdateReadsItsOwnWrites", ownWrites},
		{"ErrorRollsBack", errorRollsBack},
		{"PanicRollsBack", panicRollsBack},
		{"ViewIsASnapshot", viewIsASnapshot},
		{"ViewInsideUpdateSeesTheLastCommit", viewInsideUpdate},
		{"NothingIsShared", nothingIsShared},
		{"EndedContext", endedContext},
		{"UpdatesExcludeEachOther", updatesExclude},
		{"LargeValues", largeValues},
		{"ErrorsPassThrough", errorsPassThrough},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, t.TempDir())
			defer func() { require.NoError(t, s.Close()) }()
			test.run(t, s)
		})
	}
	t.Run("ReopenKeepsCommits", func(t *testing.T) { reopen(t, open) })
	t.Run("ClosedStore", func(t *testing.T) { closed(t, open) })
	t.Run("BehavesAsAnOrderedMap", func(t *testing.T) { model(t, open) })
}

var errTest = errors.New("on purpose")

func put(t testing.TB, s storage.Store, pairs ...string) {
	t.Helper()
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	}))
}

// list reads a range as k=v words.
func list(t testing.TB, r storage.Reader, start, end []byte) []string {
	t.Helper()
	words := []string{}
	for pair, err := range r.Range(start, end) {
		require.NoError(t, err)
		words = append(words, string(pair.Key)+"="+string(pair.Value))
	}
	return words
}

func content(t testing.TB, s storage.Store) []string {
	t.Helper()
	var words []string
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) error {
		words = list(t, r, nil, nil)
		return nil
	}))
	return words
}

func get(t testing.TB, r storage.Reader, key string) string {
	t.Helper()
	value, err := r.Get([]byte(key))
	require.NoError(t, err)
	return string(value)
}

func getPutDelete(t *testing.T, s storage.Store) {
	put(t, s, "a", "1", "b", "2", "a", "3", "\x00", "zero", "\xff\xff", "ones")
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) error {
		require.Equal(t, "3", get(t, r, "a"))
		require.Equal(t, "zero", get(t, r, "\x00"))
		require.Equal(t, "ones", get(t, r, "\xff\xff"))
		for _, absent := range []string{"c", "", "aa", "\x00\x00"} {
			value, err := r.Get([]byte(absent))
			require.NoError(t, err)
			require.Nil(t, value, "%q", absent)
		}
		return nil
	}))
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		require.NoError(t, tx.Delete([]byte("a")))
		require.NoError(t, tx.Delete([]byte("never there")))
		return nil
	}))
	require.Equal(t, []string{"\x00=zero", "b=2", "\xff\xff=ones"}, content(t, s))
}

func emptyValues(t *testing.T, s storage.Store) {
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		require.Error(t, tx.Put([]byte("a"), nil))
		require.Error(t, tx.Put([]byte("a"), []byte{}))
		return nil
	}))
	require.Empty(t, content(t, s))
}

func ranges(t *testing.T, s storage.Store) {
	require.Empty(t, content(t, s))
	put(t, s, "b", "2", "a", "1", "d", "4", "c", "3", "ab", "12", "\xff", "255")
	check := func(r storage.Reader) {
		for _, test := range []struct {
			start, end []byte
			want       []string
		}{
			{nil, nil, []string{"a=1", "ab=12", "b=2", "c=3", "d=4", "\xff=255"}},
			{[]byte{}, nil, []string{"a=1", "ab=12", "b=2", "c=3", "d=4", "\xff=255"}},
			{[]byte("b"), nil, []string{"b=2", "c=3", "d=4", "\xff=255"}},
			{[]byte("a"), []byte("b"), []string{"a=1", "ab=12"}},
			{[]byte("aa"), []byte("cc"), []string{"ab=12", "b=2", "c=3"}},
			{[]byte("a\x00"), []byte("b\x00"), []string{"ab=12", "b=2"}},
			{nil, []byte("ab"), []string{"a=1"}},
			{nil, []byte{}, []string{}},
			{[]byte("c"), []byte("c"), []string{}},
			{[]byte("d"), []byte("b"), []string{}},
			{[]byte("\xff\x00"), nil, []string{}},
		} {
			require.Equal(t, test.want, list(t, r, test.start, test.end), "%q to %q", test.start, test.end)
		}
	}
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) error { check(r); return nil }))
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error { check(tx); return nil }))
}

// namedRanges are those that the typed helpers read.
func namedRanges(t *testing.T, s storage.Store) {
	put(t, s, "m\x00a", "1", "m\x00b", "2", "m\x00c", "3", "m/n\x00a", "4", "m\x00", "5", "l\x00z", "6", "m", "7")
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) error {
		for _, test := range []struct {
			start, end string
			want       []string
		}{
			{"m\x00a", "m\x00c", []string{"m\x00a=1", "m\x00b=2"}},
			{"m\x00", "m\x01", []string{"m\x00=5", "m\x00a=1", "m\x00b=2", "m\x00c=3"}},
			{"m\x00b", "m/n\x00a", []string{"m\x00b=2", "m\x00c=3"}},
			{"m\x00b", "m/n\x00b", []string{"m\x00b=2", "m\x00c=3", "m/n\x00a=4"}},
			{"l\x00zz", "m\x00a", []string{"m=7", "m\x00=5"}},
			{"m/n\x00", "m/n\x01", []string{"m/n\x00a=4"}},
			{"m/m\x00", "m/m\x01", []string{}},
		} {
			require.Equal(t, test.want, list(t, r, []byte(test.start), []byte(test.end)), "%q to %q", test.start, test.end)
		}
		return nil
	}))
}

func rangeStopsEarly(t *testing.T, s storage.Store) {
	put(t, s, "a", "1", "b", "2", "c", "3")
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) error {
		seq := r.Range(nil, nil)
		for range 2 { // a sequence can be walked again
			for pair, err := range seq {
				require.NoError(t, err)
				require.Equal(t, "a", string(pair.Key))
				break
			}
		}
		return nil
	}))
}

// rangesAndWrites changes keys behind, at and ahead of a walk: it yields what
// was there when it began.
func rangesAndWrites(t *testing.T, s storage.Store) {
	put(t, s, "a", "1", "c", "3", "e", "5", "g", "7")
	write := func(tx storage.Tx, pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] == "" {
				require.NoError(t, tx.Delete([]byte(pairs[i])))
			} else {
				require.NoError(t, tx.Put([]byte(pairs[i]), []byte(pairs[i+1])))
			}
		}
	}
	for name, change := range map[string][]string{
		"delete this":       {"c", ""},
		"delete next":       {"e", ""},
		"delete all":        {"a", "", "c", "", "e", "", "g", ""},
		"insert behind":     {"b", "x"},
		"insert ahead":      {"d", "x", "f", "x"},
		"insert outside":    {"h", "x"},
		"change this":       {"c", "x"},
		"change next":       {"e", "x"},
		"delete and insert": {"c", "", "c", "x", "g", "", "d", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Update(t.Context(), func(tx storage.Tx) error {
				var seen []string
				for pair, err := range tx.Range(nil, []byte("h")) {
					require.NoError(t, err)
					seen = append(seen, string(pair.Key)+"="+string(pair.Value))
					if string(pair.Key) == "c" {
						write(tx, change...)
					}
				}
				require.Equal(t, []string{"a=1", "c=3", "e=5", "g=7"}, seen)
				for i := 0; i < len(change); i += 2 {
					require.Equal(t, last(change, change[i]), get(t, tx, change[i]))
				}
				return errTest
			})
			require.ErrorIs(t, err, errTest)
		})
	}
	require.Equal(t, []string{"a=1", "c=3", "e=5", "g=7"}, content(t, s))
}

// last returns the last value that a list of changes gives to a key.
func last(changes []string, key string) (value string) {
	for i := 0; i < len(changes); i += 2 {
		if changes[i] == key {
			value = changes[i+1]
		}
	}
	return value
}

func nestedRanges(t *testing.T, s storage.Store) {
	put(t, s, "a", "1", "b", "2", "c", "3")
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		var seen []string
		for outer, err := range tx.Range(nil, nil) {
			require.NoError(t, err)
			for inner, err := range tx.Range(outer.Key, nil) {
				require.NoError(t, err)
				seen = append(seen, string(outer.Key)+string(inner.Key))
				require.NoError(t, tx.Delete(inner.Key))
			}
		}
		require.Equal(t, []string{"aa", "ab", "ac"}, seen, "the first inner walk leaves nothing to the later ones")
		return nil
	}))
	require.Empty(t, content(t, s))
}

func ownWrites(t *testing.T, s storage.Store) {
	put(t, s, "a", "1", "b", "2")
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		require.NoError(t, tx.Put([]byte("a"), []byte("x")))
		require.NoError(t, tx.Put([]byte("c"), []byte("3")))
		require.NoError(t, tx.Delete([]byte("b")))
		require.Equal(t, "x", get(t, tx, "a"))
		require.Equal(t, "", get(t, tx, "b"))
		require.Equal(t, []string{"a=x", "c=3"}, list(t, tx, nil, nil))
		return nil
	}))
	require.Equal(t, []string{"a=x", "c=3"}, content(t, s))
}

func errorRollsBack(t *testing.T, s storage.Store) {
	put(t, s, "a", "1")
	err := s.Update(t.Context(), func(tx storage.Tx) error {
		require.NoError(t, tx.Put([]byte("b"), []byte("2")))
		require.NoError(t, tx.Delete([]byte("a")))
		return errTest
	})
	require.ErrorIs(t, err, errTest)
	require.Equal(t, []string{"a=1"}, content(t, s))
	put(t, s, "c", "3")
	require.Equal(t, []string{"a=1", "c=3"}, content(t, s), "nothing of it comes with the next commit")
}

func panicRollsBack(t *testing.T, s storage.Store) {
	put(t, s, "a", "1")
	require.PanicsWithValue(t, "on purpose", func() {
		s.Update(t.Context(), func(tx storage.Tx) error {
			for range tx.Range(nil, nil) {
				require.NoError(t, tx.Put([]byte("b"), []byte("2")))
				panic("on purpose")
			}
			return nil
		})
	})
	require.PanicsWithValue(t, "on purpose", func() {
		s.View(t.Context(), func(storage.Reader) error { panic("on purpose") })
	})
	put(t, s, "c", "3")
	require.Equal(t, []string{"a=1", "c=3"}, content(t, s))
}

func viewIsASnapshot(t *testing.T, s storage.Store) {
	put(t, s, "a", "1", "b", "2")
	began, written := make(chan struct{}), make(chan struct{})
	done := make(chan []string)
	go func() {
		var words []string
		s.View(context.Background(), func(r storage.Reader) error {
			close(began)
			<-written
			words = list(t, r, nil, nil)
			return nil
		})
		done <- words
	}()
	<-began
	put(t, s, "a", "x", "c", "3")
	close(written)
	require.Equal(t, []string{"a=1", "b=2"}, <-done)
	require.Equal(t, []string{"a=x", "b=2", "c=3"}, content(t, s))
}

func viewInsideUpdate(t *testing.T, s storage.Store) {
	put(t, s, "a", "1")
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		require.NoError(t, tx.Put([]byte("a"), []byte("2")))
		require.Equal(t, []string{"a=1"}, content(t, s))
		return nil
	}))
	require.Equal(t, []string{"a=2"}, content(t, s))
}

// nothingIsShared changes every slice that went in or came out.
func nothingIsShared(t *testing.T, s storage.Store) {
	spoil := func(b []byte) {
		for i := range b {
			b[i] = '!'
		}
	}
	read := func(r storage.Reader) {
		value, err := r.Get([]byte("key"))
		require.NoError(t, err)
		require.Equal(t, "value", string(value))
		spoil(value)
		for range 2 {
			for pair, err := range r.Range(nil, nil) {
				require.NoError(t, err)
				require.Contains(t, []string{"key=value", "other=value"}, string(pair.Key)+"="+string(pair.Value))
				spoil(pair.Key)
				spoil(pair.Value)
			}
		}
	}
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		key, value := []byte("key"), []byte("value")
		require.NoError(t, tx.Put(key, value))
		spoil(key)
		spoil(value)
		require.NoError(t, tx.Put([]byte("other"), []byte("value")))
		read(tx)
		return nil
	}))
	var kept []byte
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) (err error) {
		read(r)
		kept, err = r.Get([]byte("key"))
		return err
	}))
	put(t, s, "key", "later")
	require.Equal(t, "value", string(kept), "usable after its transaction")
	require.Equal(t, []string{"key=later", "other=value"}, content(t, s))
}

func endedContext(t *testing.T, s storage.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.View(ctx, func(storage.Reader) error { panic("called") }), context.Canceled)
	require.ErrorIs(t, s.Update(ctx, func(storage.Tx) error { panic("called") }), context.Canceled)
}

func updatesExclude(t *testing.T, s storage.Store) {
	const writers, rounds = 4, 10
	errs := make(chan error)
	for range writers {
		go func() {
			errs <- func() error {
				for range rounds {
					err := s.Update(context.Background(), func(tx storage.Tx) error {
						b, err := tx.Get([]byte("n"))
						if err != nil {
							return err
						}
						var n uint64
						if b != nil {
							n = binary.BigEndian.Uint64(b)
						}
						return tx.Put([]byte("n"), binary.BigEndian.AppendUint64(nil, n+1))
					})
					if err != nil {
						return err
					}
				}
				return nil
			}()
		}()
	}
	for range writers {
		require.NoError(t, <-errs)
	}
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) error {
		require.Equal(t, string(binary.BigEndian.AppendUint64(nil, writers*rounds)), get(t, r, "n"))
		return nil
	}))
}

func largeValues(t *testing.T, s storage.Store) {
	value := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		for i := range 4 {
			require.NoError(t, tx.Put(fmt.Appendf(nil, "%d", i), value))
		}
		return nil
	}))
	require.NoError(t, s.View(t.Context(), func(r storage.Reader) error {
		n := 0
		for pair, err := range r.Range(nil, nil) {
			require.NoError(t, err)
			require.True(t, bytes.Equal(value, pair.Value))
			n++
		}
		require.Equal(t, 4, n)
		return nil
	}))
}

func errorsPassThrough(t *testing.T, s storage.Store) {
	require.Equal(t, errTest, s.View(t.Context(), func(storage.Reader) error { return errTest }))
	require.Equal(t, errTest, s.Update(t.Context(), func(storage.Tx) error { return errTest }))
}

func reopen(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "1", "b", "2")
	require.Error(t, s.Update(t.Context(), func(tx storage.Tx) error {
		require.NoError(t, tx.Put([]byte("c"), []byte("3")))
		return errTest
	}))
	require.NoError(t, s.Close())
	s = open(t, dir)
	require.Equal(t, []string{"a=1", "b=2"}, content(t, s))
	put(t, s, "c", "4")
	require.NoError(t, s.Close())
	s = open(t, dir)
	require.Equal(t, []string{"a=1", "b=2", "c=4"}, content(t, s))
	require.NoError(t, s.Close())
}

func closed(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	began, release := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- s.Update(context.Background(), func(tx storage.Tx) error {
			close(began)
			<-release
			return tx.Put([]byte("a"), []byte("1"))
		})
	}()
	<-began
	closing := make(chan error)
	go func() { closing <- s.Close() }()
	close(release)
	require.NoError(t, <-done, "Close lets a running Update finish")
	require.NoError(t, <-closing)
	require.ErrorIs(t, s.View(t.Context(), func(storage.Reader) error { panic("called") }), storage.ErrClosed)
	require.ErrorIs(t, s.Update(t.Context(), func(storage.Tx) error { panic("called") }), storage.ErrClosed)
	require.NoError(t, s.Close(), "closing twice")
}
