package scheduler

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// released takes in that a branch is free.
func (m *model) released(e happened) {
	var index int
	_, err := fmt.Sscanf(e.Text, "branch %d is free", &index)
	require.NoError(m.w.t, err)
	id := coin.OutputID{Transaction: transactionOf(e.Plan), Index: uint32(len(m.w.plans[e.Plan].Payments) + index)}
	require.Equal(m.w.t, e.Plan, m.branches[id])
	m.free[id], m.age[id] = m.reserved[id], len(m.age)
	delete(m.reserved, id)
	delete(m.branches, id)
	m.left = true
}

// sprouted checks a new plan that spends a branch.
func (m *model) sprouted(plan coin.Plan) {
	t, p := m.w.t, m.w.rules
	require.Len(t, plan.Inputs, 1)
	delete(m.branches, plan.Inputs[0].ID)
	out, back := plan.Fee, uint64(0)
	for _, payment := range plan.Payments {
		require.Equal(t, m.payments[payment.ID].Payment, payment.Payment)
		require.GreaterOrEqual(t, payment.Paid, p.Dust)
		out += payment.Paid
	}
	for _, own := range plan.Own {
		require.GreaterOrEqual(t, own.Amount, p.Dust)
		out += own.Amount
		if own.Kind != coin.Branch {
			back += own.Amount
		}
	}
	m.back[transactionOf(plan.ID(m.w.config.Genesis))] = back
	require.Equal(t, m.reserved[plan.Inputs[0].ID], out)
	fee, err := m.w.config.Coin.Fee(m.w.rate, plan.Inputs, plan.Addresses())
	require.NoError(t, err)
	require.LessOrEqual(t, fee, plan.Fee)
	require.LessOrEqual(t, len(plan.Payments)+len(plan.Own), int(p.MaxOutputs))
	if len(plan.Payments)+len(plan.Own) < int(p.MaxOutputs) {
		require.LessOrEqual(t, plan.Fee, fee+m.w.rate+p.Dust, "what could be change is left to the miner")
	}
}

// costOf is what the transactions below a branch for n payments cost, and the
// payments of which it counts them.
func (m *model) costOf(n int) uint64 {
	most := int(m.w.rules.MaxOutputs)
	direct, branches := spread(n, most, most)
	cost := m.w.rate * weigh(1, direct+len(branches))
	for _, n := range branches {
		cost += m.costOf(n)
	}
	return cost
}

// funds returns what a plan's branches fund: how many payments, and their sum.
func (m *model) funds(id coin.PlanID) (sizes []int, gross uint64) {
	s := m.w.s.(*scheduler)
	require.NoError(m.w.t, m.w.store.View(ctx, func(r storage.Reader) error {
		for item, err := range s.nodes.Between(r, branchKey{plan: id}, branchKey{id, coin.MaxPlanOutputs}) {
			if err != nil {
				return err
			}
			payments, err := s.nodePayments(r, item.Value)
			if err != nil {
				return err
			}
			for _, p := range payments {
				gross += p.value.Amount
			}
			sizes = append(sizes, len(payments))
		}
		return nil
	}))
	return sizes, gross
}
