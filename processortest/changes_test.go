package processortest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
)

func playLines(t *testing.T, p *processortest.Player, text string) {
	s, err := processortest.ParseScenario(text + "\n----\n")
	require.NoError(t, err)
	_, err = p.Play(t.Context(), s)
	require.NoError(t, err)
}

// The chain changes twice, the second time from further down. One validator's node
// shows only the second change. Whichever rewind is ordered, everybody goes on.
func TestValidatorsWhoSawDifferentChangesOfTheChainAllGoOn(t *testing.T) {
	for _, test := range []struct {
		name  string
		by    []int // who says what to rewind
		forks []uint64
	}{
		{"the first change first", []int{0, 0}, []uint64{6, 4}},
		{"both at once", []int{3}, []uint64{4}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := t.Context()
			p := &processortest.Player{NewChain: newMock}
			playLines(t, p, `validators
keygen
confirm
ack
deposit 1000 data=x
mine 8 ack
offline 3
fork 3 drop
fork 6 drop
online 3`)
			for i, fork := range []uint64{6, 6, 6, 4} {
				require.Equal(t, fork, p.Validators[i].Halted.Changed.Fork, "validator %d", i)
			}
			for i, by := range test.by {
				report, err := p.Validators[by].Processor.PlanRewind(ctx)
				require.NoError(t, err)
				require.Equal(t, test.forks[i], report.Entry.Fork)
				p.Rewind(report)
				require.NoError(t, p.Run(ctx))
			}
			mineOn(t, p)
		})
	}
}

// mineOn makes some blocks. Nobody may be halted then.
func mineOn(t *testing.T, p *processortest.Player) {
	for range 6 {
		require.NoError(t, p.Chain.Mine(t.Context(), 1))
		require.NoError(t, p.AcknowledgeAll(t.Context()))
	}
	for i, v := range p.Validators {
		require.Nil(t, v.Halted, "validator %d: %v", i, v.Halted)
	}
	_, err := p.Digests(t.Context())
	require.NoError(t, err)
}

// One validator's node shows a chain that no other sees, long enough for a final
// block to change, and comes back.
func TestAValidatorWhoseNodeLeavesTheChainAndComesBackGoesOn(t *testing.T) {
	ctx := t.Context()
	p := &processortest.Player{NewChain: newMock}
	playLines(t, p, `validators
keygen
confirm
ack
deposit 1000 data=x
mine 8 ack
offline 0 1 2`)
	chain := p.Chain.(*mock.Chain)
	kept := chain.Clone()
	require.NoError(t, chain.Fork(ctx, 3, false))
	require.NoError(t, p.Run(ctx))
	require.NotNil(t, p.Validators[3].Halted)
	require.NotNil(t, p.Validators[3].Halted.Changed)

	// The chain that the others saw all the time is the longer one again.
	require.NoError(t, kept.Mine(ctx, 3))
	for _, raw := range kept.Blocks(0) {
		require.NoError(t, chain.AddBlock(raw))
	}
	for _, v := range p.Validators {
		v.Offline = false
	}
	mineOn(t, p)
}

// The chain leaves its final blocks, a rewind is ordered, and the chain comes back. A
// validator whose node never left cannot see why: it reads the archive of the others.
func TestTheChainComesBackBehindARewind(t *testing.T) {
	ctx := t.Context()
	p := &processortest.Player{NewChain: newMock}
	playLines(t, p, `validators
keygen
confirm
ack
deposit 1000 data=x
mine 8 ack
burn alice=300
mine 1
offline 3`)
	chain := p.Chain.(*mock.Chain)
	kept := chain.Clone()
	require.NoError(t, chain.Fork(ctx, 4, false))
	require.NoError(t, p.Run(ctx))
	report, err := p.PlanRewind(ctx)
	require.NoError(t, err)
	p.Rewind(report)

	require.NoError(t, kept.Mine(ctx, 5))
	for _, raw := range kept.Blocks(0) {
		require.NoError(t, chain.AddBlock(raw))
	}
	require.NoError(t, p.Run(ctx))
	if report, err = p.PlanRewind(ctx); err == nil {
		p.Rewind(report)
	}
	p.Validators[3].Offline = false
	require.NoError(t, p.Run(ctx))
	p.Imported, err = p.Archives(ctx)
	require.NoError(t, err)
	require.NoError(t, p.Start(3, p.Validators[3].Store.Clone()))
	mineOn(t, p)
}
