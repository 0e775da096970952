package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// merges are the merging plans under way.
type merges struct {
	// Count is their number.
	Count uint64
	// Sum is what they will yield.
	Sum Balance
}

// Encode writes 24 bytes.
func (m merges) Encode(w *wire.Writer) {
	w.Uint64(m.Count)
	m.Sum.Encode(w)
}

// Decode reads 24 bytes.
func (m *merges) Decode(r *wire.Reader) {
	m.Count = r.Uint64()
	m.Sum.Decode(r)
}

// plus returns m with one more merge.
func (m merges) plus(p coin.Plan) merges {
	return merges{m.Count + 1, m.Sum.Add(p.Own[0].Amount)}
}

// minus returns m with one merge less.
func (m merges) minus(p coin.Plan) merges {
	return merges{m.Count - 1, m.Sum.Sub(p.Own[0].Amount)}
}

// mustMerge tells whether an amount that the oldest free outputs do not cover
// takes another merge of them: all outputs together cover it, and what is
// merged already does not yet, with the outputs that can be spent beside.
//
// A merge's output takes the place of the oldest output that went into it, so
// it is the first to be spent, and no more is merged than the amount needs.
func (s *scheduler) mustMerge(r storage.Reader, free []numbered[coin.Output], needed uint64) (bool, error) {
	most := uint64(s.Parameters.MaxInputs)
	if uint64(len(free)) < max(most, 2) {
		return false, nil
	}
	under, err := s.merging.Load(r)
	if err != nil {
		return false, err
	}
	available, err := s.available.Load(r)
	if err != nil {
		return false, err
	}
	if under.Sum.Add(available).Sub(needed).Negative() {
		return false, nil
	}
	sum := under.Sum
	for _, o := range free[:most-min(most, under.Count)] {
		sum = sum.Add(o.value.Amount)
	}
	return sum.Sub(needed).Negative(), nil
}

// draftMerge fills the draft with the merge of the oldest outputs into one,
// unless that would cost what they hold.
func (s *scheduler) draftMerge(d *draft, free []numbered[coin.Output], own coin.OwnOutput, rate uint64) (*draft, error) {
	var sum uint64
	for _, o := range free {
		d.plan.Inputs = append(d.plan.Inputs, o.value)
		sum += o.value.Amount
	}
	d.plan.Own = []coin.OwnOutput{own}
	fee, err := s.Coin.Fee(rate, d.plan.Inputs, d.plan.Addresses())
	if err != nil {
		return nil, fmt.Errorf("fee of a merge: %w", err)
	}
	if sum < fee || sum-fee < s.Parameters.Dust {
		return nil, nil
	}
	d.plan.Own[0].Amount = sum - fee
	d.plan.Fee = fee
	d.inputs = free
	d.recover = d.recover.Add(fee)
	return d, nil
}
