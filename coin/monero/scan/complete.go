package scan

import (
	"slices"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// complete adds what the outputs of a transaction share: its data and, those of
// one view key, its payment ID.
func (s *Scanner) complete(found []Output, transactions []*block.Transaction) {
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].Transaction == found[0].Transaction {
			n++
		}
		extra := transactions[found[0].Transaction].Extra()
		data := slices.Collect(extra.Data())
		ids := make(map[int]*[8]byte) // by view key
		for i := range found[:n] {
			v := s.viewOf[found[i].Recipient]
			id, ok := ids[v]
			if !ok {
				id = s.views[v].paymentID(extra)
				ids[v] = id
			}
			found[i].PaymentID, found[i].Data = id, data
		}
		found = found[n:]
	}
}

// paymentID decrypts the payment ID of a transaction with its last key, which
// is the one that wallets use, so that they agree about transactions with
// several. If that is no point, there is none.
func (v *view) paymentID(extra block.Extra) *[8]byte {
	id, ok := extra.PaymentID()
	if !ok {
		return nil
	}
	var last [keys.Size]byte
	for key := range extra.Keys() {
		last = key
	}
	r, err := keys.DecodePoint(last[:])
	if err != nil {
		return nil
	}
	d := v.key.Derive(r)
	id = d.PaymentID(id)
	return &id
}
