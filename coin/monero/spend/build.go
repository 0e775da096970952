package spend

import (
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

// New makes a draft's transaction. The same draft always gives the same one.
func New(draft Draft) (*Unsigned, error) {
	u, masks, err := build(&draft)
	if err != nil {
		return nil, err
	}
	defer masks.erase()
	amounts := make([]uint64, len(u.outputs))
	for i := range u.outputs {
		amounts[i] = u.outputs[i].Amount
	}
	proof, err := bulletproofs.Prove(draft.Seed.stream(forRangeProof, draft.spent()), amounts, masks.outputs)
	if err != nil {
		return nil, fmt.Errorf("spend: range proof: %w", err)
	}
	u.proof = proof.Append(nil)
	return u, nil
}

// masks are those of the commitments, which are secret.
type masks struct {
	outputs []*edwards25519.Scalar // in the transaction's order
	inputs  []*edwards25519.Scalar // of the pseudo outputs, in the draft's order
}

func (m *masks) erase() {
	erase(m.outputs)
	erase(m.inputs)
}

func erase(list []*edwards25519.Scalar) {
	for _, k := range list {
		*k = edwards25519.Scalar{}
	}
}

// build makes a draft's transaction without the range proof.
func build(draft *Draft) (*Unsigned, *masks, error) {
	if err := draft.check(); err != nil {
		return nil, nil, err
	}
	u := &Unsigned{fee: draft.Fee}
	for _, in := range draft.Inputs {
		u.inputs = append(u.inputs, unsignedInput{ring: slices.Clone(in.Ring), real: in.Real})
	}
	m := new(masks)
	var err error
	if m.outputs, err = u.pay(&draft.Seed, draft.Outputs, draft.Data); err != nil {
		return nil, nil, err
	}
	if m.inputs, err = draft.pseudoOutMasks(m.outputs); err != nil {
		return nil, nil, err
	}
	for i, mask := range m.inputs {
		u.inputs[i].pseudoOut = [keys.Size]byte(keys.Commit(mask, draft.Inputs[i].Amount).Bytes())
	}
	if weight := u.MaxWeight(); weight > maxWeight {
		return nil, nil, invalid("weight %d, nodes relay %d", weight, maxWeight)
	}
	return u, m, nil
}

// pay shuffles outputs, adds one if it is alone, and makes them and the extra
// field. It returns the masks of their commitments.
func (u *Unsigned) pay(seed *Seed, outputs []Output, data []byte) ([]*edwards25519.Scalar, error) {
	spent := u.Spent()
	all := outputs
	if len(all) == 1 {
		all = []Output{all[0], {Address: all[0].Address}}
	}
	places := seed.stream(forShuffle, spent).shuffled(len(all))
	ordered := make([]Output, len(all))
	for i, place := range places {
		ordered[place] = all[i]
	}
	list, masks, extra, err := makeOutputs(seed.stream(forTransactionKeys, spent), ordered, places[0], data)
	if err != nil {
		return nil, err
	}
	u.places, u.extra = places[:len(outputs)], extra
	for i, m := range list {
		u.outputs = append(u.outputs, unsignedOutput{ordered[i], m})
	}
	return masks, nil
}

// pseudoOutMasks draws the masks of the pseudo outputs. The last one makes their
// sum that of the outputs' masks. None may be the mask of the commitment that is
// spent: such a ring signature nobody accepts.
func (d *Draft) pseudoOutMasks(outputs []*edwards25519.Scalar) ([]*edwards25519.Scalar, error) {
	random := d.Seed.stream(forPseudoOuts, d.spent())
	rest := new(edwards25519.Scalar)
	for _, mask := range outputs {
		rest.Add(rest, mask)
	}
	list := make([]*edwards25519.Scalar, len(d.Inputs))
	for i := range list {
		if i == len(list)-1 {
			list[i] = rest
		} else {
			mask, err := random.scalar()
			if err != nil {
				return nil, fmt.Errorf("spend: mask of a pseudo output: %w", err)
			}
			list[i] = mask
			rest.Subtract(rest, mask)
		}
		if list[i].Equal(d.Inputs[i].Mask) == 1 {
			return nil, invalid("pseudo output %d has the mask of what is spent", i)
		}
	}
	return list, nil
}
