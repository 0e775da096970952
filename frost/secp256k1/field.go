package secp256k1

import (
	"encoding/binary"
	"math/bits"
)

// field is a number modulo p = 2²⁵⁶ − foldP, the lowest word first. Results may
// be p or more, but are below 2²⁵⁶. Operations take pointers that may be equal,
// and constant time.
type field [4]uint64

const foldP = 1<<32 + 977

var fieldOne = field{1}

// add sets z = x + y.
func (z *field) add(x, y *field) {
	r0, c := bits.Add64(x[0], y[0], 0)
	r1, c := bits.Add64(x[1], y[1], c)
	r2, c := bits.Add64(x[2], y[2], c)
	r3, c := bits.Add64(x[3], y[3], c)
	z.fold(r0, r1, r2, r3, c)
}

// fold sets z = r + high·2²⁵⁶, using 2²⁵⁶ = foldP. The product high·foldP must
// fit a word.
func (z *field) fold(r0, r1, r2, r3, high uint64) {
	r0, c := bits.Add64(r0, high*foldP, 0)
	r1, c = bits.Add64(r1, 0, c)
	r2, c = bits.Add64(r2, 0, c)
	r3, c = bits.Add64(r3, 0, c)
	// After this carry what is left is less than a word: no other can follow.
	z[0], z[1], z[2], z[3] = r0+c*foldP, r1, r2, r3
}

// subtract sets z = x − y.
func (z *field) subtract(x, y *field) {
	r0, b := bits.Sub64(x[0], y[0], 0)
	r1, b := bits.Sub64(x[1], y[1], b)
	r2, b := bits.Sub64(x[2], y[2], b)
	r3, b := bits.Sub64(x[3], y[3], b)
	r0, b = bits.Sub64(r0, b*foldP, 0)
	r1, b = bits.Sub64(r1, 0, b)
	r2, b = bits.Sub64(r2, 0, b)
	r3, b = bits.Sub64(r3, 0, b)
	// After this borrow the words above the lowest are all ones.
	z[0], z[1], z[2], z[3] = r0-b*foldP, r1, r2, r3
}

// negate sets z = −x.
func (z *field) negate(x *field) { z.subtract(&field{}, x) }

// multiplySmall sets z = k·x for a k of at most 30 bits.
func (z *field) multiplySmall(x *field, k uint64) {
	h0, r0 := bits.Mul64(x[0], k)
	h1, r1 := bits.Mul64(x[1], k)
	h2, r2 := bits.Mul64(x[2], k)
	h3, r3 := bits.Mul64(x[3], k)
	r1, c := bits.Add64(r1, h0, 0)
	r2, c = bits.Add64(r2, h1, c)
	r3, c = bits.Add64(r3, h2, c)
	z.fold(r0, r1, r2, r3, h3+c)
}

// multiply sets z = x·y.
func (z *field) multiply(x, y *field) {
	y0, y1, y2, y3 := y[0], y[1], y[2], y[3]

	h0, r0 := bits.Mul64(x[0], y0)
	h1, l1 := bits.Mul64(x[0], y1)
	h2, l2 := bits.Mul64(x[0], y2)
	h3, l3 := bits.Mul64(x[0], y3)
	r1, c := bits.Add64(l1, h0, 0)
	r2, c := bits.Add64(l2, h1, c)
	r3, c := bits.Add64(l3, h2, c)
	r4 := h3 + c

	h0, l0 := bits.Mul64(x[1], y0)
	h1, l1 = bits.Mul64(x[1], y1)
	h2, l2 = bits.Mul64(x[1], y2)
	h3, l3 = bits.Mul64(x[1], y3)
	l1, c = bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	h3 += c
	r1, c = bits.Add64(r1, l0, 0)
	r2, c = bits.Add64(r2, l1, c)
	r3, c = bits.Add64(r3, l2, c)
	r4, c = bits.Add64(r4, l3, c)
	r5 := h3 + c

	h0, l0 = bits.Mul64(x[2], y0)
	h1, l1 = bits.Mul64(x[2], y1)
	h2, l2 = bits.Mul64(x[2], y2)
	h3, l3 = bits.Mul64(x[2], y3)
	l1, c = bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	h3 += c
	r2, c = bits.Add64(r2, l0, 0)
	r3, c = bits.Add64(r3, l1, c)
	r4, c = bits.Add64(r4, l2, c)
	r5, c = bits.Add64(r5, l3, c)
	r6 := h3 + c

	h0, l0 = bits.Mul64(x[3], y0)
	h1, l1 = bits.Mul64(x[3], y1)
	h2, l2 = bits.Mul64(x[3], y2)
	h3, l3 = bits.Mul64(x[3], y3)
	l1, c = bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	h3 += c
	r3, c = bits.Add64(r3, l0, 0)
	r4, c = bits.Add64(r4, l1, c)
	r5, c = bits.Add64(r5, l2, c)
	r6, c = bits.Add64(r6, l3, c)
	r7 := h3 + c

	z.reduce(r0, r1, r2, r3, r4, r5, r6, r7)
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
	r6 := h23 + c
	r3, c = bits.Add64(r3, l12, 0)
	r4, c = bits.Add64(r4, h12, c)
	r5, c = bits.Add64(r5, 0, c)
	r6 += c
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
	r7 += h3 + c

	z.reduce(r0, r1, r2, r3, r4, r5, r6, r7)
}

// reduce sets z to a number of 512 bits, folding its upper half.
func (z *field) reduce(r0, r1, r2, r3, r4, r5, r6, r7 uint64) {
	h4, l4 := bits.Mul64(r4, foldP)
	h5, l5 := bits.Mul64(r5, foldP)
	h6, l6 := bits.Mul64(r6, foldP)
	h7, l7 := bits.Mul64(r7, foldP)
	l5, c := bits.Add64(l5, h4, 0)
	l6, c = bits.Add64(l6, h5, c)
	l7, c = bits.Add64(l7, h6, c)
	h7 += c
	r0, c = bits.Add64(r0, l4, 0)
	r1, c = bits.Add64(r1, l5, c)
	r2, c = bits.Add64(r2, l6, c)
	r3, c = bits.Add64(r3, l7, c)
	// h7 + c has at most 34 bits, so its product with foldP may exceed a word.
	high, low := bits.Mul64(h7+c, foldP)
	r0, c = bits.Add64(r0, low, 0)
	r1, c = bits.Add64(r1, high, c)
	r2, c = bits.Add64(r2, 0, c)
	r3, c = bits.Add64(r3, 0, c)
	z.fold(r0, r1, r2, r3, c)
}

// normalize brings z below p.
func (z *field) normalize() {
	// z ≥ p iff z + foldP has a carry, and then the sum without it is z − p.
	r0, c := bits.Add64(z[0], foldP, 0)
	r1, c := bits.Add64(z[1], 0, c)
	r2, c := bits.Add64(z[2], 0, c)
	r3, c := bits.Add64(z[3], 0, c)
	reduced := -c
	z[0] ^= reduced & (z[0] ^ r0)
	z[1] ^= reduced & (z[1] ^ r1)
	z[2] ^= reduced & (z[2] ^ r2)
	z[3] ^= reduced & (z[3] ^ r3)
}

// isZero reports whether z is 0 modulo p.
func (z *field) isZero() bool {
	r := *z
	r.normalize()
	return r[0]|r[1]|r[2]|r[3] == 0
}

// isOdd reports whether z is odd, z being below p.
func (z *field) isOdd() bool { return z[0]&1 == 1 }

// setBytes sets z to 32 bytes, big-endian, and reports whether they are below p.
func (z *field) setBytes(b *[32]byte) bool {
	for i := range z {
		z[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	r := *z
	r.normalize()
	return r == *z
}

// putBytes writes z, which is below p, as 32 bytes, big-endian.
func (z *field) putBytes(b *[32]byte) {
	for i, word := range z {
		binary.BigEndian.PutUint64(b[24-8*i:], word)
	}
}

// squareN returns x^(2ⁿ)·y.
func squareN(x *field, n int, y *field) *field {
	r := *x
	for range n {
		r.square(&r)
	}
	r.multiply(&r, y)
	return &r
}

// power returns what the chains of squareRoot and invert share: x to the
// exponents that are, in binary, 2 ones, 22 ones, and 223 ones.
func power(x *field) (ones2, ones22, ones223 *field) {
	ones2 = squareN(x, 1, x)
	ones3 := squareN(ones2, 1, x)
	ones6 := squareN(ones3, 3, ones3)
	ones9 := squareN(ones6, 3, ones3)
	ones11 := squareN(ones9, 2, ones2)
	ones22 = squareN(ones11, 11, ones11)
	ones44 := squareN(ones22, 22, ones22)
	ones88 := squareN(ones44, 44, ones44)
	ones176 := squareN(ones88, 88, ones88)
	ones220 := squareN(ones176, 44, ones44)
	return ones2, ones22, squareN(ones220, 3, ones3)
}

// squareRoot sets z to x^((p+1)/4), a square root of x if it has one. The
// exponent in binary is 223 ones, a zero, 22 ones, 0000, 11, 00.
func (z *field) squareRoot(x *field) {
	ones2, ones22, ones223 := power(x)
	r := squareN(ones223, 23, ones22)
	r = squareN(r, 6, ones2)
	r.square(r)
	z.square(r)
}

// invert sets z to x^(p−2), which is 1/x, and 0 for 0. The exponent in binary is
// 223 ones, a zero, 22 ones, 00001, 011, 01.
func (z *field) invert(x *field) {
	ones2, ones22, ones223 := power(x)
	r := squareN(ones223, 23, ones22)
	r = squareN(r, 5, x)
	r = squareN(r, 3, ones2)
	*z = *squareN(r, 2, x)
}
