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
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/bbolt"
)

// past is a chain and the log of a group of one that has followed it.
type past struct {
	testing.TB
	chain   cointest.Chain
	store   storage.Store
	p       *processor.Processor
	log     []processor.Entry
	handled int
	start   scanner.Start // of the key
	address coin.Address  // where deposits go
	amount  uint64        // of a deposit; a burn is of half of it
	want    processor.Status
}

// newPast lets a group of one generate its key.
func newPast(tb testing.TB, chain cointest.Chain, start scanner.Start, amount uint64) *past {
	w := &past{TB: tb, chain: chain, store: storage.NewMemory(), start: start, amount: amount}
	var err error
	w.p, err = processor.New(config(chain.Coin(), w.store))
	require.NoError(tb, err)
	w.log = append(w.log, processor.GenerateKey{Threshold: 1, MinOK: 1, Participants: []dkg.Participant{
		{Key: processortest.Identity(0).Public(), Weight: 1},
	}})
	w.live()
	return w
}

// live lets the group do all it can, and the settlement chain its part.
func (w *past) live() {
	ctx := context.Background()
	for again := true; again; {
		require.NoError(w, w.p.Handle(ctx, uint64(w.handled), w.log[w.handled:]...))
		w.handled = len(w.log)
		_, err := w.p.Step(ctx)
		require.NoError(w, err)
		events, err := w.p.Pending(ctx, 0, 100)
		require.NoError(w, err)
		again = len(events) > 0
		for _, e := range events {
			w.told(ctx, e.Body)
			require.NoError(w, w.p.Ack(e.ID))
		}
	}
	var err error
	w.want, err = w.p.Status(ctx)
	require.NoError(w, err)
	require.Empty(w, w.want.Troubles)
}

func (w *past) told(ctx context.Context, body processor.EventBody) {
	switch e := body.(type) {
	case processor.Broadcast:
		w.log = append(w.log, processor.PeerMessage{Payload: e.Payload})
	case processor.KeyGenerated:
		w.log = append(w.log, processor.ConfirmKey{BatchKey: e.BatchKey, NetworkKey: e.NetworkKey, Start: w.start})
		var err error
		w.address, err = w.chain.Coin().Address(e.NetworkKey, coin.External)
		require.NoError(w, err)
	case processor.SignedBatch:
		ack := processor.AcknowledgeBatch{ID: e.Batch.ID, Digest: e.Digest}
		for i := range e.Batch.Instructions {
			user, err := w.chain.Address(ctx)
			require.NoError(w, err)
			id := coin.PaymentID{byte(e.Batch.ID), byte(e.Batch.ID >> 8), byte(i)}
			ack.Results = append(ack.Results, true)
			ack.Burns = append(ack.Burns, coin.Payment{ID: id, Address: user, Amount: w.amount / 2})
		}
		w.log = append(w.log, ack)
	}
}

// deposit pays the group.
func (w *past) deposit() {
	_, err := w.chain.Pay(context.Background(), cointest.Deposit{
		To: []cointest.Target{{Address: w.address, Amount: w.amount}}, Data: []byte("mint"),
	})
	require.NoError(w, err)
}

// mine makes a block and lets the group live with it.
func (w *past) mine() {
	require.NoError(w, w.chain.Mine(context.Background(), 1))
	w.live()
}

// mockPast is a past of so many blocks, with Bitcoin's window and
// confirmations, and a deposit and a burn every so often.
func mockPast(tb testing.TB, blocks, every int) *past {
	parameters := mock.DefaultParameters
	parameters.Confirmations, parameters.Window = 6, 6
	w := newPast(tb, mock.New(mock.Options{Parameters: parameters}), scanner.Start{}, 1200)
	for i := range blocks {
		if i%every == every/2 {
			w.deposit()
		}
		w.mine()
	}
	return w
}

// catchUp lets a new processor of the same identity catch up by Run, and
// returns it once it has.
func (w *past) catchUp(tb testing.TB, c coin.Coin, store storage.Store) processor.Status {
	tb.Helper()
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
// once, but for the first, and makes far fewer commits than there are blocks.
func TestCatchingUpIsFollowing(t *testing.T) {
	w := mockPast(t, 200, 50)
	require.NotZero(t, w.want.Frontier.Acknowledged)
	for seed := range uint64(3) {
		c := &jittery{Coin: mock.NewCoin(w.chain.(*mock.Chain)), random: rand.New(rand.NewPCG(seed, 0)), asked: make(map[uint64]int)}
		store := &counting{Store: storage.NewMemory()}
		got := w.catchUp(t, c, store)
		require.Equal(t, w.want.Digest, got.Digest)
		require.Equal(t, w.want.Ledger, got.Ledger)
		require.Less(t, store.commits.Load(), int64(450))
		require.NotZero(t, c.failed)
		for n, times := range c.asked { // order-free: each is checked
			want := 1
			if n == 0 {
				want = 2 // the index begins with it
			}
			require.Equal(t, want, times, "block %d", n)
		}
	}
}

// BenchmarkCatchUp catches up with 20,000 blocks, most of them quiet, and the
// log of a group of one.
func BenchmarkCatchUp(b *testing.B) {
	const blocks = 20_000
	w := mockPast(b, blocks, 1000)
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

// presuming is a scanner that tells other keys of a block that is looked at
// ahead of time than when it is due.
type presuming struct {
	scanner.Scanner
	other []byte
}

// Due implements scanner.Scanner.
func (s presuming) Due(r storage.Reader, most int) ([]scanner.Task, error) {
	tasks, err := s.Scanner.Due(r, most)
	for i := range tasks {
		if most == 1 {
			tasks[i].Keys = []coin.Key{{Session: tasks[i].Keys[0].Session, Key: s.other}}
		}
	}
	return tasks, err
}

// What was looked for ahead of time does not count if the keys turn out to be
// others.
func TestOtherKeysAreSearchedForAgain(t *testing.T) {
	w := mockPast(t, 60, 20)
	other := w.want.Keys[0].BatchKey[:]
	require.NotEqual(t, w.want.Keys[0].NetworkKey, other)
	c := config(w.chain.Coin(), storage.NewMemory())
	c.Scanner = func(config scanner.Config) scanner.Scanner {
		return presuming{scanner.New(config), other}
	}
	p, err := processor.New(c)
	require.NoError(t, err)
	require.NoError(t, p.Handle(t.Context(), 0, w.log...))
	_, err = p.Step(t.Context())
	require.NoError(t, err)
	got, err := p.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.want.Digest, got.Digest)
	require.NotZero(t, got.Ledger.Credited)
}

// A run that is stopped while blocks are on their way leaves nothing behind,
// which the bubble would notice.
func TestStoppingWhileFetching(t *testing.T) {
	w := mockPast(t, 60, 20)
	for after := range 10 {
		synctest.Test(t, func(t *testing.T) {
			c := &jittery{Coin: mock.NewCoin(w.chain.(*mock.Chain)), random: rand.New(rand.NewPCG(1, 0)), asked: make(map[uint64]int)}
			p, err := processor.New(config(c, storage.NewMemory()))
			require.NoError(t, err)
			require.NoError(t, p.Handle(t.Context(), 0, w.log...))
			ctx, done := context.WithTimeout(t.Context(), time.Second+time.Duration(after)*200*time.Microsecond)
			defer done()
			ended := make(chan error)
			go func() { ended <- p.Run(ctx) }()
			for range p.Events() {
			}
			require.NoError(t, <-ended)
		})
	}
}

// A header that does not follow from the one before it in a list is the node's
// trouble: nothing of the list is indexed, and nothing halts.
func TestUnlinkedHeadersAreNotIndexed(t *testing.T) {
	w := mockPast(t, 60, 20)
	c := &unlinking{Coin: mock.NewCoin(w.chain.(*mock.Chain)), at: 30}
	p, err := processor.New(config(c, storage.NewMemory()))
	require.NoError(t, err)
	require.NoError(t, p.Handle(t.Context(), 0, w.log...))
	_, err = p.Step(t.Context())
	require.NoError(t, err)
	got, err := p.Status(t.Context())
	require.NoError(t, err)
	require.Nil(t, got.Halted)
	require.Contains(t, got.Troubles["chain"], "not linked")
	require.False(t, got.Frontier.Started)
	c.at = 1 << 40
	_, err = p.Step(t.Context())
	require.NoError(t, err)
	got, err = p.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.want.Digest, got.Digest)
}

// unlinking gives, among others, one header that is not under the next one.
type unlinking struct {
	*mock.Coin
	at uint64
}

// Headers implements coin.BulkReader.
func (c *unlinking) Headers(ctx context.Context, first uint64, count int) ([]coin.Header, error) {
	list, err := c.Coin.Headers(ctx, first, count)
	for i := range list {
		if list[i].Number == c.at {
			list[i].ID[0] ^= 1
		}
	}
	return list, err
}
