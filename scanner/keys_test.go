package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
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

// The state digest covers records of keys, which must not tell how far the
// chain is indexed.
func TestRecordsOfKeysDoNotDependOnTheIndex(t *testing.T) {
	var records [2]string
	for i := range records {
		w := started(t, 2, 6)
		w.confirmNext(6)
		if i > 0 {
			w.indexAll()
		}
		require.Empty(t, w.abandon(5))
		for key, value := range w.dump() {
			if agreed([]byte(key)) && value[1] == 5 { // its session, behind the version
				records[i] += key + value
			}
		}
	}
	require.NotEmpty(t, records[0])
	require.Equal(t, records[0], records[1])
}

func TestDutyEndsWithTheRetirement(t *testing.T) {
	ring := keyring{rulebook{first: testParameters, dust: testParameters.Dust}, []Key{
		{Session: 1, Active: true, Abandoned: true}, {Session: 2, Active: true, Activation: 1, Retiring: true, Retirement: 9},
		{Session: 3, Active: true, Activation: 2}, {Session: 4, Waiting: true},
	}}
	for number, want := range map[uint64]uint64{0: 2, 8: 2, 9: 2, 10: 3, 1 << 60: 3} {
		got, err := ring.duty(number)
		require.NoError(t, err)
		require.Equal(t, want, got, "block %d", number)
	}
	ring.keys = ring.keys[:1]
	_, err := ring.duty(5)
	require.ErrorIs(t, err, storage.ErrCorrupt)
}

func TestAbandonedKeysAreStillLookedFor(t *testing.T) {
	w := two(t)
	w.growTo(8)
	require.Empty(t, w.abandon(5))
	w.growTo(30)
	require.True(t, w.retired(5))
	w.pay()
	w.indexAll()
	require.Equal(t, []coin.Key{w.key(5).coin(), w.key(6).coin()}, w.due().Keys)
}

// An abandoned key is watched as soon as it is known when that ends, and blocks
// before its activation may have been scanned by then.
func TestAnAbandonedKeyIsNotLookedForBeforeItsActivation(t *testing.T) {
	key := Key{
		Session: 2, Active: true, Activation: 49, Abandoned: true, Retiring: true, Retirement: 52, Watched: true,
	}
	for number, want := range map[uint64]int{47: 0, 48: 0, 49: 1, 51: 1, 52: 1, 100: 1} {
		ring := keyring{rulebook{first: testParameters}, []Key{key}}
		require.Len(t, ring.wanted(number), want, "block %d", number)
		require.Equal(t, want == 1, ring.standings(number)[0].takes(coin.Change), "block %d", number)
	}
	book := rulebook{first: testParameters}
	book.first.Depositors = 7
	require.EqualValues(t, 7, keyring{book, []Key{key}}.wanted(49)[0].Depositors)
	key.Early = true // since a rewind
	require.Len(t, keyring{rulebook{first: testParameters}, []Key{key}}.wanted(47), 1)
}
