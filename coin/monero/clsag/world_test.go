package clsag_test

import (
	"encoding/hex"
	"io"
	"math/rand/v2"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
)

// seeded returns a reproducible source of bytes.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func randomScalar(t require.TestingT, random io.Reader) *edwards25519.Scalar {
	s, err := ed25519.Group.RandomScalar(random)
	require.NoError(t, err)
	return s.(*ed25519.Scalar).Value()
}

func multiple(s *edwards25519.Scalar) *edwards25519.Point {
	return new(edwards25519.Point).ScalarBaseMult(s)
}

func scalar(n byte) *edwards25519.Scalar {
	s, err := new(edwards25519.Scalar).SetCanonicalBytes(append([]byte{n}, make([]byte, 31)...))
	if err != nil {
		panic(err)
	}
	return s
}

func fromHex(t testing.TB, text string) (b [32]byte) {
	t.Helper()
	decoded, err := hex.DecodeString(text)
	require.NoError(t, err)
	require.Len(t, decoded, len(b))
	return [32]byte(decoded)
}

// newInput returns an output that the key has by an offset, in a ring of others.
func newInput(t require.TestingT, random io.Reader, key *edwards25519.Scalar, ring, real int, offset *edwards25519.Scalar) clsag.Input {
	in := clsag.Input{
		Real: real, Offset: offset, Amount: 1_000_000_000_000,
		Mask: randomScalar(t, random), PseudoMask: randomScalar(t, random),
	}
	for range ring {
		in.Ring = append(in.Ring, clsag.Member{
			Key:        [32]byte(multiple(randomScalar(t, random)).Bytes()),
			Commitment: [32]byte(keys.Commit(randomScalar(t, random), 7).Bytes()),
		})
	}
	in.Ring[real] = clsag.Member{
		Key:        [32]byte(multiple(new(edwards25519.Scalar).Add(key, offset)).Bytes()),
		Commitment: [32]byte(keys.Commit(in.Mask, in.Amount).Bytes()),
	}
	return in
}

// transaction stands for a transaction: a hash of its key images.
func transaction(images [][32]byte) ([32]byte, error) {
	var all []byte
	for _, image := range images {
		all = append(all, image[:]...)
	}
	return keys.Keccak256([]byte("transaction"), all), nil
}

// torsion returns the points of small order but the identity.
func torsion(t testing.TB) []*edwards25519.Point {
	t.Helper()
	// A point of order 8.
	encoded := fromHex(t, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
	p, err := new(edwards25519.Point).SetBytes(encoded[:])
	require.NoError(t, err)
	var points []*edwards25519.Point
	for q := new(edwards25519.Point).Set(p); !keys.IsIdentity(q); q.Add(q, p) {
		points = append(points, new(edwards25519.Point).Set(q))
	}
	require.Len(t, points, 7)
	return points
}

// group is a key, whole and in shares.
type group struct {
	secret *edwards25519.Scalar
	key    *frost.PublicKey
	shares []*frost.KeyShare
}

func newGroup(t require.TestingT, random io.Reader, threshold int, weights []uint16) *group {
	polynomial := make([]frost.Scalar, threshold)
	for i := range polynomial {
		polynomial[i] = ed25519.ScalarOf(randomScalar(t, random))
	}
	key, shares, err := frosttest.DealPolynomial(ed25519.Group, polynomial, weights)
	require.NoError(t, err)
	return &group{polynomial[0].(*ed25519.Scalar).Value(), key, shares}
}

// session has the given validators sign some work.
type session struct {
	*frost.Session
	group   *group
	members []frost.Member
	nonces  []*frost.Nonces
}

func newSession(t require.TestingT, random io.Reader, g *group, work []frost.Algorithm, validators ...uint16) *session {
	s := &session{group: g}
	for _, v := range validators {
		nonces, commitment, err := frost.Commit(random, g.shares[v], work, []byte("context"))
		require.NoError(t, err)
		s.nonces = append(s.nonces, nonces)
		s.members = append(s.members, frost.Member{Validator: v, Commitment: commitment})
	}
	var err error
	s.Session, err = frost.NewSession(g.key, work, []byte("context"), s.members)
	require.NoError(t, err)
	return s
}

func (s *session) sign(t require.TestingT) [][]byte {
	answers := make([][]byte, len(s.members))
	for i, m := range s.members {
		var err error
		answers[i], err = s.Sign(s.group.shares[m.Validator], s.nonces[i])
		require.NoError(t, err)
	}
	return answers
}
