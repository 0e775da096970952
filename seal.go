package processor

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"

	"github.com/serai-go/processor/keygen"
)

// NewSealer returns a sealer that uses AES-256-GCM with a random nonce: good
// for 2³² seals under one key. Keep the key out of the database and its
// backups.
func NewSealer(key [32]byte) (keygen.Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("processor: sealer: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("processor: sealer: %w", err)
	}
	return &sealer{aead}, nil
}

type sealer struct{ aead cipher.AEAD }

// Seal implements keygen.Sealer.
func (s *sealer) Seal(plaintext, associated []byte) ([]byte, error) {
	return s.aead.Seal(nil, nil, plaintext, associated), nil
}

// Open implements keygen.Sealer.
func (s *sealer) Open(sealed, associated []byte) ([]byte, error) {
	plaintext, err := s.aead.Open(nil, nil, sealed, associated)
	if err != nil {
		return nil, fmt.Errorf("processor: open sealed data: %w", err)
	}
	return plaintext, nil
}

// String hides the key, as Format does whatever the verb.
func (s *sealer) String() string { return "sealer" }

// Format implements fmt.Formatter.
func (s *sealer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
