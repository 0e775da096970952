package ed25519

import (
	"crypto/sha512"
	"encoding/binary"

	"github.com/serai-go/processor/frost"
)

// suite is the context string of FROST(Ed25519, SHA-512) in RFC 9591.
const suite = "FROST-ED25519-SHA512-v1"

// PerSigner makes the same signature with nonces bound as in RFC 9591, one
// coefficient for each signer, for interoperation with other implementations of
// FROST(Ed25519, SHA-512). It costs a multiplication for every signer, and all
// signers have weight 1. The context of the session is not bound.
func (s *Schnorr) PerSigner() frost.Algorithm { return perSigner{s} }

type perSigner struct{ *Schnorr }

// ForKey prepares the signature under a key.
func (a perSigner) ForKey(key frost.Element) (frost.Instance, error) {
	return &perSignerInstance{instance{key: key.Bytes(), message: a.message}}, nil
}

type perSignerInstance struct{ instance }

// Coefficients are the binding factors of RFC 9591, section 4.4.
func (in *perSignerInstance) Coefficients(signers []frost.SignerNonces) []frost.Scalar {
	var list []byte
	for _, s := range signers {
		index := identifier(s.Index)
		list = append(append(append(list, index[:]...), s.Hiding...), s.Binding...)
	}
	message, commitments := hashTo64("msg", in.message), hashTo64("com", list)
	coefficients := make([]frost.Scalar, len(signers))
	for i, s := range signers {
		index := identifier(s.Index)
		hash := hashTo64("rho", in.key, message[:], commitments[:], index[:])
		coefficients[i] = Group.ScalarFromUniform(&hash)
	}
	return coefficients
}

// identifier is the encoding of a share's index as a scalar.
func identifier(index uint16) (b [size]byte) {
	binary.LittleEndian.PutUint16(b[:], index)
	return b
}

// hashTo64 is SHA-512 for one purpose of the suite: H4 and H5 of RFC 9591,
// section 6.1, and H1 before the reduction.
func hashTo64(purpose string, parts ...[]byte) (hash [64]byte) {
	h := sha512.New()
	h.Write([]byte(suite + purpose))
	for _, part := range parts {
		h.Write(part)
	}
	h.Sum(hash[:0])
	return hash
}
