package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSessionsAreConfirmedInOrder(t *testing.T) {
	w := two(t)
	w.confirmNext(9)
	before := w.dump()
	w.confirmNext(9)
	w.confirmNext(6)
	require.Equal(t, before, w.dump(), "a repetition changes nothing")
	other := keyOf(9)
	other.BatchKey[0]++
	another := keyOf(6)
	another.NetworkKey = []byte("another")
	for _, key := range []Key{keyOf(5), keyOf(8), keyOf(4), other, another} {
		require.ErrorIs(t, w.confirmKey(key), ErrSession)
	}
	require.Equal(t, before, w.dump())
	w.growTo(30)
	require.True(t, w.retired(5))
	require.ErrorIs(t, w.confirmKey(keyOf(5)), ErrSession)
}

// An acknowledgement that is not its block's last decides activations too.
func TestActivationsAreDecidedByTheFirstAcknowledgement(t *testing.T) {
	w := threeBatches(t)
	w.confirmNext(6)
	require.False(t, w.key(6).Active)
	w.acknowledge()
	require.True(t, w.key(6).Active)
	require.EqualValues(t, 4, w.key(6).Activation)
	w.confirmNext(7) // waits
	w.acknowledge()
	w.acknowledge()
	require.EqualValues(t, 4, w.key(6).Activation)
	require.False(t, w.key(7).Active)
}

// Whether a key is confirmed before the first one is active makes no difference.
func TestASecondKeyMayBeConfirmedBeforeTheFirstIsActive(t *testing.T) {
	w := started(t, 2, 1)
	w.confirmNext(6)
	w.mine(2)
	w.settleAll()
	require.EqualValues(t, 5, w.key(6).Activation)
	require.EqualValues(t, 2, w.key(5).Activation)
}

func TestKeysAreWantedWhileTheyLive(t *testing.T) {
	w := two(t)
	w.confirmNext(7)
	for n := uint64(6); n < 30; n++ {
		w.pay()
		w.indexAll()
		task := w.due()
		require.Equal(t, n, task.Header.Number)
		var wanted []uint64
		for _, k := range task.Keys {
			wanted = append(wanted, k.Session)
		}
		var want []uint64
		if n < 20 {
			want = append(want, 5)
		}
		if n >= 8 {
			want = append(want, 6)
		}
		if n >= 26 {
			want = append(want, 7)
		}
		require.Equal(t, want, wanted, "block %d", n)
		w.settleAll()
	}
}
