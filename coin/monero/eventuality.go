package monero

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/spend"
	"github.com/serai-go/processor/eventuality"
)

// completion is the eventuality of a plan: a transaction with the plan's extra
// field, outputs, fee and rings. Its ID depends on the signatures.
type completion struct{ spend.Expectation }

var _ eventuality.Eventuality = completion{}

// Lookup implements eventuality.Eventuality.
func (e completion) Lookup() []byte { return extraLookup(e.Expectation.Lookup()) }

// Matches implements eventuality.Eventuality.
func (e completion) Matches(t eventuality.Transaction) bool {
	of, ok := t.(transaction)
	return ok && e.Expectation.Matches(of.Transaction)
}

// extraLookup is what a transaction with an extra field is looked up by.
func extraLookup(extra []byte) []byte {
	sum := keys.Keccak256(extra)
	return sum[:]
}

// ReadEventuality implements coin.Spender.
func (c *Coin) ReadEventuality(data []byte) (eventuality.Eventuality, error) {
	e, err := spend.ReadExpectation(data)
	if err != nil {
		return nil, fmt.Errorf("monero: %w: %w", coin.ErrInvalid, err)
	}
	return completion{e}, nil
}
