package processor

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// Messages hold as many items as fit, all of them in order, and none is split.
func TestSigningItemsFillMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(50, 500).Draw(t, "limit")
		most := limit - payloadOverhead - partOverhead
		items := rapid.SliceOf(rapid.Custom(func(t *rapid.T) []byte {
			return bytes.Repeat([]byte{1}, rapid.IntRange(1, most).Draw(t, "size"))
		})).Draw(t, "items")
		o, store := newOutbox(limit), storage.NewMemory()
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error { return o.SendSigning(tx, 3, items) }))
		var sent [][]byte
		last := limit // bytes left in the message before
		require.NoError(t, store.View(t.Context(), func(r storage.Reader) error {
			for item, err := range o.events.All(r) {
				require.NoError(t, err)
				body, err := DecodeEvent(item.Value)
				require.NoError(t, err)
				b := body.(Broadcast)
				require.Equal(t, uint64(3), b.Session)
				require.LessOrEqual(t, len(b.Payload), limit)
				parts, err := decodePayload(b.Payload)
				require.NoError(t, err)
				require.NotEmpty(t, parts)
				if len(sent) > 0 {
					require.Less(t, last, partOverhead+len(parts[0].item), "the first would have fitted before")
				}
				last = limit - len(b.Payload)
				for _, p := range parts {
					require.False(t, p.keygen)
					sent = append(sent, p.item)
				}
			}
			return nil
		}))
		require.Equal(t, len(items), len(sent))
		for i := range items {
			require.Equal(t, items[i], sent[i])
		}
	})
}

// The least MaxMessage has room for the longest item.
func TestTheLongestItemFits(t *testing.T) {
	payload := encodePayload([]part{{item: make([]byte, signer.MaxItem)}})
	require.Len(t, payload, MinMessage)
	require.LessOrEqual(t, MinMessage, defaultMessage)
}

// Workers do everything once, as many at a time as there are and no more,
// whoever asks.
func TestWorkers(t *testing.T) {
	for _, many := range []bool{false, true} {
		w := &workers{free: make(chan struct{}, 3)}
		w.many.Store(many)
		var busy, most atomic.Int64
		var askers sync.WaitGroup
		for range 3 {
			askers.Go(func() {
				done := make([]int, 40)
				w.parallel(len(done), func(i int) {
					if now := busy.Add(1); now > most.Load() {
						most.Store(now)
					}
					done[i]++
					busy.Add(-1)
				})
				for _, times := range done {
					require.Equal(t, 1, times)
				}
			})
		}
		askers.Wait()
		require.LessOrEqual(t, most.Load(), int64(3))
	}
}
