package frost_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

// decode decodes the commitments of a session's members.
func (s *signing) decode(t *testing.T) []*frost.Commitment {
	list := make([]*frost.Commitment, len(s.members))
	for i, m := range s.members {
		var err error
		list[i], err = frost.DecodeCommitment(s.key, s.work, m.Validator, m.Commitment)
		require.NoError(t, err)
	}
	return list
}

// In whatever order commitments come, the session is the same.
func TestGatheringInAnyOrder(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 5, []uint16{1, 2, 3, 1}, []uint16{0, 1, 2, 3}, "one", "another")
		answers := s.sign(t)
		for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}} {
			g, err := frost.NewGathering(s.key, s.work)
			require.NoError(t, err)
			decoded := s.decode(t)
			for _, i := range order {
				require.False(t, g.Is(s.members))
				require.NoError(t, g.Add(decoded[i]))
			}
			require.True(t, g.Is(s.members))
			require.False(t, g.Is(s.members[1:]))
			session, err := g.Session([]byte("context"))
			require.NoError(t, err)
			// Shares of one session count in the other.
			require.Empty(t, session.VerifyAll(answers))
		}
	})
}

func TestGatheringGoesOnAfterASession(t *testing.T) {
	s := newSigning(t, kinds[0], 2, []uint16{1, 1, 1}, []uint16{0, 1, 2}, "message")
	g, err := frost.NewGathering(s.key, s.work)
	require.NoError(t, err)
	decoded := s.decode(t)
	require.NoError(t, g.Add(decoded[0]))
	_, err = g.Session([]byte("context"))
	require.ErrorIs(t, err, frost.ErrMembers, "below the threshold")
	require.NoError(t, g.Add(decoded[2]))
	first, err := g.Session([]byte("context"))
	require.NoError(t, err)
	require.NoError(t, g.Add(decoded[1]))
	answers := s.sign(t) // with all three
	session, err := g.Session([]byte("context"))
	require.NoError(t, err)
	require.Empty(t, session.VerifyAll(answers))
	require.ErrorIs(t, first.Verify(0, answers[0]), frost.ErrEquation)
	require.ErrorIs(t, first.Verify(1, answers[1]), frost.ErrNotMember)
}

func TestGatheringRefuses(t *testing.T) {
	s := newSigning(t, kinds[0], 2, []uint16{1, 1, 1}, []uint16{0, 1}, "message")
	two := newSigning(t, kinds[0], 2, []uint16{1, 1, 1}, []uint16{0, 1}, "message", "another")
	images := newSigning(t, kinds[3], 2, []uint16{1, 1, 1}, []uint16{0, 1}, "message")
	weighty := newSigning(t, kinds[3], 2, []uint16{1, 2, 1}, []uint16{0, 1}, "message")

	g, err := frost.NewGathering(s.key, s.work)
	require.NoError(t, err)
	c := s.decode(t)[0]
	require.NoError(t, g.Add(c))
	require.ErrorIs(t, g.Add(c), frost.ErrMembers)
	require.ErrorIs(t, g.Add(two.decode(t)[1]), frost.ErrWork)
	require.ErrorIs(t, g.Add(images.decode(t)[1]), frost.ErrWork)

	g, err = frost.NewGathering(images.key, images.work)
	require.NoError(t, err)
	require.ErrorIs(t, g.Add(weighty.decode(t)[1]), frost.ErrWork, "another number of shares")
	_, err = frost.NewGathering(s.key, nil)
	require.ErrorIs(t, err, frost.ErrWork)
}
