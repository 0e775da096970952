package keygen

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/storage"
)

// A vote that differs from the own result in either key is another result.
func TestBothConfirmedKeysMustAgree(t *testing.T) {
	w := newWorld(t, 3)
	request := w.request(0, 0, 2, 1, 1, 1)
	other := w.request(1, 0, 2, 1, 1, 1)
	w.add(entry{generate: &request}, entry{generate: &other})
	n := w.nodes[0]
	own, foreign := w.keys(n, 0, 0), w.keys(n, 1, 0)
	for i := range own {
		vote := own
		vote[i] = slices.Clone(foreign[i])
		require.ErrorIs(t, n.store.Update(t.Context(), func(tx storage.Tx) error {
			return n.keygen.Confirm(tx, 0, 0, vote[0], vote[1])
		}), ErrDiverged)
	}
	w.confirm(0, 0)
	w.requireUsable(0, 0, 1, 2)
}
