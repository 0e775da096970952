package frost_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/frosttest"
)

// TestLargestSession signs as much as one session can, from commitments and
// shares that went through the log.
func TestLargestSession(t *testing.T) {
	for _, k := range kinds[:2] { // signatures without generators of their own
		count := frost.MaxWork
		work := slices.Repeat([]frost.Algorithm{k.algorithm([]byte("message"))}, frost.MaxWork+1)
		// One validator with both shares of the key.
		key, shares, err := frosttest.Deal(seeded(1), k.group, 2, []uint16{2})
		require.NoError(t, err)
		commit := func(count int) (*frost.Nonces, []byte, error) {
			return frost.Commit(seeded(2), shares[0], work[:count], nil)
		}
		_, _, err = commit(count + 1)
		require.ErrorIs(t, err, frost.ErrWork)
		nonces, commitment, err := commit(count)
		require.NoError(t, err)
		require.LessOrEqual(t, len(commitment), frost.MaxCommitmentSize)
		_, err = frost.NewSession(key, work, nil, []frost.Member{{Commitment: commitment}})
		require.ErrorIs(t, err, frost.ErrWork)

		roast := frost.NewRoast(2, []uint16{2}, 0)
		sets := roast.Commit(0, frost.SignerCommitment{Counter: 1}).Formed
		require.Len(t, sets, 1)
		require.Equal(t, []frost.SetMember{{Validator: 0, Counter: 1}}, sets[0].Members)
		session, err := frost.NewSession(key, work[:count], nil, []frost.Member{{Commitment: commitment}})
		require.NoError(t, err)
		answer, err := session.Sign(shares[0], nonces)
		require.NoError(t, err)
		require.Len(t, answer, frost.MaxAnswerSize)
		require.NotNil(t, roast.Answer(0, sets[0].Number, nil, nil).Completed)
		signatures, err := session.Aggregate([][]byte{answer})
		require.NoError(t, err)
		for _, signature := range signatures {
			require.True(t, k.verify(key.Key(), []byte("message"), signature))
		}
	}
}

// TestImagesCountTowardsTheCommitment: with many shares, an algorithm with a
// generator of its own has room for less work.
func TestImagesCountTowardsTheCommitment(t *testing.T) {
	k := kinds[3]
	work := []frost.Algorithm{k.algorithm(nil)}
	require.Len(t, work[0].Generators(), 1)
	_, shares, err := frosttest.Deal(seeded(1), k.group, 1, []uint16{frost.MaxShares})
	require.NoError(t, err)
	each := (2*2 + frost.MaxShares) * k.group.ElementSize()
	most := frost.MaxCommitmentSize / each
	_, commitment, err := frost.Commit(seeded(1), shares[0], slices.Repeat(work, most), nil)
	require.NoError(t, err)
	require.Len(t, commitment, each*most)
	_, _, err = frost.Commit(seeded(1), shares[0], slices.Repeat(work, most+1), nil)
	require.ErrorIs(t, err, frost.ErrWork)
}
