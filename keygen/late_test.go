package keygen

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/storage"
)

// late runs an attempt that ends while participant 5, whom 0 dealt bad shares,
// is away, and returns it with what it will find.
func late(t *testing.T) (w *world, away *node, a *adversary) {
	w = newWorld(t, 7) // and one who looks on
	request := w.request(0, 0, 4, 1, 1, 1, 1, 1, 1)
	request.MinOK = 5
	a = w.adversary(request)
	w.nodes[0].tamper = a.deals(0, badFor(5))
	w.log = append(w.log, entry{generate: &request})
	away = w.nodes[5]
	_, err := w.step(away) // it deals
	require.NoError(t, err)
	w.nodes = slices.Delete(slices.Clone(w.nodes), 5, 6)
	w.run()
	w.add(entry{close: &closing{0, 0, 2}})
	require.Len(t, w.agree(), 1)
	require.Contains(t, w.agree()[0], "generated 0.0 weight 5 ")
	return w, away, a
}

// TestBadSharesAfterTheEnd: a participant that finds out only after the round
// was closed convicts the dealer until there is a vote or another attempt. The
// keys stay what they are, and it has no shares of them.
func TestBadSharesAfterTheEnd(t *testing.T) {
	another := func(w *world) entry {
		request := w.request(0, 1, 4, 1, 1, 1, 1, 1, 1)
		return entry{generate: &request}
	}
	for name, test := range map[string]struct {
		before    func(w *world) []entry
		convicted bool
	}{
		"before the vote": {func(*world) []entry { return nil }, true},
		"after the vote": {func(w *world) []entry {
			return []entry{{confirm: &vote{0, 0, w.keys(w.nodes[0], 0, 0)}}}
		}, false},
		"in another attempt": {func(w *world) []entry { return []entry{another(w)} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, away, a := late(t)
			complaint := a.complain(5, 2, 0)
			keys := w.keys(w.nodes[0], 0, 0)
			w.add(test.before(w)...)
			require.NoError(t, w.view(w.nodes[0], func(r storage.Reader) error {
				left, err := messagesOf(r, deals, attemptKey{0, 0})
				require.Equal(t, test.convicted, len(left) > 0, "deals are kept as long as they are judged")
				return err
			}))
			w.nodes = slices.Insert(w.nodes, 5, away)
			w.run()
			w.add(entry{item: &peerItem{0, 5, complaint}}) // however late
			require.NotContains(t, w.agree(), "misbehaved 0 by 5")
			require.Equal(t, test.convicted, slices.Contains(w.agree(), "misbehaved 0 by 0"))
			require.Contains(t, w.events(away), "bad deals 0.0 by [0]")
			require.Equal(t, keys, w.keys(away, 0, 0))
			w.confirm(0, 0)
			for _, n := range w.nodes {
				require.NoError(t, w.view(n, func(r storage.Reader) error {
					for range deals.All(r) {
						t.Fatal("a deal is left")
					}
					for range responses.All(r) {
						t.Fatal("a response is left")
					}
					return nil
				}))
			}
			_, _, err := w.shares(away, 0)
			require.ErrorIs(t, err, ErrNoShare)
			w.requireUsable(0, 0, 1, 2, 3, 4)
		})
	}
}

// TestItemsAfterTheEnd are judged like those of the last round. A looker-on from
// which they are withheld keeps its opinion of the keys.
func TestItemsAfterTheEnd(t *testing.T) {
	w, _, a := late(t)
	w.nodes[5].blinded = true // the looker-on
	var ok entry
	for _, e := range w.log {
		if e.item != nil && e.item.from == 1 && e.item.item[0] == itemResponse {
			ok = e
		}
	}
	w.add(ok, entry{item: &peerItem{0, 5, a.complain(5, 2, 0, 1)}}, entry{item: &peerItem{0, 5, a.complain(5, 2, 0)}},
		entry{item: &peerItem{0, 2, a.complain(2, 2, 1)}}, entry{close: &closing{0, 0, 2}}, entry{close: &closing{0, 0, 3}})
	want := append(w.verdicts(w.nodes[5]), "misbehaved 0 by 5", "misbehaved 0 by 0", "misbehaved 0 by 2")
	for _, n := range w.nodes[:5] {
		require.Equal(t, want, w.verdicts(n))
	}
	require.Equal(t, finished, w.attempt(w.nodes[0], 0, 0).phase)
	require.False(t, w.attempt(w.nodes[5], 0, 0).blind)
	wrong := [2][]byte{w.keys(w.nodes[0], 0, 0)[0], ed25519.Group.Generator().Bytes()}
	w.log = append(w.log, entry{confirm: &vote{0, 0, wrong}})
	for _, n := range w.nodes {
		_, err := w.step(n)
		require.ErrorIs(t, err, ErrDiverged)
	}
}
