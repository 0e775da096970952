package frost_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

func TestSpentNoncesAreOverwritten(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "first", "second")
		signed, erased := s.nonces[0].Scalars(), s.nonces[1].Scalars()
		_, err := s.session.Sign(s.shares[0], s.nonces[0])
		require.NoError(t, err)
		s.nonces[1].Erase()
		for _, list := range [][]frost.Scalar{signed, erased} {
			require.Len(t, list, 4)
			for _, nonce := range list {
				require.True(t, nonce.IsZero())
			}
		}
	})
}

// fixedNonces is an algorithm that draws these nonces.
type fixedNonces struct {
	frost.Algorithm
	hiding, binding uint64
}

func (a fixedNonces) ForKey(key frost.Element) (frost.Instance, error) {
	in, err := a.Algorithm.ForKey(key)
	return fixedNoncesInstance{in, a}, err
}

type fixedNoncesInstance struct {
	frost.Instance
	a fixedNonces
}

func (in fixedNoncesInstance) DeriveNonces(io.Reader, frost.Scalar, frost.Element, []byte) (frost.Scalar, frost.Scalar, error) {
	group := in.a.Group()
	return group.NewScalar().SetUint64(in.a.hiding), group.NewScalar().SetUint64(in.a.binding), nil
}

// The commitment to a zero would convict its honest sender, and half of its
// secret would be public.
func TestZeroNoncesAreNotCommittedTo(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message")
		for _, nonces := range []fixedNonces{{s.work[0], 0, 1}, {s.work[0], 1, 0}} {
			_, _, err := frost.Commit(seeded(1), s.shares[0], []frost.Algorithm{nonces}, nil)
			require.ErrorIs(t, err, frost.ErrNonces)
		}
	})
}

// A decoded commitment is not its caller's buffer.
func TestCommitmentsOwnTheirBytes(t *testing.T) {
	s := newSigning(t, kinds[0], 2, []uint16{1, 1}, []uint16{0, 1}, "message")
	g, err := frost.NewGathering(s.key, s.work)
	require.NoError(t, err)
	for _, m := range s.members {
		data := bytes.Clone(m.Commitment)
		c, err := frost.DecodeCommitment(s.key, s.work, m.Validator, data)
		require.NoError(t, err)
		clear(data)
		require.NoError(t, g.Add(c))
	}
	require.True(t, g.Is(s.members))
	last := s.members[1].Commitment
	last[len(last)-1] ^= 1
	require.False(t, g.Is(s.members))
}

func TestAKeyRemembersRecentSetsOnly(t *testing.T) {
	s := newSigning(t, kinds[0], 1, []uint16{1, 1, 1, 1, 1, 1}, []uint16{0}, "message")
	for set := 1; set < 1<<6; set++ {
		var validators []uint16
		for v := range uint16(6) {
			if set>>v&1 == 1 {
				validators = append(validators, v)
			}
		}
		require.LessOrEqual(t, s.key.Sets(validators), frost.RecentSets)
		require.Equal(t, s.key.Sets(validators), s.key.Sets(validators))
	}
}
