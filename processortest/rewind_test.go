package processortest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
)

// switched is a coin whose node can be replaced.
type switched struct{ coin.Coin }

// split is a group of which validator 3 has a node of its own choice.
type split struct {
	*processortest.Group
	t     *testing.T
	chain *mock.Chain
	node  *switched
}

func newSplit(t *testing.T) *split { return newSplitOf(t, mock.Options{}) }

func newSplitOf(t *testing.T, options mock.Options) *split {
	chain := mock.New(options)
	s := &split{t: t, chain: chain, node: &switched{chain.Coin()}}
	var err error
	s.Group, err = processortest.New(processortest.Options{
		Chain: chain, Weights: []uint16{1, 1, 1, 1}, Threshold: 3,
		Coin: func(i int) coin.Coin {
			if i == 3 {
				return s.node
			}
			return chain.Coin()
		},
	})
	require.NoError(t, err)
	s.GenerateKey(0, 0, 4)
	s.run()
	require.NoError(t, s.ConfirmKey(t.Context(), 0))
	s.mine(2)
	return s
}

func (s *split) run() { require.NoError(s.t, s.AcknowledgeAll(s.t.Context())) }

func (s *split) mine(n int) {
	for range n {
		require.NoError(s.t, s.chain.Mine(s.t.Context(), 1))
		s.run()
	}
}

func (s *split) deposit(amount uint64) {
	address, err := s.chain.Coin().Address(s.Key(0).NetworkKey, coin.External)
	require.NoError(s.t, err)
	_, err = s.chain.Pay(s.t.Context(), cointest.Deposit{To: []cointest.Target{{Address: address, Amount: amount}}, Data: []byte("data")})
	require.NoError(s.t, err)
}

func (s *split) status(i int) processor.Status {
	status, err := s.Validators[i].Processor.Status(s.t.Context())
	require.NoError(s.t, err)
	return status
}

// order orders a rewind.
func (s *split) order() {
	report, err := s.PlanRewind(s.t.Context())
	require.NoError(s.t, err)
	s.Rewind(report)
	s.run()
}

// A validator whose node is on the old chain still when the rewind is in its log
// waits until it sees the change.
func TestTheChangeIsSeenAfterTheRewind(t *testing.T) {
	s := newSplit(t)
	s.deposit(1000)
	s.mine(4)
	s.node.Coin = s.chain.Clone().Coin()
	require.NoError(t, s.chain.Fork(t.Context(), 4, false))
	s.run()
	require.NotNil(t, s.Validators[0].Halted.Changed)
	s.order()
	s.mine(4)
	require.Nil(t, s.Validators[0].Halted)
	require.Nil(t, s.Validators[3].Halted)
	require.Less(t, s.status(3).Read, s.status(0).Read, "it waits")

	s.node.Coin = s.chain.Coin()
	s.mine(2)
	require.Nil(t, s.Validators[3].Halted)
	require.Equal(t, s.status(0).Frontier, s.status(3).Frontier)
	_, err := s.Digests(t.Context())
	require.NoError(t, err)
	require.Equal(t, s.status(0).Ledger.Credited, s.status(0).Ledger.Assets.Sub(4))
}

// A validator whose node was behind has not indexed all that is void, and needs
// not see any change.
func TestTheChangeIsNeverSeen(t *testing.T) {
	for name, early := range map[string]bool{"behind the rewind": false, "before it": true} {
		t.Run(name, func(t *testing.T) {
			s := newSplit(t)
			s.deposit(1000)
			s.mine(3)
			s.node.Coin = s.chain.Clone().Coin()
			s.deposit(500)
			require.NoError(t, s.chain.Mine(t.Context(), 2))
			require.NoError(t, s.Run(t.Context()))
			require.NoError(t, s.chain.Fork(t.Context(), 2, false))
			require.NoError(t, s.Run(t.Context()))
			require.NotNil(t, s.Validators[0].Halted.Changed)
			if early {
				// What it reports is not what the others have signed.
				s.node.Coin = s.chain.Coin()
				require.NoError(t, s.chain.Mine(t.Context(), 2))
				require.NoError(t, s.Run(t.Context()))
				require.Equal(t, processor.OtherBatch, s.Validators[3].Halted.Cause)
			}
			s.order()
			require.Nil(t, s.Validators[3].Halted)
			s.node.Coin = s.chain.Coin()
			s.mine(4)
			require.Equal(t, s.status(0).Frontier, s.status(3).Frontier)
			_, err := s.Digests(t.Context())
			require.NoError(t, err)
		})
	}
}

// A node that goes on with the old chain behind the rewind is not believed.
func TestANodeOnTheOldChainBehindTheRewind(t *testing.T) {
	s := newSplit(t)
	s.deposit(1000)
	s.mine(4)
	old := s.chain.Clone()
	require.NoError(t, s.chain.Fork(t.Context(), 4, false))
	s.run()
	s.node.Coin = old.Coin()
	require.NoError(t, old.Mine(t.Context(), 8))
	s.order()
	require.Nil(t, s.Validators[3].Halted)
	require.NotEmpty(t, s.status(3).Troubles["chain"])
	s.mine(4)
	require.Less(t, s.status(3).Frontier.Scan, s.status(0).Frontier.Scan)
	s.node.Coin = s.chain.Coin()
	s.mine(2)
	require.Equal(t, s.status(0).Frontier, s.status(3).Frontier)
	_, err := s.Digests(t.Context())
	require.NoError(t, err)
}

// A node that has left the others' chain further down than the rewind goes keeps its
// validator halted, until it comes back.
func TestAnotherForkThanTheRewinds(t *testing.T) {
	s := newSplit(t)
	s.mine(6)
	other := s.chain.Clone()
	require.NoError(t, other.Fork(t.Context(), 5, false))
	require.NoError(t, s.chain.Fork(t.Context(), 4, false))
	s.node.Coin = other.Coin()
	s.run()
	below := s.Validators[3].Halted.Changed.Fork
	require.Less(t, below, s.Validators[0].Halted.Changed.Fork)
	report, err := s.Validators[0].Processor.PlanRewind(t.Context())
	require.NoError(t, err)
	s.Rewind(report)
	s.run()
	require.Nil(t, s.Validators[0].Halted)
	require.Equal(t, processor.ChainChanged, s.Validators[3].Halted.Cause)
	require.Equal(t, below, s.Validators[3].Halted.Changed.Fork)
	s.mine(1)
	require.Equal(t, processor.ChainChanged, s.status(3).Halted.Cause)
	s.node.Coin = s.chain.Coin()
	s.run()
	require.Nil(t, s.Validators[3].Halted)
	_, err = s.Digests(t.Context())
	require.NoError(t, err)
}

// A rewind from further down than the change that a node shows waits until the node
// shows that one.
func TestARewindFromFurtherDownWaitsForTheNode(t *testing.T) {
	s := newSplit(t)
	s.mine(6)
	other := s.chain.Clone()
	require.NoError(t, other.Fork(t.Context(), 4, false))
	require.NoError(t, s.chain.Fork(t.Context(), 5, false))
	s.node.Coin = other.Coin()
	s.run()
	before := s.Validators[3].Halted.Changed.Fork
	report, err := s.Validators[0].Processor.PlanRewind(t.Context())
	require.NoError(t, err)
	require.Less(t, report.Entry.Fork, before)
	s.Rewind(report)
	s.run()
	require.Nil(t, s.Validators[0].Halted)
	require.Equal(t, processor.ChainChanged, s.Validators[3].Halted.Cause)
	require.Equal(t, before, s.Validators[3].Halted.Changed.Fork)
	s.node.Coin = s.chain.Coin()
	s.run()
	require.Nil(t, s.Validators[3].Halted)
	_, err = s.Digests(t.Context())
	require.NoError(t, err)
}

func TestPlanRewindChangesNothing(t *testing.T) {
	s := newSplit(t)
	s.deposit(1000)
	s.mine(4)
	_, err := s.Validators[0].Processor.PlanRewind(t.Context())
	require.ErrorIs(t, err, processor.ErrNotChanged)
	require.NoError(t, s.chain.Fork(t.Context(), 4, true))
	s.run()
	before := s.status(0)
	for range 2 {
		report, err := s.Validators[0].Processor.PlanRewind(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, report.Entry.Number)
		require.Len(t, report.Credits, 1)
		require.Equal(t, before.Frontier.Acknowledged+mock.DefaultParameters.BatchesAhead, report.Next)
	}
	require.Equal(t, before, s.status(0))
}

// A processor that has halted ends its Run. With the rewind in its log, another
// one over the same database goes on.
func TestRunGoesOnWithTheRewind(t *testing.T) {
	s := newSplit(t)
	s.deposit(1000)
	s.mine(4)
	require.NoError(t, s.chain.Fork(t.Context(), 4, false))
	s.run()
	v := s.Validators[0]
	report, err := v.Processor.PlanRewind(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Start(0, v.Store.Clone()))
	err = run(t, v.Processor, func() bool { return false })
	halt, ok := is[*processor.Halt](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, report.Entry.Fork, halt.Changed.Fork)

	require.NoError(t, v.Processor.Handle(t.Context(), s.status(0).Next, report.Entry))
	require.NoError(t, s.Start(0, v.Store.Clone()))
	require.NoError(t, run(t, v.Processor, func() bool { return s.status(0).Frontier.Acknowledged == report.Next }))
	require.Nil(t, s.status(0).Halted)
}

// run runs a processor until it ends or something is so.
func run(t *testing.T, p *processor.Processor, until func() bool) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // on a busy machine
	defer cancel()
	go func() {
		for e := range p.Events() {
			if err := p.Ack(e.ID); err != nil {
				cancel()
			}
		}
	}()
	go func() {
		for ctx.Err() == nil {
			if until() {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	err := p.Run(ctx)
	if err == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return err
}
