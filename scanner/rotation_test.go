package scanner

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// grow adds a block with outputs, and does all there is to do.
func (w *world) grow(outputs ...coin.Output) []*coin.Settlement {
	w.pay(outputs...)
	return w.settleAll()
}

// growTo adds empty blocks up to a number.
func (w *world) growTo(number uint64) (all []*coin.Settlement) {
	for uint64(len(w.chain)) <= number {
		all = append(all, w.grow()...)
	}
	return all
}

// two is a world of sessions 5 and 6. With the parameters of these tests, the
// key of session 5 is active from block 2 on and that of session 6 from block
// 8. The latter reports from 11 on, and then the former hands over; it forwards
// from 13, finishes from 17 and retires at 20.
func two(t *testing.T) *world {
	w := started(t, 2, 3)
	w.settleAll()
	w.confirmNext(6)
	w.growTo(5)
	require.EqualValues(t, 8, w.key(6).Activation)
	return w
}

// to addresses an output to a session's key.
func to(session uint64, o coin.Output) coin.Output {
	o.Session = session
	return o
}

func (w *world) stages() (all []stageEvent) {
	w.view(func(r storage.Reader) error {
		for item, err := range w.recorder.stages.All(r) {
			require.NoError(w.t, err)
			all = append(all, item.Value)
		}
		return nil
	})
	return all
}

func (w *world) roles(number uint64) (roles []coin.Role) {
	w.view(func(r storage.Reader) (err error) {
		roles, err = w.scanner.Roles(r, number)
		return err
	})
	return roles
}

func (w *world) retired(session uint64) (retired bool) {
	w.view(func(r storage.Reader) (err error) {
		retired, err = w.scanner.Retired(r, session)
		return err
	})
	return retired
}

// instructions are those that a block reports.
func (w *world) instructions(number uint64) (list []batch.Instruction) {
	for _, u := range w.updates() {
		if u.Number == number {
			for _, b := range u.Batches {
				list = append(list, b.Instructions...)
			}
		}
	}
	return list
}

func TestKeysFollowOneAnother(t *testing.T) {
	w := two(t)
	w.confirmNext(7)
	require.True(t, w.key(7).Waiting)
	w.growTo(19)
	require.Equal(t, []uint64{5}, w.retiring)
	require.False(t, w.retired(5))
	require.True(t, w.key(7).Waiting)
	w.growTo(20)
	require.True(t, w.retired(5))
	require.False(t, w.key(7).Waiting)
	require.False(t, w.key(7).Active, "that is decided by the next acknowledgement")
	w.growTo(38)
	require.Equal(t, []stageEvent{
		{5, Reporting, 2},
		{6, Holding, 8}, {5, HandingOver, 11}, {6, Reporting, 11}, {5, Forwarding, 13}, {5, Finishing, 17}, {5, Retired, 20},
		{7, Holding, 26}, {6, HandingOver, 29}, {7, Reporting, 29}, {6, Forwarding, 31}, {6, Finishing, 35}, {6, Retired, 38},
	}, w.stages())
	require.Equal(t, []uint64{2, 5, 8, 11, 13, 16, 17, 20, 23, 26, 29, 31, 34, 35, 38}, w.notable())
	require.Equal(t, []uint64{5, 6}, w.retiring, "each once")
	require.True(t, w.retired(6))
	require.False(t, w.retired(7))
	require.False(t, w.retired(8))
}

// Each block's batches are signed by the oldest key, up to and including its
// retirement block.
func TestBatchesAreSignedByTheOldestKey(t *testing.T) {
	w := two(t)
	w.growTo(19)
	w.grow(to(6, deposit(100, "data"))) // 20
	w.grow(to(6, deposit(100, "data"))) // 21
	for _, u := range w.updates() {
		signer := uint64(5)
		if u.Number > 20 {
			signer = 6
		}
		for _, b := range u.Batches {
			require.Equal(t, signer, w.signer(b.ID), "block %d", u.Number)
		}
	}
	require.Equal(t, []uint64{20, 21}, w.notable()[len(w.notable())-2:])
}

// TestDepositsInEachStage makes one deposit of each sort in each block around
// the boundaries of the stages.
func TestDepositsInEachStage(t *testing.T) {
	const data, refund, gift, change = 0, 1, 2, 3
	reported := [3]coin.Fate{coin.Reported, coin.Refunded, coin.Accumulated}
	held := [3]coin.Fate{coin.Held, coin.Held, coin.Held}
	passed := [3]coin.Fate{coin.PassedOn, coin.Refunded, coin.Accumulated}
	var ignored [3]coin.Fate
	for _, c := range []struct {
		session       uint64
		from, through uint64
		fates         [3]coin.Fate
		internal      bool
	}{
		{5, 2, 12, reported, true}, {5, 13, 16, passed, true}, {5, 17, 19, ignored, true}, {5, 20, 22, ignored, false},
		{6, 2, 7, ignored, false}, {6, 8, 10, held, true}, {6, 11, 22, reported, true},
		{7, 2, 22, ignored, false},
	} {
		for n := c.from; n <= c.through; n++ {
			t.Run(fmt.Sprintf("session %d block %d", c.session, n), func(t *testing.T) {
				w := started(t, 2, int(n))
				w.settleAll()
				if n >= 6 {
					w = two(t)
					w.confirmNext(7)
					w.growTo(n - 1)
				}
				w.pay(to(c.session, deposit(100, "data")), to(c.session, deposit(100, "")),
					to(c.session, coin.Output{Amount: 100}), to(c.session, coin.Output{Kind: coin.Change, Amount: 100}))
				w.scanAll()
				b := w.buffered(n)
				var fates [3]coin.Fate
				for _, d := range b.Deposits {
					fates[d.Output.ID.Index] = d.Fate
					require.EqualValues(t, 96, d.Credit)
				}
				require.Equal(t, c.fates, fates)
				require.Equal(t, c.internal, len(b.Internal) > 0)
				for _, at := range []int{data, refund, gift, change} {
					w.view(func(r storage.Reader) error {
						_, spends, err := w.tracker.Find(r, spending(spend{inputs: []coin.OutputID{w.chain[n].outputs[at].ID}}).Transactions())
						counts := c.internal
						if at != change {
							counts = fates[at] != 0
						}
						require.Equal(t, counts, len(spends) > 0, "guarded")
						return err
					})
				}
			})
		}
	}
}

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
		w := started(t, 2, 3)
		w.settleAll()
		w.confirmNext(6)
		w.growTo(5)
		require.Empty(t, w.abandon(5)) // so that nobody hands over at the block
		w.growTo(8)
		if held {
			w.pay(to(6, coin.Output{Amount: 100}))
		}
		w.growTo(11)
		w.grow(to(6, deposit(100, "data")))
		require.Equal(t, held, w.notable()[len(w.notable())-2] == 11 && len(w.settledLate) > 0, "%v", w.notable())
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
	w.arrivals = []coin.Arrival{{Deposit: w.chain[13].outputs[0].ID, Amount: 60}}
	w.grow(to(5, deposit(100, ""))) // 14
	w.grow(to(5, deposit(100, ""))) // 15, so that no heartbeat falls on 17
	w.busy[5] = true
	w.growTo(18)
	require.Len(t, w.instructions(17), 1)
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

func TestAKeyStaysWhileAnythingIsLeftToDo(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*world)
		until   uint64
	}{
		"nothing":           {func(*world) {}, 17},
		"the scheduler's":   {func(w *world) { w.busy[5] = true }, 25},
		"another session's": {func(w *world) { w.busy[6] = true }, 17},
		"a deposit on its way": {func(w *world) {
			w.grow(to(5, deposit(100, "data"))) // 13
		}, 25},
	} {
		t.Run(name, func(t *testing.T) {
			w := two(t)
			w.growTo(12)
			c.prepare(w)
			for n := uint64(13); n <= 25; n++ {
				if n >= uint64(len(w.chain)) {
					w.growTo(n)
				}
				if n < c.until {
					require.Empty(t, w.retiring, "block %d", n)
				}
			}
			require.Equal(t, c.until == 17, len(w.retiring) > 0)
		})
	}
	t.Run("an instruction to report", func(t *testing.T) {
		w := two(t)
		w.growTo(12)
		w.grow(to(5, deposit(100, "data"))) // 13
		w.growTo(16)
		w.arrivals = []coin.Arrival{{Deposit: w.chain[13].outputs[0].ID, Amount: 60}}
		w.growTo(17) // the arrival: due at 20
		w.grow(to(6, deposit(100, "data")))
		require.Empty(t, w.retiring)
		w.growTo(20)
		require.Equal(t, []uint64{5}, w.retiring)
		require.EqualValues(t, 23, w.key(5).Retirement)
		// A retirement that is decided stands.
		w.growTo(21)
		w.grow(to(6, deposit(100, "data")))
		require.EqualValues(t, 23, w.key(5).Retirement)
	})
}

func TestRolesInEachStage(t *testing.T) {
	w := two(t)
	w.busy[5] = true
	w.growTo(30)
	five, six := w.key(5).coin(), w.key(6).coin()
	for _, c := range []struct {
		from, through uint64
		roles         []coin.Role
	}{
		{2, 7, []coin.Role{{Key: five, Change: five, Pays: true}}},
		{8, 10, []coin.Role{{Key: five, Change: five, Pays: true}, {Key: six, Change: six}}},
		{11, 12, []coin.Role{{Key: five, Change: six, Pays: true}, {Key: six, Change: six}}},
		{13, 16, []coin.Role{{Key: five, Change: six, Leaves: true}, {Key: six, Change: six, Pays: true}}},
		{17, 30, []coin.Role{{Key: five, Change: six, Leaves: true, Finishing: true}, {Key: six, Change: six, Pays: true}}},
	} {
		for n := c.from; n <= c.through; n++ {
			require.Equal(t, c.roles, w.roles(n), "block %d", n)
		}
	}
	require.Empty(t, w.roles(1))
	w.busy[5] = false
	w.growTo(36)
	require.Equal(t, []coin.Role{{Key: six, Change: six, Pays: true}}, w.roles(36))
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

func TestSeveralBlocksAreScannedInOneTransaction(t *testing.T) {
	w := started(t, 2, 20)
	w.indexAll()
	for n := range w.chain {
		w.putRate(uint64(n))
	}
	var tasks []Task
	require.NoError(t, w.update(func(tx storage.Tx) (err error) {
		if tasks, err = w.scanner.Due(tx, 10); err != nil {
			return err
		}
		for _, task := range tasks {
			if err := w.scanner.Scan(tx, task.Header, w.chain[task.Header.Number].outputs); err != nil {
				return err
			}
		}
		return nil
	}))
	require.Len(t, tasks, 3)
	require.EqualValues(t, 5, w.frontier().Scan)
	w.view(func(r storage.Reader) error {
		none, err := w.scanner.Due(r, 10)
		require.Empty(t, none)
		return err
	})
	w.acknowledge()
	w.view(func(r storage.Reader) error {
		for most, want := range []int{0, 1, 1, 1} {
			tasks, err := w.scanner.Due(r, most)
			require.NoError(t, err)
			require.Len(t, tasks, want)
		}
		return nil
	})
}

func TestManyHeadersAreIndexedInOneCall(t *testing.T) {
	w := started(t, 4, 30)
	var headers []coin.Header
	for _, b := range w.chain {
		headers = append(headers, b.header)
	}
	index := func(headers ...coin.Header) error {
		return w.update(func(tx storage.Tx) error { return w.scanner.Index(tx, headers...) })
	}
	require.NoError(t, index())
	require.Error(t, index(append(headers[:5:5], headers[6:]...)...), "one is missing")
	require.False(t, w.frontier().Started)
	require.NoError(t, index(headers...))
	other := started(t, 4, 30)
	other.indexAll()
	require.Equal(t, other.dump(), w.dump())
}
