package signer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// commit makes a validator's commitment outside of its process.
func (w *world) commit(validator int, id ID, counter uint64, digest [32]byte) []byte {
	share := w.nodes[validator].keys.batch
	work := form
	if id.Kind == Plan {
		share = w.nodes[validator].keys.network
		w.nodes[0].view(func(r storage.Reader) (err error) {
			work, err = w.nodes[0].planWork(r, id, [32]byte{})
			return err
		})
	}
	_, nonces, err := frost.Commit(chacha(counter+1000), share, work, nil)
	require.NoError(w, err)
	return wire.Marshal(item{ID: id, Next: &commitment{Counter: counter, Digest: digest, Nonces: nonces}})
}

func TestBatchAndPlanAreSigned(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	id := w.plan(2)
	w.reportAll(0)
	w.run()
	for _, n := range w.nodes {
		require.ElementsMatch(t, []string{"batch 0 signed", planLine(id)}, n.told())
		var c Counts
		n.view(func(r storage.Reader) (err error) { c, err = n.Counts(r); return err })
		require.Equal(t, Counts{Transactions: 1}, c)
	}
	w.acknowledge(0)
	w.resolve(id)
	w.run()
	for _, n := range w.nodes {
		require.Zero(t, n.records(), "nothing is left of what is over")
		require.Empty(t, n.nonces)
	}
}

func planLine(id coin.PlanID) string { return "plan " + id.String()[:8] + " completed" }

func TestWeightsCount(t *testing.T) {
	w := newWorld(t, 4, 3, 1, 2)
	w.nodes[2].offline = true
	w.reportAll(0)
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, w.nodes[0].told())
}

func TestAFollowerWithoutSharesGetsTheSignatures(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	follower := w.add(&fakeKeys{world: w})
	id := w.plan(1)
	w.reportAll(0)
	w.run()
	require.ElementsMatch(t, []string{"batch 0 signed", planLine(id)}, follower.told())
	_, err := follower.Publish(t.Context(), follower.store, 1, true)
	require.NoError(t, err)
	require.Len(t, follower.coin.published, 1)
}

func TestCommitmentsCountOnlyWhereTheirSubjectIs(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	plan := w.plan(1)
	w.run() // signs the plan
	counts := func(id ID) (counts bool) {
		n := w.nodes[0]
		require.NoError(t, n.read())
		n.view(func(r storage.Reader) (err error) { counts, err = n.counts(r, id); return err })
		return counts
	}
	require.True(t, counts(PlanID(0, plan)))
	require.False(t, counts(PlanID(1, plan)), "the plan is another session's")
	require.False(t, counts(PlanID(0, coin.PlanID{1})), "there is no such plan")
	require.True(t, counts(BatchID(0, 0)))
	require.True(t, counts(BatchID(0, 2)))
	require.False(t, counts(BatchID(0, 3)), "too far ahead")
	require.False(t, counts(BatchID(0, 1<<63)))
	require.False(t, counts(BatchID(1, 0)), "the session is not confirmed")
	w.acknowledge(1)
	require.True(t, counts(BatchID(0, 1)), "out of order")
	w.acknowledge(0)
	require.False(t, counts(BatchID(0, 0)), "acknowledged")
	require.True(t, counts(BatchID(0, 3)))
	w.resolve(plan)
	require.False(t, counts(PlanID(0, plan)), "resolved")
	require.False(t, counts(ID{Kind: Batch, Subject: [32]byte{31: 1}}))
}

func TestItemsWithoutASubjectLeaveNoTrace(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	n := w.nodes[0]
	require.NoError(t, n.read())
	for _, id := range []ID{PlanID(0, coin.PlanID{1}), BatchID(0, 3)} {
		w.say(1, wire.Marshal(item{ID: id, Next: &commitment{Counter: 1, Nonces: []byte("nonsense")}}))
		w.say(1, wire.Marshal(item{ID: id, Share: []byte("nonsense")}))
	}
	require.NoError(t, n.read())
	require.Zero(t, n.records())
	require.Empty(t, n.told())
}

func TestBeforeTheSessionIsConfirmedNothingCounts(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	confirmed := w.log[0]
	w.log = nil
	w.reportAll(0)
	w.say(1, w.commit(1, BatchID(0, 0), 1, [32]byte{}))
	w.run()
	for _, n := range w.nodes {
		require.Zero(t, n.duty(BatchID(0, 0)).Counter, "commits")
		require.Empty(t, n.told())
		n.view(func(r storage.Reader) error {
			has, err := n.sets.Has(r, BatchID(0, 0))
			require.False(t, has)
			return err
		})
	}
	w.log = append(w.log, confirmed)
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, w.nodes[2].told())
}

// A batch is signed by the key of the session that reports it, whatever other
// sessions' validators commit to.
func TestOnlyTheReportingSessionSignsABatch(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	w.append(func(n *node, tx storage.Tx) error { return n.Confirmed(tx, 1, 0) })
	for _, n := range w.nodes {
		n.report(1, 0)
	}
	w.say(0, w.commit(0, BatchID(0, 0), 7, [32]byte{}))
	w.run()
	for _, n := range w.nodes {
		require.Empty(t, n.told())
		require.Equal(t, uint64(0), n.duty(BatchID(0, 0)).Used)
	}
	w.acknowledge(0)
	w.run()
	require.Zero(t, w.nodes[0].records())
}

func TestBlame(t *testing.T) {
	sound := func(w *world, id ID) item { return w.parse(w.commit(1, id, 9, [32]byte{})) }
	for name, test := range map[string]struct {
		from uint16
		item func(w *world, id ID) []byte
		want string
	}{
		"malformed": {1, func(*world, ID) []byte { return []byte("nonsense") }, "1: malformed signing item"},
		"trailing bytes": {1, func(w *world, id ID) []byte {
			return append(wire.Marshal(sound(w, id)), 0)
		}, "1: malformed signing item"},
		"of another session": {1, func(w *world, id ID) []byte {
			i := sound(w, id)
			i.ID.Session = 5
			return wire.Marshal(i)
		}, "1: signing item of another session"},
		"of a stranger": {9, func(w *world, id ID) []byte { return wire.Marshal(sound(w, id)) }, "9: signing item of a stranger"},
		"short commitment": {1, func(w *world, id ID) []byte {
			i := sound(w, id)
			i.Next.Nonces = i.Next.Nonces[1:]
			return wire.Marshal(i)
		}, "1: malformed commitment"},
		"no points": {1, func(w *world, id ID) []byte {
			i := sound(w, id)
			i.Next.Nonces = slices.Repeat([]byte{0xff}, len(i.Next.Nonces))
			return wire.Marshal(i)
		}, "1: malformed commitment"},
		"malformed commitment beside a late share": {1, func(w *world, id ID) []byte {
			i := sound(w, id)
			i.Share, i.Set, i.Next.Nonces = []byte("late"), 77, nil
			return wire.Marshal(i)
		}, "1: malformed commitment"},
		"long commitment": {1, func(w *world, id ID) []byte {
			i := sound(w, id)
			i.Next.Nonces = make([]byte, frost.MaxCommitmentSize+1)
			return wire.Marshal(i)
		}, "1: malformed signing item"},
		"long share": {1, func(w *world, id ID) []byte {
			return wire.Marshal(item{ID: id, Share: make([]byte, frost.MaxAnswerSize+1)})
		}, "1: malformed signing item"},
		"empty share": {1, func(w *world, id ID) []byte {
			i := sound(w, id)
			i.Share = []byte{}
			return wire.Marshal(i)
		}, "1: malformed signing item"},
		"share for no set": {1, func(_ *world, id ID) []byte {
			return wire.Marshal(item{ID: id, Share: []byte("nonsense"), Set: 3})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []Kind{Batch, Plan} {
				w := newWorld(t, 3, 1, 1, 1, 1)
				id := BatchID(0, 0)
				if kind == Plan {
					id = PlanID(0, w.plan(2))
				}
				require.NoError(t, w.nodes[0].read())
				w.say(test.from, test.item(w, id))
				require.NoError(t, w.nodes[0].read())
				if test.want == "" {
					require.Empty(t, w.nodes[0].told())
				} else {
					require.Equal(t, []string{test.want}, w.nodes[0].told())
				}
				w.reportAll(0)
				w.run()
				for _, n := range w.nodes {
					require.Equal(t, 1, count(n.told(), "batch 0 signed"), "signed all the same")
				}
			}
		})
	}
}

func count(lines []string, prefix string) (n int) {
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// counting counts the lines that contain a text.
func counting(lines []string, text string) (n int) {
	for _, line := range lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// pending brings a world to where a set of the first nodes waits for their
// shares, which are made and in the nodes' outboxes.
func pending(t testing.TB, threshold uint16, weights ...uint16) (*world, ID) {
	w := newWorld(t, threshold, weights...)
	w.reportAll(0)
	w.once()
	for _, n := range w.nodes {
		require.NoError(t, n.read())
		require.NoError(t, n.work())
	}
	require.True(t, w.nodes[0].duty(BatchID(0, 0)).Pending)
	return w, BatchID(0, 0)
}

func TestAnInvalidShareConvictsItsSenderOnly(t *testing.T) {
	w, id := pending(t, 3, 1, 1, 1, 1)
	bad := w.parse(w.nodes[1].take()[0])
	bad.Share[0] ^= 1
	w.say(1, wire.Marshal(bad))
	w.run()
	for _, i := range []int{0, 2, 3} {
		require.Equal(t, []string{"1: invalid signature share", "batch 0 signed"}, w.nodes[i].told())
	}
	// Whatever it says later on counts for nothing.
	before := len(w.nodes[0].told())
	w.say(1, w.commit(1, id, 99, [32]byte{1}))
	w.run()
	require.Len(t, w.nodes[0].told(), before)
}

func TestAShareOfADeadSetConvictsNobody(t *testing.T) {
	w, id := pending(t, 3, 1, 1, 1)
	share := w.parse(w.nodes[1].take()[0])
	share.Share[0] ^= 1
	w.say(0, w.commit(0, id, 50, w.nodes[0].duty(id).Digest)) // validator 0 restarted
	w.say(1, wire.Marshal(share))
	require.NoError(t, w.nodes[2].read())
	require.Empty(t, w.nodes[2].told())
	require.False(t, w.nodes[2].duty(id).Pending)
}

func TestAMinorityWithAnotherDigest(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	w.reportAll(0)
	require.NoError(t, w.nodes[0].read())
	w.nodes[3].offline = true
	w.say(3, w.commit(3, BatchID(0, 0), 1, [32]byte{3}))
	w.say(3, w.commit(3, BatchID(0, 0), 2, [32]byte{4}))
	w.run()
	for _, n := range w.nodes[:3] {
		require.Equal(t, []string{"batch diverged", "batch 0 signed"}, n.told())
	}
}

// A majority with another digest stops the one who has it otherwise, and
// nobody else, and nobody is blamed.
func TestAMajorityWithAnotherDigest(t *testing.T) {
	for _, kind := range []Kind{Batch, Plan} {
		w := newWorld(t, 3, 1, 1, 1, 1)
		odd := w.nodes[3]
		if kind == Plan {
			odd.coin.change = 1
			w.plan(1)
		} else {
			for _, n := range w.nodes[:3] {
				n.report(0, 0)
			}
			odd.Genesis = coin.BlockID{1}
			odd.report(0, 0)
		}
		var failed error
		for range 20 {
			for i, n := range w.nodes {
				if n == odd && failed != nil {
					continue
				}
				err := n.read()
				if err == nil {
					err = n.work()
				}
				if n == odd {
					failed = err
				} else {
					require.NoError(t, err)
				}
				for _, item := range n.take() {
					w.say(uint16(i), item)
				}
			}
		}
		digest, ok := errors.AsType[*DigestError](failed)
		require.True(t, ok, "%v", failed)
		require.Equal(t, kind, digest.ID.Kind)
		require.NotEqual(t, digest.Own, digest.Theirs)
		require.Contains(t, digest.Error(), "signs")
		for _, n := range w.nodes {
			require.Zero(t, count(n.told(), "3:"))
			require.LessOrEqual(t, count(n.told(), kind.String()+" diverged"), 1)
		}
		require.Equal(t, 1, count(w.nodes[0].told(), kind.String()+" ")-count(w.nodes[0].told(), kind.String()+" diverged"))
	}
}

func TestABatchAheadOfTheScanWaits(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	late := w.nodes[2]
	w.nodes[0].report(0, 0)
	w.nodes[1].report(0, 0)
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, w.nodes[0].told())
	require.Empty(t, late.told())
	require.Zero(t, late.duty(BatchID(0, 0)).Counter, "nothing was committed to what is not known")
	late.report(0, 0)
	w.run()
	require.Equal(t, []string{"batch 0 signed"}, late.told())
}

func TestABatchFoundAfterItsAcknowledgementIsNotSigned(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	w.acknowledge(0)
	w.run()
	w.reportAll(0)
	w.run()
	require.Empty(t, w.nodes[0].told())
	require.Zero(t, w.nodes[0].records())
}

func TestWhatIsOverWhileItsSetIsOpen(t *testing.T) {
	w, _ := pending(t, 3, 1, 1, 1)
	w.acknowledge(0)
	w.run()
	for _, n := range w.nodes {
		require.Zero(t, n.records())
		require.Empty(t, n.nonces)
		require.Empty(t, n.told())
	}

	w = newWorld(t, 3, 1, 1, 1)
	id := w.plan(1)
	w.nodes[2].offline = true
	w.run()
	w.resolve(id)
	w.nodes[2].offline = false
	w.run()
	for _, n := range w.nodes {
		require.Zero(t, n.records())
		require.Empty(t, n.nonces)
	}
}

// A plan may be resolved at any moment of its preparation and of the assembly
// of its transaction, which happen outside of transactions.
func TestAPlanIsResolvedWhileItIsWorkedOn(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	id := w.plan(1)
	n.coin.prepare = func() {
		n.coin.prepare = nil
		require.NoError(t, n.read()) // another goroutine prepares it too
		w.resolve(id)
		require.NoError(t, n.read())
	}
	require.NoError(t, n.read())
	require.Zero(t, n.records())

	w = newWorld(t, 2, 1, 1)
	n = w.nodes[0]
	id = w.plan(1)
	n.coin.assemble = func() {
		w.resolve(id)
		require.NoError(t, n.read())
	}
	w.run()
	require.Zero(t, n.records())
	require.Empty(t, n.told())
}

func TestACoinThatRefusesItsOwnWork(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	w.nodes[0].coin.refuse = coin.ErrInvalid
	w.plan(1)
	var failed error
	for failed == nil {
		for i, n := range w.nodes {
			require.NoError(t, n.read())
			if err := n.work(); err != nil {
				failed = err
			}
			for _, item := range n.take() {
				w.say(uint16(i), item)
			}
		}
	}
	require.ErrorIs(t, failed, ErrUnusable)
	require.NotErrorIs(t, failed, coin.ErrInvalid, "it does not look like a node's trouble")
}

// Signed batches are told in the order of their IDs, whichever set completes
// first: so they have to be acknowledged.
func TestBatchesAreToldInOrder(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	w.reportAll(0)
	w.reportAll(1)
	n := w.nodes[0]
	_, err := n.step()
	require.NoError(t, err)
	turn := func(id uint64) (turn bool) {
		n.view(func(r storage.Reader) (err error) {
			turn, err = n.turn(r, BatchID(0, id))
			return err
		})
		return turn
	}
	require.True(t, turn(0))
	require.False(t, turn(1))
	n.update(func(tx storage.Tx) error {
		d := n.duty(BatchID(0, 0))
		d.Done = true
		return n.duties.Put(tx, BatchID(0, 0), d)
	})
	require.True(t, turn(1))
	w.acknowledge(0)
	w.run()
	require.True(t, turn(1))
}
