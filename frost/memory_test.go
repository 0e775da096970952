package frost_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

// held returns a share of a validator and the secrets that it has taken over.
func held(t *testing.T, s *signing, group frost.Group, validator uint16) (*frost.KeyShare, []frost.Scalar) {
	size := group.ScalarSize()
	encoded := s.shares[validator].SecretBytes()
	var secrets []frost.Scalar
	for ; len(encoded) > 0; encoded = encoded[size:] {
		secret, err := group.DecodeScalar(encoded[:size])
		require.NoError(t, err)
		secrets = append(secrets, secret)
	}
	share, err := frost.NewKeyShare(s.key, validator, secrets)
	require.NoError(t, err)
	return share, secrets
}

// A share that a fault of the memory made wrong does not leave: it would convict
// its honest sender.
func TestAWrongOwnShareIsWithheld(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 2}, []uint16{0, 1}, "first", "second")
		share, secrets := held(t, s, k.group, 1)
		secrets[1].Add(secrets[1], k.group.NewScalar().SetUint64(1))
		_, err := s.session.Sign(share, s.nonces[1])
		require.ErrorIs(t, err, frost.ErrOwnShare)
		_, err = s.session.Sign(s.shares[1], s.nonces[1])
		require.ErrorIs(t, err, frost.ErrNonces, "the nonces are spent all the same")
	})
}

func TestErasedSharesAreOverwritten(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 2}, []uint16{0, 1}, "message")
		share, secrets := held(t, s, k.group, 1)
		share.Erase()
		for _, secret := range secrets {
			require.True(t, secret.IsZero())
		}
	})
}
