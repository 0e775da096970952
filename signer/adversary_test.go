package signer

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// liar speaks for a validator whose node is offline.
type liar struct {
	*node
	counter uint64
	secrets map[string]*frost.Nonces // by commitment
}

func (w *world) liar(validator int) *liar {
	w.nodes[validator].offline = true
	return &liar{node: w.nodes[validator], secrets: make(map[string]*frost.Nonces)}
}

// shareOf returns the liar's share of the key that signs an ID.
func (l *liar) shareOf(id ID) *frost.KeyShare {
	if id.Kind == Plan {
		return l.keys.network
	}
	return l.keys.batch
}

// commitTo makes a commitment whose nonces it knows.
func (l *liar) commitTo(id ID, by *node, digest [32]byte) *commitment {
	l.counter++
	nonces, data, err := frost.Commit(chacha(l.counter+uint64(l.number)<<32), l.shareOf(id), by.workOf(id), nil)
	require.NoError(l, err)
	l.secrets[string(data)] = nonces
	return &commitment{Counter: l.counter, Digest: digest, Nonces: data}
}

// waiting returns the sets of an ID that wait for the liar's share, as another
// node sees it.
func (l *liar) waiting(id ID, by *node) (list []boundSet) {
	by.view(func(r storage.Reader) error {
		roast, err := by.sets.Load(r, id)
		for number := range uint32(40) {
			if set, live := by.set(r, id, number); live && roast.Pending(uint16(l.number), number) {
				list = append(list, set)
			}
		}
		return err
	})
	return list
}

// answer returns the valid share for a set, or nil if the liar does not know
// the nonces any more.
func (l *liar) answer(id ID, by *node, set boundSet) []byte {
	key := l.batchKey
	if id.Kind == Plan {
		key = l.networkKey
	}
	session, err := frost.NewSession(key, by.workOf(id), by.context(id, uint64(set.Number)), set.members)
	require.NoError(l, err)
	for _, m := range set.members {
		if nonces := l.secrets[string(m.Commitment)]; int(m.Validator) == l.number && nonces != nil {
			delete(l.secrets, string(m.Commitment))
			share, err := session.Sign(l.shareOf(id), nonces)
			require.NoError(l, err)
			return share
		}
	}
	return nil
}

func (l *liar) put(i item) { l.world.say(uint16(l.number), wire.Marshal(i)) }

// onlyBlames requires that a node has told of a batch's signature and blamed
// nobody but these.
func (n *node) onlyBlames(t tester, who ...string) {
	require.Equal(t, 1, count(n.told(), "batch 0 signed"), "node %d: %v", n.number, n.told())
	for _, line := range n.told() {
		name, what, blamed := strings.Cut(line, ": ")
		if blamed && !strings.HasPrefix(line, "plan ") {
			require.Contains(t, who, name, "node %d: %s", n.number, what)
		}
	}
}

func (w *world) honest() (list []*node) {
	for _, n := range w.nodes {
		if !n.offline {
			list = append(list, n)
		}
	}
	return list
}

func TestSilentSignersStopNothing(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1, 1)
	w.nodes[1].offline, w.nodes[3].offline = true, true
	w.reportAll(0)
	w.run()
	for _, n := range w.honest() {
		require.Equal(t, []string{"batch 0 signed"}, n.told())
	}
}

func TestCommitmentsWithoutSharesStopNothing(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1, 1)
	for _, n := range w.nodes[:2] {
		n.tamper = func(data []byte) []byte {
			if n.parse(data).Share != nil {
				return nil
			}
			return data
		}
	}
	w.reportAll(0)
	w.run()
	for _, n := range w.nodes {
		require.Equal(t, []string{"batch 0 signed"}, n.told())
	}
}

func TestEndlessRecommittingStopsNothing(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1, 1)
	liars := []*liar{w.liar(0), w.liar(1)}
	w.reportAll(0)
	id := BatchID(0, 0)
	by := w.nodes[2]
	require.NoError(t, by.read())
	for range 40 {
		for _, l := range liars {
			l.put(item{ID: id, Next: l.commitTo(id, by, by.duty(id).Digest)})
			w.once()
		}
	}
	w.run()
	for _, n := range w.honest() {
		require.Equal(t, 1, count(n.told(), "batch 0 signed"))
		require.Len(t, n.told(), 1+counting(n.told(), " held in "), "%v", n.told())
		require.LessOrEqual(t, counting(n.told(), " held in "), 2)
	}
	require.Less(t, len(w.log), 80+40, "the honest do not flood the log")
}

func TestAllSignersRestartInTheMiddle(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		w, _ := pending(t, 3, 1, 1, 1)
		for _, one := range w.nodes[:n] {
			one.take() // its share does not get out
			one.restart(one.store.Clone())
		}
		w.run()
		for _, one := range w.nodes {
			require.Equal(t, []string{"batch 0 signed"}, one.told(), "%d restart", n)
		}
	}
}

// A set of another session than the one that reports a batch has nothing to sign
// that anybody could judge: its shares neither stop the log nor convict anyone.
func TestASetForAnotherSessionsBatch(t *testing.T) {
	for _, known := range []bool{true, false} {
		w := newWorld(t, 2, 1, 1, 1)
		w.append(func(n *node, tx storage.Tx) error { return n.Confirmed(tx, 1, 0) })
		id := BatchID(0, 0)
		report := func() {
			for _, n := range w.nodes {
				n.report(1, 0)
			}
		}
		if known {
			report()
		}
		for i := range 2 {
			w.say(uint16(i), w.commit(i, id, 1, [32]byte{}))
		}
		for i := range 2 {
			w.say(uint16(i), wire.Marshal(item{ID: id, Share: bytes.Repeat([]byte{1}, 32)}))
		}
		n := w.nodes[2]
		require.NoError(t, n.read())
		if !known {
			n.view(func(r storage.Reader) error {
				at, err := cursor.Load(r)
				require.Equal(t, uint64(len(w.log)-1), at, "the last share waits for the batch")
				return err
			})
			report()
		}
		w.run()
		for _, n := range w.nodes {
			require.Empty(t, n.told())
			n.view(func(r storage.Reader) error {
				at, err := cursor.Load(r)
				require.Equal(t, uint64(len(w.log)), at)
				return err
			})
		}
		w.acknowledge(0)
		w.run()
		require.Zero(t, n.records())
	}
}

// Nor do its shares that wait unjudged: who sent them commits for nothing.
func TestDoubtsAboutAnotherSessionsBatch(t *testing.T) {
	w := newWorld(t, 2, 1, 1, 1)
	w.append(func(n *node, tx storage.Tx) error { return n.Confirmed(tx, 1, 0) })
	id := BatchID(0, 0)
	commit := func(from uint16, counter uint64) { w.say(from, w.commit(int(from), id, counter, [32]byte{})) }
	answer := func(set uint32) {
		w.say(0, wire.Marshal(item{ID: id, Set: set, Share: bytes.Repeat([]byte{1}, 32)}))
	}
	commit(0, 1)
	commit(1, 1)
	answer(0)
	commit(0, 2)
	commit(2, 1)
	answer(1)
	commit(0, 3)
	n := w.nodes[1]
	at := func() (at uint64) {
		n.view(func(r storage.Reader) (err error) { at, err = cursor.Load(r); return err })
		return at
	}
	require.NoError(t, n.read())
	require.Equal(t, uint64(len(w.log)-1), at(), "the doubts wait for the batch")
	n.report(1, 0)
	require.NoError(t, n.read())
	require.Equal(t, uint64(len(w.log)), at())
	require.Empty(t, n.told())
	n.view(func(r storage.Reader) error {
		roast, err := n.sets.Load(r, id)
		require.Len(t, roast.Doubts(0), 2)
		counter, idle := roast.Idle(0)
		require.Equal(t, uint64(2), counter)
		require.True(t, idle)
		return err
	})
}

// What a session says whose keys are not known here has no meaning.
func TestItemsOfASessionWithoutKeys(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	w.append(func(n *node, tx storage.Tx) error { return n.Confirmed(tx, 1, 0) })
	c := w.cosign(1, 4)
	n := w.nodes[0]
	require.NoError(t, n.read())
	id := n.CosignID(1, c)
	w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, id, 1) })
	require.NoError(t, n.read())
	n.view(func(r storage.Reader) error {
		verdicts, err := n.Check(r, 1, 0, [][]byte{wire.Marshal(item{ID: id, Next: &commitment{Nonces: []byte("nonsense")}})})
		require.Equal(t, []Verdict{{}}, verdicts)
		return err
	})
	require.Empty(t, n.told())
}

// Two processes on copies of one database are two signers with one name: the
// second item with a counter counts for nothing, and nonces are never shared.
func TestAClonedDatabase(t *testing.T) {
	for _, others := range []int{2, 3} { // with and without need for the twins
		w := newWorld(t, 3, append([]uint16{1}, make1(others)...)...)
		w.reportAll(0)
		w.plan(2)
		twin := &node{world: w, number: 0, keys: w.nodes[0].keys, coin: &fakeCoin{world: w}, random: chacha(999)}
		twin.restart(w.nodes[0].store.Clone())
		w.nodes = append(w.nodes, twin)
		for range 200 {
			if !w.once() {
				break
			}
		}
		w.append(func(n *node, tx storage.Tx) error { return n.Reattempt(tx, BatchID(0, 0), 1) })
		for range 200 {
			if !w.once() {
				break
			}
		}
		for _, n := range w.nodes {
			n.onlyBlames(t)
		}
	}
}

func make1(n int) (list []uint16) {
	for range n {
		list = append(list, 1)
	}
	return list
}
