package secp256k1

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
)

// ErrTweak reports a tweak that is not below the group order, or that turns the
// key into the identity.
var ErrTweak = errors.New("secp256k1: invalid tweak")

// A Tweak changes the key that a signature is made under. Tweaks apply in
// order, each to the result of those before it.
type Tweak struct {
	kind  tweakKind
	value []byte
}

type tweakKind uint8

const (
	plainTweak tweakKind = iota
	xOnlyTweak
	taprootTweak
)

// PlainTweak adds value·G to the key, value being a number below the group
// order, big-endian. It makes keys for several purposes out of one.
func PlainTweak(value [32]byte) Tweak { return Tweak{plainTweak, value[:]} }

// XOnlyTweak adds value·G to that one of the key and its negative whose y is
// even.
func XOnlyTweak(value [32]byte) Tweak { return Tweak{xOnlyTweak, value[:]} }

// TaprootTweak makes the key the output key of BIP-341 for the internal key it
// is. The Merkle root of the scripts is 32 bytes, or none if there are no
// scripts, so that the key is the only way to spend.
func TaprootTweak(merkleRoot []byte) Tweak { return Tweak{taprootTweak, bytes.Clone(merkleRoot)} }

// tweaked is a key with the tweaks applied to it, the tweak context of BIP-445:
// its secret is sign·x + offset, x the secret of the original key.
type tweaked struct {
	key    *Element
	sign   *Scalar // 1 or −1
	offset *Scalar
}

func applyTweaks(key frost.Element, tweaks []Tweak) (*tweaked, error) {
	t := &tweaked{key: new(Element), sign: new(Scalar), offset: new(Scalar)}
	t.key.Set(key)
	t.sign.SetUint64(1)
	if t.key.IsIdentity() {
		return nil, errors.New("secp256k1: key is the identity")
	}
	for i, tweak := range tweaks {
		if err := t.apply(tweak); err != nil {
			return nil, fmt.Errorf("%w: tweak %d: %w", ErrTweak, i, err)
		}
	}
	return t, nil
}

func (t *tweaked) apply(tweak Tweak) error {
	value := tweak.value
	if tweak.kind == taprootTweak {
		if len(value) != 0 && len(value) != sha256.Size {
			return fmt.Errorf("script root of %d bytes", len(value))
		}
		key := XOnly(t.key)
		hash := taggedHash("TapTweak", key[:], value)
		value = hash[:]
	}
	amount, err := Group.DecodeScalar(value)
	if err != nil {
		return err
	}
	if tweak.kind != plainTweak && t.isOdd() {
		t.key.Negate(t.key)
		t.sign.Negate(t.sign)
		t.offset.Negate(t.offset)
	}
	var step Element
	t.key.Add(t.key, step.VarTimeMultiplyBase(amount))
	t.offset.Add(t.offset, amount)
	if t.key.IsIdentity() {
		return errors.New("the result is the identity")
	}
	return nil
}

func (t *tweaked) isOdd() bool { return t.key.affine().Y.IsOdd() }

// TweakedKey returns the key with the tweaks applied.
func TweakedKey(key frost.Element, tweaks ...Tweak) (frost.Element, error) {
	t, err := applyTweaks(key, tweaks)
	if err != nil {
		return nil, err
	}
	return t.key, nil
}

// XOnly returns the x coordinate of an element, the form of public keys in
// BIP-340. The element is not the identity.
func XOnly(e frost.Element) (x [32]byte) {
	copy(x[:], e.Bytes()[1:])
	return x
}
