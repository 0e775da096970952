package signer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// roundTrip checks that what decodes has no other encoding.
func roundTrip[T wire.Encoder, P wire.Decoder[T]](t *testing.T, data []byte) {
	if v, err := wire.Unmarshal[T, P](data); err == nil {
		require.Equal(t, data, wire.Marshal(v))
	}
}

func FuzzDecode(f *testing.F) {
	id := PlanID(3, coin.PlanID{1, 2})
	next := &commitment{Counter: 7, Digest: [32]byte{1}, Nonces: []byte("nonces")}
	for _, v := range []wire.Encoder{
		id, BatchID(1, 1<<40), item{ID: id, Next: next}, item{ID: id, Share: []byte("share"), Set: 4},
		item{ID: BatchID(0, 2), Share: []byte("share"), Set: 4, Next: next},
		duty{Order: 9, Digest: [32]byte{1}, Counter: 3, Used: 2, Pending: true, Set: 1},
		signatures{[][]byte{[]byte("one"), []byte("two")}}, cosigning{batch.Cosign{Number: 1}, true},
		reporting{batch.SlashReport{Slashes: []batch.Slash{{Validator: 1, Points: 2}}}, true}, ID{1, SlashReport, [32]byte{2}},
		reported{Batch: batch.Batch{ID: 3}, Session: 1}, prepared{Transaction: []byte("t"), Own: []uint32{0, 2}},
		signed{coin.Transaction{ID: coin.TransactionID{1}, Raw: []byte("raw"), Spends: [][]byte{[]byte("image")}}},
	} {
		f.Add(wire.Marshal(v))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip[ID](t, data)
		roundTrip[item](t, data)
		roundTrip[duty](t, data)
		roundTrip[signatures](t, data)
		roundTrip[cosigning](t, data)
		roundTrip[reporting](t, data)
		roundTrip[reported](t, data)
		roundTrip[prepared](t, data)
		roundTrip[signed](t, data)
		if content, err := Inspect(data); err == nil {
			stripped, err := Strip(data)
			require.NoError(t, err)
			require.Equal(t, content.Share, stripped != nil)
		}
	})
}

// FuzzReceive hands a signer what a peer may say while a set waits for its
// share: only that peer may be named, nothing fails, and the others sign.
func FuzzReceive(f *testing.F) {
	// While sets wait for shares: of a batch, a plan of two inputs and a cosign.
	live := func(t testing.TB) *world {
		w := newWorld(t, 3, 1, 1, 1, 1)
		w.cosign(0, 5)
		w.plan(2)
		w.reportAll(0)
		w.once()
		for _, n := range w.nodes {
			require.NoError(t, n.read())
			require.NoError(t, n.work())
		}
		return w
	}
	w := live(f)
	for _, n := range w.clone(f).nodes {
		for _, item := range n.take() {
			f.Add(item)
		}
	}
	for _, e := range w.log {
		for _, item := range e.items {
			f.Add(item)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := w.clone(t)
		w.nodes[1].offline = true
		w.say(1, data)
		w.run()
		for _, i := range []int{0, 2, 3} {
			lines := w.nodes[i].told()
			require.Equal(t, 1, count(lines, "batch 0 signed"))
			require.Equal(t, 1, count(lines, "cosign 5 signed"))
			require.Equal(t, 1, counting(lines, " completed"))
			require.Equal(t, len(lines), 3+count(lines, "1: ")+counting(lines, " diverged"), "%v", lines)
		}
	})
}

func TestIDs(t *testing.T) {
	plan := PlanID(2, coin.PlanID{0xab})
	require.Equal(t, "session 2 plan ab"+"00000000000000000000000000000000000000000000000000000000000000", plan.String())
	require.Equal(t, "session 1 batch 5", BatchID(1, 5).String())
	require.Equal(t, "kind 9", Kind(9).String())

	// The keys of stored maps are their own inverse, in the order of sessions.
	m := storage.NewMap("test/ids", idKey, storage.Flag)
	store := storage.NewMemory()
	want := []ID{BatchID(0, 1), plan, BatchID(256, 0)}
	var got []ID
	require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
		for _, id := range want {
			if err := m.Put(tx, id, struct{}{}); err != nil {
				return err
			}
		}
		for item, err := range m.All(tx) {
			if err != nil {
				return err
			}
			got = append(got, item.Key)
		}
		return nil
	}))
	require.Equal(t, want, got)
}
