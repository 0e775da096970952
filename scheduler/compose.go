package scheduler

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/serai-go/processor/coin"
)

// composition is a transaction of payments, or why they cannot be made.
type composition struct {
	plan       coin.Plan
	inputs     []numbered[coin.Output]
	recover    Balance // costs to recover afterwards
	rich, poor []int   // who can and who cannot carry the fee, if some cannot
	strained   bool    // earlier costs are beyond the payments
}

// compose makes a transaction of payments.
func (s *scheduler) compose(d *draft, payments []numbered[queued], free []numbered[coin.Output]) (composition, error) {
	c := composition{plan: d.plan}
	var total uint64
	var carry Balance // what the payments can carry and remain at least dust
	for _, p := range payments {
		total += p.value.Amount
		carry = carry.Add(p.value.Amount).Sub(d.rules.Dust)
		c.plan.Payments = append(c.plan.Payments, coin.PlannedPayment{Payment: p.value.Payment})
	}
	var sum uint64
	c.inputs, sum = pick(free, total, d.rules.Dust)
	for _, o := range c.inputs {
		c.plan.Inputs = append(c.plan.Inputs, o.value)
	}
	left := sum - min(sum, total)
	recovered := total - min(sum, total) // at least what the inputs lack

	// Less than dust left over cannot become change: it goes to the fee, for
	// the payments' benefit.
	var lost uint64
	if left < d.rules.Dust {
		lost = left
	} else {
		c.plan.Own = []coin.OwnOutput{d.own}
	}
	fee, err := s.Coin.Fee(d.rate, c.plan.Inputs, c.plan.Addresses())
	if err != nil {
		return c, fmt.Errorf("fee of %d inputs and %d payments: %w", len(c.inputs), len(payments), err)
	}
	c.plan.Fee = max(fee, lost)
	if c.rich, c.poor = afford(c.plan.Payments, c.plan.Fee-lost, d.rules.Dust); len(c.poor) > 0 {
		return c, nil
	}

	// If there is as much to recover, the payments lift what is left over to
	// dust instead. So what is lost never adds up to dust.
	lift := Balance{}.Add(d.rules.Dust).Add(recovered).Sub(left)
	if len(c.plan.Own) == 0 && !d.recover.Minus(lift).Negative() {
		own := []coin.OwnOutput{d.own}
		fee, err := s.Coin.Fee(d.rate, c.plan.Inputs, append(c.plan.Addresses(), d.own.Address))
		if err != nil {
			return c, fmt.Errorf("fee of %d inputs, %d payments and change: %w", len(c.inputs), len(payments), err)
		}
		switch {
		case !carry.Sub(fee).Minus(lift).Negative():
			c.plan.Own, c.plan.Fee, lost = own, fee, 0
			recovered = lift.atMost(math.MaxUint64) // fits: less than the payments' sum
		case left > 0:
			c.strained = true
			return c, nil
		}
	}
	spare := carry.Sub(c.plan.Fee - lost)
	if spare.Sub(recovered).Negative() {
		c.strained = true
		return c, nil
	}
	// What is recovered stays with the group, as change: the fee once more if
	// the payments can carry that.
	if len(c.plan.Own) > 0 {
		recovered = max(recovered, min(d.recover.atMost(c.plan.Fee), spare.atMost(c.plan.Fee)))
		c.plan.Own[0].Amount = sum + recovered - total
	}
	amortise(c.plan.Payments, c.plan.Fee-lost+recovered, d.rules.Dust)
	c.recover = d.recover.Sub(recovered).Add(lost)
	return c, nil
}

// bySize returns the indices of payments, the largest first, the first among
// equals.
func bySize(payments []coin.PlannedPayment) []int {
	order := make([]int, len(payments))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(payments[b].Amount, payments[a].Amount) })
	return order
}

// afford returns the indices of the payments that keep at least dust after an
// equal share of a cost, and of those that do not, in order. What does not
// divide is borne by the largest.
func afford(payments []coin.PlannedPayment, cost, dust uint64) (rich, poor []int) {
	share, rest := cost/uint64(len(payments)), cost%uint64(len(payments))
	for place, i := range bySize(payments) {
		own := share
		if uint64(place) < rest {
			own++
		}
		if p := payments[i]; p.Amount < own || p.Amount-own < dust {
			poor = append(poor, i)
		} else {
			rich = append(rich, i)
		}
	}
	slices.Sort(rich)
	slices.Sort(poor)
	return rich, poor
}

// amortise charges the payments with a cost that they can carry together, in
// equal shares to the unit. What does not divide, and what a payment cannot
// carry and keep dust, is borne by the larger ones.
func amortise(payments []coin.PlannedPayment, cost, dust uint64) {
	order := bySize(payments)
	for left := len(order); left > 0; left-- {
		p := &payments[order[left-1]]
		share := min(cost/uint64(left), p.Amount-dust)
		p.Paid = p.Amount - share
		cost -= share
	}
}
