package scanner

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/bbolt"
)

func stores(b *testing.B, run func(*testing.B, storage.Store)) {
	b.Run("memory", func(b *testing.B) { run(b, storage.NewMemory()) })
	b.Run("bbolt", func(b *testing.B) {
		s, err := bbolt.Open(filepath.Join(b.TempDir(), "db"), bbolt.Options{})
		require.NoError(b, err)
		defer s.Close()
		run(b, s)
	})
}

// benchmarked is a world of which no block waits, with no limit on how far it
// scans ahead.
func benchmarked(b *testing.B, store storage.Store) *world {
	config := testConfig()
	config.Parameters.Window = 1 << 32
	w := newWorld(b, config, store)
	w.confirm(Start{})
	w.mine(1)
	w.scanAll()
	return w
}

// BenchmarkEmptyBlock indexes and scans a block in which nothing is the
// group's: two commits.
func BenchmarkEmptyBlock(b *testing.B) {
	stores(b, func(b *testing.B, store storage.Store) {
		w := benchmarked(b, store)
		h := w.chain[0].header
		b.ReportAllocs()
		for b.Loop() {
			h.Number, h.Parent, h.ID, h.Time = h.Number+1, h.ID, blockID(h.Number+1), h.Time+1
			require.NoError(b, w.indexHeader(h))
			require.NoError(b, w.update(func(tx storage.Tx) error { return w.scanner.Scan(tx, h, nil) }))
		}
	})
}

// BenchmarkDeposits scans a block of 1,000 deposits.
func BenchmarkDeposits(b *testing.B) {
	stores(b, func(b *testing.B, store storage.Store) {
		w := benchmarked(b, store)
		w.putRate(0)
		outputs := make([]coin.Output, 1000)
		h := w.chain[0].header
		b.ReportAllocs()
		for b.Loop() {
			h.Number, h.Parent, h.ID, h.Time = h.Number+1, h.ID, blockID(h.Number+1), h.Time+1
			for i := range outputs {
				outputs[i] = deposit(uint64(1000+i), "some data of an instruction")
				outputs[i].ID = coin.OutputID{Transaction: coin.TransactionID(h.ID), Index: uint32(i)}
				outputs[i].Session = 5
			}
			require.NoError(b, w.indexHeader(h))
			require.NoError(b, w.update(func(tx storage.Tx) error {
				if err := w.scanner.PutRate(tx, h.Number, 10); err != nil {
					return err
				}
				return w.scanner.Scan(tx, h, outputs)
			}))
		}
	})
}

// BenchmarkSettlement settles a notable block without outputs, from
// acknowledgement to settlement: three commits.
func BenchmarkSettlement(b *testing.B) {
	stores(b, func(b *testing.B, store storage.Store) {
		config := testConfig()
		config.Parameters.Window = 1 // each block is a heartbeat
		w := newWorld(b, config, store)
		w.confirm(Start{})
		w.mine(1)
		w.indexAll()
		h := w.chain[0].header
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, w.update(func(tx storage.Tx) error { return w.scanner.Scan(tx, h, nil) }))
			require.NoError(b, w.putResolution(Resolution{Header: h}))
			require.NoError(b, w.update(func(tx storage.Tx) error {
				rep, err := w.scanner.(*scanner).batches.Load(tx, h.Number)
				if err != nil {
					return err
				}
				_, err = w.scanner.Acknowledge(tx, h.Number, w.scanner.(*scanner).digest(rep), nil)
				return err
			}))
			h.Number, h.Parent, h.ID, h.Time = h.Number+1, h.ID, blockID(h.Number+1), h.Time+1
			require.NoError(b, w.indexHeader(h))
		}
	})
}

// BenchmarkHeaders indexes 1,000 quiet headers in one call.
func BenchmarkHeaders(b *testing.B) {
	stores(b, func(b *testing.B, store storage.Store) {
		w := benchmarked(b, store)
		h := w.chain[0].header
		headers := make([]coin.Header, 1000)
		b.ReportAllocs()
		for b.Loop() {
			for i := range headers {
				h.Number, h.Parent, h.ID, h.Time = h.Number+1, h.ID, blockID(h.Number+1), h.Time+1
				headers[i] = h
			}
			require.NoError(b, w.update(func(tx storage.Tx) error { return w.scanner.Index(tx, headers...) }))
		}
	})
}
