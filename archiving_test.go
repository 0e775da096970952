package processor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

func FuzzVoid(f *testing.F) {
	f.Add(wire.Marshal(void{
		rewind: Rewind{Number: 1, Fork: 2}, keys: []coin.Key{{Session: 3, Key: []byte{4}}}, headers: []coin.Header{{Number: 3}},
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := wire.Unmarshal[void](data); err == nil {
			require.Equal(t, data, wire.Marshal(v))
		}
	})
}

// Of several archives each holds what counted until its rewind came.
func TestWhatCountedBefore(t *testing.T) {
	archive := func(number, fork uint64, ids ...byte) Archive {
		a := Archive{Rewind: Rewind{Number: number, Fork: fork}}
		for i, id := range ids {
			a.Blocks = append(a.Blocks, ArchivedBlock{Header: coin.Header{Number: fork + 1 + uint64(i), ID: coin.BlockID{id}}})
		}
		return a
	}
	x := past{archive(1, 5, 16, 17), archive(2, 3, 4, 5, 26), archive(3, 8, 39)}
	require.EqualValues(t, 3, x.fork())
	for number, id := range map[uint64]byte{4: 4, 5: 5, 6: 16, 7: 17} {
		require.Equal(t, coin.BlockID{id}, x.at(number).Header.ID)
	}
	require.Nil(t, x.at(3), "the node's")
	require.Nil(t, x.at(8), "behind the end")
	require.EqualValues(t, 6, x[1:].at(6).Header.Number)
	require.Equal(t, coin.BlockID{26}, x[1:].at(6).Header.ID)
	require.Nil(t, x[1:].at(7))
}

func TestOnlyWhatIsBehindTheForkIsVoid(t *testing.T) {
	store, l := storage.NewMemory(), newLog()
	voids := func(number uint64) (void bool) {
		require.NoError(t, store.View(t.Context(), func(r storage.Reader) (err error) { void, err = l.voids(r, number); return err }))
		return void
	}
	require.False(t, voids(8))
	require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
		if err := l.append(tx, 0, EncodeEntry(CosignBlock{Number: 1}), false); err != nil {
			return err
		}
		return l.append(tx, 1, EncodeEntry(Rewind{Number: 1, Fork: 7}), true)
	}))
	require.False(t, voids(7))
	require.True(t, voids(8))
}
