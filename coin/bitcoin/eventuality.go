package bitcoin

import (
	"bytes"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
)

// completion is the eventuality of a plan: the one transaction with its ID.
// Signatures do not change the ID, so it is known before there are any.
type completion struct {
	// id is the transaction's ID, which is the eventuality's too.
	id coin.TransactionID
	// first is the outpoint that the first input spends, as an input encodes
	// it. Whatever spends it, matching or not, is offered to the eventuality.
	first [lookupSize]byte
}

// lookupSize is the size of an outpoint in bytes.
const lookupSize = 36

var _ eventuality.Eventuality = completion{}

// ID implements eventuality.Eventuality.
func (e completion) ID() [32]byte { return e.id }

// Lookup implements eventuality.Eventuality.
func (e completion) Lookup() []byte { return bytes.Clone(e.first[:]) }

// Matches implements eventuality.Eventuality.
func (e completion) Matches(tx eventuality.Transaction) bool { return tx.ID() == e.id }

// Bytes implements eventuality.Eventuality: 68 bytes.
func (e completion) Bytes() []byte { return append(e.first[:], e.id[:]...) }

// ReadEventuality implements coin.Spender.
func (c *Coin) ReadEventuality(data []byte) (eventuality.Eventuality, error) {
	var e completion
	if len(data) != len(e.first)+len(e.id) {
		return nil, fmt.Errorf("%w: an eventuality of %d bytes", coin.ErrInvalid, len(data))
	}
	copy(e.first[:], data)
	copy(e.id[:], data[lookupSize:])
	return e, nil
}
