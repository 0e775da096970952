package mock

import (
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/internal/wire"
)

// happening is the eventuality of a plan: the transaction with the ID, which
// spends the output.
type happening struct {
	id    coin.TransactionID
	first coin.OutputID
}

var _ eventuality.Eventuality = happening{}

// ID is the transaction's.
func (h happening) ID() [32]byte { return h.id }

// Lookup is the encoded ID of the first output that the transaction spends.
func (h happening) Lookup() []byte { return wire.Marshal(h.first) }

// Matches compares IDs.
func (h happening) Matches(t eventuality.Transaction) bool { return t.ID() == h.id }

// Bytes returns the 68 bytes of both IDs.
func (h happening) Bytes() []byte { return wire.Marshal(h) }

// Encode writes 68 bytes.
func (h happening) Encode(w *wire.Writer) {
	w.Fixed(h.id[:])
	h.first.Encode(w)
}

// Decode reads 68 bytes.
func (h *happening) Decode(r *wire.Reader) {
	r.Fixed(h.id[:])
	h.first.Decode(r)
}

func decodeHappening(data []byte) (happening, error) {
	h, err := wire.Unmarshal[happening](data)
	if err != nil {
		return happening{}, fmt.Errorf("mock: %w: eventuality: %w", coin.ErrInvalid, err)
	}
	return h, nil
}
