// Quickstart is the smallest whole embedding of the processor: four validators
// in one process, a coordinator that orders what they say, and a chain in
// memory. They generate a key, take a deposit in, and pay some of it out.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/storage"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, time.Minute)
	group, ctx := errgroup.WithContext(ctx)
	defer done()
	// The external network is a chain in memory, the settlement chain a log.
	c := &coordinator{chain: mock.New(mock.Options{}), told: make(map[string]bool), done: done}
	generate := processor.GenerateKey{Threshold: 3, MinOK: 4}
	var first *processor.Processor
	for i := range 4 {
		self, err1 := dkg.NewIdentity(sha256.Sum256(fmt.Appendf(nil, "validator %d", i)))
		sealer, err2 := processor.NewSealer(sha256.Sum256(fmt.Appendf(nil, "sealing key %d", i)))
		p, err3 := processor.New(processor.Config{
			Coin: c.chain.Coin(), Store: storage.NewMemory(), Self: self, Sealer: sealer, Poll: 5 * time.Millisecond,
		})
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
		defer p.Close()
		if i == 0 {
			first = p
		}
		generate.Participants = append(generate.Participants, dkg.Participant{Key: self.Public(), Weight: 1})
		group.Go(func() error { return p.Run(ctx) })
		group.Go(func() error { return c.feed(ctx, p) })
		group.Go(func() error { return c.listen(ctx, uint16(i), p) })
	}
	c.order(generate)
	if err := group.Wait(); !c.paid {
		return fmt.Errorf("nothing was paid: %w", errors.Join(err, ctx.Err()))
	}
	status, err := first.Status(context.Background())
	if err != nil {
		return err
	}
	fmt.Println("validator 0:", status.Progress)
	return nil
}

// coordinator orders the entries of the log and stands for the settlement
// chain and its users.
type coordinator struct {
	chain *mock.Chain
	done  func() // ends the program
	mu    sync.Mutex
	log   []processor.Entry

	acting sync.Mutex
	told   map[string]bool
	paid   bool
}

// order appends an entry to the log.
func (c *coordinator) order(e processor.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, e)
}

// feed hands the log to a processor, from where that left off.
func (c *coordinator) feed(ctx context.Context, p *processor.Processor) error {
	status, err := p.Status(ctx)
	for next := status.Next; err == nil && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		entries := c.log[next:]
		c.mu.Unlock()
		for ; len(entries) > 0 && err == nil; next++ {
			err = p.Handle(ctx, next, entries[0])
			entries = entries[1:]
		}
	}
	return err
}

// listen takes a processor's events. Once acknowledged, one counts as sent.
func (c *coordinator) listen(ctx context.Context, who uint16, p *processor.Processor) (err error) {
	for e := range p.Events() {
		if err = errors.Join(err, c.act(ctx, who, e.Body)); err == nil {
			err = p.Ack(e.ID)
		}
	}
	return err
}

func (c *coordinator) act(ctx context.Context, who uint16, body processor.EventBody) error {
	if m, ok := body.(processor.Broadcast); ok {
		c.order(processor.PeerMessage{Session: m.Session, From: who, Payload: m.Payload})
		return nil
	}
	c.acting.Lock() // so that what was told first has its effect first
	defer c.acting.Unlock()
	text := string(processor.EncodeEvent(body))
	if c.told[text] {
		return nil // by another validator; a settlement chain counts votes
	}
	c.told[text] = true
	switch e := body.(type) {
	case processor.KeyGenerated: // vote it in, pay a deposit
		fmt.Printf("generated the key %x\n", e.NetworkKey)
		c.order(processor.ConfirmKey{BatchKey: e.BatchKey, NetworkKey: e.NetworkKey})
		to, err1 := c.chain.Coin().Address(e.NetworkKey, coin.External)
		deposit := cointest.Deposit{To: []cointest.Target{{Address: to, Amount: 1000}}, Data: []byte("mint")}
		if _, err2 := c.chain.Pay(ctx, deposit); err1 != nil || err2 != nil {
			return errors.Join(err1, err2)
		}
	case processor.SignedBatch: // carry out its instructions, withdraw some
		fmt.Printf("batch %d has %d instructions\n", e.Batch.ID, len(e.Batch.Instructions))
		ack := processor.AcknowledgeBatch{ID: e.Batch.ID, Digest: e.Digest}
		for i := range e.Batch.Instructions {
			ack.Results = append(ack.Results, true)
			to, err := c.chain.Address(ctx)
			if err != nil {
				return err
			}
			ack.Burns = append(ack.Burns, coin.Payment{ID: coin.PaymentID{byte(i)}, Address: to, Amount: 600})
		}
		c.order(ack)
	case processor.PaymentSettled:
		fmt.Printf("paid %d out, with %d for the network's fee\n", e.Paid, e.Share)
		c.paid = true
		c.done()
		return nil
	}
	return c.chain.Mine(ctx, 2)
}
