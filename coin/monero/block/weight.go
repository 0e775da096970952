package block

import (
	"math/bits"

	"github.com/serai-go/processor/coin/monero/keys"
)

// MaxWeight is the weight of the heaviest transaction that nodes relay.
const MaxWeight = 300_000/2 - 600

// Clawback returns what is added to the size of a type 6 transaction for its
// weight: of what one range proof for all outputs, padded to a power of two,
// saves over a proof for each two of them, four fifths.
func Clawback(outputs int) uint64 {
	return clawback(padded(outputs), 6)
}

// padded returns the power of two not below n.
func padded(n int) uint64 { return 1 << bits.Len(uint(max(n, 1)-1)) }

// clawback is that of range proofs that cover a number of outputs and have
// some points and scalars besides L and R.
func clawback(covered, fixed uint64) uint64 {
	if covered <= 2 {
		return 0
	}
	l := minProofLists + uint64(bits.Len64(covered-1))
	pair := 32 * (fixed + 2*(minProofLists+1))
	size := 32 * (fixed + 2*l)
	return (pair/2*covered - size) * 4 / 5
}

// Weight returns the transaction's weight, which fees and limits are for: its
// size and the clawback of its range proof. That of the pruned form is the
// weight of the whole transaction from type 4 on; before, the size of what is
// missing is not known: 0.
func (t *Transaction) Weight() uint64 {
	switch {
	case t.Pruned() && t.kind < TypeBulletproof2:
		return 0
	case t.Pruned():
		return uint64(len(t.raw)+t.prunableSize()) + t.clawback()
	}
	return uint64(len(t.raw)) + t.clawback()
}

func (t *Transaction) clawback() uint64 {
	switch t.kind {
	case TypeBulletproofsPlus:
		return Clawback(t.OutputCount())
	case TypeCLSAG, TypeBulletproof2, TypeBulletproof:
		return clawback(padded(t.OutputCount()), 9)
	}
	return 0
}

// prunableSize is the size of the prunable part from type 4 on.
func (t *Transaction) prunableSize() int {
	k := lists(t.OutputCount())
	size := 1 + proofHead + 2*(1+32*k)
	if t.kind != TypeBulletproofsPlus {
		size += proofTail
	}
	n, signature := t.signatureShape()
	return size + n*signature + 32*t.InputCount()
}

// A Shape is what the size of a type 6 transaction depends on.
type Shape struct {
	// Inputs and Outputs are how many there are, RingSize is 16 since 2022.
	Inputs, Outputs, RingSize int
	// Offsets is the size of all ring offsets in bytes, which are varints.
	Offsets int
	// Extra is the size of the extra field in bytes.
	Extra int
	// Fee in piconero.
	Fee uint64
}

// Size returns the size of the transaction in bytes. Its unlock time is 0, its
// outputs have view tags.
func (s Shape) Size() int {
	vi := func(n int) int { return keys.VarintSize(uint64(n)) }
	prefix := 2 + vi(s.Inputs) + s.Inputs*(2+vi(s.RingSize)+32) + s.Offsets +
		vi(s.Outputs) + s.Outputs*(2+32+1) + vi(s.Extra) + s.Extra
	base := 1 + keys.VarintSize(s.Fee) + s.Outputs*(8+32)
	prunable := 1 + proofHead + 2*(1+32*lists(s.Outputs)) + s.Inputs*(32*s.RingSize+64+32)
	return prefix + base + prunable
}

// Weight returns the weight of the transaction.
func (s Shape) Weight() uint64 { return uint64(s.Size()) + Clawback(s.Outputs) }
