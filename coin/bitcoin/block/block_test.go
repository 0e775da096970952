package block_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/bitcoin/block"
)

func decodeBlock(t testing.TB, raw []byte) *wire.MsgBlock {
	msg := new(wire.MsgBlock)
	require.NoError(t, msg.Deserialize(bytes.NewReader(raw)))
	return msg
}

func encodeBlock(t testing.TB, msg *wire.MsgBlock) []byte {
	var raw bytes.Buffer
	require.NoError(t, msg.Serialize(&raw))
	return raw.Bytes()
}

// TestParseRefuses changes a good block in one way at a time.
func TestParseRefuses(t *testing.T) {
	good := ordinaryBlock(t, 8, nil)
	_, err := block.Parse(good)
	require.NoError(t, err)

	// With the merkle root made right again only the named rule is left.
	recommitted := func(change func(*wire.MsgBlock)) func() []byte {
		return func() []byte {
			msg := decodeBlock(t, good)
			coinbase := msg.Transactions[0]
			coinbase.TxOut = coinbase.TxOut[:len(coinbase.TxOut)-1]
			change(msg)
			return finish(t, msg)
		}
	}
	changed := func(change func(*wire.MsgBlock)) func() []byte {
		return func() []byte {
			msg := decodeBlock(t, good)
			change(msg)
			return encodeBlock(t, msg)
		}
	}
	for _, test := range []struct {
		name, why string
		raw       func() []byte
	}{
		{"nothing", "ends early", func() []byte { return nil }},
		{"header only", "ends early", func() []byte { return good[:block.HeaderSize] }},
		{"cut off", "ends early", func() []byte { return good[:len(good)-1] }},
		{"trailing byte", "trailing bytes", func() []byte { return append(slices.Clone(good), 0) }},
		{"no transactions", "has no transactions", func() []byte { return append(slices.Clone(good[:80]), 0) }},
		{"long count", "shortest form", func() []byte {
			return slices.Concat(good[:80], []byte{0xfd, good[80], 0}, good[81:])
		}},
		{"longer count", "shortest form", func() []byte {
			return slices.Concat(good[:80], []byte{0xff, good[80], 0, 0, 0, 0, 0, 0, 0}, good[81:])
		}},
		{"huge count", "beyond what its bytes", func() []byte {
			return slices.Concat(good[:80], []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), good[81:])
		}},
		{"changed merkle root", "does not match its merkle root", func() []byte { return flipped(good, 40) }},
		{"last transaction twice", "two equal neighbours", changed(func(b *wire.MsgBlock) {
			// Nine transactions: the last stands alone on every level.
			b.AddTransaction(b.Transactions[8])
		})},
		{"transactions swapped", "does not match its merkle root", changed(func(b *wire.MsgBlock) {
			b.Transactions[3], b.Transactions[4] = b.Transactions[4], b.Transactions[3]
		})},
		{"transaction missing", "does not match its merkle root", changed(func(b *wire.MsgBlock) {
			b.Transactions = b.Transactions[:8]
		})},
		{"witness changed", "witness commitment", changed(func(b *wire.MsgBlock) {
			b.Transactions[2].TxIn[0].Witness[0][5] ^= 1
		})},
		{"witness removed", "witness commitment", changed(func(b *wire.MsgBlock) {
			b.Transactions[2].TxIn[0].Witness = nil
			b.Transactions[2].TxIn[1].Witness = wire.TxWitness{{1}}
		})},
		{"all witnesses removed", "witness commitment", changed(func(b *wire.MsgBlock) {
			for _, tx := range b.Transactions {
				for _, in := range tx.TxIn {
					in.Witness = nil
				}
			}
		})},
		{"reserved value changed", "witness commitment", changed(func(b *wire.MsgBlock) {
			b.Transactions[0].TxIn[0].Witness[0][0] ^= 1
		})},
		{"two reserved values", "witness commitment", changed(func(b *wire.MsgBlock) {
			b.Transactions[0].TxIn[0].Witness = wire.TxWitness{make([]byte, 32), make([]byte, 32)}
		})},
		{"witnesses without commitment", "without a commitment", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[0].TxIn[0].Witness = nil
		})},
		{"no coinbase", "coinbase first and only there", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[0].TxIn[0].PreviousOutPoint.Index = 0
		})},
		{"two coinbases", "coinbase first and only there", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[1].TxIn[0].PreviousOutPoint = wire.OutPoint{Index: wire.MaxPrevOutIndex}
		})},
		{"value above all money", "21 million", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[1].TxOut[0].Value = block.MaxMoney + 1
		})},
		{"values above all money", "21 million", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[1].TxOut[0].Value = block.MaxMoney
			b.Transactions[1].TxOut[1].Value = 1
		})},
		{"negative value", "21 million", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[1].TxOut[0].Value = -1
		})},
		{"no outputs", "without outputs", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[1].TxOut = nil
			b.Transactions[1].TxIn[0].SignatureScript = make([]byte, 60)
		})},
		{"too heavy", "weight limit", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[1].TxOut[0].PkScript = make([]byte, block.MaxWeight/4)
		})},
		{"too large", "weight limit", recommitted(func(b *wire.MsgBlock) {
			b.Transactions[1].TxIn[0].Witness = wire.TxWitness{make([]byte, block.MaxWeight)}
		})},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := block.Parse(test.raw())
			require.ErrorContains(t, err, test.why)
		})
	}
}

func flipped(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

// TestEveryByteCounts flips each byte of a block behind its header: none can
// change unnoticed.
func TestEveryByteCounts(t *testing.T) {
	raw := ordinaryBlock(t, 3, nil)
	for i := 36; i < len(raw); i++ {
		if i >= 68 && i < block.HeaderSize {
			continue // time, target and nonce are covered by the ID only
		}
		_, err := block.Parse(flipped(raw, i))
		require.Error(t, err, "byte %d", i)
	}
}

func TestTransactionRefuses(t *testing.T) {
	legacy := unhex(t, "0200000001"+"11"+string(bytes.Repeat([]byte("11"), 31))+"00000000"+"00"+"fdffffff"+
		"01"+"1027000000000000"+"0151"+"00000000")
	tx, err := block.ParseTransaction(legacy)
	require.NoError(t, err)
	require.Equal(t, tx.ID(), tx.WitnessID())
	require.Equal(t, uint64(4*len(legacy)), tx.Weight())
	require.Equal(t, legacy, tx.Stripped())

	segwit := slices.Concat(legacy[:4], []byte{0, 1}, legacy[4:len(legacy)-4], []byte{1, 1, 7}, legacy[len(legacy)-4:])
	tx, err = block.ParseTransaction(segwit)
	require.NoError(t, err)
	require.NotEqual(t, tx.ID(), tx.WitnessID())
	require.Equal(t, uint64(4*len(legacy)+2+3), tx.Weight())
	require.Equal(t, legacy, tx.Stripped())

	for _, test := range []struct {
		name, why string
		raw       []byte
	}{
		{"empty", "ends early", nil},
		{"cut off", "ends early", legacy[:len(legacy)-1]},
		{"trailing byte", "trailing bytes", append(slices.Clone(legacy), 0)},
		{"flag 2", "unknown flag", slices.Concat(legacy[:4], []byte{0, 2}, legacy[4:])},
		{"flag 0", "unknown flag", slices.Concat(legacy[:4], []byte{0, 0}, legacy[4:])},
		{"flag without witness", "no witness", slices.Concat(legacy[:4], []byte{0, 1}, legacy[4:len(legacy)-4], []byte{0}, legacy[len(legacy)-4:])},
		{"flag without inputs", "without inputs", slices.Concat(legacy[:4], []byte{0, 1, 0}, legacy[5:])},
		{"witness cut off", "beyond what its bytes", slices.Concat(legacy[:4], []byte{0, 1}, legacy[4:len(legacy)-4], []byte{1, 9})},
		{"long count", "shortest form", slices.Concat(legacy[:4], []byte{0xfd, 1, 0}, legacy[5:])},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := block.ParseTransaction(test.raw)
			require.ErrorContains(t, err, test.why)
		})
	}
}

func TestHeader(t *testing.T) {
	params := &chaincfg.MainNetParams
	var raw bytes.Buffer
	require.NoError(t, params.GenesisBlock.Header.Serialize(&raw))
	h, err := block.ParseHeader(raw.Bytes())
	require.NoError(t, err)
	require.Equal(t, params.GenesisHash.String(), hexID(h.ID()))
	require.Zero(t, h.Parent())
	require.Equal(t, uint32(1231006505), h.Time())
	require.NoError(t, h.CheckWork(params.PowLimit))
	require.Equal(t, raw.Bytes(), func() []byte { b := h.Raw(); return b[:] }())

	for _, size := range []int{0, 79, 81} {
		_, err := block.ParseHeader(make([]byte, size))
		require.Error(t, err)
	}
	for name, bits := range map[string]uint32{
		"harder":         0x1c00ffff,
		"above limit":    0x1e00ffff,
		"zero":           0x1d000000,
		"negative":       0x1d80ffff,
		"overflow":       0x23000001,
		"vanishes":       0x01003456,
		"largest length": 0xff123456,
	} {
		b := slices.Clone(raw.Bytes())
		binary.LittleEndian.PutUint32(b[72:], bits)
		h, err := block.ParseHeader(b)
		require.NoError(t, err)
		require.ErrorIs(t, h.CheckWork(params.PowLimit), block.ErrWork, name)
	}
}

func TestGenesisBlocks(t *testing.T) {
	for _, params := range []*chaincfg.Params{
		&chaincfg.MainNetParams, &chaincfg.TestNet3Params, &chaincfg.TestNet4Params,
		&chaincfg.SigNetParams, &chaincfg.RegressionNetParams,
	} {
		b, err := block.Parse(encodeBlock(t, params.GenesisBlock))
		require.NoError(t, err, params.Name)
		require.Equal(t, params.GenesisHash.String(), hexID(b.Header().ID()))
		require.NoError(t, b.Header().CheckWork(params.PowLimit))
		require.True(t, b.Transaction(0).Coinbase())
	}
}

// TestAgainstWire makes random transactions and compares all that is read of
// them with what they were made of.
func TestAgainstWire(t *testing.T) {
	blob := func(most int) *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 0, most) }
	rapid.Check(t, func(t *rapid.T) {
		tx := wire.NewMsgTx(rapid.Int32().Draw(t, "version"))
		tx.LockTime = rapid.Uint32().Draw(t, "lock time")
		for range rapid.SampledFrom([]int{1, 2, 3, 253}).Draw(t, "inputs") {
			in := &wire.TxIn{
				SignatureScript: blob(300).Draw(t, "script"),
				Sequence:        rapid.Uint32().Draw(t, "sequence"),
			}
			copy(in.PreviousOutPoint.Hash[:], blob(32).Draw(t, "hash"))
			in.PreviousOutPoint.Index = rapid.Uint32().Draw(t, "index")
			for range rapid.IntRange(0, 2).Draw(t, "items") {
				in.Witness = append(in.Witness, blob(300).Draw(t, "item"))
			}
			tx.AddTxIn(in)
		}
		for range rapid.SampledFrom([]int{1, 2, 300}).Draw(t, "outputs") {
			tx.AddTxOut(wire.NewTxOut(rapid.Int64Range(0, block.MaxMoney/300).Draw(t, "value"), blob(40).Draw(t, "script")))
		}
		var raw bytes.Buffer
		require.NoError(t, tx.Serialize(&raw))
		got, err := block.ParseTransaction(raw.Bytes())
		require.NoError(t, err)
		compare(t, tx, got)
	})
}

// compare checks a parsed transaction against btcd's.
func compare(t require.TestingT, want *wire.MsgTx, got *block.Transaction) {
	require.Equal(t, want.TxHash().String(), hexID(got.ID()))
	require.Equal(t, want.WitnessHash().String(), hexID(got.WitnessID()))
	require.Equal(t, uint64(3*want.SerializeSizeStripped()+want.SerializeSize()), got.Weight())
	var stripped bytes.Buffer
	require.NoError(t, want.SerializeNoWitness(&stripped))
	require.Equal(t, stripped.Bytes(), got.Stripped())
	require.Equal(t, len(want.TxIn), got.Inputs())
	lookups := got.Lookups()
	for i, from := range got.Outpoints() {
		previous := want.TxIn[i].PreviousOutPoint
		require.Equal(t, previous.Hash.String(), hexID(from.Transaction()))
		require.Equal(t, previous.Index, from.Index())
		require.Equal(t, from, block.NewOutpoint(from.Transaction(), from.Index()))
		require.Equal(t, from[:], lookups[i])
	}
	n := 0
	for i, o := range got.Outputs() {
		require.Equal(t, uint64(want.TxOut[i].Value), o.Value)
		require.True(t, bytes.Equal(want.TxOut[i].PkScript, o.Script))
		n++
	}
	require.Equal(t, len(want.TxOut), n)
	for i, w := range got.Witnesses() {
		var items wire.TxWitness
		for item := range w.Items() {
			items = append(items, item)
		}
		require.Equal(t, len(want.TxIn[i].Witness), w.Len())
		for j := range items {
			require.True(t, bytes.Equal(want.TxIn[i].Witness[j], items[j]))
		}
	}
}

func FuzzParseTransaction(f *testing.F) {
	for _, tx := range decodeBlock(f, ordinaryBlock(f, 9, nil)).Transactions {
		var raw bytes.Buffer
		require.NoError(f, tx.Serialize(&raw))
		f.Add(raw.Bytes())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := block.ParseTransaction(raw)
		if err != nil {
			return
		}
		// What is taken, btcd takes too, and writes the same way.
		want := new(wire.MsgTx)
		require.NoError(t, want.Deserialize(bytes.NewReader(raw)))
		var again bytes.Buffer
		require.NoError(t, want.Serialize(&again))
		require.Equal(t, raw, again.Bytes())
		compare(t, want, got)
	})
}

func FuzzParse(f *testing.F) {
	f.Add(ordinaryBlock(f, 1, nil))
	f.Add(ordinaryBlock(f, 6, ourScripts()[:3]))
	f.Add(encodeBlock(f, chaincfg.MainNetParams.GenesisBlock))
	set := block.NewScripts(ourScripts())
	f.Fuzz(func(t *testing.T, raw []byte) {
		// The fuzzer cannot find roots: make them right where it is possible.
		msg := new(wire.MsgBlock)
		if msg.Deserialize(bytes.NewReader(raw)) == nil && len(msg.Transactions) > 0 && len(raw) < 1<<16 {
			leaves := make([]chainhash.Hash, len(msg.Transactions))
			for i, tx := range msg.Transactions {
				leaves[i] = tx.TxHash()
			}
			root := treeRoot(leaves)
			raw = slices.Concat(raw[:36], root[:], raw[68:])
		}
		b, err := block.Parse(raw)
		if err != nil {
			return
		}
		want := new(wire.MsgBlock)
		require.NoError(t, want.Deserialize(bytes.NewReader(raw)))
		require.Equal(t, raw, encodeBlock(t, want))
		require.Equal(t, want.BlockHash().String(), hexID(b.Header().ID()))
		require.Equal(t, want.Header.PrevBlock.String(), hexID(b.Header().Parent()))
		require.Equal(t, want.Header.Timestamp, time.Unix(int64(b.Header().Time()), 0))
		require.Equal(t, uint64(3*want.SerializeSizeStripped()+want.SerializeSize()), b.Weight())
		require.Equal(t, len(want.Transactions), b.Len())
		for i, tx := range want.Transactions {
			compare(t, tx, b.Transaction(i))
		}
		for m := range b.Find(set) {
			require.Equal(t, ourScripts()[m.Script], want.Transactions[m.Transaction].TxOut[m.Output].PkScript)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add(ordinaryBlock(f, 1, nil)[:block.HeaderSize])
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := block.ParseHeader(raw)
		if err != nil {
			return
		}
		again := h.Raw()
		require.Equal(t, raw, again[:])
		var want wire.BlockHeader
		require.NoError(t, want.Deserialize(bytes.NewReader(raw)))
		require.Equal(t, want.BlockHash().String(), hexID(h.ID()))
		_ = h.CheckWork(chaincfg.RegressionNetParams.PowLimit)
	})
}

// TestSixtyFourBytes: nodes accept a block with a transaction of 64 bytes, as
// long as two hashes, so it must not stop us.
func TestSixtyFourBytes(t *testing.T) {
	msg := decodeBlock(t, ordinaryBlock(t, 3, nil))
	msg.Transactions[0].TxOut = msg.Transactions[0].TxOut[:len(msg.Transactions[0].TxOut)-1]
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(&wire.TxIn{SignatureScript: []byte{1, 2}})
	tx.AddTxOut(wire.NewTxOut(1, []byte{1, 2}))
	msg.AddTransaction(tx)
	require.Equal(t, 64, tx.SerializeSize())
	b, err := block.Parse(finish(t, msg))
	require.NoError(t, err)
	last := b.Transaction(len(msg.Transactions) - 1)
	want := tx.TxHash()
	slices.Reverse(want[:])
	require.EqualValues(t, want, last.ID())
}
