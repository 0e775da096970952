package mock

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// depositBlock is a block with a deposit, and what it spends from.
func depositBlock(t *testing.T) (c *Coin, b *block, previous []*transaction) {
	chain := New(Options{})
	for range 2 {
		_, err := chain.Pay(t.Context(), cointest.Deposit{
			To: []cointest.Target{{Address: groupAddress(t, chain), Amount: 1000}},
		})
		require.NoError(t, err)
	}
	mine(t, chain, 1)
	return NewCoin(chain), chain.best[1], chain.best[0].transactions
}

func TestArchivesThatAreRefused(t *testing.T) {
	c, b, previous := depositBlock(t)
	header := b.head()
	restore := func(previous ...*transaction) error {
		_, err := c.RestoreBlock(t.Context(), header, encodeArchive(b.raw, previous))
		return err
	}
	require.NoError(t, restore(previous[0]))
	require.ErrorIs(t, restore(previous[0], previous[0]), coin.ErrInvalid, "one is there twice")
	foreign := newTransaction(nil, nil, []byte("foreign"))
	require.ErrorIs(t, restore(foreign), coin.ErrInvalid, "the block does not spend from it")
	require.ErrorIs(t, restore(b.transactions[1]), coin.ErrInvalid, "the block has it")
}

// What a void block spends from may be in another one, and nowhere else.
func TestVoidBlocksSpendFromVoidBlocks(t *testing.T) {
	c, b, _ := depositBlock(t)
	address, err := parseAddress(c.genesis, groupAddress(t, c.node.chain))
	require.NoError(t, err)
	spend := func(from coin.TransactionID, amount uint64) *transaction {
		tx := newTransaction([]coin.OutputID{{Transaction: from}}, []output{{amount: amount, to: address}}, nil)
		return tx.sign([][]byte{make([]byte, signatureSize)})
	}
	one := spend(b.transactions[1].id, 900)
	first := newBlock(2, b.id, b.time, []*transaction{newCoinbase(2, 7, nil), one})
	second := newBlock(3, first.id, b.time, []*transaction{newCoinbase(3, 7, nil), spend(one.id, 800)})
	keys := []coin.Key{{Session: 1, Key: groupKey(0)}}
	_, err = c.ArchiveBlock(t.Context(), &parsed{block: second}, nil, keys)
	require.ErrorIs(t, err, coin.ErrNotFound)
	data, err := c.ArchiveBlock(t.Context(), &parsed{block: second}, []coin.Block{&parsed{block: first}}, keys)
	require.NoError(t, err)
	restored, err := c.RestoreBlock(t.Context(), second.head(), data)
	require.NoError(t, err)
	outputs, err := c.Outputs(t.Context(), restored, keys)
	require.NoError(t, err)
	require.Len(t, outputs, 1)
}

// What is missing in an archive is not asked for.
func TestArchiveWithoutWhatItTakes(t *testing.T) {
	c, b, _ := depositBlock(t)
	restored, err := c.RestoreBlock(t.Context(), b.head(), encodeArchive(b.raw, nil))
	require.NoError(t, err)
	_, err = c.Outputs(t.Context(), restored, []coin.Key{{Session: 1, Key: groupKey(0)}})
	require.ErrorIs(t, err, coin.ErrNotFound)
	_, err = c.RateOf(t.Context(), restored)
	require.ErrorIs(t, err, coin.ErrNotFound)
}
