package processor_test

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
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/storage"
)

// telling is a scheduler that tells of payments and outputs what the test says.
type telling struct {
	scheduler.Scheduler
	payments map[coin.PaymentID]scheduler.PaymentState
	outputs  map[coin.OutputID]scheduler.OutputState
}

func (s telling) Payment(_ storage.Reader, id coin.PaymentID) (scheduler.PaymentState, error) {
	return s.payments[id], nil
}

func (s telling) Output(_ storage.Reader, id coin.OutputID) (scheduler.OutputState, error) {
	return s.outputs[id], nil
}

// explained is a group whose scheduler tells: of payments what was told by events.
type explained struct {
	*processortest.Group
	t    *testing.T
	told telling
}

func newExplained(t *testing.T) *explained {
	x := &explained{t: t, told: telling{
		payments: make(map[coin.PaymentID]scheduler.PaymentState), outputs: make(map[coin.OutputID]scheduler.OutputState),
	}}
	var err error
	x.Group, err = processortest.New(processortest.Options{
		Chain: mock.New(mock.Options{}), Weights: []uint16{1, 1, 1, 1}, Threshold: 3,
		Scheduler: func(c scheduler.Config) scheduler.Scheduler {
			told := x.told
			told.Scheduler = scheduler.New(c)
			return told
		},
	})
	require.NoError(t, err)
	start(t, x.Group)
	x.OnEvent = func(_ int, e processor.EventBody) {
		switch e := e.(type) {
		case processor.PaymentPlanned:
			x.told.payments[e.ID] = scheduler.PaymentState{Stage: scheduler.PaymentPlanned, Plan: e.Plan}
		case processor.PaymentSettled:
			s := x.told.payments[e.ID]
			s.Stage, s.Transaction = scheduler.PaymentSettled, e.Transaction
			x.told.payments[e.ID] = s
		}
	}
	return x
}

// only lets so many of the validators run.
func (x *explained) only(n int) {
	for i, v := range x.Validators {
		v.Offline = i >= n
	}
}

func (x *explained) run() { require.NoError(x.t, x.Run(x.t.Context())) }

// block adds a block, and lets validators run.
func (x *explained) block() {
	require.NoError(x.t, x.Chain.Mine(x.t.Context(), 1))
	x.run()
}

func (x *explained) acknowledge() {
	require.NoError(x.t, x.Acknowledge(nil, nil))
	x.run()
}

// settle acknowledges all there is.
func (x *explained) settle() { require.NoError(x.t, x.AcknowledgeAll(x.t.Context())) }

// pay pays the key of session 0, and returns the output.
func (x *explained) pay(d cointest.Deposit, amount uint64) coin.OutputID {
	address, err := x.Chain.Coin().Address(x.Key(0).NetworkKey, coin.External)
	require.NoError(x.t, err)
	d.To = []cointest.Target{{Address: address, Amount: amount}}
	id, err := x.Chain.Pay(x.t.Context(), d)
	require.NoError(x.t, err)
	return coin.OutputID{Transaction: id}
}

// find returns which of a transaction's outputs is the deposit, once it is final.
func (x *explained) find(of coin.OutputID) processor.AboutOutput {
	x.t.Helper()
	for ; of.Index < 3; of.Index++ {
		e, err := x.Validators[0].Processor.Explain(x.t.Context(), processor.AboutOutput(of))
		if err == nil && e.Steps[0].Kind == processor.StepSeen {
			return processor.AboutOutput(of)
		}
	}
	require.FailNow(x.t, "not seen")
	return processor.AboutOutput(of)
}

func (x *explained) explain(s processor.Subject) *processor.Explanation {
	x.t.Helper()
	e, err := x.Validators[0].Processor.Explain(x.t.Context(), s)
	require.NoError(x.t, err)
	require.NotEmpty(x.t, e.Steps)
	require.Equal(x.t, s, e.Subject)
	for _, w := range e.Waits {
		require.NotEmpty(x.t, w.Text)
		require.NotEmpty(x.t, w.Kind)
	}
	return e
}

// is requires where something is, and what it waits for first. It returns that.
func (x *explained) is(s processor.Subject, now processor.StepKind, waits ...processor.WaitKind) processor.Wait {
	x.t.Helper()
	e := x.explain(s)
	require.Equal(x.t, now, e.Now(), "%s", e)
	var kinds []processor.WaitKind
	for _, w := range e.Waits {
		kinds = append(kinds, w.Kind)
	}
	require.Equal(x.t, waits, kinds, "%s", e)
	if len(e.Waits) == 0 {
		return processor.Wait{}
	}
	return e.Waits[0]
}

func (x *explained) unknown(s processor.Subject) {
	x.t.Helper()
	_, err := x.Validators[0].Processor.Explain(x.t.Context(), s)
	var unknown *processor.UnknownSubject
	require.ErrorAs(x.t, err, &unknown)
	require.Equal(x.t, s, unknown.Subject)
	require.NotEmpty(x.t, unknown.Reason)
}

func TestTheLifeOfADeposit(t *testing.T) {
	x := newExplained(t)
	id := x.pay(cointest.Deposit{Data: []byte("mint")}, 1000)
	about := processor.AboutOutput(id)
	x.unknown(about)
	x.block()
	w := x.is(about, processor.StepConfirming, processor.WaitConfirmations)
	require.Equal(t, []int{1, 2}, []int{w.Count, w.Of})
	require.Equal(t, "confirming 1 of 2", w.Text)

	// Which of the outputs it is shows once it is final.
	x.only(1)
	x.block()
	about = x.find(id)
	x.is(about, processor.StepReported, processor.WaitCommitments)
	w = x.explain(about).Waits[0]
	require.Equal(t, []uint16{1, 2, 3}, w.Validators)
	require.Equal(t, []int{1, 3}, []int{w.Count, w.Of})
	seen := x.explain(about).Steps
	require.Equal(t, processor.StepSeen, seen[0].Kind)
	require.Equal(t, *seen[0].Block, *seen[1].Block)
	require.Equal(t, x.Acknowledged, *seen[1].Batch)

	x.only(4)
	x.run()
	w = x.is(about, processor.StepSigned, processor.WaitAcknowledgement)
	require.Equal(t, x.Acknowledged, *w.Batch)
	x.acknowledge()
	x.is(about, processor.StepCredited)
	x.told.outputs[coin.OutputID(about)] = scheduler.OutputState{Stage: scheduler.OutputFree}
	x.is(about, processor.StepFree)
	x.told.outputs[coin.OutputID(about)] = scheduler.OutputState{Stage: scheduler.OutputReserved, Plan: coin.PlanID{7}}
	require.Equal(t, coin.PlanID{7}, *x.is(about, processor.StepReserved, processor.WaitPlans).Plan)
	for stage, kind := range map[scheduler.OutputStage]processor.StepKind{
		scheduler.OutputWrittenOff: processor.StepWrittenOff, scheduler.OutputMissing: processor.StepVoid,
		scheduler.OutputToForward: processor.StepPassedOn,
	} {
		x.told.outputs[coin.OutputID(about)] = scheduler.OutputState{Stage: stage}
		require.Equal(t, kind, x.explain(about).Now())
	}
	require.Contains(t, x.explain(about).String(), "credited at block")
	x.unknown(processor.AboutOutput(coin.OutputID{Transaction: coin.TransactionID{9}}))
}

func TestTheLifeOfABatchWithoutItsShares(t *testing.T) {
	x := newExplained(t)
	id := x.pay(cointest.Deposit{Data: []byte("mint")}, 1000)
	// They commit, and then only two answer.
	x.only(0)
	require.NoError(t, x.Chain.Mine(t.Context(), 2))
	for i := range 3 {
		_, err := x.Step(t.Context(), i)
		require.NoError(t, err)
	}
	x.only(2)
	x.run()
	w := x.is(x.find(id), processor.StepReported, processor.WaitShares)
	require.Equal(t, []uint16{2}, w.Validators)
	require.Zero(t, *w.Set)
}

func TestTheLifeOfARefundedDeposit(t *testing.T) {
	x := newExplained(t)
	id := x.pay(cointest.Deposit{}, 1000)
	x.block()
	x.block()
	about := x.find(id)
	x.is(about, processor.StepSeen, processor.WaitSettlement)
	x.only(1)
	x.acknowledge()
	x.is(about, processor.StepPrepared, processor.WaitCommitments)
	var kinds []processor.StepKind
	for _, s := range x.explain(about).Steps {
		kinds = append(kinds, s.Kind)
	}
	require.Equal(t, []processor.StepKind{
		processor.StepSeen, processor.StepRefunded, processor.StepQueued, processor.StepPlanned, processor.StepPrepared,
	}, kinds)
}

func TestTheLifeOfAGift(t *testing.T) {
	x := newExplained(t)
	id := x.pay(cointest.Deposit{Anonymous: true}, 1000)
	x.block()
	x.block()
	x.settle()
	x.is(x.find(id), processor.StepKept)
}

func TestTheLifeOfAPayment(t *testing.T) {
	x := newExplained(t)
	deposit(t, x.Group, 1000)
	mine(t, x.Group, 3)
	about := processor.AboutPayment(coin.PaymentID{1})
	x.unknown(about)
	set := func(s scheduler.PaymentState) { x.told.payments[coin.PaymentID{1}] = s }
	set(scheduler.PaymentState{Stage: scheduler.PaymentQueued, Ahead: 3, Since: 5, Waits: "beyond what is free"})
	w := x.is(about, processor.StepQueued, processor.WaitMeans)
	require.Equal(t, 3, w.Count)
	require.Equal(t, "behind 3 payments: beyond what is free", w.Text)
	require.EqualValues(t, 5, *x.explain(about).Steps[0].Block)
	for lack, kind := range map[scheduler.Lack]processor.WaitKind{
		scheduler.LacksMeans: processor.WaitMeans, scheduler.LacksHold: processor.WaitHold, scheduler.LacksLimit: processor.WaitLimit,
		scheduler.LacksFee: processor.WaitFee, scheduler.LacksDeposit: processor.WaitReturn,
	} {
		set(scheduler.PaymentState{Stage: scheduler.PaymentAside, Lack: lack})
		x.is(about, processor.StepQueued, kind)
	}
	set(scheduler.PaymentState{Stage: scheduler.PaymentInTree, Plan: coin.PlanID{7}})
	require.Equal(t, coin.PlanID{7}, *x.is(about, processor.StepPlanned, processor.WaitBranch).Plan)
	set(scheduler.PaymentState{Stage: scheduler.PaymentDropped})
	x.is(about, processor.StepDropped)
	set(scheduler.PaymentState{Stage: scheduler.PaymentRefused})
	x.is(about, processor.StepRefused)

	// One that is planned goes on with its plan.
	x.only(1)
	burn(t, x.Group, 1, 300)
	x.is(about, processor.StepPrepared, processor.WaitCommitments)
	plan := x.told.payments[coin.PaymentID{1}].Plan
	aboutPlan := processor.AboutPlan(plan)
	w = x.is(aboutPlan, processor.StepPrepared, processor.WaitCommitments)
	require.Equal(t, []uint16{1, 2, 3}, w.Validators)
	require.Equal(t, plan, *x.explain(aboutPlan).Steps[0].Plan)
	x.unknown(processor.AboutPlan(coin.PlanID{9}))

	x.only(4)
	x.run()
	w = x.is(aboutPlan, processor.StepPublished, processor.WaitConfirmations)
	require.Equal(t, 2, w.Of)
	signed := *x.explain(aboutPlan).Steps[2].Transaction
	// A new process has not handed it to its node.
	again, err := processor.New(x.config(0))
	require.NoError(t, err)
	e, err := again.Explain(t.Context(), aboutPlan)
	require.NoError(t, err)
	require.Equal(t, processor.StepSigned, e.Now())
	require.Equal(t, processor.WaitSight, e.Waits[0].Kind, "it has not looked at the chain")

	x.block()
	w = x.is(aboutPlan, processor.StepMined, processor.WaitConfirmations)
	require.Equal(t, []int{1, 2}, []int{w.Count, w.Of})
	x.is(about, processor.StepMined, processor.WaitConfirmations)
	x.block()
	x.is(aboutPlan, processor.StepMined, processor.WaitSettlement)
	mine(t, x.Group, 2)
	x.is(aboutPlan, processor.StepSettled)
	steps := x.explain(aboutPlan).Steps
	require.Equal(t, signed, *steps[len(steps)-1].Transaction)
	x.is(about, processor.StepSettled)
	steps = x.explain(about).Steps
	require.Equal(t, signed, *steps[len(steps)-1].Transaction)

	// Its change is the group's own.
	change := processor.AboutOutput(coin.OutputID{Transaction: signed, Index: 1})
	require.Equal(t, processor.StepSeen, x.explain(change).Now())
}

// config is that of a new process over a clone of a validator's store.
func (x *explained) config(i int) processor.Config {
	c := config(x.Chain.Coin(), x.Validators[i].Store.Clone())
	c.Self, c.Sealer, c.Scheduler = processortest.Identity(i), processortest.Sealer(i), x.Scheduler
	return c
}

func TestATransactionThatTheNodeRefuses(t *testing.T) {
	x := newExplained(t)
	deposit(t, x.Group, 1000)
	mine(t, x.Group, 3)
	c := x.Chain.Coin().(*mock.Coin)
	c.SetFaults(mock.Faults{Refuse: "not today"})
	x.Coin = func(int) coin.Coin { return c }
	require.NoError(t, x.Start(0, x.Validators[0].Store.Clone()))
	for _, v := range x.Validators[1:] {
		v.Processor.Close()
	}
	burn(t, x.Group, 1, 300)
	about := processor.AboutPlan(x.told.payments[coin.PaymentID{1}].Plan)
	w := x.is(about, processor.StepSigned, processor.WaitNode)
	require.Contains(t, w.Text, "rejected: not today")
}

func TestTheLifeOfAKey(t *testing.T) {
	x := newExplained(t)
	x.unknown(processor.AboutKey(1))
	x.is(processor.AboutKey(0), "active", processor.WaitSuccessor)
	second := secondKey(t, x.Group)
	x.Append(processor.ConfirmKey{Session: 1, BatchKey: second.BatchKey, NetworkKey: second.NetworkKey})
	x.run()
	x.is(processor.AboutKey(1), processor.StepVoted, processor.WaitAcknowledgement)
	w := x.is(processor.AboutKey(0), "active", processor.WaitSuccessor)
	require.Contains(t, w.Text, "session 1")
}

func TestAProcessorThatHasHaltedSaysSo(t *testing.T) {
	x := newExplained(t)
	x.Append(processor.AcknowledgeBatch{ID: 1000})
	x.run()
	w := x.is(processor.AboutKey(0), "active", processor.WaitHalt, processor.WaitSuccessor)
	require.Contains(t, w.Text, "next batch to acknowledge")
}

// Whoever asks may do so at any time.
func TestExplainBesideRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	x := newExplained(t)
	deposit(t, x.Group, 1000)
	mine(t, x.Group, 3)
	id := x.pay(cointest.Deposit{Data: []byte("mint")}, 1000)
	x.only(2)
	burn(t, x.Group, 1, 300)
	c := x.config(0)
	c.Poll = time.Millisecond
	p, err := processor.New(c)
	require.NoError(t, err)
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	go func() {
		for range p.Events() { // nobody acknowledges them
		}
	}()
	plan := x.told.payments[coin.PaymentID{1}].Plan
	for i := range 60 {
		if i%10 == 0 {
			require.NoError(t, x.Chain.Mine(ctx, 1))
		}
		for _, s := range []processor.Subject{
			processor.AboutKey(0), processor.AboutPayment(coin.PaymentID{1}), processor.AboutPlan(plan), processor.AboutOutput(id),
		} {
			e, err := p.Explain(ctx, s)
			if unknown := (*processor.UnknownSubject)(nil); !errors.As(err, &unknown) {
				require.NoError(t, err)
				require.NotEmpty(t, e.String())
			}
		}
	}
	stop()
	require.NoError(t, <-done)
}

func TestExplainChangesNothing(t *testing.T) {
	x := newExplained(t)
	deposit(t, x.Group, 1000)
	mine(t, x.Group, 3)
	burn(t, x.Group, 1, 300)
	commits := x.Validators[0].Store.Commits()
	for _, s := range []processor.Subject{
		processor.AboutKey(0), processor.AboutPayment(coin.PaymentID{1}), processor.AboutPlan(x.told.payments[coin.PaymentID{1}].Plan),
	} {
		x.explain(s)
	}
	require.Equal(t, commits, x.Validators[0].Store.Commits())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := x.Validators[0].Processor.Explain(ctx, processor.AboutKey(7))
	require.Error(t, err)
}
