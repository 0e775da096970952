package monero

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/block"
)

func FuzzRestoreBlock(f *testing.F) {
	n := newMemoryNode(f)
	c := newCoin(f, n)
	s := &sender{t: f, coin: c, random: rand.New(rand.NewPCG(1, 2))}
	var transactions []*block.Transaction
	for count := range 2 {
		made, err := s.strangers(2+count, 1_000_000).Encode()
		require.NoError(f, err)
		transactions = append(transactions, made)
	}
	n.mine(mined{transactions: transactions})
	header, err := c.Header(f.Context(), 1)
	require.NoError(f, err)
	b, err := c.Block(f.Context(), header)
	require.NoError(f, err)
	good, err := c.ArchiveBlock(f.Context(), b, nil, nil)
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := c.RestoreBlock(t.Context(), header, data)
		if err != nil {
			require.ErrorIs(t, err, coin.ErrInvalid)
			return
		}
		require.Equal(t, header, b.Header())
		require.Equal(t, good, data, "a block has one archive")
	})
}
