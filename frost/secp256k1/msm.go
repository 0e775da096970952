package secp256k1

import (
	"math/bits"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// VarTimeMultiScalarMult splits every term by the endomorphism into two of half
// the length, and adds them up by the method that is faster for so many.
func (group) VarTimeMultiScalarMult(base frost.Scalar, scalars []frost.Scalar, elements []frost.Element) frost.Element {
	if len(scalars) != len(elements) {
		panic("secp256k1: VarTimeMultiScalarMult of slices of different lengths")
	}
	e := new(Element)
	terms := make([]term, 0, len(scalars))
	for i := range scalars {
		terms = appendTerm(terms, &scalars[i].(*Scalar).s, &elements[i].(*Element).p)
	}
	if countHalves(terms) < manyHalves {
		straus(&e.p, terms)
	} else {
		pippenger(&e.p, terms)
	}
	if base != nil {
		var q dcr.JacobianPoint
		dcr.ScalarBaseMultNonConst(&base.(*Scalar).s, &q)
		dcr.AddNonConst(&e.p, &q, &e.p)
	}
	return e
}

// manyHalves is from how many halves on Pippenger's method is faster.
const manyHalves = 16

// term is the product (low + high·λ)·P.
type term struct {
	low, high half
	point     *dcr.JacobianPoint
}

// appendTerm appends k·p unless it is the identity.
func appendTerm(terms []term, k *dcr.ModNScalar, p *dcr.JacobianPoint) []term {
	if k.IsZero() || isIdentity(p) {
		return terms
	}
	low, high := split(k)
	return append(terms, term{newHalf(&low), newHalf(&high), p})
}

// countHalves returns how many halves are not zero.
func countHalves(terms []term) (n int) {
	for i := range terms {
		for _, h := range []*half{&terms[i].low, &terms[i].high} {
			if !h.isZero() {
				n++
			}
		}
	}
	return n
}

// straus sets sum to the sum of the terms by Straus' method: all share their
// doublings, and signed windows recode their halves.
func straus(sum *dcr.JacobianPoint, terms []term) {
	recoded := make([]digits, 0, 2*len(terms))
	multiples := make([]dcr.JacobianPoint, 0, tableSize*len(terms))
	length := 0
	for i := range terms {
		t := &terms[i]
		// Both halves share a table, which is as long as the longer one needs.
		size := 1
		for _, h := range []*half{&t.low, &t.high} {
			d := recode(h)
			if d.length == 0 {
				continue
			}
			d.first, d.endomorphism = len(multiples), h == &t.high
			size = max(size, d.largest/2+1)
			length = max(length, d.length)
			recoded = append(recoded, d)
		}
		multiples = appendOddMultiples(multiples, t.point, size)
	}
	z := toCommonZ(multiples, make([]dcr.FieldVal, len(multiples)))

	*sum = dcr.JacobianPoint{}
	var q dcr.JacobianPoint
	for i := length - 1; i >= 0; i-- {
		dcr.DoubleNonConst(sum, sum)
		for j := range recoded {
			r := &recoded[j]
			d := r.digits[i]
			if d == 0 {
				continue
			}
			negative := r.negative
			if d < 0 {
				d, negative = -d, !negative
			}
			q = multiples[r.first+int(d)/2]
			if r.endomorphism {
				q.X.Mul(beta).Normalize()
			}
			if negative {
				q.Y.Negate(1).Normalize()
			}
			dcr.AddNonConst(sum, &q, sum)
		}
	}
	sum.Z.Mul(&z).Normalize()
}

// windowBits is the width of the windows: digits are odd and below
// 2^(windowBits−1) in absolute value.
const windowBits = 5

// tableSize is the number of odd multiples that digits can ask for.
const tableSize = 1 << (windowBits - 2)

// digits are half a scalar, recoded.
type digits struct {
	digits       [maxDigits]int8
	length       int // number of digits up to the last that is not zero
	largest      int // absolute value of the largest digit
	first        int // position of the point among the multiples
	endomorphism bool
	negative     bool
}

// maxDigits is enough for a half of 129 bits: the recoding adds one.
const maxDigits = 130

// recode writes a half in signed odd digits of which no two are closer than
// windowBits (the width-w non-adjacent form).
func recode(h *half) (r digits) {
	r.negative = h.negative
	w := h.magnitude
	for i := 0; w != [4]uint64{}; {
		if w[0]&1 == 0 {
			shift := min(bits.TrailingZeros64(w[0]), 63)
			shiftRight(&w, shift)
			i += shift
			continue
		}
		d := int(w[0] & (1<<windowBits - 1))
		if d >= 1<<(windowBits-1) {
			d -= 1 << windowBits
		}
		addInt(&w, -d)
		r.digits[i] = int8(d)
		r.largest = max(r.largest, d, -d)
		r.length = i + 1
	}
	return r
}

func shiftRight(w *[4]uint64, n int) {
	for i := range 3 {
		w[i] = w[i]>>n | w[i+1]<<(64-n)
	}
	w[3] >>= n
}

// addInt adds a small integer to w. The sum is not negative.
func addInt(w *[4]uint64, d int) {
	extension := uint64(int64(d) >> 63)
	var carry uint64
	w[0], carry = bits.Add64(w[0], uint64(int64(d)), 0)
	for i := 1; i < 4; i++ {
		w[i], carry = bits.Add64(w[i], extension, carry)
	}
}

// appendOddMultiples appends P, 3P, 5P, … .
func appendOddMultiples(multiples []dcr.JacobianPoint, p *dcr.JacobianPoint, size int) []dcr.JacobianPoint {
	multiples = append(multiples, *p)
	if size == 1 {
		return multiples
	}
	var double, next dcr.JacobianPoint
	dcr.DoubleNonConst(p, &double)
	next = *p
	for range size - 1 {
		dcr.AddNonConst(&next, &double, &next)
		multiples = append(multiples, next)
	}
	return multiples
}
