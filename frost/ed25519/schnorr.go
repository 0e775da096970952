package ed25519

import (
	"bytes"
	stdlib "crypto/ed25519"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"

	"github.com/serai-go/processor/frost"
)

// SignatureSize is the length of a signature in bytes.
const SignatureSize = stdlib.SignatureSize

// ErrSignature reports that the sum of the shares is not a valid signature.
var ErrSignature = errors.New("ed25519: invalid signature")

// Schnorr makes signatures as in RFC 8032, Ed25519, which every library for
// that verifies under the 32 bytes of the key.
type Schnorr struct{ message []byte }

var _ frost.Algorithm = (*Schnorr)(nil)

// NewSchnorr signs a message of any length.
func NewSchnorr(message []byte) *Schnorr { return &Schnorr{bytes.Clone(message)} }

// Group returns Group.
func (*Schnorr) Group() frost.Group { return Group }

// Generators returns none: nonces are committed to on the base point only.
func (*Schnorr) Generators() []frost.Element { return nil }

// ForKey prepares the signature under a key.
func (s *Schnorr) ForKey(key frost.Element) (frost.Instance, error) {
	return &instance{key: key.Bytes(), message: s.message}, nil
}

type instance struct{ key, message []byte }

// DeriveNonces is the nonce generation of RFC 9591, section 4.1, for
// FROST(Ed25519, SHA-512): 32 fresh bytes for each nonce, hashed with the
// secret. With extra, which the RFC does not have, the key, a hash of the message
// and extra are appended to the hashed bytes: another message has other nonces
// even if the source of randomness repeats.
func (in *instance) DeriveNonces(rand io.Reader, secret frost.Scalar, _ frost.Element, extra []byte) (hiding, binding frost.Scalar, err error) {
	encoded := secret.Bytes()
	defer clear(encoded)
	var nonces [2]frost.Scalar
	for i := range nonces {
		var random [32]byte
		if _, err := io.ReadFull(rand, random[:]); err != nil {
			return nil, nil, fmt.Errorf("ed25519: random bytes: %w", err)
		}
		h := sha512.New()
		h.Write([]byte(suite + "nonce"))
		h.Write(random[:])
		h.Write(encoded)
		if len(extra) > 0 {
			message := sha512.Sum512(in.message)
			h.Write(in.key)
			h.Write(message[:])
			h.Write(extra)
		}
		var wide [64]byte
		h.Sum(wide[:0])
		nonces[i] = Group.ScalarFromUniform(&wide)
		clear(wide[:])
		clear(random[:])
	}
	return nonces[0], nonces[1], nil
}

// Coefficient hashes the binding and the message.
func (in *instance) Coefficient(b *frost.Binding) frost.Scalar {
	wide := b.Hash("Ed25519", in.message)
	return Group.ScalarFromUniform(&wide)
}

// Challenge returns SHA-512(R ‖ A ‖ M) modulo ℓ.
func (in *instance) Challenge(nonces, _ []frost.Element) (frost.Challenge, error) {
	h := sha512.New()
	h.Write(nonces[0].Bytes())
	h.Write(in.key)
	h.Write(in.message)
	var wide [64]byte
	h.Sum(wide[:0])
	return frost.Challenge{Factor: Group.ScalarFromUniform(&wide)}, nil
}

// Signature returns R ‖ z. Nonces of a session have prime order, so what
// verifies without the cofactor, as here, verifies everywhere.
func (in *instance) Signature(nonces, _ []frost.Element, answer frost.Scalar) ([]byte, error) {
	signature := append(nonces[0].Bytes(), answer.Bytes()...)
	if !stdlib.Verify(in.key, in.message, signature) {
		return nil, ErrSignature
	}
	return signature, nil
}
