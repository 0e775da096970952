package keys

import "golang.org/x/crypto/sha3"

// Keccak256 returns the Keccak-256 hash of the parts one after the other. It is
// the original Keccak with padding byte 0x01, not SHA3-256.
func Keccak256(parts ...[]byte) [32]byte {
	h := sha3.NewLegacyKeccak256()
	for _, part := range parts {
		h.Write(part)
	}
	var sum [32]byte
	h.Sum(sum[:0])
	return sum
}
