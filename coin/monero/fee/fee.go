// Package fee holds Monero's rules for fees: what a transaction of a weight
// costs at a rate, and which rates nodes recommend.
//
// Rates are in piconero per unit of weight, fees in piconero and multiples of
// a quantum that nodes name with their rates, 10,000 so far. Nodes relay a
// transaction from 98 % of the lowest rate on. Nothing overflows: what is
// above 64 bits is the largest number.
//
// Sources: get_dynamic_base_fee_estimate_2021_scaling in monero's
// src/cryptonote_core/blockchain.cpp, calculate_fee_from_weight in
// src/wallet/wallet2.cpp.
package fee

import (
	"math"
	"math/bits"

	"github.com/serai-go/processor/coin/monero/keys"
)

const (
	// Quantum is what fees are multiples of, in piconero.
	Quantum = 10_000
	// Zone is the weight of a block up to which miners lose nothing of their
	// reward, and the least that either median counts as.
	Zone = 300_000
	// reference is the weight of the transaction that the rates are made for.
	reference = 3_000
)

// Of returns the fee of a transaction of a weight at a rate: the least
// multiple of quantum that is not below their product. A quantum of zero
// counts as one.
func Of(weight, rate, quantum uint64) uint64 {
	quantum = max(quantum, 1)
	fee := product(weight, rate)
	if over := fee % quantum; over > 0 {
		var carry uint64
		if fee, carry = bits.Add64(fee, quantum-over, 0); carry > 0 {
			return math.MaxUint64
		}
	}
	return fee
}

// WithVarint returns the fee of a transaction whose weight is base without the
// fee that is written in it, and the weight with it. The fee never pays less
// than the rate; it may pay for a byte more than it takes.
func WithVarint(base, rate, quantum uint64) (fee, weight uint64) {
	for size := uint64(1); ; size++ {
		fee = Of(base+size, rate, quantum)
		if taken := uint64(keys.VarintSize(fee)); taken <= size {
			return fee, base + taken
		}
	}
}

// Rates returns the rates that nodes recommend for the priorities low, normal,
// medium and high, from a block's base reward in piconero and the medians of
// the weights of the last 100 blocks and of the long term. Medians below Zone
// count as Zone.
func Rates(reward, median, longMedian uint64) [4]uint64 {
	median, longMedian = max(median, Zone), max(longMedian, Zone)
	lower := min(median, longMedian)
	scaled := func(factor, a, b uint64) uint64 {
		return quotient(product(factor*reference, reward), a, b)
	}
	medium := scaled(16, Zone, lower)
	high := max(product(4, medium), product(product(4, medium), lower)/max(product(32*reference, median)/Zone, 1))
	return [4]uint64{
		roundUp(scaled(1, lower, lower)),
		roundUp(scaled(4, lower, lower)),
		roundUp(medium),
		roundUp(high),
	}
}

// product returns a*b.
func product(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high > 0 {
		return math.MaxUint64
	}
	return low
}

// quotient returns v / (a*b), rounded down once.
func quotient(v, a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high > 0 {
		return 0
	}
	return v / low
}

// roundUp rounds up to two significant decimal digits.
func roundUp(v uint64) uint64 {
	unit := uint64(1)
	for v/unit >= 100 {
		unit *= 10
	}
	if over := v % unit; over > 0 {
		if v > math.MaxUint64-(unit-over) {
			return math.MaxUint64
		}
		v += unit - over
	}
	return v
}
