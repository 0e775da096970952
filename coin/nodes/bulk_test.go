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
	in(t, 3, func(w *world) {
		want, err := mock.NewCoin(w.chain).Headers(w.Context(), 5, 10)
		require.NoError(w, err)
		for name, lie := range map[string]func(coin.Header) coin.Header{
			"none":           func(h coin.Header) coin.Header { return h },
			"another number": func(h coin.Header) coin.Header { h.Number++; return h },
			"another ID":     func(h coin.Header) coin.Header { h.ID[0] ^= 1; return h },
			"another parent": func(h coin.Header) coin.Header { h.Parent[0] ^= 1; return h },
		} {
			w.puppets[0].header = func(number uint64) (coin.Header, error) {
				h := headerOn(w.T, w.chain, number)
				if number == 9 {
					h = lie(h)
				}
				return h, nil
			}
			got, err := w.Headers(w.Context(), 5, 10)
			require.NoError(w, err, name)
			require.Equal(w, want, got, name)
		}
		// A node of a chain that forks off in the middle.
		other := w.fork(9).Coin()
		w.puppets[0].header = func(number uint64) (coin.Header, error) { return other.Header(w.Context(), number) }
		got, err := w.Headers(w.Context(), 5, 10)
		require.NoError(w, err)
		require.Equal(w, want, got)
		_, err = w.Headers(w.Context(), 20, 2)
		require.ErrorIs(w, err, coin.ErrNotFound)
		got, err = w.Headers(w.Context(), 5, 0)
		require.NoError(w, err)
		require.Empty(w, got)
	})
}
