package signer

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// TestNoncesNeverAnswerTwice lets signers be killed at random commits, be set
// back to old databases, hear their own messages twice and late, and see old
// ones of their own that nobody ordered before. Whatever happens, every
// commitment is answered at most once, and in the end the batch is signed.
func TestNoncesNeverAnswerTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, 2, 1, 1, 1)
		for _, n := range w.nodes {
			n.store.KeepHistory()
		}
		w.reportAll(0)
		id := BatchID(0, 0)
		var held [][]byte // what node 0 said and nobody ordered yet
		old := w.nodes[0].store.Clone()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			n := w.nodes[rapid.IntRange(0, 2).Draw(t, "node")]
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1, 2:
				require.NoError(t, n.read())
			case 3, 4, 5:
				require.NoError(t, n.work())
				if n.number != 0 {
					for _, item := range n.take() {
						w.say(uint16(n.number), item)
					}
				}
			case 6:
				items := w.nodes[0].take()
				held = append(held, items...)
			case 7:
				if len(held) > 0 { // ordered at last, and perhaps again
					w.say(0, held[rapid.IntRange(0, len(held)-1).Draw(t, "item")])
				}
			case 8:
				if n.number == 0 && rapid.Bool().Draw(t, "backup") {
					n.restart(old.Clone())
					n.read() // to where the log is now
				} else {
					n.restart(n.store.Clone())
				}
			case 9:
				number := uint32(len(w.log)) // the same for all who read it
				w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, id, number) })
			}
		}
		for _, item := range held {
			w.say(0, item)
		}
		for i := range uint32(40) {
			w.run()
			if count(w.nodes[1].told(), "batch 0 signed") == 1 {
				break
			}
			w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, id, 1000+i) })
		}
		for _, n := range w.nodes {
			require.Equal(t, 1, count(n.told(), "batch 0 signed"), "node %d", n.number)
			require.Len(t, n.told(), 1+counting(n.told(), " held in "), "node %d", n.number)
		}
		w.checkAnswers(t)
	})
}

// checkAnswers replays the log and checks that no commitment of anyone got two
// different answers.
func (w *world) checkAnswers(t tester) {
	judge := w.add(&fakeKeys{world: w})
	judge.report(0, 0)
	answers := make(map[string]string)
	for _, e := range w.log {
		for _, item := range e.items {
			i := w.parse(item)
			if i.Share != nil {
				judge.view(func(r storage.Reader) error {
					set, live := judge.set(r, i.ID, i.Set)
					for _, m := range set.members {
						if live && m.Validator == e.from {
							was, seen := answers[string(m.Commitment)]
							require.True(t, !seen || was == string(i.Share), "nonces have answered twice")
							answers[string(m.Commitment)] = string(i.Share)
						}
					}
					return nil
				})
			}
		}
		again, err := judge.step()
		require.NoError(t, err)
		require.True(t, again)
	}
}

func TestTheCounterIsStoredBeforeTheNoncesExist(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	w.reportAll(0)
	require.NoError(t, n.read())
	n.store.CutAfter(n.store.Commits()) // the counter cannot be stored
	require.ErrorIs(t, n.work(), storage.ErrCut)
	require.Empty(t, n.nonces)

	n.restart(n.store.Clone())
	n.store.CutAfter(n.store.Commits() + 1) // but nothing can be sent
	require.ErrorIs(t, n.work(), storage.ErrCut)
	require.Equal(t, uint64(1), n.duty(BatchID(0, 0)).Counter)
	require.Empty(t, n.nonces, "what was not sent is not kept")

	n.restart(n.store.Clone())
	require.NoError(t, n.work())
	require.Equal(t, uint64(2), w.parse(n.take()[0]).Next.Counter)
}

func TestAFailingSourceOfRandomnessSendsNothing(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	n.random = failing{}
	n.restart(n.store)
	w.reportAll(0)
	require.NoError(t, n.read())
	require.ErrorIs(t, n.work(), errFailing)
	require.Empty(t, n.take())
}

// Nonces that were used for nothing are gone, and do not stop what comes after.
func TestAShareLostToAFailingSourceOfRandomness(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	w.reportAll(0)
	w.once()
	require.NoError(t, n.read())
	was := n.Signer.Random
	n.Signer.Random = failing{}
	require.ErrorIs(t, n.work(), errFailing, "the set is answered with a next commitment")
	require.Empty(t, n.nonces)
	require.Empty(t, n.take())
	n.Signer.Random = was
	w.run()
	for _, n := range w.nodes {
		require.Equal(t, []string{"batch 0 signed"}, n.told())
	}
}

var errFailing = errors.New("no entropy")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

func TestKilledBetweenCommitmentAndShare(t *testing.T) {
	w, _ := pending(t, 3, 1, 1, 1)
	n := w.nodes[0]
	for _, item := range n.take() {
		require.NotNil(t, w.parse(item).Share)
	}
	// The share was lost with the process. The set waits, and a new
	// commitment ends it.
	n.restart(n.store.Clone())
	require.NoError(t, n.work())
	items := n.take()
	require.Len(t, items, 1)
	require.Nil(t, w.parse(items[0]).Share)
	w.say(0, items[0])
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, n.told())
}

func TestStripLeavesTheShare(t *testing.T) {
	w, id := pending(t, 3, 1, 1, 1)
	share := w.nodes[0].take()[0]
	require.NotNil(t, w.parse(share).Next)
	stripped, err := Strip(share)
	require.NoError(t, err)
	require.Equal(t, w.parse(share).Share, w.parse(stripped).Share)
	require.Nil(t, w.parse(stripped).Next)
	again, err := Strip(stripped)
	require.NoError(t, err)
	require.Equal(t, stripped, again)

	nothing, err := Strip(w.commit(0, id, 1, [32]byte{}))
	require.NoError(t, err)
	require.Nil(t, nothing)
	_, err = Strip([]byte("nonsense"))
	require.ErrorIs(t, err, wire.ErrShort)

	// The stripped share is as good.
	n := w.nodes[0]
	n.restart(n.store.Clone())
	w.say(0, stripped)
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, n.told())
}

// A restored database knows too low a counter. The log raises it.
func TestARestoredBackupGoesOnAboveTheLog(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	w.nodes[2].offline = true
	w.reportAll(0)
	n := w.nodes[0]
	require.NoError(t, n.read())
	backup := n.store.Clone()
	for range 4 { // the process that went on from it
		require.NoError(t, n.work())
		for _, item := range n.take() {
			w.say(0, item)
		}
		n.restart(n.store.Clone())
	}
	n.restart(backup)
	require.NoError(t, n.read())
	require.Equal(t, uint64(4), n.duty(BatchID(0, 0)).Counter)
	require.NoError(t, n.work())
	require.Equal(t, uint64(5), w.parse(n.take()[0]).Next.Counter)
}

// Commitments of a process before the backup may be ordered only after the new
// one has committed: with a higher counter, with the same, or as part of a set
// at once. The signer must not wait for a set that its nonces are not in.
func TestOldCommitmentsThatComeLate(t *testing.T) {
	for name, restarts := range map[string]int{"same counter": 0, "higher counter": 3} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1)
			w.reportAll(0)
			n := w.nodes[0]
			require.NoError(t, n.read())
			backup := n.store.Clone()
			require.NoError(t, n.work())
			for range restarts {
				n.restart(n.store.Clone())
				require.NoError(t, n.work())
			}
			items := n.take()
			late := items[len(items)-1]

			n.restart(backup)
			require.NoError(t, n.work())
			w.say(0, late)
			if restarts > 0 { // not even a set has to form first
				require.NoError(t, n.read())
				require.NoError(t, n.work())
				items = n.take()
				require.Len(t, items, 2)
				w.say(0, items[1])
				require.Greater(t, w.parse(items[1]).Next.Counter, w.parse(late).Next.Counter)
			}
			w.run()
			for _, n := range w.nodes {
				require.Equal(t, []string{"batch 0 signed"}, n.told())
			}
		})
	}
}

// Shares may be there only after commitments of a former process were read.
func TestSharesThatComeLate(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	w.reportAll(0)
	n := w.nodes[0]
	w.say(0, w.commit(0, BatchID(0, 0), 5, n.duty(BatchID(0, 0)).Digest))
	share := n.keys.batch
	n.keys.batch = nil
	require.NoError(t, n.read())
	require.NoError(t, n.work())
	require.Empty(t, n.take())
	n.keys.batch = share
	require.NoError(t, n.work())
	own := n.take()
	require.Equal(t, uint64(6), w.parse(own[0]).Next.Counter)
	w.say(0, own[0])
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, n.told())
}

// The first share for a set counts. Others of its sender, before or after the
// set completes, convict nobody.
func TestASecondShareConvictsNobody(t *testing.T) {
	w, _ := pending(t, 3, 1, 1, 1)
	first := w.nodes[1].take()[0]
	second := w.parse(first)
	second.Share[0] ^= 1
	w.say(1, first)
	w.say(1, wire.Marshal(second))
	w.run()
	w.say(1, wire.Marshal(second))
	w.run()
	for _, n := range w.nodes {
		require.Equal(t, []string{"batch 0 signed"}, n.told())
	}
}

func TestDuplicatesOfOwnMessages(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	w.reportAll(0)
	for again := true; again; {
		at := len(w.log)
		again = w.once()
		w.log = append(w.log, w.log[at:]...)
	}
	for _, n := range w.nodes {
		require.Equal(t, []string{"batch 0 signed"}, n.told())
	}
}

// More restarts than are allowed while a set waits take a Reattempt.
func TestReattempt(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	w.reportAll(0)
	id := BatchID(0, 0)
	n := w.nodes[0]
	for range 10 { // it always loses its nonces before it can answer
		n.restart(n.store.Clone())
		w.once()
	}
	w.run()
	const held = "0 held in session 0 batch 0"
	require.Equal(t, []string{held}, n.told(), "it has withdrawn too often, told once")
	require.Less(t, len(w.log), 40, "and nobody floods the log")
	at := len(w.log)
	w.run()
	require.Len(t, w.log, at)

	w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, id, 1) })
	w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, BatchID(3, 0), 1) })
	w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, BatchID(0, 77), 1) })
	w.run()
	for _, n := range w.nodes {
		require.Equal(t, []string{held, "batch 0 signed"}, n.told())
	}
}

func TestErase(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	w.reportAll(0)
	w.once()
	n := w.nodes[0]
	require.Len(t, n.nonces, 1)
	n.Erase()
	require.Empty(t, n.nonces)
}
