package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func TestHeldDepositsAreNotNotableAndReportedLater(t *testing.T) {
	w := two(t)
	w.chain[5].rate = 2
	w.growTo(8)
	w.grow(to(6, deposit(100, "one")), to(6, deposit(101, "")), to(6, coin.Output{Amount: 102})) // 9
	w.grow(to(6, deposit(103, "two")), to(6, coin.Output{Amount: 9, Data: []byte("dust")}))      // 10
	require.NotContains(t, w.notable(), uint64(9))
	require.NotContains(t, w.notable(), uint64(10))
	w.pay(to(6, deposit(104, "three")), to(5, deposit(105, "four"))) // 11
	w.scanAll()
	require.Equal(t, []batch.Instruction{
		{Origin: "origin", Amount: 96, Data: []byte("one")}, {Origin: "origin", Amount: 99, Data: []byte("two")},
		{Origin: "origin", Amount: 100, Data: []byte("three")}, {Origin: "origin", Amount: 101, Data: []byte("four")},
	}, w.instructions(11))
	s := w.acknowledge(1, 3)
	require.Equal(t, []coin.Late{
		{Deposit: w.chain[9].outputs[0].ID, Origin: "origin", Credit: 96, Amount: 96, Fate: coin.Reported},
		{Deposit: w.chain[9].outputs[1].ID, Origin: "origin", Credit: 97, Amount: 97, Fate: coin.Refunded},
		{Deposit: w.chain[9].outputs[2].ID, Credit: 98, Amount: 98, Fate: coin.Accumulated},
		{Deposit: w.chain[10].outputs[0].ID, Origin: "origin", Credit: 99, Amount: 99, Fate: coin.Refunded},
	}, s.Late)
	var fates []coin.Fate
	for _, b := range s.Blocks {
		for _, d := range b.Deposits {
			fates = append(fates, d.Fate)
		}
	}
	require.Equal(t, []coin.Fate{coin.Held, coin.Held, coin.Held, coin.Held, coin.Reported, coin.Refunded}, fates)
}

// The credit of a held deposit is computed at the rate of its own block.
func TestHeldDepositsKeepTheirRate(t *testing.T) {
	w := two(t)
	w.growTo(8)
	w.grow(to(6, deposit(100, "data"))) // 9
	for range 3 {
		w.pay()
		w.chain[len(w.chain)-1].rate = 40
		w.settleAll()
	}
	require.EqualValues(t, 96, w.instructions(11)[0].Amount)
}

func TestBeginningToReportIsNotableWithHeldDepositsOnly(t *testing.T) {
	for _, held := range []bool{false, true} {
		config := testConfig()
		config.Parameters.TenMinutes = 2
		w := newWorld(t, config, storage.NewMemory())
		w.confirm(Start{At: 2})
		w.mine(3)
		w.settleAll()
		w.confirmNext(6)
		require.Empty(t, w.abandon(5)) // so that nobody hands over at the same block
		w.growTo(8)
		if held {
			w.grow(to(6, coin.Output{Amount: 100}))
		}
		w.growTo(14)
		require.Contains(t, w.stages(), stageEvent{6, Reporting, 12})
		if held {
			require.Equal(t, []uint64{2, 5, 8, 11, 12}, w.notable())
		} else {
			require.Equal(t, []uint64{2, 5, 8, 11, 14}, w.notable())
		}
	}
}

func TestForwardedDepositsAreReportedAWindowAfterTheirArrival(t *testing.T) {
	w := two(t)
	w.growTo(12)
	w.grow(to(5, deposit(100, "less")), to(5, deposit(101, "more")), to(5, deposit(102, "lost")), to(5, deposit(103, ""))) // 13
	id := func(i int) coin.OutputID { return w.chain[13].outputs[i].ID }
	require.Empty(t, w.instructions(13))
	w.arrivals = []coin.Arrival{{Deposit: id(1), Amount: 500}, {Deposit: id(2)}, {Deposit: id(0), Amount: 70}}
	w.grow(coin.Output{Kind: coin.Change, Amount: 50}) // 14 settles with the arrivals
	require.NotContains(t, w.notable(), uint64(15))
	w.grow()
	w.grow()
	require.Contains(t, w.notable(), uint64(14))
	w.pay(to(6, deposit(100, "own"))) // 17
	w.settledLate = nil
	w.settleAll()
	require.Equal(t, []batch.Instruction{
		{Origin: "origin", Amount: 70, Data: []byte("less")}, {Origin: "origin", Amount: 97, Data: []byte("more")},
		{Origin: "origin", Amount: 96, Data: []byte("own")},
	}, w.instructions(17))
	require.Equal(t, []coin.Late{
		{Deposit: id(0), Origin: "origin", Credit: 96, Amount: 70, Fate: coin.Reported},
		{Deposit: id(1), Origin: "origin", Credit: 97, Amount: 97, Fate: coin.Reported},
	}, w.settledLate)
	require.Equal(t, []uint64{5}, w.retiring)
	for key := range w.dump() {
		require.NotContains(t, key, "scanner/forwards\x00")
		require.NotContains(t, key, "scanner/queue\x00")
		require.NotContains(t, key, "scanner/held\x00")
	}
}

// A block is notable for a queued instruction alone.
func TestAQueuedInstructionMakesItsBlockNotable(t *testing.T) {
	w := two(t)
	w.growTo(12)
	w.grow(to(5, deposit(100, "data"))) // 13
	w.grow()                            // 14
	w.arrivals = []coin.Arrival{{Deposit: w.chain[13].outputs[0].ID, Amount: 60}}
	w.grow(to(5, deposit(100, ""))) // 15; at 17 the key finishes
	w.busy[5] = true
	w.growTo(18)
	require.Len(t, w.instructions(18), 1)
	require.Equal(t, []uint64{13, 15, 17, 18}, w.notable()[len(w.notable())-4:])
}

func TestAFailedLateResultIsRefundedOrAccumulated(t *testing.T) {
	w := two(t)
	w.growTo(12)
	w.grow(to(5, deposit(100, "a")), to(5, coin.Output{Amount: 100, Data: []byte("b")})) // 13
	w.arrivals = []coin.Arrival{
		{Deposit: w.chain[13].outputs[0].ID, Amount: 60}, {Deposit: w.chain[13].outputs[1].ID, Amount: 61},
	}
	w.growTo(16) // a heartbeat: due at 19
	w.growTo(18)
	w.pay()
	w.scanAll()
	require.Len(t, w.instructions(19), 2)
	s := w.acknowledge(0, 1)
	require.EqualValues(t, 19, s.Reference)
	require.Equal(t, []coin.Late{
		{Deposit: w.chain[13].outputs[0].ID, Origin: "origin", Credit: 96, Amount: 60, Fate: coin.Refunded},
		{Deposit: w.chain[13].outputs[1].ID, Credit: 96, Amount: 61, Fate: coin.Accumulated},
	}, s.Late)
}

func TestAnArrivalOfNothingPassedOnIsCorrupt(t *testing.T) {
	w := two(t)
	w.arrivals = []coin.Arrival{{Deposit: coin.OutputID{Index: 9}, Amount: 60}}
	w.growTo(7)
	w.pay()
	w.scanAll()
	b := w.batch(w.frontier().Acknowledged)
	_, err := w.acknowledgeBatch(b.ID, w.digest(b), nil)
	require.ErrorIs(t, err, storage.ErrCorrupt)
}
