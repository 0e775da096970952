package story

import (
	"context"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// pay lets a user pay to an address of a session, in units.
func (s *story) pay(ctx context.Context, fate Fate, session, units uint64, to coin.Address, data string) error {
	d := depositSummary{Session: session, Amount: units * s.net.Unit, Data: data, fate: fate}
	paid, err := s.user.PayIn(ctx, fate, cointest.Deposit{
		To: []cointest.Target{{Address: to, Amount: d.Amount}}, Data: []byte(data), Anonymous: fate == Accumulated,
	})
	if err != nil {
		return err
	}
	d.Origin, d.Transaction = string(paid.Origin), s.net.Display(paid.Transaction)
	d.id, d.sent = paid.Transaction, paid.Data
	s.mu.Lock()
	defer s.mu.Unlock()
	s.summary.Deposits = append(s.summary.Deposits, d)
	return nil
}

// deposited returns the deposit that carries some data.
func (s *story) deposited(data []byte) (depositSummary, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.summary.Deposits {
		if len(data) > 0 && string(d.sent) == string(data) {
			return d, true
		}
	}
	return depositSummary{}, false
}

// said returns what a deposit's data says, apart from what the network wants in it.
func (s *story) said(data []byte) string {
	if d, ok := s.deposited(data); ok {
		return d.Data
	}
	return string(data)
}

// refuses tells whether the settlement chain makes nothing of some data.
func (s *story) refuses(data []byte) bool {
	d, ok := s.deposited(data)
	return ok && d.fate == Refused
}

// refunds tells whether a payment is the refund of a deposit, whichever output of
// the transaction that is.
func (d depositSummary) refunds(id coin.PaymentID) bool {
	const most = 16 // outputs of a user's transaction
	for i := range uint32(most) {
		if id == coin.RefundID(coin.OutputID{Transaction: d.id, Index: i}) {
			return true
		}
	}
	return false
}
