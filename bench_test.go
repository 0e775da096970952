package processor_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
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
	b.Run("memory", func(b *testing.B) { benchmarkEmptyBlock(b, storage.NewMemory()) })
	b.Run("bbolt", func(b *testing.B) {
		store, err := bbolt.Open(filepath.Join(b.TempDir(), "db"), bbolt.Options{})
		require.NoError(b, err)
		defer func() { require.NoError(b, store.Close()) }()
		benchmarkEmptyBlock(b, store)
	})
}

func benchmarkEmptyBlock(b *testing.B, store storage.Store) {
	ctx := context.Background()
	chain := mock.New(mock.Options{})
	p, err := processor.New(config(chain.Coin(), store))
	require.NoError(b, err)
	position := uint64(0)
	order := func(e processor.Entry) {
		require.NoError(b, p.Handle(ctx, position, e))
		position++
	}
	run := func() {
		for again := true; again; {
			_, err := p.Step(ctx)
			require.NoError(b, err)
			events, err := p.Pending(ctx, 0, 100)
			require.NoError(b, err)
			again = len(events) > 0
			for _, e := range events {
				switch e := e.Body.(type) {
				case processor.Broadcast:
					order(processor.PeerMessage{Payload: e.Payload})
				case processor.KeyGenerated:
					order(processor.ConfirmKey{BatchKey: e.BatchKey, NetworkKey: e.NetworkKey})
				case processor.SignedBatch:
					order(processor.AcknowledgeBatch{ID: e.Batch.ID, Digest: e.Batch.Digest(batch.Domain{
						Network: chain.Coin().Name(), Genesis: chain.Coin().Genesis(),
					})})
				}
				require.NoError(b, p.Ack(e.ID))
			}
		}
	}
	order(processor.GenerateKey{Threshold: 1, MinOK: 1, Participants: []dkg.Participant{
		{Key: processortest.Identity(0).Public(), Weight: 1},
	}})
	run()
	require.NoError(b, chain.Mine(ctx, 5))
	run()
	before, err := p.Status(ctx)
	require.NoError(b, err)
	for b.Loop() {
		b.StopTimer()
		require.NoError(b, chain.Mine(ctx, 1))
		b.StartTimer()
		run()
	}
	after, err := p.Status(ctx)
	require.NoError(b, err)
	require.Equal(b, uint64(b.N), after.Frontier.Scan-before.Frontier.Scan)
}
