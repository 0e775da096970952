package monero

import "sync"

// cache keeps at most limit values that are functions of their key, so that
// it is never wrong. It forgets all when it is full: what is in use comes back
// at once. It is for concurrent use.
type cache[K comparable, V any] struct {
	limit int

	mu     sync.Mutex
	values map[K]V
}

func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.values[key]
	return value, ok
}

func (c *cache[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil || len(c.values) >= c.limit {
		c.values = make(map[K]V)
	}
	c.values[key] = value
}

// room makes room for so many further values, so that none of them makes the
// others be forgotten. It forgets nothing if that is in vain.
func (c *cache[K, V]) room(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.values)+n > c.limit && n <= c.limit {
		c.values = nil
	}
}

// Limits of the caches: a few times what is in use at a time.
const (
	maxCachedKeys    = 64
	maxCachedHeaders = 4096
	// maxKept is how many bytes of blocks are kept that nobody asked for yet.
	maxKept = 64 << 20
)
