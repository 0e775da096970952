package processor_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/signer"
)

type policy = func(context.Context, processor.Proposal) error

// governed is a group of validators that have policies, with money.
func governed(t *testing.T, threshold uint16, policies ...policy) *processortest.Group {
	t.Helper()
	g, err := processortest.New(processortest.Options{
		Chain: mock.New(mock.Options{}), Weights: slices.Repeat([]uint16{1}, len(policies)), Threshold: threshold,
		Policy: func(i int) policy { return policies[i] },
	})
	require.NoError(t, err)
	start(t, g)
	deposit(t, g, 1000)
	mine(t, g, 3)
	return g
}

func refused(t *testing.T, v *processortest.Validator) []signer.Refusal {
	t.Helper()
	status, err := v.Processor.Status(t.Context())
	require.NoError(t, err)
	return status.Refused
}

// refusals are the conditions that a validator told of plans that it refuses.
func refusals(v *processortest.Validator) (list []processor.Condition) {
	for _, c := range told[processor.Condition](v) {
		if c.Subject != [32]byte{} {
			list = append(list, c)
		}
	}
	return list
}

func limit(context.Context, processor.Proposal) error { return errors.New("above my limit") }

func requireReceived(t *testing.T, g *processortest.Group, address coin.Address, some bool) {
	t.Helper()
	received, err := g.Chain.Received(t.Context(), address)
	require.NoError(t, err)
	require.Equal(t, some, received > 0)
}

func TestAPolicySeesExactlyWhatIsPaid(t *testing.T) {
	var seen []processor.Proposal
	g := governed(t, 1, func(_ context.Context, p processor.Proposal) error {
		seen = append(seen, p)
		return nil
	})
	address := burn(t, g, 1, 300)
	require.Len(t, seen, 1)
	require.Equal(t, signer.PlanID(0, seen[0].Plan.ID(g.Chain.Coin().Genesis())), seen[0].SignID)
	change, err := g.Chain.Coin().Address(g.Key(0).NetworkKey, coin.Change)
	require.NoError(t, err)
	mine(t, g, 3)
	received, err := g.Chain.Received(t.Context(), address)
	require.NoError(t, err)
	x := seen[0].Transaction
	var in uint64
	for i, input := range seen[0].Plan.Inputs {
		require.Equal(t, x.Inputs[i], input.ID)
		in += input.Amount
	}
	require.Equal(t, coin.PaidOutput{Address: address, Amount: received}, x.Outputs[0])
	for _, o := range x.Outputs[1:] {
		require.Equal(t, change, o.Address)
		in -= o.Amount
	}
	require.Equal(t, in-received, x.Fee)
	require.Len(t, seen, 1, "asked once")
}

func TestOneOfFourRefusesAndPaymentsGoOn(t *testing.T) {
	g := governed(t, 3, nil, nil, nil, limit)
	v := g.Validators[3]
	before := signs(v)
	published := 0
	g.Validators[0].Offline = true // only three are there: nothing is signed
	address := burn(t, g, 1, 300)
	plan := told[processor.PaymentPlanned](v)[0].Plan
	require.Equal(t, []signer.Refusal{{Plan: plan, Reason: "above my limit"}}, refused(t, v))
	require.Equal(t, []processor.Condition{{Subject: plan, Text: "the policy refuses the plan: above my limit"}}, refusals(v))
	x, err := v.Processor.Explain(t.Context(), processor.AboutPlan(plan))
	require.NoError(t, err)
	require.Equal(t, processor.Wait{Kind: processor.WaitPolicy, Text: "this validator's policy refuses it: above my limit"}, x.Waits[0])
	mine(t, g, 2)
	require.Len(t, refusals(v), 1, "told once")
	requireReceived(t, g, address, false)

	g.Validators[0].Offline = false
	g.OnEvent = func(i int, e processor.EventBody) {
		if _, ok := e.(processor.Completed); ok && i == 3 {
			published++
		}
	}
	mine(t, g, 4)
	requireReceived(t, g, address, true)
	require.Equal(t, 1, published, "it has what the others signed")
	require.Empty(t, refused(t, v))
	require.Empty(t, told[processor.InvalidParticipant](g.Validators[0]))
	_, err = g.Digests(t.Context())
	require.NoError(t, err)
	require.Greater(t, signs(v), before, "batches it signs")
}

func TestAPolicyDelaysUntilALaterBlock(t *testing.T) {
	var seen int
	g := governed(t, 2, nil, func(context.Context, processor.Proposal) error {
		if seen++; seen < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	address := burn(t, g, 1, 300)
	require.Equal(t, 1, seen)
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, 1, seen, "once for every tip")
	mine(t, g, 1)
	require.Equal(t, 2, seen)
	require.Empty(t, told[processor.Completed](g.Validators[0]))
	mine(t, g, 1)
	require.Equal(t, 3, seen)
	require.Len(t, told[processor.Completed](g.Validators[0]), 1)
	require.Empty(t, refused(t, g.Validators[1]))
	mine(t, g, 3)
	requireReceived(t, g, address, true)
	require.Len(t, refusals(g.Validators[1]), 1)
}

func TestARestartKeepsRefusing(t *testing.T) {
	asked := 0
	g := governed(t, 1, func(context.Context, processor.Proposal) error { asked++; return errors.New("never") })
	v := g.Validators[0]
	address := burn(t, g, 1, 300)
	plan := told[processor.PaymentPlanned](v)[0].Plan
	for range 2 {
		require.NoError(t, g.Start(0, v.Store))
		require.Equal(t, []signer.Refusal{{Plan: plan, Reason: "never"}}, refused(t, v), "before it is asked")
		was := asked
		require.NoError(t, g.Run(t.Context()))
		require.Equal(t, was+1, asked)
	}
	mine(t, g, 4)
	requireReceived(t, g, address, false)
	require.Len(t, refusals(v), 1)
	// Without the policy it is signed.
	g.Policy = nil
	require.NoError(t, g.Start(0, v.Store))
	require.Empty(t, refused(t, v))
	mine(t, g, 4)
	requireReceived(t, g, address, true)
}

// A validator that does not see does not ask: what it would ask about may be void.
func TestAPolicyIsNotAskedWhileTheChainIsNotSeen(t *testing.T) {
	chain := mock.New(mock.Options{})
	own := mock.NewCoin(chain)
	asked := 0
	g, err := processortest.New(processortest.Options{
		Chain: chain, Weights: []uint16{1}, Threshold: 1, Coin: func(int) coin.Coin { return own },
		Policy: func(int) policy { return func(context.Context, processor.Proposal) error { asked++; return nil } },
	})
	require.NoError(t, err)
	start(t, g)
	deposit(t, g, 1000)
	mine(t, g, 3)
	own.SetFaults(mock.Faults{Unreachable: 1 << 30})
	burn(t, g, 1, 300)
	require.Zero(t, asked)
	own.SetFaults(mock.Faults{})
	require.NoError(t, g.Run(t.Context()))
	require.Equal(t, 1, asked)
}

// A policy that does not return keeps plans, and neither the log nor what else is
// to be signed, and ends with Run.
func TestASlowPolicyKeepsNothingElse(t *testing.T) {
	g := governed(t, 1, policy(nil))
	thinks := make(chan struct{})
	c := config(g.Chain.Coin(), g.Validators[0].Store)
	c.Policy = func(ctx context.Context, _ processor.Proposal) error {
		close(thinks)
		<-ctx.Done()
		return ctx.Err()
	}
	p, err := processor.New(c)
	require.NoError(t, err)
	ctx, done := context.WithCancel(t.Context())
	defer done()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	next := uint64(len(g.Log))
	owe(t, g, 1, 300)
	require.NoError(t, p.Handle(ctx, next, g.Log[next]))
	<-thinks
	cosign := processor.CosignBlock{Number: 7}
	require.NoError(t, p.Handle(ctx, next+1, cosign))
	position := next + 2
	for e := range p.Events() {
		require.NoError(t, p.Ack(e.ID))
		switch body := e.Body.(type) {
		case processor.Broadcast:
			m := processor.PeerMessage{Session: body.Session, Payload: body.Payload}
			require.NoError(t, p.Handle(ctx, position, m))
			position++
		case processor.CosignedBlock:
			require.NoError(t, batch.Cosign{Number: 7}.Verify(g.Domain(0), g.Key(0).BatchKey[:], body.Signature[:]))
			done()
		case processor.Completed:
			t.Error("signed before the policy has spoken")
		}
	}
	require.NoError(t, <-ended)
}

// contrary is a coin that reads something else than it prepared.
type contrary struct{ coin.Coin }

// Read implements coin.Spender.
func (c contrary) Read(plan coin.Plan, prepared []byte) (coin.UnsignedTransaction, error) {
	u, err := c.Coin.Read(plan, prepared)
	if err == nil && len(plan.Payments) > 0 {
		u.Outputs[0].Address = u.Outputs[1].Address
	}
	return u, err
}

func TestATransactionThatPaysSomebodyElseHalts(t *testing.T) {
	chain := mock.New(mock.Options{})
	g := readyWith(t, chain, 1, contrary{chain.Coin()})
	deposit(t, g, 1000)
	mine(t, g, 3)
	before := signs(g.Validators[0])
	burn(t, g, 1, 300)
	halt := g.Validators[0].Halted
	require.NotNil(t, halt)
	require.Equal(t, processor.BrokenInvariant, halt.Cause)
	require.Contains(t, halt.Reason, "outputs are not the plan's")
	require.Equal(t, before, signs(g.Validators[0]))
}
