package bitcoin

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/serai-go/processor/coin"
)

// headerEntry is what of a checked header is needed again.
type headerEntry struct {
	parent coin.BlockID
	time   uint32
}

// headerCache keeps checked headers, so that following the chain asks for
// each only once. Headers never change; the cache is never wrong.
type headerCache struct {
	mu      sync.Mutex
	entries map[coin.BlockID]headerEntry
}

const maxCachedHeaders = 4096

func (h *headerCache) get(id coin.BlockID) (headerEntry, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry, ok := h.entries[id]
	return entry, ok
}

func (h *headerCache) put(id coin.BlockID, entry headerEntry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.entries == nil || len(h.entries) >= maxCachedHeaders {
		h.entries = make(map[coin.BlockID]headerEntry)
	}
	h.entries[id] = entry
}

// medianSpan is the number of blocks whose times BIP-113 takes the median of.
const medianSpan = 11

// medianTimePast returns the median of the times of the blocks before, at most
// medianSpan of them. It is what the network's consensus rules call the time
// at this block, and never falls from a block to the next.
func (c *Coin) medianTimePast(ctx context.Context, number uint64, header headerEntry) (uint64, error) {
	if number == 0 {
		return uint64(header.time), nil
	}
	times := make([]uint32, 0, medianSpan)
	for id := header.parent; len(times) < medianSpan; {
		entry, err := c.header(ctx, id)
		if err != nil {
			return 0, fmt.Errorf("an earlier header: %w", err)
		}
		times = append(times, entry.time)
		if reached := uint64(len(times)) == number; reached != (id == c.genesis) {
			return 0, fmt.Errorf("%w: the chain does not begin %d blocks before", coin.ErrInvalid, number)
		} else if reached {
			break
		}
		id = entry.parent
	}
	slices.Sort(times)
	return uint64(times[len(times)/2]), nil
}
