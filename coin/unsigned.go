package coin

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
)

// UnsignedTransaction says what a transaction does, as it is read from the bytes
// that signatures are asked for.
type UnsignedTransaction struct {
	// Inputs are the outputs that it spends, in its own order.
	Inputs []OutputID
	// Outputs are what it pays, in its own order.
	Outputs []PaidOutput
	// Fee is what it leaves to whoever mines it, in atomic units.
	Fee uint64
}

// PaidOutput is an amount that a transaction pays to an address.
type PaidOutput struct {
	// Address is the network's canonical text, or what RawAddress makes of
	// something that has none.
	Address Address
	// Amount is in atomic units.
	Amount uint64
}

// RawAddress stands for what a transaction pays to and has no text as an address:
// "raw:" and its bytes in lower-case hexadecimal, however many. It is to be read,
// and never paid.
func RawAddress(script []byte) Address { return Address("raw:" + hex.EncodeToString(script)) }

// NewUnsignedTransaction returns what a transaction does of which its bytes tell
// inputs and outputs, but not the inputs' amounts. Those are the plan's, which the
// signatures have to cover: nothing else may be spent, and nothing twice.
func NewUnsignedTransaction(plan Plan, inputs []OutputID, outputs []PaidOutput) (UnsignedTransaction, error) {
	t := UnsignedTransaction{Inputs: inputs, Outputs: outputs}
	amounts := make(map[OutputID]uint64, len(plan.Inputs))
	for _, input := range plan.Inputs {
		amounts[input.ID] = input.Amount
	}
	var in, out, carry uint64
	for _, id := range inputs {
		amount, ok := amounts[id]
		if !ok {
			return t, fmt.Errorf("%w: it spends %v, which the plan does not, or twice", ErrInvalid, id)
		}
		delete(amounts, id)
		if in, carry = bits.Add64(in, amount, 0); carry > 0 {
			return t, fmt.Errorf("%w: sum of its inputs", ErrInvalid)
		}
	}
	for _, output := range outputs {
		if out, carry = bits.Add64(out, output.Amount, 0); carry > 0 {
			return t, fmt.Errorf("%w: sum of its outputs", ErrInvalid)
		}
	}
	if out > in {
		return t, fmt.Errorf("%w: it pays %d out of %d", ErrInvalid, out, in)
	}
	t.Fee = in - out
	return t, nil
}

// Check returns what the transaction does otherwise than the plan: it spends the
// inputs, pays the payments and own outputs, and leaves the fee. Their order is
// the coin's.
func (t UnsignedTransaction) Check(plan Plan) error {
	inputs := make([]OutputID, len(plan.Inputs))
	for i, input := range plan.Inputs {
		inputs[i] = input.ID
	}
	outputs := make([]PaidOutput, 0, len(plan.Payments)+len(plan.Own))
	for _, p := range plan.Payments {
		outputs = append(outputs, PaidOutput{p.Address, p.Paid})
	}
	for _, o := range plan.Own {
		outputs = append(outputs, PaidOutput{o.Address, o.Amount})
	}
	switch {
	case !sameSet(t.Inputs, inputs, OutputID.Compare):
		return fmt.Errorf("%w: its inputs are not the plan's", ErrInvalid)
	case !sameSet(t.Outputs, outputs, comparePaidOutputs):
		return fmt.Errorf("%w: its outputs are not the plan's", ErrInvalid)
	case t.Fee != plan.Fee:
		return fmt.Errorf("%w: its fee is %d, the plan's %d", ErrInvalid, t.Fee, plan.Fee)
	}
	return nil
}

// sameSet tells whether two lists hold the same, each as often, in any order.
func sameSet[T comparable](a, b []T, compare func(T, T) int) bool {
	return slices.Equal(slices.SortedFunc(slices.Values(a), compare), slices.SortedFunc(slices.Values(b), compare))
}

func comparePaidOutputs(a, b PaidOutput) int {
	return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Amount, b.Amount))
}
