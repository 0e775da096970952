package storagetest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/storage"
)

// modelled is a store and what it must hold.
type modelled struct {
	t       testing.TB
	open    Open
	dir     string
	store   storage.Store
	content map[string]string
}

// model runs random transactions and compares with a Go map. Keys are few and
// values long, so that pages fill, split and empty.
func model(t *testing.T, open Open) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(t, err)
		m := &modelled{t: t, open: open, dir: dir, store: open(t, dir), content: map[string]string{}}
		defer func() { require.NoError(rt, m.store.Close()) }()
		rt.Repeat(map[string]func(*rapid.T){
			"update": m.update,
			"reopen": m.reopen,
			"":       m.check,
		})
	})
}

// key draws one of few: without a name, or with one as those of Map and Value have.
func key(rt *rapid.T) string {
	form := rapid.SampledFrom([]string{"key%d", "map\x00%02d", "map\x00%02d", "map/x\x00%d", "m%02d\x00", "\x00%d"}).Draw(rt, "form")
	return fmt.Sprintf(form, rapid.IntRange(0, 12).Draw(rt, "key"))
}

func value(rt *rapid.T) string {
	n := rapid.IntRange(0, 9).Draw(rt, "value")
	return strings.Repeat(fmt.Sprint(n), 1+n*60)
}

func (m *modelled) update(rt *rapid.T) {
	content := maps.Clone(m.content)
	fail := rapid.Bool().Draw(rt, "fail")
	err := m.store.Update(m.t.Context(), func(tx storage.Tx) error {
		for range rapid.IntRange(1, 20).Draw(rt, "writes") {
			write(rt, tx, content)
		}
		if rapid.Bool().Draw(rt, "walk") {
			walkAndWrite(rt, tx, content)
		}
		if fail {
			return errTest
		}
		return nil
	})
	if fail {
		require.Equal(rt, errTest, err)
		return
	}
	require.NoError(rt, err)
	m.content = content
}

func write(rt *rapid.T, tx storage.Tx, content map[string]string) {
	k := key(rt)
	if rapid.Bool().Draw(rt, "delete") {
		require.NoError(rt, tx.Delete([]byte(k)))
		delete(content, k)
		return
	}
	v := value(rt)
	require.NoError(rt, tx.Put([]byte(k), []byte(v)))
	content[k] = v
}

// walkAndWrite walks a range that must not see the writes on its way.
func walkAndWrite(rt *rapid.T, tx storage.Tx, content map[string]string) {
	start, end := key(rt), key(rt)
	want := between(content, start, end)
	got := []string{}
	for pair, err := range tx.Range([]byte(start), []byte(end)) {
		require.NoError(rt, err)
		got = append(got, string(pair.Key)+"="+string(pair.Value))
		switch rapid.IntRange(0, 3).Draw(rt, "step") {
		case 0:
			require.NoError(rt, tx.Delete(pair.Key))
			delete(content, string(pair.Key))
		case 1:
			write(rt, tx, content)
		}
	}
	require.Equal(rt, want, got)
}

func between(content map[string]string, start, end string) []string {
	words := []string{}
	for _, k := range slices.Sorted(maps.Keys(content)) {
		if k >= start && k < end {
			words = append(words, k+"="+content[k])
		}
	}
	return words
}

func (m *modelled) reopen(rt *rapid.T) {
	require.NoError(rt, m.store.Close())
	m.store = m.open(m.t, m.dir)
}

func (m *modelled) check(rt *rapid.T) {
	require.NoError(rt, m.store.View(m.t.Context(), func(r storage.Reader) error {
		require.Equal(rt, between(m.content, "", "z"), list(m.t, r, nil, nil))
		k := key(rt)
		require.Equal(rt, m.content[k], get(m.t, r, k))
		return nil
	}))
}
