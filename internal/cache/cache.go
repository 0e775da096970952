// Package cache remembers values that are functions of their keys.
package cache

import "sync"

// Cache keeps at most limit values that are functions of their key, so that
// it is never wrong. It forgets all when it is full: what is in use comes back
// at once. It is for concurrent use.
type Cache[K comparable, V any] struct {
	limit int

	mu     sync.Mutex
	values map[K]V
}

// New returns an empty cache for at most limit values.
func New[K comparable, V any](limit int) *Cache[K, V] { return &Cache[K, V]{limit: limit} }

// Get returns the value of a key, if it is here.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.values[key]
	return value, ok
}

// Put keeps the value of a key.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil || len(c.values) >= c.limit {
		c.values = make(map[K]V)
	}
	c.values[key] = value
}

// Room makes room for so many further values, so that none of them makes the
// others be forgotten. It forgets nothing if that is in vain.
func (c *Cache[K, V]) Room(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.values)+n > c.limit && n <= c.limit {
		c.values = nil
	}
}
