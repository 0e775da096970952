package bulletproofs

import (
	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// folding is the state between rounds. Each round halves the vectors a and b
// and the generators G' and H'.
type folding struct {
	transcript *transcript
	generators *folded
	// a and b are secret.
	a, b []edwards25519.Scalar
	// alpha blinds what has been committed to; it is secret.
	alpha edwards25519.Scalar
	// powers are those of y from 0 to the number of generators, inverses
	// those of 1/y with exponents 2ⁱ.
	powers, inverses []edwards25519.Scalar
	// left and right add up L and R, and depend on secrets.
	left, right *sum
}

func newFolding(t *transcript, y *edwards25519.Scalar, n int) *folding {
	f := &folding{
		transcript: t, generators: newFolded(n),
		a: make([]edwards25519.Scalar, n), b: make([]edwards25519.Scalar, n),
		powers: powers(y, n),
		left:   newSum(foldedAt(n) + 1), right: newSum(foldedAt(n) + 1),
	}
	var inverse edwards25519.Scalar
	inverse.Invert(y)
	for length := 1; length < n; length *= 2 {
		f.inverses = append(f.inverses, inverse)
		inverse.Multiply(&inverse, &inverse)
	}
	return f
}

// setVectors sets a_i to bit i less z, and b_i to the bit less 1 plus z plus
// z^(2(j+1))·2^(i−64j)·y^(n−i), where j is the output that i belongs to. It takes
// constant time.
func (f *folding) setVectors(padded []uint64, z *edwards25519.Scalar) {
	n := len(f.a)
	var minusZ, zLessOne, zz, weight, scaled edwards25519.Scalar
	minusZ.Negate(z)
	zLessOne.Subtract(z, one)
	zz.Multiply(z, z)
	weight.Set(one)
	for j, amount := range padded {
		weight.Multiply(&weight, &zz)
		scaled.Set(&weight)
		for i := range amountBits {
			at := j*amountBits + i
			bit := fromUint64(amount >> i & 1)
			f.a[at].Add(bit, &minusZ)
			f.b[at].Add(bit, &zLessOne)
			f.b[at].MultiplyAdd(&scaled, &f.powers[n-at], &f.b[at])
			scaled.Add(&scaled, &scaled)
			clearScalar(bit)
		}
	}
}

// erase removes what is secret.
func (f *folding) erase() {
	clear(f.a)
	clear(f.b)
	f.left.erase()
	f.right.erase()
	clearScalar(&f.alpha)
}

// round makes L and R and halves the vectors. It takes variable time in a and
// b, not in what blinds L and R.
func (f *folding) round(l, r *[keys.Size]byte, blindL, blindR *edwards25519.Scalar) error {
	half := len(f.a) / 2
	a1, a2, b1, b2 := f.a[:half], f.a[half:], f.b[:half], f.b[half:]
	power, inverse := &f.powers[half], &f.inverses[len(f.inverses)-1]
	f.inverses = f.inverses[:len(f.inverses)-1]

	// scaled1 is y^−half·a1, a2 becomes y^half·a2.
	scaled1 := make([]edwards25519.Scalar, half)
	defer clear(scaled1)
	var cL, cR, t edwards25519.Scalar
	defer clearScalar(&cL)
	defer clearScalar(&cR)
	defer clearScalar(&t)
	for i := range half {
		scaled1[i].Multiply(&a1[i], inverse)
		a2[i].Multiply(&a2[i], power)
		cL.MultiplyAdd(t.Multiply(&a1[i], &b2[i]), &f.powers[i+1], &cL)
		cR.MultiplyAdd(t.Multiply(&a2[i], &b1[i]), &f.powers[i+1], &cR)
	}
	g := f.generators
	for i := range g.g {
		p := i & (half - 1)
		if i&half != 0 {
			g.addG(f.left, i, &scaled1[p])
			g.addH(f.right, i, &b1[p])
		} else {
			g.addG(f.right, i, &a2[p])
			g.addH(f.left, i, &b2[p])
		}
	}
	f.close(l, f.left, &cL, blindL)
	f.close(r, f.right, &cR, blindR)

	e, err := f.transcript.next(l[:], r[:])
	if err != nil {
		return err
	}
	var inverseE, ee edwards25519.Scalar
	inverseE.Invert(e)
	g.fold(half, e, &inverseE, t.Multiply(e, inverse))
	for i := range half {
		a1[i].MultiplyAdd(&a1[i], e, t.Multiply(&a2[i], &inverseE))
		b1[i].MultiplyAdd(&b1[i], &inverseE, t.Multiply(&b2[i], e))
	}
	clear(a2)
	clear(b2)
	f.a, f.b = a1, b1
	f.alpha.MultiplyAdd(blindL, ee.Multiply(e, e), &f.alpha)
	f.alpha.MultiplyAdd(blindR, ee.Multiply(&inverseE, &inverseE), &f.alpha)
	return nil
}

// close writes a sum plus an eighth of c·H + blind·G, and begins the next.
func (f *folding) close(dst *[keys.Size]byte, to *sum, c, blind *edwards25519.Scalar) {
	var t edwards25519.Scalar
	f.generators.addValueBase(to, t.Multiply(c, eighth))
	total := to.take()
	blinding := new(edwards25519.Point).ScalarBaseMult(t.Multiply(blind, eighth))
	*dst = [keys.Size]byte(total.Add(total, blinding).Bytes())
	clearScalar(&t)
}

// last makes A1 and B, with r, s, δ and η. It takes constant time but for the
// public sums G' and H'.
func (f *folding) last(p *Proof, blinding []edwards25519.Scalar) {
	r, s, delta, eta := &blinding[0], &blinding[1], &blinding[2], &blinding[3]
	a, b, y := &f.a[0], &f.b[0], &f.powers[1]
	for i := range f.generators.g {
		f.generators.addG(f.left, i, one)
		f.generators.addH(f.right, i, one)
	}
	g, h := f.left.take(), f.right.take() // an eighth each

	// (r·G' + s·H' + y·(r·b + s·a)·H + δ·G)/8 and (y·r·s·H + η·G)/8
	var c, t edwards25519.Scalar
	defer clearScalar(&c)
	defer clearScalar(&t)
	t.Multiply(y, eighth)
	c.Multiply(r, b)
	c.MultiplyAdd(s, a, &c)
	c.Multiply(&c, &t)
	valueBase := keys.H()
	a1 := new(edwards25519.Point).MultiScalarMult(
		[]*edwards25519.Scalar{r, s, &c}, []*edwards25519.Point{g, h, valueBase})
	a1.Add(a1, new(edwards25519.Point).ScalarBaseMult(c.Multiply(delta, eighth)))
	p.A1 = [keys.Size]byte(a1.Bytes())
	c.Multiply(r, s)
	c.Multiply(&c, &t)
	last := new(edwards25519.Point).ScalarMult(&c, valueBase)
	last.Add(last, new(edwards25519.Point).ScalarBaseMult(c.Multiply(eta, eighth)))
	p.B = [keys.Size]byte(last.Bytes())
}

// respond makes the three scalars: r + a·e, s + b·e and η + δ·e + α·e².
func (f *folding) respond(p *Proof, blinding []edwards25519.Scalar) error {
	r, s, delta, eta := &blinding[0], &blinding[1], &blinding[2], &blinding[3]
	e, err := f.transcript.next(p.A1[:], p.B[:])
	if err != nil {
		return err
	}
	var c edwards25519.Scalar
	p.R1 = [keys.Size]byte(c.MultiplyAdd(&f.a[0], e, r).Bytes())
	p.S1 = [keys.Size]byte(c.MultiplyAdd(&f.b[0], e, s).Bytes())
	c.MultiplyAdd(&f.alpha, e, delta)
	p.D1 = [keys.Size]byte(c.MultiplyAdd(&c, e, eta).Bytes())
	return nil
}
