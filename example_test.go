package processor_test

import (
	"context"
	"fmt"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/frost/dkg"
	"github.com/serai-go/processor/processortest"
	"github.com/serai-go/processor/storage"
)

// The embedder's loop: a group of one validator on a chain in memory. With
// more validators nothing changes but that their broadcasts share one log.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	chain := mock.New(mock.Options{})
	self, _ := dkg.NewIdentity([32]byte{1}) // keep the seed safe: it recovers the shares
	sealer, _ := processor.NewSealer([32]byte{2})
	p, err := processor.New(processor.Config{
		Coin: chain.Coin(), Store: storage.NewMemory(), Self: self, Sealer: sealer,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()

	position := uint64(0)
	order := func(e processor.Entry) { // a real log orders the entries of all
		if err := p.Handle(ctx, position, e); err != nil {
			fmt.Println(err)
		}
		position++
	}
	order(processor.GenerateKey{
		Threshold: 1, MinOK: 1, Participants: []dkg.Participant{{Key: self.Public(), Weight: 1}},
	})
	for e := range p.Events() {
		switch e := e.Body.(type) {
		case processor.Broadcast:
			order(processor.PeerMessage{Session: e.Session, From: 0, Payload: e.Payload})
		case processor.KeyGenerated: // the settlement chain votes, users pay in
			order(processor.ConfirmKey{Session: e.Session, Attempt: e.Attempt, BatchKey: e.BatchKey, NetworkKey: e.NetworkKey})
			to, _ := chain.Coin().Address(e.NetworkKey, coin.External)
			deposit := cointest.Deposit{To: []cointest.Target{{Address: to, Amount: 1000}}, Data: []byte("mint")}
			if _, err := chain.Pay(ctx, deposit); err != nil {
				fmt.Println(err)
			}
			chain.Mine(ctx, 2)
		case processor.SignedBatch: // the settlement chain carries it out
			ack := processor.AcknowledgeBatch{ID: e.Batch.ID, Digest: e.Digest}
			for _, i := range e.Batch.Instructions {
				fmt.Printf("batch %d: %q with %d\n", e.Batch.ID, i.Data, i.Amount)
				user, _ := chain.Address(ctx)
				ack.Results = append(ack.Results, true)
				ack.Burns = append(ack.Burns, coin.Payment{ID: coin.PaymentID{1}, Address: user, Amount: 600})
			}
			order(ack)
			chain.Mine(ctx, 2)
		case processor.Completed: // signed and published: let it confirm
			chain.Mine(ctx, 3)
		case processor.PaymentSettled:
			fmt.Printf("paid %d of 600\n", e.Paid)
			stop()
		}
		if err := p.Ack(e.ID); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("ended:", <-done)
	// Output:
	// batch 1: "mint" with 996
	// paid 596 of 600
	// ended: <nil>
}

// What a group of four says of a deposit when two of them are away.
func ExampleProcessor_Explain() {
	ctx := context.Background()
	g, _ := processortest.New(processortest.Options{
		Chain: mock.New(mock.Options{}), Weights: []uint16{1, 1, 1, 1}, Threshold: 3,
	})
	g.GenerateKey(0, 0, 4)
	g.Run(ctx)
	g.ConfirmKey(ctx, 0)
	g.Chain.Mine(ctx, 2)
	g.AcknowledgeAll(ctx)
	to, _ := g.Chain.Coin().Address(g.Key(0).NetworkKey, coin.External)
	id, _ := g.Chain.Pay(ctx, cointest.Deposit{To: []cointest.Target{{Address: to, Amount: 1000}}, Data: []byte("mint")})
	deposit := processor.AboutOutput{Transaction: id}
	explain := func() {
		e, err := g.Validators[0].Processor.Explain(ctx, deposit)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %s\n", e.Now(), e.Waits[0].Text)
	}
	g.Chain.Mine(ctx, 1)
	explain()
	g.Validators[2].Offline, g.Validators[3].Offline = true, true
	g.Chain.Mine(ctx, 1)
	g.Run(ctx)
	explain()
	// Output:
	// confirming: confirming 1 of 2
	// reported: validators of weight 2 have committed, of 3; missing are [2 3]
}
