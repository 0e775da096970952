package keys

import (
	"crypto/subtle"
	"encoding/binary"

	"filippo.io/edwards25519"
)

// A SharedKey is the secret s of one output, which sender and recipient know.
// It opens the amount, and added to the private spend key it spends.
type SharedKey struct {
	secret
	s edwards25519.Scalar
	b [Size]byte // of s
}

// newSharedKey is apart so that SharedKey can be inlined, and k stay on the
// stack.
func newSharedKey(k *SharedKey, d *Derivation, output uint64) (*SharedKey, error) {
	var p place
	return k.hash(d[:], AppendVarint(p[:0], output))
}

func (k *SharedKey) hash(parts ...[]byte) (*SharedKey, error) {
	if _, err := hashToScalar(&k.s, parts...); err != nil {
		return nil, err
	}
	copy(k.b[:], k.s.Bytes())
	return k, nil
}

// Scalar returns s.
func (k *SharedKey) Scalar() *edwards25519.Scalar {
	return new(edwards25519.Scalar).Set(&k.s)
}

// OutputKey returns the output's key P = s·G + B, B being the public spend key
// of the address. It takes constant time.
func (k *SharedKey) OutputKey(spend *edwards25519.Point) *edwards25519.Point {
	p := new(edwards25519.Point).ScalarBaseMult(&k.s)
	return p.Add(p, spend)
}

// SpendKey returns P − s·G, the public spend key that the output with key P is
// for: it is the recipient's if that is one of the recipient's addresses. It
// takes constant time.
func (k *SharedKey) SpendKey(output *edwards25519.Point) *edwards25519.Point {
	return k.spendKey(new(edwards25519.Point), output)
}

func (k *SharedKey) spendKey(p, output *edwards25519.Point) *edwards25519.Point {
	p.ScalarBaseMult(&k.s)
	return p.Subtract(output, p)
}

// CommitmentMask returns Hs("commitment_mask" ‖ s), the mask of the output's
// commitment. It takes constant time.
func (k *SharedKey) CommitmentMask() (*edwards25519.Scalar, error) {
	return HashToScalar([]byte("commitment_mask"), k.b[:])
}

// Amount decrypts an amount: 8 bytes, little-endian, XORed with the first of
// keccak("amount" ‖ s). Any bytes are some amount: what it is worth only the
// commitment tells. It takes constant time.
func (k *SharedKey) Amount(encrypted [8]byte) uint64 {
	sum := Keccak256([]byte("amount"), k.b[:])
	subtle.XORBytes(encrypted[:], encrypted[:], sum[:])
	return binary.LittleEndian.Uint64(encrypted[:])
}

// EncryptAmount is the inverse of Amount.
func (k *SharedKey) EncryptAmount(amount uint64) [8]byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], amount)
	binary.LittleEndian.PutUint64(b[:], k.Amount(b))
	return b
}

// Open decrypts the amount and returns it with the mask if the commitment is
// to them, else ok is false: then the output is worth nothing to the recipient
// with this key. It takes constant time but for the answer.
func (k *SharedKey) Open(encrypted [8]byte, commitment [Size]byte) (amount uint64, mask *edwards25519.Scalar, ok bool) {
	mask, err := k.CommitmentMask()
	if err != nil {
		return 0, nil, false
	}
	amount = k.Amount(encrypted)
	var p edwards25519.Point
	commit(&p, mask, amount)
	if [Size]byte(p.Bytes()) != commitment {
		return 0, nil, false
	}
	return amount, mask, true
}

// KeyImage returns I = x·Hp(P), which every spend of the output with key
// P = x·G shows. It takes constant time.
func KeyImage(x *edwards25519.Scalar, output [Size]byte) *edwards25519.Point {
	p := HashToPoint(output)
	return p.ScalarMult(x, p)
}
