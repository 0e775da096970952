package signer

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// plansOf puts so many plans into the log.
func (w *world) plansOf(count, inputs int) (ids []coin.PlanID) {
	for range count {
		ids = append(ids, w.plan(inputs))
	}
	return ids
}

func TestManyPlansShareRoundsAndMessages(t *testing.T) {
	const many = 130
	w := newWorld(t, 3, 1, 1, 1, 1)
	for _, n := range w.nodes {
		require.NoError(t, n.read())
	}
	ids := w.plansOf(many, 1)
	w.run()
	for _, n := range w.nodes {
		for _, id := range ids {
			require.Equal(t, 1, count(n.told(), planLine(id)))
		}
	}
	messages := 0
	for _, e := range w.log {
		if e.do == nil {
			messages++
			require.LessOrEqual(t, len(e.items), defaultLimits.round)
		}
	}
	// Three rounds of commitments and three of shares, for each of four.
	require.LessOrEqual(t, messages, 4*2*(many/defaultLimits.round+1)+4)
}

func TestARoundIsTwoTransactions(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	w.plansOf(20, 1)
	require.NoError(t, n.read())
	before := n.store.Commits()
	did, err := n.Work(t.Context(), n.store, true)
	require.NoError(t, err)
	require.True(t, did)
	require.Len(t, n.nonces, 20)
	did, err = n.Work(t.Context(), n.store, true)
	require.NoError(t, err)
	require.False(t, did)
	require.Equal(t, before+2, n.store.Commits())
	require.Len(t, n.takeMessages(), 1)
}

// An answer that draws no nonces raises no counter.
func TestAnAnswerAloneIsOneTransaction(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	id := w.plan(2)
	w.once()
	require.NoError(t, n.read())
	before := n.store.Commits()
	require.NoError(t, n.work())
	require.Equal(t, before+1, n.store.Commits())
	require.Equal(t, uint64(1), n.duty(PlanID(0, id)).Counter)
	require.Len(t, n.take(), 1)
}

// However little memory there is, and whoever is killed in between, all plans
// have their turn.
func TestBoundedMemoryStarvesNoPlan(t *testing.T) {
	for _, few := range []limits{
		{round: 1, elements: 1, committed: 1},
		{round: 3, elements: 1 << 16, committed: 4},
		{round: 64, elements: 20, committed: 7},
	} {
		t.Run(fmt.Sprint(few), func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1)
			w.reportAll(0)
			for _, n := range w.nodes {
				n.limits = few
			}
			var ids []coin.PlanID
			for i := range 12 {
				ids = append(ids, w.plansOf(3, 1+i%3)...)
				n := w.nodes[i%3]
				n.restart(n.store.Clone())
				n.limits = few
				w.once()
				for _, n := range w.nodes {
					held := 0
					for id, own := range n.nonces { // order-free: a sum
						if id.Kind == Plan {
							held += own.size
						}
					}
					require.LessOrEqual(t, held, max(few.committed, 3))
				}
			}
			w.run()
			for i := range uint32(20) {
				w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, BatchID(0, 0), 1+i) })
				for _, id := range ids {
					w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, PlanID(0, id), 1+i) })
				}
				w.run()
			}
			for _, n := range w.nodes {
				require.Equal(t, 1, count(n.told(), "batch 0 signed"))
				for _, id := range ids {
					require.Equal(t, 1, count(n.told(), planLine(id)), "node %d: %v", n.number, n.told())
				}
			}
		})
	}
}

// Where there is room for one commitment, it is to the oldest plan, whatever its
// hash: all validators have the same order.
func TestPlansAreSignedInTheOrderOfTheirMaking(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	n.limits = limits{round: 64, elements: 1 << 16, committed: 1}
	ids := w.plansOf(12, 1)
	require.NoError(t, n.read())
	for _, id := range ids {
		require.NoError(t, n.work())
		items := n.take()
		require.Len(t, items, 1)
		require.Equal(t, PlanID(0, id), n.parse(items[0]).ID)
		w.resolve(id)
		require.NoError(t, n.read())
	}
}

// Plans behind one that cannot be prepared wait for it, so that their order is
// everybody's.
func TestPlansArePreparedInOrder(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	w.plansOf(5, 1)
	for i := range n.log {
		entry := n.log[i]
		n.update(func(tx storage.Tx) error { return entry.do(n, tx) })
	}
	calls := 0
	n.coin.prepare = func() { calls++ }
	n.coin.unable = func(coin.Plan) bool { return calls == 3 }
	did, err := n.Prepare(t.Context(), n.store)
	require.ErrorIs(t, err, coin.ErrTransient)
	require.False(t, did)
	n.view(func(r storage.Reader) error {
		at, err := n.opened.Load(r)
		require.Equal(t, uint64(2), at)
		return err
	})
	did, err = n.Prepare(t.Context(), n.store)
	require.NoError(t, err)
	require.True(t, did)
	n.view(func(r storage.Reader) error {
		at, err := n.opened.Load(r)
		require.Equal(t, uint64(5), at)
		return err
	})
}

// One sign ID that fails keeps no other back.
func TestATaskThatFailsKeepsNoOtherBack(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	bad, good := w.plan(1), w.plan(1)
	n.coin.refuse = nil
	require.NoError(t, n.read())
	require.NoError(t, n.work())
	for _, m := range n.takeMessages() {
		n.say(m.items)
	}
	require.NoError(t, n.read())
	require.NoError(t, n.work())
	for _, m := range n.takeMessages() {
		n.say(m.items)
	}
	require.NoError(t, n.read())
	n.coin.refuse = coin.ErrInvalid
	n.coin.only = func(plan coin.Plan) bool { return plan.ID(coin.BlockID{}) == bad }
	require.ErrorIs(t, n.work(), ErrUnusable)
	require.Equal(t, []string{planLine(good)}, n.told())
}

// What several workers do at once is what one does.
func TestWorkersChangeNothing(t *testing.T) {
	run := func(parallel func(int, func(int))) []entry {
		w := newWorld(t, 3, 1, 1, 1, 1)
		for _, n := range w.nodes {
			n.Parallel = parallel
		}
		w.nodes[1].wrongShares()
		w.reportAll(0)
		w.plansOf(10, 2)
		w.run()
		for _, n := range w.nodes {
			require.Equal(t, 11, len(n.told())-counting(n.told(), "invalid"))
		}
		return w.log
	}
	one := run(func(n int, do func(int)) {
		for i := range n {
			do(i)
		}
	})
	reversed := run(func(n int, do func(int)) {
		for i := range n {
			do(n - 1 - i)
		}
	})
	require.Len(t, reversed, len(one))
	for i := range one {
		require.Len(t, reversed[i].items, len(one[i].items))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	w, id := pending(t, 3, 1, 1, 1)
	n := w.nodes[0]
	var set boundSet
	n.view(func(r storage.Reader) error {
		set, _ = n.set(r, id, 0)
		return nil
	})
	work := []frost.Algorithm{ed25519.NewSchnorr(nil)}
	n.memory = newMemory(100)
	first, err := n.session(n.batchKey, work, id, set)
	require.NoError(t, err)
	again, err := n.session(n.batchKey, work, id, set)
	require.NoError(t, err)
	require.Same(t, first, again)
	require.Equal(t, 3*2+3*3, n.memory.held)
	for i := range 50 {
		_, err := n.session(n.batchKey, work, BatchID(0, uint64(i)+1), set)
		require.NoError(t, err)
		require.LessOrEqual(t, n.memory.held, 100)
	}
	again, err = n.session(n.batchKey, work, id, set)
	require.NoError(t, err)
	require.Same(t, first, again, "what is there stays")

	// Old things make room.
	n.memory.clock += memoryAge
	young, err := n.session(n.batchKey, work, BatchID(0, 99), set)
	require.NoError(t, err)
	again, err = n.session(n.batchKey, work, BatchID(0, 99), set)
	require.NoError(t, err)
	require.Same(t, young, again)
	for _, e := range n.memory.ids { // order-free: all are forgotten
		n.memory.forget(e.Value.(*remembered).id)
	}
	require.Zero(t, n.memory.held)
	require.Zero(t, n.memory.recent.Len())
}

// A signer that commits again and again takes no more memory than one that does
// it twice.
func TestCommitmentsOfOneSignerAreCrowdedOut(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1)
	l := w.liar(0)
	w.reportAll(0)
	id := BatchID(0, 0)
	by := w.nodes[1]
	require.NoError(t, by.read())
	for range 10 {
		l.put(item{ID: id, Next: l.commitTo(id, by, by.duty(id).Digest)})
		require.NoError(t, by.read())
	}
	require.Equal(t, perSigner*2+2*2, by.memory.held, "and the sums of gatherings")
	c := l.commitTo(id, by, by.duty(id).Digest)
	one, err := by.memory.commitment(id, by.batchKey, form, 0, c.Nonces)
	require.NoError(t, err)
	two, err := by.memory.commitment(id, by.batchKey, form, 0, c.Nonces)
	require.NoError(t, err)
	require.Same(t, one, two)
	other, err := by.memory.commitment(id, by.batchKey, form, 1, c.Nonces)
	require.NoError(t, err)
	require.NotSame(t, one, other, "another signer's with the same bytes")
}

// Nothing is remembered of what is over.
func TestMemoryForgetsWhatIsOver(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	plan := w.plan(2)
	w.reportAll(0)
	w.once()
	require.NoError(t, w.nodes[0].read())
	require.NotZero(t, w.nodes[0].memory.held)
	w.run()
	for _, id := range []ID{BatchID(0, 0), PlanID(0, plan)} { // signed, not over yet
		w.say(3, w.commit(3, id, 99, [32]byte{}))
		w.say(3, wire.Marshal(item{ID: id, Next: &commitment{Nonces: []byte{1}}}))
	}
	w.run()
	for _, n := range w.nodes[1:] { // the first one has made the commitments
		require.Zero(t, n.memory.held)
		require.Len(t, n.told(), 2, "what is signed needs no judgement")
	}
	w.acknowledge(0)
	w.resolve(plan)
	w.run()
	for _, n := range w.nodes {
		require.Zero(t, n.memory.held)
	}
}

// What is gathered as commitments arrive is what the session needs, or else the
// session is made anew, and the same.
func TestCommitmentsAreGatheredAsTheyCome(t *testing.T) {
	for name, c := range map[string]struct {
		before   func(*world, ID)
		gathered bool
	}{
		"nothing else": {func(*world, ID) {}, true},
		"another digest": {func(w *world, id ID) {
			w.say(3, w.commit(3, id, 5, [32]byte{1}))
		}, true},
		"a commitment that is replaced": {func(w *world, id ID) {
			w.say(3, w.commit(3, id, 5, w.nodes[0].duty(id).Digest))
			w.say(3, w.commit(3, id, 6, [32]byte{1}))
		}, false},
		"one that is replaced by its like": {func(w *world, id ID) {
			w.say(3, w.commit(3, id, 5, w.nodes[0].duty(id).Digest))
			w.say(3, w.commit(3, id, 6, w.nodes[0].duty(id).Digest))
		}, false},
		"one that comes twice": {func(w *world, id ID) {
			w.say(0, w.nodes[0].take()...)
			w.log = append(w.log, w.log[len(w.log)-1])
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1)
			w.nodes[3].offline = true
			w.reportAll(0)
			id := BatchID(0, 0)
			n := w.nodes[0]
			require.NoError(t, n.read())
			require.NoError(t, n.work())
			c.before(w, id)
			w.once()
			require.NoError(t, n.read())
			set, live := w.setsOf(id)[0]
			require.True(t, live)
			r := n.memory.ids[id].Value.(*remembered)
			require.Equal(t, c.gathered, r.formed != nil && r.formed.Is(set.members))
			require.False(t, c.gathered && r.next != nil, "the next set's begins from nothing")
			key, work := n.batchKey, n.workOf(id)
			one, err := n.session(key, work, id, set)
			require.NoError(t, err)
			n.memory.forget(id)
			other, err := n.session(key, work, id, set)
			require.NoError(t, err)
			require.Equal(t, other, one)
			n.memory.forget(id)
			w.run()
			for _, n := range w.nodes[:3] {
				require.Equal(t, 1, count(n.told(), "batch 0 signed"))
				require.Zero(t, counting(n.told(), "invalid"))
			}
		})
	}
}

// What is large waits until it is needed, and then comes without being asked
// for: a silent member holds nobody up.
func TestTheNextCommitmentToManySignaturesWaitsForItsShare(t *testing.T) {
	for _, inputs := range []int{1, 3} {
		w := newWorld(t, 3, 1, 1, 1, 1)
		w.nodes[3].offline = true
		w.nodes[2].tamper = func(data []byte) []byte {
			if i := w.parse(data); i.Share != nil {
				return nil
			}
			return data
		}
		id := w.plan(inputs)
		w.run()
		shares, commitments := 0, 0
		for _, e := range w.log {
			for _, data := range e.items {
				i := w.parse(data)
				if i.Share != nil {
					shares++
					require.Equal(t, inputs == 1, i.Next != nil)
				}
				if i.Next != nil {
					commitments++
				}
			}
		}
		require.Equal(t, 2, shares)
		require.Equal(t, 3+2, commitments)
		w.nodes[3].offline = false
		w.run()
		for i, n := range w.nodes {
			require.Equal(t, 1, count(n.told(), planLine(id)), "node %d", i)
		}
	}
}
