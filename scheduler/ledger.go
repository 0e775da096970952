package scheduler

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/storage"
)

// Ledger is the group's books for one network, in atomic units.
//
//	Assets = Accepted + Credited + Owed + Returned + RefundsDue            (liabilities)
//	       + FeesCharged + Gifts + CostsCharged − NetworkFees − WrittenOff (equity)
type Ledger struct {
	// Assets are the group's settled outputs, free or reserved.
	Assets Balance
	// Accepted is what will be reported of deposits that are held back or
	// passed on.
	Accepted Balance
	// Credited is what the settlement chain has credited and not burnt.
	Credited Balance
	// Owed is burnt and not yet paid.
	Owed Balance
	// Returned went back to the settlement chain: refused or dropped payments.
	Returned Balance
	// RefundsDue is owed to depositors.
	RefundsDue Balance
	// FeesCharged was kept of deposits for moving them.
	FeesCharged Balance
	// Gifts are deposits that belong to nobody.
	Gifts Balance
	// CostsCharged was kept of payments.
	CostsCharged Balance
	// NetworkFees were paid to miners.
	NetworkFees Balance
	// WrittenOff are outputs that will not be spent: those not worth moving when
	// their key retired, and those of keys whose holders are gone.
	WrittenOff Balance
	// Recover is a memorandum: the fees of all plans, those under way
	// included, and what keys that retired left behind, less what payments
	// bear. Later payments make up for it. It is negative while payments have
	// borne more: the rate fell before their transactions were planned.
	Recover Balance
}

// Encode writes the ledger.
func (l Ledger) Encode(w *wire.Writer) {
	for _, b := range l.accounts() {
		b.Encode(w)
	}
}

// Decode reads the ledger.
func (l *Ledger) Decode(r *wire.Reader) {
	for _, b := range l.accounts() {
		b.Decode(r)
	}
}

func (l *Ledger) accounts() []*Balance {
	return []*Balance{
		&l.Assets, &l.Accepted, &l.Credited, &l.Owed, &l.Returned, &l.RefundsDue,
		&l.FeesCharged, &l.Gifts, &l.CostsCharged, &l.NetworkFees, &l.WrittenOff, &l.Recover,
	}
}

// Unbalanced reports books that do not balance. It halts the processor.
type Unbalanced struct{ Reason string }

func (e *Unbalanced) Error() string { return "scheduler: ledger: " + e.Reason }

// Check returns an error unless the equation holds and nothing that cannot be
// negative is. Credited can: a burn above what was ever credited is the
// settlement chain's affair, and its payment waits.
func (l Ledger) Check() error {
	claims := l.Accepted.Plus(l.Credited).Plus(l.Owed).Plus(l.Returned).Plus(l.RefundsDue).
		Plus(l.FeesCharged).Plus(l.Gifts).Plus(l.CostsCharged).Minus(l.NetworkFees).Minus(l.WrittenOff)
	if claims != l.Assets {
		return &Unbalanced{fmt.Sprintf("assets of %s against claims of %s", l.Assets, claims)}
	}
	for _, b := range []Balance{
		l.Assets, l.Accepted, l.Owed, l.Returned, l.RefundsDue, l.FeesCharged, l.Gifts, l.CostsCharged,
		l.NetworkFees, l.WrittenOff,
	} {
		if b.Negative() {
			return &Unbalanced{fmt.Sprintf("negative account in %+v", l)}
		}
	}
	return nil
}

// deposit books a settled deposit. One that raises another has borne its cost.
func (l *Ledger) deposit(d coin.Deposit) {
	l.Assets = l.Assets.Add(d.Gain())
	l.FeesCharged = l.FeesCharged.Add(d.Gain()).Sub(d.Credit)
	l.report(d.Fate, d.Credit)
}

// report books what becomes of a deposit.
func (l *Ledger) report(fate coin.Fate, amount uint64) {
	switch fate {
	case coin.Reported:
		l.Credited = l.Credited.Add(amount)
	case coin.Refunded:
		l.RefundsDue = l.RefundsDue.Add(amount)
	case coin.Accumulated:
		l.Gifts = l.Gifts.Add(amount)
	case coin.Held, coin.PassedOn:
		l.Accepted = l.Accepted.Add(amount)
	}
}

// late books the report of a deposit accepted before.
func (l *Ledger) late(d coin.Late) {
	l.Accepted = l.Accepted.Sub(d.Credit)
	l.FeesCharged = l.FeesCharged.Add(d.Credit - d.Amount)
	l.report(d.Fate, d.Amount)
}

// giveUp books that a deposit accepted before is never reported.
func (l *Ledger) giveUp(credit uint64) {
	l.Accepted = l.Accepted.Sub(credit)
	l.Gifts = l.Gifts.Add(credit)
}

// forget undoes deposit, of one that is not reported.
func (l *Ledger) forget(d coin.Deposit) {
	l.Assets = l.Assets.Sub(d.Gain())
	l.FeesCharged = l.FeesCharged.Sub(d.Gain()).Add(d.Credit)
	l.Accepted = l.Accepted.Sub(d.Credit)
}

// writeOff books that an output will not be spent.
func (l *Ledger) writeOff(amount uint64) {
	l.Assets = l.Assets.Sub(amount)
	l.WrittenOff = l.WrittenOff.Add(amount)
}

// bookBack undoes writeOff.
func (l *Ledger) bookBack(amount uint64) {
	l.Assets = l.Assets.Add(amount)
	l.WrittenOff = l.WrittenOff.Sub(amount)
}

// comesBack undoes writeOff for a deposit that is here again, and brings so much
// more or less than was written off.
func (l *Ledger) comesBack(gain, written uint64) {
	l.bookBack(min(gain, written))
	if gain > written {
		l.Assets = l.Assets.Add(gain - written)
		l.FeesCharged = l.FeesCharged.Add(gain - written)
	}
}

// burn books a burnt payment.
func (l *Ledger) burn(amount uint64) {
	l.Credited = l.Credited.Sub(amount)
	l.Owed = l.Owed.Add(amount)
}

// refuse books that a burnt payment is not made.
func (l *Ledger) refuse(amount uint64) {
	l.Owed = l.Owed.Sub(amount)
	l.Returned = l.Returned.Add(amount)
}

// keep books that a refund is not made.
func (l *Ledger) keep(amount uint64) {
	l.RefundsDue = l.RefundsDue.Sub(amount)
	l.Gifts = l.Gifts.Add(amount)
}

// resolve books a plan that happened.
func (l *Ledger) resolve(p planned) {
	for _, input := range p.Plan.Inputs {
		l.Assets = l.Assets.Sub(input.Amount)
	}
	for _, own := range p.Plan.Own {
		l.Assets = l.Assets.Add(own.Amount)
	}
	for i, payment := range p.Plan.Payments {
		if p.Payments[i].Refund {
			l.RefundsDue = l.RefundsDue.Sub(payment.Amount)
		} else {
			l.Owed = l.Owed.Sub(payment.Amount)
		}
		l.CostsCharged = l.CostsCharged.Add(payment.Amount - payment.Paid)
	}
	l.NetworkFees = l.NetworkFees.Add(p.Plan.Fee)
}

// reinstate undoes resolve.
func (l *Ledger) reinstate(p planned) {
	for _, input := range p.Plan.Inputs {
		l.Assets = l.Assets.Add(input.Amount)
	}
	for _, own := range p.Plan.Own {
		l.Assets = l.Assets.Sub(own.Amount)
	}
	for i, payment := range p.Plan.Payments {
		if p.Payments[i].Refund {
			l.RefundsDue = l.RefundsDue.Add(payment.Amount)
		} else {
			l.Owed = l.Owed.Add(payment.Amount)
		}
		l.CostsCharged = l.CostsCharged.Sub(payment.Amount - payment.Paid)
	}
	l.NetworkFees = l.NetworkFees.Sub(p.Plan.Fee)
}

// post changes the books.
func (s *scheduler) post(tx storage.Tx, change func(*Ledger)) error {
	books, err := s.ledger.Load(tx)
	if err != nil {
		return err
	}
	change(&books)
	return s.ledger.Put(tx, books)
}

// balanced checks the books.
func (s *scheduler) balanced(r storage.Reader) error {
	books, err := s.ledger.Load(r)
	if err != nil {
		return err
	}
	return books.Check()
}
