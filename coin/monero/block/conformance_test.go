package block_test

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/conformance"
)

func unhex(t require.TestingT, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func hexOf(hash [32]byte) string { return hex.EncodeToString(hash[:]) }

func checkInput(t require.TestingT, want inputVector, got block.Input) {
	require.EqualValues(t, want.Amount, got.Amount)
	require.Equal(t, want.KeyImage+want.KImage, hexOf(got.KeyImage))
	require.Equal(t, len(want.KeyOffsets), got.RingSize())
	offsets, index := slices.Collect(got.Offsets()), number(0)
	ring := got.AppendRing(nil)
	for i, offset := range want.KeyOffsets {
		index += offset
		require.EqualValues(t, offset, offsets[i])
		require.EqualValues(t, index, ring[i])
	}
}

func checkOutput(t require.TestingT, want outputVector, got block.Output) {
	require.EqualValues(t, want.Amount, got.Amount)
	require.Equal(t, want.Key, hexOf(got.Key))
	require.Equal(t, want.ViewTag != nil, got.Tagged)
	if got.Tagged {
		require.EqualValues(t, *want.ViewTag, got.ViewTag)
	}
}

// checkForms checks what holds for every transaction that parses: its views
// agree, it is written as it was read, and its pruned form proves it.
func checkForms(t require.TestingT, raw []byte) *block.Transaction {
	got, err := block.ParseTransaction(raw)
	require.NoError(t, err)
	require.Equal(t, raw, got.Raw())
	again, err := got.Fields().Encode()
	require.NoError(t, err)
	require.Equal(t, raw, again.Raw())
	require.Equal(t, got.Hash(), again.Hash())
	require.False(t, got.Pruned())

	pruned, err := block.ParsePruned(raw[:got.PrunedLen()], got.PrunableHash())
	if got.Version() == 1 && !got.Coinbase() {
		require.ErrorIs(t, err, block.ErrUnsupported)
		return got
	}
	require.NoError(t, err)
	require.Equal(t, got.Hash(), pruned.Hash())
	require.Equal(t, !got.Coinbase(), pruned.Pruned())
	require.Equal(t, got.PrunedLen(), pruned.PrunedLen())
	require.Nil(t, pruned.RangeProofs())
	require.Nil(t, pruned.Signature(0))
	if got.Type() >= block.TypeBulletproof2 || got.Coinbase() {
		require.Equal(t, got.Weight(), pruned.Weight())
	} else {
		require.Zero(t, pruned.Weight())
	}
	fields, whole := pruned.Fields(), got.Fields()
	require.Equal(t, pruned.Raw(), fields.AppendBase(fields.AppendPrefix(nil)))
	require.Equal(t, whole.Inputs, fields.Inputs)
	require.Equal(t, whole.Outputs, fields.Outputs)
	require.Equal(t, whole.Commitments, fields.Commitments)
	return got
}

func TestConformanceTransactions(t *testing.T) {
	conformance.Monero(t, "*transactions*.json", func(t *testing.T, v transactionVector) {
		raw := unhex(t, v.Hex)
		got := checkForms(t, raw)
		require.Equal(t, v.Hash, hexOf(got.Hash()))
		if v.Message != "" {
			message, ok := got.Message()
			require.True(t, ok)
			require.Equal(t, v.Message, hexOf(message))
		}
		if v.Prefix != "" {
			require.Equal(t, v.Prefix, hexOf(got.PrefixHash()))
		}
		if v.Base != "" {
			require.Equal(t, v.Base, hexOf(got.BaseHash()))
		}
		if v.Prunable != "" {
			require.Equal(t, v.Prunable, hexOf(got.PrunableHash()))
		}
		if v.Weight != nil {
			require.Equal(t, *v.Weight, got.Weight())
		}
		if v.Pruned != "" {
			require.Equal(t, v.Pruned, hex.EncodeToString(raw[:got.PrunedLen()]))
			pruned, err := block.ParsePruned(unhex(t, v.Pruned), got.PrunableHash())
			require.NoError(t, err)
			require.Equal(t, v.Hash, hexOf(pruned.Hash()))
		}
		if v.Version != nil {
			require.Equal(t, *v.Version, got.Version())
			require.EqualValues(t, v.UnlockTime, got.UnlockTime())
			require.EqualValues(t, *v.Type, got.Type())
			require.EqualValues(t, v.Fee, got.Fee())
			require.EqualValues(t, *v.Extra, got.Extra())
			require.Equal(t, len(v.Inputs), got.InputCount())
			for i, in := range got.Inputs() {
				checkInput(t, v.Inputs[i], in)
			}
			require.Equal(t, len(v.Outputs), got.OutputCount())
			for i, out := range got.Outputs() {
				checkOutput(t, v.Outputs[i], out)
			}
		}
		for i, want := range v.Encrypted {
			require.Equal(t, want, hex.EncodeToString(got.EncryptedAmount(i)))
		}
		for i, want := range v.Commitments {
			c, ok := got.Commitment(i)
			require.True(t, ok)
			require.Equal(t, want, hexOf(c))
		}
		for i, want := range v.PseudoOuts {
			c, ok := got.PseudoOut(i)
			require.True(t, ok)
			require.Equal(t, want, hexOf(c))
		}
		if v.Rendering != nil {
			checkRendering(t, v.Rendering, got)
		}
	})
}

func checkRendering(t *testing.T, want *nodeJSON, got *block.Transaction) {
	require.Equal(t, want.Version, got.Version())
	require.EqualValues(t, want.UnlockTime, got.UnlockTime())
	require.EqualValues(t, want.Extra, got.Extra())
	require.Equal(t, len(want.Vin), got.InputCount())
	for i, in := range got.Inputs() {
		if want.Vin[i].Gen != nil {
			require.True(t, got.Coinbase())
			require.EqualValues(t, want.Vin[i].Gen.Height, got.Height())
		} else {
			checkInput(t, *want.Vin[i].Key, in)
		}
	}
	require.Equal(t, len(want.Vout), got.OutputCount())
	for i, out := range got.Outputs() {
		o := outputVector{Amount: want.Vout[i].Amount, Key: want.Vout[i].Target.Key}
		if tagged := want.Vout[i].Target.Tagged; tagged != nil {
			o.Key, o.ViewTag = tagged.Key, tagged.ViewTag
		}
		checkOutput(t, o, out)
	}
	for i, signature := range want.Signatures {
		require.Equal(t, signature, hex.EncodeToString(got.Signature(i)))
	}
	if want.Base == nil {
		return
	}
	require.EqualValues(t, want.Base.Type, got.Type())
	require.EqualValues(t, want.Base.TxnFee, got.Fee())
	for i, e := range want.Base.Ecdh {
		require.Equal(t, e.Mask+e.Amount, hex.EncodeToString(got.EncryptedAmount(i)))
	}
	for i, c := range want.Base.OutPk {
		commitment, _ := got.Commitment(i)
		require.Equal(t, c, hexOf(commitment))
	}
	pseudo := want.Base.Pseudo
	if want.Prunable != nil {
		pseudo = append(pseudo, want.Prunable.Pseudo...)
	}
	for i, c := range pseudo {
		commitment, ok := got.PseudoOut(i)
		require.True(t, ok)
		require.Equal(t, c, hexOf(commitment))
	}
}

func TestConformanceBlocks(t *testing.T) {
	conformance.Monero(t, "*blocks*.json", func(t *testing.T, v struct {
		Height           uint64
		Hash, Prev, Blob string
		Timestamp        uint64
		Major, Minor     uint8
		Nonce            uint32
		MinerTx          string   `json:"miner_tx_hash"`
		Hashes           []string `json:"tx_hashes"`
		Reward           uint64
		HashingBlob      string `json:"hashing_blob"`
		MerkleRoot       string `json:"merkle_root"`
	}) {
		b, err := block.Parse(unhex(t, v.Blob))
		require.NoError(t, err)
		require.Equal(t, v.Hash, hexOf(b.ID()))
		require.Equal(t, v.Prev, hexOf(b.Parent()))
		require.Equal(t, v.Height, b.Height())
		require.Equal(t, v.Timestamp, b.Time())
		require.Equal(t, v.Major, b.Major())
		require.Equal(t, v.Minor, b.Minor())
		require.Equal(t, v.Nonce, b.Nonce())
		require.Equal(t, v.MinerTx, hexOf(b.Miner().Hash()))
		if v.HashingBlob != "" {
			require.Equal(t, v.HashingBlob, hex.EncodeToString(b.AppendHashingBlob(nil)))
		}
		require.Equal(t, len(v.Hashes), b.Len())
		for i, hash := range v.Hashes {
			require.Equal(t, hash, hexOf(b.Transaction(i)))
		}
		var paid uint64
		for _, o := range b.Miner().Outputs() {
			paid += o.Amount
		}
		require.Equal(t, v.Reward, paid)
		checkForms(t, b.Miner().Raw())
	})
}

func TestConformanceMerkleRoot(t *testing.T) {
	conformance.Monero(t, "*merkle_root*.json", func(t *testing.T, v struct {
		Root   string
		Leaves []string
	}) {
		var leaves [][32]byte
		for _, leaf := range v.Leaves {
			leaves = append(leaves, [32]byte(unhex(t, leaf)))
		}
		require.Equal(t, v.Root, hexOf(block.MerkleRoot(leaves)))
	})
}

// partTags are the names of parts in the vectors.
var partTags = map[string]byte{
	"padding": block.TagPadding, "pubkey": block.TagKey, "nonce": block.TagNonce,
	"pubkeys": block.TagAdditionalKeys, "minergate": block.TagMinergate,
}

func TestConformanceExtra(t *testing.T) {
	conformance.Monero(t, "*tx_extra*.json", func(t *testing.T, v struct {
		Extra  string
		Fields [][]json.RawMessage
	}) {
		e := block.Extra(unhex(t, v.Extra))
		parts := slices.Collect(e.Parts())
		require.Len(t, parts, len(v.Fields))
		for i, field := range v.Fields {
			var name string
			require.NoError(t, json.Unmarshal(field[0], &name))
			want, known := partTags[name]
			if !known {
				require.EqualValues(t, block.TagMergeMining, parts[i].Tag, name)
				checkMergeMining(t, field[1:], parts[i].Data)
				continue
			}
			require.Equal(t, want, parts[i].Tag)
			switch want {
			case block.TagPadding:
				var size int
				require.NoError(t, json.Unmarshal(field[1], &size))
				require.Len(t, parts[i].Data, size)
			case block.TagAdditionalKeys:
				var list []string
				require.NoError(t, json.Unmarshal(field[1], &list))
				keys := block.KeyList(parts[i].Data)
				require.Equal(t, len(list), keys.Len())
				for j, want := range list {
					key, ok := keys.At(j)
					require.True(t, ok)
					require.Equal(t, want, hexOf(key))
				}
			default:
				var data string
				require.NoError(t, json.Unmarshal(field[1], &data))
				require.Equal(t, data, hex.EncodeToString(parts[i].Data))
			}
		}
	})
}

// checkMergeMining takes the content as one string or as depth and root.
func checkMergeMining(t *testing.T, want []json.RawMessage, got []byte) {
	if len(want) == 2 {
		var depth number
		var root string
		require.NoError(t, json.Unmarshal(want[0], &depth))
		require.NoError(t, json.Unmarshal(want[1], &root))
		require.Equal(t, append(keys.AppendVarint(nil, uint64(depth)), unhex(t, root)...), got)
		return
	}
	var data string
	require.NoError(t, json.Unmarshal(want[0], &data))
	require.Equal(t, data, hex.EncodeToString(got))
}

func TestConformanceClawback(t *testing.T) {
	conformance.Monero(t, "*fees*.json", func(t *testing.T, v struct {
		Kind     string
		Outputs  int
		Clawback uint64
	}) {
		if v.Kind != "clawback_bp_plus" {
			t.Skip("package fee")
		}
		require.Equal(t, v.Clawback, block.Clawback(v.Outputs))
	})
}
