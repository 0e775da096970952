package block_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
)

// corpus calls f with each file of the corpora that matches, if there are any.
// Fuzz targets run without.
func corpus(pattern string, f func(file string)) {
	dir := os.Getenv("CONFORMANCE_DATA")
	if dir == "" {
		return
	}
	files, _ := filepath.Glob(filepath.Join(dir, "corpora", pattern))
	for _, file := range files {
		f(file)
	}
}

// seedBlocks calls f with blocks of the corpora, one of each shape.
func seedBlocks(f *testing.F, each func(corpusBlock)) {
	corpus("monero_blocks*.jsonl.gz", func(file string) {
		seen := map[[2]int]bool{}
		for _, b := range readBlocks(f, file) {
			for _, tx := range b.Txs {
				if shape := [2]int{len(tx.Decoded.Vin), len(tx.Decoded.Vout)}; !seen[shape] && tx.Size < 8000 {
					seen[shape] = true
					each(b)
					break
				}
			}
		}
	})
}

func seedTransactions(f *testing.F, add func(raw []byte)) {
	add(mainnet(f))
	m := seededMaker(10)
	for kind := block.TypeFull; kind <= block.TypeBulletproofsPlus; kind++ {
		tx, err := m.transaction(2, kind, 1, 2, 3).Encode()
		require.NoError(f, err)
		add(tx.Raw())
	}
	for _, fields := range []*block.Fields{m.coinbase(200, 2), m.transaction(1, 0, 2, 2, 2)} {
		tx, err := fields.Encode()
		require.NoError(f, err)
		add(tx.Raw())
	}
	seedBlocks(f, func(b corpusBlock) {
		for _, tx := range b.Txs {
			add(unhex(f, tx.Hex))
		}
	})
}

func seedHostile(f *testing.F, kind string, add func(raw []byte)) {
	corpus("monero_hostile*.jsonl.gz", func(file string) {
		for _, h := range readHostile(f, file) {
			if h.Kind == kind {
				add(unhex(f, h.Hex))
			}
		}
	})
}

// sometimesCheap is requireCheap for some inputs: measuring takes far longer
// than what is measured.
func sometimesCheap(t *testing.T, raw []byte, f func()) {
	if len(raw)%64 == 0 {
		requireCheap(t, "parse", f)
	}
}

func FuzzParseTransaction(f *testing.F) {
	add := func(raw []byte) { f.Add(raw) }
	seedTransactions(f, add)
	seedHostile(f, "tx", add)
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := block.ParseTransaction(raw)
		sometimesCheap(t, raw, func() { _, _ = block.ParseTransaction(raw) })
		if err != nil {
			var field *block.FieldError
			require.ErrorAs(t, err, &field)
			require.NotEmpty(t, field.Field)
			return
		}
		checkForms(t, raw)
		_, signed := tx.Message()
		require.Equal(t, !tx.Coinbase(), signed)
		require.GreaterOrEqual(t, tx.Weight(), uint64(len(raw)))
		checkExtra(t, tx.Extra(), 0)
		for i := range tx.InputCount() {
			require.Equal(t, tx.Coinbase(), tx.Signature(i) == nil)
		}
	})
}

func FuzzParsePruned(f *testing.F) {
	seedTransactions(f, func(raw []byte) {
		tx, err := block.ParseTransaction(raw)
		require.NoError(f, err)
		hash := tx.PrunableHash()
		f.Add(raw[:tx.PrunedLen()], hash[:])
	})
	seedHostile(f, "pruned_tx", func(raw []byte) { f.Add(raw, make([]byte, 32)) })
	f.Fuzz(func(t *testing.T, raw, hash []byte) {
		if len(hash) != 32 {
			return
		}
		tx, err := block.ParsePruned(raw, [32]byte(hash))
		sometimesCheap(t, raw, func() { _, _ = block.ParsePruned(raw, [32]byte(hash)) })
		if err != nil {
			return
		}
		fields := tx.Fields()
		require.Equal(t, raw, fields.AppendBase(fields.AppendPrefix(nil)))
		require.Equal(t, len(raw), tx.PrunedLen())
		if tx.Pruned() {
			require.Equal(t, [32]byte(hash), tx.PrunableHash())
		}
		_ = tx.Hash()
		_ = tx.Weight()
	})
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, genesis))
	f.Add(unhex(f, stagenet))
	m := seededMaker(11)
	miner, err := m.coinbase(300, 3).Encode()
	require.NoError(f, err)
	f.Add(m.block(miner.Raw(), m.keys(5)))
	seedBlocks(f, func(b corpusBlock) { f.Add(unhex(f, b.Blob)) })
	seedHostile(f, "block", func(raw []byte) { f.Add(raw) })
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := block.Parse(raw)
		sometimesCheap(t, raw, func() { _, _ = block.Parse(raw) })
		if err != nil {
			return
		}
		require.Equal(t, raw, b.Raw())
		checkBlock(t, b)
		checkForms(t, b.Miner().Raw())
	})
}

func FuzzExtra(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 255))
	tx, err := block.ParseTransaction(mainnet(f))
	require.NoError(f, err)
	f.Add([]byte(tx.Extra()))
	m := seededMaker(12)
	e, err := block.Content{AdditionalKeys: m.keys(2), PaymentID: &[8]byte{1}, Data: [][]byte{{1}}}.Extra()
	require.NoError(f, err)
	f.Add([]byte(e))
	seedBlocks(f, func(b corpusBlock) {
		for _, tx := range b.Txs {
			f.Add([]byte(tx.Decoded.Extra))
		}
	})
	f.Fuzz(func(t *testing.T, raw []byte) {
		e := block.Extra(raw)
		checkExtra(t, e, 0)
		n := 0
		for range e.Keys() {
			n++
		}
		require.LessOrEqual(t, 33*n, len(raw))
		list := e.AdditionalKeys()
		for i := range list.Len() {
			_, ok := list.At(i)
			require.True(t, ok)
		}
		for data := range e.Data() {
			require.LessOrEqual(t, len(data), block.MaxData)
		}
		_, _ = e.PaymentID()
		_, _, _ = e.MergeMining()
		for p := range e.Parts() {
			_, _ = block.Extra(nil).AppendPart(p)
			break
		}
	})
}
