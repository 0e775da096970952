package secp256k1

import (
	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// pippenger sets sum to the sum of the terms by Pippenger's method. All halves
// are written in signed digits of the same width. Points with the same digit at
// the same position are first added up, in a bucket; then the buckets whose
// digit has a certain bit. All of this is affine with shared inversions. What
// remains are 130 doublings, with one addition after each.
func pippenger(sum *dcr.JacobianPoint, terms []term) {
	b := newBuckets(terms)
	*sum = dcr.JacobianPoint{}
	q := dcr.JacobianPoint{}
	q.Z.SetInt(1)
	atOnce := max(1, pointsAtOnce/(len(b.points)+1))
	for high := b.positions; high > 0; high -= atOnce {
		bits := b.sumBits(max(0, high-atOnce), high)
		for i := len(bits) - 1; i >= 0; i-- {
			dcr.DoubleNonConst(sum, sum)
			if !bits[i].isIdentity() {
				q.X, q.Y = bits[i].x, bits[i].y
				dcr.AddNonConst(sum, &q, sum)
			}
		}
	}
}

// pointsAtOnce is about how many points share an inversion: enough that it
// costs little, few enough to stay in the cache of a processor.
const pointsAtOnce = 8192

// buckets are points and what each is to be multiplied with.
type buckets struct {
	points    []affine
	width     int     // of a digit, in bits
	positions int     // number of digits of each point
	digits    []int16 // those of one point together, the lowest first
}

func newBuckets(terms []term) *buckets {
	originals := make([]dcr.JacobianPoint, len(terms))
	for i := range terms {
		originals[i] = *terms[i].point
	}
	toAffine(originals)
	count := countHalves(terms)
	b := &buckets{points: make([]affine, 0, count), width: digitWidth(count)}
	b.positions = (maxDigits + b.width - 1) / b.width
	b.digits = make([]int16, 0, count*b.positions)
	for i := range terms {
		p := affine{originals[i].X, originals[i].Y}
		b.add(&terms[i].low, p)
		p.x.Mul(beta).Normalize()
		b.add(&terms[i].high, p)
	}
	return b
}

// digitWidth returns the width that was measured to be the fastest for so many
// points.
func digitWidth(points int) int {
	switch {
	case points < 60:
		return 4
	case points < 220:
		return 5
	case points < 500:
		return 6
	case points < 1500:
		return 7
	default:
		return 8
	}
}

// add adds h·p. Digits are above −2^(width−1) and at most 2^(width−1).
func (b *buckets) add(h *half, p affine) {
	if h.isZero() {
		return
	}
	if h.negative {
		p.y.Negate(1).Normalize()
	}
	b.points = append(b.points, p)
	carry := 0
	for i := range b.positions {
		word, bit := i*b.width/64, i*b.width%64
		w := h.magnitude[word]>>bit | h.magnitude[word+1]<<(64-bit)
		d := int(w&(1<<b.width-1)) + carry
		carry = 0
		if d > 1<<(b.width-1) {
			d -= 1 << b.width
			carry = 1
		}
		b.digits = append(b.digits, int16(d))
	}
}

// sumBits returns for the positions from low up to high, and every bit of a
// digit, the lowest first, the sum of the points whose digit there has the bit.
func (b *buckets) sumBits(low, high int) []affine {
	// Count, then place: sorted is one bucket after the other.
	size := 1 << (b.width - 1)
	runs := make([]int, (high-low)*size)
	b.each(low, high, func(bucket int, _ *affine, _ bool) { runs[bucket]++ })
	next := make([]int, len(runs))
	total := 0
	for i, n := range runs {
		next[i] = total
		total += n
	}
	sorted := make([]affine, total)
	b.each(low, high, func(bucket int, p *affine, negative bool) {
		q := &sorted[next[bucket]]
		next[bucket]++
		*q = *p
		if negative {
			q.y.Negate(1).Normalize()
		}
	})
	sums := sumRuns(sorted, runs)

	runs = runs[:0]
	sorted = make([]affine, 0, (high-low)*b.width*(size/2+1))
	for position := range high - low {
		for bit := range b.width {
			before := len(sorted)
			for digit := 1; digit <= size; digit++ {
				if digit>>bit&1 == 1 {
					sorted = append(sorted, sums[position*size+digit-1])
				}
			}
			runs = append(runs, len(sorted)-before)
		}
	}
	return sumRuns(sorted, runs)
}

// each visits every digit other than 0 at the positions from low up to high,
// with its bucket and its sign.
func (b *buckets) each(low, high int, visit func(bucket int, p *affine, negative bool)) {
	size := 1 << (b.width - 1)
	for i := range b.points {
		for j, d := range b.digits[i*b.positions+low : i*b.positions+high] {
			switch {
			case d > 0:
				visit(j*size+int(d)-1, &b.points[i], false)
			case d < 0:
				visit(j*size-int(d)-1, &b.points[i], true)
			}
		}
	}
}
