package secp256k1

import (
	"encoding/binary"
	"sync"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// dcrd multiplies points in variable time only. The multiplications here are
// for secret scalars: their operations and memory accesses do not depend on the
// scalar. They use the complete addition formulas of Renes, Costello and Batina
// (eprint 2015/1060, algorithms 7, 8 and 9: a = 0, b₃ = 3·7 = 21), which have no
// special cases, and tables that are read in full for every digit.
//
// Magnitudes (dcrd's measure of pending carries; a product needs both factors
// at most 8 and has 1) are noted as m=….

// point is (X:Y:Z) with x = X/Z, y = Y/Z; the identity is (0:1:0). Coordinates
// are m≤3.
type point struct{ x, y, z dcr.FieldVal }

// negate returns −f for a value of magnitude m.
func negate(f *dcr.FieldVal, m uint32) *dcr.FieldVal {
	return new(dcr.FieldVal).NegateVal(f, m)
}

// times21 multiplies f by b₃ = 21 and leaves m=1.
func times21(f *dcr.FieldVal) { f.Normalize().MulInt(21).Normalize() }

// add sets r = p + q (algorithm 7).
func (r *point) add(p, q *point) {
	var t0, t1, t2, t3, t4, x3, y3 dcr.FieldVal
	t0.Mul2(&p.x, &q.x)
	t1.Mul2(&p.y, &q.y)
	t2.Mul2(&p.z, &q.z)

	// t3 = X₁Y₂ + X₂Y₁, t4 = Y₁Z₂ + Y₂Z₁, y3 = X₁Z₂ + X₂Z₁, each m=4.
	t3.Add2(&p.x, &p.y).Mul(x3.Add2(&q.x, &q.y))
	t3.Add(negate(x3.Add2(&t0, &t1), 2))
	t4.Add2(&p.y, &p.z).Mul(x3.Add2(&q.y, &q.z))
	t4.Add(negate(x3.Add2(&t1, &t2), 2))
	y3.Add2(&p.x, &p.z).Mul(x3.Add2(&q.x, &q.z))
	y3.Add(negate(x3.Add2(&t0, &t2), 2))

	r.finish(&t0, &t1, &t2, &t3, &t4, &y3)
}

// addAffine sets r = p + (x, y), the point (x, y) not being the identity
// (algorithm 8).
func (r *point) addAffine(p *point, x, y *dcr.FieldVal) {
	var t0, t1, t2, t3, t4, x3, y3 dcr.FieldVal
	t0.Mul2(&p.x, x)
	t1.Mul2(&p.y, y)
	t2.Set(&p.z)

	t3.Add2(&p.x, &p.y).Mul(x3.Add2(x, y))
	t3.Add(negate(x3.Add2(&t0, &t1), 2)) // m=4
	t4.Mul2(y, &p.z).Add(&p.y)           // m=4
	y3.Mul2(x, &p.z).Add(&p.x)           // m=4

	r.finish(&t0, &t1, &t2, &t3, &t4, &y3)
}

// finish is the part that the two additions share.
func (r *point) finish(t0, t1, t2, t3, t4, y3 *dcr.FieldVal) {
	t0.MulInt(3) // m=3
	times21(t2)
	var z3, product dcr.FieldVal
	z3.Add2(t1, t2)       // m=2
	t1.Add(negate(t2, 1)) // m=3
	times21(y3)

	r.x.Mul2(t3, t1).Add(negate(product.Mul2(t4, y3), 1)) // m=3
	r.y.Mul2(t1, &z3).Add(product.Mul2(y3, t0))           // m=2
	r.z.Mul2(&z3, t4).Add(product.Mul2(t0, t3))           // m=2
}

// double sets r = 2p (algorithm 9).
func (r *point) double(p *point) {
	var t0, t1, t2, xy, x3, y3, z3 dcr.FieldVal
	t0.SquareVal(&p.y)
	z3.Set(&t0).MulInt(8) // m=8
	t1.Mul2(&p.y, &p.z)
	t2.SquareVal(&p.z)
	times21(&t2)
	xy.Mul2(&p.x, &p.y)

	x3.Mul2(&t2, &z3)
	y3.Add2(&t0, &t2)               // m=2
	r.z.Mul2(&t1, &z3)              // m=1
	t0.Add(negate(t2.MulInt(3), 3)) // m=5
	r.y.Mul2(&y3, &t0).Add(&x3)     // m=2
	r.x.Mul2(&t0, &xy).MulInt(2)    // m=2
}

// jacobian sets q to p, normalised.
func (p *point) jacobian(q *dcr.JacobianPoint) {
	q.X.Mul2(&p.x, &p.z).Normalize()
	q.Y.SquareVal(&p.z).Mul(&p.y).Normalize()
	q.Z.Set(&p.z).Normalize()
}

// fromJacobian sets p to q.
func (p *point) fromJacobian(q *dcr.JacobianPoint) {
	if q.Z.IsZero() || q.X.IsZero() && q.Y.IsZero() {
		*p = identity()
		return
	}
	p.x.Mul2(&q.X, &q.Z)
	p.y.Set(&q.Y)
	p.z.SquareVal(&q.Z).Mul(&q.Z)
}

func identity() (p point) {
	p.y.SetInt(1)
	return p
}

// packed is a field element as a table stores it: four words, so that a masked
// scan is cheap.
type packed [4]uint64

func pack(f *dcr.FieldVal) (w packed) {
	b := f.Normalize().Bytes()
	for i := range w {
		w[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return w
}

func (w *packed) unpack(f *dcr.FieldVal) {
	var b [32]byte
	for i, word := range w {
		binary.BigEndian.PutUint64(b[8*i:], word)
	}
	f.SetBytes(&b)
}

// mask returns all ones if i and j, both below 16, are equal, and zero if not.
func mask(i, j uint64) uint64 { return uint64(int64((i^j)-1) >> 63) }

// digit returns the i-th of the 64 digits of k in base 16, the lowest first.
func digit(k *[32]byte, i int) uint64 {
	return uint64(k[31-i/2]>>(4*(i%2))) & 15
}

// baseTable holds (j+1)·16ⁱ·G at [i][j]. The shift by one keeps the identity,
// which has no affine form, out of the table; offset takes it back: it is the
// negative of the sum over i of 16ⁱ·G.
type baseTable struct {
	points [64][16][2]packed
	offset point
}

var base = sync.OnceValue(func() *baseTable {
	table := new(baseTable)
	var power, offset dcr.JacobianPoint
	dcr.ScalarBaseMultNonConst(new(dcr.ModNScalar).SetInt(1), &power)
	multiples := make([]dcr.JacobianPoint, 0, 64*16)
	for range table.points {
		dcr.AddNonConst(&offset, &power, &offset)
		multiple := power
		for range 16 {
			multiples = append(multiples, multiple)
			dcr.AddNonConst(&multiple, &power, &multiple)
		}
		power = multiples[len(multiples)-1]
	}
	toAffine(multiples)
	for i := range multiples {
		table.points[i/16][i%16] = [2]packed{pack(&multiples[i].X), pack(&multiples[i].Y)}
	}
	offset.Y.Negate(1).Normalize()
	table.offset.fromJacobian(&offset)
	return table
})

// multiplyBase sets q = k·G in constant time.
func multiplyBase(q *dcr.JacobianPoint, k *dcr.ModNScalar) {
	table := base()
	digits := k.Bytes()
	sum := table.offset
	var x, y dcr.FieldVal
	for i := range table.points {
		d := digit(&digits, i)
		var entry [2]packed
		for j := range table.points[i] {
			m := mask(uint64(j), d)
			for c := range entry {
				for w := range entry[c] {
					entry[c][w] |= m & table.points[i][j][c][w]
				}
			}
		}
		entry[0].unpack(&x)
		entry[1].unpack(&y)
		sum.addAffine(&sum, &x, &y)
	}
	sum.jacobian(q)
	clear(digits[:])
}

// multiply sets q = k·p in time that does not depend on k.
func multiply(q *dcr.JacobianPoint, k *dcr.ModNScalar, p *dcr.JacobianPoint) {
	// multiples[j] is j·p.
	var multiples [16][3]packed
	var one, multiple point
	one.fromJacobian(p)
	multiple = identity()
	for j := range multiples {
		multiples[j] = [3]packed{pack(&multiple.x), pack(&multiple.y), pack(&multiple.z)}
		multiple.add(&multiple, &one)
	}

	digits := k.Bytes()
	sum := identity()
	for i := 63; i >= 0; i-- {
		for range 4 {
			sum.double(&sum)
		}
		d := digit(&digits, i)
		var entry [3]packed
		for j := range multiples {
			m := mask(uint64(j), d)
			for c := range entry {
				for w := range entry[c] {
					entry[c][w] |= m & multiples[j][c][w]
				}
			}
		}
		var term point
		entry[0].unpack(&term.x)
		entry[1].unpack(&term.y)
		entry[2].unpack(&term.z)
		sum.add(&sum, &term)
	}
	sum.jacobian(q)
	clear(digits[:])
}
