package bitcoin

import (
	"bytes"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/bitcoin/block"
	"github.com/serai-go/processor/frost/secp256k1"
	own "github.com/serai-go/processor/internal/wire"
)

// archivable is a block with two deposits, which spend from two transactions of
// which one has witnesses.
func archivable(t testing.TB) (n *memoryNode, c *Coin, header coin.Header, key coin.Key) {
	n = newMemoryNode(t)
	c = reading(t, n)
	key = coin.Key{Session: 1, Key: secp256k1.Group.Generator().Bytes()}
	k, err := c.outputKey(key.Key, coin.External)
	require.NoError(t, err)
	var txs []*wire.MsgTx
	for i := range 2 {
		from := source(wire.NewTxOut(100_000, witnessScript(0, bytes.Repeat([]byte{byte(i + 1)}, 20))))
		if i == 1 {
			from.TxIn[0].Witness = wire.TxWitness{[]byte("witness")}
		}
		from.LockTime = uint32(i)
		n.addTransaction(t, from)
		txs = append(txs, spending(from, []uint32{0}, wire.NewTxOut(90_000, k.script)))
	}
	return n, c, n.mine(t, genesisTime+600, txs...), key
}

func archiveOf(t testing.TB, c *Coin, header coin.Header, key coin.Key) []byte {
	b, err := c.Block(t.Context(), header)
	require.NoError(t, err)
	data, err := c.ArchiveBlock(t.Context(), b, nil, []coin.Key{key})
	require.NoError(t, err)
	return data
}

func TestArchivedBlocksAskNoNode(t *testing.T) {
	n, c, header, key := archivable(t)
	b, err := c.Block(t.Context(), header)
	require.NoError(t, err)
	want, err := c.Outputs(t.Context(), b, []coin.Key{key})
	require.NoError(t, err)
	require.Len(t, want, 2)
	data := archiveOf(t, c, header, key)

	n.asked = 0
	restored, err := c.RestoreBlock(t.Context(), header, data)
	require.NoError(t, err)
	got, err := c.Outputs(t.Context(), restored, []coin.Key{key})
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = c.RateOf(t.Context(), restored)
	require.NoError(t, err)
	again, err := c.ArchiveBlock(t.Context(), restored, nil, []coin.Key{key})
	require.NoError(t, err)
	require.Equal(t, data, again)
	require.Zero(t, n.asked)
	require.Greater(t, restored.(coin.SizedBlock).Size(), b.(coin.SizedBlock).Size())

	// Without what it takes it asks no node either.
	var w own.Writer
	w.Bytes(restored.(*chainBlock).Raw())
	w.Count(0)
	bare, err := c.RestoreBlock(t.Context(), header, w.Data())
	require.NoError(t, err)
	_, err = c.Outputs(t.Context(), bare, []coin.Key{key})
	require.ErrorIs(t, err, coin.ErrNotFound)
	require.Zero(t, n.asked)
}

// What a void block spends from may be in another one, and nowhere else.
func TestVoidBlocksSpendFromVoidBlocks(t *testing.T) {
	n, c, _, key := archivable(t)
	from := source(wire.NewTxOut(100_000, witnessScript(0, bytes.Repeat([]byte{3}, 20))))
	first := n.mine(t, genesisTime+1200, from)
	k, err := c.outputKey(key.Key, coin.External)
	require.NoError(t, err)
	second := n.mine(t, genesisTime+1800, spending(from, []uint32{0}, wire.NewTxOut(90_000, k.script)))
	id := coin.TransactionID(from.TxHash())
	slices.Reverse(id[:])
	delete(n.txs, id)
	block, err := c.Block(t.Context(), second)
	require.NoError(t, err)
	_, err = c.ArchiveBlock(t.Context(), block, nil, []coin.Key{key})
	require.ErrorIs(t, err, coin.ErrTransient)
	before, err := c.Block(t.Context(), first)
	require.NoError(t, err)
	data, err := c.ArchiveBlock(t.Context(), block, []coin.Block{before}, []coin.Key{key})
	require.NoError(t, err)
	restored, err := c.RestoreBlock(t.Context(), second, data)
	require.NoError(t, err)
	outputs, err := c.Outputs(t.Context(), restored, []coin.Key{key})
	require.NoError(t, err)
	require.Len(t, outputs, 1)
	require.NotEmpty(t, outputs[0].Origin)
}

func TestArchivesThatAreRefused(t *testing.T) {
	n, c, header, key := archivable(t)
	restored, err := c.restore(header, archiveOf(t, c, header, key))
	require.NoError(t, err)
	require.Len(t, restored.beside.known, 2)
	var stripped, full [][]byte
	for id, tx := range restored.beside.known {
		stripped = append(stripped, tx.Raw())
		full = append(full, n.txs[id])
	}
	slices.SortFunc(stripped, func(a, b []byte) int { // by ID
		x, y := readTransaction(t, a).ID(), readTransaction(t, b).ID()
		return bytes.Compare(x[:], y[:])
	})
	slices.SortFunc(full, func(a, b []byte) int { // the one with witnesses first
		return len(b) - len(a)
	})
	for what, previous := range map[string][][]byte{
		"":                    stripped,
		"the other way round": {stripped[1], stripped[0]},
		"twice the same":      {stripped[0], stripped[0]},
		"with witnesses":      {full[0]},
		"one of the block":    {restored.Transaction(1).Raw()},
		"no transaction":      {{1, 2, 3}},
	} {
		var w own.Writer
		w.Bytes(restored.Raw())
		w.Count(len(previous))
		for _, raw := range previous {
			w.Bytes(raw)
		}
		_, err := c.RestoreBlock(t.Context(), header, w.Data())
		if what == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, coin.ErrInvalid, what)
	}
}

func readTransaction(t testing.TB, raw []byte) *block.Transaction {
	tx, err := block.ParseTransaction(raw)
	require.NoError(t, err)
	return tx
}

func FuzzRestoreBlock(f *testing.F) {
	n, c, header, key := archivable(f)
	f.Add(archiveOf(f, c, header, key))
	n.asked = 0
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := c.RestoreBlock(t.Context(), header, data)
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
			return
		}
		chain := b.(*chainBlock)
		require.Equal(t, data, encodeArchive(chain.Raw(), chain.beside.known))
		if _, err := c.Outputs(t.Context(), b, []coin.Key{key}); err != nil {
			require.ErrorIs(t, err, coin.ErrNotFound)
		}
		require.Zero(t, n.asked)
	})
}
