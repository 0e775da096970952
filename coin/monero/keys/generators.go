package keys

import (
	"sync"

	"filippo.io/edwards25519"
)

// ProofGenerators is how many generators of each kind a range proof of 16
// amounts of 64 bits takes.
const ProofGenerators = 16 * 64

// generators are made at the first use: 2048 points, which takes some ten
// milliseconds.
var generators = sync.OnceValue(func() *[2][ProofGenerators]edwards25519.Point {
	list := new([2][ProofGenerators]edwards25519.Point)
	h := valueBase().Bytes()
	for i := range uint64(ProofGenerators) {
		for kind := range list {
			n := AppendVarint(nil, 2*i+1-uint64(kind))
			hashToPoint(&list[kind][i], Keccak256(h, []byte("bulletproof_plus"), n))
		}
	}
	return list
})

// ProofG and ProofH return the generators G_i and H_i of Bulletproofs+, the points
// Hp(keccak(H ‖ "bulletproof_plus" ‖ n)) with the varint n = 2i+1 for G_i and 2i for
// H_i. They are shared: nobody changes them.
//
// Source: monero/src/ringct/bulletproofs_plus.cc, init_exponents.
func ProofG() []edwards25519.Point { return generators()[0][:] }

// ProofH is documented with ProofG.
func ProofH() []edwards25519.Point { return generators()[1][:] }

// ProofTranscript is what the transcripts of Bulletproofs+ begin with: the point
// Hp(keccak("bulletproof_plus_transcript")), encoded.
var ProofTranscript = sync.OnceValue(func() [Size]byte {
	return [Size]byte(HashToPoint(Keccak256([]byte("bulletproof_plus_transcript"))).Bytes())
})
