package keys_test

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/sha3"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/keys"
)

func TestKeccakIsTheOriginalOne(t *testing.T) {
	for data, want := range map[string]string{
		"":    "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
		"abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
	} {
		sum := keys.Keccak256([]byte(data))
		require.Equal(t, want, hex.EncodeToString(sum[:]))
	}
	sum := keys.Keccak256()
	require.Equal(t, keys.Keccak256(nil), sum)
}

func TestKeccakOfPartsIsThatOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Lengths around whole blocks of 136 bytes.
		size := rapid.IntRange(0, 3).Draw(t, "blocks")*136 + rapid.IntRange(0, 140).Draw(t, "more")
		data := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "data")
		h := sha3.NewLegacyKeccak256()
		h.Write(data)
		var parts [][]byte
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "part")
			parts = append(parts, rest[:n])
			rest = rest[n:]
		}
		sum := keys.Keccak256(parts...)
		require.Equal(t, h.Sum(nil), sum[:])
	})
}
