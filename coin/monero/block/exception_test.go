package block

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

// The main chain's block 202612 has the ID that the network gave it, nobody
// else gets it, and its hashing blob is the one of the right merkle root.
func TestBlock202612(t *testing.T) {
	blob, err := hex.DecodeString("01009ad29fa0055da0a3d004c352a90cc86b00fab676695d76a4d1de16036c41" +
		"ba4dd188c4d76f46090040f353c96de74c53f87389b66fa625ed1f8676beeb5d47b4f0193bd16b584933be8204")
	require.NoError(t, err)
	id := idOf(blob)
	require.Equal(t, "bbd604d2ba11ba27935e006ed39c9bfdd99b76bf4a50654bc1e1e61217962698", hex.EncodeToString(id[:]))

	require.Equal(t, accepted202612, known(computed202612))
	require.Zero(t, known(accepted202612))
	require.Equal(t, [32]byte{1}, known([32]byte{1}))
}
