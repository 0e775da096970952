package keygen

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// TestRecords pins the stored form of each record.
func TestRecords(t *testing.T) {
	for _, test := range []struct {
		record wire.Encoder
		want   string
	}{
		{
			&attempt{
				threshold: 2, minOK: 3, phase: responding, round: 4, blind: true,
				participants: []dkg.Participant{{Key: [32]byte{5}, Weight: 3}}, standings: []standing{dealt | faulty},
			},
			"0200" + "0300" + "02" + "04" + "01" + "01000000" + "05" + zeros(31) + "0300" + "09",
		},
		{
			&result{transcript: [32]byte{1}, batchKey: []byte{2}, networkKey: []byte{3, 4}, batch: []byte{5}, network: []byte{6}},
			"01" + zeros(31) + "0100000002" + "020000000304" + "0100000005" + "0100000006",
		},
		{&own{dealt: true, batch: []byte{1}, network: []byte{2}}, "01" + "0100000001" + "0100000002"},
		{&Confirmed{Attempt: 7, BatchKey: []byte{1}, NetworkKey: []byte{2}}, "07000000" + "0100000001" + "0100000002"},
	} {
		require.Equal(t, test.want, hex.EncodeToString(wire.Marshal(test.record)))
	}
}

func zeros(n int) string { return hex.EncodeToString(make([]byte, n)) }

// TestKeysAreOrdered compares the order of keys with that of their numbers.
func TestKeysAreOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) dealKey {
			return dealKey{
				attemptKey{rapid.Uint64().Draw(t, name), rapid.Uint32().Draw(t, name)},
				rapid.Uint16().Draw(t, name),
			}
		}
		a, b := draw("a"), draw("b")
		less := a.session < b.session || a.session == b.session && (a.attempt < b.attempt ||
			a.attempt == b.attempt && a.dealer < b.dealer)
		if (string(a.append(nil)) < string(b.append(nil))) != less {
			t.Fatal("another order")
		}
		if back, ok := parseDealKey(a.append(nil)); !ok || back != a {
			t.Fatal("another key")
		}
	})
}

func TestCorruptRecordsAreErrors(t *testing.T) {
	w := newWorld(t, 2)
	request := w.request(0, 0, 1, 1, 1)
	w.add(entry{generate: &request})
	for _, pair := range [][2]string{
		{"keygen/attempts\x00", "attempt"}, {"keygen/results\x00", "result"}, {"keygen/own\x00", "own"},
	} {
		n := &node{store: w.nodes[0].store.Clone(), keygen: w.nodes[0].keygen}
		require.NoError(t, n.store.Update(t.Context(), func(tx storage.Tx) error {
			keys := w.keys(w.nodes[0], 0, 0)
			if err := n.keygen.Confirm(tx, 0, 0, keys[0], keys[1]); err != nil {
				return err
			}
			key := attemptKey{}.append([]byte(pair[0]))
			value, err := tx.Get(key)
			require.NoError(t, err)
			require.NotNil(t, value, pair[1])
			return tx.Put(key, value[:len(value)-1])
		}))
		_, _, err := w.shares(n, 0)
		require.ErrorIs(t, err, storage.ErrCorrupt, pair[1])
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(wire.Marshal(&attempt{phase: dealing, participants: make([]dkg.Participant, 2), standings: make([]standing, 2)}))
	f.Add(wire.Marshal(&result{batchKey: []byte{1}}))
	f.Add(wire.Marshal(&own{dealt: true}))
	f.Add(wire.Marshal(&Confirmed{BatchKey: []byte{1}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, record := range []interface {
			wire.Encoder
			Decode(*wire.Reader)
		}{new(attempt), new(result), new(own), new(Confirmed)} {
			r := wire.NewReader(data)
			record.Decode(r)
			if r.Done() == nil {
				require.Equal(t, data, wire.Marshal(record))
			}
		}
	})
}
