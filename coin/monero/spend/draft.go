package spend

import (
	"errors"
	"fmt"
	"math/bits"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
)

// Limits of a transaction.
const (
	// RingSize is how many members a ring has since 2022.
	RingSize = 16
	// MaxInputs is this package's own limit: far below what relay allows.
	MaxInputs = 128
	// MinOutputs and MaxOutputs are the network's limits.
	MinOutputs, MaxOutputs = 2, 16
)

// ErrInvalid is wrapped if a draft, an unsigned or a signed transaction
// contradicts itself, its source or the network's rules.
var ErrInvalid = errors.New("spend: invalid transaction")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}

// A Member is an output in a ring.
type Member struct {
	// Index is the output's global index among those of RingCT.
	Index uint64
	// Key is the one-time key, Commitment the one to the amount.
	Key, Commitment [keys.Size]byte
}

// An Input is an output that is spent, with what it takes to spend it besides
// the group's key. It prints as "[redacted]".
type Input struct {
	// Key is the one-time key, Commitment the one to the amount.
	Key, Commitment [keys.Size]byte
	// Amount is in piconero.
	Amount uint64
	// Mask opens the commitment. Offset is from the group's key to Key.
	Mask, Offset *edwards25519.Scalar
	// Ring has RingSize members in ascending order of their index, of which
	// the one at position Real is the output itself. The others are decoys,
	// which the caller has found to be fit.
	Ring []Member
	Real int
}

// An Output is what is paid.
type Output struct {
	// Address is a main address or a subaddress.
	Address address.Address
	// Amount is in piconero.
	Amount uint64
}

// A Draft is a transaction as it was decided on. Everything else follows from
// it. It prints as "[redacted]".
type Draft struct {
	// Seed is the one of this transaction only.
	Seed Seed
	// Inputs are at most MaxInputs. Their sum is that of the outputs and the
	// fee.
	Inputs []Input
	// Outputs are at most MaxOutputs. If there is one only, a second one of
	// amount 0 to the same address is added.
	Outputs []Output
	// Fee is in piconero.
	Fee uint64
	// Data is what the transaction says to everybody, of at most MaxData bytes.
	// Most say nothing.
	Data []byte
}

// spent returns the outputs that are spent.
func (d *Draft) spent() []Member {
	spent := make([]Member, len(d.Inputs))
	for i, in := range d.Inputs {
		spent[i] = in.Ring[in.Real]
	}
	return spent
}

// check refuses what cannot become a transaction.
func (d *Draft) check() error {
	if n := len(d.Inputs); n < 1 || n > MaxInputs {
		return invalid("%d inputs, 1 to %d are possible", n, MaxInputs)
	}
	if n := len(d.Outputs); n < 1 || n > MaxOutputs {
		return invalid("%d outputs, 1 to %d are possible", n, MaxOutputs)
	}
	if len(d.Data) > MaxData {
		return invalid("%d bytes of data, %d are possible", len(d.Data), MaxData)
	}
	var rings rings
	for i := range d.Inputs {
		in := &d.Inputs[i]
		if err := rings.add(in.Ring, in.Real); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		if err := in.check(); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
	}
	for i, o := range d.Outputs {
		if err := checkAddress(o.Address, d.Outputs[0].Address.Network); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return d.checkSum()
}

// check refuses an input that is not what its ring says or does not open.
func (in *Input) check() error {
	switch real := in.Ring[in.Real]; {
	case in.Mask == nil || in.Offset == nil:
		return invalid("no mask or no offset")
	case real.Key != in.Key || real.Commitment != in.Commitment:
		return invalid("the ring has another output in its place")
	case [keys.Size]byte(keys.Commit(in.Mask, in.Amount).Bytes()) != in.Commitment:
		return invalid("mask and amount do not open the commitment")
	}
	return nil
}

// checkAddress refuses an address that cannot be paid by this package, or is of
// another network.
func checkAddress(a address.Address, network address.Network) error {
	if a.Network != network || a.Network > address.Testnet {
		return invalid("an address of %s and one of %s", a.Network, network)
	}
	if a.Kind != address.Standard && a.Kind != address.Subaddress || a.PaymentID != [8]byte{} {
		return invalid("%s address or payment ID", a.Kind)
	}
	for _, key := range [][keys.Size]byte{a.Spend, a.View} {
		if _, err := keys.DecodePrimeOrder(key[:]); err != nil {
			return invalid("address: %w", err)
		}
	}
	return nil
}

// A total is a sum of amounts in piconero, of 128 bits.
type total struct{ high, low uint64 }

func (t *total) add(amount uint64) {
	var carry uint64
	t.low, carry = bits.Add64(t.low, amount, 0)
	t.high += carry // there are far fewer than 2⁶⁴ amounts
}

// checkSum refuses inputs that are not all of outputs and fee.
func (d *Draft) checkSum() error {
	var in, out total
	for i := range d.Inputs {
		in.add(d.Inputs[i].Amount)
	}
	for _, o := range d.Outputs {
		out.add(o.Amount)
	}
	out.add(d.Fee)
	if in != out {
		return invalid("inputs are not the sum of outputs and fee")
	}
	return nil
}
