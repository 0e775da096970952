package story

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scheduler"
)

// Summary is what -json prints. Amounts are in atomic units.
type Summary struct {
	Validators int              `json:"validators"`
	Threshold  uint16           `json:"threshold"`
	Node       string           `json:"node"`
	Deposits   []depositSummary `json:"deposits"`
	Refunds    []refundSummary  `json:"refunds"`
	Batches    []batchSummary   `json:"batches"`
	Payments   []paymentSummary `json:"payments"`
	Restarts   int              `json:"restarts"`
	Blocks     int              `json:"blocks"`
	Ledger     ledgerSummary    `json:"ledger"`
	CatchUp    catchUpSummary   `json:"catch_up"`
	Seconds    float64          `json:"seconds"`
	// Adversaries is only there if some were.
	Adversaries *adversariesSummary `json:"adversaries,omitempty"`
	// Rotation is only there if one set of validators took over from another.
	Rotation *rotationSummary `json:"rotation,omitempty"`
	// Payout is only there if many people were paid at once.
	Payout *payoutSummary `json:"payout,omitempty"`
}

// payoutSummary is what became of what many people asked for: they received it,
// less fees, which went to the miners. Kept is what the group has left.
type payoutSummary struct {
	People       int    `json:"people"`
	Asked        uint64 `json:"asked"`
	Received     uint64 `json:"received"`
	Fees         uint64 `json:"network_fees"`
	Kept         uint64 `json:"held"`
	Transactions int    `json:"transactions"`
}

// rotationSummary is where everything is in the end.
type rotationSummary struct {
	Sessions []sessionSummary `json:"sessions"`
	// What was paid in is what was paid out, went to miners or is there.
	Deposited   uint64 `json:"deposited"`
	Paid        uint64 `json:"paid"`
	Refunded    uint64 `json:"refunded"`
	NetworkFees uint64 `json:"network_fees"`
	Held        uint64 `json:"held"`
	Digest      string `json:"digest"`  // of all validators' states
	Audited     bool   `json:"audited"` // by a third party, from the log
}

// sessionSummary is about a session and what the node says that its key owns.
type sessionSummary struct {
	Session    uint64         `json:"session"`
	Validators []int          `json:"validators"`
	Stages     []stageSummary `json:"stages"`
	Retired    bool           `json:"retired"`
	Outputs    int            `json:"outputs"`
	Amount     uint64         `json:"amount"`
}

type stageSummary struct {
	Stage string `json:"stage"`
	Block uint64 `json:"block"` // the first one in it
}

// adversariesSummary is what the validators' evidence led to.
type adversariesSummary struct {
	Validators []memberSummary `json:"validators"`
	Threshold  uint16          `json:"threshold"`
	Faulty     []faultySummary `json:"faulty"`
}

type memberSummary struct {
	Number int    `json:"number"`
	Weight uint16 `json:"weight"`
}

type faultySummary struct {
	memberSummary
	Did string `json:"did"`
	// Named is by how many pieces of evidence each honest validator named it.
	Named    int  `json:"named"`
	Verified bool `json:"evidence_verified"`
}

type depositSummary struct {
	Session     uint64 `json:"session"` // whose key it was paid to
	Amount      uint64 `json:"amount"`
	Data        string `json:"data"`
	Origin      string `json:"origin"`
	Transaction string `json:"txid"`
	// Credited is filled in by a rotation, for deposits with data.
	Credited uint64 `json:"credited,omitempty"`

	fate Fate
	id   coin.TransactionID // one of its outputs is the deposit
	sent []byte             // data as the deposit carries it
}

type refundSummary struct {
	Address     string `json:"address"`
	Paid        uint64 `json:"received"`
	Fee         uint64 `json:"fee"`
	Transaction string `json:"txid"`

	of uint64 // the deposit
}

type batchSummary struct {
	ID           uint64 `json:"id"`
	Session      uint64 `json:"session"`
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

// catchUpSummary is how a newcomer caught up.
type catchUpSummary struct {
	Blocks  uint64  `json:"blocks"`
	Entries uint64  `json:"log_entries"`
	Seconds float64 `json:"seconds"`
}

type ledgerSummary struct {
	Balanced     bool   `json:"balanced"`
	Assets       uint64 `json:"assets"`
	Accepted     uint64 `json:"accepted"`
	Credited     uint64 `json:"credited"`
	Owed         uint64 `json:"owed"`
	Returned     uint64 `json:"returned"`
	RefundsDue   uint64 `json:"refunds_due"`
	FeesCharged  uint64 `json:"fees_charged"`
	Gifts        uint64 `json:"gifts"`
	CostsCharged uint64 `json:"costs_charged"`
	NetworkFees  uint64 `json:"network_fees"`
	WrittenOff   uint64 `json:"written_off"`
}

// check compares what the validators' books say with the node's chain.
func (s *story) check(ctx context.Context) error {
	if err := s.checkPayments(ctx); err != nil {
		return err
	}
	if err := s.checkBooks(ctx); err != nil {
		return err
	}
	if s.summary.Restarts != 1 {
		return errors.New("no validator was restarted")
	}
	return nil
}

// checkPayments compares what users were to get with what they got.
func (s *story) checkPayments(ctx context.Context) error {
	m := s.net.Money
	for i := range s.summary.Payments {
		p := &s.summary.Payments[i]
		var err error
		if p.Received, err = s.user.Received(ctx, coin.Address(p.Address)); err != nil {
			return err
		}
		if p.Received != p.Asked-p.Fee {
			return fmt.Errorf("%s has received %s of %d", p.Address, m.sum(p.Received), p.Asked)
		}
		s.screen.say("%s has received %s of %s, %s went for the fee", p.Address, m.number(p.Received), m.sum(p.Asked), m.number(p.Fee))
	}
	for _, refund := range s.summary.Refunds {
		received, err := s.user.Received(ctx, coin.Address(refund.Address))
		if err != nil {
			return err
		}
		// A refund goes to where the deposit came from.
		if received < refund.Paid || refund.Paid >= refund.of {
			return fmt.Errorf("%s has received %s, the refund is %d of %d", refund.Address, m.sum(received), refund.Paid, refund.of)
		}
	}
	return nil
}

// checkBooks compares the validators' books with what they know one by one, and
// with each other's.
func (s *story) checkBooks(ctx context.Context) error {
	var books scheduler.Ledger
	for i, v := range s.group {
		p := v.running()
		status, err := p.Status(ctx)
		if err != nil {
			return err
		}
		if err := p.Audit(ctx); err != nil {
			return fmt.Errorf("validator %d: %w", i, err)
		}
		if i > 0 && status.Ledger != books {
			return fmt.Errorf("validator %d has other books than validator 0", i)
		}
		books = status.Ledger
	}
	if err := books.Check(); err != nil {
		return err
	}
	l := &s.summary.Ledger
	l.Balanced = true
	for _, account := range []struct {
		to   *uint64
		from scheduler.Balance
	}{
		{&l.Assets, books.Assets},
		{&l.Accepted, books.Accepted},
		{&l.Credited, books.Credited},
		{&l.Owed, books.Owed},
		{&l.Returned, books.Returned},
		{&l.RefundsDue, books.RefundsDue},
		{&l.FeesCharged, books.FeesCharged},
		{&l.Gifts, books.Gifts},
		{&l.CostsCharged, books.CostsCharged},
		{&l.NetworkFees, books.NetworkFees},
		{&l.WrittenOff, books.WrittenOff},
	} {
		var ok bool
		if *account.to, ok = account.from.Uint64(); !ok {
			return fmt.Errorf("account of %s %s", account.from, s.net.Money.Atom)
		}
	}
	m := s.net.Money
	s.screen.say("the ledger: %s held, %s of them credited, %s gifts", m.sum(l.Assets), m.number(l.Credited), m.number(l.Gifts))
	return nil
}
