package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// returning is what the unresolved plans give back.
type returning struct {
	// Merges is the number of plans that only merge outputs.
	Merges uint64
	// Merged is what they yield.
	Merged Balance
	// Change is what the other plans yield.
	Change Balance
}

// Encode writes 40 bytes.
func (v returning) Encode(w *wire.Writer) {
	w.Uint64(v.Merges)
	v.Merged.Encode(w)
	v.Change.Encode(w)
}

// Decode reads 40 bytes.
func (v *returning) Decode(r *wire.Reader) {
	v.Merges = r.Uint64()
	v.Merged.Decode(r)
	v.Change.Decode(r)
}

// plus returns v with one more plan.
func (v returning) plus(p planned) returning {
	for _, own := range p.Plan.Own {
		if p.merge() {
			v.Merges, v.Merged = v.Merges+1, v.Merged.Add(own.Amount)
		} else {
			v.Change = v.Change.Add(own.Amount)
		}
	}
	return v
}

// minus returns v with one plan less.
func (v returning) minus(p planned) returning {
	for _, own := range p.Plan.Own {
		if p.merge() {
			v.Merges, v.Merged = v.Merges-1, v.Merged.Sub(own.Amount)
		} else {
			v.Change = v.Change.Sub(own.Amount)
		}
	}
	return v
}

// total is all that comes back.
func (v returning) total() Balance { return v.Merged.Plus(v.Change) }

// covered is what one transaction could spend once the merges have happened:
// what they yield and the largest outputs that can be spent beside.
func (s *scheduler) covered(under returning, free []rank) Balance {
	beside := uint64(s.Parameters.MaxInputs)
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
	before := s.covered(m.returning, free)
	all := m.returning.Merged.Add(m.available)
	if all.Plus(m.relief).Sub(m.needed).Negative() || !before.Plus(m.relief).Sub(m.needed).Negative() {
		return nil, nil
	}
	n := 0
	for n < min(int(s.Parameters.MaxInputs), len(free)) && free[n].amount > s.Coin.InputCost(d.rate) {
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
	if merged < fee || merged-fee < s.Parameters.Dust {
		return nil, nil
	}
	d.plan.Own[0].Amount = merged - fee
	d.plan.Fee = fee
	d.inputs = inputs
	d.recover = d.recover.Add(fee)
	after := s.covered(m.returning.plus(planned{Plan: d.plan}), free[n:])
	if !before.Minus(after).Negative() {
		return nil, nil
	}
	return &d, nil
}
