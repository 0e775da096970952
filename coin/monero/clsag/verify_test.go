package clsag_test

import (
	"fmt"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
)

// signed is a valid signature with everything that it is verified by.
type signed struct {
	signature        clsag.Signature
	message          [32]byte
	ring             []clsag.Member
	image, pseudoOut [32]byte
}

func newSigned(t require.TestingT, ring, real int) signed {
	random := seeded(1)
	key := randomScalar(t, random)
	in := newInput(t, random, key, ring, real, randomScalar(t, random))
	message := [32]byte{1, 2, 3}
	s, image, err := clsag.Sign(random, key, &in, message)
	require.NoError(t, err)
	v := signed{*s, message, in.Ring, image, in.PseudoOut()}
	require.NoError(t, v.verify())
	return v
}

func (v signed) verify() error {
	return v.signature.Verify(v.message, v.ring, v.image, v.pseudoOut)
}

// clone returns a copy that shares nothing.
func (v signed) clone() signed {
	v.signature.S = slices.Clone(v.signature.S)
	v.ring = slices.Clone(v.ring)
	return v
}

// fields are all parts of a signature and of what it is verified by.
func (v *signed) fields() map[string]*[32]byte {
	fields := map[string]*[32]byte{
		"c1": &v.signature.C1, "D": &v.signature.D,
		"message": &v.message, "image": &v.image, "pseudo-output": &v.pseudoOut,
	}
	for i := range v.ring {
		fields[fmt.Sprint("response ", i)] = &v.signature.S[i]
		fields[fmt.Sprint("key ", i)] = &v.ring[i].Key
		fields[fmt.Sprint("commitment ", i)] = &v.ring[i].Commitment
	}
	return fields
}

// plus returns a scalar and a point, encoded, with something small added.
func plus(t *testing.T, b [32]byte) (list [][32]byte) {
	t.Helper()
	if s, err := keys.DecodeScalar(b[:]); err == nil {
		list = append(list, [32]byte(s.Add(s, scalar(1)).Bytes()))
	}
	if p, err := keys.DecodePoint(b[:]); err == nil {
		list = append(list, [32]byte(p.Add(p, multiple(scalar(1))).Bytes()))
	}
	return list
}

func TestEveryPartOfASignatureCounts(t *testing.T) {
	sound := newSigned(t, 4, 2)
	count := 0
	for name := range sound.fields() {
		b := *sound.fields()[name]
		wrong := append(plus(t, b), [32]byte{}, [32]byte{1}, edwardsBytes(t, 5))
		for bit := range 256 {
			flipped := b
			flipped[bit/8] ^= 1 << (bit % 8)
			if bit%17 == 0 || bit > 250 {
				wrong = append(wrong, flipped)
			}
		}
		for _, other := range wrong {
			v := sound.clone()
			*v.fields()[name] = other
			require.Error(t, v.verify(), "%s: %x", name, other)
			count++
		}
	}
	require.Greater(t, count, 17*18)
	require.NoError(t, sound.verify())
}

func edwardsBytes(t require.TestingT, seed byte) [32]byte {
	return [32]byte(multiple(randomScalar(t, seeded(seed))).Bytes())
}

// Whatever challenge is given, the one it is compared with is computed.
func TestGivenChallengeIsNotComparedWithItself(t *testing.T) {
	sound := newSigned(t, 3, 0)
	random := seeded(2)
	for range 20 {
		v := sound.clone()
		v.signature.C1 = [32]byte(randomScalar(t, random).Bytes())
		require.ErrorIs(t, v.verify(), clsag.ErrSignature)
		for i := range v.signature.S {
			v.signature.S[i] = [32]byte(randomScalar(t, random).Bytes())
		}
		require.ErrorIs(t, v.verify(), clsag.ErrSignature)
	}
}

// unreduced returns the scalar plus the order of the group, encoded.
func unreduced(t *testing.T, b [32]byte) [32]byte {
	t.Helper()
	order := fromHex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	carry := 0
	for i := range b {
		carry += int(b[i]) + int(order[i])
		b[i] = byte(carry)
		carry >>= 8
	}
	require.Zero(t, carry)
	return b
}

func TestScalarsHaveOneEncoding(t *testing.T) {
	sound := newSigned(t, 3, 1)
	for _, name := range []string{"c1", "response 0", "response 1", "response 2"} {
		v := sound.clone()
		field := v.fields()[name]
		*field = unreduced(t, *field)
		require.ErrorIs(t, v.verify(), clsag.ErrSignature, name)
		require.ErrorIs(t, v.verify(), keys.ErrScalar, name)
	}
}

func TestKeyImageIsOfPrimeOrder(t *testing.T) {
	sound := newSigned(t, 2, 1)
	image, err := keys.DecodePoint(sound.image[:])
	require.NoError(t, err)
	for _, small := range torsion(t) {
		v := sound.clone()
		v.image = [32]byte(new(edwards25519.Point).Add(image, small).Bytes())
		require.ErrorIs(t, v.verify(), keys.ErrOrder)
		v.image = [32]byte(small.Bytes())
		require.ErrorIs(t, v.verify(), keys.ErrOrder)
	}
	v := sound.clone()
	v.image = [32]byte{1}
	require.ErrorIs(t, v.verify(), keys.ErrIdentity)
	v.image = [32]byte{31: 0x80, 0: 1}
	require.ErrorIs(t, v.verify(), keys.ErrPoint)
}

// D' with something of small order would give the same D, and so the same
// ring, if it were not hashed.
func TestImageOfTheMasksIsWhatWasHashed(t *testing.T) {
	sound := newSigned(t, 2, 1)
	d, err := keys.DecodePoint(sound.signature.D[:])
	require.NoError(t, err)
	for _, small := range torsion(t) {
		v := sound.clone()
		v.signature.D = [32]byte(new(edwards25519.Point).Add(d, small).Bytes())
		require.ErrorIs(t, v.verify(), clsag.ErrSignature)
		// 8 times these is the identity.
		v.signature.D = [32]byte(small.Bytes())
		require.ErrorIs(t, v.verify(), keys.ErrIdentity)
	}
	v := sound.clone()
	v.signature.D = [32]byte{1}
	require.ErrorIs(t, v.verify(), keys.ErrIdentity)
	v.signature.D = [32]byte{2}
	require.ErrorIs(t, v.verify(), keys.ErrPoint)
}

func TestRingsOfNoneAndOfOne(t *testing.T) {
	sound := newSigned(t, 2, 1)
	v := sound.clone()
	v.ring, v.signature.S = nil, nil
	require.ErrorIs(t, v.verify(), clsag.ErrRing)
	for i := range sound.ring {
		v := sound.clone()
		v.ring, v.signature.S = v.ring[i:i+1], v.signature.S[i:i+1]
		require.ErrorIs(t, v.verify(), clsag.ErrSignature)
	}
	for _, size := range []int{0, 1} {
		in := newInput(t, seeded(1), scalar(7), 2, 0, scalar(5))
		in.Ring = in.Ring[:size]
		_, _, err := clsag.Sign(seeded(2), scalar(7), &in, [32]byte{})
		require.ErrorIs(t, err, clsag.ErrInput)
		_, err = clsag.Work([]clsag.Input{in}, transaction)
		require.ErrorIs(t, err, clsag.ErrInput)
	}
}

func TestRingAndResponsesAreOfOneSize(t *testing.T) {
	sound := newSigned(t, 3, 1)
	v := sound.clone()
	v.signature.S = v.signature.S[:2]
	require.ErrorIs(t, v.verify(), clsag.ErrSignature)
	v.signature.S = append(slices.Clone(sound.signature.S), [32]byte{})
	require.ErrorIs(t, v.verify(), clsag.ErrSignature)
	v = sound.clone()
	v.ring = v.ring[:2]
	require.ErrorIs(t, v.verify(), clsag.ErrSignature)
	v.ring = append(slices.Clone(sound.ring), sound.ring[0])
	require.ErrorIs(t, v.verify(), clsag.ErrSignature)
}

// Members change places: the ring is another one.
func TestOrderOfTheRingCounts(t *testing.T) {
	sound := newSigned(t, 4, 1)
	for i := range 3 {
		v := sound.clone()
		v.ring[i], v.ring[i+1] = v.ring[i+1], v.ring[i]
		require.ErrorIs(t, v.verify(), clsag.ErrSignature)
		v.signature.S[i], v.signature.S[i+1] = v.signature.S[i+1], v.signature.S[i]
		require.ErrorIs(t, v.verify(), clsag.ErrSignature)
	}
}
