package keys_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
)

// TestProofGenerators compares with what the reference implementation has.
func TestProofGenerators(t *testing.T) {
	g, h := keys.ProofG(), keys.ProofH()
	require.Len(t, g, keys.ProofGenerators)
	require.Len(t, h, keys.ProofGenerators)
	var all []byte
	for i := range g {
		all = append(append(all, g[i].Bytes()...), h[i].Bytes()...)
		require.True(t, keys.IsTorsionFree(&g[i]))
		require.True(t, keys.IsTorsionFree(&h[i]))
	}
	sum := keys.Keccak256(all)
	require.Equal(t, "051c11ad6f3ba7e343f024acc6256017adce2c0712ef7ac1689c777f18a51a9f", hex.EncodeToString(sum[:]))
	transcript := keys.ProofTranscript()
	require.Equal(t, "4a677c90eb73051e790da45591107f6ee105904d9187c5d35471096c445a2275", hex.EncodeToString(transcript[:]))
}
