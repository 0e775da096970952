package secp256k1

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// Context strings of ciphersuites as in RFC 9591.
const (
	suite        = "FROST-secp256k1-SHA256-v1"
	taprootSuite = "FROST-secp256k1-SHA256-TR-v1"
)

// RFC9591Size is the length in bytes of a signature of RFC9591: an element and
// a scalar.
const RFC9591Size = elementSize + scalarSize

// RFC9591 makes the signatures of FROST(secp256k1, SHA-256), RFC 9591, section
// 6.5: R ‖ z with R compressed. Nonces are bound by one coefficient for each
// signer, all of which have weight 1. The context of the session is not bound.
// It is for interoperation with other implementations.
type RFC9591 struct{ message []byte }

var _ frost.Algorithm = (*RFC9591)(nil)

// NewRFC9591 signs a message of any length.
func NewRFC9591(message []byte) *RFC9591 { return &RFC9591{bytes.Clone(message)} }

// Group returns Group.
func (*RFC9591) Group() frost.Group { return Group }

// Generators returns none: nonces are committed to on the generator only.
func (*RFC9591) Generators() []frost.Element { return nil }

// ForKey prepares the signature under a key.
func (a *RFC9591) ForKey(key frost.Element) (frost.Instance, error) {
	return &rfc9591{hasher{suite, key.Bytes(), a.message}, key}, nil
}

type rfc9591 struct {
	hasher
	public frost.Element
}

// Coefficient is not asked for.
func (*rfc9591) Coefficient(*frost.Binding) frost.Scalar { return nil }

func (in *rfc9591) challenge(nonce []byte) frost.Scalar {
	return in.hashToScalar("chal", nonce, in.key, in.message)
}

// Challenge returns H2(R ‖ P ‖ m).
func (in *rfc9591) Challenge(nonces, _ []frost.Element) (frost.Challenge, error) {
	return frost.Challenge{Factor: in.challenge(nonces[0].Bytes())}, nil
}

// Signature returns R ‖ z.
func (in *rfc9591) Signature(nonces, _ []frost.Element, answer frost.Scalar) ([]byte, error) {
	nonce := nonces[0].Bytes()
	c := in.challenge(nonce)
	// z·G − c·P = R
	r := Group.VarTimeMultiScalarMult(answer, []frost.Scalar{c.Negate(c)}, []frost.Element{in.public})
	if !r.Equal(nonces[0]) {
		return nil, ErrSignature
	}
	return append(nonce, answer.Bytes()...), nil
}

// PerSigner makes the same signature with nonces bound as in RFC 9591, one
// coefficient for each signer, for interoperation with the ciphersuite
// FROST(secp256k1, SHA-256, taproot) of other implementations. It costs a
// multiplication for every signer, and all signers have weight 1. The context
// of the session is not bound.
func (a *BIP340) PerSigner() frost.Algorithm { return perSigner{a} }

type perSigner struct{ *BIP340 }

// ForKey applies the tweaks. It returns ErrTweak if that is impossible.
func (a perSigner) ForKey(key frost.Element) (frost.Instance, error) {
	in, err := a.BIP340.ForKey(key)
	if err != nil {
		return nil, err
	}
	b := in.(*bip340)
	public := append([]byte{dcr.PubKeyFormatCompressedEven}, b.key[:]...)
	return &perSignerInstance{b, hasher{taprootSuite, public, a.message}}, nil
}

type perSignerInstance struct {
	*bip340
	hasher hasher
}

// DeriveNonces is that of the ciphersuite.
func (in *perSignerInstance) DeriveNonces(rand io.Reader, secret frost.Scalar, public frost.Element, extra []byte) (hiding, binding frost.Scalar, err error) {
	return in.hasher.DeriveNonces(rand, secret, public, extra)
}

// Coefficients are the binding factors of the ciphersuite.
func (in *perSignerInstance) Coefficients(signers []frost.SignerNonces) []frost.Scalar {
	return in.hasher.Coefficients(signers)
}

// hasher makes what RFC 9591 hashes for a ciphersuite, a key and a message.
type hasher struct {
	suite        string
	key, message []byte
}

// DeriveNonces is the nonce generation of RFC 9591, section 4.1. With extra,
// which the RFC does not have, the key, a hash of the message and extra are
// appended to the hashed bytes: another message has other nonces even if the
// source of randomness repeats.
func (h hasher) DeriveNonces(rand io.Reader, secret frost.Scalar, _ frost.Element, extra []byte) (hiding, binding frost.Scalar, err error) {
	encoded := secret.Bytes()
	defer clear(encoded)
	var bound []byte
	if len(extra) > 0 {
		message := sha256.Sum256(h.message)
		bound = slices.Concat(h.key, message[:], extra)
	}
	var nonces [2]frost.Scalar
	for i := range nonces {
		var random [32]byte
		if _, err := io.ReadFull(rand, random[:]); err != nil {
			return nil, nil, fmt.Errorf("secp256k1: random bytes: %w", err)
		}
		nonces[i] = h.hashToScalar("nonce", random[:], encoded, bound)
		clear(random[:])
	}
	return nonces[0], nonces[1], nil
}

// Coefficients are the binding factors of RFC 9591, section 4.4.
func (h hasher) Coefficients(signers []frost.SignerNonces) []frost.Scalar {
	var list []byte
	for _, s := range signers {
		index := identifier(s.Index)
		list = append(append(append(list, index[:]...), s.Hiding...), s.Binding...)
	}
	message := sha256.Sum256(append([]byte(h.suite+"msg"), h.message...))
	commitments := sha256.Sum256(append([]byte(h.suite+"com"), list...))
	coefficients := make([]frost.Scalar, len(signers))
	for i, s := range signers {
		index := identifier(s.Index)
		coefficients[i] = h.hashToScalar("rho", h.key, message[:], commitments[:], index[:])
	}
	return coefficients
}

// identifier is the encoding of a share's index as a scalar.
func identifier(index uint16) (b [scalarSize]byte) {
	binary.BigEndian.PutUint16(b[scalarSize-2:], index)
	return b
}

// hashToScalar is hash_to_field of RFC 9380, section 5.2, for one purpose of the
// suite: 48 bytes of expand_message_xmd with SHA-256, big-endian, modulo the
// group order.
func (h hasher) hashToScalar(purpose string, parts ...[]byte) frost.Scalar {
	const size = 48
	tag := append([]byte(h.suite), purpose...)
	tag = append(tag, byte(len(tag)))

	first := sha256.New()
	first.Write(make([]byte, sha256.BlockSize))
	for _, part := range parts {
		first.Write(part)
	}
	first.Write([]byte{0, size, 0})
	first.Write(tag)
	b0 := first.Sum(nil)
	defer clear(b0)

	var wide [64]byte
	defer clear(wide[:])
	block := make([]byte, sha256.Size)
	defer clear(block)
	out := wide[64-size : 64-size]
	for i := byte(1); i <= 2; i++ {
		for j := range block {
			block[j] ^= b0[j]
		}
		next := sha256.New()
		next.Write(block)
		next.Write([]byte{i})
		next.Write(tag)
		next.Sum(block[:0])
		out = append(out, block[:min(len(block), size-len(out))]...)
	}
	return Group.ScalarFromUniform(&wide)
}
