package secp256k1

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

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
// k = low + high·λ. A k of at most 128 bits is not split.
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

// half is a number of at most 129 bits, with its sign.
type half struct {
	magnitude [4]uint64 // the lowest word first
	negative  bool
}

func (h *half) isZero() bool { return h.magnitude == [4]uint64{} }

func newHalf(k *dcr.ModNScalar) half {
	if !k.IsOverHalfOrder() {
		return half{magnitude: words(k)}
	}
	var negated dcr.ModNScalar
	negated.NegateVal(k)
	return half{words(&negated), true}
}

// mulShift384 returns a·b/2³⁸⁴, rounded.
func mulShift384(a, b *[4]uint64) (s dcr.ModNScalar) {
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
	s.SetBytes(&encoded)
	return s
}

// words returns k in words of 64 bits, the lowest first.
func words(k *dcr.ModNScalar) (w [4]uint64) {
	b := k.Bytes()
	for i := range w {
		w[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	return w
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
