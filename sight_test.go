package processor_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
	"github.com/serai-go/processor/processortest"
)

// signs counts what a validator has said about signatures.
func signs(v *processortest.Validator) int { return len(told[processor.Broadcast](v)) }

// funded is a group of one with money for several payments at a time.
func funded(t *testing.T, chain *mock.Chain, own coin.Coin) *processortest.Group {
	t.Helper()
	g := readyWith(t, chain, 1, own)
	for range 6 {
		deposit(t, g, 500)
	}
	mine(t, g, 4)
	return g
}

// disagreements are what a validator told of nodes that disagree.
func disagreements(v *processortest.Validator) (list []string) {
	for _, c := range told[processor.Condition](v) {
		if strings.Contains(c.Text, "nodes disagree") {
			list = append(list, c.Text)
		}
	}
	return list
}

func trouble(t *testing.T, v *processortest.Validator, driver string) string {
	t.Helper()
	status, err := v.Processor.Status(t.Context())
	require.NoError(t, err)
	return status.Troubles[driver]
}

func TestNothingIsSignedWhileTheChainIsNotSeen(t *testing.T) {
	for name, c := range map[string]struct {
		faults mock.Faults
		why    string
	}{
		"the node does not answer": {mock.Faults{Unreachable: 1 << 30}, "chain: "},
		"its headers are none":     {mock.Faults{Truncated: true}, "chain: "},
		"its chain has ended":      {mock.Faults{Behind: 4}, "before what was final"},
	} {
		t.Run(name, func(t *testing.T) {
			chain := mock.New(mock.Options{})
			own := mock.NewCoin(chain)
			g := funded(t, chain, own)
			v := g.Validators[0]
			own.SetFaults(c.faults)
			before := signs(v)
			address := burn(t, g, 1, 300)
			require.Equal(t, before, signs(v))
			require.Contains(t, trouble(t, v, "signing"), "signing waits: ")
			require.Contains(t, trouble(t, v, "signing"), c.why)
			// What does not follow from the chain is signed all the same.
			g.Append(processor.CosignBlock{Number: 7})
			require.NoError(t, g.Run(t.Context()))
			require.Len(t, told[processor.CosignedBlock](v), 1)
			require.Empty(t, told[processor.Completed](v))

			own.SetFaults(mock.Faults{})
			require.NoError(t, g.Run(t.Context()))
			require.Empty(t, trouble(t, v, "signing"))
			require.Len(t, told[processor.Completed](v), 1)
			mine(t, g, 3)
			received, err := chain.Received(t.Context(), address)
			require.NoError(t, err)
			require.NotZero(t, received)
		})
	}
}

// A validator whose node is behind what others have signed is silent about
// what it knows, until it has caught up.
func TestNothingIsSignedWhileTheLogIsAhead(t *testing.T) {
	chain := mock.New(mock.Options{})
	slow := mock.NewCoin(chain)
	g := readyWith(t, chain, 3, slow, chain.Coin(), chain.Coin(), chain.Coin())
	deposit(t, g, 1000)
	mine(t, g, 3)
	v := g.Validators[0]
	// The others sign a batch that is about what it has not seen.
	deposit(t, g, 500)
	next := g.Acknowledged
	for behind := uint64(1); g.Signed[next].Digest == [32]byte{}; behind++ {
		slow.SetFaults(mock.Faults{Behind: behind})
		require.NoError(t, chain.Mine(t.Context(), 1))
		require.NoError(t, g.Run(t.Context()))
	}
	g.Validators[3].Offline = true
	address := owe(t, g, 1, 300)
	require.NoError(t, g.Acknowledge(nil, nil))
	before := signs(v)
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, before, signs(v))
	require.Contains(t, trouble(t, v, "signing"), "not scanned here")

	slow.SetFaults(mock.Faults{})
	require.NoError(t, g.Run(t.Context()))
	require.Greater(t, signs(v), before)
	mine(t, g, 3)
	received, err := chain.Received(t.Context(), address)
	require.NoError(t, err)
	require.NotZero(t, received)
	require.Empty(t, trouble(t, v, "signing"))
}

// Two nodes on different chains: nothing is decided or signed until they agree,
// and it is told once.
func TestADisagreementStopsSigning(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 12))
	other := &liar{Coin: chain.Coin(), lie: forks(t, chain, 5)}
	g := funded(t, chain, around(t, other, chain.Coin()))
	v := g.Validators[0]
	other.lies = -1
	before := signs(v)
	for id := range byte(5) {
		burn(t, g, id+1, 50)
	}
	require.NoError(t, chain.Mine(t.Context(), 1))
	require.NoError(t, g.Run(t.Context()))
	require.Nil(t, v.Halted)
	require.Equal(t, before, signs(v))
	require.Contains(t, trouble(t, v, "chain"), "nodes disagree")
	require.Contains(t, trouble(t, v, "signing"), "nodes disagree")
	require.Len(t, disagreements(v), 1, "once")
	require.Contains(t, disagreements(v)[0], "liar has ")
	require.Contains(t, disagreements(v)[0], "honest 1 has ")
	status, err := v.Processor.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, coin.NodeDisagrees, status.Nodes[0].State)
	require.Equal(t, coin.NodeDisagrees, status.Nodes[1].State)

	other.lies = 0
	mine(t, g, 3)
	require.Greater(t, signs(v), before)
	require.Empty(t, trouble(t, v, "signing"))
	require.Len(t, disagreements(v), 1)
	require.Len(t, told[processor.PaymentSettled](v), 5)

	// The next one is told again.
	other.lies = -1
	require.NoError(t, chain.Mine(t.Context(), 1))
	require.NoError(t, g.Run(t.Context()))
	require.Len(t, disagreements(v), 2)
}

// Nor does a validator that cannot see keep the others: three of four go on.
func TestAMinorityThatDoesNotSeeKeepsNobody(t *testing.T) {
	chain := mock.New(mock.Options{})
	own := mock.NewCoin(chain)
	g := readyWith(t, chain, 3, own, chain.Coin(), chain.Coin(), chain.Coin())
	own.SetFaults(mock.Faults{Unreachable: 1 << 30})
	deposit(t, g, 1000)
	mine(t, g, 3)
	address := burn(t, g, 1, 300)
	mine(t, g, 4)
	received, err := chain.Received(t.Context(), address)
	require.NoError(t, err)
	require.NotZero(t, received)
	own.SetFaults(mock.Faults{})
	mine(t, g, 1)
	_, err = g.Digests(t.Context())
	require.NoError(t, err)
}

// sleepy is a coin whose node takes its time for the tip.
type sleepy struct {
	coin.Coin
	mu    sync.Mutex
	takes time.Duration
}

func (s *sleepy) sleeps(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes = d
}

// Tip implements coin.Reader.
func (s *sleepy) Tip(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	takes := s.takes
	s.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return s.Coin.Tip(ctx)
}

// A node that neither answers nor fails is one that is not seen.
func TestNothingIsSignedWhileTheNodeHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := mock.New(mock.Options{})
		g := funded(t, chain, chain.Coin())
		own := &sleepy{Coin: chain.Coin()}
		p, err := processor.New(config(own, g.Validators[0].Store))
		require.NoError(t, err)
		ctx, done := context.WithCancel(t.Context())
		defer done()
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		sent := make(chan struct{}, 100)
		go func() {
			for e := range p.Events() {
				if _, ok := e.Body.(processor.Broadcast); ok {
					sent <- struct{}{}
				}
				if err := p.Ack(e.ID); err != nil {
					t.Error(err)
				}
			}
		}()
		next := uint64(len(g.Log))
		owed := func(id byte) {
			owe(t, g, id, 50)
			require.NoError(t, p.Handle(ctx, next, g.Log[next]))
			next++
			synctest.Wait()
		}
		time.Sleep(time.Second)
		owed(1)
		require.Len(t, sent, 1)
		own.sleeps(time.Hour)
		time.Sleep(30 * time.Second)
		owed(2)
		require.Len(t, sent, 2, "it may yet answer")
		time.Sleep(time.Minute)
		owed(3)
		time.Sleep(10 * time.Minute)
		require.Len(t, sent, 2)
		status, err := p.Status(ctx)
		require.NoError(t, err)
		require.Contains(t, status.Troubles["signing"], "not looked at for 1m0s")
		own.sleeps(0)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, sent, 3)
		done()
		require.NoError(t, <-ended)
	})
}

// With two nodes, one may stop at any time.
func TestSigningGoesOnWithOneOfTwoNodes(t *testing.T) {
	chain := mock.New(mock.Options{})
	first, second := mock.NewCoin(chain), mock.NewCoin(chain)
	own, err := nodes.New(nodes.Node{Name: "first", Coin: first}, nodes.Node{Name: "second", Coin: second})
	require.NoError(t, err)
	g := readyWith(t, chain, 1, own)
	first.SetFaults(mock.Faults{Unreachable: 1 << 30})
	requireJob(t, g)
}

// However often the nodes are asked meanwhile.
func TestADisagreementIsToldOnce(t *testing.T) {
	chain := mock.New(mock.Options{})
	require.NoError(t, chain.Mine(t.Context(), 12))
	other := &liar{Coin: chain.Coin(), lie: forks(t, chain, 5)}
	g := funded(t, chain, around(t, other, chain.Coin()))
	other.lies = -1
	p := g.Validators[0].Processor
	for range 5 {
		_, err := p.Step(t.Context())
		require.NoError(t, err)
	}
	events, err := p.Pending(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Contains(t, events[0].Body.(processor.Condition).Text, "nodes disagree")
}
