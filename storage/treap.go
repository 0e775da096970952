package storage

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// node is a node of an immutable treap: a search tree by key that is a heap
// by weight. Changes copy the path to the root, so every root ever seen stays
// a valid snapshot.
type node struct {
	key, value  []byte
	weight      uint64
	left, right *node
}

var seed = maphash.MakeSeed()

// newNode keeps a copy of key and value, in one piece of memory.
func newNode(key, value []byte) *node {
	data := slices.Concat(key, value)
	n := len(key)
	return &node{key: data[:n:n], value: data[n:], weight: maphash.Bytes(seed, key)}
}

// pair is a copy of the node's key and value.
func (n *node) pair() Pair {
	data := slices.Concat(n.key, n.value)
	k := len(n.key)
	return Pair{data[:k:k], data[k:]}
}

// get returns the value of a key, or nil.
func (n *node) get(key []byte) []byte {
	for n != nil {
		switch c := bytes.Compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.value
		}
	}
	return nil
}

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

// walk yields the records in [start, end), in order. It returns false once yield does.
func (n *node) walk(start, end []byte, yield func(Pair, error) bool) bool {
	if n == nil {
		return true
	}
	afterStart := bytes.Compare(n.key, start) >= 0
	beforeEnd := end == nil || bytes.Compare(n.key, end) < 0
	if afterStart && !n.left.walk(start, end, yield) {
		return false
	}
	if afterStart && beforeEnd && !yield(n.pair(), nil) {
		return false
	}
	return !beforeEnd || n.right.walk(start, end, yield)
}
