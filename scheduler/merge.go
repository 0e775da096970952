package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// covered is what one transaction could spend once the merges have happened:
// what they yield and the largest outputs that can be spent beside.
func (d *draft) covered(under returning, free []rank) Balance {
	beside := uint64(d.rules.MaxInputs)
	beside -= min(beside, under.Merges)
	return under.Merged.Add(worth(free[:min(beside, uint64(len(free)))]))
}

// draftMerge makes the draft the merge of the largest outputs into one. It
// returns nil if that is of no use: if all outputs together do not cover the
// amount needed, if what is merged already does, with the largest outputs that
// can be spent beside, or if the merge would cost as much as it adds to that.
// So no more is merged than the amount needs, and nothing at a rate at which
// fees eat it up. Outputs that hold no more than it costs to spend them stay
// out.
func (s *scheduler) draftMerge(r storage.Reader, d draft, m means, free []rank) (*draft, error) {
	before := d.covered(m.returning, free)
	all := m.returning.Merged.Add(m.available)
	if all.Plus(m.relief).Sub(m.needed).Negative() || !before.Plus(m.relief).Sub(m.needed).Negative() {
		return nil, nil
	}
	n := 0
	for n < min(int(d.rules.MaxInputs), len(free)) && free[n].amount > s.Coin.InputCost(d.rate) {
		n++
	}
	if n < 2 {
		return nil, nil
	}
	inputs, err := s.read(r, free[:n])
	if err != nil {
		return nil, err
	}
	for _, o := range inputs {
		d.plan.Inputs = append(d.plan.Inputs, o.value)
	}
	d.plan.Own = []coin.OwnOutput{d.own}
	fee, err := s.Coin.Fee(d.rate, d.plan.Inputs, d.plan.Addresses())
	if err != nil {
		return nil, fmt.Errorf("fee of a merge: %w", err)
	}
	merged := worth(free[:n])
	if merged < fee || merged-fee < d.rules.Dust {
		return nil, nil
	}
	d.plan.Own[0].Amount = merged - fee
	d.plan.Fee = fee
	d.purpose, d.inputs = merging, inputs
	d.recover = d.recover.Add(fee)
	after := d.covered(m.returning.plus(merging, merged-fee), free[n:])
	if !before.Minus(after).Negative() {
		return nil, nil
	}
	return &d, nil
}
