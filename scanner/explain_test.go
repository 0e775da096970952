package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func (w *world) sight(id coin.OutputID) (x *Sighting) {
	w.view(func(r storage.Reader) (err error) {
		x, err = w.scanner.Sight(r, id)
		return err
	})
	return x
}

func (w *world) life(session uint64) (l *Life) {
	w.view(func(r storage.Reader) (err error) {
		l, err = w.scanner.Life(r, session)
		return err
	})
	return l
}

// paid is the ID of an output that was paid in a block.
func (w *world) paid(block uint64, i int) coin.OutputID { return w.chain[block].outputs[i].ID }

func TestSightOfAReportedDeposit(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	// Batches hold 300 bytes, so these are in several.
	var many []coin.Output
	for i := range uint64(8) {
		many = append(many, deposit(100+i, "some data, so that few fit into a batch"))
	}
	block := w.pay(many...)
	require.Nil(t, w.sight(w.paid(block, 0)), "not scanned")
	w.scanAll()
	next := w.frontier().Acknowledged
	var batches []uint64
	for i := range many {
		x := w.sight(w.paid(block, i))
		require.Equal(t, block, x.Block)
		require.False(t, x.Settled)
		require.Equal(t, coin.Reported, x.Fate)
		require.Equal(t, Direct, x.Way)
		require.EqualValues(t, 5, x.Batch.Session)
		require.False(t, x.Batch.Acknowledged)
		require.Equal(t, block, *x.Due)
		batches = append(batches, x.Batch.ID)
	}
	require.Equal(t, next, batches[0])
	require.Greater(t, batches[len(batches)-1], next)
	require.IsNonDecreasing(t, batches)
	for i, id := range batches {
		found := false
		for _, one := range w.batch(id).Instructions {
			found = found || one.Amount == w.sight(w.paid(block, i)).Credit
		}
		require.True(t, found)
	}
	require.Nil(t, w.acknowledge(), "not the last of its block")
	require.True(t, w.sight(w.paid(block, 0)).Batch.Acknowledged)
	require.False(t, w.sight(w.paid(block, 7)).Batch.Acknowledged)
	for w.batch(w.frontier().Acknowledged) != nil {
		w.acknowledge()
	}
	x := w.sight(w.paid(block, 0))
	require.True(t, x.Settled)
	require.Equal(t, coin.Reported, x.Fate)
	require.Nil(t, x.Batch)
	require.Nil(t, x.Due)
	require.Nil(t, w.sight(coin.OutputID{Index: 99}))
}

func TestSightOfADepositThatFailed(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	o := deposit(100, "data")
	o.Origin = "origin"
	block := w.pay(o)
	w.scanAll()
	w.acknowledge(0)
	x := w.sight(w.paid(block, 0))
	require.True(t, x.Settled)
	require.Equal(t, coin.Refunded, x.Fate)
	require.Nil(t, x.Batch)
}

func TestSightOfInternalOutputs(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	block := w.pay(coin.Output{Session: 5, Kind: coin.Change, Amount: 50})
	w.scanAll()
	x := w.sight(w.paid(block, 0))
	require.False(t, x.Settled)
	require.Zero(t, x.Way)
	w.settleAll()
	require.True(t, w.sight(w.paid(block, 0)).Settled)
}

// The key of session 6 is active from block 8 on and reports from 11 on.
func TestSightOfADepositThatIsHeldBack(t *testing.T) {
	w := two(t)
	w.growTo(7)
	w.grow(to(6, deposit(100, "held")))
	id := w.paid(8, 0)
	x := w.sight(id)
	require.Equal(t, HeldBack, x.Way)
	require.EqualValues(t, 11, *x.Due)
	require.EqualValues(t, 1, w.life(6).Held)
	w.growTo(10)
	require.Equal(t, HeldBack, w.sight(id).Way)
	w.mine(2)
	w.scanAll()
	x = w.sight(id)
	require.Equal(t, LateReport, x.Way)
	require.EqualValues(t, 11, *x.Due)
	require.Equal(t, w.frontier().Acknowledged, x.Batch.ID)
	require.False(t, x.Batch.Acknowledged)
	w.settleAll()
	x = w.sight(id)
	require.Equal(t, Over, x.Way)
	require.True(t, x.Settled)
	require.Nil(t, x.Batch)
	require.Zero(t, w.life(6).Held)
}

// The key of session 5 forwards from block 13 on.
func TestSightOfADepositThatIsPassedOn(t *testing.T) {
	w := two(t)
	w.growTo(13)
	block := w.pay(to(5, deposit(100, "late")))
	id := w.paid(block, 0)
	w.scanAll()
	require.Equal(t, OnTheWay, w.sight(id).Way, "not settled")
	w.settleAll()
	x := w.sight(id)
	require.Equal(t, OnTheWay, x.Way)
	require.True(t, x.Settled)
	require.EqualValues(t, 1, w.life(5).Forwards)
	w.arrivals = []coin.Arrival{{Deposit: id, Amount: 80}}
	w.grow(coin.Output{Session: 6, Kind: coin.Change, Amount: 50})
	x = w.sight(id)
	require.Equal(t, Arrived, x.Way)
	due := *x.Due
	require.EqualValues(t, 1, w.life(5).Queued)
	require.Zero(t, w.life(5).Forwards)
	for uint64(len(w.chain)) <= due {
		w.mine(1)
	}
	w.scanAll()
	for w.frontier().Scan <= due {
		w.acknowledge()
		w.scanAll()
	}
	x = w.sight(id)
	require.Equal(t, LateReport, x.Way)
	require.Equal(t, due, *x.Due)
	require.NotNil(t, x.Batch)
	w.settleAll()
	require.Equal(t, Over, w.sight(id).Way)
}

func TestSightOfWhatIsVoid(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	block := w.pay(deposit(100, "void"))
	id := w.paid(block, 0)
	w.settleAll()
	w.voids(w.rewind(block - 1))
	x := w.sight(id)
	require.True(t, x.Void)
	require.EqualValues(t, 5, x.Output.Session)
	require.NotZero(t, x.Credit)
}

func TestCompletedPlans(t *testing.T) {
	w := started(t, 2, 3)
	w.settleAll()
	plan := coin.PlanID{7}
	completed := func() (by coin.TransactionID, block uint64, ok bool) {
		w.view(func(r storage.Reader) (err error) {
			by, block, ok, err = w.scanner.Completed(r, plan)
			return err
		})
		return by, block, ok
	}
	_, _, ok := completed()
	require.False(t, ok)
	require.NoError(t, w.update(func(tx storage.Tx) error {
		return w.tracker.Expect(tx, plan, fulfilled{id: [32]byte{8}, spent: coin.OutputID{Index: 3}})
	}))
	block := w.pay(deposit(100, "notable"))
	w.chain[block].transactions = append(w.chain[block].transactions, spend{id: [32]byte{8}, inputs: []coin.OutputID{{Index: 3}}})
	w.settleAll()
	by, at, ok := completed()
	require.True(t, ok)
	require.Equal(t, coin.TransactionID{8}, by)
	require.Equal(t, block, at)
}

func TestLifeOfKeys(t *testing.T) {
	w := newWorld(t, testConfig(), storage.NewMemory())
	require.Nil(t, w.life(5))
	w.confirm(Start{At: 2})
	l := w.life(5)
	require.False(t, l.Key.Active)
	require.Empty(t, l.Stages)
	w.mine(3)
	w.settleAll()
	l = w.life(5)
	require.Equal(t, []StageStart{{Reporting, 2}}, l.Stages)
	require.Equal(t, Reporting, l.Stage)
	require.Nil(t, l.Next())
	require.Nil(t, l.Successor)

	w.confirmNext(6)
	require.EqualValues(t, 6, *w.life(5).Successor)
	require.False(t, w.life(6).Key.Active)
	require.Equal(t, 1, w.life(6).Older)
	w.growTo(5)
	w.confirmNext(7)
	require.True(t, w.life(7).Key.Waiting)
	require.Equal(t, 2, w.life(7).Older)
	want := []StageStart{{Reporting, 2}, {HandingOver, 11}, {Forwarding, 13}, {Finishing, 17}}
	require.Equal(t, want, w.life(5).Stages)
	require.Equal(t, &StageStart{HandingOver, 11}, w.life(5).Next())
	require.Equal(t, []StageStart{{Holding, 8}, {Reporting, 11}}, w.life(6).Stages)
	require.Equal(t, Confirmed, w.life(6).Stage)

	// What it says is what was told at these blocks.
	w.growTo(30)
	told := map[uint64][]StageStart{}
	for _, e := range w.stages() {
		told[e.session] = append(told[e.session], StageStart{e.stage, e.number})
	}
	for session, list := range told {
		starts := w.life(session).Stages
		require.Equal(t, list, starts[:len(list)], "session %d", session)
	}
	l = w.life(5)
	require.True(t, l.Past)
	require.Equal(t, Retired, l.Stage)
	require.Equal(t, append(want, StageStart{Retired, l.Key.Retirement}), l.Stages)
}
