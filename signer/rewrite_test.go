package signer

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/internal/wire"
)

func TestOnlyTheShareIsRewritten(t *testing.T) {
	id := BatchID(0, 2)
	next := &commitment{Counter: 7, Digest: [32]byte{1}, Nonces: []byte("nonces")}
	other := func(of ID, share []byte) []byte {
		require.Equal(t, id, of)
		return append([]byte("other "), share...)
	}
	got, err := RewriteShare(wire.Marshal(item{ID: id, Share: []byte("share"), Set: 4, Next: next}), other)
	require.NoError(t, err)
	require.Equal(t, wire.Marshal(item{ID: id, Share: []byte("other share"), Set: 4, Next: next}), got)

	mere := wire.Marshal(item{ID: id, Next: next})
	got, err = RewriteShare(mere, other)
	require.NoError(t, err)
	require.Equal(t, mere, got)

	_, err = RewriteShare(wire.Marshal(item{ID: id, Share: []byte("share")}), func(ID, []byte) []byte { return nil })
	require.ErrorContains(t, err, "no share")
	_, err = RewriteShare([]byte("nonsense"), other)
	require.Error(t, err)
}

// FuzzRewriteShare changes the shares of any items back and forth.
func FuzzRewriteShare(f *testing.F) {
	next := &commitment{Counter: 7, Digest: [32]byte{1}, Nonces: []byte("nonces")}
	f.Add(wire.Marshal(item{ID: BatchID(0, 2), Share: []byte("share"), Set: 4, Next: next}))
	f.Add(wire.Marshal(item{ID: BatchID(0, 2), Next: next}))
	f.Fuzz(func(t *testing.T, data []byte) {
		flip := func(_ ID, share []byte) []byte {
			share[0] ^= 1
			return share
		}
		changed, err := RewriteShare(data, flip)
		if err != nil {
			return
		}
		content, err := Inspect(data)
		require.NoError(t, err)
		require.Equal(t, content.Share, string(changed) != string(data))
		back, err := RewriteShare(changed, flip)
		require.NoError(t, err)
		require.Equal(t, data, back)
	})
}
