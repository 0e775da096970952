package bulletproofs

import (
	"sync"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

const (
	// fixedWidth is the width of a scalar's digits, in bits, with which
	// generators are multiplied: measured, with memory in mind.
	fixedWidth     = 10
	fixedPositions = (scalarBits + fixedWidth - 1) / fixedWidth
)

// multiples are 2^(fixedWidth·j)·P for every position j of a digit.
type multiples [fixedPositions]affine

// slot are the generators of one output.
type slot struct{ g, h [amountBits]multiples }

// slots are made one by one when they are needed first.
var slots = func() (list [MaxOutputs]func() *slot) {
	for i := range list {
		list[i] = sync.OnceValue(func() *slot {
			s := new(slot)
			first, end := i*amountBits, (i+1)*amountBits
			makeMultiples(s.g[:], keys.ProofG()[first:end])
			makeMultiples(s.h[:], keys.ProofH()[first:end])
			return s
		})
	}
	return list
}()

// bases are G and H, those of commitments.
var bases = sync.OnceValue(func() *[2]multiples {
	list := new([2]multiples)
	makeMultiples(list[:], []edwards25519.Point{*edwards25519.NewGeneratorPoint(), *keys.H()})
	return list
})

func makeMultiples(dst []multiples, points []edwards25519.Point) {
	all := make([]point, len(points)*fixedPositions)
	for i := range points {
		var p point
		p.set(&points[i])
		for j := range fixedPositions {
			all[i*fixedPositions+j] = p
			p.double(fixedWidth)
		}
	}
	flat := make([]affine, len(all))
	toAffine(flat, all)
	for i := range dst {
		copy(dst[i][:], flat[i*fixedPositions:])
	}
}

// addMultiple adds s·P for the generator P. All digits of all generators go
// into the same buckets, as the multiples differ by position.
func (b buckets) addMultiple(generator *multiples, s *edwards25519.Scalar) {
	var digits [fixedPositions]int16
	recode(digits[:], s, fixedWidth)
	for j := range generator {
		b.add(digits[j], &generator[j])
	}
}

// addGenerators adds Σ g[i]·G_i + h[i]·H_i.
func (b buckets) addGenerators(g, h []edwards25519.Scalar) {
	for first := 0; first < len(g); first += amountBits {
		s := slots[first/amountBits]()
		for i := range s.g {
			b.addMultiple(&s.g[i], &g[first+i])
			b.addMultiple(&s.h[i], &h[first+i])
		}
	}
}
