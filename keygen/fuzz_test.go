package keygen

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/storage"
)

// requireReadable demands that all that is stored decodes.
func requireReadable(t *testing.T, store storage.Store) {
	require.NoError(t, store.View(t.Context(), func(r storage.Reader) error {
		readable(t, attempts.All(r))
		readable(t, deals.All(r))
		readable(t, responses.All(r))
		readable(t, results.All(r))
		readable(t, confirmed.All(r))
		readable(t, open.All(r))
		readable(t, owns.All(r))
		return nil
	}))
}

func readable[K, T any](t *testing.T, all iter.Seq2[storage.Item[K, T], error]) {
	for _, err := range all {
		require.NoError(t, err)
	}
}

// view is a processor at some point of a log.
type view struct {
	store  *storage.Memory
	keygen *KeyGen
}

// FuzzReceive sends any item in any phase of an attempt: no error, no panic,
// and nobody but the sender is blamed.
func FuzzReceive(f *testing.F) {
	w := newWorld(f, 5)
	watched := w.nodes[1]
	var phases []*storage.Memory
	mark := func(phase phase, round uint8) {
		a := w.attempt(watched, 0, 0)
		require.Equal(f, phase, a.phase)
		require.Equal(f, round, a.round)
		phases = append(phases, watched.store.Clone())
	}
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	request.MinOK = 4
	a := w.adversary(request)
	w.nodes[0].tamper = a.deals(0, badFor(3))
	w.nodes[2].silent = true
	w.add(entry{generate: &request})
	mark(dealing, 1)
	w.nodes[2].silent, w.nodes[2].sent = false, 0
	w.nodes[2].tamper = only(0, 2, func([]byte) [][]byte { return nil })
	w.run()
	mark(responding, 2)
	w.nodes[2].silent = true
	w.add(entry{close: &closing{0, 0, 2}})
	mark(responding, 3)
	w.nodes[2].silent, w.nodes[2].sent = false, 0
	w.run()
	mark(finished, 3)
	w.confirm(0, 0)
	mark(finished, 3)
	var views []view
	for _, store := range phases {
		views = append(views, view{store, watched.keygen})
	}
	// Further views: an attempt that failed, and one who looks on, before and
	// after something was withheld from it.
	failing := newWorld(f, 5)
	failing.nodes[3].silent = true
	again := failing.request(0, 0, 3, 1, 1, 1, 1)
	failing.add(entry{generate: &again})
	looking := failing.nodes[4]
	views = append(views, view{looking.store.Clone(), looking.keygen})
	require.NoError(f, looking.apply(f.Context(), uint64(len(failing.log)), entry{item: &peerItem{0, 3, nil}}))
	views = append(views, view{looking.store.Clone(), looking.keygen})
	failing.nodes = failing.nodes[:4]
	failing.add(entry{close: &closing{0, 0, 1}})
	failing.add(entry{close: &closing{0, 0, 2}})
	require.Equal(f, failed, failing.attempt(failing.nodes[1], 0, 0).phase)
	views = append(views, view{failing.nodes[1].store, failing.nodes[1].keygen})

	for _, e := range w.log {
		if e.item != nil {
			for i := range views {
				f.Add(e.item.from, e.item.item, uint8(i))
			}
		}
	}
	for round := range uint8(3) {
		f.Add(uint16(3), a.complain(3, round+2, 1), round)
		f.Add(uint16(2), a.complain(2, round+2, 0, 1), round)
	}
	f.Add(uint16(9), []byte{}, uint8(0))
	f.Add(uint16(0), []byte{itemResponse, 0, 0, 0, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, from uint16, item []byte, when uint8) {
		v := views[int(when)%len(views)]
		n := &node{store: v.store.Clone(), keygen: v.keygen}
		before := len((&world{t: t}).events(n))
		require.NoError(t, n.apply(t.Context(), uint64(len(w.log)), entry{item: &peerItem{0, from, item}}))
		for _, event := range (&world{t: t}).events(n)[before:] {
			if strings.HasPrefix(event, "misbehaved 0 by 0") {
				continue // participant 0 did cheat
			}
			if strings.HasPrefix(event, "misbehaved") {
				require.Equal(t, fmt.Sprintf("misbehaved 0 by %d", from), event)
			}
		}
		requireReadable(t, n.store)
	})
}

// FuzzCloseRound closes any round in any phase.
func FuzzCloseRound(f *testing.F) {
	w := newWorld(f, 4)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	w.nodes[3].silent = true
	w.add(entry{generate: &request})
	dealing := w.nodes[1].store.Clone()
	w.add(entry{close: &closing{0, 0, 1}})
	responding := w.nodes[1].store.Clone()
	f.Add(uint64(0), uint32(0), uint8(1), true)
	f.Add(uint64(0), uint32(0), uint8(2), true)
	f.Add(uint64(0), uint32(0), uint8(2), false)
	f.Add(uint64(1), uint32(7), uint8(255), false)
	f.Fuzz(func(t *testing.T, session uint64, attempt uint32, round uint8, early bool) {
		n := &node{store: responding.Clone(), keygen: w.nodes[1].keygen}
		if early {
			n.store = dealing.Clone()
		}
		require.NoError(t, n.apply(t.Context(), uint64(len(w.log)), entry{close: &closing{session, attempt, round}}))
		for _, event := range (&world{t: t}).events(n) {
			require.NotContains(t, event, "misbehaved")
		}
		requireReadable(t, n.store)
	})
}
