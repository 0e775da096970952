package mock

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
)

// BenchmarkEmptyBlock mines an empty block and scans it for two keys.
func BenchmarkEmptyBlock(b *testing.B) {
	chain := New(Options{})
	c := NewCoin(chain)
	keys := []coin.Key{{Session: 0, Key: groupKey(0)}, {Session: 1, Key: groupKey(1)}}
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, chain.Mine(b.Context(), 1))
		tip, err := c.Tip(b.Context())
		require.NoError(b, err)
		header, err := c.Header(b.Context(), tip)
		require.NoError(b, err)
		block, err := c.Block(b.Context(), header)
		require.NoError(b, err)
		outputs, err := c.Outputs(b.Context(), block, keys)
		require.NoError(b, err)
		require.Empty(b, outputs)
	}
}

// BenchmarkDeposit pays, mines the payment and scans its block.
func BenchmarkDeposit(b *testing.B) {
	chain := New(Options{})
	c := NewCoin(chain)
	address := groupAddress(b, chain)
	b.ReportAllocs()
	for b.Loop() {
		pay(b, chain, address, 1000)
		mine(b, chain, 1)
		outputs, err := read(b.Context(), c, chain.Tip())
		require.NoError(b, err)
		require.Len(b, outputs, 1)
	}
}

// BenchmarkClone copies a chain of 20,000 blocks.
func BenchmarkClone(b *testing.B) {
	chain := New(Options{})
	mine(b, chain, 20_000)
	for b.Loop() {
		chain.Clone()
	}
}

// BenchmarkCloneScenario copies a chain as scenarios have it.
func BenchmarkCloneScenario(b *testing.B) {
	chain := New(Options{})
	address := groupAddress(b, chain)
	for range 60 {
		pay(b, chain, address, 1000)
		mine(b, chain, 1)
	}
	for b.Loop() {
		chain.Clone()
	}
}
