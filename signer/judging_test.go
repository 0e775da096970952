package signer

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// wrongShares lets a node answer with a share that is wrong, each by as much as
// no others make up for.
func (n *node) wrongShares() {
	n.tamper = func(data []byte) []byte {
		i := n.parse(data)
		if i.Share != nil {
			i.Share[0] ^= 1 << n.number
		}
		return wire.Marshal(i)
	}
}

// convicts judges evidence with nothing but the log up to the conviction: the
// item must be a share for a set of the sign ID that does not verify.
func (n *node) convicts(t *testing.T, sets map[uint32]boundSet, who uint16, evidence []byte) {
	i := n.parse(evidence)
	require.Nil(t, i.Next)
	session, err := frost.NewSession(n.batchKey, n.workOf(i.ID), n.context(i.ID, uint64(i.Set)), sets[i.Set].members)
	require.NoError(t, err)
	require.Error(t, session.Verify(who, i.Share))
}

// said tells whether a validator's share is in the log.
func (w *world) said(who uint16, i item) bool {
	for _, e := range w.log {
		for _, data := range e.items {
			if one := w.parse(data); e.from == who && one.ID == i.ID && one.Set == i.Set && bytes.Equal(one.Share, i.Share) {
				return true
			}
		}
	}
	return false
}

func (n *node) workOf(id ID) (work []frost.Algorithm) {
	n.view(func(r storage.Reader) (err error) {
		work, _, err = n.Signer.work(r, id, n.duty(id).Digest)
		return err
	})
	return work
}

// setsOf replays the log and returns all sets of a sign ID that ever formed.
func (w *world) setsOf(id ID) map[uint32]boundSet {
	observer := &node{world: w, number: len(w.nodes), keys: &fakeKeys{world: w}, store: storage.NewMemory(), coin: &fakeCoin{world: w}}
	observer.restart(observer.store)
	observer.report(0, 0)
	sets := make(map[uint32]boundSet)
	for again := true; again; {
		var err error
		again, err = observer.step()
		require.NoError(w, err)
		observer.view(func(r storage.Reader) error {
			for number := range uint32(20) {
				if set, live := observer.set(r, id, number); live {
					sets[number] = set
				}
			}
			return nil
		})
	}
	return sets
}

// All liars of a set are convicted at once, with evidence, by everybody who has
// the log, and the others sign.
func TestAllLiarsAreConvictedByOneBatch(t *testing.T) {
	for name, liars := range map[string][]int{"first": {0, 1}, "last": {1, 2}, "apart": {0, 2}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1, 1)
			follower := w.add(&fakeKeys{world: w})
			w.reportAll(0)
			id := BatchID(0, 0)
			evidence := make(map[uint16][]byte)
			follower.evidence = func(who uint16, item []byte) { evidence[who] = item }
			var want []string
			for _, i := range liars {
				w.nodes[i].wrongShares()
				want = append(want, []string{"0", "1", "2"}[i]+": invalid signature share")
			}
			w.run()
			want = append(want, "batch 0 signed")
			for _, n := range w.nodes {
				require.Equal(t, want, n.told(), "node %d", n.number)
			}
			require.Len(t, evidence, 2)
			sets := w.setsOf(id)
			for who, item := range evidence { // order-free: each is checked
				require.Equal(t, uint32(0), w.parse(item).Set)
				require.True(t, w.said(who, w.parse(item)), "it is what the liar said")
				follower.convicts(t, sets, who, item)
			}
			// One who comes later reads the same.
			late := w.add(&fakeKeys{world: w})
			late.report(0, 0)
			require.NoError(t, late.read())
			require.NoError(t, late.work())
			require.Equal(t, want, late.told())
		})
	}
}

// A share is not verified before its set is complete: a wrong one among silence
// convicts nobody, and is convicted when the set completes.
func TestAShareIsTakenInUnverified(t *testing.T) {
	w, id := pending(t, 3, 1, 1, 1)
	bad := w.parse(w.nodes[1].take()[0])
	bad.Share[0] ^= 1
	w.say(1, wire.Marshal(bad))
	n := w.nodes[2]
	require.NoError(t, n.read())
	require.Empty(t, n.told())
	n.view(func(r storage.Reader) error {
		roast, err := n.sets.Load(r, id)
		require.False(t, roast.Pending(1, 0), "it has answered")
		return err
	})
	w.say(0, w.nodes[0].take()...)
	require.NoError(t, n.read())
	require.Empty(t, n.told())
	w.say(2, w.nodes[2].take()...)
	require.NoError(t, n.read())
	require.Equal(t, []string{"1: invalid signature share"}, n.told())
}

// A malformed share needs no other one to be wrong.
func TestAMalformedShareConvictsItsSenderAtOnce(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"short": func(share []byte) []byte { return share[1:] },
		"long":  func(share []byte) []byte { return append(share, 0) },
		"empty scalar of the other sign": func(share []byte) []byte {
			for i := range share {
				share[i] = 0xff
			}
			return share
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := pending(t, 3, 1, 1, 1, 1)
			bad := w.parse(w.nodes[1].take()[0])
			bad.Share = spoil(bad.Share)
			n := w.nodes[2]
			var evidence []byte
			n.evidence = func(_ uint16, item []byte) { evidence = item }
			w.say(1, wire.Marshal(bad))
			require.NoError(t, n.read())
			require.Equal(t, []string{"1: invalid signature share"}, n.told())
			require.Equal(t, wire.Marshal(item{ID: id, Set: bad.Set, Share: bad.Share}), evidence)
			w.nodes[1].offline = true
			w.run()
			require.Equal(t, []string{"1: invalid signature share", "batch 0 signed"}, n.told())
		})
	}
}

// What the key of inconsistent shares makes of valid ones stops the processor.
func TestValidSharesWithoutASignatureHalt(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	w.plan(1)
	for _, n := range w.nodes {
		require.NoError(t, n.read())
	}
	// The algorithm of one node finds no signature good.
	n := w.nodes[0]
	w.algorithm = func(message []byte) frost.Algorithm { return refusing{form[0]} }
	n.memory = newMemory(memoryElements)
	var failed error
	for range 6 {
		for _, n := range w.nodes {
			if err := n.read(); err != nil {
				failed = err
				break
			}
			require.NoError(t, n.work())
			for _, m := range n.takeMessages() {
				n.say(m.items)
			}
		}
		if failed != nil {
			break
		}
	}
	require.ErrorIs(t, failed, frost.ErrInconsistent)
}

// refusing is an algorithm without signatures.
type refusing struct{ frost.Algorithm }

func (a refusing) ForKey(key frost.Element) (frost.Instance, error) {
	in, err := a.Algorithm.ForKey(key)
	return refusingInstance{in}, err
}

type refusingInstance struct{ frost.Instance }

func (refusingInstance) Signature(_, _ []frost.Element, _ frost.Scalar) ([]byte, error) {
	return nil, errFailing
}

// A signer whose shares wait unjudged in two sets has them judged before it gets
// into a third: it is convicted, or goes on.
func TestDoubtsAreJudgedBeforeTheNextCommitment(t *testing.T) {
	for _, lies := range []bool{true, false} {
		w := newWorld(t, 3, 1, 1, 1, 1, 1, 1)
		var liars []*liar
		for i := range 5 {
			liars = append(liars, w.liar(i))
		}
		by, id := w.nodes[5], BatchID(0, 0)
		w.reportAll(0)
		require.NoError(t, by.read())
		commit := func(i int) *commitment { return liars[i].commitTo(id, by, by.duty(id).Digest) }
		var evidence []byte
		by.evidence = func(who uint16, item []byte) { require.Zero(t, who); evidence = item }
		answer := func(set uint32, next *commitment) {
			require.NoError(t, by.read())
			waiting := liars[0].waiting(id, by)
			require.Len(t, waiting, 1)
			require.Equal(t, set, waiting[0].Number)
			share := liars[0].answer(id, by, waiting[0])
			if lies {
				share[0] ^= 1
			}
			liars[0].put(item{ID: id, Set: set, Share: share, Next: next})
		}
		for i := range 3 {
			liars[i].put(item{ID: id, Next: commit(i)})
		}
		answer(0, commit(0))
		liars[3].put(item{ID: id, Next: commit(3)})
		liars[4].put(item{ID: id, Next: commit(4)})
		answer(1, nil) // the others of both sets are silent
		require.NoError(t, by.read())
		require.Empty(t, by.told())

		liars[0].put(item{ID: id, Next: commit(0)})
		require.NoError(t, by.read())
		by.view(func(r storage.Reader) error {
			roast, err := by.sets.Load(r, id)
			_, idle := roast.Idle(0)
			require.False(t, idle, "it is removed, or has an unused commitment")
			require.Empty(t, roast.Doubts(0))
			_, live := roast.Set(0)
			require.Equal(t, !lies, live)
			return err
		})
		if !lies {
			require.Empty(t, by.told())
			continue
		}
		require.Equal(t, []string{"0: invalid signature share"}, by.told())
		by.convicts(t, w.setsOf(id), 0, evidence)
	}
}

// With the last share everything is said: what is beside it is not judged.
func TestWhatIsBesideTheLastShareIsNotJudged(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	l, by, id := w.liar(0), w.nodes[1], BatchID(0, 0)
	w.reportAll(0)
	require.NoError(t, by.read())
	l.put(item{ID: id, Next: l.commitTo(id, by, by.duty(id).Digest)})
	w.run() // the other one commits, and answers
	set := l.waiting(id, by)[0]
	l.put(item{ID: id, Set: set.Number, Share: l.answer(id, by, set), Next: &commitment{Counter: 9, Nonces: []byte{1}}})
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, by.told())
}
