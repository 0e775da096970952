package secp256k1

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
)

// An algorithm does not change, whatever becomes of what it was made from.
func TestAlgorithmsKeepTheirTweaks(t *testing.T) {
	key := Group.Generator()
	root := make([]byte, 32)
	tweaks := []Tweak{TaprootTweak(root), PlainTweak([32]byte{31: 1})}
	algorithm := NewBIP340([]byte("message"), tweaks...)
	challenge := func() frost.Scalar {
		in, err := algorithm.ForKey(key)
		require.NoError(t, err)
		c, err := in.Challenge([]frost.Element{key}, nil)
		require.NoError(t, err)
		return c.Factor
	}
	before := challenge()
	root[0] = 1
	require.True(t, before.Equal(challenge()), "the root of the scripts")
	tweaks[1] = PlainTweak([32]byte{31: 2})
	require.True(t, before.Equal(challenge()), "the list")
}
