package secp256k1

import (
	"sync"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// The multiplications here are for secret scalars: neither their operations nor
// their memory accesses depend on the scalar. They use the complete addition
// formulas of Renes, Costello and Batina (eprint 2015/1060, algorithms 7, 8 and
// 9: a = 0, b₃ = 3·7 = 21), which have no special cases, and tables that are
// read in full for every digit.

// point is (x:y:z) with the affine coordinates x/z, y/z; the identity is (0:1:0).
type point struct{ x, y, z field }

var identity = point{y: fieldOne}

const b3 = 21

// add sets r = p + q (algorithm 7).
func (r *point) add(p, q *point) {
	var t0, t1, t2, t3, t4, y3, t field
	t0.multiply(&p.x, &q.x)
	t1.multiply(&p.y, &q.y)
	t2.multiply(&p.z, &q.z)

	// t3 = x₁y₂ + x₂y₁, t4 = y₁z₂ + y₂z₁, y3 = x₁z₂ + x₂z₁
	cross := func(z, a1, b1, a2, b2, aa, bb *field) {
		z.add(a1, b1)
		t.add(a2, b2)
		z.multiply(z, &t)
		z.subtract(z, aa)
		z.subtract(z, bb)
	}
	cross(&t3, &p.x, &p.y, &q.x, &q.y, &t0, &t1)
	cross(&t4, &p.y, &p.z, &q.y, &q.z, &t1, &t2)
	cross(&y3, &p.x, &p.z, &q.x, &q.z, &t0, &t2)
	r.finish(&t0, &t1, &t2, &t3, &t4, &y3)
}

// addAffine sets r = p + (x, y), the point (x, y) not being the identity
// (algorithm 8).
func (r *point) addAffine(p *point, x, y *field) {
	var t0, t1, t3, t4, y3, t field
	t0.multiply(&p.x, x)
	t1.multiply(&p.y, y)
	t3.add(&p.x, &p.y)
	t.add(x, y)
	t3.multiply(&t3, &t)
	t3.subtract(&t3, &t0)
	t3.subtract(&t3, &t1)
	t4.multiply(y, &p.z)
	t4.add(&t4, &p.y)
	y3.multiply(x, &p.z)
	y3.add(&y3, &p.x)
	t2 := p.z
	r.finish(&t0, &t1, &t2, &t3, &t4, &y3)
}

// finish is the part that the two additions share.
func (r *point) finish(t0, t1, t2, t3, t4, y3 *field) {
	var z3, t field
	t0.multiplySmall(t0, 3)
	t2.multiplySmall(t2, b3)
	z3.add(t1, t2)
	t1.subtract(t1, t2)
	y3.multiplySmall(y3, b3)

	r.x.multiply(t3, t1)
	t.multiply(t4, y3)
	r.x.subtract(&r.x, &t)
	r.y.multiply(y3, t0)
	t.multiply(t1, &z3)
	r.y.add(&r.y, &t)
	r.z.multiply(&z3, t4)
	t.multiply(t0, t3)
	r.z.add(&r.z, &t)
}

// double sets r = 2p (algorithm 9).
func (r *point) double(p *point) {
	var t0, t1, t2, xy, x3, y3, z3 field
	t0.square(&p.y)
	z3.multiplySmall(&t0, 8)
	t1.multiply(&p.y, &p.z)
	t2.square(&p.z)
	t2.multiplySmall(&t2, b3)
	xy.multiply(&p.x, &p.y)

	x3.multiply(&t2, &z3)
	y3.add(&t0, &t2)
	r.z.multiply(&t1, &z3)
	t2.multiplySmall(&t2, 3)
	t0.subtract(&t0, &t2)
	y3.multiply(&t0, &y3)
	r.y.add(&x3, &y3)
	r.x.multiply(&t0, &xy)
	r.x.add(&r.x, &r.x)
}

// jacobian returns p in the other coordinates.
func (p *point) jacobian() (q jacobian) {
	q.x.multiply(&p.x, &p.z)
	q.y.square(&p.z)
	q.y.multiply(&q.y, &p.y)
	q.z = p.z
	return q
}

// point returns p in the other coordinates.
func (p *jacobian) point() (q point) {
	if p.isIdentity() {
		return identity
	}
	q.x.multiply(&p.x, &p.z)
	q.y = p.y
	q.z.square(&p.z)
	q.z.multiply(&q.z, &p.z)
	return q
}

// takeIf sets z to x if mask is all ones, z being 0, and leaves it if mask is 0.
func (z *field) takeIf(mask uint64, x *field) {
	z[0] |= mask & x[0]
	z[1] |= mask & x[1]
	z[2] |= mask & x[2]
	z[3] |= mask & x[3]
}

// mask returns all ones if i and j, both below 16, are equal, and zero if not.
func mask(i, j uint64) uint64 { return uint64(int64((i^j)-1) >> 63) }

// digit returns the i-th of the 64 digits of k in base 16, the lowest first.
func digit(k *[32]byte, i int) uint64 {
	return uint64(k[31-i/2]>>(4*(i%2))) & 15
}

// baseTable holds the affine coordinates of (j+1)·16ⁱ·G at [i][j]. The shift by
// one keeps the identity, which has none, out of the table; offset takes it
// back: it is the negative of the sum over i of 16ⁱ·G.
type baseTable struct {
	points [64][16][2]field
	offset point
}

var base = sync.OnceValue(func() *baseTable {
	table := new(baseTable)
	power := generator
	var offset jacobian
	multiples := make([]jacobian, 0, 64*16)
	for range table.points {
		offset.add(&offset, &power)
		multiple := power
		for range 16 {
			multiples = append(multiples, multiple)
			multiple.add(&multiple, &power)
		}
		power = multiples[len(multiples)-1]
	}
	toAffine(multiples)
	for i, p := range multiples {
		table.points[i/16][i%16] = [2]field{p.x, p.y}
	}
	offset.y.negate(&offset.y)
	table.offset = offset.point()
	return table
})

// multiplyBase returns k·G, in constant time.
func multiplyBase(k *dcr.ModNScalar) jacobian {
	table := base()
	digits := k.Bytes()
	defer clear(digits[:])
	sum := table.offset
	for i := range table.points {
		d := digit(&digits, i)
		var x, y field
		for j := range table.points[i] {
			m := mask(uint64(j), d)
			x.takeIf(m, &table.points[i][j][0])
			y.takeIf(m, &table.points[i][j][1])
		}
		sum.addAffine(&sum, &x, &y)
	}
	return sum.jacobian()
}

// multiply returns k·p, in time that does not depend on k.
func multiply(k *dcr.ModNScalar, p *jacobian) jacobian {
	// multiples[j] is j·p.
	var multiples [16]point
	one := p.point()
	multiples[0] = identity
	for j := 1; j < len(multiples); j++ {
		multiples[j].add(&multiples[j-1], &one)
	}

	digits := k.Bytes()
	defer clear(digits[:])
	sum := identity
	for i := 63; i >= 0; i-- {
		for range 4 {
			sum.double(&sum)
		}
		d := digit(&digits, i)
		var term point
		for j := range multiples {
			m := mask(uint64(j), d)
			term.x.takeIf(m, &multiples[j].x)
			term.y.takeIf(m, &multiples[j].y)
			term.z.takeIf(m, &multiples[j].z)
		}
		sum.add(&sum, &term)
	}
	return sum.jacobian()
}
