package bulletproofs

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// point is a point in extended coordinates (X:Y:Z:T), x = X/Z, y = Y/Z and
// x·y = T/Z. The library's own has no addition of points with Z = 1.
type point struct{ x, y, z, t field.Element }

// affine is a point with Z = 1, as it is added to others.
type affine struct{ yPlusX, yMinusX, t2d field.Element }

// twiceD is 2·d of the curve −x² + y² = 1 + d·x²·y², d = −121665/121666.
var twiceD = func() *field.Element {
	one := new(field.Element).One()
	d := new(field.Element).Invert(new(field.Element).Mult32(one, 121666))
	d.Mult32(d, 121665)
	d.Negate(d)
	return d.Add(d, d)
}()

func (p *point) setIdentity() {
	*p = point{}
	p.y.One()
	p.z.One()
}

func (p *point) set(q *edwards25519.Point) {
	x, y, z, t := q.ExtendedCoordinates()
	p.x.Set(x)
	p.y.Set(y)
	p.z.Set(z)
	p.t.Set(t)
}

// library returns the point as the library's.
func (p *point) library() *edwards25519.Point {
	q, err := new(edwards25519.Point).SetExtendedCoordinates(&p.x, &p.y, &p.z, &p.t)
	if err != nil {
		panic(err) // sums of points are on the curve
	}
	return q
}

// finish sets p to the point (e/g, h/f), for the last four multiplications that
// additions and doublings have in common.
func (p *point) finish(e, f, g, h *field.Element) {
	p.x.Multiply(e, f)
	p.y.Multiply(g, h)
	p.z.Multiply(f, g)
	p.t.Multiply(e, h)
}

// addAffine sets p to p + q in constant time.
func (p *point) addAffine(q *affine) {
	var plus, minus, t, z field.Element
	plus.Add(&p.y, &p.x)
	minus.Subtract(&p.y, &p.x)
	plus.Multiply(&plus, &q.yPlusX)
	minus.Multiply(&minus, &q.yMinusX)
	t.Multiply(&p.t, &q.t2d)
	z.Add(&p.z, &p.z)

	var e, f, g, h field.Element
	e.Subtract(&plus, &minus)
	h.Add(&plus, &minus)
	f.Subtract(&z, &t)
	g.Add(&z, &t)
	p.finish(&e, &f, &g, &h)
}

// subtractAffine sets p to p − q in constant time.
func (p *point) subtractAffine(q *affine) {
	var plus, minus, t, z field.Element
	plus.Add(&p.y, &p.x)
	minus.Subtract(&p.y, &p.x)
	plus.Multiply(&plus, &q.yMinusX)
	minus.Multiply(&minus, &q.yPlusX)
	t.Multiply(&p.t, &q.t2d)
	z.Add(&p.z, &p.z)

	var e, f, g, h field.Element
	e.Subtract(&plus, &minus)
	h.Add(&plus, &minus)
	f.Add(&z, &t)
	g.Subtract(&z, &t)
	p.finish(&e, &f, &g, &h)
}

// add sets p to p + q in constant time.
func (p *point) add(q *point) {
	var plus, minus, other, t, z field.Element
	plus.Add(&p.y, &p.x)
	minus.Subtract(&p.y, &p.x)
	plus.Multiply(&plus, other.Add(&q.y, &q.x))
	minus.Multiply(&minus, other.Subtract(&q.y, &q.x))
	t.Multiply(&p.t, &q.t)
	t.Multiply(&t, twiceD)
	z.Multiply(&p.z, &q.z)
	z.Add(&z, &z)

	var e, f, g, h field.Element
	e.Subtract(&plus, &minus)
	h.Add(&plus, &minus)
	f.Subtract(&z, &t)
	g.Add(&z, &t)
	p.finish(&e, &f, &g, &h)
}

// double doubles p some times, at least once, in constant time. Only the last
// time T is computed.
func (p *point) double(times int) {
	var xx, yy, z, e, f, g, h field.Element
	for i := range times {
		xx.Square(&p.x)
		yy.Square(&p.y)
		z.Square(&p.z)
		z.Add(&z, &z)
		e.Add(&p.x, &p.y)
		e.Square(&e)
		h.Add(&yy, &xx)
		g.Subtract(&yy, &xx)
		e.Subtract(&e, &h)
		f.Subtract(&z, &g)
		if i == times-1 {
			p.finish(&e, &f, &g, &h)
			return
		}
		p.x.Multiply(&e, &f)
		p.y.Multiply(&g, &h)
		p.z.Multiply(&f, &g)
	}
}

// toAffine writes points to dst with one inversion for all.
func toAffine(dst []affine, points []point) {
	prefix := make([]field.Element, len(points)) // products of the Z before
	var running, inverse, x, y field.Element
	running.One()
	for i := range points {
		prefix[i].Set(&running)
		running.Multiply(&running, &points[i].z)
	}
	running.Invert(&running)
	for i := len(points) - 1; i >= 0; i-- {
		p := &points[i]
		inverse.Multiply(&running, &prefix[i])
		running.Multiply(&running, &p.z)
		x.Multiply(&p.x, &inverse)
		y.Multiply(&p.y, &inverse)
		dst[i].yPlusX.Add(&y, &x)
		dst[i].yMinusX.Subtract(&y, &x)
		dst[i].t2d.Multiply(x.Multiply(&x, &y), twiceD)
	}
}

// selectAffine sets p to q if choice is 1 and to −r if it is 0, in constant
// time.
func (p *affine) selectAffine(q, r *affine, choice int) {
	p.yPlusX.Select(&q.yPlusX, &r.yMinusX, choice)
	p.yMinusX.Select(&q.yMinusX, &r.yPlusX, choice)
	p.t2d.Negate(&r.t2d)
	p.t2d.Select(&q.t2d, &p.t2d, choice)
}
