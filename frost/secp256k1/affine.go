package secp256k1

import (
	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// An inversion costs as much as 180 multiplications, so the functions here
// share one among many points. All of this is variable time.

// invertAll replaces each value by its inverse, with one inversion
// (Montgomery's trick). None is zero. Prefix is room for as many values.
func invertAll(values, prefix []dcr.FieldVal) {
	var running dcr.FieldVal
	running.SetInt(1)
	for i := range values {
		prefix[i] = running
		running.Mul(&values[i])
	}
	running.Inverse()
	for i := len(values) - 1; i >= 0; i-- {
		value := values[i]
		values[i].Mul2(&running, &prefix[i])
		running.Mul(&value)
	}
}

// toAffine gives all points Z = 1 but the identity, which becomes zero in all
// coordinates.
func toAffine(points []dcr.JacobianPoint) {
	indexes := make([]int, 0, len(points))
	for i := range points {
		switch p := &points[i]; {
		case isIdentity(p):
			*p = dcr.JacobianPoint{}
		case !p.Z.IsOne():
			indexes = append(indexes, i)
		}
	}
	if len(indexes) == 0 {
		return
	}
	room := make([]dcr.FieldVal, 2*len(indexes))
	inverses := room[:len(indexes)]
	for i, index := range indexes {
		inverses[i] = points[index].Z
	}
	invertAll(inverses, room[len(indexes):])
	for i, index := range indexes {
		rescale(&points[index], &inverses[i])
		points[index].Z.SetInt(1)
	}
}

// toCommonZ gives all points the same Z, which it returns, and writes 1 in its
// place: they become points of the curve y² = x³ + 7·Z⁶, where the formulas are
// the same, as the 7 does not occur in them. This takes no inversion. None of
// the points is the identity.
func toCommonZ(points []dcr.JacobianPoint, prefix []dcr.FieldVal) (z dcr.FieldVal) {
	z.SetInt(1)
	for i := range points {
		prefix[i] = z
		z.Mul(&points[i].Z)
	}
	var suffix dcr.FieldVal
	suffix.SetInt(1)
	for i := len(points) - 1; i >= 0; i-- {
		p := &points[i]
		rescale(p, prefix[i].Mul(&suffix))
		suffix.Mul(&p.Z)
		p.Z.SetInt(1)
	}
	return *z.Normalize()
}

// rescale multiplies the coordinates of a point other than Z by what belongs to
// the factor f of Z.
func rescale(p *dcr.JacobianPoint, f *dcr.FieldVal) {
	var square dcr.FieldVal
	square.SquareVal(f)
	p.X.Mul(&square).Normalize()
	p.Y.Mul(square.Mul(f)).Normalize()
}

func isIdentity(p *dcr.JacobianPoint) bool {
	return p.Z.IsZero() || p.X.IsZero() && p.Y.IsZero()
}

// affine is a point by its coordinates, which are normalised, or the identity as
// (0, 0): no point has x = 0 or y = 0.
type affine struct{ x, y dcr.FieldVal }

func (p *affine) isIdentity() bool { return p.y.IsZero() }

// denominator returns what the sum of two points is divided by, and 1 if nothing
// is.
func denominator(p, q *affine) (d dcr.FieldVal) {
	switch {
	case p.isIdentity() || q.isIdentity():
		d.SetInt(1)
	case !p.x.Equals(&q.x):
		d.NegateVal(&p.x, 1).Add(&q.x)
	case p.y.Equals(&q.y):
		d.Add2(&p.y, &p.y)
	default:
		d.SetInt(1)
	}
	return d
}

// add sets r = p + q with the inverse of their denominator.
func (r *affine) add(p, q *affine, inverse *dcr.FieldVal) {
	var slope, x, y dcr.FieldVal
	switch {
	case p.isIdentity():
		*r = *q
		return
	case q.isIdentity():
		*r = *p
		return
	case !p.x.Equals(&q.x):
		slope.NegateVal(&p.y, 1).Add(&q.y).Mul(inverse)
	case p.y.Equals(&q.y):
		slope.SquareVal(&p.x).MulInt(3).Mul(inverse)
	default:
		*r = affine{}
		return
	}
	x.Add2(&p.x, &q.x).Negate(2)
	x.Add(y.SquareVal(&slope)).Normalize()
	y.NegateVal(&x, 1).Add(&p.x).Mul(&slope)
	y.Add(slope.NegateVal(&p.y, 1)).Normalize()
	r.x, r.y = x, y
}

// sumRuns replaces each run of points, one after the other in the slice, by its
// sum, all runs at once in rounds of adding neighbours. It returns the sums of
// the runs; that of an empty run is the identity.
func sumRuns(points []affine, runs []int) []affine {
	lengths := append([]int(nil), runs...)
	room := make([]dcr.FieldVal, len(points))
	inverses, prefix := room[:0:len(points)/2], room[len(points)/2:]
	for {
		inverses = inverses[:0]
		from := 0
		for _, n := range lengths {
			for i := 0; i+1 < n; i += 2 {
				inverses = append(inverses, denominator(&points[from+i], &points[from+i+1]))
			}
			from += n
		}
		if len(inverses) == 0 {
			break
		}
		invertAll(inverses, prefix)
		from, to, pair := 0, 0, 0
		for r, n := range lengths {
			for i := 0; i+1 < n; i += 2 {
				points[to].add(&points[from+i], &points[from+i+1], &inverses[pair])
				to, pair = to+1, pair+1
			}
			if n%2 == 1 {
				points[to] = points[from+n-1]
				to++
			}
			from += n
			lengths[r] = (n + 1) / 2
		}
	}
	sums := make([]affine, len(runs))
	at := 0
	for r, n := range lengths {
		if n == 1 {
			sums[r] = points[at]
			at++
		}
	}
	return sums
}
