package keys

import (
	"crypto/subtle"
	"fmt"
	"log/slog"

	"filippo.io/edwards25519"
)

// A Derivation is the secret D that the sender and the recipient of outputs
// share. All outputs of a transaction to one view key have the same, but those
// with a transaction key of their own.
type Derivation [Size]byte

// Format implements fmt.Formatter and hides the secret.
func (Derivation) Format(f fmt.State, verb rune) { secret{}.Format(f, verb) }

// LogValue implements slog.LogValuer and hides the secret.
func (Derivation) LogValue() slog.Value { return secret{}.LogValue() }

// MarshalText implements encoding.TextMarshaler and hides the secret.
func (Derivation) MarshalText() ([]byte, error) { return secret{}.MarshalText() }

// Derive returns 8·k·p: for the recipient of private view key k and transaction
// key p, for the sender of the transaction's secret and public view key. The
// multiplication by 8 comes last, as k is only known modulo ℓ and p may have
// any order. It takes constant time.
func Derive(k *edwards25519.Scalar, p *edwards25519.Point) Derivation {
	var product edwards25519.Point
	product.ScalarMult(k, p)
	product.MultByCofactor(&product)
	return Derivation(product.Bytes())
}

// place is the longest form of an output's place in its transaction.
type place [MaxVarint]byte

// ViewTag returns the first byte of keccak("view_tag" ‖ D ‖ o), o the output's
// place in its transaction, from 0, as a varint. An output whose tag is another
// one is not the recipient's. It takes constant time and no memory from the
// heap.
func (d *Derivation) ViewTag(output uint64) byte {
	var p place
	sum := Keccak256([]byte("view_tag"), d[:], AppendVarint(p[:0], output))
	return sum[0]
}

// SharedKey returns s = Hs(D ‖ o) of the output at place o of its transaction.
// It takes constant time.
func (d *Derivation) SharedKey(output uint64) (*SharedKey, error) {
	return newSharedKey(new(SharedKey), d, output)
}

// GuaranteedSharedKey is SharedKey for the unofficial addresses whose outputs
// cannot have the same key twice: s = Hs(U ‖ D ‖ o), U of Uniqueness. View tags
// are the same.
func (d *Derivation) GuaranteedSharedKey(uniqueness [Size]byte, output uint64) (*SharedKey, error) {
	var p place
	return new(SharedKey).hash(uniqueness[:], d[:], AppendVarint(p[:0], output))
}

// Uniqueness returns U = keccak("uniqueness" ‖ inputs), inputs being the key
// images of a transaction's inputs, or the block number as a varint for a
// miner's transaction.
func Uniqueness(inputs []byte) [Size]byte {
	return Keccak256([]byte("uniqueness"), inputs)
}

// PaymentID decrypts, or encrypts, the payment ID of an integrated address: it
// is XORed with the first 8 bytes of keccak(D ‖ 0x8d). D is that of the
// transaction's key. It takes constant time.
func (d *Derivation) PaymentID(id [8]byte) [8]byte {
	sum := Keccak256(d[:], []byte{0x8d})
	subtle.XORBytes(id[:], id[:], sum[:])
	return id
}
