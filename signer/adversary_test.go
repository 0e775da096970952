package signer

import (
	"bytes"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
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

// What an honest signer said convicts nobody but a liar who repeats it as its
// own, and nothing said elsewhere counts here.
func TestReplays(t *testing.T) {
	for name, change := range map[string]func(*item){
		"as it is":            func(*item) {},
		"in another set":      func(i *item) { i.Set++ },
		"for another sign ID": func(i *item) { i.ID = BatchID(0, 1) },
		"of another session":  func(i *item) { i.ID.Session = 7 },
		"of another kind":     func(i *item) { i.ID.Kind = Plan },
		"with a higher counter": func(i *item) {
			if i.Next != nil {
				i.Next.Counter += 5
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1, 1)
			l := w.liar(4)
			w.reportAll(0)
			w.reportAll(1)
			for range 6 {
				at := len(w.log)
				w.once()
				for _, e := range w.log[at:] {
					for _, data := range e.items {
						i := w.parse(data)
						change(&i)
						l.put(i)
					}
				}
			}
			w.run()
			for _, n := range w.honest() {
				n.onlyBlames(t, "4")
				require.Equal(t, 1, count(n.told(), "batch 1 signed"))
			}
		})
	}
}

// An item counts under the number it was ordered with.
func TestSwappedValidatorNumbers(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1, 1)
	w.reportAll(0)
	id := BatchID(0, 0)
	a, b := w.liar(0), w.liar(1)
	by := w.nodes[2]
	require.NoError(t, by.read())
	one := item{ID: id, Next: a.commitTo(id, by, by.duty(id).Digest)}
	two := item{ID: id, Next: b.commitTo(id, by, by.duty(id).Digest)}
	b.put(one)
	a.put(two)
	w.once() // the set is 0, 1, 2
	w.once()
	for _, l := range []*liar{a, b} {
		for _, set := range l.waiting(id, by) {
			l.put(item{ID: id, Set: set.Number, Share: bytes.Repeat([]byte{byte(l.number)}, 32)})
		}
	}
	w.run()
	for _, n := range w.honest() {
		n.onlyBlames(t, "0", "1")
		require.Equal(t, 2, counting(n.told(), "invalid signature share"))
	}
}

// points of an Ed25519 commitment to one signature: an eighth of D and E.
func points(t *testing.T, data []byte) (d, e *edwards25519.Point) {
	d, err := new(edwards25519.Point).SetBytes(data[:32])
	require.NoError(t, err)
	e, err = new(edwards25519.Point).SetBytes(data[32:])
	require.NoError(t, err)
	return d, e
}

// A part of small order in a nonce is gone once the commitment is read: the
// others' shares hold all the same, and whoever sent it has to answer for its
// own.
func TestNoncesWithTorsion(t *testing.T) {
	// A point of order 8.
	torsion, err := new(edwards25519.Point).SetBytes([]byte{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	})
	require.NoError(t, err)
	w := newWorld(t, 3, 1, 1, 1)
	l := w.liar(2)
	w.reportAll(0)
	id := BatchID(0, 0)
	by := w.nodes[0]
	require.NoError(t, by.read())
	c := l.commitTo(id, by, by.duty(id).Digest)
	d, e := points(t, c.Nonces)
	spoilt := append(d.Add(d, torsion).Bytes(), e.Bytes()...)
	require.NotEqual(t, c.Nonces, spoilt)
	c.Nonces = spoilt
	l.put(item{ID: id, Next: c})
	w.once()
	w.once()
	require.Len(t, l.waiting(id, by), 1)
	require.Len(t, w.answered, 2, "who has checked its own share")
	l.put(item{ID: id, Set: 0, Share: []byte("nothing of the length of a share")})
	w.run()
	for _, n := range w.honest() {
		require.Equal(t, []string{"2: invalid signature share"}, n.told(), "its share was no answer")
	}
}

func TestNoncesWithTheIdentity(t *testing.T) {
	identity := edwards25519.NewIdentityPoint().Bytes()
	small := append(bytes.Repeat([]byte{0}, 31), 0x80) // of order 4
	for name, spoil := range map[string]func([]byte){
		"D":                func(data []byte) { copy(data[:32], identity) },
		"E":                func(data []byte) { copy(data[32:], identity) },
		"both":             func(data []byte) { copy(data, identity); copy(data[32:], identity) },
		"D of small order": func(data []byte) { copy(data[:32], small) },
		"E of small order": func(data []byte) { copy(data[32:], small) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1)
			l := w.liar(0)
			w.reportAll(0)
			by := w.nodes[1]
			require.NoError(t, by.read())
			c := l.commitTo(BatchID(0, 0), by, by.duty(BatchID(0, 0)).Digest)
			spoil(c.Nonces)
			l.put(item{ID: BatchID(0, 0), Next: c})
			w.run()
			for _, n := range w.honest() {
				require.Equal(t, []string{"0: malformed commitment", "batch 0 signed"}, n.told())
			}
		})
	}
}

// The last to commit can make the sums of all nonces the identity. That is its
// own fault alone, and nothing fails.
func TestTheLastCommitmentCancelsTheOthers(t *testing.T) {
	for name, share := range map[string][]byte{
		"and answers": bytes.Repeat([]byte{3}, 32), "and answers zero": make([]byte, 32), "and is silent": nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1)
			l := w.liar(3)
			w.nodes[2].offline = true
			w.reportAll(0)
			id := BatchID(0, 0)
			w.once()
			d, e := edwards25519.NewIdentityPoint(), edwards25519.NewIdentityPoint()
			for _, entry := range w.log {
				for _, data := range entry.items {
					one, two := points(t, w.parse(data).Next.Nonces)
					d, e = d.Add(d, one), e.Add(e, two)
				}
			}
			by := w.nodes[0]
			l.put(item{ID: id, Next: &commitment{
				Counter: 1, Digest: by.duty(id).Digest, Nonces: append(d.Negate(d).Bytes(), e.Negate(e).Bytes()...),
			}})
			w.once()
			w.once()
			if share != nil {
				require.Len(t, l.waiting(id, by), 1)
				l.put(item{ID: id, Set: 0, Share: share})
			}
			w.nodes[2].offline = false
			w.run()
			for _, n := range w.honest() {
				n.onlyBlames(t, "3")
				require.Equal(t, share != nil, len(n.told()) == 2, "%v", n.told())
			}
		})
	}
}

// Items of every kind, spoilt in every way that has a name, name their sender at
// most, and what they are about is signed.
func TestSpoiltItems(t *testing.T) {
	huge := bytes.Repeat([]byte{1}, frost.MaxCommitmentSize+1)
	for name, spoil := range map[string]func(*item){
		"commitment that is too long":  func(i *item) { i.Next.Nonces = huge },
		"empty commitment":             func(i *item) { i.Next.Nonces = nil },
		"longest commitment":           func(i *item) { i.Next.Nonces = huge[1:] },
		"highest counter":              func(i *item) { i.Next.Counter = 1<<64 - 1 },
		"counter zero":                 func(i *item) { i.Next.Counter = 0 },
		"another digest":               func(i *item) { i.Next.Digest[0] ^= 1 },
		"share that is too long":       func(i *item) { i.Share = huge[:frost.MaxAnswerSize+1] },
		"longest share":                func(i *item) { i.Share = huge[:frost.MaxAnswerSize] },
		"share for no set":             func(i *item) { i.Share, i.Set = huge[:32], 1<<32-1 },
		"share without commitment":     func(i *item) { i.Share, i.Next = huge[:32], nil },
		"nothing":                      func(i *item) { i.Next = nil },
		"unknown kind":                 func(i *item) { i.ID.Kind = 99 },
		"subject that is no number":    func(i *item) { i.ID.Subject[31] = 1 },
		"a batch far ahead":            func(i *item) { i.ID.Subject[7] = 0xff },
		"a cosign nobody asked for":    func(i *item) { i.ID.Kind = Cosign },
		"a report nobody asked for":    func(i *item) { i.ID.Kind = SlashReport },
		"a plan that there is not":     func(i *item) { i.ID.Kind = Plan },
		"another session":              func(i *item) { i.ID.Session = 1 << 63 },
		"highest counter with a share": func(i *item) { i.Share, i.Next.Counter = huge[:32], 1<<64-1 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, 1, 1, 1, 1)
			plan := w.plan(1)
			w.append(func(n *node, tx storage.Tx) error { return n.RequestCosign(tx, 0, batch.Cosign{Number: 3}) })
			w.append(func(n *node, tx storage.Tx) error { return n.RequestSlashReport(tx, 0, batch.SlashReport{}) })
			l := w.liar(0)
			w.reportAll(0)
			by := w.nodes[1]
			require.NoError(t, by.read())
			ids := []ID{
				BatchID(0, 0), PlanID(0, plan), by.CosignID(0, batch.Cosign{Number: 3}), by.SlashReportID(0, batch.SlashReport{}),
			}
			for _, id := range ids {
				i := item{ID: id, Next: l.commitTo(id, by, by.duty(id).Digest)}
				spoil(&i)
				l.put(i)
			}
			w.run()
			for _, n := range w.honest() {
				n.onlyBlames(t, "0")
				require.Equal(t, 1, count(n.told(), planLine(plan)))
				require.Equal(t, 1, count(n.told(), "cosign 3 signed"))
				require.Equal(t, 1, count(n.told(), "slash report signed"))
			}
		})
	}
}
