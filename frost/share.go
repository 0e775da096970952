package frost

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost/internal/redact"
)

// ErrShare reports secret shares that are not those of the validator.
var ErrShare = errors.New("frost: secret shares do not match the public key")

// A KeyShare is what one validator holds of a key: the secret shares of its
// indices. It prints as "[redacted]".
type KeyShare struct {
	redact.Secret
	key       *PublicKey
	validator uint16
	secrets   []Scalar
}

// NewKeyShare takes over the secret shares of a validator, in the order of
// their indices. It returns ErrShare unless each is the secret of its public
// share.
func NewKeyShare(key *PublicKey, validator uint16, secrets []Scalar) (*KeyShare, error) {
	if key.Weight(validator) == 0 || len(secrets) != key.Weight(validator) {
		return nil, fmt.Errorf("%w: %d shares for validator %d", ErrShare, len(secrets), validator)
	}
	public := key.group.NewElement()
	for i, index := range key.Indices(validator) {
		if !public.MultiplyBase(secrets[i]).Equal(key.Share(index)) {
			return nil, fmt.Errorf("%w: index %d", ErrShare, index)
		}
	}
	return &KeyShare{key: key, validator: validator, secrets: secrets}, nil
}

// Key returns the public key.
func (s *KeyShare) Key() *PublicKey { return s.key }

// Validator returns the number of the validator.
func (s *KeyShare) Validator() uint16 { return s.validator }

// SecretBytes returns the secret shares, Group.ScalarSize bytes each, in the
// order of their indices. The result is as secret as the key: seal it before
// it is stored and clear it afterwards.
func (s *KeyShare) SecretBytes() []byte {
	b := make([]byte, 0, len(s.secrets)*s.key.group.ScalarSize())
	for _, secret := range s.secrets {
		encoded := secret.Bytes()
		b = append(b, encoded...)
		clear(encoded)
	}
	return b
}

// DecodeKeyShare reads what SecretBytes returned and checks it against the key
// as NewKeyShare does.
func DecodeKeyShare(key *PublicKey, validator uint16, secret []byte) (*KeyShare, error) {
	size, weight := key.group.ScalarSize(), key.Weight(validator)
	if len(secret) != size*weight {
		return nil, fmt.Errorf("%w: %d bytes, %d wanted", ErrShare, len(secret), size*weight)
	}
	secrets := make([]Scalar, weight)
	for i := range secrets {
		var err error
		if secrets[i], err = key.group.DecodeScalar(secret[size*i:][:size]); err != nil {
			return nil, fmt.Errorf("frost: decode key share: %w", err)
		}
	}
	return NewKeyShare(key, validator, secrets)
}

// Erase overwrites the secrets. The share cannot sign afterwards.
func (s *KeyShare) Erase() {
	for _, secret := range s.secrets {
		secret.Erase()
	}
	s.secrets = nil
}
