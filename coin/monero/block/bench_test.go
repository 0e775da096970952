package block_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// BenchmarkParse goes from the bytes of a block and its 1,000 transactions to
// parsed transactions that the block's ID is known to cover. x-keccak is the
// quotient to hashing the same bytes once.
func BenchmarkParse(b *testing.B) {
	for _, outputs := range []int{2, 16} {
		b.Run(fmt.Sprintf("outputs=%d", outputs), func(b *testing.B) { benchmarkParse(b, outputs) })
	}
}

func benchmarkParse(b *testing.B, outputs int) {
	m := seededMaker(13)
	const transactions = 1000
	raw := make([][]byte, 0, transactions+1)
	var hashes [][32]byte
	size := 0
	for range transactions {
		tx, err := m.ordinary(1+m.random.IntN(2), outputs).Encode()
		require.NoError(b, err)
		raw = append(raw, tx.Raw())
		hashes = append(hashes, tx.Hash())
		size += len(tx.Raw())
	}
	miner, err := m.coinbase(3_000_000, 1).Encode()
	require.NoError(b, err)
	blob := m.block(miner.Raw(), hashes)
	parsed, err := block.Parse(blob)
	require.NoError(b, err)
	id := parsed.ID()
	size += len(blob)

	b.SetBytes(int64(size))
	b.ReportAllocs()
	ours, bare := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		parsed, err := block.Parse(blob)
		if err != nil || parsed.ID() != id {
			b.Fatal("block", err)
		}
		for i := range raw {
			tx, err := block.ParseTransaction(raw[i])
			if err != nil || tx.Hash() != parsed.Transaction(i) {
				b.Fatal("transaction", err)
			}
		}
		ours = min(ours, time.Since(start))
		b.StopTimer()
		start = time.Now()
		var sum [32]byte
		for i := range raw {
			sum = keys.Keccak256(raw[i])
		}
		sum = keys.Keccak256(blob, sum[:])
		bare = min(bare, time.Since(start))
		b.StartTimer()
	}
	// The best runs: others share the machine.
	b.ReportMetric(float64(ours)/float64(bare), "x-keccak")
}
