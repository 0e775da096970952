package bulletproofs

import (
	"errors"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// statement is a decoded proof with its commitments and challenges.
type statement struct {
	// commitments are the eighths that the transcript hashes.
	commitments []edwards25519.Point
	a, a1, b    edwards25519.Point
	l, r        []edwards25519.Point
	r1, s1, d1  edwards25519.Scalar
	z, e        edwards25519.Scalar
}

var errNil = errors.New("it is nil")

// read decodes a proof, checks what can be without computing and appends its
// challenges.
func (v *verifier) read(p *Proof, commitments [][keys.Size]byte) error {
	switch {
	case p == nil:
		return errNil
	case !isCount(len(commitments)):
		return fmt.Errorf("it is for %d commitments", len(commitments))
	}
	if k := rounds(len(commitments)); len(p.L) != k || len(p.R) != k {
		return fmt.Errorf("%d L and %d R for %d commitments, which take %d each", len(p.L), len(p.R), len(commitments), k)
	}
	var s statement
	if err := s.decode(p); err != nil {
		return err
	}
	encoded, err := s.divide(commitments)
	if err != nil {
		return err
	}
	t, err := newTranscript(encoded)
	if err != nil {
		return err
	}
	y, err := t.next(p.A[:])
	if err != nil {
		return err
	}
	z, err := t.next()
	if err != nil {
		return err
	}
	s.z.Set(z)
	v.inverted = append(v.inverted, *y)
	for i := range p.L {
		e, err := t.next(p.L[i][:], p.R[i][:])
		if err != nil {
			return err
		}
		v.inverted = append(v.inverted, *e)
	}
	e, err := t.next(p.A1[:], p.B[:])
	if err != nil {
		return err
	}
	s.e.Set(e)
	v.statements = append(v.statements, s)
	return nil
}

func (s *statement) decode(p *Proof) error {
	for _, field := range [...]struct {
		name string
		to   *edwards25519.Scalar
		from *[keys.Size]byte
	}{{"r1", &s.r1, &p.R1}, {"s1", &s.s1, &p.S1}, {"d1", &s.d1, &p.D1}} {
		scalar, err := keys.DecodeScalar(field.from[:])
		if err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
		field.to.Set(scalar)
	}
	for _, field := range [...]struct {
		name string
		to   *edwards25519.Point
		from *[keys.Size]byte
	}{{"A", &s.a, &p.A}, {"A1", &s.a1, &p.A1}, {"B", &s.b, &p.B}} {
		if err := decodePoint(field.to, field.name, field.from); err != nil {
			return err
		}
	}
	s.l, s.r = make([]edwards25519.Point, len(p.L)), make([]edwards25519.Point, len(p.R))
	for i := range p.L {
		if err := decodePoint(&s.l[i], "L", &p.L[i]); err != nil {
			return err
		}
		if err := decodePoint(&s.r[i], "R", &p.R[i]); err != nil {
			return err
		}
	}
	return nil
}

func decodePoint(to *edwards25519.Point, name string, from *[keys.Size]byte) error {
	p, err := keys.DecodePoint(from[:])
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	to.Set(p)
	return nil
}

// divide sets the commitments to eighths of those that are given, and returns
// them encoded.
func (s *statement) divide(commitments [][keys.Size]byte) ([][keys.Size]byte, error) {
	s.commitments = make([]edwards25519.Point, len(commitments))
	var zero edwards25519.Scalar
	for i := range commitments {
		c := &s.commitments[i]
		if err := decodePoint(c, "commitment", &commitments[i]); err != nil {
			return nil, err
		}
		c.VarTimeDoubleScalarBaseMult(eighth, c, &zero)
	}
	encoded := make([][keys.Size]byte, len(commitments))
	keys.EncodePoints(encoded, s.commitments)
	return encoded, nil
}

// add adds weight times the equation of a statement,
//
//	0 = −e²·(A + Σ −z·G_i + (d_i·y^(n−i) + z)·H_i + Σ z^(2(j+1))·y^(n+1)·C_j
//	         + (ζ·z − ζ·z² − D·y^(n+1)·z)·H + Σ e_j²·L_j + e_j⁻²·R_j) − e·A1 − B
//	    + Σ r1·e·y⁻ⁱ·x_i·G_i + s1·e/x_i·H_i + r1·y·s1·H + d1·G,
//
// with i from 0 to n−1, d_i = z^(2(j+1))·2^(i−64j) for the output j of i, D their sum,
// ζ = y + … + yⁿ, and x_i the product of all e_j, inverted where bit k−1−j of
// i is 0, j from 0. Points of the proof are written as eighths, and so are the
// generators here: the caller multiplies the sum by 8.
func (v *verifier) add(s *statement, weight *edwards25519.Scalar, challenges, inverses []edwards25519.Scalar) {
	k := len(s.l)
	n := 1 << k
	y, inverseY := &challenges[0], &inverses[0]
	rounds, inverseRounds := challenges[1:], inverses[1:]

	var we, minusWE, minusWEE, t edwards25519.Scalar
	we.Multiply(weight, &s.e)
	minusWE.Negate(&we)
	minusWEE.Multiply(&minusWE, &s.e)
	v.addPoint(&minusWEE, &s.a)
	v.addPoint(&minusWE, &s.a1)
	v.addPoint(t.Negate(weight), &s.b)
	squares, inverseSquares := make([]edwards25519.Scalar, k), make([]edwards25519.Scalar, k)
	for j := range k {
		squares[j].Multiply(&rounds[j], &rounds[j])
		inverseSquares[j].Multiply(&inverseRounds[j], &inverseRounds[j])
		v.addPoint(t.Multiply(&minusWEE, &squares[j]), &s.l[j])
		v.addPoint(t.Multiply(&minusWEE, &inverseSquares[j]), &s.r[j])
	}

	// yn is yⁿ and zeta y·Π (1 + y^(2ʲ)) over all 2ʲ below n.
	var yn, yn1, zeta, sumD, zz, zPower edwards25519.Scalar
	yn.Set(y)
	zeta.Set(y)
	for range k {
		zeta.MultiplyAdd(&zeta, &yn, &zeta)
		yn.Multiply(&yn, &yn)
	}
	yn1.Multiply(&yn, y)
	zz.Multiply(&s.z, &s.z)
	zPower.Set(&zz)
	for j := range n / amountBits {
		if j < len(s.commitments) {
			t.Multiply(&zPower, &yn1)
			v.addPoint(t.Multiply(&t, &minusWEE), &s.commitments[j])
		}
		sumD.Add(&sumD, &zPower)
		zPower.Multiply(&zPower, &zz)
	}
	sumD.Multiply(&sumD, maxAmount)

	// The rest are multiples of generators, of which an eighth is taken.
	var w, inH edwards25519.Scalar
	w.Multiply(weight, eighth)
	minusWEE.Multiply(&minusWEE, eighth)
	v.base.MultiplyAdd(&w, &s.d1, &v.base)
	inH.Subtract(&s.z, &zz)
	inH.Multiply(&inH, &zeta)
	t.Multiply(&sumD, &yn1)
	inH.Subtract(&inH, t.Multiply(&t, &s.z))
	v.valueBase.MultiplyAdd(&inH, &minusWEE, &v.valueBase)
	t.Multiply(&s.r1, y)
	t.Multiply(&t, &s.s1)
	v.valueBase.MultiplyAdd(&t, &w, &v.valueBase)

	// The last line: r1·e·y⁻ⁱ·x_i for G_i, s1·e/x_i for H_i. A bit of i exchanges a
	// challenge for its inverse.
	g, h := make([]edwards25519.Scalar, n), make([]edwards25519.Scalar, n)
	we.Multiply(&we, eighth)
	g[0].Multiply(&we, &s.r1)
	h[0].Multiply(&we, &s.s1)
	for j := range k {
		g[0].Multiply(&g[0], &inverseRounds[j])
		h[0].Multiply(&h[0], &rounds[j])
	}
	var inverse edwards25519.Scalar // of y to the power of the bit
	inverse.Set(inverseY)
	for bit := range k {
		j := k - 1 - bit
		t.Multiply(&squares[j], &inverse)
		for i := range 1 << bit {
			g[1<<bit+i].Multiply(&g[i], &t)
			h[1<<bit+i].Multiply(&h[i], &inverseSquares[j])
		}
		inverse.Multiply(&inverse, &inverse)
	}

	// The first line: z for each G_i, −(d_i·y^(n−i) + z) for each H_i, times w·e².
	var inG, scaled, step, outputStep, first edwards25519.Scalar
	inH.Multiply(&minusWEE, &s.z)
	inG.Negate(&inH)
	step.Multiply(two, inverseY)
	outputStep.Set(inverseY)
	square(&outputStep, minRounds)
	outputStep.Multiply(&outputStep, &zz) // z²/y⁶⁴
	first.Multiply(&yn, &minusWEE)
	first.Multiply(&first, &zz)
	for i := range n {
		if i%amountBits == 0 {
			scaled.Set(&first) // of i, which is the first of an output
			first.Multiply(&first, &outputStep)
		}
		v.g[i].Add(&v.g[i], t.Add(&g[i], &inG))
		t.Add(&h[i], &inH)
		v.h[i].Add(&v.h[i], t.Add(&t, &scaled))
		scaled.Multiply(&scaled, &step)
	}
}

func (v *verifier) addPoint(s *edwards25519.Scalar, p *edwards25519.Point) {
	v.scalars = append(v.scalars, *s)
	v.points = append(v.points, *p)
}
