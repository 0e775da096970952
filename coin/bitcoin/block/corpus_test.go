package block_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/internal/conformance"
)

// The corpus: blocks made by a real node, with what is in them for twelve
// scripts of three groups.
type (
	corpusBlock struct {
		Branch     string
		Height     uint64
		Hash, Prev string
		Time       uint32
		MerkleRoot string
		Weight     uint64
		Header     string
		Raw        string
		Txs        []corpusTransaction
		Received   []corpusOutput
		Spends     []corpusSpend
	}
	corpusTransaction struct {
		TxID, WTxID string
		Weight      uint64
		Nin, Nout   int
		Fee         *uint64
		Shape       string
	}
	corpusOutput struct {
		TxID  string
		Vout  uint32
		Value uint64
		Group int
		Kind  string
	}
	corpusSpend struct {
		TxID     string
		Outpoint [2]any
		Value    uint64
		Group    int
		Kind     string
	}
	corpusMeta struct {
		Groups []struct {
			Kinds []struct{ Kind, Script string }
		}
	}
)

// readCorpus reads a file of blocks, one per line, and the description of the
// same name.
func readCorpus(t testing.TB, file string) (blocks []corpusBlock, meta corpusMeta) {
	for line := range bytes.Lines(conformance.Read(t, file)) {
		var b corpusBlock
		require.NoError(t, json.Unmarshal(line, &b))
		blocks = append(blocks, b)
	}
	name := strings.NewReplacer("bitcoin_blocks", "bitcoin_meta", ".jsonl.gz", ".json").Replace(filepath.Base(file))
	require.NoError(t, json.Unmarshal(conformance.Read(t, filepath.Join(filepath.Dir(file), name)), &meta))
	return blocks, meta
}

func TestConformanceBlocks(t *testing.T) {
	for _, file := range conformance.Files(t, "corpora/bitcoin_blocks*.jsonl.gz") {
		t.Run(filepath.Base(file), func(t *testing.T) { checkCorpus(t, file) })
	}
}

func checkCorpus(t *testing.T, file string) {
	blocks, meta := readCorpus(t, file)
	type owner struct {
		group int
		kind  string
	}
	var scripts [][]byte
	var owners []owner
	for group, g := range meta.Groups {
		for _, k := range g.Kinds {
			scripts = append(scripts, unhex(t, k.Script))
			owners = append(owners, owner{group, k.Kind})
		}
	}
	set := block.NewScripts(scripts)

	// Where outputs are, for fees and spends. Stale blocks come last and
	// spend only what is before the fork or in their own branch.
	type spendable struct {
		value uint64
		owner *owner
	}
	outputs := make(map[block.Outpoint]spendable)
	fees := 0
	for n, want := range blocks {
		raw := unhex(t, want.Raw)
		b, err := block.Parse(raw)
		require.NoError(t, err, "block %d", n)
		header := b.Header()
		require.NoError(t, header.CheckWork(chaincfg.RegressionNetParams.PowLimit))
		require.Equal(t, want.Hash, hexID(header.ID()))
		require.Equal(t, want.MerkleRoot, hexID(header.MerkleRoot()))
		require.Equal(t, want.Time, header.Time())
		require.Equal(t, want.Weight, b.Weight())
		require.Equal(t, want.Header, hex.EncodeToString(raw[:block.HeaderSize]))
		if want.Height > 0 {
			require.Equal(t, want.Prev, hexID(header.Parent()))
		}

		var received []corpusOutput
		for m := range b.Find(set) {
			o := owners[m.Script]
			id := b.Transaction(m.Transaction).ID()
			outputs[block.NewOutpoint(id, m.Output)] = spendable{m.Value, &o}
			received = append(received, corpusOutput{hexID(id), m.Output, m.Value, o.group, o.kind})
		}
		require.ElementsMatch(t, want.Received, received, "block %d", n)

		require.Equal(t, len(want.Txs), b.Len())
		var spends []corpusSpend
		for i, tx := range want.Txs {
			got := b.Transaction(i)
			require.Equal(t, tx.TxID, hexID(got.ID()))
			require.Equal(t, tx.WTxID, hexID(got.WitnessID()))
			require.Equal(t, tx.Weight, got.Weight(), tx.TxID)
			require.Equal(t, tx.Nin, got.Inputs())
			nout, paid, spent, priced := 0, uint64(0), uint64(0), true
			for j, o := range got.Outputs() {
				nout, paid = nout+1, paid+o.Value
				at := block.NewOutpoint(got.ID(), uint32(j))
				if _, ok := outputs[at]; !ok {
					outputs[at] = spendable{value: o.Value}
				}
			}
			require.Equal(t, tx.Nout, nout)
			require.Equal(t, paid, got.Value())
			lookups := got.Lookups()
			for j, at := range got.Outpoints() {
				require.Equal(t, at[:], lookups[j])
				from, known := outputs[at]
				if i == 0 {
					continue
				}
				priced = priced && known
				spent += from.value
				if from.owner != nil {
					spends = append(spends, corpusSpend{
						tx.TxID, [2]any{hexID(at.Transaction()), float64(at.Index())},
						from.value, from.owner.group, from.owner.kind,
					})
				}
			}
			if tx.Fee != nil && priced {
				fees++
				require.Equal(t, *tx.Fee, spent-paid, tx.TxID)
			}
		}
		require.ElementsMatch(t, want.Spends, spends, "block %d", n)
	}
	t.Logf("%d fees are those of the node", fees)
	conformance.Counted(t, file, len(blocks))
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func hexID(id [32]byte) string { return hex.EncodeToString(id[:]) }
