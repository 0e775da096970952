package scanner

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestAbandoningIsRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*testing.T) *world
		session uint64
		reason  string
	}{
		{"the only key", func(t *testing.T) *world { return started(t, 2, 3) }, 5, "no successor"},
		{"an unknown session", two, 7, "not confirmed"},
		{"a retired key", func(t *testing.T) *world {
			w := two(t)
			w.growTo(20)
			return w
		}, 5, "no duties any more"},
		{"twice", func(t *testing.T) *world {
			w := two(t)
			require.Empty(t, w.abandon(5))
			return w
		}, 5, "abandoned already"},
		{"both", func(t *testing.T) *world {
			w := two(t)
			require.Empty(t, w.abandon(6))
			return w
		}, 5, "no successor"},
		{"the successor of a key that retires", func(t *testing.T) *world {
			w := two(t)
			w.growTo(18)
			require.Equal(t, []uint64{5}, w.retiring)
			return w
		}, 6, "no successor"},
		{"a removed key", func(t *testing.T) *world {
			w := started(t, 2, 3)
			w.settleAll()
			w.confirmNext(6)
			require.Empty(t, w.abandon(6))
			return w
		}, 6, "no duties any more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.prepare(t)
			before := w.dump()
			require.Contains(t, w.abandon(c.session), c.reason)
			require.Equal(t, before, w.dump())
		})
	}
}

// twoOpen is a world whose block 1 has three batches, one of which is
// acknowledged, before a heartbeat; the sessions are 5 and 6.
func twoOpen(t *testing.T) *world {
	w := threeBatches(t)
	w.confirmNext(6)
	w.acknowledge()
	w.mine(2)
	w.scanAll()
	return w
}

func TestBatchesOfAnAbandonedKeyChangeHands(t *testing.T) {
	w := twoOpen(t)
	before := w.updates()
	require.Equal(t, uint64(1), before[1].Number)
	old := [][32]byte{w.digest(w.batch(2)), w.digest(w.batch(3))}
	require.Empty(t, w.abandon(5))
	after := w.updates()[len(before):]
	require.Equal(t, []batch.Update{{Number: 1, Block: blockID(1), Batches: before[1].Batches[1:]}}, after)
	require.EqualValues(t, 5, w.signer(1), "acknowledged already")
	for i, id := range []uint64{2, 3} {
		require.EqualValues(t, 6, w.signer(id))
		_, err := w.tryAcknowledge(2, old[i], make([]bool, len(w.batch(2).Instructions)))
		var mismatch *Mismatch
		require.ErrorAs(t, err, &mismatch)
	}
	w.acknowledge()
	require.EqualValues(t, 1, w.acknowledge().Reference)
	w.settleAll()
	require.EqualValues(t, 6, w.signer(w.frontier().Acknowledged-1))
}

func TestReportsOfSeveralBlocksChangeHandsOneByOne(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	w.confirmNext(6)
	w.growTo(5)
	w.pay(deposit(100, "a"))
	w.pay(deposit(100, "b"))
	w.scanAll()
	n := len(w.updates())
	require.Empty(t, w.abandon(5))
	after := w.updates()[n:]
	require.Len(t, after, 2)
	require.EqualValues(t, 6, after[0].Number)
	require.EqualValues(t, 7, after[1].Number)
	require.Equal(t, blockID(7), coin.BlockID(after[1].Block))
}

func TestAnAbandonedKeyEndsAWindowBehindTheNextAcknowledgement(t *testing.T) {
	w := two(t)
	w.growTo(14)
	require.Empty(t, w.abandon(5))
	require.EqualValues(t, 6, w.roles(13)[0].Key.Session, "the other has no role from now on")
	require.Len(t, w.roles(13), 1)
	w.growTo(15)
	require.False(t, w.key(5).Retiring)
	w.growTo(16) // the heartbeat
	require.EqualValues(t, 19, w.key(5).Retirement)
	all := func(session uint64) []coin.Output {
		return []coin.Output{
			to(session, deposit(100, "data")), to(session, deposit(100, "")), to(session, coin.Output{Kind: coin.Change, Amount: 100}),
		}
	}
	for n := uint64(17); n <= 30; n++ {
		w.pay(all(5)...)
		w.scanAll()
		b := w.buffered(n)
		require.Len(t, b.Internal, 1, "its plans may still happen")
		require.Empty(t, b.Deposits, "it was finishing already")
		w.settleAll()
		require.Equal(t, n >= 19, w.retired(5))
	}
	require.Contains(t, w.stages(), stageEvent{5, Retired, 19})
	require.Empty(t, w.retiring, "the scheduler has written its outputs off already")
	require.EqualValues(t, 19, w.key(5).Retirement)
}

// External outputs count up to the block at which an abandoned key ends.
func TestDepositsToAnAbandonedKey(t *testing.T) {
	w := two(t)
	w.confirmNext(7)
	w.growTo(11)
	require.Empty(t, w.abandon(6))
	require.False(t, w.key(7).Waiting, "there is room")
	for n := uint64(12); n <= 19; n++ {
		w.pay(to(6, deposit(100, "data")))
		w.scanAll()
		require.Equal(t, n < 15, len(w.buffered(n).Deposits) > 0, "block %d", n)
		w.settleAll()
	}
	require.Contains(t, w.stages(), stageEvent{6, Retired, 15})
}

func TestDepositsHeldBackAreReportedIfTheKeyStillReports(t *testing.T) {
	w := two(t)
	w.growTo(7)
	w.grow(to(6, deposit(100, "data"))) // 8
	require.Empty(t, w.abandon(6))
	w.grow(to(6, deposit(101, ""))) // 9: not notable
	w.grow(deposit(50, ""))         // 10: decides the end at 13
	require.EqualValues(t, 13, w.key(6).Retirement)
	require.Empty(t, w.settledLate)
	w.grow() // 11
	require.Len(t, w.instructions(11), 1)
	require.Len(t, w.settledLate, 2)
}

func TestDepositsHeldBackAreLostIfTheKeyNeverReports(t *testing.T) {
	config := testConfig()
	config.Parameters.TenMinutes = 9 // long enough to end before it reports
	w := newWorld(t, config, storage.NewMemory())
	w.confirm(Start{At: 2})
	w.mine(3)
	w.settleAll()
	w.confirmNext(6)
	w.growTo(8)
	w.grow(to(6, deposit(100, "data")), to(6, deposit(101, ""))) // 9
	require.Empty(t, w.abandon(6))
	w.growTo(11) // the heartbeat
	require.EqualValues(t, 14, w.key(6).Retirement)
	w.grow(to(6, deposit(102, "data"))) // 12
	w.growTo(14)
	id := func(n, i int) coin.OutputID { return w.chain[n].outputs[i].ID }
	require.Equal(t, []coin.Late{
		{Deposit: id(9, 0), Origin: "origin", Credit: 96, Amount: 96, Fate: coin.Accumulated},
		{Deposit: id(9, 1), Origin: "origin", Credit: 97, Amount: 97, Fate: coin.Accumulated},
		{Deposit: id(12, 0), Origin: "origin", Credit: 98, Amount: 98, Fate: coin.Accumulated},
	}, w.settledLate)
	require.Empty(t, w.instructions(14))
	for key := range w.dump() {
		require.False(t, strings.HasPrefix(key, "scanner/held"))
	}
}

func TestAKeyThatIsNotActiveIsRemoved(t *testing.T) {
	t.Run("undecided", func(t *testing.T) {
		w := started(t, 2, 3)
		w.settleAll()
		w.confirmNext(6)
		w.confirmNext(7)
		require.Empty(t, w.abandon(6))
		require.True(t, w.retired(6))
		require.False(t, w.key(7).Waiting)
		w.growTo(5)
		require.False(t, w.key(6).Active)
		require.EqualValues(t, 8, w.key(7).Activation)
		w.confirmNext(6) // a repetition
		require.ErrorIs(t, w.confirmKey(Key{Session: 6}), ErrSession)
		w.growTo(20)
		for _, e := range w.stages() {
			require.NotEqual(t, uint64(6), e.session)
		}
	})
	t.Run("decided by the batch before", func(t *testing.T) {
		w := twoOpen(t)
		require.EqualValues(t, 4, w.key(6).Activation)
		require.Empty(t, w.abandon(6))
		require.False(t, w.key(6).Active)
		require.True(t, w.retired(6))
	})
	t.Run("decided by a block that settled", func(t *testing.T) {
		w := twoOpen(t)
		w.acknowledge()
		w.acknowledge()
		require.Empty(t, w.abandon(6))
		require.True(t, w.key(6).Active, "a block may have been scanned for it")
		require.False(t, w.retired(6))
		w.settleAll()
		require.EqualValues(t, 4+3, w.key(6).Retirement)
	})
	t.Run("waiting", func(t *testing.T) {
		w := two(t)
		w.confirmNext(7)
		require.Empty(t, w.abandon(7))
		w.growTo(30)
		require.False(t, w.key(7).Active)
	})
}

// Whether the first key is active already, validators see at different times.
func TestAbandoningTheFirstKeyBeforeItIsActive(t *testing.T) {
	var told [2][]stageEvent
	for i, indexed := range []bool{false, true} {
		w := started(t, 2, 3)
		w.confirmNext(6)
		w.confirmNext(7)
		if indexed {
			w.scanAll()
		}
		require.Empty(t, w.abandon(5))
		w.growTo(30)
		told[i] = w.stages()
		require.EqualValues(t, 5, w.key(5).Retirement)
		for _, u := range w.updates() {
			for _, b := range u.Batches {
				require.Equal(t, u.Number <= 17, w.signer(b.ID) == 6, "block %d", u.Number)
			}
		}
	}
	require.Equal(t, told[0], told[1])
	require.Equal(t, []stageEvent{
		{5, Reporting, 2}, {5, Retired, 5}, {6, Holding, 5}, {7, Holding, 5},
		{6, HandingOver, 8}, {7, Reporting, 8}, {6, Forwarding, 10}, {6, Finishing, 14},
	}, told[0][:8])
}

func TestAKeyStaysIfItsSuccessorIsAbandoned(t *testing.T) {
	for _, c := range []struct {
		name string
		at   uint64 // the last settled block
	}{{"holding", 8}, {"new for change", 11}, {"forwarding", 14}, {"finishing", 18}} {
		t.Run(c.name, func(t *testing.T) {
			w := two(t)
			w.busy[5] = true
			w.growTo(c.at)
			require.Empty(t, w.abandon(6))
			w.busy[5] = false
			for _, role := range w.roles(c.at) {
				require.Equal(t, coin.Role{Key: w.key(5).coin(), Change: w.key(5).coin(), Pays: c.at < 13}, role)
			}
			w.growTo(40)
			require.Empty(t, w.retiring)
			require.Equal(t, []coin.Role{{Key: w.key(5).coin(), Change: w.key(5).coin(), Pays: true}}, w.roles(40))
			w.grow(deposit(100, "data"))
			require.Len(t, w.instructions(41), 1)
			require.EqualValues(t, 5, w.signer(w.frontier().Acknowledged-1))
			w.confirmNext(7)
			w.growTo(80)
			require.True(t, w.retired(5))
			require.Equal(t, []uint64{5}, w.retiring)
		})
	}
}

// What is abandoned when its retirement is decided retires as decided, and is
// not looked for any longer: some may have scanned the blocks behind it.
func TestAbandoningAKeyThatRetires(t *testing.T) {
	w := two(t)
	w.confirmNext(7)
	w.growTo(18)
	require.EqualValues(t, 20, w.key(5).Retirement)
	require.Empty(t, w.abandon(5))
	require.False(t, w.key(7).Waiting)
	w.growTo(19)
	w.pay(to(5, coin.Output{Kind: coin.Change, Amount: 100}), to(5, deposit(100, "data"))) // 20
	w.scanAll()
	require.Empty(t, w.buffered(20).Internal)
	require.Empty(t, w.buffered(20).Deposits)
	require.EqualValues(t, 6, w.signer(w.frontier().Acknowledged), "of block 20")
	w.settleAll()
	require.EqualValues(t, 20, w.key(5).Retirement)
	require.True(t, w.retired(5))
}
