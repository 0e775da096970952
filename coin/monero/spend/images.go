package spend

import (
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// Images returns the key images of a transaction that Verify or Assemble let
// through, in the draft's order.
func (u *Unsigned) Images(tx *block.Transaction) ([][keys.Size]byte, error) {
	signatures, err := u.signatures(tx)
	if err != nil {
		return nil, err
	}
	images := make([][keys.Size]byte, len(signatures))
	for i, s := range signatures {
		images[i] = [keys.Size]byte(s)
	}
	return images, nil
}
