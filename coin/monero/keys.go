package monero

import (
	"fmt"
	"io"
	"log/slog"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/outputs"
)

// ViewSeed is what the view keys of all groups are derived from besides public
// data: empty, or 32 random bytes that the validators share. Whoever knows it
// sees what groups receive. He can spend nothing of it, but have deposits copied: see
// the package comment. It prints as "[redacted]".
type ViewSeed []byte

const (
	seedSize = 32
	redacted = "[redacted]"
)

// Format implements fmt.Formatter and hides the seed.
func (ViewSeed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer and hides the seed.
func (ViewSeed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler and hides the seed.
func (ViewSeed) MarshalText() ([]byte, error) { return []byte(redacted), nil }

func (s ViewSeed) validate() error {
	if len(s) != 0 && len(s) != seedSize {
		return fmt.Errorf("a view seed of %d bytes: it has %d or none", len(s), seedSize)
	}
	return nil
}

// viewDomain sets view keys apart from all other hashes.
const viewDomain = "serai-go/processor monero view key v1"

// ViewKey returns the private view key of a group, from which and the group's
// key, the public spend key, a wallet can be made that sees what the group
// receives: the hash to a scalar of domain, genesis, key and seed. The genesis
// block does not tell Regtest from Mainnet.
func (c *Coin) ViewKey(key []byte) (*keys.ViewKey, error) {
	a, err := c.viewSecret(key)
	if err != nil {
		return nil, err
	}
	b := a.Bytes()
	defer clear(b)
	view, err := keys.NewViewKey(b)
	if err != nil {
		return nil, fmt.Errorf("monero: %w", err)
	}
	return view, nil
}

// viewSecret returns the private view key as a scalar.
func (c *Coin) viewSecret(key []byte) (*edwards25519.Scalar, error) {
	// Everything but the seed has a fixed size.
	if _, err := keys.DecodePrimeOrder(key); err != nil {
		return nil, fmt.Errorf("monero: %w: network key: %w", coin.ErrInvalid, err)
	}
	a, err := keys.HashToScalar([]byte(viewDomain), c.genesis[:], key, c.seed)
	if err != nil {
		return nil, fmt.Errorf("monero: view key: %w", err)
	}
	return a, nil
}

// DepositAddress returns the address of a key that one of its depositors pays, from
// 0 on, the external address of subaddress (1, depositor). Address names that of
// depositor 0. It is looked for if Parameters.Depositors is larger.
func (c *Coin) DepositAddress(key []byte, depositor uint32) (coin.Address, error) {
	pair, err := c.pair(key)
	if err != nil {
		return "", err
	}
	a, err := address.Of(c.addresses, pair.pair, outputs.External(depositor))
	if err != nil {
		return "", fmt.Errorf("monero: %w", err)
	}
	return coin.Address(a.String()), nil
}

// keyPair is what a network key is on this network.
type keyPair struct {
	pair *keys.ViewPair
	// addresses are by kind.
	addresses [len(coin.Kinds)]coin.Address
}

// pair returns the view pair of a network key.
func (c *Coin) pair(key []byte) (*keyPair, error) {
	if known, ok := c.keys.Get(string(key)); ok {
		return known, nil
	}
	view, err := c.ViewKey(key)
	if err != nil {
		return nil, err
	}
	pair, err := keys.NewViewPair(view, key)
	if err != nil {
		return nil, fmt.Errorf("monero: %w", err)
	}
	made := &keyPair{pair: pair}
	for i, kind := range coin.Kinds {
		a, err := address.Of(c.addresses, pair, outputs.Address(kind))
		if err != nil {
			return nil, fmt.Errorf("monero: %w", err)
		}
		made.addresses[i] = coin.Address(a.String())
	}
	c.keys.Put(string(key), made)
	return made, nil
}
