package node_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/internal/testnodes"
)

// measure goes through the blocks from 1 to last and reports what they hold.
func measure(b *testing.B, c *node.Client, last uint64) {
	var bytes, transactions int64
	for b.Loop() {
		bytes, transactions = 0, 0
		for block, err := range c.Blocks(b.Context(), 1, last) {
			if err != nil {
				b.Fatal(err)
			}
			bytes += int64(len(block.Block.Raw()))
			for _, t := range block.Transactions[1:] {
				bytes += int64(len(t.Raw()))
				transactions++
			}
		}
	}
	b.SetBytes(bytes)
	b.ReportMetric(float64(transactions)*float64(b.N)/b.Elapsed().Seconds(), "tx/s")
	b.ReportMetric(float64(last)*float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
}

// BenchmarkBlocks is what it costs here to fetch and prove blocks of 50
// transactions. x-keccak is the quotient to hashing the same bytes once.
func BenchmarkBlocks(b *testing.B) {
	f := newFake(b, 1)
	m := &maker{random: newRandom(6), next: 1}
	total := 0
	for height := uint64(1); height <= 100; height++ {
		block := m.block(height, f.blocks[height-1].id, 50)
		f.blocks = append(f.blocks, block)
		for _, t := range block.txs {
			total += len(t)
		}
	}
	a := answered{status: "OK", start: 1, blocks: f.blocks[1:]}
	for _, block := range a.blocks {
		a.indexes = append(a.indexes, block.indexes)
	}
	document := a.document()
	config := f.config()
	config.Span = 100
	c, err := node.Dial(b.Context(), config, f.chain(), false)
	require.NoError(b, err)
	f.ready = document
	measure(b, c, 100)
	const rounds = 3
	start := time.Now()
	for range rounds {
		for _, block := range f.blocks {
			for _, t := range block.txs {
				keys.Keccak256(t)
			}
		}
	}
	hashing := time.Since(start) / rounds
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(hashing), "x-keccak")
}

// BenchmarkNodeCatchUp fetches a chain from a real node, in one request after
// the other and in several at once, and block by block.
func BenchmarkNodeCatchUp(b *testing.B) {
	n := testnodes.NeedMonerod(b, testnodes.Options{})
	w := newWallet(b, n, 120)
	var tip uint64
	for range 10 {
		for range 4 {
			w.pay(15, false)
		}
		tip = w.settle()
	}
	for name, change := range map[string]func(*node.Config){
		"parallel": func(*node.Config) {},
		"one":      func(c *node.Config) { c.Parallel = 1 },
		"span 10":  func(c *node.Config) { c.Span = 10 },
	} {
		b.Run(name, func(b *testing.B) {
			config := config(n)
			change(&config)
			measure(b, dial(b, config), tip)
		})
	}
	b.Run("block by block", func(b *testing.B) {
		c := dial(b, config(n))
		for b.Loop() {
			for number := range tip {
				header, err := c.Header(b.Context(), 1+number)
				if err == nil {
					_, err = c.Block(b.Context(), header.ID())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(tip)*float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
	})
}
