package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
)

// puppet is a node that says what it is told to, else what its chain has.
type puppet struct {
	coin.Coin
	tip     func() (uint64, error)
	header  func(number uint64) (coin.Header, error)
	block   func(coin.Header) (coin.Block, error)
	publish func() (coin.Publication, error)

	hangs bool

	mu    sync.Mutex
	asked int // any of these
}

func (p *puppet) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
}

func (p *puppet) questions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// Tip implements coin.Reader.
func (p *puppet) Tip(ctx context.Context) (uint64, error) {
	p.count()
	if p.hangs {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if p.tip != nil {
		return p.tip()
	}
	return p.Coin.Tip(ctx)
}

// Header implements coin.Reader.
func (p *puppet) Header(ctx context.Context, number uint64) (coin.Header, error) {
	p.count()
	if p.header != nil {
		return p.header(number)
	}
	return p.Coin.Header(ctx, number)
}

// Block implements coin.Reader.
func (p *puppet) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	p.count()
	if p.block != nil {
		return p.block(header)
	}
	return p.Coin.Block(ctx, header)
}

// Publish implements coin.Spender.
func (p *puppet) Publish(ctx context.Context, tx coin.Transaction) (coin.Publication, error) {
	p.count()
	if p.publish != nil {
		return p.publish()
	}
	return p.Coin.Publish(ctx, tx)
}

var errAway = fmt.Errorf("%w: no route", coin.ErrTransient)

// away lets a node answer nothing.
func (p *puppet) away() {
	p.tip = func() (uint64, error) { return 0, errAway }
	p.header = func(uint64) (coin.Header, error) { return coin.Header{}, errAway }
	p.block = func(coin.Header) (coin.Block, error) { return nil, errAway }
	p.publish = func() (coin.Publication, error) { return coin.Publication{}, errAway }
}

func (p *puppet) back() { p.tip, p.header, p.block, p.publish = nil, nil, nil, nil }

// follow lets a node follow another chain.
func (p *puppet) follow(chain *mock.Chain) { p.Coin = chain.Coin() }

// world is a coin with some nodes of a chain of twenty blocks.
type world struct {
	*testing.T
	chain   *mock.Chain
	puppets []*puppet
	*nodes.Nodes
}

func newWorld(t *testing.T, n int) *world {
	w := &world{T: t, chain: mock.New(mock.Options{})}
	require.NoError(t, w.chain.Mine(t.Context(), 20))
	var list []nodes.Node
	for i := range n {
		p := &puppet{Coin: w.chain.Coin()}
		w.puppets = append(w.puppets, p)
		list = append(list, nodes.Node{Name: string(rune('a' + i)), Coin: p})
	}
	var err error
	w.Nodes, err = nodes.New(list...)
	require.NoError(t, err)
	return w
}

// in runs a test in a bubble, whose time the test moves.
func in(t *testing.T, n int, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) { test(newWorld(t, n)) })
}

// fork is a chain that has other blocks from the given one on.
func (w *world) fork(from uint64) *mock.Chain {
	other := w.chain.Clone()
	require.NoError(w, other.Fork(w.Context(), int(other.Tip()-from+1), false))
	return other
}

func (w *world) header(number uint64) coin.Header {
	h, err := w.Header(w.Context(), number)
	require.NoError(w, err)
	require.Equal(w, headerOn(w.T, w.chain, number), h)
	return h
}

func headerOn(t *testing.T, chain *mock.Chain, number uint64) coin.Header {
	h, err := chain.Coin().Header(t.Context(), number)
	require.NoError(t, err)
	return h
}

func (w *world) requireTip(want uint64) {
	w.Helper()
	tip, err := w.Tip(w.Context())
	require.NoError(w, err)
	require.Equal(w, want, tip)
}

func (w *world) requireStates(want ...coin.NodeState) {
	w.Helper()
	var states []coin.NodeState
	for _, h := range w.Health() {
		states = append(states, h.State)
	}
	require.Equal(w, want, states, "%v", w.Health())
}

func TestNodesOfOneNetwork(t *testing.T) {
	chain := mock.New(mock.Options{})
	other := chain.Clone()
	parameters := mock.DefaultParameters
	parameters.Grace++
	good := nodes.Node{Name: "a", Coin: chain.Coin()}
	many := make([]nodes.Node, nodes.MaxNodes+1)
	for i := range many {
		many[i] = nodes.Node{Name: fmt.Sprint(i), Coin: chain.Coin()}
	}
	for text, list := range map[string][]nodes.Node{
		"0 nodes":          nil,
		"17 nodes":         many,
		`name ""`:          {{Coin: chain.Coin()}},
		`name "a"`:         {good, good},
		"b has no coin":    {good, {Name: "b"}},
		"none has a coin":  {{Name: "a", Dial: func(context.Context) (coin.Coin, error) { return chain.Coin(), nil }}},
		"another network":  {good, {Name: "b", Coin: mock.New(mock.Options{Name: "b"}).Coin()}},
		"other parameters": {good, {Name: "b", Coin: mock.New(mock.Options{Parameters: parameters}).Coin()}},
	} {
		_, err := nodes.New(list...)
		require.ErrorContains(t, err, text)
	}
	n, err := nodes.New(good, nodes.Node{Name: "b", Coin: other.Coin()})
	require.NoError(t, err)
	require.Equal(t, "mock", n.Name())
	require.Len(t, n.Health(), 2)
}

func TestANodeMayBeAwayAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := mock.New(mock.Options{})
		var late coin.Coin
		dialled := 0
		n, err := nodes.New(
			nodes.Node{Name: "a", Dial: func(context.Context) (coin.Coin, error) {
				dialled++
				if late == nil {
					return nil, errors.New("nobody is there")
				}
				return late, nil
			}},
			nodes.Node{Name: "b", Coin: chain.Coin()},
		)
		require.NoError(t, err)
		look := func(state coin.NodeState, reason string) {
			t.Helper()
			tip, err := n.Tip(t.Context())
			require.NoError(t, err)
			require.Zero(t, tip)
			h, err := n.Header(t.Context(), 0)
			require.NoError(t, err)
			_, err = n.Block(t.Context(), h)
			require.NoError(t, err)
			require.Equal(t, state, n.Health()[0].State)
			require.Contains(t, n.Health()[0].LastError, reason)
			time.Sleep(time.Hour)
		}
		look(coin.NodeFailing, "nobody is there")
		late = mock.New(mock.Options{Name: "other"}).Coin()
		look(coin.NodeFailing, "another network")
		late = chain.Coin()
		before := dialled
		look(coin.NodeWell, "")
		look(coin.NodeWell, "")
		require.Equal(t, before+1, dialled)
	})
}

// several is a chain whose coin has three nodes.
type several struct{ *mock.Chain }

// Coin implements cointest.Chain.
func (s several) Coin() coin.Coin {
	n, err := nodes.New(
		nodes.Node{Name: "a", Coin: s.Chain.Coin()}, nodes.Node{Name: "b", Coin: s.Chain.Coin()}, nodes.Node{Name: "c", Coin: s.Chain.Coin()},
	)
	if err != nil {
		panic(err)
	}
	return n
}

func newSeveral(*testing.T) cointest.Chain { return several{mock.New(mock.Options{})} }

func TestReading(t *testing.T)  { cointest.Reading(t, newSeveral) }
func TestSpending(t *testing.T) { cointest.Spending(t, newSeveral) }

func TestANodeThatIsAwayIsAskedLessAndLess(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.requireStates(coin.NodeWell, coin.NodeWell)
		w.puppets[0].away()
		for range 1000 {
			w.requireTip(20)
			h := w.header(19)
			_, err := w.Block(w.Context(), h)
			require.NoError(w, err)
			time.Sleep(time.Second)
		}
		require.Less(w, w.puppets[0].questions(), 40)
		w.requireStates(coin.NodeFailing, coin.NodeWell)
		require.Contains(w, w.Health()[0].LastError, "no route")
		require.EqualValues(w, 20, w.Health()[0].Tip)

		w.puppets[0].back()
		time.Sleep(5 * time.Minute)
		w.requireTip(20)
		w.requireStates(coin.NodeWell, coin.NodeWell)
		before := w.puppets[1].questions()
		_, err := w.Block(w.Context(), w.header(3))
		require.NoError(w, err)
		require.Equal(w, before+1, w.puppets[1].questions(), "the first is preferred again")
	})
}

// Both are away: that is the caller's trouble, and both are asked again at once.
func TestAllNodesAway(t *testing.T) {
	in(t, 2, func(w *world) {
		for range 3 {
			for _, p := range w.puppets {
				p.away()
			}
			_, err := w.Tip(w.Context())
			require.ErrorIs(w, err, coin.ErrTransient)
			require.ErrorContains(w, err, "a: ")
			require.ErrorContains(w, err, "b: ")
			_, err = w.Header(w.Context(), 3)
			require.ErrorIs(w, err, coin.ErrTransient)
			_, err = w.Block(w.Context(), headerOn(w.T, w.chain, 3))
			require.ErrorIs(w, err, coin.ErrTransient)
			_, err = w.Publish(w.Context(), coin.Transaction{})
			require.ErrorIs(w, err, coin.ErrTransient)
			w.puppets[1].back()
			w.requireTip(20)
			w.header(20)
		}
	})
}

func TestANodeThatHangsIsWaitedForBriefly(t *testing.T) {
	in(t, 2, func(w *world) {
		w.puppets[0].hangs = true
		start := time.Now()
		w.requireTip(20)
		require.Equal(w, 10*time.Second, time.Since(start))
		w.requireTip(20)
		require.Equal(w, 10*time.Second, time.Since(start), "it is left aside")
		require.Contains(w, w.Health()[0].LastError, "no answer within")
	})
}

// That the caller gives up speaks against no node.
func TestAnEndedContextBlamesNobody(t *testing.T) {
	in(t, 2, func(w *world) {
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		_, err := w.Tip(ctx)
		require.ErrorIs(w, err, context.Canceled)
		_, err = w.Header(ctx, 3)
		require.ErrorIs(w, err, context.Canceled)
		_, err = w.Block(ctx, headerOn(w.T, w.chain, 3))
		require.ErrorIs(w, err, context.Canceled)
		_, err = w.Publish(ctx, coin.Transaction{})
		require.ErrorIs(w, err, context.Canceled)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

func TestTheTipIsWhatMoreThanHalfHave(t *testing.T) {
	for _, c := range []struct {
		tips []uint64
		want uint64
	}{
		{[]uint64{7}, 7},
		{[]uint64{8, 7}, 7},
		{[]uint64{7, 8}, 7},
		{[]uint64{9, 7, 8}, 8},
		{[]uint64{1 << 62, 7, 8}, 8},
		{[]uint64{0, 8, 8}, 8},
		{[]uint64{6, 7, 8, 9}, 7},
		{[]uint64{5, 6, 7, 8, 9}, 7},
	} {
		in(t, len(c.tips), func(w *world) {
			for i, p := range w.puppets {
				p.tip = func() (uint64, error) { return c.tips[i], nil }
			}
			w.requireTip(c.want)
			for i, h := range w.Health() {
				require.Equal(w, c.tips[i], h.Tip)
				require.Equal(w, c.tips[i] < c.want, h.State == coin.NodeBehind)
			}
		})
	}
}

func TestANodeThatStoppedDoesNotCount(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.puppets[1].follow(w.chain.Clone())
		require.NoError(w, w.chain.Mine(w.Context(), 5))
		for range 59 {
			w.requireTip(20)
			time.Sleep(time.Minute)
		}
		_, err := w.Header(w.Context(), 24)
		require.ErrorIs(w, err, coin.ErrNotFound, "one of two has it")
		time.Sleep(time.Minute)
		w.requireTip(25)
		w.header(24)
		w.header(18)
		w.requireStates(coin.NodeWell, coin.NodeBehind)

		w.puppets[1].follow(w.chain)
		w.requireTip(25)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

// No reorganisation takes a final block off the tip's number.
func TestANodeWhoseTipFallsDoesNotCount(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.puppets[0].tip = func() (uint64, error) { return 19, nil }
		w.requireTip(19)
		w.puppets[0].tip = func() (uint64, error) { return 18, nil }
		w.requireTip(20)
		w.puppets[0].header = func(uint64) (coin.Header, error) { return coin.Header{}, coin.ErrNotFound }
		w.header(19)
		w.requireStates(coin.NodeBehind, coin.NodeWell)
		// Unless all have: then that is how it is.
		w.puppets[1].tip = w.puppets[0].tip
		w.requireTip(18)
		w.puppets[0].back()
		w.puppets[1].back()
		w.requireTip(20)
		w.requireStates(coin.NodeWell, coin.NodeWell)
	})
}

// Not to know a block is no answer of a node that says it has many behind it.
func TestANodeOwesTheBlocksOfItsChain(t *testing.T) {
	in(t, 2, func(w *world) {
		w.requireTip(20)
		w.puppets[0].header = func(uint64) (coin.Header, error) { return coin.Header{}, coin.ErrNotFound }
		w.header(18)
		w.requireStates(coin.NodeFailing, coin.NodeWell)
		require.Contains(w, w.Health()[0].LastError, "ends with block 20")
		time.Sleep(time.Minute)
		_, err := w.Header(w.Context(), 19)
		require.ErrorIs(w, err, coin.ErrNotFound, "a small reorganisation")
	})
}

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
