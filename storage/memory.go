package storage

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ErrCut is returned by a Memory store from the commit after the one it was
// told to stop at: the process that uses it counts as killed there.
var ErrCut = errors.New("storage: store was cut off")

// Memory is a Store in memory. It counts its commits and can be cut off and
// cloned after any of them, so that tests can kill a process at each commit
// and go on from what it had stored by then.
type Memory struct {
	writer sync.Mutex // held by the running Update

	mu      sync.Mutex // guards the fields below
	content content
	commits int
	cut     int      // commits allowed, or -1
	history []commit // after each commit, if kept
	keep    bool
	closed  bool
}

// commit is the content after a commit.
type commit struct {
	content content
	kind    string
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{cut: -1} }

// KeepHistory makes the store remember its content after each further
// commit, for At.
func (m *Memory) KeepHistory() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep = true
	for len(m.history) <= m.commits {
		m.history = append(m.history, commit{content: m.content})
	}
}

// Commits returns the number of committed Updates.
func (m *Memory) Commits() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.commits
}

// CutAfter lets the store fail with ErrCut instead of making any commit
// beyond the given number of commits.
func (m *Memory) CutAfter(commits int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut = commits
}

// Clone returns a store with the present content and commit count, open and
// not cut off, however this one ended. It has the history of this one.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{content: m.content, commits: m.commits, cut: -1, keep: m.keep, history: slices.Clone(m.history)}
}

// At returns a clone of the store as it stood after the given commit. The
// store must have kept its history since then.
func (m *Memory) At(commit int) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{content: m.history[commit].content, commits: commit, cut: -1}
}

// Kind returns the names of the records that a commit wrote, in order: commits
// of one kind come from one place in the code. The store must have kept its
// history since then.
func (m *Memory) Kind(commit int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.history[commit].kind
}

// kind writes a set of names.
func kind(names map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(names)), " ") }

func (m *Memory) snapshot(ctx context.Context) (content, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	return m.content, ctx.Err()
}

// View implements Store.
func (m *Memory) View(ctx context.Context, fn func(Reader) error) error {
	c, err := m.snapshot(ctx)
	if err != nil {
		return err
	}
	return fn(&memoryTx{content: c})
}

// Update implements Store.
func (m *Memory) Update(ctx context.Context, fn func(Tx) error) error {
	m.writer.Lock()
	defer m.writer.Unlock()
	c, err := m.snapshot(ctx)
	if err != nil {
		return err
	}
	tx := &memoryTx{content: c, names: make(map[string]bool)}
	if err := fn(tx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cut >= 0 && m.commits >= m.cut {
		return ErrCut
	}
	if tx.owned {
		tx.content.share()
		m.content = tx.content
	}
	m.commits++
	if m.keep {
		m.history = append(m.history, commit{m.content, kind(tx.names)})
	}
	return nil
}

// Close implements Store.
func (m *Memory) Close() error {
	m.writer.Lock()
	defer m.writer.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

type memoryTx struct {
	content content
	owned   bool            // nobody else has the content
	names   map[string]bool // of what was written
}

// table returns the table of the name that a key to be written begins with.
func (t *memoryTx) table(key []byte) *table {
	name := nameOf(key)
	if noted := bytes.TrimSuffix(name, []byte{0}); !t.names[string(noted)] {
		t.names[string(noted)] = true
	}
	if !t.owned {
		t.content, t.owned = slices.Clone(t.content), true
	}
	i, ok := t.content.find(name)
	if !ok {
		t.content = slices.Insert(t.content, i, newTable(name))
	}
	to := &t.content[i]
	to.own()
	return to
}

func (t *memoryTx) Get(key []byte) ([]byte, error) {
	if i, ok := t.content.find(nameOf(key)); ok {
		if found, ok := t.content[i].records.Get(key); ok {
			return bytes.Clone(found.value()), nil
		}
	}
	return nil, nil
}

func (t *memoryTx) Put(key, value []byte) error {
	if len(value) == 0 {
		return errors.New("storage: empty value")
	}
	data := slices.Clip(slices.Concat(key, value))
	t.table(key).records.ReplaceOrInsert(data[:len(key)])
	return nil
}

func (t *memoryTx) Delete(key []byte) error {
	t.table(key).records.Delete(key)
	return nil
}

func (t *memoryTx) Range(start, end []byte) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		tables := t.content.between(start, end)
		if t.owned {
			tables.share()
			tables = slices.Clone(tables) // as they are now
		}
		var copies room
		for _, in := range tables {
			more := true
			in.records.AscendGreaterOrEqual(start, func(r record) bool {
				more = (end == nil || bytes.Compare(r, end) < 0) && yield(copies.pair(r), nil)
				return more
			})
			if !more {
				return
			}
		}
	}
}
