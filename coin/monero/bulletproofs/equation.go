package bulletproofs

import "filippo.io/edwards25519"

// factors are products that several terms of an equation have.
type factors struct {
	w, we, minusWEE edwards25519.Scalar // the weight, times e, times −e²
	zz, yn          edwards25519.Scalar // z², yⁿ
}

// add adds weight times the equation of a statement,
//
//	0 = −e²·(A + Σ −z·G_i + (d_i·y^(n−i) + z)·H_i + Σ z^(2(j+1))·y^(n+1)·C_j
//	         + (ζ·z − ζ·z² − D·y^(n+1)·z)·H + Σ e_j²·L_j + e_j⁻²·R_j) − e·A1 − B
//	    + Σ r1·e·y⁻ⁱ·x_i·G_i + s1·e/x_i·H_i + r1·y·s1·H + d1·G,
//
// with i from 0 to n−1, d_i = z^(2(j+1))·2^(i−64j) for the output j of i, D their
// sum, ζ = y + … + yⁿ, and x_i the product of all e_j, inverted where bit
// k−1−j of i is 0, j from 0. Points of the proof and commitments are eighths
// here, and so are the generators: the caller multiplies the sum by 8.
func (v *verifier) add(s *statement, weight *edwards25519.Scalar) {
	var f factors
	f.w.Set(weight)
	f.we.Multiply(weight, &s.e)
	f.minusWEE.Negate(&f.we)
	f.minusWEE.Multiply(&f.minusWEE, &s.e)
	f.zz.Multiply(&s.z, &s.z)
	f.yn.Set(&s.y)
	square(&f.yn, len(s.l))
	v.addPoints(s, &f)
	for _, x := range [...]*edwards25519.Scalar{&f.w, &f.we, &f.minusWEE} {
		x.Multiply(x, eighth)
	}
	v.addBases(s, &f)
	v.addVectors(s, &f)
}

// addPoints adds the points of the proof and the commitments.
func (v *verifier) addPoints(s *statement, f *factors) {
	var t, power edwards25519.Scalar
	v.addPoint(&f.minusWEE, &s.a)
	v.addPoint(t.Negate(&f.we), &s.a1)
	v.addPoint(t.Negate(&f.w), &s.b)
	for j := range s.l {
		t.Multiply(&s.rounds[j], &s.rounds[j])
		v.addPoint(t.Multiply(&t, &f.minusWEE), &s.l[j])
		t.Multiply(&s.inverseRounds[j], &s.inverseRounds[j])
		v.addPoint(t.Multiply(&t, &f.minusWEE), &s.r[j])
	}
	power.Multiply(&f.yn, &s.y)
	power.Multiply(&power, &f.minusWEE)
	for j := range s.commitments {
		power.Multiply(&power, &f.zz)
		v.addPoint(&power, &s.commitments[j])
	}
}

func (v *verifier) addPoint(s *edwards25519.Scalar, p *edwards25519.Point) {
	v.scalars = append(v.scalars, *s)
	v.points = append(v.points, *p)
}

// addBases adds the multiples of G and H.
func (v *verifier) addBases(s *statement, f *factors) {
	v.base.MultiplyAdd(&f.w, &s.d1, &v.base)

	// ζ = y·Π (1 + y^(2ʲ)) over all 2ʲ below n.
	var zeta, power, d, t edwards25519.Scalar
	zeta.Set(&s.y)
	power.Set(&s.y)
	for range s.l {
		zeta.MultiplyAdd(&zeta, &power, &zeta)
		power.Multiply(&power, &power)
	}
	power.Set(one)
	for range 1 << (len(s.l) - minRounds) {
		power.Multiply(&power, &f.zz)
		d.Add(&d, &power)
	}
	d.Multiply(&d, maxAmount)

	// z·(ζ − ζ·z − D·y^(n+1))
	t.Multiply(&zeta, &s.z)
	t.Subtract(&zeta, &t)
	power.Multiply(&f.yn, &s.y)
	t.Subtract(&t, d.Multiply(&d, &power))
	t.Multiply(&t, &s.z)
	v.valueBase.MultiplyAdd(&t, &f.minusWEE, &v.valueBase)
	t.Multiply(&s.r1, &s.s1)
	t.Multiply(&t, &s.y)
	v.valueBase.MultiplyAdd(&t, &f.w, &v.valueBase)
}

// addVectors adds the multiples of all G_i and H_i.
func (v *verifier) addVectors(s *statement, f *factors) {
	g, h := s.lastLine(&f.we)
	var inG, inH, d, first, double, output, t edwards25519.Scalar
	inH.Multiply(&f.minusWEE, &s.z)
	inG.Negate(&inH)
	// d is −e²·d_i·y^(n−i): from i to i+1 times 2/y, from the first of an
	// output to that of the next times z²/y⁶⁴.
	first.Multiply(&f.yn, &f.minusWEE)
	first.Multiply(&first, &f.zz)
	double.Add(&s.inverseY, &s.inverseY)
	output.Set(&s.inverseY)
	square(&output, minRounds)
	output.Multiply(&output, &f.zz)
	for i := range g {
		if i%amountBits == 0 {
			d.Set(&first)
			first.Multiply(&first, &output)
		}
		v.g[i].Add(&v.g[i], t.Add(&g[i], &inG))
		t.Add(&h[i], &inH)
		v.h[i].Add(&v.h[i], t.Add(&t, &d))
		d.Multiply(&d, &double)
	}
}

// lastLine returns r1·e·y⁻ⁱ·x_i and s1·e/x_i for all i. A bit of i exchanges
// a challenge for its inverse.
func (s *statement) lastLine(e *edwards25519.Scalar) (g, h []edwards25519.Scalar) {
	k := len(s.rounds)
	g, h = make([]edwards25519.Scalar, 1<<k), make([]edwards25519.Scalar, 1<<k)
	g[0].Multiply(e, &s.r1)
	h[0].Multiply(e, &s.s1)
	for j := range k {
		g[0].Multiply(&g[0], &s.inverseRounds[j])
		h[0].Multiply(&h[0], &s.rounds[j])
	}
	var power, inG, inH edwards25519.Scalar
	power.Set(&s.inverseY) // to the power of the bit
	for bit := range k {
		j := k - 1 - bit
		inG.Multiply(&s.rounds[j], &s.rounds[j])
		inG.Multiply(&inG, &power)
		inH.Multiply(&s.inverseRounds[j], &s.inverseRounds[j])
		for i := range 1 << bit {
			g[1<<bit+i].Multiply(&g[i], &inG)
			h[1<<bit+i].Multiply(&h[i], &inH)
		}
		power.Multiply(&power, &power)
	}
	return g, h
}
