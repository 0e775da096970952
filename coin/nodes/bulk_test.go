package nodes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
)

// Of many headers the nodes agree on the last one, and whoever gives the others
// cannot change one of them.
func TestManyHeadersAreThoseOfTheLastOne(t *testing.T) {
	for name, lie := range map[string]func(*coin.Header){
		"nothing":        func(*coin.Header) {},
		"another number": func(h *coin.Header) { h.Number++ },
		"another ID":     func(h *coin.Header) { h.ID[0] ^= 1 },
		"another parent": func(h *coin.Header) { h.Parent[0] ^= 1 },
	} {
		t.Run(name, func(t *testing.T) {
			in(t, 3, func(w *world) {
				w.puppets[0].header = func(number uint64) (coin.Header, error) {
					h := headerOn(w.T, w.chain, number)
					if number == 9 {
						lie(&h)
					}
					return h, nil
				}
				w.requireHeaders(5, 10)
			})
		})
	}
	in(t, 3, func(w *world) { // a node whose chain forks off in the middle
		other := w.fork(9).Coin()
		w.puppets[0].header = func(number uint64) (coin.Header, error) { return other.Header(w.Context(), number) }
		w.requireHeaders(5, 10)
	})
	in(t, 3, func(w *world) {
		_, err := w.Headers(w.Context(), 20, 2)
		require.ErrorIs(w, err, coin.ErrNotFound)
		w.requireHeaders(5, 0)
	})
}

func (w *world) requireHeaders(first uint64, count int) {
	w.Helper()
	want, err := mock.NewCoin(w.chain).Headers(w.Context(), first, count)
	require.NoError(w, err)
	got, err := w.Headers(w.Context(), first, count)
	require.NoError(w, err)
	require.Equal(w, len(want), len(got))
	for i := range want {
		require.Equal(w, want[i], got[i])
	}
}

// That a block is buried is for one node to show, as the newest blocks may differ
// without any lie.
func TestOneNodeShowsWhatBuriesABlock(t *testing.T) {
	in(t, 2, func(w *world) {
		h := headerOn(w.T, w.chain, 18)
		w.puppets[1].follow(w.fork(20))
		require.NoError(w, w.Buried(w.Context(), h, 3))
		require.NoError(w, w.Buried(w.Context(), h, 1))
		w.requireStates(coin.NodeWell, coin.NodeWell)
		w.puppets[0].away()
		require.NoError(w, w.Buried(w.Context(), h, 4), "a block more than the other has")
		w.puppets[0].back()
		require.ErrorIs(w, w.Buried(w.Context(), h, 5), coin.ErrNotFound)
		time.Sleep(time.Minute)
		_, err := w.Header(w.Context(), 20)
		require.ErrorIs(w, err, coin.ErrDisagreement)
	})
	in(t, 1, func(w *world) { // the newest block, under another number
		w.puppets[0].header = func(n uint64) (coin.Header, error) {
			h := headerOn(w.T, w.chain, min(n, 20))
			h.Number = n
			return h, nil
		}
		require.ErrorIs(w, w.Buried(w.Context(), headerOn(w.T, w.chain, 20), 2), coin.ErrTransient)
		require.ErrorIs(w, w.Buried(w.Context(), headerOn(w.T, w.chain, 19), 3), coin.ErrTransient)
		other := headerOn(w.T, w.chain, 17)
		other.Number++
		require.ErrorIs(w, w.Buried(w.Context(), other, 2), coin.ErrTransient)
	})
}
