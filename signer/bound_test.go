package signer

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/storage"
)

// set returns a live set of a sign ID with its commitments.
func (n *node) set(r storage.Reader, id ID, number uint32) (set boundSet, live bool) {
	roast, err := n.sets.Load(r, id)
	require.NoError(n, err)
	bare, live := roast.Set(number)
	if live {
		set, err = n.bind(r, id, bare)
		require.NoError(n, err)
	}
	return set, live
}

// held returns the names of all commitments and shares in the database.
func (n *node) held() (commitments []commitmentName, shares []shareName) {
	n.view(func(r storage.Reader) error {
		commitments, shares = nil, nil
		for item, err := range n.commitments.All(r) {
			require.NoError(n, err)
			commitments = append(commitments, item.Key)
		}
		for item, err := range n.shares.All(r) {
			require.NoError(n, err)
			shares = append(shares, item.Key)
		}
		return nil
	})
	return commitments, shares
}

// Whoever commits again and again, free or pending, takes no more room in the
// database for it.
func TestRecommittingTakesNoRoom(t *testing.T) {
	for name, others := range map[string]int{"free": 1, "pending": 2} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1)
			by, id := w.nodes[3], BatchID(0, 0)
			w.reportAll(0)
			require.NoError(t, by.read())
			digest := by.duty(id).Digest
			for v := range others {
				w.say(uint16(1+v), w.commit(1+v, id, 1, digest))
			}
			w.say(0, w.commit(0, id, 1, digest))
			for counter := range uint64(5) {
				w.say(0, w.commit(0, id, 2+counter, digest))
				for v := range others {
					w.say(uint16(1+v), w.commit(1+v, id, 2+counter, digest))
				}
			}
			w.say(0, w.commit(0, id, 9, digest))
			require.NoError(t, by.read())
			records := by.records()
			commitments, _ := by.held()
			require.LessOrEqual(t, len(commitments), 1+others+1, "one each, and one that is held back")
			for counter := range uint64(1000) {
				w.say(0, w.commit(0, id, 10+counter, digest))
				require.NoError(t, by.read())
				require.Equal(t, records, by.records())
			}
			again, _ := by.held()
			require.Len(t, again, len(commitments))
			require.Contains(t, again, commitmentName{id, 0, 1009})
		})
	}
}

// The first commitment with a counter counts, and its nonces are those that the
// set is made of.
func TestNoncesOfACounterStay(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	by, id := w.nodes[2], BatchID(0, 0)
	w.reportAll(0)
	require.NoError(t, by.read())
	l := w.liar(0)
	first := l.commitTo(id, by, by.duty(id).Digest)
	l.put(item{ID: id, Next: first})
	second := l.commitTo(id, by, first.Digest)
	second.Counter = first.Counter
	l.put(item{ID: id, Next: second})
	w.once()
	require.NoError(t, by.read())
	require.Equal(t, first.Nonces, w.setsOf(id)[0].members[0].Commitment)
	set := l.waiting(id, by)[0]
	l.put(item{ID: id, Set: set.Number, Share: l.answer(id, by, set)})
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, by.told())
}

// What sets do not need any more is forgotten: the shares with their set, and
// everything with the signature, or with the subject.
func TestCommitmentsAndSharesAreForgotten(t *testing.T) {
	w, id := pending(t, 3, 1, 1, 1, 1)
	n := w.nodes[0]
	w.say(1, w.nodes[1].take()...)
	require.NoError(t, n.read())
	commitments, shares := n.held()
	require.Len(t, commitments, 3+1+1, "of the set, unused, and beside the share")
	require.Equal(t, []shareName{{id, 0, 1}}, shares)
	// A withdrawal ends the set.
	w.say(2, w.commit(2, id, 77, n.duty(id).Digest))
	require.NoError(t, n.read())
	commitments, shares = n.held()
	require.Equal(t, []commitmentName{{id, 1, 2}, {id, 2, 77}, {id, 3, 1}}, commitments)
	require.Empty(t, shares)
	// A share for it that comes late does not count.
	w.say(0, w.nodes[0].take()...)
	require.NoError(t, n.read())
	commitments, shares = n.held()
	require.Len(t, commitments, 4)
	require.Empty(t, shares)

	signed, abandoned := w.clone(t), w.clone(t)
	signed.nodes[2].offline = true
	signed.run()
	require.Equal(t, []string{"batch 0 signed"}, signed.nodes[0].told())
	commitments, shares = signed.nodes[0].held()
	require.Empty(t, commitments)
	require.Empty(t, shares)

	abandoned.acknowledge(0)
	require.NoError(t, abandoned.nodes[0].read())
	require.Zero(t, abandoned.nodes[0].records())
}

// What is missing in the database halts: it convicts nobody.
func TestAMissingRecordIsCorruption(t *testing.T) {
	w, id := pending(t, 3, 1, 1, 1)
	for v := range 3 {
		w.say(uint16(v), w.nodes[v].take()...)
	}
	n := w.nodes[2]
	for range 2 {
		again, err := n.step()
		require.NoError(t, err)
		require.True(t, again)
	}
	for name, drop := range map[string]func(tx storage.Tx) error{
		"commitment": func(tx storage.Tx) error { return n.commitments.Delete(tx, commitmentName{id, 0, 1}) },
		"share":      func(tx storage.Tx) error { return n.shares.Delete(tx, shareName{id, 0, 0}) },
	} {
		t.Run(name, func(t *testing.T) {
			kept := n.store.Clone()
			defer n.restart(kept)
			n.update(drop)
			_, err := n.step()
			require.ErrorIs(t, err, storage.ErrCorrupt)
			require.Empty(t, n.told())
		})
	}
}

// Names are read back as they were written.
func TestNamesAreKeys(t *testing.T) {
	commitments := storage.NewMap("commitments", commitmentKey, storage.Flag)
	shares := storage.NewMap("shares", shareKey, storage.Flag)
	rapid.Check(t, func(t *rapid.T) {
		id := BatchID(rapid.Uint64().Draw(t, "session"), rapid.Uint64().Draw(t, "batch"))
		c := commitmentName{id, rapid.Uint16().Draw(t, "validator"), rapid.Uint64().Draw(t, "counter")}
		s := shareName{id, rapid.Uint32().Draw(t, "set"), rapid.Uint16().Draw(t, "validator")}
		store := storage.NewMemory()
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
			require.NoError(t, commitments.Put(tx, c, struct{}{}))
			require.NoError(t, shares.Put(tx, s, struct{}{}))
			for item, err := range commitments.All(tx) {
				require.NoError(t, err)
				require.Equal(t, c, item.Key)
			}
			for item, err := range shares.All(tx) {
				require.NoError(t, err)
				require.Equal(t, s, item.Key)
			}
			return nil
		}))
	})
}
