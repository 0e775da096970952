package signer

import (
	"bytes"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/storage"
)

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
