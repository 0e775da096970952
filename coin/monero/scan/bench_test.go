package scan_test

import (
	"fmt"
	"testing"
	"time"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
)

// BenchmarkScan goes from the parsed transactions of a block to found outputs,
// of which there is one. x-limit is the quotient to the bare unavoidable work:
// per transaction key a decompression, a multiplication in constant time, the
// cofactor and a compression, per output and key a hash.
func BenchmarkScan(b *testing.B) {
	for _, shape := range []struct{ outputs, additional int }{{2, 0}, {16, 0}, {16, 16}} {
		name := fmt.Sprintf("outputs=%d", shape.outputs)
		if shape.additional > 0 {
			name += "/additional-keys"
		}
		b.Run(name, func(b *testing.B) { benchmarkScan(b, shape.outputs, shape.additional) })
	}
}

func benchmarkScan(b *testing.B, outputs, additional int) {
	const size = 1000
	m := newBuilder(14)
	w := m.someWallets(b)[0]
	view := m.scalar()
	w = newWallet(b, view, w.spend, w.Addresses...)
	var transactions []*block.Transaction
	var txKeys [][32]byte
	for i := range size {
		f := m.transaction(outputs)
		c := block.Content{Key: m.point()}
		for range additional {
			c.AdditionalKeys = append(c.AdditionalKeys, m.point())
		}
		if i == size/2 {
			p := payment{w, w.Addresses[1], 1e12}
			r := m.scalar()
			c.Key = publicKey(b, p, r)
			pay(b, f, 1, p, derivation(b, p, r))
		}
		f.Extra = extraOf(b, c)
		transactions = append(transactions, m.encode(b, f))
		txKeys = append(append(txKeys, c.Key), c.AdditionalKeys...)
	}
	s := newScanner(b, w)
	found := make([]scan.Output, 0, 4)
	ours, bare := time.Hour, time.Hour
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		found = s.Scan(found[:0], transactions, 0)
		ours = min(ours, time.Since(start))
		if len(found) != 1 {
			b.Fatal("found", len(found))
		}
		b.StopTimer()
		start = time.Now()
		bareWork(view, txKeys, outputs, 1+additional)
		bare = min(bare, time.Since(start))
		b.StartTimer()
	}
	// The best runs: others share the machine.
	b.ReportMetric(float64(ours)/float64(bare), "x-limit")
	b.ReportMetric(float64(ours.Nanoseconds())/size, "ns/tx")
}

// bareWork does what no scanner is spared. Of the keys of a transaction the
// first is for all outputs, the others are for one each.
func bareWork(view *edwards25519.Scalar, txKeys [][32]byte, outputs, perTransaction int) {
	var p edwards25519.Point
	var data [8 + 32 + 1]byte
	copy(data[:], "view_tag")
	for i := range txKeys {
		if _, err := p.SetBytes(txKeys[i][:]); err != nil {
			panic(err)
		}
		p.ScalarMult(view, &p)
		p.MultByCofactor(&p)
		copy(data[8:], p.Bytes())
		n := 1
		if i%perTransaction == 0 {
			n = outputs
		}
		for o := range n {
			data[40] = byte(o)
			keys.Keccak256(data[:])
		}
	}
}
