package signer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// obey gives a node a policy, as another process has it.
func (n *node) obey(policy func(context.Context, Proposal) error) {
	n.policy = policy
	n.restart(n.store)
}

func refuses(context.Context, Proposal) error { return errors.New("not today") }

func (n *node) refused() (list []Refusal) {
	n.view(func(r storage.Reader) (err error) { list, err = n.Refusals(r); return err })
	return list
}

func TestAPolicyThatRefusesKeepsFromSigning(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	n.obey(refuses)
	id := w.plan(2)
	w.reportAll(0)
	w.append(func(n *node, tx storage.Tx) error { return n.RequestCosign(tx, 0, batch.Cosign{Number: 1}) })
	w.run()
	declined := fmt.Sprintf("plan %x declined: not today", id[:1])
	require.ElementsMatch(t, []string{declined, "batch 0 signed", "cosign 1 signed"}, n.told(), "only plans are asked about")
	require.Zero(t, n.duty(PlanID(0, id)).Counter, "nothing was committed to")
	require.Equal(t, []Refusal{{id, "not today"}}, n.refused())
	// At other tips it is asked again and told no more.
	for n.tip = range uint64(5) {
		w.run()
	}
	require.Len(t, n.told(), 3)
	n.policy = func(context.Context, Proposal) error { return errors.New("nor tomorrow") }
	n.restart(n.store)
	w.run()
	require.Equal(t, fmt.Sprintf("plan %x declined: nor tomorrow", id[:1]), n.told()[3], "a restart asks anew")
	require.Equal(t, []Refusal{{id, "nor tomorrow"}}, n.refused())
	n.obey(refuses)
	w.run()
	require.Len(t, n.told(), 4, "both were told")
	require.Equal(t, []Refusal{{id, "not today"}}, n.refused())
	require.Zero(t, n.duty(PlanID(0, id)).Counter)
}

// A policy can delay: it is asked once for every tip until it accepts, and then no
// more.
func TestAPolicyThatAcceptsAtALaterTip(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	n := w.nodes[0]
	asked := 0
	n.obey(func(context.Context, Proposal) error {
		if asked++; asked < 3 {
			return errors.New("wait")
		}
		return nil
	})
	id := w.plan(1)
	for n.tip = range uint64(2) {
		w.run()
		w.run()
		require.Equal(t, int(n.tip)+1, asked)
		require.Zero(t, n.duty(PlanID(0, id)).Counter)
		require.Len(t, n.refused(), 1)
	}
	n.tip = 2
	w.run()
	require.Equal(t, 3, asked)
	require.Empty(t, n.refused())
	require.True(t, n.hasSigned(id))
	n.tip = 3
	w.run()
	require.Equal(t, 3, asked)
}

func TestOneThatRefusesKeepsNobody(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	n := w.nodes[3]
	n.obey(refuses)
	id := w.plan(2)
	w.run()
	for _, other := range w.nodes {
		require.True(t, other.hasSigned(id), "node %d", other.number)
		require.Contains(t, other.told(), planLine(id))
	}
	require.Empty(t, n.refused(), "others have signed it")
	require.Equal(t, 1, n.publishAt(t, 1))
	for _, e := range w.log {
		require.False(t, e.do == nil && e.from == 3, "it said nothing")
	}
	w.resolve(id)
	w.run()
	require.Zero(t, n.records())
	require.Empty(t, n.opinions)
}

// One that committed before it restarted with a policy that refuses: its set is
// left alone, and the others sign in another.
func TestARestartWithAPolicyThatRefuses(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	for _, n := range w.nodes[:3] {
		require.NoError(t, n.read())
	}
	id := w.plan(2)
	w.nodes[3].offline = true
	w.once() // three commit: a set
	w.nodes[0].obey(refuses)
	w.nodes[3].offline = false
	w.run()
	for _, n := range w.nodes {
		require.True(t, n.hasSigned(id), "node %d", n.number)
	}
}

func TestWithTooManyThatRefuseNothingIsSigned(t *testing.T) {
	w := newWorld(t, 3, 1, 1, 1, 1)
	w.nodes[0].obey(refuses)
	w.nodes[1].obey(refuses)
	id := w.plan(1)
	w.run()
	for _, n := range w.nodes {
		require.False(t, n.hasSigned(id))
	}
	require.Len(t, w.nodes[0].refused(), 1)
	require.Len(t, w.nodes[1].refused(), 1)
	w.nodes[1].obey(nil)
	require.Empty(t, w.nodes[1].refused(), "what another policy refused")
	w.run()
	require.True(t, w.nodes[0].hasSigned(id))
}

func TestThePolicySeesWhatIsSigned(t *testing.T) {
	w := newWorld(t, 1, 1)
	var seen []Proposal
	w.nodes[0].obey(func(_ context.Context, p Proposal) error { seen = append(seen, p); return nil })
	id := w.plan(2)
	w.run()
	require.Len(t, seen, 1)
	require.Equal(t, PlanID(0, id), seen[0].SignID)
	require.Equal(t, id, seen[0].Plan.ID(coin.BlockID{}))
	require.NoError(t, seen[0].Transaction.Check(seen[0].Plan))
	require.Len(t, seen[0].Transaction.Inputs, 2)
}

func TestAFollowerHasNoSayAndIsNotAsked(t *testing.T) {
	w := newWorld(t, 2, 1, 1)
	follower := w.add(&fakeKeys{world: w})
	follower.obey(func(context.Context, Proposal) error { t.Error("asked"); return nil })
	id := w.plan(1)
	w.run()
	require.True(t, follower.hasSigned(id))
}

// What is read back and does something else than the plan stops everything.
func TestATransactionThatIsNotThePlansHalts(t *testing.T) {
	for name, policy := range map[string]func(context.Context, Proposal) error{
		"without a policy": nil,
		"with one":         func(context.Context, Proposal) error { t.Error("asked"); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2, 1, 1)
			n := w.nodes[0]
			n.obey(policy)
			n.coin.misread = func(u *coin.UnsignedTransaction) { u.Fee++ }
			w.plan(1)
			require.NoError(t, n.read())
			require.ErrorIs(t, n.work(), ErrUnusable)
			require.Empty(t, n.take())
			require.Empty(t, n.nonces)
			// Nor does it judge what others say of it.
			other := w.nodes[1]
			require.NoError(t, other.read())
			require.NoError(t, other.work())
			w.say(1, other.take()...)
			require.ErrorIs(t, n.read(), ErrUnusable)
		})
	}
}

func TestAnInterruptedPolicyHasSaidNothing(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	ctx, cancel := context.WithCancel(t.Context())
	n.obey(func(ctx context.Context, _ Proposal) error { cancel(); return ctx.Err() })
	w.plan(1)
	require.NoError(t, n.read())
	_, err := n.Consult(ctx, n.store, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, n.told())
	require.Empty(t, n.refused())
	require.Empty(t, n.opinions)
}

// While the policy thinks, the database is free, and what becomes of the plan
// meanwhile counts.
func TestAPlanIsOverWhileThePolicyThinks(t *testing.T) {
	w := newWorld(t, 1, 1)
	n := w.nodes[0]
	var id coin.PlanID
	n.obey(func(context.Context, Proposal) error {
		n.update(func(tx storage.Tx) error { return n.voids(tx, id) })
		return errors.New("late")
	})
	id = w.plan(1)
	w.run()
	require.Empty(t, n.told())
	require.Zero(t, n.records())
	require.NoError(t, n.work())
	require.Empty(t, n.opinions)
}

func TestReasonsAreBounded(t *testing.T) {
	var r refusal
	for i := range 100 {
		require.True(t, r.again(errors.New(fmt.Sprint(i))))
		require.False(t, r.again(errors.New(fmt.Sprint(i))))
	}
	require.Len(t, r.Told, maxTold)
	require.True(t, r.again(errors.New("0")), "forgotten")
	require.True(t, r.again(errors.New(strings.Repeat("a", maxReason-1)+"é")))
	require.Equal(t, strings.Repeat("a", maxReason-1), r.Reason)
	again, err := wire.Unmarshal[refusal](wire.Marshal(r))
	require.NoError(t, err)
	require.Equal(t, r, again)
}

func FuzzRefusal(f *testing.F) {
	var r refusal
	r.again(errors.New("reason"))
	f.Add(wire.Marshal(r))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := wire.Unmarshal[refusal](data); err == nil {
			require.Equal(t, data, wire.Marshal(r))
		}
	})
}
