package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestIndexingWaitsForAKey(t *testing.T) {
	w := newWorld(t, testConfig(), storage.NewMemory())
	w.mine(1)
	require.ErrorContains(t, w.indexHeader(w.chain[0].header), "before any key")
	require.Empty(t, w.dump())
}

func TestHeadersStandOnOneAnother(t *testing.T) {
	w := started(t, 8, 6)
	require.NoError(t, w.indexHeader(w.chain[2].header), "the first may be any before the start")
	require.Equal(t, Frontier{Index: 3, Started: true}, w.frontier())
	before := w.dump()
	next := w.chain[3].header

	for name, change := range map[string]func(*coin.Header){
		"a gap":          func(h *coin.Header) { *h = w.chain[4].header },
		"a repetition":   func(h *coin.Header) { *h = w.chain[2].header },
		"going back":     func(h *coin.Header) { *h = w.chain[1].header },
		"a falling time": func(h *coin.Header) { h.Time = w.chain[2].header.Time - 1 },
	} {
		h := next
		change(&h)
		require.ErrorIs(t, w.indexHeader(h), coin.ErrInvalid, name)
	}
	h := next
	h.Parent[9]++
	var changed *ChainChanged
	require.ErrorAs(t, w.indexHeader(h), &changed)
	require.Equal(t, &ChainChanged{Indexed: w.chain[2].header, Found: h, Fork: 2}, changed)
	require.ErrorContains(t, changed, "fork behind block 2")
	require.Equal(t, before, w.dump())

	h = next
	h.Time = w.chain[2].header.Time
	require.NoError(t, w.indexHeader(h), "time may stand still")
	w.view(func(r storage.Reader) error {
		got, ok, err := w.scanner.Header(r, 3)
		require.True(t, ok)
		require.Equal(t, h, got)
		_, ok, _ = w.scanner.Header(r, 4)
		require.False(t, ok)
		return err
	})
}

func TestIndexBeginsBeforeTheStart(t *testing.T) {
	for _, c := range []struct {
		name  string
		start Start
		first uint64
		ok    bool
	}{
		{"one before", Start{At: 4}, 3, true},
		{"at the start", Start{At: 4}, 4, false},
		{"behind the start", Start{At: 4}, 5, false},
		{"genesis behind the start", Start{At: 0}, 0, true},
		{"one second before", Start{ByTime: true, At: 301}, 3, true},
		{"at the time", Start{ByTime: true, At: 300}, 3, false},
		{"behind the time", Start{ByTime: true, At: 250}, 3, false},
		{"genesis behind the time", Start{ByTime: true, At: 0}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, testConfig(), storage.NewMemory())
			w.confirm(c.start)
			w.mine(6)
			err := w.indexHeader(w.chain[c.first].header)
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, coin.ErrInvalid)
			require.False(t, w.frontier().Started)
		})
	}
}

func TestTheFirstKeyActivatesAtItsStart(t *testing.T) {
	for _, c := range []struct {
		name       string
		start      Start
		activation uint64
	}{
		{"number", Start{At: 4}, 4},
		{"genesis", Start{}, 0},
		{"time of a block", Start{ByTime: true, At: 400}, 4},
		{"time between blocks", Start{ByTime: true, At: 301}, 4},
		{"time of genesis", Start{ByTime: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, testConfig(), storage.NewMemory())
			w.confirm(c.start)
			w.mine(8)
			for n := range uint64(8) {
				require.True(t, w.index())
				f := w.frontier()
				require.Equal(t, n >= c.activation, f.Active, "block %d", n)
				require.Equal(t, n >= c.activation, w.due() != nil)
				w.view(func(r storage.Reader) error {
					keys, err := w.scanner.Keys(r)
					require.Len(t, keys, 1)
					require.Equal(t, f.Active, keys[0].Active)
					return err
				})
			}
			f := w.frontier()
			require.Equal(t, Frontier{Index: 8, Scan: c.activation, Settle: c.activation, Started: true, Active: true}, f)
			require.Equal(t, &Task{
				Header: w.chain[c.activation].header, Keys: []coin.Key{{Session: 5, Key: networkKey}},
			}, w.due())
		})
	}
}

func TestManyHeadersAreIndexedInOneCall(t *testing.T) {
	w := started(t, 4, 30)
	var headers []coin.Header
	for _, b := range w.chain {
		headers = append(headers, b.header)
	}
	index := func(headers ...coin.Header) error {
		return w.update(func(tx storage.Tx) error { return w.scanner.Index(tx, headers...) })
	}
	require.NoError(t, index())
	require.Error(t, index(append(headers[:5:5], headers[6:]...)...), "one is missing")
	require.False(t, w.frontier().Started)
	require.NoError(t, index(headers...))
	other := started(t, 4, 30)
	other.indexAll()
	require.Equal(t, other.dump(), w.dump())
}

func TestIndexingReadsNothingForEachHeader(t *testing.T) {
	w := started(t, 4, 1000)
	var headers []coin.Header
	for _, b := range w.chain {
		headers = append(headers, b.header)
	}
	steps := 0
	require.NoError(t, w.update(func(tx storage.Tx) error { return w.scanner.Index(&counted{Tx: tx, n: &steps}, headers...) }))
	require.Less(t, steps, 1010, "one for each, and few more")
	require.EqualValues(t, 1000, w.frontier().Index)
}
