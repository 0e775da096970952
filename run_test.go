package processor_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
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
	"github.com/serai-go/processor/storage"
)

// network joins processors that Run: it orders what they say and hands the log
// over, each with delays of its own.
type network struct {
	*testing.T
	chain  *mock.Chain
	stores []*storage.Memory
	procs  []*processor.Processor
	delay  func() time.Duration

	mu  sync.Mutex
	log []processor.Entry

	telling sync.Mutex     // one event after the other
	seen    map[string]int // events by their encoding: how many tell them
	onTold  func(processor.EventBody)
}

func newNetwork(t *testing.T, n int) *network {
	w := &network{T: t, chain: mock.New(mock.Options{}), seen: make(map[string]int)}
	w.delay = func() time.Duration { return 0 }
	for i := range n {
		w.stores = append(w.stores, storage.NewMemory())
		w.procs = append(w.procs, w.start(i))
	}
	return w
}

func (w *network) start(i int) *processor.Processor {
	p, err := processor.New(processor.Config{
		Coin: w.chain.Coin(), Store: w.stores[i], Self: processortest.Identity(i), Sealer: processortest.Sealer(i),
		Poll: 50 * time.Millisecond, Current: uint64(len(w.log)),
	})
	require.NoError(w, err)
	return p
}

func (w *network) order(e processor.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, e)
}

// feed hands the log to a processor until ctx ends.
func (w *network) feed(ctx context.Context, i int) {
	status, err := w.procs[i].Status(ctx)
	for next := status.Next; err == nil && ctx.Err() == nil; time.Sleep(time.Millisecond + w.delay()) {
		w.mu.Lock()
		entries := w.log[next:]
		w.mu.Unlock()
		for _, e := range entries {
			if err = w.procs[i].Handle(ctx, next, e); err != nil {
				break
			}
			next++
		}
	}
}

// listen takes the events of a processor until ctx ends.
func (w *network) listen(ctx context.Context, i int) {
	for e := range w.procs[i].Events() {
		time.Sleep(w.delay())
		w.told(i, e.Body)
		if err := w.procs[i].Ack(e.ID); err != nil {
			return
		}
	}
}

func (w *network) told(i int, body processor.EventBody) {
	if m, ok := body.(processor.Broadcast); ok {
		w.order(processor.PeerMessage{Session: m.Session, From: uint16(i), Payload: m.Payload})
		return
	}
	w.telling.Lock()
	defer w.telling.Unlock()
	text := string(processor.EncodeEvent(body))
	w.seen[text]++
	first := w.seen[text] == 1
	if first && w.onTold != nil {
		w.onTold(body)
	}
}

// run drives all processors, and what moves them, until ctx ends. It returns
// their errors.
func (w *network) run(ctx context.Context) []error {
	errs := make([]error, len(w.procs))
	var group sync.WaitGroup
	for i := range w.procs {
		group.Go(func() { errs[i] = w.procs[i].Run(ctx) })
		group.Go(func() { w.feed(ctx, i) })
		group.Go(func() { w.listen(ctx, i) })
	}
	group.Wait()
	return errs
}

func (w *network) generate(threshold, minOK uint16) processor.GenerateKey {
	e := processor.GenerateKey{Threshold: threshold, MinOK: minOK}
	for i := range w.procs {
		e.Participants = append(e.Participants, dkg.Participant{Key: processortest.Identity(i).Public(), Weight: 1})
	}
	return e
}

// embed plays the settlement chain and its users until so many payments have
// arrived, then calls done.
func (w *network) embed(payments int, done func()) {
	ctx := context.Background()
	settled := 0
	w.onTold = func(body processor.EventBody) {
		switch e := body.(type) {
		case processor.KeyGenerated:
			w.order(processor.ConfirmKey{BatchKey: e.BatchKey, NetworkKey: e.NetworkKey})
			address, err := w.chain.Coin().Address(e.NetworkKey, coin.External)
			require.NoError(w, err)
			for range payments {
				_, err := w.chain.Pay(ctx, cointest.Deposit{
					To: []cointest.Target{{Address: address, Amount: 1000}}, Data: []byte("mint"),
				})
				require.NoError(w, err)
			}
		case processor.SignedBatch:
			ack := processor.AcknowledgeBatch{ID: e.Batch.ID, Digest: e.Digest}
			for j := range e.Batch.Instructions {
				ack.Results = append(ack.Results, true)
				address, err := w.chain.Address(ctx)
				require.NoError(w, err)
				ack.Burns = append(ack.Burns, coin.Payment{ID: coin.PaymentID{byte(e.Batch.ID), byte(j)}, Address: address, Amount: 600})
			}
			w.order(ack)
			if e.Batch.ID == 0 {
				w.order(processor.CosignBlock{Number: 1})
			}
			w.order(processor.RetireSession{}) // is refused
		case processor.PaymentSettled:
			if settled++; settled == payments {
				done()
			}
		}
		require.NoError(w, w.chain.Mine(ctx, 1))
	}
}

// TestRunIsStep lets four processors Run with real goroutines and random
// delays, and compares each with one that reads the same log by Step.
func TestRunIsStep(t *testing.T) {
	w := newNetwork(t, 4)
	random := rand.New(rand.NewPCG(1, 1))
	var mu sync.Mutex
	w.delay = func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.IntN(500)) * time.Microsecond
	}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	w.embed(3, done)
	w.order(w.generate(3, 4))
	for _, err := range w.run(ctx) {
		require.NoError(t, err)
	}
	require.ErrorIs(t, ctx.Err(), context.Canceled, "it took too long")
	cosigned := make(map[uint64]int)
	for text, times := range w.seen {
		e, err := processor.DecodeEvent([]byte(text))
		require.NoError(t, err)
		if c, ok := e.(processor.CosignedBlock); ok {
			cosigned[c.Number] += times
		}
	}
	require.NotZero(t, cosigned[1])
	require.Len(t, cosigned, 1)

	single, err := processor.New(config(w.chain.Coin(), storage.NewMemory()))
	require.NoError(t, err)
	for position, e := range w.log {
		require.NoError(t, single.Handle(t.Context(), uint64(position), e))
	}
	_, err = single.Step(t.Context())
	require.NoError(t, err)
	want, err := single.Status(t.Context())
	require.NoError(t, err)
	require.NotZero(t, want.Frontier.Settle)
	for i, store := range w.stores {
		p, err := processor.New(processor.Config{
			Coin: w.chain.Coin(), Store: store.Clone(), Self: processortest.Identity(i), Sealer: processortest.Sealer(i),
		})
		require.NoError(t, err)
		status, err := p.Status(t.Context())
		require.NoError(t, err)
		for ; status.Next < uint64(len(w.log)); status.Next++ {
			require.NoError(t, p.Handle(t.Context(), status.Next, w.log[status.Next]))
		}
		_, err = p.Step(t.Context())
		require.NoError(t, err)
		got, err := p.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, want.Digest, got.Digest, "validator %d", i)
		require.Equal(t, want.Ledger, got.Ledger)
		require.Equal(t, want.Frontier, got.Frontier)
		require.NoError(t, p.Audit(t.Context()))
		for n := range want.Frontier.Settle {
			a, oka, erra := single.SettledDigest(t.Context(), n)
			b, okb, errb := p.SettledDigest(t.Context(), n)
			require.NoError(t, errors.Join(erra, errb))
			require.Equal(t, oka, okb)
			require.Equal(t, a, b, "behind block %d", n)
		}
	}
}

// Nothing waits for a poll: in a bubble whose clock stands still while anyone
// can run, key generation takes no time. Run ends with its context and leaves
// no goroutine behind, which the bubble would notice.
func TestRunWaitsForNothingButTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork(t, 3)
		ctx, done := context.WithCancel(t.Context())
		generated := 0
		w.onTold = func(body processor.EventBody) {
			if _, ok := body.(processor.KeyGenerated); ok {
				generated++
				done()
			}
		}
		w.order(w.generate(2, 3))
		start := time.Now()
		for _, err := range w.run(ctx) {
			require.NoError(t, err)
		}
		require.Equal(t, 1, generated)
		require.Less(t, time.Since(start), 40*time.Millisecond, "somebody waited for a poll")
	})
}

// A restarted processor signs as soon as it has read what it is to read first,
// whatever those entries are.
func TestSigningBeginsWhenTheLogIsRead(t *testing.T) {
	g := ready(t, 1, 1)
	require.NoError(t, g.Chain.Mine(t.Context(), 4))
	for range 20 { // whoever is first
		signsWhenTheLogIsRead(t, g)
	}
}

func signsWhenTheLogIsRead(t *testing.T, g *processortest.Group) {
	synctest.Test(t, func(t *testing.T) {
		c := config(g.Chain.Coin(), g.Validators[0].Store.Clone())
		c.Current = uint64(len(g.Log)) + 3
		c.Poll = time.Hour
		p, err := processor.New(c)
		require.NoError(t, err)
		ctx, done := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		synctest.Wait()
		for i := range uint64(3) {
			select {
			case e := <-p.Events():
				if b, ok := e.Body.(processor.Broadcast); ok {
					t.Fatalf("sent %x before the log was read", b.Payload)
				}
			default:
			}
			require.NoError(t, p.Handle(t.Context(), uint64(len(g.Log))+i, processor.CloseRound{Session: 9}))
			synctest.Wait()
		}
		start := time.Now()
		for sent := false; !sent; {
			e := <-p.Events()
			_, sent = e.Body.(processor.Broadcast)
		}
		require.Zero(t, time.Since(start), "signing waited for a poll")
		done()
		require.NoError(t, <-ended)
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := processor.New(config(mock.New(mock.Options{}).Coin(), storage.NewMemory()))
		require.NoError(t, err)
		ctx, done := context.WithTimeout(t.Context(), time.Hour)
		defer done()
		require.NoError(t, p.Run(ctx))

		p, err = processor.New(config(mock.New(mock.Options{}).Coin(), storage.NewMemory()))
		require.NoError(t, err)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, p.Run(canceled))
	})
}

func TestTroubleShowsAndClears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mock.NewCoin(mock.New(mock.Options{}))
		c.SetFaults(mock.Faults{Unreachable: 3})
		p, err := processor.New(config(c, storage.NewMemory()))
		require.NoError(t, err)
		ctx, done := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		troubles := func() map[string]string {
			status, err := p.Status(ctx)
			require.NoError(t, err)
			return status.Troubles
		}
		synctest.Wait()
		require.Contains(t, troubles()["chain"], "does not answer")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Empty(t, troubles())
		done()
		require.NoError(t, <-ended)
	})
}

func TestADatabaseErrorEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storage.NewMemory()
		p, err := processor.New(config(mock.New(mock.Options{}).Coin(), store))
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- p.Run(t.Context()) }()
		synctest.Wait()
		require.NoError(t, p.Handle(t.Context(), 0, processor.GenerateKey{}))
		synctest.Wait()
		store.CutAfter(store.Commits() + 1)
		require.NoError(t, p.Handle(t.Context(), 1, processor.GenerateKey{}))
		require.ErrorIs(t, <-ended, storage.ErrCut)

		// So does one that only delivery meets.
		store = storage.NewMemory()
		p, err = processor.New(config(mock.New(mock.Options{}).Coin(), store))
		require.NoError(t, err)
		events := storage.NewQueue("processor/outbox", storage.Blob)
		require.NoError(t, store.Update(t.Context(), func(tx storage.Tx) error {
			_, err := events.Push(tx, []byte("no event"))
			return err
		}))
		require.ErrorIs(t, p.Run(t.Context()), storage.ErrCorrupt)
	})
}

// A halted processor delivers what it has to tell, and does nothing else.
func TestHaltedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config(mock.New(mock.Options{}).Coin(), storage.NewMemory())
		p, err := processor.New(c)
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- p.Run(t.Context()) }()
		synctest.Wait()
		require.NoError(t, p.Handle(t.Context(), 0, processor.Burns{}))
		synctest.Wait()
		require.ErrorIs(t, p.Handle(t.Context(), 0, processor.CloseRound{}), processor.ErrEquivocation)
		require.NoError(t, p.Handle(t.Context(), 1, processor.GenerateKey{}))
		e := <-p.Events()
		require.IsType(t, processor.Halted{}, e.Body)
		time.Sleep(time.Hour)
		select {
		case <-ended:
			t.Fatal("ended before its last event was acknowledged")
		default:
		}
		// Not acknowledged: the next process tells it again.
		p2, err := processor.New(c)
		require.NoError(t, err)
		go func() { ended <- p2.Run(t.Context()) }()
		again := <-p2.Events()
		require.Equal(t, e, again)
		require.NoError(t, p2.Ack(again.ID))
		for range 2 {
			var halt *processor.Halt
			require.ErrorAs(t, <-ended, &halt)
		}
		status, err := p2.Status(t.Context())
		require.NoError(t, err)
		require.NotNil(t, status.Halted)
		require.Contains(t, status.Halted.Error(), "halted")
		events, err := p2.Pending(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Empty(t, events, "no key generation was begun")
	})
}

// A node that leaves a final block and comes back to it was only confused; one
// that stays away halts.
func TestANodeThatComesBack(t *testing.T) {
	g := ready(t, 1, 1)
	mine(t, g, 3)
	wobbly := &wobblyCoin{Coin: g.Chain.Coin()}
	p, err := processor.New(config(wobbly, g.Validators[0].Store.Clone()))
	require.NoError(t, err)
	wobbly.lies = 1
	_, err = p.Step(t.Context())
	require.NoError(t, err)
	s, err := p.Status(t.Context())
	require.NoError(t, err)
	require.Nil(t, s.Halted)

	wobbly.lies = 1 << 30
	requireHalt(t, p)
}

// wobblyCoin answers so many questions for headers with those of another chain,
// which has bodies too.
type wobblyCoin struct {
	coin.Coin
	lies int
}

// Block implements coin.Reader.
func (c *wobblyCoin) Block(ctx context.Context, header coin.Header) (coin.Block, error) {
	b, err := c.Coin.Block(ctx, header)
	if err != nil {
		header.ID[0] ^= 1
		header.Parent[0] ^= 1
		b, err = c.Coin.Block(ctx, header)
	}
	return b, err
}

// Header implements coin.Reader.
func (c *wobblyCoin) Header(ctx context.Context, number uint64) (coin.Header, error) {
	h, err := c.Coin.Header(ctx, number)
	if c.lies > 0 {
		c.lies--
		h.ID[0] ^= 1
		h.Parent[0] ^= 1
	}
	return h, err
}
