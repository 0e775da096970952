package spend

import (
	"math"
	"math/bits"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/fee"
	"github.com/serai-go/processor/coin/monero/keys"
)

// InputWeight is what an input adds to the weight: tag, amount, ring, key
// image, signature and pseudo output.
const InputWeight = 1 + 1 + 1 + MaxOffsetsSize + keys.Size + (RingSize+2)*keys.Size + keys.Size

// A Shape is what the weight of a transaction follows from, besides its fee.
type Shape struct {
	// Inputs is how many there are.
	Inputs int
	// Outputs are the addresses that are paid.
	Outputs []address.Address
	// Data is how many bytes of data it carries.
	Data int
}

// Weight returns the weight of a transaction of a shape, the added output included
// if there is one only, and a fee in piconero. It is exact but for the rings'
// offsets, which count as MaxOffsetsSize each.
func (s Shape) Weight(fee uint64) uint64 {
	all := complete(s.Outputs)
	return block.Shape{
		Inputs: s.Inputs, Outputs: len(all), RingSize: RingSize,
		Offsets: s.Inputs * MaxOffsetsSize, Extra: extraSize(formOf(all), len(all), s.Data), Fee: fee,
	}.Weight()
}

// Weight returns the weight of a transaction without data, with so many inputs
// and outputs to the addresses, as that of its Shape.
func Weight(inputs int, outputs []address.Address, fee uint64) uint64 {
	return Shape{Inputs: inputs, Outputs: outputs}.Weight(fee)
}

// Fee returns the fee in piconero of a transaction without data, with so many
// inputs and outputs to the addresses, as that of its Shape.
func Fee(rate uint64, inputs int, outputs []address.Address) (uint64, error) {
	return Shape{Inputs: inputs, Outputs: outputs}.Fee(rate)
}

// Fee returns the fee in piconero of a transaction of a shape at a rate in
// piconero per 1000 units of weight: the least multiple of 10,000 that is not
// below the rate for the weight, its own size included. A fee above 64 bits and
// an impossible shape are ErrInvalid.
func (s Shape) Fee(rate uint64) (uint64, error) {
	if s.Inputs < 1 || s.Inputs > MaxInputs || len(s.Outputs) < 1 || len(s.Outputs) > MaxOutputs || s.Data < 0 || s.Data > MaxData {
		return 0, invalid("%d inputs, %d outputs and %d bytes of data", s.Inputs, len(s.Outputs), s.Data)
	}
	base := s.Weight(0) - 1
	for size := uint64(1); ; size++ {
		fee, ok := feeOf(base+size, rate)
		if !ok {
			return 0, invalid("a fee at rate %d is above 64 bits", rate)
		}
		if uint64(keys.VarintSize(fee)) <= size {
			return fee, nil
		}
	}
}

// InputCost returns what the weight of one more input costs at a rate in piconero
// per 1000 units of weight, rounded up to a multiple of 10,000.
func InputCost(rate uint64) uint64 {
	cost, _ := feeOf(InputWeight, rate) // fewer than 1000 units
	return cost
}

// feeOf returns weight·rate/1000 rounded up to a multiple of the quantum, false
// if it is above 64 bits. The product is divided by 1000·Quantum at once.
func feeOf(weight, rate uint64) (uint64, bool) {
	const unit = 1000 * fee.Quantum
	high, low := bits.Mul64(weight, rate)
	if high >= unit {
		return 0, false
	}
	quanta, rest := bits.Div64(high, low, unit)
	if quanta >= math.MaxUint64/fee.Quantum {
		return 0, false
	}
	if rest > 0 {
		quanta++
	}
	return quanta * fee.Quantum, true
}
