package bulletproofs

import (
	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// folding is the state between rounds. Each round halves the vectors a and b and
// the generators G' and H'. The latter are not computed: G'_p is the sum of g[i]·G_i
// over all i that are p modulo len(a), and so is H'_p with h, an eighth of it each.
type folding struct {
	transcript *transcript
	// a and b are secret.
	a, b []edwards25519.Scalar
	g, h []edwards25519.Scalar
	// alpha blinds what has been committed to; it is secret.
	alpha edwards25519.Scalar
	// powers are those of y from 0 to the number of generators, inverses
	// those of 1/y with exponents 2ⁱ.
	powers, inverses []edwards25519.Scalar
	// left and right add up L and R. They hold sums that depend on secrets.
	left, right buckets
}

func newFolding(t *transcript, y *edwards25519.Scalar, n int) *folding {
	f := &folding{
		transcript: t,
		a:          make([]edwards25519.Scalar, n), b: make([]edwards25519.Scalar, n),
		g: make([]edwards25519.Scalar, n), h: make([]edwards25519.Scalar, n),
		powers: powers(y, n),
		left:   newBuckets(fixedWidth), right: newBuckets(fixedWidth),
	}
	for i := range n {
		f.g[i].Set(eighth)
		f.h[i].Set(eighth)
	}
	var inverse edwards25519.Scalar
	inverse.Invert(y)
	for length := 1; length < n; length *= 2 {
		f.inverses = append(f.inverses, inverse)
		inverse.Multiply(&inverse, &inverse)
	}
	return f
}

// setVectors sets a_i to the bit i less z, and b_i to the bit less 1, plus z and
// z^(2(j+1))·2ⁱ·y^(n−i), for the output j that i belongs to. It takes constant time.
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
	clear(f.left)
	clear(f.right)
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
	for i := range half {
		scaled1[i].Multiply(&a1[i], inverse)
		a2[i].Multiply(&a2[i], power)
		cL.MultiplyAdd(t.Multiply(&a1[i], &b2[i]), &f.powers[i+1], &cL)
		cR.MultiplyAdd(t.Multiply(&a2[i], &b1[i]), &f.powers[i+1], &cR)
	}
	f.left.reset()
	f.right.reset()
	for first := 0; first < len(f.g); first += amountBits {
		s := slots[first/amountBits]()
		for i := range amountBits {
			at := first + i
			p := at & (half - 1)
			if at&half != 0 {
				f.left.addMultiple(&s.g[i], t.Multiply(&f.g[at], &scaled1[p]))
				f.right.addMultiple(&s.h[i], t.Multiply(&f.h[at], &b1[p]))
			} else {
				f.right.addMultiple(&s.g[i], t.Multiply(&f.g[at], &a2[p]))
				f.left.addMultiple(&s.h[i], t.Multiply(&f.h[at], &b2[p]))
			}
		}
	}
	f.close(l, f.left, &cL, blindL)
	f.close(r, f.right, &cR, blindR)

	e, err := f.transcript.next(l[:], r[:])
	if err != nil {
		return err
	}
	var inverseE, high, ee edwards25519.Scalar
	inverseE.Invert(e)
	high.Multiply(e, inverse)
	for i := range f.g {
		if i&half != 0 {
			f.g[i].Multiply(&f.g[i], &high)
			f.h[i].Multiply(&f.h[i], &inverseE)
		} else {
			f.g[i].Multiply(&f.g[i], &inverseE)
			f.h[i].Multiply(&f.h[i], e)
		}
	}
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

// close writes what is in the buckets plus an eighth of c·H + blind·G.
func (f *folding) close(dst *[keys.Size]byte, b buckets, c, blind *edwards25519.Scalar) {
	var t edwards25519.Scalar
	b.addMultiple(&bases()[1], t.Multiply(c, eighth))
	total := b.total()
	sum := total.library()
	blinding := new(edwards25519.Point).ScalarBaseMult(t.Multiply(blind, eighth))
	*dst = [keys.Size]byte(sum.Add(sum, blinding).Bytes())
	clearScalar(&t)
}

// finish makes A1 and B and the three scalars, with r, s, δ and η. It takes
// constant time but for the public sums G' and H'.
func (f *folding) finish(p *Proof, blinding []edwards25519.Scalar) error {
	r, s, delta, eta := &blinding[0], &blinding[1], &blinding[2], &blinding[3]
	a, b, y := &f.a[0], &f.b[0], &f.powers[1]
	f.left.reset()
	f.right.reset()
	for first := 0; first < len(f.g); first += amountBits {
		generators := slots[first/amountBits]()
		for i := range amountBits {
			f.left.addMultiple(&generators.g[i], &f.g[first+i])
			f.right.addMultiple(&generators.h[i], &f.h[first+i])
		}
	}
	g, h := f.left.total(), f.right.total() // an eighth each

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
		[]*edwards25519.Scalar{r, s, &c}, []*edwards25519.Point{g.library(), h.library(), valueBase})
	a1.Add(a1, new(edwards25519.Point).ScalarBaseMult(c.Multiply(delta, eighth)))
	p.A1 = [keys.Size]byte(a1.Bytes())
	c.Multiply(r, s)
	c.Multiply(&c, &t)
	last := new(edwards25519.Point).ScalarMult(&c, valueBase)
	last.Add(last, new(edwards25519.Point).ScalarBaseMult(c.Multiply(eta, eighth)))
	p.B = [keys.Size]byte(last.Bytes())

	e, err := f.transcript.next(p.A1[:], p.B[:])
	if err != nil {
		return err
	}
	p.R1 = [keys.Size]byte(c.MultiplyAdd(a, e, r).Bytes())
	p.S1 = [keys.Size]byte(c.MultiplyAdd(b, e, s).Bytes())
	c.MultiplyAdd(&f.alpha, e, delta)
	p.D1 = [keys.Size]byte(c.MultiplyAdd(&c, e, eta).Bytes())
	return nil
}
