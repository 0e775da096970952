package bulletproofs

import "filippo.io/edwards25519"

// fewPoints is up to how many points Straus' method was measured to be faster.
const fewPoints = 200

// multiply returns the sum of the scalars times the points. It takes variable
// time: by Straus' method for few points, the library's, and by Pippenger's for
// many.
func multiply(scalars []edwards25519.Scalar, points []edwards25519.Point) *edwards25519.Point {
	if len(scalars) != len(points) {
		panic("bulletproofs: as many scalars as points are multiplied")
	}
	if len(points) > fewPoints {
		return pippenger(scalars, points)
	}
	s, p := make([]*edwards25519.Scalar, len(points)), make([]*edwards25519.Point, len(points))
	for i := range points {
		s[i], p[i] = &scalars[i], &points[i]
	}
	return new(edwards25519.Point).VarTimeMultiScalarMult(s, p)
}

// pippenger adds up, from the highest position of signed digits to the lowest,
// the points with the same digit and then those sums.
func pippenger(scalars []edwards25519.Scalar, points []edwards25519.Point) *edwards25519.Point {
	originals, terms := make([]point, len(points)), make([]affine, len(points))
	for i := range points {
		originals[i].set(&points[i])
	}
	toAffine(terms, originals)
	width := digitWidth(len(points))
	count := positions(width)
	digits := make([]int16, len(points)*count)
	for i := range scalars {
		recode(digits[i*count:(i+1)*count], &scalars[i], width)
	}
	b := newBuckets(width)
	var sum point
	sum.setIdentity()
	for position := count - 1; position >= 0; position-- {
		sum.double(width)
		b.reset()
		for i := range terms {
			b.add(digits[i*count+position], &terms[i])
		}
		total := b.total()
		sum.add(&total)
	}
	return sum.library()
}

// digitWidth returns the width that was measured to be the fastest for so many
// points.
func digitWidth(points int) int {
	switch {
	case points < 150:
		return 5
	case points < 450:
		return 6
	case points < 700:
		return 7
	default:
		return 8
	}
}
