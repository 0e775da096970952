package processor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/bbolt"
)

// past is a chain and the log of a group of one that has followed it.
type past struct {
	chain *mock.Chain
	log   []processor.Entry
	want  processor.Status
}

// livePast lets a group of one live for so many blocks, with Bitcoin's window
// and confirmations, and a deposit and a burn every so often.
func livePast(tb testing.TB, blocks, every int) *past {
	ctx := context.Background()
	parameters := mock.DefaultParameters
	parameters.Confirmations, parameters.Window = 6, 6
	chain := mock.New(mock.Options{Parameters: parameters})
	w := &past{chain: chain}
	p, err := processor.New(config(chain.Coin(), storage.NewMemory()))
	require.NoError(tb, err)
	position := 0
	address := coin.Address("")
	run := func() {
		for again := true; again; {
			for ; position < len(w.log); position++ {
				require.NoError(tb, p.Handle(ctx, uint64(position), w.log[position]))
			}
			_, err := p.Step(ctx)
			require.NoError(tb, err)
			events, err := p.Pending(ctx, 0, 100)
			require.NoError(tb, err)
			again = len(events) > 0
			for _, e := range events {
				switch e := e.Body.(type) {
				case processor.Broadcast:
					w.log = append(w.log, processor.PeerMessage{Payload: e.Payload})
				case processor.KeyGenerated:
					w.log = append(w.log, processor.ConfirmKey{BatchKey: e.BatchKey, NetworkKey: e.NetworkKey})
					address, err = chain.Coin().Address(e.NetworkKey, coin.External)
					require.NoError(tb, err)
				case processor.SignedBatch:
					ack := processor.AcknowledgeBatch{ID: e.Batch.ID, Digest: e.Batch.Digest(batch.Domain{
						Network: chain.Coin().Name(), Genesis: chain.Coin().Genesis(),
					})}
					for i := range e.Batch.Instructions {
						user, err := chain.Address(ctx)
						require.NoError(tb, err)
						id := coin.PaymentID{byte(e.Batch.ID), byte(e.Batch.ID >> 8), byte(i)}
						ack.Results = append(ack.Results, true)
						ack.Burns = append(ack.Burns, coin.Payment{ID: id, Address: user, Amount: 600})
					}
					w.log = append(w.log, ack)
				}
				require.NoError(tb, p.Ack(e.ID))
			}
		}
	}
	w.log = append(w.log, processor.GenerateKey{Threshold: 1, MinOK: 1, Participants: []dkg.Participant{
		{Key: processortest.Identity(0).Public(), Weight: 1},
	}})
	run()
	for i := range blocks {
		if i%every == every/2 {
			_, err := chain.Pay(ctx, cointest.Deposit{To: []cointest.Target{{Address: address, Amount: 1000}}, Data: []byte("mint")})
			require.NoError(tb, err)
		}
		require.NoError(tb, chain.Mine(ctx, 1))
		run()
	}
	w.want, err = p.Status(ctx)
	require.NoError(tb, err)
	return w
}

// catchUp lets a new processor of the same identity catch up by Run, and
// returns it once it has.
func (w *past) catchUp(tb testing.TB, c coin.Coin, store storage.Store) processor.Status {
	ctx, done := context.WithCancel(context.Background())
	defer done()
	config := config(c, store)
	config.Current = uint64(len(w.log)) + 1 // it only watches
	config.Poll = 20 * time.Millisecond
	p, err := processor.New(config)
	require.NoError(tb, err)
	require.NoError(tb, p.Handle(ctx, 0, w.log...))
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	go func() {
		for first := range p.Events() {
			ids := []uint64{first.ID}
			for more := true; more && len(ids) < 256; {
				select {
				case e, ok := <-p.Events():
					if more = ok; ok {
						ids = append(ids, e.ID)
					}
				default:
					more = false
				}
			}
			if p.Ack(ids...) != nil {
				return
			}
		}
	}()
	for {
		status, err := p.Status(ctx)
		require.NoError(tb, err)
		require.Nil(tb, status.Halted)
		if status.Frontier == w.want.Frontier && status.Read == uint64(len(w.log)) {
			done()
			require.NoError(tb, <-ended)
			return status
		}
		select {
		case err := <-ended:
			tb.Fatalf("ended: %v", err)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// counting counts the commits of a store.
type counting struct {
	storage.Store
	commits atomic.Int64
}

// Update implements storage.Store.
func (c *counting) Update(ctx context.Context, fn func(storage.Tx) error) error {
	err := c.Store.Update(ctx, fn)
	if err == nil {
		c.commits.Add(1)
	}
	return err
}

// jittery answers questions for blocks out of order, and counts them.
type jittery struct {
	*mock.Coin
	mu     sync.Mutex
	random *rand.Rand
	asked  map[uint64]int
	failed int
}

// Block implements coin.Reader.
func (c *jittery) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	c.mu.Lock()
	c.asked[header.Number]++
	delay := time.Duration(c.random.IntN(300)) * time.Microsecond
	fails := c.random.IntN(50) == 0
	if fails {
		c.failed++
		c.asked[header.Number]--
	}
	c.mu.Unlock()
	time.Sleep(delay)
	if fails {
		return nil, fmt.Errorf("lost: %w", coin.ErrTransient)
	}
	return c.Coin.Block(ctx, header)
}

// Whatever the order in which blocks arrive, and with a node that fails now and
// then, a processor that catches up decides the same, asks for each block
// once, and makes far fewer commits than there are blocks.
func TestCatchingUpIsFollowing(t *testing.T) {
	w := livePast(t, 200, 50)
	require.NotZero(t, w.want.Frontier.Acknowledged)
	for seed := range uint64(3) {
		c := &jittery{Coin: mock.NewCoin(w.chain), random: rand.New(rand.NewPCG(seed, 0)), asked: make(map[uint64]int)}
		store := &counting{Store: storage.NewMemory()}
		got := w.catchUp(t, c, store)
		require.Equal(t, w.want.Digest, got.Digest)
		require.Equal(t, w.want.Ledger, got.Ledger)
		require.NotZero(t, c.failed)
		for n, times := range c.asked { // order-free: each is checked
			require.Equal(t, 1, times, "block %d", n)
		}
	}
}

// BenchmarkCatchUp catches up with 20,000 blocks, most of them quiet, and the
// log of a group of one.
func BenchmarkCatchUp(b *testing.B) {
	const blocks = 20_000
	w := livePast(b, blocks, 1000)
	for name, open := range map[string]func() storage.Store{
		"memory": func() storage.Store { return storage.NewMemory() },
		"bbolt": func() storage.Store {
			s, err := bbolt.Open(filepath.Join(b.TempDir(), "db"), bbolt.Options{})
			require.NoError(b, err)
			return s
		},
	} {
		b.Run(name, func(b *testing.B) {
			var commits int64
			var most uint64
			for b.Loop() {
				store := &counting{Store: open()}
				ctx, done := context.WithCancel(b.Context())
				heap := make(chan uint64)
				go func() { heap <- mostHeap(ctx) }()
				w.catchUp(b, w.chain.Coin(), store)
				done()
				most = max(most, <-heap)
				commits += store.commits.Load()
				require.NoError(b, store.Close())
			}
			total := float64(blocks) * float64(b.N)
			b.ReportMetric(total/b.Elapsed().Seconds(), "blocks/s")
			b.ReportMetric(float64(commits)/total, "commits/block")
			b.ReportMetric(float64(most)/(1<<20), "MB")
		})
	}
}

// mostHeap returns the most memory in use until ctx ends.
func mostHeap(ctx context.Context) (most uint64) {
	for ctx.Err() == nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return most
}
