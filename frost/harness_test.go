package frost_test

import (
	stdlib "crypto/ed25519"
	"crypto/sha512"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/frost/secp256k1"
)

// seeded returns a reproducible source of bytes.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// kind is a kind of signature under test.
type kind struct {
	name      string
	group     frost.Group
	algorithm func(message []byte) frost.Algorithm
	verify    func(key frost.Element, message, signature []byte) bool
}

var kinds = []kind{
	{"Ed25519", ed25519.Group,
		func(m []byte) frost.Algorithm { return ed25519.NewSchnorr(m) },
		func(key frost.Element, m, sig []byte) bool { return stdlib.Verify(key.Bytes(), m, sig) }},
	{"BIP-340", secp256k1.Group,
		func(m []byte) frost.Algorithm { return secp256k1.NewBIP340(m) },
		func(key frost.Element, m, sig []byte) bool {
			return secp256k1.Verify(secp256k1.XOnly(key), m, sig)
		}},
	{"BIP-340 taproot with offset", secp256k1.Group,
		func(m []byte) frost.Algorithm { return secp256k1.NewBIP340(m, taproot...) },
		func(key frost.Element, m, sig []byte) bool {
			tweaked, err := secp256k1.TweakedKey(key, taproot...)
			return err == nil && secp256k1.Verify(secp256k1.XOnly(tweaked), m, sig)
		}},
	{"two generators, Ed25519", ed25519.Group,
		func(m []byte) frost.Algorithm { return chaumPedersen{ed25519.Group, m} },
		func(key frost.Element, m, sig []byte) bool {
			return chaumPedersen{ed25519.Group, m}.verify(key, sig)
		}},
	{"two generators, secp256k1", secp256k1.Group,
		func(m []byte) frost.Algorithm { return chaumPedersen{secp256k1.Group, m} },
		func(key frost.Element, m, sig []byte) bool {
			return chaumPedersen{secp256k1.Group, m}.verify(key, sig)
		}},
}

var taproot = []secp256k1.Tweak{
	secp256k1.PlainTweak([32]byte{31: 7}), secp256k1.TaprootTweak(nil),
}

// chaumPedersen proves that an image x·H, which is part of the signature, has
// the same logarithm as the key. It uses what single-generator signatures do
// not: a second generator and the image of the key.
type chaumPedersen struct {
	group   frost.Group
	message []byte
}

func (a chaumPedersen) Group() frost.Group { return a.group }

func (a chaumPedersen) Generators() []frost.Element {
	h := sha512.Sum512([]byte("second generator"))
	return []frost.Element{a.group.NewElement().MultiplyBase(a.group.ScalarFromUniform(&h))}
}

func (a chaumPedersen) ForKey(key frost.Element) (frost.Instance, error) {
	return chaumPedersenInstance{a, key}, nil
}

func (a chaumPedersen) challenge(key frost.Element, nonces, images []frost.Element) frost.Scalar {
	h := sha512.New()
	for _, e := range []frost.Element{key, nonces[0], nonces[1], images[0]} {
		h.Write(e.Bytes())
	}
	h.Write(a.message)
	return a.group.ScalarFromUniform((*[64]byte)(h.Sum(nil)))
}

// verify checks I ‖ R₁ ‖ R₂ ‖ z.
func (a chaumPedersen) verify(key frost.Element, signature []byte) bool {
	size := a.group.ElementSize()
	var decoded [3]frost.Element
	for i := range decoded {
		var err error
		if decoded[i], err = a.group.DecodeElement(signature[size*i:][:size]); err != nil {
			return false
		}
	}
	z, err := a.group.DecodeScalar(signature[3*size:])
	if err != nil {
		return false
	}
	image, nonces := decoded[0], decoded[1:]
	c := a.challenge(key, nonces, []frost.Element{image})
	left, right := a.group.NewElement(), a.group.NewElement()
	ok := true
	for i, g := range append([]frost.Element{a.group.Generator()}, a.Generators()...) {
		left.VarTimeMultiply(z, g)
		right.VarTimeMultiply(c, []frost.Element{key, image}[i])
		ok = ok && left.Equal(right.Add(right, nonces[i]))
	}
	return ok
}

type chaumPedersenInstance struct {
	a   chaumPedersen
	key frost.Element
}

func (in chaumPedersenInstance) DeriveNonces(rand io.Reader, _ frost.Scalar, _ frost.Element, _ []byte) (frost.Scalar, frost.Scalar, error) {
	d, err := in.a.group.RandomScalar(rand)
	if err != nil {
		return nil, nil, err
	}
	e, err := in.a.group.RandomScalar(rand)
	return d, e, err
}

func (in chaumPedersenInstance) Coefficient(b *frost.Binding) frost.Scalar {
	wide := b.Hash("Chaum-Pedersen", in.a.message)
	return in.a.group.ScalarFromUniform(&wide)
}

func (in chaumPedersenInstance) Challenge(nonces, images []frost.Element) (frost.Challenge, error) {
	return frost.Challenge{Factor: in.a.challenge(in.key, nonces, images)}, nil
}

func (in chaumPedersenInstance) Signature(nonces, images []frost.Element, answer frost.Scalar) ([]byte, error) {
	signature := images[0].Bytes()
	signature = append(signature, nonces[0].Bytes()...)
	signature = append(signature, nonces[1].Bytes()...)
	signature = append(signature, answer.Bytes()...)
	if !in.a.verify(in.key, signature) {
		return nil, fmt.Errorf("invalid proof")
	}
	return signature, nil
}

// signing is a session with everything that its members hold.
type signing struct {
	key     *frost.PublicKey
	shares  map[uint16]*frost.KeyShare
	work    []frost.Algorithm
	members []frost.Member
	nonces  map[uint16]*frost.Nonces
	session *frost.Session
}

func newSigning(t testing.TB, k kind, threshold uint16, weights, validators []uint16, messages ...string) *signing {
	t.Helper()
	return newSigningSeeded(t, 1, k, threshold, weights, validators, messages...)
}

func newSigningSeeded(t testing.TB, seed byte, k kind, threshold uint16, weights, validators []uint16, messages ...string) *signing {
	t.Helper()
	rand := seeded(seed)
	key, shares, err := frosttest.Deal(rand, k.group, threshold, weights)
	require.NoError(t, err)
	s := &signing{key: key, shares: map[uint16]*frost.KeyShare{}, nonces: map[uint16]*frost.Nonces{}}
	for _, m := range messages {
		s.work = append(s.work, k.algorithm([]byte(m)))
	}
	for _, v := range validators {
		nonces, commitment, err := frost.Commit(rand, shares[v], s.work, []byte("context"))
		require.NoError(t, err)
		decoded, err := frost.DecodeCommitment(key, s.work, v, commitment)
		require.NoError(t, err)
		require.Equal(t, v, decoded.Validator())
		s.shares[v], s.nonces[v] = shares[v], nonces
		s.members = append(s.members, frost.Member{Validator: v, Commitment: commitment})
	}
	s.session, err = frost.NewSession(key, s.work, []byte("context"), s.members)
	require.NoError(t, err)
	return s
}

func (s *signing) sign(t testing.TB) [][]byte {
	t.Helper()
	answers := make([][]byte, len(s.members))
	for i, m := range s.members {
		var err error
		answers[i], err = s.session.Sign(s.shares[m.Validator], s.nonces[m.Validator])
		require.NoError(t, err)
	}
	return answers
}

func forKinds(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
}
