package processortest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
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
// shows the first change, the other's only the second.
func TestValidatorsWhoSawDifferentChangesOfTheChainAllGoOn(t *testing.T) {
	ctx := context.Background()
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
	var forks []uint64
	reports := make(map[uint64]*processor.RewindReport)
	for i, v := range p.Validators {
		require.NotNil(t, v.Halted, "validator %d", i)
		require.NotNil(t, v.Halted.Changed)
		report, err := v.Processor.PlanRewind(ctx)
		require.NoError(t, err)
		forks = append(forks, report.Entry.Fork)
		reports[report.Entry.Fork] = report
	}
	require.Equal(t, []uint64{6, 6, 6, 4}, forks)
	for _, fork := range []uint64{6, 4} {
		t.Logf("rewind to %d", fork)
		report, err := p.Validators[0].Processor.PlanRewind(ctx)
		require.NoError(t, err)
		p.Rewind(report)
		require.NoError(t, p.Run(ctx))
		for i, v := range p.Validators {
			if v.Halted != nil {
				require.NotEqual(t, processor.BrokenInvariant, v.Halted.Cause, "validator %d: %v", i, v.Halted)
				require.NotNil(t, v.Halted.Changed, "validator %d: %v", i, v.Halted)
			}
		}
	}
	for range 6 {
		require.NoError(t, p.Chain.Mine(ctx, 1))
		require.NoError(t, p.AcknowledgeAll(ctx))
	}
	for i, v := range p.Validators {
		require.Nil(t, v.Halted, "validator %d: %v", i, v.Halted)
	}
	_, err := p.Digests(ctx)
	require.NoError(t, err)
}

// One validator's node shows a chain that no other sees, long enough for a final
// block to change, and comes back.
func TestAValidatorWhoseNodeLeavesTheChainAndComesBackGoesOn(t *testing.T) {
	ctx := context.Background()
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
	for range 6 {
		require.NoError(t, p.Chain.Mine(ctx, 1))
		require.NoError(t, p.AcknowledgeAll(ctx))
	}
	for i, v := range p.Validators {
		require.Nil(t, v.Halted, "validator %d: %v", i, v.Halted)
	}
	_, err := p.Digests(ctx)
	require.NoError(t, err)
}
