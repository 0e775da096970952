package bulletproofs

import "filippo.io/edwards25519"

// sum adds up multiples of fixed generators and of other points. It takes
// variable time.
type sum struct {
	buckets buckets
	used    bool // the buckets
	scalars []edwards25519.Scalar
	points  []edwards25519.Point
}

// newSum returns an empty sum with room for so many points that are not fixed:
// a slice that grows leaves copies behind.
func newSum(points int) *sum {
	return &sum{
		buckets: newBuckets(fixedWidth),
		scalars: make([]edwards25519.Scalar, 0, points),
		points:  make([]edwards25519.Point, 0, points),
	}
}

func (s *sum) addFixed(generator *multiples, scalar *edwards25519.Scalar) {
	s.used = true
	s.buckets.addMultiple(generator, scalar)
}

func (s *sum) addPoint(p *edwards25519.Point, scalar *edwards25519.Scalar) {
	s.scalars = append(s.scalars, *scalar)
	s.points = append(s.points, *p)
}

// take returns the sum, and begins another.
func (s *sum) take() *edwards25519.Point {
	p := multiply(s.scalars, s.points)
	if s.used {
		total := s.buckets.total()
		p.Add(p, total.library())
	}
	s.erase()
	return p
}

// erase removes what was added up.
func (s *sum) erase() {
	if s.used {
		s.buckets.reset()
		s.used = false
	}
	clear(s.scalars)
	s.scalars, s.points = s.scalars[:0], s.points[:0]
}
