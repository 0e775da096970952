package bitcoin

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/serai-go/processor/coin"
)

const (
	// inputWeight is the weight of a key-path input: outpoint, empty script
	// and sequence, four times, and a witness of one signature.
	inputWeight = 4*(36+1+4) + 1 + 1 + 64
	// maxStandardWeight is the most weight that relay lets a transaction have.
	maxStandardWeight = 400_000
)

const (
	// maxScript is the longest script that CheckAddress lets be paid: a
	// witness program of 32 bytes.
	maxScript = 34
	// highestDust is the dust limit of relay for the output that is dearest to
	// spend, a P2PKH output, at 3 sat/vB.
	highestDust = 546
)

// Limits of relay on a transaction that waits for a block together with all
// that build on it. Newer nodes bound all that hang together: 64 of the same
// weight.
const (
	maxFamily = 25
	// maxFamilyWeight is 101,000 virtual bytes. Those of each transaction are
	// rounded up, by at most maxRounding weight units.
	maxFamilyWeight = 404_000
	maxRounding     = 3
)

// bumpWeight is the weight of a transaction from one change output to another.
var bumpWeight = transactionWeight(1, [][]byte{make([]byte, maxScript)})

// relayable refuses parameters under which a transaction could be planned that
// no node relays.
func relayable(p coin.Parameters) error {
	if p.Dust < highestDust {
		return fmt.Errorf("parameters: Dust of %d is below relay's %d satoshi", p.Dust, highestDust)
	}
	scripts := slices.Repeat([][]byte{make([]byte, maxScript)}, int(p.MaxOutputs))
	if weight := transactionWeight(int(p.MaxInputs), scripts); weight > maxStandardWeight {
		return fmt.Errorf("parameters: MaxInputs of %d and MaxOutputs of %d make a transaction of weight %d, relay allows %d",
			p.MaxInputs, p.MaxOutputs, weight, maxStandardWeight)
	}
	return relayableTree(p)
}

// relayableTree refuses parameters under which the root of a payment tree with
// as many children as may be would leave no room for the child that lifts its
// rate.
func relayableTree(p coin.Parameters) error {
	if p.Descendants > maxFamily-2 {
		return fmt.Errorf("parameters: Descendants of %d, with the root and what bumps it, are above relay's %d", p.Descendants, maxFamily)
	}
	most := maxFamilyWeight - bumpWeight - maxRounding*uint64(1+p.Descendants)
	if p.DescendantsWeight > most {
		return fmt.Errorf("parameters: DescendantsWeight of %d leaves no room for what bumps the root, relay allows %d", p.DescendantsWeight, most)
	}
	return nil
}

// sizeOfCount is the size of a count or length in Bitcoin's encoding.
func sizeOfCount(n int) uint64 {
	switch {
	case n < 0xfd:
		return 1
	case n <= math.MaxUint16:
		return 3
	}
	return 5
}

// outputSize is the size of an output in bytes.
func outputSize(script []byte) uint64 {
	return 8 + sizeOfCount(len(script)) + uint64(len(script))
}

// transactionWeight is the exact weight of a transaction with key-path inputs
// and these outputs.
func transactionWeight(inputs int, scripts [][]byte) uint64 {
	size := 4 + sizeOfCount(inputs) + sizeOfCount(len(scripts)) + 4 // version, lock time
	for _, script := range scripts {
		size += outputSize(script)
	}
	return 4*size + 2 + uint64(inputs)*inputWeight // marker and flag
}

// feeOf is what a weight costs at a rate, rounded up. Beyond 64 bits it is
// the greatest number.
func feeOf(weight, rate uint64) uint64 {
	high, low := bits.Mul64(weight, rate)
	low, carry := bits.Add64(low, 999, 0)
	high += carry
	if high >= 1000 {
		return math.MaxUint64
	}
	fee, _ := bits.Div64(high, low, 1000)
	return fee
}

// Fee implements coin.Planner. The rate is in satoshi per 1000 weight units.
func (c *Coin) Fee(rate uint64, inputs []coin.Output, outputs []coin.Address) (uint64, error) {
	scripts := make([][]byte, len(outputs))
	for i, address := range outputs {
		script, err := c.addressScript(address)
		if err != nil {
			return 0, fmt.Errorf("bitcoin: fee of output %d: %w", i, err)
		}
		scripts[i] = script
	}
	weight := transactionWeight(len(inputs), scripts)
	if weight > maxStandardWeight {
		return 0, fmt.Errorf("%w: %d inputs and %d outputs weigh %d, relay allows %d",
			coin.ErrInvalid, len(inputs), len(outputs), weight, maxStandardWeight)
	}
	return feeOf(weight, rate), nil
}

// InputCost implements coin.Planner: the weight of an input at the rate,
// rounded up.
func (c *Coin) InputCost(rate uint64) uint64 { return feeOf(inputWeight, rate) }
