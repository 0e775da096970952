package scheduler

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/serai-go/processor/coin"
)

// composition is the root of a tree of payments, or why they cannot be made.
type composition struct {
	plan       coin.Plan
	children   []child // what the plan's branches fund, behind its change
	inputs     []numbered[coin.Output]
	recover    Balance // costs to recover afterwards
	rich, poor []int   // who can and who cannot carry the fees, if some cannot
	strained   bool    // earlier costs are beyond the payments
}

// child is the payments that a branch funds.
type child struct {
	payments []numbered[queued]
	amount   uint64 // of the branch
}

// compose makes the tree of payments. They bear, in equal shares, the fees of
// all its transactions at the present rate.
func (s *scheduler) compose(d *draft, payments []numbered[queued], free []numbered[coin.Output]) (composition, error) {
	c := composition{plan: d.plan}
	var total uint64
	var carry Balance // what the payments can carry and remain at least dust
	shares := make([]coin.PlannedPayment, len(payments))
	for i := range payments {
		p := &payments[i].value.Payment
		total += p.Amount
		carry = carry.Add(p.Amount).Sub(d.rules.Dust)
		shares[i].Payment = *p
	}
	var sum uint64
	c.inputs, sum = pick(free, total, d.rules.Dust)
	for _, o := range c.inputs {
		c.plan.Inputs = append(c.plan.Inputs, o.value)
	}
	left := sum - min(sum, total)
	recovered := total - min(sum, total) // at least what the inputs lack

	t, err := d.grove.grow(payments, int(d.rules.MaxOutputs)-1)
	if err != nil {
		return c, fmt.Errorf("fees of a tree of %d payments: %w", len(payments), err)
	}
	outputs := t.addresses(payments, d.grove.to)
	feeWith := func(changes int) (uint64, error) {
		rate := d.rate
		if changes == 0 {
			rate = d.grove.rate
		}
		fee, err := s.Coin.Fee(rate, c.plan.Inputs, append(slices.Clip(outputs), slices.Repeat([]coin.Address{d.own.Address}, changes)...))
		if err != nil {
			return 0, fmt.Errorf("fee of %d inputs, %d outputs and %d of change: %w", len(c.inputs), len(outputs), changes, err)
		}
		return fee, nil
	}

	// Less than dust left over cannot become change: it goes to the fee, for
	// the payments' benefit.
	var lost uint64
	changes := 0
	if left < d.rules.Dust {
		lost = left
	} else {
		changes = d.parts(left, len(c.inputs), len(outputs), s.Coin.InputCost(d.rate))
	}
	fee, err := feeWith(changes)
	if err != nil {
		return c, err
	}
	c.plan.Fee = max(fee, lost)
	costs := plus(c.plan.Fee-lost, t.cost)
	c.rich, c.poor = d.sift(shares, costs)
	if len(c.rich) == 0 && changes > 1 { // that the group lacks outputs makes nobody too poor
		changes = 1
		if c.plan.Fee, err = feeWith(1); err != nil {
			return c, err
		}
		costs = plus(c.plan.Fee, t.cost)
		c.rich, c.poor = d.sift(shares, costs)
	}
	if len(c.poor) > 0 {
		return c, nil
	}

	// If there is as much to recover, the payments lift what is left over to
	// dust instead. So what is lost never adds up to dust.
	lift := Balance{}.Add(d.rules.Dust).Add(recovered).Sub(left)
	if changes == 0 && !d.recover.Minus(lift).Negative() {
		fee, err := feeWith(1)
		if err != nil {
			return c, err
		}
		switch {
		case !carry.Sub(fee).Sub(t.cost).Minus(lift).Negative():
			changes, c.plan.Fee, lost, costs = 1, fee, 0, fee+t.cost
			recovered = lift.atMost(math.MaxUint64) // fits: less than the payments' sum
		case left > 0:
			c.strained = true
			return c, nil
		}
	}
	spare := carry.Sub(costs)
	if spare.Sub(recovered).Negative() {
		c.strained = true
		return c, nil
	}
	// What is recovered stays with the group, as change: the fee once more if
	// the payments can carry that.
	if changes > 0 {
		recovered = max(recovered, min(d.recover.atMost(c.plan.Fee), spare.atMost(c.plan.Fee)))
		c.plan.Own = split(d.own, sum+recovered-total, changes)
	}
	amortise(shares, costs+recovered, d.rules.Dust)
	c.fund(d, t, payments, shares)
	c.recover = d.recover.Sub(recovered).Add(lost)
	return c, nil
}

// fund gives each branch what its payments keep and its transactions cost.
func (c *composition) fund(d *draft, t tree, payments []numbered[queued], shares []coin.PlannedPayment) {
	c.plan.Payments = nil
	if t.direct > 0 {
		c.plan.Payments = slices.Clip(shares[:t.direct])
	}
	for _, b := range t.branches {
		amount := b.cost // fits: less than the payments' sum
		for i := b.from; i < b.to; i++ {
			amount += shares[i].Paid
		}
		c.children = append(c.children, child{payments[b.from:b.to], amount})
		c.plan.Own = append(c.plan.Own, coin.OwnOutput{
			Kind: coin.Branch, Session: d.plan.Key.Session, Address: d.grove.to, Amount: amount,
		})
	}
}

// partWorth is how many times the cost of spending it a part of the change
// holds at least: so splitting costs a few percent at most.
const partWorth = 32

// parts is how many outputs the change is split into: as many as the key that
// gets it lacks, as far as there is room and each is worth it.
func (d *draft) parts(change uint64, inputs, outputs int, cost uint64) int {
	lacks := int64(d.rules.ChangeOutputs) - d.has
	if !d.handsOver() {
		lacks += int64(inputs)
	}
	least := d.rules.Dust
	if high, low := bits.Mul64(cost, partWorth); high > 0 {
		least = math.MaxUint64
	} else {
		least = max(least, low)
	}
	return max(1, min(int(lacks), int(d.rules.MaxOutputs)-outputs, int(min(change/least, math.MaxInt32))))
}

// split makes change of so many outputs, equal but for the first.
func split(own coin.OwnOutput, amount uint64, n int) []coin.OwnOutput {
	list := slices.Repeat([]coin.OwnOutput{own}, n)
	each := amount / uint64(n)
	for i := range list {
		list[i].Amount = each
	}
	list[0].Amount += amount - uint64(n)*each
	return list
}

// bySize returns the indices of payments, the largest first, the first among
// equals.
func bySize(payments []coin.PlannedPayment) []int {
	order := make([]int, len(payments))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(payments[b].Amount, payments[a].Amount), cmp.Compare(a, b))
	})
	return order
}

// exact is how often exactly those payments are left out that cannot carry their
// share.
const exact = 8

// sift returns the indices of the payments that can carry an equal share of a cost,
// and of those that cannot. Leaving these out makes the others' shares grow, so
// that one after the other could turn out too poor: behind some rounds more and more
// is asked for, which ends that soon, whatever the amounts.
func (d *draft) sift(payments []coin.PlannedPayment, cost uint64) (rich, poor []int) {
	if d.rounds++; d.rounds > exact {
		high, low := bits.Mul64(cost/64+1, 1<<min(d.rounds-exact, 63))
		if high > 0 {
			low = math.MaxUint64
		}
		cost = plus(cost, low)
	}
	return afford(payments, cost, d.rules.Dust)
}

// afford returns the indices of the payments that keep at least dust after an
// equal share of a cost, and of those that do not, in order. What does not
// divide is borne by the largest.
func afford(payments []coin.PlannedPayment, cost, dust uint64) (rich, poor []int) {
	share, rest := cost/uint64(len(payments)), cost%uint64(len(payments))
	even := plus(share, dust)
	var larger uint64 // than what an equal share without a rest leaves
	for i := range payments {
		if payments[i].Amount > even {
			larger++
		}
	}
	bear := rest - min(rest, larger) // of those that are just as large
	for i := range payments {
		switch p := &payments[i]; {
		case p.Amount < even:
			poor = append(poor, i)
		case p.Amount == even && bear > 0:
			bear--
			poor = append(poor, i)
		}
	}
	if n := len(payments) - len(poor); n > 0 {
		rich = make([]int, 0, n)
	}
	left := poor
	for i := range payments {
		if len(left) > 0 && left[0] == i {
			left = left[1:]
			continue
		}
		rich = append(rich, i)
	}
	return rich, poor
}

// amortise charges the payments with a cost that they can carry together, in
// equal shares to the unit. What does not divide, and what a payment cannot
// carry and keep dust, is borne by the larger ones, the first among equals.
func amortise(payments []coin.PlannedPayment, cost, dust uint64) {
	if amortiseEvenly(payments, cost, dust) {
		return
	}
	order := bySize(payments)
	for left := len(order); left > 0; left-- {
		p := &payments[order[left-1]]
		share := min(cost/uint64(left), p.Amount-dust)
		p.Paid = p.Amount - share
		cost -= share
	}
}

// amortiseEvenly charges equal shares, if all payments can carry that, without
// sorting all of them.
func amortiseEvenly(payments []coin.PlannedPayment, cost, dust uint64) bool {
	share, rest := cost/uint64(len(payments)), cost%uint64(len(payments))
	amounts := make([]uint64, len(payments))
	for i := range payments {
		if amounts[i] = payments[i].Amount; amounts[i]-dust <= share {
			return false
		}
	}
	var threshold uint64 = math.MaxUint64 // the least amount that bears one unit more
	var equal uint64                      // how many of just that amount do
	if rest > 0 {
		threshold, equal = largest(amounts, rest)
	}
	for i := range payments {
		p := &payments[i]
		p.Paid = p.Amount - share
		switch {
		case p.Amount > threshold:
			p.Paid--
		case p.Amount == threshold && equal > 0:
			equal--
			p.Paid--
		}
	}
	return true
}

// largest returns the least of the n largest amounts, and how many of these are of
// just that amount. It finds one byte of it after the other, so that no choice of
// amounts makes it slow.
func largest(amounts []uint64, n uint64) (least, equal uint64) {
	var mask uint64 // of the bytes that are found
	for shift := 56; shift >= 0; shift -= 8 {
		var count [256]uint64 // of the amounts that begin like it
		for _, a := range amounts {
			if a&mask == least {
				count[byte(a>>shift)]++
			}
		}
		digit := 255
		for ; count[digit] < n; digit-- {
			n -= count[digit]
		}
		least |= uint64(digit) << shift
		mask |= 0xff << shift
	}
	return least, n
}
