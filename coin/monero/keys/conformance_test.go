package keys_test

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/conformance"
)

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// moneroVectors runs a test for every case of the files vectors/monero/PATTERN,
// decoded into a V.
func moneroVectors[V any](t *testing.T, pattern string, run func(t *testing.T, v V)) {
	t.Helper()
	for _, file := range conformance.Files(t, "vectors/monero/"+pattern) {
		var content struct{ Vectors []V }
		require.NoError(t, json.Unmarshal(conformance.Read(t, file), &content))
		for i, v := range content.Vectors {
			t.Run(strconv.Itoa(i), func(t *testing.T) { run(t, v) })
		}
		conformance.Counted(t, file, len(content.Vectors))
	}
}

func TestConformanceKeccak256(t *testing.T) {
	moneroVectors(t, "*keccak256*.json", func(t *testing.T, v struct{ Data, Hash string }) {
		data := fromHex(t, v.Data)
		for _, cut := range []int{0, len(data) / 2, len(data)} {
			sum := keys.Keccak256(data[:cut], data[cut:])
			require.Equal(t, v.Hash, hex.EncodeToString(sum[:]))
		}
	})
}

func TestConformanceVarint(t *testing.T) {
	moneroVectors(t, "*varint*.json", func(t *testing.T, v struct {
		Value, Bytes string
		Valid        bool
	}) {
		data := fromHex(t, v.Bytes)
		value, n, err := keys.ReadVarint(data)
		if !v.Valid {
			require.False(t, err == nil && n == len(data))
			return
		}
		require.NoError(t, err)
		require.Equal(t, len(data), n)
		require.Equal(t, v.Value, strconv.FormatUint(value, 10))
		require.Equal(t, data, keys.AppendVarint(nil, value))
	})
}
