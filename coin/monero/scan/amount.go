package scan

import (
	"encoding/binary"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// value is what an output's commitment is to.
type value struct {
	amount     uint64
	mask       *edwards25519.Scalar
	commitment [keys.Size]byte
}

// openAmount returns the value of an output with a shared key, false if its
// commitment is to another one.
func openAmount(tx *block.Transaction, index int, output *block.Output, shared *keys.SharedKey) (v value, ok bool) {
	v.commitment, ok = tx.Commitment(index)
	encrypted := tx.EncryptedAmount(index)
	switch {
	case !ok: // coinbase
		v.amount, v.mask = output.Amount, one
		v.commitment = [keys.Size]byte(keys.Commit(one, v.amount).Bytes())
		return v, true
	case len(encrypted) == 8:
		v.amount, v.mask, ok = shared.Open([8]byte(encrypted), v.commitment)
		return v, ok
	}
	return v, v.openLong(encrypted, shared)
}

// openLong is for the types before 4, which send a mask and an amount as
// scalars: encrypted by adding Hs(s) to the one and Hs(Hs(s)) to the other.
func (v *value) openLong(encrypted []byte, shared *keys.SharedKey) bool {
	first, err := keys.HashToScalar(shared.Scalar().Bytes())
	if err != nil {
		return false
	}
	second, err := keys.HashToScalar(first.Bytes())
	if err != nil {
		return false
	}
	v.mask = difference(encrypted[:keys.Size], first)
	amount := difference(encrypted[keys.Size:], second).Bytes()
	v.amount = binary.LittleEndian.Uint64(amount)
	if [keys.Size - 8]byte(amount[8:]) != [keys.Size - 8]byte{} {
		return false // more than there can be
	}
	return [keys.Size]byte(keys.Commit(v.mask, v.amount).Bytes()) == v.commitment
}

// difference returns a − b, the 32 bytes of a taken modulo the group's order.
func difference(a []byte, b *edwards25519.Scalar) *edwards25519.Scalar {
	var wide [64]byte
	copy(wide[:], a)
	d, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		panic(err) // only for another length
	}
	return d.Subtract(d, b)
}

// one is the mask of amounts in the clear.
var one = func() *edwards25519.Scalar {
	s, err := keys.DecodeScalar(append([]byte{1}, make([]byte, keys.Size-1)...))
	if err != nil {
		panic(err)
	}
	return s
}()
