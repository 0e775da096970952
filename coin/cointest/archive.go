package cointest

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// archives tests that blocks which the chain no longer has are archived and
// restored without a node.
func (w *world) archives(ctx context.Context, t *testing.T) {
	archiver, ok := w.coin.(coin.Archiver)
	if !ok {
		t.Skip("the coin has no archives")
	}
	g := w.newGroup(t)
	keys := []coin.Key{g.Key}
	var blocks []coin.Block
	var outputs [][]coin.Output
	var rates []uint64
	for i := range uint64(3) {
		for j := range uint64(2) {
			deposit := payment(w.address(t, g, coin.External), w.amount(10+2*i+j))
			if j == 0 {
				deposit.Data = w.data([]byte("archived"))
			}
			w.pay(ctx, t, deposit)
		}
		block := w.block(ctx, t, w.mine(ctx, t))
		blocks = append(blocks, block)
		outputs = append(outputs, w.scan(ctx, t, block.Header(), g))
		require.Len(t, outputs[i], 2)
		rate, err := archiver.RateOf(ctx, block)
		require.NoError(t, err)
		rates = append(rates, rate)
	}
	live, err := archiver.ArchiveBlock(ctx, blocks[0], nil, keys)
	require.NoError(t, err)
	require.NoError(t, w.chain.Fork(ctx, len(blocks), true))

	other := w.another().(coin.Archiver)
	alone, cancel := context.WithCancel(ctx)
	cancel() // no node answers any more
	if _, err := other.RestoreBlock(alone, blocks[0].Header(), live); err != nil {
		require.ErrorIs(t, err, context.Canceled)
		alone = ctx // of several coins, one has to be there
	}
	for i, block := range blocks {
		data, err := archiver.ArchiveBlock(ctx, block, blocks[:i], keys)
		require.NoError(t, err)
		same, err := other.ArchiveBlock(ctx, block, blocks[:i], keys)
		require.NoError(t, err)
		require.Equal(t, data, same, "another coin")
		if i == 0 {
			require.Equal(t, live, data, "as long as the chain had it")
		}
		header := block.Header()
		restored, err := other.RestoreBlock(ctx, header, bytes.Clone(data))
		require.NoError(t, err)
		require.Equal(t, header, restored.Header())
		require.Len(t, restored.Transactions(), len(block.Transactions()))
		for n, tx := range restored.Transactions() {
			require.Equal(t, block.Transactions()[n].ID(), tx.ID())
			require.Equal(t, block.Transactions()[n].Lookups(), tx.Lookups())
		}
		found, err := other.(Watcher).Outputs(alone, restored, keys)
		require.NoError(t, err)
		require.Equal(t, outputs[i], found)
		rate, err := other.RateOf(alone, restored)
		require.NoError(t, err)
		require.Equal(t, rates[i], rate)
		again, err := other.ArchiveBlock(alone, restored, nil, keys)
		require.NoError(t, err)
		require.Equal(t, data, again, "archived again")
		w.forgedArchives(ctx, t, other, header, data)
	}
}

// forgedArchives tests that no archive of another block is believed.
func (w *world) forgedArchives(ctx context.Context, t *testing.T, c coin.Archiver, header coin.Header, data []byte) {
	refused := func(header coin.Header, data []byte, what string) {
		t.Helper()
		_, err := c.RestoreBlock(ctx, header, data)
		require.ErrorIs(t, err, coin.ErrInvalid, what)
	}
	wrong := header
	wrong.Number++
	refused(wrong, data, "a block has one number")
	wrong = header
	wrong.Parent[0] ^= 1
	refused(wrong, data, "a block has one parent")
	wrong = header
	wrong.ID[0] ^= 1
	refused(wrong, data, "another block")
	refused(header, append(bytes.Clone(data), 0), "trailing bytes")
	for n := 0; n < len(data); n += 1 + len(data)/200 {
		refused(header, data[:n], "cut off")
		bad := bytes.Clone(data)
		bad[n] ^= 1
		refused(header, bad, "a changed byte")
	}
}
