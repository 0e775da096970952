package frost_test

import (
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// torsion returns the points of small order of edwards25519 but the identity.
func torsion(t *testing.T) []*edwards25519.Point {
	t.Helper()
	// A point of order 8.
	encoded := []byte{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	}
	p, err := new(edwards25519.Point).SetBytes(encoded)
	require.NoError(t, err)
	var points []*edwards25519.Point
	for q := new(edwards25519.Point).Set(p); q.Equal(edwards25519.NewIdentityPoint()) == 0; q.Add(q, p) {
		points = append(points, new(edwards25519.Point).Set(q))
	}
	require.Len(t, points, 7)
	return points
}

// withTorsion adds a point of small order to the element at a position of a
// commitment.
func withTorsion(t *testing.T, commitment []byte, position int, torsion *edwards25519.Point) []byte {
	t.Helper()
	b := slices.Clone(commitment)
	at := b[32*position:][:32]
	p, err := new(edwards25519.Point).SetBytes(at)
	require.NoError(t, err)
	copy(at, p.Add(p, torsion).Bytes())
	return b
}

// A signer that adds points of small order to its nonces or images changes
// nothing: decoding clears them. Neither it nor anybody else is at fault, and
// the signature verifies without the cofactor.
func TestTorsionInCommitmentsHasNoEffect(t *testing.T) {
	for _, k := range []kind{kinds[0], kinds[3]} {
		t.Run(k.name, func(t *testing.T) {
			s := newSigning(t, k, 2, []uint16{1, 2}, []uint16{0, 1}, "message")
			for position := range len(s.members[1].Commitment) / 32 {
				for _, point := range torsion(t) {
					s := newSigning(t, k, 2, []uint16{1, 2}, []uint16{0, 1}, "message")
					members := slices.Clone(s.members)
					members[1].Commitment = withTorsion(t, members[1].Commitment, position, point)
					session, err := frost.NewSession(s.key, s.work, []byte("context"), members)
					require.NoError(t, err)
					honest, err := session.Sign(s.shares[0], s.nonces[0])
					require.NoError(t, err)
					// The adversary answers as with the commitment it drew.
					_, err = session.Sign(s.shares[1], s.nonces[1])
					require.ErrorIs(t, err, frost.ErrNonces)
					theirs, err := s.session.Sign(s.shares[1], s.nonces[1])
					require.NoError(t, err)
					signatures, err := session.Aggregate([][]byte{honest, theirs})
					require.NoError(t, err)
					require.True(t, k.verify(s.key.Key(), []byte("message"), signatures[0]))
				}
			}
		})
	}
}

// Points of small order alone are no commitment.
func TestSmallOrderInCommitmentsIsAFault(t *testing.T) {
	s := newSigning(t, kinds[0], 2, []uint16{1, 1}, []uint16{0, 1}, "message")
	for position := range 2 {
		for _, point := range append(torsion(t), edwards25519.NewIdentityPoint()) {
			commitment := slices.Clone(s.members[1].Commitment)
			copy(commitment[32*position:], point.Bytes())
			_, err := frost.DecodeCommitment(s.key, s.work, 1, commitment)
			require.ErrorIs(t, err, frost.ErrCommitment)
		}
	}
}

// Keys and shares with torsion do not decode: they would verify here and not
// there.
func TestTorsionInKeysIsRefused(t *testing.T) {
	s := newSigning(t, kinds[0], 2, []uint16{1, 1}, []uint16{0, 1}, "message")
	encoded := s.key.Bytes()
	first := len(encoded) - 3*32
	for position := range 3 {
		for _, point := range torsion(t) {
			_, err := frost.DecodePublicKey(ed25519.Group, withTorsion(t, encoded[first:], position, point))
			require.Error(t, err)
			_, err = frost.DecodePublicKey(ed25519.Group, slices.Concat(encoded[:first], withTorsion(t, encoded[first:], position, point)))
			require.ErrorContains(t, err, "prime order")
		}
	}
}

// Who takes another's commitment for its own has no answer to it, and takes
// nothing from the other one.
func TestCopiedCommitmentsHurtTheCopierOnly(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message")
		members := slices.Clone(s.members)
		members[1].Commitment = s.members[0].Commitment
		session, err := frost.NewSession(s.key, s.work, []byte("context"), members)
		require.NoError(t, err)
		honest, err := session.Sign(s.shares[0], s.nonces[0])
		require.NoError(t, err)
		_, err = session.Sign(s.shares[1], s.nonces[1])
		require.ErrorIs(t, err, frost.ErrNonces)
		_, err = session.Sign(s.shares[1], s.nonces[0])
		require.ErrorIs(t, err, frost.ErrNonces)
		for _, answer := range [][]byte{honest, make([]byte, len(honest))} {
			faults := aggregateFaults(session, [][]byte{honest, answer})
			require.Len(t, faults, 1)
			require.Equal(t, uint16(1), faults[0].Validator)
		}
	})
}

// Swapped numbers: the share of one validator in the place of another convicts
// whoever sent it there, and a commitment does not fit another's nonces.
func TestSwappedValidators(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 3, []uint16{1, 1, 1}, []uint16{0, 1, 2}, "message")
		answers := s.sign(t)
		answers[0], answers[1] = answers[1], answers[0]
		var named []uint16
		for _, f := range s.session.VerifyAll(answers) {
			named = append(named, f.Validator)
		}
		require.Equal(t, []uint16{0, 1}, named)

		s = newSigning(t, k, 3, []uint16{1, 1, 1}, []uint16{0, 1, 2}, "message")
		members := slices.Clone(s.members)
		members[0].Commitment, members[1].Commitment = members[1].Commitment, members[0].Commitment
		session, err := frost.NewSession(s.key, s.work, []byte("context"), members)
		require.NoError(t, err)
		_, err = session.Sign(s.shares[0], s.nonces[0])
		require.ErrorIs(t, err, frost.ErrNonces)
		_, err = s.session.Sign(s.shares[0], s.nonces[0])
		require.NoError(t, err, "refusal does not cost the nonces")
	})
}
