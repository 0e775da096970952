package secp256k1

import (
	"encoding/binary"
	"math/bits"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// Decoding an element takes a square root, which is most of the work of a
// signer in a large set and of a key generation. The field arithmetic here, with
// words of 64 bits, does it faster than dcrd's with words of 26. It runs in
// variable time at most on encoded elements, which are public.

// field is a number modulo p = 2²⁵⁶ − foldP, the lowest word first. It may be p
// or more, but is below 2²⁵⁶.
type field [4]uint64

const foldP = 1<<32 + 977

// decompress sets the coordinates of e to the point with the given x, 32 bytes
// big-endian, and with an odd or even y. It reports whether there is one.
func decompress(e *dcr.JacobianPoint, encoded *[32]byte, odd bool) bool {
	if e.X.SetBytes(encoded) != 0 {
		return false
	}
	var x, square, y, check field
	for i := range x {
		x[i] = binary.BigEndian.Uint64(encoded[24-8*i:])
	}
	square.square(&x)
	square.multiply(&square, &x)
	square.addSeven()
	y.squareRoot(&square)
	check.square(&y)
	check.normalize()
	square.normalize()
	if check != square {
		return false
	}
	y.normalize()
	var b [32]byte
	for i, word := range y {
		binary.BigEndian.PutUint64(b[24-8*i:], word)
	}
	e.Y.SetBytes(&b)
	if e.Y.IsOdd() != odd {
		e.Y.Negate(1).Normalize()
	}
	e.Z.SetInt(1)
	return true
}

// squareRoot sets z to a^((p+1)/4), a square root of a if it has one. The
// exponent in binary is 223 ones, a zero, 22 ones, four zeros, two ones, two
// zeros.
func (z *field) squareRoot(a *field) {
	// extend returns x^(2^n)·y.
	extend := func(x *field, n int, y *field) *field {
		r := *x
		for range n {
			r.square(&r)
		}
		r.multiply(&r, y)
		return &r
	}
	ones2 := extend(a, 1, a)
	ones3 := extend(ones2, 1, a)
	ones6 := extend(ones3, 3, ones3)
	ones9 := extend(ones6, 3, ones3)
	ones11 := extend(ones9, 2, ones2)
	ones22 := extend(ones11, 11, ones11)
	ones44 := extend(ones22, 22, ones22)
	ones88 := extend(ones44, 44, ones44)
	ones176 := extend(ones88, 88, ones88)
	ones220 := extend(ones176, 44, ones44)
	ones223 := extend(ones220, 3, ones3)
	r := extend(ones223, 23, ones22)
	r = extend(r, 6, ones2)
	r.square(r)
	z.square(r)
}

// multiply sets z = x·y.
func (z *field) multiply(x, y *field) {
	var r [8]uint64
	for i := range x {
		var carry uint64
		for j := range y {
			high, low := bits.Mul64(x[i], y[j])
			var c uint64
			low, c = bits.Add64(low, r[i+j], 0)
			high += c
			low, c = bits.Add64(low, carry, 0)
			high += c
			r[i+j], carry = low, high
		}
		r[i+4] = carry
	}
	z.reduce(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
}

// square sets z = x².
func (z *field) square(x *field) {
	// The products of different words, once.
	h01, r1 := bits.Mul64(x[0], x[1])
	h02, l02 := bits.Mul64(x[0], x[2])
	h03, l03 := bits.Mul64(x[0], x[3])
	h12, l12 := bits.Mul64(x[1], x[2])
	h13, l13 := bits.Mul64(x[1], x[3])
	h23, l23 := bits.Mul64(x[2], x[3])
	r2, c := bits.Add64(l02, h01, 0)
	r3, c := bits.Add64(l03, h02, c)
	r4, c := bits.Add64(l13, h03, c)
	r5, c := bits.Add64(l23, h13, c)
	r6, _ := bits.Add64(h23, 0, c)
	r3, c = bits.Add64(r3, l12, 0)
	r4, c = bits.Add64(r4, h12, c)
	r5, c = bits.Add64(r5, 0, c)
	r6, _ = bits.Add64(r6, 0, c)
	// Twice them.
	r7 := r6 >> 63
	r6 = r6<<1 | r5>>63
	r5 = r5<<1 | r4>>63
	r4 = r4<<1 | r3>>63
	r3 = r3<<1 | r2>>63
	r2 = r2<<1 | r1>>63
	r1 <<= 1
	// And the squares of the words.
	h0, r0 := bits.Mul64(x[0], x[0])
	h1, l1 := bits.Mul64(x[1], x[1])
	h2, l2 := bits.Mul64(x[2], x[2])
	h3, l3 := bits.Mul64(x[3], x[3])
	r1, c = bits.Add64(r1, h0, 0)
	r2, c = bits.Add64(r2, l1, c)
	r3, c = bits.Add64(r3, h1, c)
	r4, c = bits.Add64(r4, l2, c)
	r5, c = bits.Add64(r5, h2, c)
	r6, c = bits.Add64(r6, l3, c)
	r7, _ = bits.Add64(r7, h3, c)
	z.reduce(r0, r1, r2, r3, r4, r5, r6, r7)
}

// reduce sets z to a number of 512 bits modulo p, using 2²⁵⁶ = foldP.
func (z *field) reduce(r0, r1, r2, r3, r4, r5, r6, r7 uint64) {
	h4, l4 := bits.Mul64(r4, foldP)
	h5, l5 := bits.Mul64(r5, foldP)
	h6, l6 := bits.Mul64(r6, foldP)
	h7, l7 := bits.Mul64(r7, foldP)
	l5, c := bits.Add64(l5, h4, 0)
	l6, c = bits.Add64(l6, h5, c)
	l7, c = bits.Add64(l7, h6, c)
	h7 += c // the high words are below 2³⁴
	r0, c = bits.Add64(r0, l4, 0)
	r1, c = bits.Add64(r1, l5, c)
	r2, c = bits.Add64(r2, l6, c)
	r3, c = bits.Add64(r3, l7, c)
	high, low := bits.Mul64(h7+c, foldP)
	r0, c = bits.Add64(r0, low, 0)
	r1, c = bits.Add64(r1, high, c)
	r2, c = bits.Add64(r2, 0, c)
	r3, c = bits.Add64(r3, 0, c)
	// After a last carry the number is so small that no other can follow.
	r0, c = bits.Add64(r0, c*foldP, 0)
	r1, c = bits.Add64(r1, 0, c)
	r2, c = bits.Add64(r2, 0, c)
	r3 += c
	*z = field{r0, r1, r2, r3}
}

// addSeven sets z = z + 7.
func (z *field) addSeven() {
	var c uint64
	z[0], c = bits.Add64(z[0], 7, 0)
	for i := 1; i < 4; i++ {
		z[i], c = bits.Add64(z[i], 0, c)
	}
	z[0] += c * foldP // a carry leaves at most 6
}

// normalize brings z below p.
func (z *field) normalize() {
	// z ≥ p iff z + foldP has a carry, and then the sum without it is z − p.
	var r field
	var c uint64
	r[0], c = bits.Add64(z[0], foldP, 0)
	for i := 1; i < 4; i++ {
		r[i], c = bits.Add64(z[i], 0, c)
	}
	if c == 1 {
		*z = r
	}
}
