package scan

import (
	"errors"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// ErrRepeated is wrapped by New if two addresses are the same.
var ErrRepeated = errors.New("scan: address is registered twice")

// Recipient is whom outputs are looked for: a wallet, or a group.
type Recipient struct {
	// Pair has the view key and the spend key.
	Pair *keys.ViewPair
	// Addresses are those that have been handed out. Outputs to others are
	// not found. The main address is one only if it is among them.
	Addresses []keys.Index
}

// A Scanner knows whose outputs to look for. It does not change and is safe for
// concurrent use.
type Scanner struct {
	views  []view
	viewOf []int // of each recipient
}

// view is what there is to look for with one view key.
type view struct {
	key       *keys.ViewKey
	places    map[[keys.Size]byte]int // of spend keys in addresses
	addresses []registered
}

type registered struct {
	recipient int
	index     keys.Index
	offset    edwards25519.Scalar // m, from the recipient's spend key to this one
}

// New makes a scanner for some recipients, which may share a view key. An
// address may be there only once.
func New(recipients []Recipient) (*Scanner, error) {
	s := new(Scanner)
	known := make(map[[keys.Size]byte]int, len(recipients)) // of views by public key
	for i, r := range recipients {
		public := [keys.Size]byte(r.Pair.View().Public().Bytes())
		at, ok := known[public]
		if !ok {
			at = len(s.views)
			known[public] = at
			s.views = append(s.views, view{key: r.Pair.View(), places: make(map[[keys.Size]byte]int)})
		}
		s.viewOf = append(s.viewOf, at)
		if err := s.views[at].register(i, r); err != nil {
			return nil, fmt.Errorf("recipient %d: %w", i, err)
		}
	}
	return s, nil
}

func (v *view) register(recipient int, r Recipient) error {
	for _, index := range r.Addresses {
		spend, err := r.Pair.SpendKey(index)
		if err != nil {
			return err
		}
		offset, err := v.key.SubaddressScalar(index)
		if err != nil {
			return err
		}
		key := [keys.Size]byte(spend.Bytes())
		if _, ok := v.places[key]; ok {
			return fmt.Errorf("address %d/%d: %w", index.Account, index.Address, ErrRepeated)
		}
		v.places[key] = len(v.addresses)
		v.addresses = append(v.addresses, registered{recipient, index, *offset})
	}
	return nil
}
