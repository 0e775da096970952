package processor_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/bbolt"
)

// BenchmarkEmptyBlock is one more block without anything for the group:
// indexed, scanned and, every few blocks, reported, signed, acknowledged and
// settled by a group of one.
func BenchmarkEmptyBlock(b *testing.B) {
	onStores(b, func(b *testing.B, store storage.Store) { newAlone(b, store).blocks(b, nil) })
}

// BenchmarkBusyBlock is one more block of 4,000 transactions, none of which
// concerns the group, while it owns few outputs or many.
func BenchmarkBusyBlock(b *testing.B) {
	for _, known := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("outputs=%d", known), func(b *testing.B) {
			onStores(b, func(b *testing.B, store storage.Store) {
				g := newAlone(b, store)
				g.own(b, known)
				g.blocks(b, func() { g.others(b, 4000) })
			})
		})
	}
}

func onStores(b *testing.B, do func(*testing.B, storage.Store)) {
	b.Run("memory", func(b *testing.B) { do(b, storage.NewMemory()) })
	b.Run("bbolt", func(b *testing.B) {
		store, err := bbolt.Open(filepath.Join(b.TempDir(), "db"), bbolt.Options{})
		require.NoError(b, err)
		defer func() { require.NoError(b, store.Close()) }()
		do(b, store)
	})
}

// alone is a group of one whose batches are acknowledged at once.
type alone struct {
	chain *mock.Chain
	p     *processor.Processor
	next  uint64 // position of the log
}

// newAlone returns one with an active key.
func newAlone(b *testing.B, store storage.Store) *alone {
	g := &alone{chain: mock.New(mock.Options{})}
	var err error
	g.p, err = processor.New(config(g.chain.Coin(), store))
	require.NoError(b, err)
	g.order(b, processor.GenerateKey{Threshold: 1, MinOK: 1, Participants: []dkg.Participant{
		{Key: processortest.Identity(0).Public(), Weight: 1},
	}})
	g.run(b)
	g.mine(b, 5)
	return g
}

func (g *alone) order(b *testing.B, e processor.Entry) {
	require.NoError(b, g.p.Handle(b.Context(), g.next, e))
	g.next++
}

func (g *alone) run(b *testing.B) {
	for again := true; again; {
		_, err := g.p.Step(b.Context())
		require.NoError(b, err)
		events, err := g.p.Pending(b.Context(), 0, 100)
		require.NoError(b, err)
		again = len(events) > 0
		for _, e := range events {
			switch e := e.Body.(type) {
			case processor.Broadcast:
				g.order(b, processor.PeerMessage{Payload: e.Payload})
			case processor.KeyGenerated:
				g.order(b, processor.ConfirmKey{BatchKey: e.BatchKey, NetworkKey: e.NetworkKey})
			case processor.SignedBatch:
				g.order(b, processor.AcknowledgeBatch{ID: e.Batch.ID, Digest: e.Digest})
			}
			require.NoError(b, g.p.Ack(e.ID))
		}
	}
}

func (g *alone) mine(b *testing.B, n int) {
	require.NoError(b, g.chain.Mine(b.Context(), n))
	g.run(b)
}

// own gives the group outputs, 1,000 in a block.
func (g *alone) own(b *testing.B, n int) {
	ours, err := g.p.DepositAddress(b.Context(), 0)
	require.NoError(b, err)
	for n > 0 {
		some := min(n, 1000)
		_, err := g.chain.Pay(b.Context(), cointest.Deposit{
			To: slices.Repeat([]cointest.Target{{Address: ours, Amount: 1000}}, some), Anonymous: true,
		})
		require.NoError(b, err)
		g.mine(b, 1)
		n -= some
	}
	g.mine(b, 5)
}

// others lets users pay one another.
func (g *alone) others(b *testing.B, n int) {
	to, err := g.chain.Address(b.Context())
	require.NoError(b, err)
	for range n {
		_, err := g.chain.Pay(b.Context(), cointest.Deposit{To: []cointest.Target{{Address: to, Amount: 1000}}})
		require.NoError(b, err)
	}
}

// blocks measures blocks, each after fill.
func (g *alone) blocks(b *testing.B, fill func()) {
	before, err := g.p.Status(b.Context())
	require.NoError(b, err)
	for b.Loop() {
		b.StopTimer()
		if fill != nil {
			fill()
		}
		require.NoError(b, g.chain.Mine(b.Context(), 1))
		b.StartTimer()
		g.run(b)
	}
	after, err := g.p.Status(b.Context())
	require.NoError(b, err)
	require.Equal(b, uint64(b.N), after.Frontier.Scan-before.Frontier.Scan)
}
