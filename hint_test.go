package processor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/signer"
)

// One that has the plan and not the others' messages gets the transaction by a
// hint, and publishes it where the others cannot.
func TestAHintOfACompletedPlan(t *testing.T) {
	chain := mock.New(mock.Options{})
	own := mock.NewCoin(chain)
	g := readyWith(t, chain, 3, own, chain.Coin(), chain.Coin(), chain.Coin())
	deposit(t, g, 1000)
	mine(t, g, 3)
	v := g.Validators[0]
	address := owe(t, g, 1, 300)
	_, err := g.Step(t.Context(), 0) // reads the burn and commits
	require.NoError(t, err)
	v.Offline = true
	require.NoError(t, g.Run(t.Context()))
	completed := told[processor.Completed](g.Validators[1])
	require.Len(t, completed, 1)
	before := signs(v)

	p := v.Processor
	lie := completed[0]
	lie.Transaction[0] ^= 1
	require.ErrorIs(t, p.Hint(t.Context(), lie), coin.ErrNotFound)
	require.ErrorIs(t, p.Hint(t.Context(), processor.Completed{SignID: signer.BatchID(0, 1)}), signer.ErrNotAwaited)
	own.SetFaults(mock.Faults{Unreachable: 1})
	require.ErrorIs(t, p.Hint(t.Context(), completed[0]), coin.ErrTransient)
	own.SetFaults(mock.Faults{})
	other := told[processor.Completed](v)
	require.Empty(t, other)
	require.NoError(t, p.Hint(t.Context(), completed[0]))
	require.ErrorIs(t, p.Hint(t.Context(), completed[0]), signer.ErrSigned)

	v.Offline = false
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, completed, told[processor.Completed](v), "once, whatever the log says then")
	require.Equal(t, before, signs(v), "no share is given")
	status, err := p.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, status.Pending.Plans, "it is open until it settles")
	mine(t, g, 4)
	requireReceived(t, g, address, true)
	_, err = g.Digests(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, p.Hint(t.Context(), completed[0]), signer.ErrNotAwaited)
}

// deposits are transactions, and of no plan.
func TestAHintOfAnotherTransaction(t *testing.T) {
	g := governed(t, 1, limit)
	v := g.Validators[0]
	burn(t, g, 1, 300)
	plan, ok, err := v.Processor.Plan(t.Context(), refused(t, v)[0].Plan)
	require.NoError(t, err)
	require.True(t, ok)
	hint := processor.Completed{
		SignID: signer.PlanID(0, refused(t, v)[0].Plan), Transaction: plan.Inputs[0].ID.Transaction,
	}
	require.ErrorIs(t, v.Processor.Hint(t.Context(), hint), signer.ErrOther)
	require.NoError(t, g.Run(t.Context()))
	require.Empty(t, told[processor.Completed](v))
}

func TestAHaltedProcessorTakesNoHints(t *testing.T) {
	chain := mock.New(mock.Options{})
	g := readyWith(t, chain, 1, contrary{chain.Coin()})
	deposit(t, g, 1000)
	mine(t, g, 3)
	burn(t, g, 1, 300)
	v := g.Validators[0]
	require.NotNil(t, v.Halted)
	var halt *processor.Halt
	require.ErrorAs(t, v.Processor.Hint(t.Context(), processor.Completed{}), &halt)
	require.Equal(t, v.Halted, halt)
}
