package storage

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
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
	root    *node
	commits int
	cut     int      // commits allowed, or -1
	history []commit // after each commit, if kept
	keep    bool
	closed  bool
}

// commit is the content after a commit.
type commit struct {
	root *node
	kind string
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
		m.history = append(m.history, commit{root: m.root})
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
	return &Memory{root: m.root, commits: m.commits, cut: -1, keep: m.keep, history: slices.Clone(m.history)}
}

// At returns a clone of the store as it stood after the given commit. The
// store must have kept its history since then.
func (m *Memory) At(commit int) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Memory{root: m.history[commit].root, commits: commit, cut: -1}
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

func (m *Memory) snapshot(ctx context.Context) (*node, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	return m.root, ctx.Err()
}

// View implements Store.
func (m *Memory) View(ctx context.Context, fn func(Reader) error) error {
	root, err := m.snapshot(ctx)
	if err != nil {
		return err
	}
	return fn(&memoryTx{root: root})
}

// Update implements Store.
func (m *Memory) Update(ctx context.Context, fn func(Tx) error) error {
	m.writer.Lock()
	defer m.writer.Unlock()
	root, err := m.snapshot(ctx)
	if err != nil {
		return err
	}
	tx := &memoryTx{root: root, names: make(map[string]bool)}
	if err := fn(tx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cut >= 0 && m.commits >= m.cut {
		return ErrCut
	}
	m.root = tx.root
	m.commits++
	if m.keep {
		m.history = append(m.history, commit{m.root, kind(tx.names)})
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
	root  *node
	names map[string]bool // of what was written
}

// note remembers the name that a written key begins with.
func (t *memoryTx) note(key []byte) {
	name, _, _ := bytes.Cut(key, []byte{0})
	if !t.names[string(name)] {
		t.names[string(name)] = true
	}
}

func (t *memoryTx) Get(key []byte) ([]byte, error) {
	for n := t.root; n != nil; {
		switch c := bytes.Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return bytes.Clone(n.value), nil
		}
	}
	return nil, nil
}

func (t *memoryTx) Put(key, value []byte) error {
	if len(value) == 0 {
		return errors.New("storage: empty value")
	}
	t.note(key)
	t.root = put(t.root, &node{key: bytes.Clone(key), value: bytes.Clone(value), weight: maphash.Bytes(seed, key)})
	return nil
}

func (t *memoryTx) Delete(key []byte) error {
	t.note(key)
	t.root = remove(t.root, key)
	return nil
}

func (t *memoryTx) Range(start, end []byte) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) { t.root.walk(start, end, yield) }
}

// node is a node of an immutable treap: a search tree by key that is a heap
// by weight. Changes copy the path to the root, so every root ever seen stays
// a valid snapshot.
type node struct {
	key, value  []byte
	weight      uint64
	left, right *node
}

var seed = maphash.MakeSeed()

// put adds a new node to a tree, or gives the one of its key its value.
func put(n, x *node) *node {
	if n == nil {
		return x
	}
	order := bytes.Compare(x.key, n.key)
	if order != 0 && x.weight > n.weight {
		x.left, x.right = split(n, x.key) // its key is not below: it would weigh as much
		return x
	}
	c := *n
	switch {
	case order < 0:
		c.left = put(n.left, x)
	case order > 0:
		c.right = put(n.right, x)
	default:
		c.value = x.value
	}
	return &c
}

// split parts a tree into the keys below key and the others.
func split(n *node, key []byte) (low, high *node) {
	if n == nil {
		return nil, nil
	}
	c := *n
	if bytes.Compare(n.key, key) < 0 {
		c.right, high = split(n.right, key)
		return &c, high
	}
	low, c.left = split(n.left, key)
	return low, &c
}

// merge joins two trees of which all keys of the first are smaller.
func merge(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.weight > b.weight:
		c := *a
		c.right = merge(a.right, b)
		return &c
	default:
		c := *b
		c.left = merge(a, b.left)
		return &c
	}
}

// remove returns a tree without a key, the same if that is not there.
func remove(n *node, key []byte) *node {
	if n == nil {
		return nil
	}
	c := *n
	switch order := bytes.Compare(key, n.key); {
	case order < 0:
		c.left = remove(n.left, key)
	case order > 0:
		c.right = remove(n.right, key)
	default:
		return merge(n.left, n.right)
	}
	return &c
}

func (n *node) walk(start, end []byte, yield func(Pair, error) bool) bool {
	if n == nil {
		return true
	}
	afterStart := bytes.Compare(n.key, start) >= 0
	beforeEnd := end == nil || bytes.Compare(n.key, end) < 0
	if afterStart && !n.left.walk(start, end, yield) {
		return false
	}
	if afterStart && beforeEnd && !yield(Pair{bytes.Clone(n.key), bytes.Clone(n.value)}, nil) {
		return false
	}
	return !beforeEnd || n.right.walk(start, end, yield)
}
