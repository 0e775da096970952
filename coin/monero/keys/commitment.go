package keys

import (
	"sync"

	"filippo.io/edwards25519"
)

// basePoint is G, the base point of RFC 8032.
var basePoint = edwards25519.NewGeneratorPoint()

// valueBase is H: 8 times the point that the hash of G happens to be.
var valueBase = sync.OnceValue(func() *edwards25519.Point {
	sum := Keccak256(basePoint.Bytes())
	p, err := DecodePoint(sum[:])
	if err != nil {
		panic(err) // a constant
	}
	return p.MultByCofactor(p)
})

// H returns the base point of amounts,
// 8b655970153799af2aeadc9ff1add0ea6c7251d54154cfa92c173a0dd39c1f94.
func H() *edwards25519.Point {
	return new(edwards25519.Point).Set(valueBase())
}

const (
	windows    = 16 // of 4 bits in an amount
	windowSize = 16
)

// multiples are j·16ⁱ·H for window i and value j, 40 kB. Amounts have 64 bits
// only, which spares most of a multiplication.
var multiples = sync.OnceValue(func() *[windows][windowSize]edwards25519.Point {
	table := new([windows][windowSize]edwards25519.Point)
	base := H()
	for i := range table {
		table[i][0].Set(edwards25519.NewIdentityPoint())
		for j := 1; j < windowSize; j++ {
			table[i][j].Add(&table[i][j-1], base)
		}
		base.Add(&table[i][windowSize-1], base)
	}
	return table
})

// Commit returns the commitment mask·G + amount·H, the amount in piconero
// (10⁻¹² XMR). Miner outputs, whose amounts are clear, have mask 1. It takes
// constant time.
func Commit(mask *edwards25519.Scalar, amount uint64) *edwards25519.Point {
	return commit(new(edwards25519.Point), mask, amount)
}

func commit(p *edwards25519.Point, mask *edwards25519.Scalar, amount uint64) *edwards25519.Point {
	p.ScalarBaseMult(mask)
	table := multiples()
	var term edwards25519.Point
	for i := range table {
		digit := int(amount >> (4 * i) & (windowSize - 1))
		term.Set(&table[i][0])
		for j := 1; j < windowSize; j++ {
			term.Select(&table[i][j], &term, isEqual(j, digit))
		}
		p.Add(p, &term)
	}
	return p
}

// isEqual returns 1 if two numbers below 2³¹ are equal, else 0, in constant
// time.
func isEqual(a, b int) int {
	return int((uint32(a^b) - 1) >> 31)
}
