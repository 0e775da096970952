package secp256k1

import (
	"encoding/hex"
	"math/bits"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// VarTimeMultiScalarMult is Straus' method: all terms share their doublings.
// The endomorphism of the curve splits each scalar into two of half the length,
// and signed windows recode those.
func (group) VarTimeMultiScalarMult(base frost.Scalar, scalars []frost.Scalar, elements []frost.Element) frost.Element {
	if len(scalars) != len(elements) {
		panic("secp256k1: VarTimeMultiScalarMult of slices of different lengths")
	}
	terms := make([]term, 0, 2*len(scalars))
	multiples := make([]dcr.JacobianPoint, 0, tableSize*len(scalars))
	for i := range scalars {
		k, e := &scalars[i].(*Scalar).s, elements[i].(*Element)
		if k.IsZero() || e.IsIdentity() {
			continue
		}
		first := len(multiples)
		low, high := split(k)
		t := newTerm(&low, first)
		// Both halves share a table, which is as long as the longer one needs.
		size := t.largest/2 + 1
		if !high.IsZero() {
			u := newTerm(&high, first)
			u.endomorphism = true
			size = max(size, u.largest/2+1)
			terms = append(terms, u)
		}
		terms = append(terms, t)
		multiples = appendOddMultiples(multiples, &e.p, size)
	}
	toAffine(multiples)

	length := 0
	for i := range terms {
		length = max(length, terms[i].length)
	}
	var sum, q dcr.JacobianPoint
	for i := length - 1; i >= 0; i-- {
		dcr.DoubleNonConst(&sum, &sum)
		for j := range terms {
			t := &terms[j]
			d := t.digits[i]
			if d == 0 {
				continue
			}
			negative := t.negative
			if d < 0 {
				d, negative = -d, !negative
			}
			q = multiples[t.first+int(d)/2]
			if t.endomorphism {
				q.X.Mul(beta).Normalize()
			}
			if negative {
				q.Y.Negate(1).Normalize()
			}
			dcr.AddNonConst(&sum, &q, &sum)
		}
	}
	if base != nil {
		dcr.ScalarBaseMultNonConst(&base.(*Scalar).s, &q)
		dcr.AddNonConst(&sum, &q, &sum)
	}
	return &Element{p: sum}
}

// windowBits is the width of the windows: digits are odd and below
// 2^(windowBits−1) in absolute value.
const windowBits = 5

// tableSize is the number of odd multiples that digits can ask for.
const tableSize = 1 << (windowBits - 2)

// term is one half of a product k·P.
type term struct {
	digits       [maxDigits]int8
	length       int // number of digits up to the last that is not zero
	largest      int // absolute value of the largest digit
	first        int // position of P among the multiples
	endomorphism bool
	negative     bool
}

// maxDigits is enough for any scalar: halves have at most 129 bits, and the
// recoding adds one.
const maxDigits = 257

// newTerm recodes k, or −k if that is shorter, into signed odd digits of which
// no two are closer than windowBits (the width-w non-adjacent form).
func newTerm(k *dcr.ModNScalar, first int) (t term) {
	t.first = first
	var magnitude dcr.ModNScalar
	magnitude.Set(k)
	if magnitude.IsOverHalfOrder() {
		magnitude.Negate()
		t.negative = true
	}
	w := words(&magnitude)
	for i := 0; w != [4]uint64{}; {
		if w[0]&1 == 0 {
			shift := min(bits.TrailingZeros64(w[0]), 63)
			shiftRight(&w, shift)
			i += shift
			continue
		}
		d := int(w[0] & (1<<windowBits - 1))
		if d >= 1<<(windowBits-1) {
			d -= 1 << windowBits
		}
		addInt(&w, -d)
		t.digits[i] = int8(d)
		t.largest = max(t.largest, d, -d)
		t.length = i + 1
	}
	return t
}

// words returns k in words of 64 bits, the lowest first.
func words(k *dcr.ModNScalar) (w [4]uint64) {
	b := k.Bytes()
	for i := range w {
		for j := range 8 {
			w[i] |= uint64(b[31-8*i-j]) << (8 * j)
		}
	}
	return w
}

func shiftRight(w *[4]uint64, n int) {
	for i := range 3 {
		w[i] = w[i]>>n | w[i+1]<<(64-n)
	}
	w[3] >>= n
}

// addInt adds a small integer to w. The sum is not negative.
func addInt(w *[4]uint64, d int) {
	extension := uint64(int64(d) >> 63)
	var carry uint64
	w[0], carry = bits.Add64(w[0], uint64(int64(d)), 0)
	for i := 1; i < 4; i++ {
		w[i], carry = bits.Add64(w[i], extension, carry)
	}
}

// appendOddMultiples appends P, 3P, 5P, … .
func appendOddMultiples(multiples []dcr.JacobianPoint, p *dcr.JacobianPoint, size int) []dcr.JacobianPoint {
	multiples = append(multiples, *p)
	if size == 1 {
		return multiples
	}
	var double, next dcr.JacobianPoint
	dcr.DoubleNonConst(p, &double)
	next = *p
	for range size - 1 {
		dcr.AddNonConst(&next, &double, &next)
		multiples = append(multiples, next)
	}
	return multiples
}

// toAffine gives all points Z = 1 with one inversion (Montgomery's trick). None
// is the identity.
func toAffine(points []dcr.JacobianPoint) {
	prefix := make([]dcr.FieldVal, len(points))
	var running dcr.FieldVal
	running.SetInt(1)
	for i := range points {
		prefix[i] = running
		running.Mul(&points[i].Z)
	}
	running.Inverse()
	for i := len(points) - 1; i >= 0; i-- {
		p := &points[i]
		if p.Z.IsOne() {
			continue // running has this factor 1 already
		}
		var inverse, square dcr.FieldVal
		inverse.Mul2(&running, &prefix[i])
		running.Mul(&p.Z)
		square.SquareVal(&inverse)
		p.X.Mul(&square).Normalize()
		p.Y.Mul(square.Mul(&inverse)).Normalize()
		p.Z.SetInt(1)
	}
}

// The endomorphism maps (x, y) to (βx, y) and equals multiplication by λ. The
// lattice of pairs (a, b) with a + bλ = 0 has the short basis (a₁, b₁),
// (a₂, b₂); roundB2 and roundB1 are 2³⁸⁴·b₂/n and −2³⁸⁴·b₁/n, rounded.
// See Guide to Elliptic Curve Cryptography, algorithm 3.74.
var (
	beta      = fieldFromHex("7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501ee")
	lambda    = scalarFromHex("5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72")
	minusB1   = scalarFromHex("00000000000000000000000000000000e4437ed6010e88286f547fa90abfe4c3")
	minusB2   = scalarFromHex("fffffffffffffffffffffffffffffffe8a280ac50774346dd765cda83db1562c")
	roundB2   = words(scalarFromHex("3086d221a7d46bcde86c90e49284eb153daa8a1471e8ca7fe893209a45dbb031"))
	minusRdB1 = words(scalarFromHex("e4437ed6010e88286f547fa90abfe4c4221208ac9df506c61571b4ae8ac47f71"))
)

// split returns low and high, both of at most 129 bits up to sign, with
// k = low + high·λ.
func split(k *dcr.ModNScalar) (low, high dcr.ModNScalar) {
	w := words(k)
	if w[2] == 0 && w[3] == 0 {
		return *k, high
	}
	c1, c2 := mulShift384(&w, &roundB2), mulShift384(&w, &minusRdB1)
	high.Add2(c1.Mul(minusB1), c2.Mul(minusB2))
	low.Mul2(&high, lambda).Negate().Add(k)
	return low, high
}

// mulShift384 returns a·b/2³⁸⁴, rounded.
func mulShift384(a, b *[4]uint64) *dcr.ModNScalar {
	var r [8]uint64
	for i := range a {
		var carry uint64
		for j := range b {
			high, low := bits.Mul64(a[i], b[j])
			var c uint64
			low, c = bits.Add64(low, r[i+j], 0)
			high += c
			low, c = bits.Add64(low, carry, 0)
			high += c
			r[i+j], carry = low, high
		}
		r[i+4] = carry
	}
	low, carry := bits.Add64(r[6], r[5]>>63, 0)
	high := r[7] + carry
	var encoded [32]byte
	for i := range 8 {
		encoded[31-i] = byte(low >> (8 * i))
		encoded[23-i] = byte(high >> (8 * i))
	}
	s := new(dcr.ModNScalar)
	s.SetBytes(&encoded)
	return s
}

func scalarFromHex(text string) *dcr.ModNScalar {
	s := new(dcr.ModNScalar)
	s.SetByteSlice(bytesFromHex(text))
	return s
}

func fieldFromHex(text string) *dcr.FieldVal {
	f := new(dcr.FieldVal)
	f.SetByteSlice(bytesFromHex(text))
	return f
}

func bytesFromHex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err) // only for a typing error in this file
	}
	return b
}
