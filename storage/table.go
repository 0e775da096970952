package storage

import (
	"bytes"
	"slices"
	"sort"

	"github.com/google/btree"
)

// content is all there is, by the names that keys begin with, in order. Once it is
// a snapshot it does not change: so the work for a record does not depend on how
// many there are under other names.
type content []table

// table is the records of a name.
type table struct {
	name    string // up to and with the first zero byte, or all of a key without any
	records btree.BTreeG[record]
	owned   bool // nobody else reads what this tree holds
}

// record is a key and, behind it as far as there is capacity, its value.
type record []byte

func (r record) value() []byte { return r[len(r):cap(r)] }

// degree is how many records the nodes of a tree are half full with: those of a
// node are read in one go, and copied when the first of them changes.
const degree = 8

func newTable(name []byte) table {
	less := func(a, b record) bool { return bytes.Compare(a, b) < 0 }
	none := btree.NewFreeListG[record](0) // nodes are left to the collector: most are shared
	return table{name: string(name), records: *btree.NewWithFreeListG(degree, less, none), owned: true}
}

// own makes the table one that can be changed: it shares with others what neither
// has changed since.
func (t *table) own() {
	if !t.owned {
		t.records, t.owned = *t.records.Clone(), true
	}
}

// nameOf is the name that a key begins with.
func nameOf(key []byte) []byte {
	if i := bytes.IndexByte(key, 0); i >= 0 {
		return key[:i+1]
	}
	return key
}

// find returns the place of a name, and whether it is there.
func (c content) find(name []byte) (int, bool) {
	i := sort.Search(len(c), func(i int) bool { return c[i].name >= string(name) })
	return i, i < len(c) && c[i].name == string(name)
}

// between returns the tables that may have keys in [start, end).
func (c content) between(start, end []byte) content {
	first, _ := c.find(nameOf(start))
	last := first
	for last < len(c) && (end == nil || c[last].name < string(end)) {
		last++
	}
	return c[first:last]
}

// share lets others read what the tables hold now: it does not change any more.
func (c content) share() {
	for i := range c {
		c[i].owned = false
	}
}

// room is where copies go: several share a piece of memory.
type room []byte

func (r *room) pair(of record) Pair {
	key, size, from := len(of), cap(of), len(*r)
	if size > cap(*r)-from {
		*r, from = make([]byte, 0, max(size, min(4096, 2*cap(*r)))), 0
	}
	*r = append(*r, of[:size]...)
	data := slices.Clip((*r)[from:])
	return Pair{data[:key:key], data[key:]}
}
