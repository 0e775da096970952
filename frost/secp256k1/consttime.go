package secp256k1

import (
	"encoding/binary"
	"math/bits"
	"sync"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// dcrd multiplies points in variable time only. The multiplications here are
// for secret scalars: their operations and memory accesses do not depend on the
// scalar. They use the complete addition formulas of Renes, Costello and Batina
// (eprint 2015/1060, algorithms 7, 8 and 9: a = 0, b₃ = 3·7 = 21), which have no
// special cases, and tables that are read in full for every digit. A test keeps
// branches, and indexes other than those of loops, out of this file.
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

// times21 multiplies f, with m=1, by b₃ = 21 and leaves m=1. A magnitude may be
// at most 32.
func times21(f *dcr.FieldVal) { f.MulInt(21).Normalize() }

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
	t2.Set(&p.z).Normalize()

	t3.Add2(&p.x, &p.y).Mul(x3.Add2(x, y))
	t3.Add(negate(x3.Add2(&t0, &t1), 2)) // m=4
	t4.Mul2(y, &p.z).Add(&p.y)           // m=4
	y3.Mul2(x, &p.z).Add(&p.x)           // m=4

	r.finish(&t0, &t1, &t2, &t3, &t4, &y3)
}

// finish is the part that the two additions share. t2 is m=1.
func (r *point) finish(t0, t1, t2, t3, t4, y3 *dcr.FieldVal) {
	t0.MulInt(3) // m=3
	times21(t2)
	var z3, product dcr.FieldVal
	z3.Add2(t1, t2)       // m=2
	t1.Add(negate(t2, 1)) // m=3
	times21(y3.Normalize())

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

// packed is a field element as a table stores it: four words, the highest
// first, so that a masked scan is cheap.
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

// prime is the field's p = 2²⁵⁶ − 2³² − 977.
var prime = packed{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1<<32 - 977}

// or sets w to w | v if m is all ones, and leaves it if m is zero.
func (w *packed) or(m uint64, v *packed) {
	w[0] |= m & v[0]
	w[1] |= m & v[1]
	w[2] |= m & v[2]
	w[3] |= m & v[3]
}

// negate sets w to p − w if m is all ones, and leaves it if m is zero. w is not
// zero.
func (w *packed) negate(m uint64) {
	var borrow uint64
	var n packed
	n[3], borrow = bits.Sub64(prime[3], w[3], 0)
	n[2], borrow = bits.Sub64(prime[2], w[2], borrow)
	n[1], borrow = bits.Sub64(prime[1], w[1], borrow)
	n[0], _ = bits.Sub64(prime[0], w[0], borrow)
	for i := range w {
		w[i] ^= m & (w[i] ^ n[i])
	}
}

// mask returns all ones if i and j, both small, are equal, and zero if not.
func mask(i, j uint64) uint64 { return uint64(int64((i^j)-1) >> 63) }

// recoding writes a scalar as Σ (2dᵢ + 1 − 2^w)·2^(wi) for digits dᵢ of w bits:
// every term is an odd multiple, so that tables hold no identity and half of
// their entries are the negatives of the other half.
type recoding struct {
	width, count int // of a digit in bits, and of digits
	// shift is 2^(w·count) − 1: the sum is 2d − shift for the number d with the
	// digits dᵢ, so that d = (k + shift)/2.
	shift dcr.ModNScalar
}

func newRecoding(width int) *recoding {
	r := &recoding{width: width, count: (256 + width - 1) / width}
	r.shift.SetInt(1)
	for range r.width * r.count {
		r.shift.Add(&r.shift)
	}
	r.shift.Add(new(dcr.ModNScalar).SetInt(1).Negate())
	return r
}

// oneHalf is 1/2 modulo n.
var oneHalf = new(dcr.ModNScalar).SetInt(2).InverseNonConst()

// recode returns the number d for k, the lowest word first and followed by zero.
func (r *recoding) recode(k *dcr.ModNScalar) (d [5]uint64) {
	var shifted dcr.ModNScalar
	shifted.Add2(k, &r.shift).Mul(oneHalf)
	b := shifted.Bytes()
	for i := range 4 {
		d[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	shifted.Zero()
	clear(b[:])
	return d
}

// digit returns the i-th digit of d as the index of |2dᵢ + 1 − 2^w| among the odd
// numbers from 1 on, and all ones if it is negative.
func (r *recoding) digit(d *[5]uint64, i int) (index, negative uint64) {
	at, bit := i*r.width/64, i*r.width%64
	v := d[at]>>bit | d[at+1]<<(64-bit)
	negative = v>>(r.width-1)&1 - 1
	return (v ^ negative) & (1<<(r.width-1) - 1), negative
}

const (
	baseWidth     = 6
	variableWidth = 5
)

var baseRecoding, variableRecoding = newRecoding(baseWidth), newRecoding(variableWidth)

// baseTable holds (2j+1)·2^(w·i)·G at [i][j].
type baseTable [(256 + baseWidth - 1) / baseWidth][1 << (baseWidth - 1)][2]packed

var base = sync.OnceValue(func() *baseTable {
	table := new(baseTable)
	var power, double dcr.JacobianPoint
	dcr.ScalarBaseMultNonConst(new(dcr.ModNScalar).SetInt(1), &power)
	var multiples []dcr.JacobianPoint
	for i := range table {
		dcr.DoubleNonConst(&power, &double)
		multiple := power
		for range table[i] {
			multiples = append(multiples, multiple)
			dcr.AddNonConst(&multiple, &double, &multiple)
		}
		// The last one is (2^w − 1)·power.
		dcr.AddNonConst(&multiples[len(multiples)-1], &power, &power)
	}
	toAffine(multiples)
	for i := range table {
		for j := range table[i] {
			m := &multiples[i*len(table[i])+j]
			table[i][j] = [2]packed{pack(&m.X), pack(&m.Y)}
		}
	}
	return table
})

// multiplyBase sets q = k·G in constant time.
func multiplyBase(q *dcr.JacobianPoint, k *dcr.ModNScalar) {
	table := base()
	digits := baseRecoding.recode(k)
	sum := identity()
	var x, y dcr.FieldVal
	for i := range table {
		index, negative := baseRecoding.digit(&digits, i)
		var entry [2]packed
		for j := range table[i] {
			m := mask(uint64(j), index)
			entry[0].or(m, &table[i][j][0])
			entry[1].or(m, &table[i][j][1])
		}
		entry[1].negate(negative)
		entry[0].unpack(&x)
		entry[1].unpack(&y)
		sum.addAffine(&sum, &x, &y)
	}
	sum.jacobian(q)
	clear(digits[:])
}

// multiply sets q = k·p in time that does not depend on k.
func multiply(q *dcr.JacobianPoint, k *dcr.ModNScalar, p *dcr.JacobianPoint) {
	// multiples[j] is (2j+1)·p. None has y = 0.
	var multiples [1 << (variableWidth - 1)][3]packed
	var multiple, double point
	multiple.fromJacobian(p)
	double.double(&multiple)
	for j := range multiples {
		multiples[j] = [3]packed{pack(&multiple.x), pack(&multiple.y), pack(&multiple.z)}
		multiple.add(&multiple, &double)
	}

	digits := variableRecoding.recode(k)
	sum := identity()
	for i := variableRecoding.count - 1; i >= 0; i-- {
		for range variableWidth {
			sum.double(&sum)
		}
		index, negative := variableRecoding.digit(&digits, i)
		var entry [3]packed
		for j := range multiples {
			m := mask(uint64(j), index)
			entry[0].or(m, &multiples[j][0])
			entry[1].or(m, &multiples[j][1])
			entry[2].or(m, &multiples[j][2])
		}
		entry[1].negate(negative)
		var term point
		entry[0].unpack(&term.x)
		entry[1].unpack(&term.y)
		entry[2].unpack(&term.z)
		sum.add(&sum, &term)
	}
	sum.jacobian(q)
	clear(digits[:])
}
