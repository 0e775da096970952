package scan

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// ErrSpendKey reports a spend key that is not the one an output was found for.
var ErrSpendKey = errors.New("scan: not the spend key of this output")

// Output is an output that a recipient can open and, with the private spend
// key, spend.
type Output struct {
	// Transaction is the position in the list that was scanned.
	Transaction int
	// Index is the place in the transaction, from 0.
	Index uint32
	// Global is the index among all RingCT outputs of the chain, by which
	// rings name it, if the first index given to Scan was right.
	Global uint64
	// Recipient is the position in the list that the scanner was made of,
	// Address which of the recipient's addresses was paid.
	Recipient int
	Address   keys.Index
	// Key is the one-time key P. Other outputs may have the same one.
	Key [keys.Size]byte
	// TransactionKey is the point R of the extra field with which the view key
	// finds the output again. Anything there that was no point is the identity.
	TransactionKey [keys.Size]byte
	// Offset is what has to be added to the recipient's private spend key for
	// the private key of P: s + m, a canonical scalar.
	Offset Secret
	// Amount in piconero, never 0.
	Amount uint64
	// Commitment is Mask·G + Amount·H, as the chain has it. The mask of a
	// coinbase, whose amounts are in the clear, is 1.
	Commitment [keys.Size]byte
	Mask       Secret
	// PaymentID is the decrypted payment ID of the transaction, nil if it has
	// none. Wallets put an encrypted zero into most transactions with two
	// outputs, and what the recipient's own change decrypts is random.
	PaymentID *[8]byte
	// Data is the arbitrary data of the transaction, in order, not copied.
	Data [][]byte
	// Coinbase tells whether the output is a miner's: it can be spent 60
	// blocks later.
	Coinbase bool
	// UnlockTime is the number of the block (below 500,000,000) or else the
	// time in seconds since 1970 before which the output is locked; 0 if not.
	UnlockTime uint64
}

// PrivateKey returns x with x·G = Key from the recipient's private spend key.
// It takes constant time but for the error.
func (o *Output) PrivateKey(spend *edwards25519.Scalar) (*edwards25519.Scalar, error) {
	x, err := keys.DecodeScalar(o.Offset[:])
	if err != nil {
		return nil, fmt.Errorf("scan: offset: %w", err)
	}
	x.Add(x, spend)
	if [keys.Size]byte(new(edwards25519.Point).ScalarBaseMult(x).Bytes()) != o.Key {
		return nil, ErrSpendKey
	}
	return x, nil
}

// KeyImage returns the key image that a spend of the output shows, from the
// recipient's private spend key.
func (o *Output) KeyImage(spend *edwards25519.Scalar) (image [keys.Size]byte, err error) {
	x, err := o.PrivateKey(spend)
	if err != nil {
		return image, err
	}
	return [keys.Size]byte(keys.KeyImage(x, o.Key).Bytes()), nil
}

// A Secret is a scalar, canonical, little-endian, that only those who can see
// into the recipient's outputs may know. It prints as "[redacted]".
type Secret [keys.Size]byte

const redacted = "[redacted]"

// Format implements fmt.Formatter and hides the secret.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer and hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler and hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
