package cache_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/cache"
)

func has(c *cache.Cache[int, int], keys ...int) (n int) {
	for _, k := range keys {
		if v, ok := c.Get(k); ok && v == 10*k {
			n++
		}
	}
	return n
}

func TestACacheForgetsAllWhenItIsFull(t *testing.T) {
	c := cache.New[int, int](3)
	require.Zero(t, has(c, 1))
	for k := range 3 {
		c.Put(k, 10*k)
	}
	require.Equal(t, 3, has(c, 0, 1, 2))
	c.Put(3, 30)
	require.Equal(t, 1, has(c, 0, 1, 2, 3))
}

func TestRoomIsMadeUnlessInVain(t *testing.T) {
	c := cache.New[int, int](3)
	c.Put(1, 10)
	c.Room(2)
	require.Equal(t, 1, has(c, 1), "there is room")
	c.Room(4)
	require.Equal(t, 1, has(c, 1), "it would be in vain")
	c.Room(3)
	require.Zero(t, has(c, 1))
	c.Put(1, 10)
	c.Put(2, 20)
	c.Put(3, 30)
	require.Equal(t, 3, has(c, 1, 2, 3))
}
