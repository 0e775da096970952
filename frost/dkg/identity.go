package dkg

import (
	"crypto/hkdf"
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/internal/redact"
)

// SeedSize is the length of an identity's seed in bytes.
const SeedSize = 32

// Identity is a validator's long-term secret: it decrypts what is dealt to the
// validator and determines what the validator deals. It must outlive every key
// made with it, and it prints redacted.
type Identity struct {
	redact.Secret
	seed   [SeedSize]byte
	secret frost.Scalar
	public [32]byte
}

// NewIdentity derives an identity from a seed of 32 uniformly random bytes.
func NewIdentity(seed [SeedSize]byte) (*Identity, error) {
	if seed == [SeedSize]byte{} {
		return nil, errors.New("dkg: the seed of an identity is zero")
	}
	id := &Identity{seed: seed}
	id.secret = scalar(ed25519.Group, seed[:], "identity", nil)
	copy(id.public[:], new(ed25519.Element).MultiplyBase(id.secret).Bytes())
	return id, nil
}

// Public returns the identity's public key, an element of the group ed25519.
func (id *Identity) Public() [32]byte { return id.public }

// ProvePossession proves to whoever registers the public key that this
// identity knows its secret. The label says what for, such as the account that
// registers it; a proof is worth nothing under another label.
func (id *Identity) ProvePossession(label []byte) [PossessionSize]byte {
	nonce := scalar(ed25519.Group, id.seed[:], possessionRole, label)
	defer nonce.Erase()
	return [PossessionSize]byte(prove(ed25519.Group, possessionRole, label, id.secret, id.public[:], nonce))
}

const possessionRole = "possession"

// ErrPossession is wrapped by the errors of VerifyPossession.
var ErrPossession = errors.New("dkg: no proof of possession")

// VerifyPossession checks a public key, which must be canonical and of prime
// order, and a proof made by ProvePossession for the same label.
func VerifyPossession(key [32]byte, label []byte, possession [PossessionSize]byte) error {
	element, err := ed25519.Group.DecodeElement(key[:])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPossession, err)
	}
	p, err := readProof(ed25519.Group, possessionRole, label, element, key[:], possession[:])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPossession, err)
	}
	// The challenge is a hash of everything but z, which a single equation
	// needs no weight for.
	if !hold([32]byte{}, []proof{p}) {
		return fmt.Errorf("%w: %w", ErrPossession, errProof)
	}
	return nil
}

// expand derives size bytes for one purpose from a secret (HKDF, RFC 5869,
// with SHA-512). Size is at most 255·64.
func expand(secret []byte, purpose string, info []byte, size int) []byte {
	out, err := hkdf.Key(sha512.New, secret, nil, protocol+purpose+"\x00"+string(info), size)
	if err != nil {
		panic(err) // only for a size out of range
	}
	return out
}

// scalar derives a uniform scalar for one purpose from a secret.
func scalar(g frost.Group, secret []byte, purpose string, info []byte) frost.Scalar {
	wide := expand(secret, purpose, info, 64)
	defer clear(wide)
	return g.ScalarFromUniform((*[64]byte)(wide))
}
