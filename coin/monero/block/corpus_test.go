package block_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/internal/conformance"
)

// The corpus: blocks made by real nodes and wallets, and what the nodes decode
// of them.
type (
	corpusBlock struct {
		Height       uint64
		Hash, Prev   string
		Timestamp    uint64
		Major, Minor uint8
		Nonce        uint32
		Weight       uint64
		Blob         string
		MinerTx      string   `json:"miner_tx_hash"`
		Hashes       []string `json:"tx_hashes"`
		Txs          []corpusTransaction
	}
	corpusTransaction struct {
		Hash, Hex string
		Size      int
		PrunedLen int    `json:"pruned_len"`
		Prunable  string `json:"prunable_hash"`
		Decoded   struct {
			Version    int
			UnlockTime number `json:"unlock_time"`
			Vin        []struct {
				Gen *number
				inputVector
			}
			Vout  []outputVector
			Extra octets
			Rct   *struct {
				Type  int
				Fee   number
				Ecdh  []string
				OutPk []string
			}
		}
	}
)

func readBlocks(t testing.TB, file string) (blocks []corpusBlock) {
	for line := range bytes.Lines(conformance.Read(t, file)) {
		var b corpusBlock
		require.NoError(t, json.Unmarshal(line, &b))
		blocks = append(blocks, b)
	}
	return blocks
}

// TestConformanceCorpus compares all that real nodes say of their blocks and
// transactions with what is read of them.
func TestConformanceCorpus(t *testing.T) {
	for _, file := range conformance.Files(t, "corpora/monero_blocks*.jsonl.gz") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			blocks := readBlocks(t, file)
			for _, want := range blocks {
				checkCorpusBlock(t, want)
			}
			conformance.Counted(t, file, len(blocks))
		})
	}
}

func checkCorpusBlock(t *testing.T, want corpusBlock) {
	raw := unhex(t, want.Blob)
	b, err := block.Parse(raw)
	require.NoError(t, err, want.Hash)
	require.Equal(t, want.Hash, hexOf(b.ID()))
	require.Equal(t, want.Prev, hexOf(b.Parent()))
	require.Equal(t, want.Height, b.Height())
	require.Equal(t, want.Timestamp, b.Time())
	require.Equal(t, want.Major, b.Major())
	require.Equal(t, want.Minor, b.Minor())
	require.Equal(t, want.Nonce, b.Nonce())
	require.Equal(t, want.MinerTx, hexOf(b.Miner().Hash()))
	require.Equal(t, raw, b.Raw())
	require.Equal(t, len(want.Hashes), b.Len())
	require.Len(t, want.Txs, b.Len()+1)
	require.Equal(t, want.Txs[0].Hex, hex.EncodeToString(b.Miner().Raw()))
	var weight uint64
	for i, tx := range want.Txs {
		got := checkCorpusTransaction(t, tx)
		weight += got.Weight()
		if i > 0 {
			require.Equal(t, tx.Hash, hexOf(b.Transaction(i-1)))
		}
	}
	require.Equal(t, want.Weight, weight)
}

func checkCorpusTransaction(t *testing.T, want corpusTransaction) *block.Transaction {
	raw := unhex(t, want.Hex)
	got := checkForms(t, raw)
	require.Equal(t, want.Hash, hexOf(got.Hash()))
	require.Equal(t, want.Size, len(raw))
	require.Equal(t, want.PrunedLen, got.PrunedLen())
	pruned, err := block.ParsePruned(raw[:want.PrunedLen], [32]byte(unhex(t, want.Prunable)))
	require.NoError(t, err)
	require.Equal(t, want.Hash, hexOf(pruned.Hash()))
	if !got.Coinbase() {
		require.Equal(t, want.Prunable, hexOf(got.PrunableHash()))
	}

	decoded := want.Decoded
	require.Equal(t, decoded.Version, got.Version())
	require.EqualValues(t, decoded.UnlockTime, got.UnlockTime())
	require.EqualValues(t, decoded.Extra, got.Extra())
	require.Equal(t, len(decoded.Vin), got.InputCount())
	for i, in := range got.Inputs() {
		if gen := decoded.Vin[i].Gen; gen != nil {
			require.True(t, got.Coinbase())
			require.EqualValues(t, *gen, got.Height())
			continue
		}
		checkInput(t, decoded.Vin[i].inputVector, in)
	}
	require.Equal(t, len(decoded.Vout), got.OutputCount())
	for i, out := range got.Outputs() {
		checkOutput(t, decoded.Vout[i], out)
	}
	if decoded.Rct == nil {
		return got
	}
	require.EqualValues(t, decoded.Rct.Type, got.Type())
	require.EqualValues(t, decoded.Rct.Fee, got.Fee())
	for i, amount := range decoded.Rct.Ecdh {
		require.Equal(t, amount, hex.EncodeToString(got.EncryptedAmount(i)))
	}
	for i, want := range decoded.Rct.OutPk {
		c, ok := got.Commitment(i)
		require.True(t, ok)
		require.Equal(t, want, hexOf(c))
	}
	return got
}
