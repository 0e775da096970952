package secp256k1

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"github.com/serai-go/processor/frost"
)

// SignatureSize is the length of a signature in bytes.
const SignatureSize = 64

// ErrSignature reports that the sum of the shares is not a valid signature.
var ErrSignature = errors.New("secp256k1: invalid signature")

// BIP340 makes signatures as in BIP-340 under the x coordinate of the key after
// its tweaks.
//
// In a session without context it is FROST as in BIP-445, whose coefficient
// binds the signers, the nonces, the key and the message. With a context the
// coefficient is the hash of the whole frost.Binding, of the tweaked key and of
// the message.
type BIP340 struct {
	message []byte
	tweaks  []Tweak
}

var _ frost.Algorithm = (*BIP340)(nil)

// NewBIP340 signs a message, usually a signature hash of 32 bytes, under the
// session's key with the given tweaks.
func NewBIP340(message []byte, tweaks ...Tweak) *BIP340 {
	return &BIP340{bytes.Clone(message), slices.Clone(tweaks)}
}

// Group returns Group.
func (*BIP340) Group() frost.Group { return Group }

// Generators returns none: nonces are committed to on the generator only.
func (*BIP340) Generators() []frost.Element { return nil }

// ForKey applies the tweaks. It returns ErrTweak if that is impossible.
func (a *BIP340) ForKey(key frost.Element) (frost.Instance, error) {
	t, err := applyTweaks(key, a.tweaks)
	if err != nil {
		return nil, err
	}
	in := &bip340{message: a.message, key: XOnly(t.key), sign: t.sign, offset: t.offset}
	if t.isOdd() {
		in.sign.Negate(in.sign)
		in.offset.Negate(in.offset)
	}
	return in, nil
}

// bip340 signs with the secret sign·x + offset, whose key has an even y.
type bip340 struct {
	message []byte
	key     [32]byte
	sign    *Scalar
	offset  *Scalar
}

// DeriveNonces is the nonce generation of BIP-445 with all optional inputs.
func (in *bip340) DeriveNonces(rand io.Reader, secret frost.Scalar, public frost.Element, extra []byte) (hiding, binding frost.Scalar, err error) {
	var random [32]byte
	defer clear(random[:])
	for {
		if _, err := io.ReadFull(rand, random[:]); err != nil {
			return nil, nil, fmt.Errorf("secp256k1: random bytes: %w", err)
		}
		nonces := deriveNonces(&random, nonceInputs{
			secret: secret.Bytes(), public: public.Bytes(), key: in.key[:],
			message: in.message, hasMessage: true, extra: extra,
		})
		if !nonces[0].IsZero() && !nonces[1].IsZero() {
			return nonces[0], nonces[1], nil
		}
	}
}

// nonceInputs are what BIP-445 mixes into nonces. All may be missing.
type nonceInputs struct {
	secret, public, key, message, extra []byte
	hasMessage                          bool
}

func deriveNonces(random *[32]byte, in nonceInputs) (nonces [2]*Scalar) {
	masked := *random
	if len(in.secret) > 0 {
		aux := taggedHash("BIP0445/aux", random[:])
		for i := range masked {
			masked[i] = in.secret[i] ^ aux[i]
		}
		clear(aux[:])
	}
	// Public data only: growing leaves copies of it behind.
	data := []byte{byte(len(in.public))}
	data = append(data, in.public...)
	data = append(data, byte(len(in.key)))
	data = append(data, in.key...)
	if in.hasMessage {
		data = append(data, 1)
		data = binary.BigEndian.AppendUint64(data, uint64(len(in.message)))
		data = append(data, in.message...)
	} else {
		data = append(data, 0)
	}
	data = binary.BigEndian.AppendUint32(data, uint32(len(in.extra)))
	data = append(data, in.extra...)
	for i := range nonces {
		hash := taggedHash("BIP0445/nonce", masked[:], data, []byte{byte(i)})
		nonces[i] = reduce(&hash)
		clear(hash[:])
	}
	clear(masked[:])
	clear(in.secret)
	return nonces
}

// Coefficient is BIP-445's without a context, and the hash of the whole binding
// with one.
func (in *bip340) Coefficient(b *frost.Binding) frost.Scalar {
	if len(b.Context) > 0 {
		wide := b.Hash("BIP-340", in.key[:], in.message)
		return Group.ScalarFromUniform(&wide)
	}
	var signers []byte
	for _, index := range b.Signers {
		// BIP-445 numbers shares from 0.
		signers = binary.BigEndian.AppendUint32(signers, uint32(index)-1)
	}
	hash := taggedHash("BIP0445/noncecoef", signers, b.Nonces[0][0], b.Nonces[0][1], in.key[:], in.message)
	return reduce(&hash)
}

// challenge is e of BIP-340.
func challenge(nonce, key *[32]byte, message []byte) *Scalar {
	hash := taggedHash("BIP0340/challenge", nonce[:], key[:], message)
	return reduce(&hash)
}

// Challenge negates nonces whose y is odd, and shares if the secret behind the
// tweaked key is negated.
func (in *bip340) Challenge(nonces, _ []frost.Element) (frost.Challenge, error) {
	nonce := XOnly(nonces[0])
	factor := challenge(&nonce, &in.key, in.message)
	return frost.Challenge{
		Negate: nonces[0].(*Element).affine().Y.IsOdd(),
		Factor: factor.Multiply(factor, in.sign),
	}, nil
}

// Signature adds what the tweaks contribute and returns x(R) ‖ s.
func (in *bip340) Signature(nonces, _ []frost.Element, answer frost.Scalar) ([]byte, error) {
	nonce := XOnly(nonces[0])
	s := challenge(&nonce, &in.key, in.message)
	s.Multiply(s, in.offset)
	s.Add(s, answer)
	signature := append(nonce[:], s.Bytes()...)
	if !Verify(in.key, in.message, signature) {
		return nil, ErrSignature
	}
	return signature, nil
}

// Verify reports whether a signature is valid as in BIP-340 under a public key,
// which is the x coordinate of an element with even y.
func Verify(key [32]byte, message, signature []byte) bool {
	if len(signature) != SignatureSize {
		return false
	}
	public, err := Group.DecodeElement(append([]byte{dcr.PubKeyFormatCompressedEven}, key[:]...))
	if err != nil {
		return false
	}
	s, err := Group.DecodeScalar(signature[32:])
	if err != nil {
		return false
	}
	var nonce dcr.FieldVal
	if nonce.SetByteSlice(signature[:32]) {
		return false
	}
	// R = s·G − e·P
	e := challenge((*[32]byte)(signature[:32]), &key, message)
	var r, term Element
	term.VarTimeMultiply(e.Negate(e), public)
	r.Add(r.VarTimeMultiplyBase(s), &term)
	if r.IsIdentity() {
		return false
	}
	p := r.affine()
	return !p.Y.IsOdd() && p.X.Equals(&nonce)
}

// reduce returns a hash as a number modulo the group order, big-endian.
func reduce(hash *[32]byte) *Scalar {
	s := new(Scalar)
	s.s.SetBytes(hash)
	return s
}

// taggedHash is SHA-256 with a tag as in BIP-340.
func taggedHash(tag string, parts ...[]byte) (hash [32]byte) {
	prefix := sha256.Sum256([]byte(tag))
	h := sha256.New()
	h.Write(prefix[:])
	h.Write(prefix[:])
	for _, part := range parts {
		h.Write(part)
	}
	h.Sum(hash[:0])
	return hash
}
