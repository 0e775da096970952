package bulletproofs

import (
	"encoding/binary"

	"filippo.io/edwards25519"
)

// scalarBits is the size of a scalar in bits: ℓ is above 2²⁵² by less than 2¹²⁵.
const scalarBits = 253

// positions returns how many digits of a width in bits a scalar has.
func positions(width int) int { return (scalarBits + width - 1) / width }

// recode writes a scalar as signed digits of a width of at least 2 bits, the
// lowest first, each above −2^(width−1) and at most 2^(width−1). The highest one
// has no carry: where it has all its bits (253 = 11·23), its top bit is set in 2²⁵²
// and the few scalars above only, whose bits from 125 to 251 are 0.
func recode(digits []int16, s *edwards25519.Scalar, width int) {
	var words [5]uint64
	encoded := s.Bytes()
	for i := range 4 {
		words[i] = binary.LittleEndian.Uint64(encoded[8*i:])
	}
	carry := 0
	for i := range digits {
		word, bit := i*width/64, i*width%64
		w := words[word]>>bit | words[word+1]<<(64-bit)
		digit := int(w&(1<<width-1)) + carry
		carry = 0
		if digit > 1<<(width-1) {
			digit -= 1 << width
			carry = 1
		}
		digits[i] = int16(digit)
	}
}

// buckets adds up digits times points: element d−1 is the sum of the points
// with digit d, less those with −d. It takes variable time.
type buckets []point

// newBuckets returns empty buckets for digits of a width in bits.
func newBuckets(width int) buckets {
	b := make(buckets, 1<<(width-1))
	b.reset()
	return b
}

func (b buckets) reset() {
	for i := range b {
		b[i].setIdentity()
	}
}

// add adds digit·p.
func (b buckets) add(digit int16, p *affine) {
	switch {
	case digit > 0:
		b[digit-1].addAffine(p)
	case digit < 0:
		b[-digit-1].subtractAffine(p)
	}
}

// total returns the sum of all that was added.
func (b buckets) total() point {
	var total, running point
	total.setIdentity()
	running.setIdentity()
	for i := len(b) - 1; i >= 0; i-- {
		running.add(&b[i])
		total.add(&running)
	}
	return total
}
