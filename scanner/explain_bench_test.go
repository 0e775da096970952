package scanner

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

// BenchmarkSight looks for an output that is not there, in as many settled blocks
// as are ever kept, with a hundred deposits each.
func BenchmarkSight(b *testing.B) {
	w := newWorld(b, testConfig(), storage.NewMemory())
	require.NoError(b, w.update(func(tx storage.Tx) error {
		for n := range uint64(coin.RewindDepth) {
			block := settledBlock{SettledBlock: coin.SettledBlock{Number: n}}
			for i := range uint32(100) {
				o := deposit(100, "some data of a deposit")
				o.ID = coin.OutputID{Transaction: coin.TransactionID(blockID(n)), Index: i}
				block.Deposits = append(block.Deposits, coin.Deposit{Output: o, Credit: 100, Fate: coin.Reported})
			}
			if err := w.scanner.(*scanner).settled.Put(tx, n, block); err != nil {
				return err
			}
		}
		return nil
	}))
	for b.Loop() {
		w.view(func(r storage.Reader) error {
			x, err := w.scanner.Sight(r, coin.OutputID{Transaction: coin.TransactionID{9}})
			require.Nil(b, x)
			return err
		})
	}
}
