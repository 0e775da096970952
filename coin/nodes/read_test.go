package nodes_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
)

func TestWrongBodies(t *testing.T) {
	in(t, 2, func(w *world) {
		liar := mock.NewCoin(w.chain)
		liar.SetFaults(mock.Faults{WrongBody: true})
		w.puppets[0].Coin = liar
		h := w.header(5)
		b, err := w.Block(w.Context(), h)
		require.NoError(w, err)
		require.Equal(w, h, b.Header())
		w.requireStates(coin.NodeFailing, coin.NodeWell)

		// A body that is right, but of another block.
		time.Sleep(time.Minute)
		w.puppets[0].block = func(coin.Header) (coin.Block, error) {
			return w.chain.Coin().Block(w.Context(), headerOn(w.T, w.chain, 4))
		}
		b, err = w.Block(w.Context(), h)
		require.NoError(w, err)
		require.Equal(w, h, b.Header())
	})
}

// If no node can do anything with a question, it is the question that is wrong.
func TestAWrongQuestionBlamesNobody(t *testing.T) {
	in(t, 2, func(w *world) {
		h := w.header(5)
		h.Time++
		_, err := w.Block(w.Context(), h)
		require.ErrorIs(w, err, coin.ErrInvalid)
		b, err := w.Block(w.Context(), w.header(5))
		require.NoError(w, err)
		_, err = w.Outputs(w.Context(), b, []coin.Key{{Key: []byte("none")}})
		require.ErrorIs(w, err, coin.ErrInvalid)
		_, err = w.Transaction(w.Context(), coin.TransactionID{1})
		require.ErrorIs(w, err, coin.ErrNotFound)
		require.NotErrorIs(w, err, coin.ErrTransient)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

// A transaction comes from whichever node has it; that none does is only known
// if all say so.
func TestTransactionsComeFromWhoHasThem(t *testing.T) {
	in(t, 2, func(w *world) {
		older := w.chain.Clone()
		address, err := w.chain.Address(w.Context())
		require.NoError(w, err)
		id, err := w.chain.Pay(w.Context(), cointest.Deposit{To: []cointest.Target{{Address: address, Amount: 100}}})
		require.NoError(w, err)
		w.puppets[0].follow(older)
		raw, err := w.Transaction(w.Context(), id)
		require.NoError(w, err)
		require.NotEmpty(w, raw)

		absent := mock.NewCoin(w.chain)
		absent.SetFaults(mock.Faults{Unreachable: 1})
		w.puppets[1].Coin = absent
		_, err = w.Transaction(w.Context(), id)
		require.ErrorIs(w, err, coin.ErrTransient)
		require.NotErrorIs(w, err, coin.ErrNotFound)
	})
}

func TestTheBestAnswerToAPublicationCounts(t *testing.T) {
	say := func(s coin.PublicationStatus) func() (coin.Publication, error) {
		return func() (coin.Publication, error) {
			if s == 0 {
				return coin.Publication{}, errAway
			}
			p := coin.Publication{Status: s}
			if s > coin.Mined {
				p.Reason = "since " + s.String()
			}
			return p, nil
		}
	}
	order := []coin.PublicationStatus{coin.Mined, coin.Accepted, coin.FeeTooLow, coin.Conflict, coin.Rejected, 77, 0}
	for i, best := range order[:6] {
		for _, worse := range order[i:] {
			in(t, 3, func(w *world) {
				w.puppets[0].publish, w.puppets[1].publish, w.puppets[2].publish = say(worse), say(best), say(worse)
				p, err := w.Publish(w.Context(), coin.Transaction{})
				require.NoError(w, err)
				require.Equal(w, best, p.Status)
				if best > coin.Mined {
					require.Contains(w, p.Reason, "b: since")
				} else {
					require.Empty(w, p.Reason)
				}
				for _, one := range w.puppets {
					require.Equal(w, 1, one.questions(), "all get it")
				}
			})
		}
	}
	in(t, 2, func(w *world) { // one that was left aside gets it if the others do not take it
		w.puppets[0].away()
		w.requireTip(20)
		w.puppets[0].publish = say(coin.Accepted)
		w.puppets[1].publish = say(coin.Rejected)
		p, err := w.Publish(w.Context(), coin.Transaction{})
		require.NoError(w, err)
		require.Equal(w, coin.Accepted, p.Status)
	})
	// What is no transaction is the caller's fault.
	in(t, 2, func(w *world) {
		for _, one := range w.puppets {
			one.publish = func() (coin.Publication, error) { return coin.Publication{}, coin.ErrInvalid }
		}
		_, err := w.Publish(w.Context(), coin.Transaction{})
		require.ErrorIs(w, err, coin.ErrInvalid)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

// However many questions come at once, a node has a bounded number of them.
func TestQuestionsInFlightAreBounded(t *testing.T) {
	in(t, 2, func(w *world) {
		var mu sync.Mutex
		now, most := 0, 0
		w.puppets[1].header = func(number uint64) (coin.Header, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			return headerOn(w.T, w.chain, number), nil
		}
		var group sync.WaitGroup
		for i := range 200 {
			group.Go(func() {
				_, err := w.Header(w.Context(), uint64(i%20))
				if err != nil {
					w.Error(err)
				}
			})
		}
		group.Wait()
		require.Equal(w, 16, most)
	})
}

func TestErrorsOfNodesAreCut(t *testing.T) {
	in(t, 2, func(w *world) {
		w.puppets[0].tip = func() (uint64, error) { return 0, errors.New(string(make([]byte, 1<<20))) }
		w.requireTip(20)
		require.Len(w, w.Health()[0].LastError, 500)
	})
}

// That a node says its chain goes on is no reason to count those out that have
// found no block for long: it would decide alone.
func TestALiarDoesNotOutliveTheOthers(t *testing.T) {
	in(t, 3, func(w *world) {
		w.puppets[0].tip = func() (uint64, error) { return 1 << 40, nil }
		for range 150 {
			w.requireTip(20)
			time.Sleep(time.Minute)
		}
		w.requireStates(coin.NodeWell, coin.NodeBehind, coin.NodeBehind)
		require.NoError(w, w.chain.Mine(w.Context(), 1))
		w.requireTip(21)
		w.header(21)
	})
	in(t, 3, func(w *world) { // one of three has stopped
		w.requireTip(20)
		stopped := w.chain.Clone()
		w.puppets[0].follow(stopped)
		require.NoError(w, w.chain.Mine(w.Context(), 2))
		w.requireTip(22)
		time.Sleep(time.Hour)
		w.puppets[1].away()
		w.requireTip(22)
		w.requireStates(coin.NodeBehind, coin.NodeFailing, coin.NodeWell)
	})
}

// The tip of a node that nobody believes makes nobody late.
func TestADistrustedNodeMakesNobodyLate(t *testing.T) {
	in(t, 2, func(w *world) {
		w.puppets[0].header = func(n uint64) (coin.Header, error) {
			h := headerOn(w.T, w.chain, n)
			h.Parent[0] ^= 1
			return h, nil
		}
		w.puppets[0].tip = func() (uint64, error) { return 25, nil }
		w.header(15)
		w.requireStates(coin.NodeDistrusted, coin.NodeWell)
		for range 3 {
			time.Sleep(time.Hour)
			w.requireTip(20)
		}
		w.requireStates(coin.NodeDistrusted, coin.NodeWell)
	})
}

// A node that is not there and one that does not know it yet are trouble that
// passes, whatever the first one's is.
func TestWhatOneDoesNotKnowMayCome(t *testing.T) {
	in(t, 2, func(w *world) {
		w.puppets[0].header = func(uint64) (coin.Header, error) { return coin.Header{}, errors.New("credentials refused") }
		_, err := w.Header(w.Context(), 21)
		require.ErrorIs(w, err, coin.ErrTransient)
		require.NotErrorIs(w, err, coin.ErrNotFound)
		require.ErrorContains(w, err, "credentials refused")
	})
}

// A node that answers what it is asked often, and hangs with all else, is not
// waited for again and again.
func TestANodeThatHangsWithBodiesIsAskedLast(t *testing.T) {
	in(t, 2, func(w *world) {
		w.puppets[0].block = func(coin.Header) (coin.Block, error) {
			time.Sleep(2 * time.Minute)
			return nil, errAway
		}
		w.puppets[0].publish = func() (coin.Publication, error) {
			time.Sleep(2 * time.Minute)
			return coin.Publication{}, errAway
		}
		w.puppets[1].publish = func() (coin.Publication, error) { return coin.Publication{Status: coin.Accepted}, nil }
		start, waited := time.Now(), time.Duration(0)
		for time.Since(start) < 4*time.Hour {
			w.requireTip(20)
			h := w.header(19)
			asked := time.Now()
			_, err := w.Block(w.Context(), h)
			require.NoError(w, err)
			p, err := w.Publish(w.Context(), coin.Transaction{})
			require.NoError(w, err)
			require.NotZero(w, p.Status)
			waited += time.Since(asked)
			time.Sleep(10 * time.Second)
		}
		require.Less(w, waited, time.Since(start)/5)
		require.Contains(w, w.Health()[0].LastError, "no route")
		// It is asked again, and then preferred again.
		w.puppets[0].back()
		time.Sleep(time.Hour)
		before := w.puppets[1].questions()
		_, err := w.Block(w.Context(), w.header(3))
		require.NoError(w, err)
		require.Equal(w, before+1, w.puppets[1].questions())
	})
}
