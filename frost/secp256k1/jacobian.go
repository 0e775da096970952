package secp256k1

import dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

// jacobian is a point in Jacobian coordinates: (x/z², y/z³), or the identity if
// z = 0. Its arithmetic has special cases and takes variable time; it is for
// public points. The formulas are those of the Explicit-Formulas Database for
// short Weierstrass curves with a = 0.
type jacobian struct{ x, y, z field }

func (p *jacobian) isIdentity() bool { return p.z.isZero() }

// double sets r = 2p (dbl-2009-l).
func (r *jacobian) double(p *jacobian) {
	var a, b, c, d, e, x3, t field
	a.square(&p.x)
	b.square(&p.y)
	c.square(&b)
	d.add(&p.x, &b)
	d.square(&d)
	d.subtract(&d, &a)
	d.subtract(&d, &c)
	d.add(&d, &d)
	e.multiplySmall(&a, 3)
	x3.square(&e)
	x3.subtract(&x3, &d)
	x3.subtract(&x3, &d)
	r.z.multiply(&p.y, &p.z)
	r.z.add(&r.z, &r.z)
	t.subtract(&d, &x3)
	t.multiply(&t, &e)
	c.multiplySmall(&c, 8)
	r.y.subtract(&t, &c)
	r.x = x3
}

// add sets r = p + q.
func (r *jacobian) add(p, q *jacobian) {
	if q.z == fieldOne {
		r.addAffine(p, &q.x, &q.y)
		return
	}
	switch {
	case p.isIdentity():
		*r = *q
		return
	case q.isIdentity():
		*r = *p
		return
	}
	var zz1, zz2, u1, u2, s1, s2 field
	zz1.square(&p.z)
	zz2.square(&q.z)
	u1.multiply(&p.x, &zz2)
	u2.multiply(&q.x, &zz1)
	s1.multiply(&p.y, &q.z)
	s1.multiply(&s1, &zz2)
	s2.multiply(&q.y, &p.z)
	s2.multiply(&s2, &zz1)
	var z field
	z.multiply(&p.z, &q.z)
	r.finish(p, &u1, &u2, &s1, &s2, &z)
}

// addAffine sets r = p + (x, y).
func (r *jacobian) addAffine(p *jacobian, x, y *field) {
	if p.isIdentity() {
		*r = jacobian{*x, *y, fieldOne}
		return
	}
	var zz, u2, s2 field
	zz.square(&p.z)
	u2.multiply(x, &zz)
	s2.multiply(y, &p.z)
	s2.multiply(&s2, &zz)
	u1, s1, z := p.x, p.y, p.z
	r.finish(p, &u1, &u2, &s1, &s2, &z)
}

// finish adds two points whose coordinates over a common denominator are
// (u1, s1), which is p, and (u2, s2).
func (r *jacobian) finish(p *jacobian, u1, u2, s1, s2, z *field) {
	var h, t field
	h.subtract(u2, u1)
	t.subtract(s2, s1)
	if h.isZero() {
		if t.isZero() {
			r.double(p)
		} else {
			*r = jacobian{}
		}
		return
	}
	var hh, hhh, v field
	hh.square(&h)
	hhh.multiply(&h, &hh)
	v.multiply(u1, &hh)
	r.x.square(&t)
	r.x.subtract(&r.x, &hhh)
	r.x.subtract(&r.x, &v)
	r.x.subtract(&r.x, &v)
	v.subtract(&v, &r.x)
	v.multiply(&v, &t)
	hhh.multiply(&hhh, s1)
	r.y.subtract(&v, &hhh)
	r.z.multiply(z, &h)
}

// equal reports whether p and q are the same point.
func (p *jacobian) equal(q *jacobian) bool {
	if p.isIdentity() || q.isIdentity() {
		return p.isIdentity() && q.isIdentity()
	}
	var zz1, zz2, a, b field
	zz1.square(&p.z)
	zz2.square(&q.z)
	a.multiply(&p.x, &zz2)
	b.multiply(&q.x, &zz1)
	if a.subtract(&a, &b); !a.isZero() {
		return false
	}
	a.multiply(&p.y, &zz2)
	a.multiply(&a, &q.z)
	b.multiply(&q.y, &zz1)
	b.multiply(&b, &p.z)
	a.subtract(&a, &b)
	return a.isZero()
}

// scale sets z = 1, given 1/z.
func (p *jacobian) scale(inverse *field) {
	var zz field
	zz.square(inverse)
	p.x.multiply(&p.x, &zz)
	zz.multiply(&zz, inverse)
	p.y.multiply(&p.y, &zz)
	p.z = fieldOne
}

// affine returns p, which is not the identity, with z = 1 and with coordinates
// below the prime of the field.
func (p *jacobian) affine() jacobian {
	r := *p
	if r.z != fieldOne {
		var inverse field
		inverse.invert(&r.z)
		r.scale(&inverse)
	}
	r.x.normalize()
	r.y.normalize()
	return r
}

// toAffine sets z = 1 in all points, none of which is the identity, with one
// inversion (Montgomery's trick).
func toAffine(points []jacobian) {
	prefix := make([]field, len(points))
	running := fieldOne
	for i := range points {
		prefix[i] = running
		running.multiply(&running, &points[i].z)
	}
	running.invert(&running)
	for i := len(points) - 1; i >= 0; i-- {
		var inverse field
		inverse.multiply(&running, &prefix[i])
		running.multiply(&running, &points[i].z)
		points[i].scale(&inverse)
	}
}

// decompress returns the point with the given x, 32 bytes big-endian, and with
// an odd or even y. It reports whether there is one.
func decompress(encoded *[32]byte, odd bool) (jacobian, bool) {
	p := jacobian{z: fieldOne}
	if !p.x.setBytes(encoded) {
		return p, false
	}
	// y² = x³ + 7
	var yy, check field
	yy.square(&p.x)
	yy.multiply(&yy, &p.x)
	yy.add(&yy, &field{7})
	p.y.squareRoot(&yy)
	check.square(&p.y)
	if check.subtract(&check, &yy); !check.isZero() {
		return p, false
	}
	p.y.normalize()
	if p.y.isOdd() != odd {
		p.y.negate(&p.y)
		p.y.normalize()
	}
	return p, true
}

// generator is G of SEC 2, section 2.4.1.
var generator = func() jacobian {
	x := [32]byte(bytesFromHex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"))
	p, _ := decompress(&x, false)
	return p
}()

// varTimeMultiplyBase returns k·G, in variable time.
func varTimeMultiplyBase(k *dcr.ModNScalar) (sum jacobian) {
	table := base()
	digits := k.Bytes()
	for i := range table.points {
		if d := digit(&digits, i); d != 0 {
			p := &table.points[i][d-1]
			sum.addAffine(&sum, &p[0], &p[1])
		}
	}
	return sum
}
