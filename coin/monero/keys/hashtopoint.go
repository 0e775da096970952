package keys

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// The constants of the map from the Montgomery curve y² = x³ + A·x² + x, with
// i = √−1. Which of the two roots does not matter, signs are set at the end.
var (
	minusA        = new(field.Element).Negate(new(field.Element).Mult32(fieldOne, 486662))
	minusASquared = new(field.Element).Negate(new(field.Element).Square(minusA))
	fourthRoot    = root(new(field.Element).Negate(fieldOne)) // i

	// product is A·(A+2). The roots are those of −2, 2, −i and i times it.
	product    = new(field.Element).Negate(new(field.Element).Mult32(minusA, 486664))
	rootMinus2 = root(new(field.Element).Negate(new(field.Element).Add(product, product)))
	rootPlus2  = new(field.Element).Multiply(fourthRoot, rootMinus2)
	rootMinusI = root(new(field.Element).Negate(new(field.Element).Multiply(fourthRoot, product)))
	rootPlusI  = new(field.Element).Multiply(fourthRoot, rootMinusI)
)

func root(square *field.Element) *field.Element {
	r, wasSquare := new(field.Element).SqrtRatio(square, fieldOne)
	if wasSquare != 1 {
		panic("keys: constant is not a square")
	}
	return r
}

// HashToPoint is Hp, the biased hash to a point that key images, ring
// signatures and the generators of proofs are made with: 8 times the point that
// ge_fromfe_frombytes_vartime of monero/src/crypto/crypto-ops.c maps the
// Keccak-256 hash of the 32 bytes to. They are usually a public key, but need
// not be a point. The result is of prime order, or the identity with negligible
// probability. It takes variable time and one exponentiation.
func HashToPoint(b [Size]byte) *edwards25519.Point {
	return hashToPoint(new(edwards25519.Point), b)
}

func hashToPoint(p *edwards25519.Point, b [Size]byte) *edwards25519.Point {
	// All 256 bits of the hash count; SetBytes would drop the highest.
	var wide [64]byte
	sum := Keccak256(b[:])
	copy(wide[:], sum[:])
	var u field.Element
	if _, err := u.SetWideBytes(wide[:]); err != nil {
		panic(err) // only for another length
	}

	// v = 2u², w = v + 1, t = w² − A²·v, x = √(w/t) up to a fourth root of one:
	// w·t³·(w·t⁷)^((p−5)/8).
	var v, w, t, x, y, z, check field.Element
	v.Square(&u)
	v.Add(&v, &v)
	w.Add(&v, fieldOne)
	t.Square(&w)
	t.Add(&t, y.Multiply(minusASquared, &v))
	y.Square(&t)
	y.Multiply(&y, &t) // t³
	x.Square(&y)
	x.Multiply(&x, &t)
	x.Multiply(&x, &w) // w·t⁷
	x.Pow22523(&x)
	x.Multiply(&x, &y)
	x.Multiply(&x, &w)

	// check is x²·t, which is w, −w, i·w or −i·w. In the first two cases u
	// gives the point itself, else its partner.
	check.Square(&x)
	check.Multiply(&check, &t)
	negative := 0
	z.Set(minusA)
	switch {
	case check.Equal(&w) == 1:
		x.Multiply(&x, rootPlus2)
	case check.Equal(y.Negate(&w)) == 1:
		x.Multiply(&x, rootMinus2)
	case check.Multiply(&check, fourthRoot).Equal(&w) == 1:
		x.Multiply(&x, rootPlusI)
		negative = 1
	default:
		x.Multiply(&x, rootMinusI)
		negative = 1
	}
	if negative == 0 {
		x.Multiply(&x, &u)
		z.Multiply(&z, &v)
	}
	if x.IsNegative() != negative {
		x.Negate(&x)
	}

	// The point is (x, (z−w)/(z+w)), written with that denominator. It is never 0:
	// with z = −A that takes u² = (A−1)/2, with z = −A·v it takes u² = 1/(2A−2), and
	// neither is a square.
	y.Subtract(&z, &w)
	z.Add(&z, &w)
	t.Multiply(&x, &y)
	x.Multiply(&x, &z)
	if _, err := p.SetExtendedCoordinates(&x, &y, &z, &t); err != nil {
		panic(err) // the map leads onto the curve
	}
	return p.MultByCofactor(p)
}
