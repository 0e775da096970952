package spend

import (
	"encoding/binary"
	"slices"

	"filippo.io/edwards25519"
	"golang.org/x/crypto/chacha20"

	"github.com/serai-go/processor/coin/monero/keys"
)

// A Seed is K, the secret from which everything in a transaction follows that
// other senders draw at random. No two transactions may share one: it binds
// what is spent and what is paid. It prints as "[redacted]".
type Seed [32]byte

// A purpose is what a stream of a seed is for.
type purpose string

const (
	forTransactionKeys purpose = "transaction_keys"
	forShuffle         purpose = "shuffle_payments"
	forRangeProof      purpose = "bulletproof"
	forPseudoOuts      purpose = "multisig_pseudo_out_masks"
)

// A stream is an endless sequence of bytes that looks random: ChaCha20 with a
// zero nonce under the key
//
//	keccak(u8 length of purpose ‖ purpose ‖ K ‖ inputs)
//
// the inputs' output key and commitment, 32 bytes each, in descending order of
// the keys. All that a stream decides is bound to what is spent.
type stream struct{ cipher *chacha20.Cipher }

// stream returns a seed's stream for the outputs that are spent, which have
// different keys.
func (s *Seed) stream(p purpose, spent []Member) *stream {
	sorted := slices.SortedFunc(slices.Values(spent), func(a, b Member) int {
		return slices.Compare(b.Key[:], a.Key[:])
	})
	parts := make([][]byte, 0, 3+2*len(sorted))
	parts = append(parts, []byte{byte(len(p))}, []byte(p), s[:])
	for i := range sorted {
		parts = append(parts, sorted[i].Key[:], sorted[i].Commitment[:])
	}
	key := keys.Keccak256(parts...)
	defer clear(key[:])
	cipher, err := chacha20.NewUnauthenticatedCipher(key[:], make([]byte, chacha20.NonceSize))
	if err != nil {
		panic(err) // only for other lengths
	}
	return &stream{cipher}
}

// Read implements io.Reader. It fills b.
func (s *stream) Read(b []byte) (int, error) {
	clear(b)
	s.cipher.XORKeyStream(b, b)
	return len(b), nil
}

// scalar returns the next 64 bytes modulo ℓ. Zero, a chance of 2⁻²⁵², is an
// error.
func (s *stream) scalar() (*edwards25519.Scalar, error) {
	var wide [64]byte
	defer clear(wide[:])
	s.cipher.XORKeyStream(wide[:], wide[:])
	k, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		panic(err) // only for another length
	}
	if isZero(k) {
		return nil, keys.ErrZero
	}
	return k, nil
}

// below returns a number below n, which is small: the next 8 bytes modulo n.
func (s *stream) below(n int) int {
	var b [8]byte
	s.cipher.XORKeyStream(b[:], b[:])
	return int(binary.LittleEndian.Uint64(b[:]) % uint64(n))
}

// shuffled returns the places that n outputs get: element i is that of output
// i. They are shuffled as Fisher and Yates do, from the last to the second.
func (s *stream) shuffled(n int) []int {
	order := make([]int, n) // outputs by place
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := s.below(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	return inverse(order)
}

// inverse returns the permutation that undoes another.
func inverse(p []int) []int {
	q := make([]int, len(p))
	for i, v := range p {
		q[v] = i
	}
	return q
}

func isZero(k *edwards25519.Scalar) bool { return k.Equal(new(edwards25519.Scalar)) == 1 }
