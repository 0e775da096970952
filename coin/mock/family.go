package mock

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/serai-go/processor/coin"
)

// Limits of relay on transactions that build on one another and wait for a
// block: on those that one builds on, and on those that build on one, itself
// included.
const (
	maxFamily       = 25
	maxFamilyWeight = 404_000
)

// sum is what transactions pay and weigh together.
type sum struct{ fee, weight uint64 }

// sum of one.
func (t pooled) sum() sum { return sum{t.fee, t.weight()} }

func (s *sum) add(other sum) {
	s.fee += other.fee // all there is fits
	s.weight += other.weight
}

// pays tells whether the fee is at least that of a rate.
func (s sum) pays(rate uint64) bool {
	least, ok := fee(s.weight, rate)
	return ok && s.fee >= least
}

// above tells whether the rate is above the other's.
func (s sum) above(other sum) bool {
	ownHigh, ownLow := bits.Mul64(s.fee, other.weight)
	high, low := bits.Mul64(other.fee, s.weight)
	return ownHigh > high || ownHigh == high && ownLow > low
}

// ascend returns all waiting transactions that one builds on, in the order of
// the pool.
func (p *pool) ascend(t *transaction) []pooled {
	ids := make(map[coin.TransactionID]bool)
	var visit func(t *transaction)
	visit = func(t *transaction) {
		for _, in := range t.inputs {
			if from := p.byID[in.Transaction]; from != nil && !ids[from.id] {
				ids[from.id] = true
				visit(from)
			}
		}
	}
	visit(t)
	if len(ids) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.waiting), func(w pooled) bool { return !ids[w.id] })
}

// descend adds to a set of transactions all that build on them, and sums up
// those of the set that wait.
func (p *pool) descend(set map[coin.TransactionID]bool) sum {
	var all sum
	for _, w := range p.waiting {
		for _, in := range w.inputs {
			if set[in.Transaction] {
				set[w.id] = true
			}
		}
		if set[w.id] {
			all.add(w.sum())
		}
	}
	return all
}

// room tells whether the limits on what builds on one another let a transaction
// in. What it replaces does not count.
func (p *pool) room(t *transaction) error {
	ancestors := p.ascend(t)
	if len(ancestors) == 0 {
		return nil
	}
	gone, _ := p.conflicts(t)
	weight := t.weight()
	for _, a := range ancestors {
		weight += a.weight()
	}
	if 1+len(ancestors) > maxFamily || weight > maxFamilyWeight {
		return fmt.Errorf("%w: it would be one of %d of weight %d", errChain, 1+len(ancestors), weight)
	}
	for _, a := range ancestors {
		family := map[coin.TransactionID]bool{a.id: true}
		p.descend(family)
		count, weight := 1, t.weight()
		for _, w := range p.waiting {
			if family[w.id] && !gone[w.id] {
				count++
				weight += w.weight()
			}
		}
		if count > maxFamily || weight > maxFamilyWeight {
			return fmt.Errorf("%w: %d of weight %d would build on %s", errChain, count, weight, a.id)
		}
	}
	return nil
}

// trim evicts what pays less than a rate, by itself and together with all that
// build on it: the lowest first, and with it what builds on it.
func (p *pool) trim(rate uint64) {
	for {
		var lowest sum
		var gone map[coin.TransactionID]bool
		for _, w := range p.waiting {
			own := w.sum()
			if own.pays(rate) {
				continue
			}
			family := map[coin.TransactionID]bool{w.id: true}
			score := p.descend(family)
			if own.above(score) {
				score = own
			}
			if !score.pays(rate) && (gone == nil || lowest.above(score)) {
				lowest, gone = score, family
			}
		}
		if gone == nil {
			return
		}
		p.evict(gone)
	}
}

// worth returns what a miner takes that wants a rate, in the order of the pool:
// again and again the one that pays most together with what it builds on and is
// not taken yet.
func (p *pool) worth(rate uint64) []pooled {
	if rate == 0 {
		return p.waiting
	}
	taken := make(map[coin.TransactionID]bool)
	for {
		var best sum
		var family []pooled
		for _, w := range p.waiting {
			if taken[w.id] {
				continue
			}
			all, together := append(p.ascend(w.transaction), w), sum{}
			all = slices.DeleteFunc(all, func(a pooled) bool { return taken[a.id] })
			for _, a := range all {
				together.add(a.sum())
			}
			if together.pays(rate) && (family == nil || together.above(best)) {
				best, family = together, all
			}
		}
		if family == nil {
			return slices.DeleteFunc(slices.Clone(p.waiting), func(w pooled) bool { return !taken[w.id] })
		}
		for _, a := range family {
			taken[a.id] = true
		}
	}
}
