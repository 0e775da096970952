package keygen

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/storage"
)

// hooked is a Sealer that does something before it seals next.
type hooked struct {
	sealer
	before func()
}

func (h *hooked) Seal(plaintext, associated []byte) ([]byte, error) {
	if before := h.before; before != nil {
		h.before = nil
		before()
	}
	return h.sealer.Seal(plaintext, associated)
}

// TestWorkOfAFormerRoundIsDropped: the next round opens while the shares of the
// deals before are made.
func TestWorkOfAFormerRoundIsDropped(t *testing.T) {
	w := newWorld(t, 4)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	w.nodes[0].tamper = w.adversary(request).deals(0, badFor(3))
	h := &hooked{sealer: sealer{key: [32]byte{1}}}
	w.nodes[1].keygen = w.keygen(1, h)
	others := &world{t: t, group: w.group, ids: w.ids, nodes: []*node{w.nodes[0], w.nodes[2], w.nodes[3]}}
	h.before = func() {
		others.log = w.log
		others.run()
		others.add(entry{close: &closing{0, 0, 2}})
		for position := range others.log[len(w.log):] {
			position += len(w.log)
			require.NoError(t, w.nodes[1].apply(t.Context(), uint64(position), others.log[position]))
		}
		w.log = others.log
		require.Equal(t, uint8(3), w.attempt(w.nodes[1], 0, 0).round)
	}
	w.add(entry{generate: &request})
	require.Nil(t, h.before)
	require.Contains(t, w.agree()[1], "generated 0.0 weight 3 ")
	for _, e := range w.log {
		require.False(t, e.item != nil && e.item.from == 1 && roundOf(e.item.item) == 2, "a response in a round that was over")
	}
	w.confirm(0, 0)
	w.requireUsable(0, 0, 1, 2, 3)
}

// TestWorkersBesideEachOtherSayThingsOnce: each found the same duty.
func TestWorkersBesideEachOtherSayThingsOnce(t *testing.T) {
	w := newWorld(t, 3)
	n := w.nodes[0]
	twice := func(work func(j *job) error) {
		var jobs [2]*job
		for i := range jobs {
			require.NoError(t, w.view(n, func(r storage.Reader) (err error) {
				jobs[i], err = n.keygen.due(r)
				return err
			}))
		}
		for _, j := range jobs {
			require.NoError(t, work(j))
		}
	}
	request := w.request(0, 0, 2, 1, 1, 1)
	w.log = append(w.log, entry{generate: &request})
	require.NoError(t, n.apply(t.Context(), 0, w.log[0]))
	twice(func(j *job) error { return n.keygen.deal(t.Context(), n.store, j) })
	w.deliver(n)
	require.Len(t, w.log, 2)
	w.nodes = w.nodes[1:]
	w.run() // the others
	require.Equal(t, responding, w.attempt(w.nodes[0], 0, 0).phase)
	for position := 1; position < len(w.log); position++ {
		require.NoError(t, n.apply(t.Context(), uint64(position), w.log[position]))
	}
	said := len(w.log)
	twice(func(j *job) error { return n.keygen.respond(t.Context(), n.store, j) })
	w.deliver(n)
	require.Len(t, w.log, said+1)
}

// TestSharesOfFormerDealsAreErased when a round opens, long before new ones are
// made.
func TestSharesOfFormerDealsAreErased(t *testing.T) {
	w := newWorld(t, 4)
	request := w.request(0, 0, 3, 1, 1, 1, 1)
	w.nodes[0].tamper = w.adversary(request).deals(0, badFor(3))
	w.add(entry{generate: &request})
	w.confirm(0, 0)
	n := &node{store: storage.NewMemory(), keygen: w.keygen(2, sealer{key: [32]byte{2}}), number: 2}
	for position, e := range w.log { // again, with the work of round 2 only
		require.NoError(t, n.apply(t.Context(), uint64(position), e))
		if w.attempt(n, 0, 0).round == 2 {
			_, err := n.keygen.Work(t.Context(), n.store)
			require.NoError(t, err)
		}
	}
	_, _, err := w.shares(n, 0)
	require.ErrorIs(t, err, ErrNoShare)
	_, err = n.keygen.Work(t.Context(), n.store)
	require.NoError(t, err)
	require.Equal(t, secretsOf(w, w.nodes[2]), secretsOf(w, n))
}

// TestOneKeyGenOverManyDatabases: what it keeps in memory of one does not count
// in another.
func TestOneKeyGenOverManyDatabases(t *testing.T) {
	one := newWorld(t, 3)
	for _, threshold := range []uint16{2, 3} {
		w := newWorld(t, 3)
		for i, n := range w.nodes {
			n.keygen = one.nodes[i].keygen
		}
		request := w.request(0, 0, threshold, 1, 1, 1)
		w.add(entry{generate: &request})
		require.Contains(t, w.agree()[0], "generated 0.0 weight 3 ")
		w.confirm(0, 0)
		_, share, err := w.shares(w.nodes[0], 0)
		require.NoError(t, err)
		require.Equal(t, int(threshold), share.Key().Threshold())
	}
}

// TestRecoveryFromTheLog: an empty database, the log and the identity give the
// same shares, also to whoever had complained and to whoever was convicted.
func TestRecoveryFromTheLog(t *testing.T) {
	w := newWorld(t, 5)
	request := w.request(0, 0, 3, 1, 2, 1, 1)
	w.nodes[0].tamper = w.adversary(request).deals(0, badFor(1))
	w.add(entry{generate: &request})
	w.confirm(0, 0)
	var sent [][]byte
	for _, e := range w.log {
		if e.item != nil {
			sent = append(sent, e.item.item)
		}
	}
	for i, original := range w.nodes[:4] {
		for _, stepwise := range []bool{false, true} {
			n := &node{store: storage.NewMemory(), keygen: w.keygen(i, sealer{key: [32]byte{99}}), number: i}
			work := func() {
				for did := true; did; {
					var err error
					did, err = n.keygen.Work(t.Context(), n.store)
					require.NoError(t, err)
				}
			}
			for position, e := range w.log {
				require.NoError(t, n.apply(t.Context(), uint64(position), e))
				if stepwise {
					work()
				}
			}
			work()
			require.Equal(t, w.verdicts(original), w.verdicts(n))
			for k, want := range secretsOf(w, original) {
				require.Equal(t, want, secretsOf(w, n)[k], "node %d", i)
			}
			// What it sends again is what it sent, but for the cheater's deal.
			require.NoError(t, w.view(n, func(r storage.Reader) error {
				for message, err := range outbox.All(r) {
					require.NoError(t, err)
					item := message.Value[:len(message.Value)-8]
					known := false
					for _, s := range sent {
						known = known || bytes.Equal(s, item)
					}
					require.True(t, known || i == 0 && item[0] == itemDeal)
				}
				return nil
			}))
		}
	}
}

func secretsOf(w *world, n *node) [2][]byte {
	batchShare, networkShare, err := w.shares(n, 0)
	require.NoError(w.t, err)
	return [2][]byte{batchShare.SecretBytes(), networkShare.SecretBytes()}
}
