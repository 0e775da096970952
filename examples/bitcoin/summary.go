package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scheduler"
)

// summary is what -json prints. Amounts are in satoshi.
type summary struct {
	Validators int              `json:"validators"`
	Threshold  int              `json:"threshold"`
	Node       string           `json:"node"`
	Deposits   []depositSummary `json:"deposits"`
	Refunds    []refundSummary  `json:"refunds"`
	Batches    []batchSummary   `json:"batches"`
	Payments   []paymentSummary `json:"payments"`
	Restarts   int              `json:"restarts"`
	Blocks     int              `json:"blocks"`
	Ledger     ledgerSummary    `json:"ledger"`
	Seconds    float64          `json:"seconds"`
}

type depositSummary struct {
	Amount      uint64 `json:"amount"`
	Data        string `json:"data"`
	Origin      string `json:"origin"`
	Transaction string `json:"txid"`
}

type refundSummary struct {
	Address     string `json:"address"`
	Paid        uint64 `json:"received"`
	Fee         uint64 `json:"fee"`
	Transaction string `json:"txid"`
}

type batchSummary struct {
	ID           uint64 `json:"id"`
	Block        uint64 `json:"block"`
	Instructions int    `json:"instructions"`
	Signature    string `json:"signature"`
}

type paymentSummary struct {
	Address     string `json:"address"`
	Asked       uint64 `json:"asked"`
	Received    uint64 `json:"received"`
	Fee         uint64 `json:"fee"`
	Transaction string `json:"txid"`

	id coin.PaymentID
}

type ledgerSummary struct {
	Balanced bool `json:"balanced"`
	scheduler.Ledger
}

// displayed writes a transaction ID as Bitcoin does, bytes reversed.
func displayed(id coin.TransactionID) string {
	b := slices.Clone(id[:])
	slices.Reverse(b)
	return fmt.Sprintf("%x", b)
}

// check compares what the validators' books say with the node's chain.
func (s *story) check(ctx context.Context) error {
	for i := range s.summary.Payments {
		p := &s.summary.Payments[i]
		var err error
		if p.Received, err = s.chain.Received(ctx, coin.Address(p.Address)); err != nil {
			return err
		}
		if p.Received != p.Asked-p.Fee {
			return fmt.Errorf("%s has received %d satoshi of %d", p.Address, p.Received, p.Asked)
		}
		s.screen.say("%s has received %d of %d satoshi, %d went for the fee", p.Address, p.Received, p.Asked, p.Fee)
	}
	for i, v := range s.group {
		p := v.running()
		status, err := p.Status(ctx)
		if err != nil {
			return err
		}
		if err := p.Audit(ctx); err != nil {
			return fmt.Errorf("validator %d: %w", i, err)
		}
		if i > 0 && status.Ledger != s.summary.Ledger.Ledger {
			return fmt.Errorf("validator %d has other books than validator 0", i)
		}
		s.summary.Ledger = ledgerSummary{true, status.Ledger}
	}
	if s.summary.Restarts != 1 {
		return errors.New("no validator was restarted")
	}
	l := s.summary.Ledger
	s.screen.say("the ledger: %s satoshi held, %s of them credited, %s gifts", l.Assets, l.Credited, l.Gifts)
	return nil
}
