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
