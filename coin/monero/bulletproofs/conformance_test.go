package bulletproofs_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/conformance"
)

type proofVector struct {
	Valid                bool
	Source, Why          string
	Commitments          []string
	A, A1, B, R1, S1, D1 string
	L, R                 []string
}

func (v *proofVector) decode(t *testing.T) (*bulletproofs.Proof, [][keys.Size]byte) {
	list := func(texts []string) (points [][keys.Size]byte) {
		for _, text := range texts {
			points = append(points, fromHex(t, text))
		}
		return points
	}
	return &bulletproofs.Proof{
		A: fromHex(t, v.A), A1: fromHex(t, v.A1), B: fromHex(t, v.B),
		R1: fromHex(t, v.R1), S1: fromHex(t, v.S1), D1: fromHex(t, v.D1),
		L: list(v.L), R: list(v.R),
	}, list(v.Commitments)
}

func TestConformanceProofs(t *testing.T) {
	valid, commitments := made(t, 1, 2)
	conformance.Monero(t, "*bulletproofs_plus*.json", func(t *testing.T, v proofVector) {
		p, c := v.decode(t)
		err := p.Verify(c)
		batch := bulletproofs.VerifyBatch([]*bulletproofs.Proof{valid, p}, [][][keys.Size]byte{commitments, c})
		if !v.Valid {
			require.ErrorIs(t, err, bulletproofs.ErrInvalid, v.Why)
			require.ErrorIs(t, batch, bulletproofs.ErrInvalid, v.Why)
			return
		}
		require.NoError(t, err)
		require.NoError(t, batch)
		require.Len(t, p.Append(nil), bulletproofs.Size(len(c)))
	})
}

// checkTransaction verifies the range proof of a transaction, if it has one of
// this kind.
func checkTransaction(t *testing.T, raw []byte) (*bulletproofs.Proof, [][keys.Size]byte) {
	tx, err := block.ParseTransaction(raw)
	require.NoError(t, err)
	if tx.Type() != block.TypeBulletproofsPlus {
		return nil, nil
	}
	var commitments [][keys.Size]byte
	for i := range tx.OutputCount() {
		c, ok := tx.Commitment(i)
		require.True(t, ok)
		commitments = append(commitments, c)
	}
	count, n, err := keys.ReadVarint(tx.RangeProofs())
	require.NoError(t, err)
	require.EqualValues(t, 1, count)
	p, rest, err := bulletproofs.Parse(tx.RangeProofs()[n:])
	require.NoError(t, err)
	require.Empty(t, rest)
	require.NoError(t, p.Verify(commitments))
	require.Equal(t, tx.RangeProofs()[n:], p.Append(nil))
	require.Len(t, tx.RangeProofs()[n:], bulletproofs.Size(len(commitments)))
	return p, commitments
}

func TestConformanceTransactions(t *testing.T) {
	conformance.Monero(t, "*transactions*.json", func(t *testing.T, v struct{ Hex string }) {
		raw, err := hex.DecodeString(v.Hex)
		require.NoError(t, err)
		checkTransaction(t, raw)
	})
}

// TestConformanceCorpus verifies proofs in blocks that real nodes made, one by
// one and all of a file together.
func TestConformanceCorpus(t *testing.T) {
	for _, file := range conformance.Files(t, "corpora/monero_blocks*.jsonl.gz") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var proofs []*bulletproofs.Proof
			var commitments [][][keys.Size]byte
			for line := range bytes.Lines(conformance.Read(t, file)) {
				var b struct{ Txs []struct{ Hex string } }
				require.NoError(t, json.Unmarshal(line, &b))
				for _, tx := range b.Txs {
					raw, err := hex.DecodeString(tx.Hex)
					require.NoError(t, err)
					if p, c := checkTransaction(t, raw); p != nil {
						proofs, commitments = append(proofs, p), append(commitments, c)
					}
				}
			}
			require.NoError(t, bulletproofs.VerifyBatch(proofs, commitments))
			conformance.Counted(t, file, len(proofs))
		})
	}
}
