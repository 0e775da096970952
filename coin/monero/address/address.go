package address

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin/monero/keys"
)

// A Network is one of Monero's. Regtest nodes use the addresses of Mainnet.
type Network uint8

// The networks.
const (
	Mainnet Network = iota
	Stagenet
	Testnet
)

// A Kind is one of the forms of addresses.
type Kind uint8

const (
	// Standard is a wallet's main address.
	Standard Kind = iota
	// Integrated is a main address and a payment ID.
	Integrated
	// Subaddress is any other address of a wallet.
	Subaddress
)

var (
	networkNames = [...]string{Mainnet: "mainnet", Stagenet: "stagenet", Testnet: "testnet"}
	kindNames    = [...]string{Standard: "standard", Integrated: "integrated", Subaddress: "subaddress"}

	// prefixes are the first bytes of addresses.
	prefixes = [...][3]byte{
		Mainnet:  {Standard: 18, Integrated: 19, Subaddress: 42},
		Stagenet: {Standard: 24, Integrated: 25, Subaddress: 36},
		Testnet:  {Standard: 53, Integrated: 54, Subaddress: 63},
	}
	featured = [...]byte{Mainnet: 70, Stagenet: 86, Testnet: 111}
)

func (n Network) String() string {
	if int(n) < len(networkNames) {
		return networkNames[n]
	}
	return fmt.Sprintf("network %d", uint8(n))
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

const (
	idSize       = 8
	checksumSize = 4
	shortSize    = 1 + 2*keys.Size + checksumSize // without payment ID
	longSize     = shortSize + idSize
	maxText      = 150 // more than even featured addresses have
)

// An Address is who is to be paid. Equal addresses are ==.
type Address struct {
	// Network and Kind are what the first byte says.
	Network Network
	Kind    Kind
	// Spend and View are the public keys. In what Parse returns they are
	// points of prime order.
	Spend, View [keys.Size]byte
	// PaymentID is that of an integrated address, else zero.
	PaymentID [idSize]byte
}

// Errors of Parse.
var (
	ErrLength   = errors.New("address: length is that of no address")
	ErrChecksum = errors.New("address: wrong checksum")
	ErrPrefix   = errors.New("address: unknown network or kind")
	ErrFeatured = errors.New("address: featured addresses are not supported")
	ErrKey      = errors.New("address: invalid key")
)

// Parse reads an address of any network. It refuses keys that are not points
// of prime order: nobody could spend what such an address is paid. The unofficial
// featured addresses are ErrFeatured.
func Parse(text string) (Address, error) {
	if len(text) > maxText {
		return Address{}, ErrLength
	}
	data, err := DecodeBase58(text)
	if err != nil {
		return Address{}, err
	}
	if len(data) <= checksumSize {
		return Address{}, ErrLength
	}
	payload := data[:len(data)-checksumSize]
	if sum := checksum(payload); !bytes.Equal(sum[:], data[len(payload):]) {
		return Address{}, ErrChecksum
	}
	a, err := fromPrefix(data[0])
	if err != nil {
		return Address{}, err
	}
	size := shortSize
	if a.Kind == Integrated {
		size = longSize
	}
	if len(data) != size {
		return Address{}, fmt.Errorf("%w: %d bytes in a %s address", ErrLength, len(data), a.Kind)
	}
	rest := payload[1+copy(a.Spend[:], payload[1:]):]
	rest = rest[copy(a.View[:], rest):]
	copy(a.PaymentID[:], rest)
	if err := a.checkKeys(); err != nil {
		return Address{}, err
	}
	return a, nil
}

// fromPrefix returns an address with the network and kind of a first byte.
func fromPrefix(prefix byte) (Address, error) {
	for n, kinds := range prefixes {
		if k := bytes.IndexByte(kinds[:], prefix); k >= 0 {
			return Address{Network: Network(n), Kind: Kind(k)}, nil
		}
	}
	if bytes.IndexByte(featured[:], prefix) >= 0 {
		return Address{}, ErrFeatured
	}
	return Address{}, fmt.Errorf("%w: first byte %d", ErrPrefix, prefix)
}

func (a *Address) checkKeys() error {
	if _, err := keys.DecodePrimeOrder(a.Spend[:]); err != nil {
		return fmt.Errorf("%w: spend key: %w", ErrKey, err)
	}
	if _, err := keys.DecodePrimeOrder(a.View[:]); err != nil {
		return fmt.Errorf("%w: view key: %w", ErrKey, err)
	}
	return nil
}

// String returns the address's text, or a remark that it is none if it has a
// network or kind that does not exist or a payment ID without being integrated.
// Keys are not checked.
func (a Address) String() string {
	if int(a.Network) >= len(prefixes) || int(a.Kind) >= len(kindNames) || a.Kind != Integrated && a.PaymentID != [idSize]byte{} {
		return fmt.Sprintf("[no address: %s, %s]", a.Network, a.Kind)
	}
	data := make([]byte, 0, longSize)
	data = append(data, prefixes[a.Network][a.Kind])
	data = append(data, a.Spend[:]...)
	data = append(data, a.View[:]...)
	if a.Kind == Integrated {
		data = append(data, a.PaymentID[:]...)
	}
	sum := checksum(data)
	return EncodeBase58(append(data, sum[:]...))
}

func checksum(payload []byte) [checksumSize]byte {
	sum := keys.Keccak256(payload)
	return [checksumSize]byte(sum[:])
}

// Of returns the address of a wallet at an index: the standard address at the
// index 0/0, else a subaddress.
func Of(network Network, pair *keys.ViewPair, index keys.Index) (Address, error) {
	spend, view, err := pair.Keys(index)
	if err != nil {
		return Address{}, fmt.Errorf("address: %w", err)
	}
	kind := Subaddress
	if index.IsMain() {
		kind = Standard
	}
	return Address{Network: network, Kind: kind, Spend: spend, View: view}, nil
}

// Integrate returns a standard address with a payment ID, for one payer. Other
// kinds of addresses are an error.
func (a Address) Integrate(id [idSize]byte) (Address, error) {
	if a.Kind != Standard {
		return Address{}, fmt.Errorf("address: a payment ID in a %s address", a.Kind)
	}
	a.Kind, a.PaymentID = Integrated, id
	return a, nil
}
