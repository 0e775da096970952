package bulletproofs

import (
	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// folded are the generators G' and H' of a round, length of each and an eighth of
// what they stand for: G'_p is the sum of g[i]·G_i over all i that are p modulo
// length, and H'_p that of h[i]·H_i. All of this is public.
//
// G_i and H_i are first the fixed generators. When few are left these become the
// points that have been reached.
type folded struct {
	g, h   []edwards25519.Scalar
	length int
	// pointsG and pointsH are G_i and H_i, nil for the fixed ones.
	pointsG, pointsH []edwards25519.Point
}

// newFolded returns n fixed generators of each kind.
func newFolded(n int) *folded {
	f := &folded{g: make([]edwards25519.Scalar, n), h: make([]edwards25519.Scalar, n), length: n}
	for i := range n {
		f.g[i].Set(eighth)
		f.h[i].Set(eighth)
	}
	return f
}

// addG adds s·g[i]·G_i to a sum, addH s·h[i]·H_i.
func (f *folded) addG(to *sum, i int, s *edwards25519.Scalar) {
	var t edwards25519.Scalar
	t.Multiply(&f.g[i], s)
	if f.pointsG != nil {
		to.addPoint(&f.pointsG[i], &t)
		return
	}
	to.addFixed(&slots[i/amountBits]().g[i%amountBits], &t)
}

func (f *folded) addH(to *sum, i int, s *edwards25519.Scalar) {
	var t edwards25519.Scalar
	t.Multiply(&f.h[i], s)
	if f.pointsH != nil {
		to.addPoint(&f.pointsH[i], &t)
		return
	}
	to.addFixed(&slots[i/amountBits]().h[i%amountBits], &t)
}

// addValueBase adds s·H, the way that sums with the generators take anyway.
func (f *folded) addValueBase(to *sum, s *edwards25519.Scalar) {
	if f.pointsG != nil {
		to.addPoint(keys.H(), s)
		return
	}
	to.addFixed(&bases()[1], s)
}

// fold halves the generators: G' becomes G'_low/e + high·G'_high, and H'
// becomes e·H'_low + H'_high/e. The inverse is that of e.
func (f *folded) fold(half int, e, inverse, high *edwards25519.Scalar) {
	for i := range f.g {
		if i&half != 0 {
			f.g[i].Multiply(&f.g[i], high)
			f.h[i].Multiply(&f.h[i], inverse)
		} else {
			f.g[i].Multiply(&f.g[i], inverse)
			f.h[i].Multiply(&f.h[i], e)
		}
	}
	f.length = half
	if f.pointsG == nil && half <= foldedAt(len(f.g)) {
		f.compute()
	}
}

// foldedAt returns at what length it was measured to be best to compute the
// points, of n fixed generators.
func foldedAt(n int) int { return max(16, n/16) }

// compute replaces the fixed generators by G' and H' as they are.
func (f *folded) compute() {
	n := f.length
	f.pointsG, f.pointsH = make([]edwards25519.Point, n), make([]edwards25519.Point, n)
	g, h := newHalves(), newHalves()
	for p := range n {
		for i := p; i < len(f.g); i += n {
			s := slots[i/amountBits]()
			g.addMultiple(&s.g[i%amountBits], &f.g[i])
			h.addMultiple(&s.h[i%amountBits], &f.h[i])
		}
		g.take(&f.pointsG[p])
		h.take(&f.pointsH[p])
	}
	f.g, f.h = f.g[:n], f.h[:n]
	for p := range n {
		f.g[p].Set(one)
		f.h[p].Set(one)
	}
}

// halves add up few multiples of fixed generators, for which buckets of digits
// half as wide do: those at even positions and those at odd ones.
type halves struct{ even, odd buckets }

const (
	halfWidth     = fixedWidth / 2
	halfPositions = (scalarBits + halfWidth - 1) / halfWidth
)

func newHalves() *halves {
	return &halves{newBuckets(halfWidth), newBuckets(halfWidth)}
}

func (h *halves) addMultiple(generator *multiples, s *edwards25519.Scalar) {
	var digits [halfPositions]int16
	recode(digits[:], s, halfWidth)
	for j, digit := range digits {
		if j%2 == 0 {
			h.even.add(digit, &generator[j/2])
		} else {
			h.odd.add(digit, &generator[j/2])
		}
	}
}

// take sets p to the sum, and begins another.
func (h *halves) take(p *edwards25519.Point) {
	total, even := h.odd.total(), h.even.total()
	total.double(halfWidth)
	total.add(&even)
	p.Set(total.library())
	h.even.reset()
	h.odd.reset()
}
