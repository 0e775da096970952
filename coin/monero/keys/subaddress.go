package keys

import (
	"encoding/binary"
	"fmt"

	"filippo.io/edwards25519"
)

// An Index is the place of an address in a wallet: Account is its major, Address
// its minor number. The zero value is the main address, all others are
// subaddresses.
type Index struct{ Account, Address uint32 }

// IsMain reports whether i is that of the main address.
func (i Index) IsMain() bool { return i == Index{} }

// SubaddressScalar returns m = Hs("SubAddr\0" ‖ a ‖ account ‖ address), which is
// added to the spend key, the numbers as 4 bytes, little-endian. That of the
// main address is zero. It takes constant time.
func (v *ViewKey) SubaddressScalar(i Index) (*edwards25519.Scalar, error) {
	if i.IsMain() {
		return new(edwards25519.Scalar), nil
	}
	a := [Size]byte(v.a.Bytes())
	defer clear(a[:])
	var numbers [8]byte
	binary.LittleEndian.PutUint32(numbers[:], i.Account)
	binary.LittleEndian.PutUint32(numbers[4:], i.Address)
	return HashToScalar([]byte("SubAddr\x00"), a[:], numbers[:])
}

// A ViewPair is what finds the outputs of a wallet: the private view key a and
// the public spend key B. It does not change and is safe for concurrent use.
type ViewPair struct {
	view  *ViewKey
	spend edwards25519.Point
}

// NewViewPair returns the pair of a view key and the public spend key with the
// given 32 bytes, a point of prime order.
func NewViewPair(view *ViewKey, spend []byte) (*ViewPair, error) {
	p, err := DecodePrimeOrder(spend)
	if err != nil {
		return nil, fmt.Errorf("spend key: %w", err)
	}
	return &ViewPair{view: view, spend: *p}, nil
}

// View returns the private view key.
func (p *ViewPair) View() *ViewKey { return p.view }

// SpendKey returns the public spend key B + m·G of the address at i. It takes
// constant time.
func (p *ViewPair) SpendKey(i Index) (*edwards25519.Point, error) {
	m, err := p.view.SubaddressScalar(i)
	if err != nil {
		return nil, fmt.Errorf("subaddress %d/%d: %w", i.Account, i.Address, err)
	}
	d := new(edwards25519.Point).ScalarBaseMult(m)
	if d.Add(d, &p.spend); IsIdentity(d) {
		return nil, fmt.Errorf("subaddress %d/%d: %w", i.Account, i.Address, ErrIdentity)
	}
	return d, nil
}

// Keys returns the public keys of the address at i: its spend key D, as from
// SpendKey, and its view key, which is a·G for the main address and a·D for
// others. It takes constant time.
func (p *ViewPair) Keys(i Index) (spend, view [Size]byte, err error) {
	d, err := p.SpendKey(i)
	if err != nil {
		return spend, view, err
	}
	c := p.view.Public()
	if !i.IsMain() {
		c.ScalarMult(&p.view.a, d)
	}
	return [Size]byte(d.Bytes()), [Size]byte(c.Bytes()), nil
}
