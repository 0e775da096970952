package nodes_test

import (
	"testing"

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
