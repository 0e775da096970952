package monero

import (
	"encoding/binary"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/outputs"
	"github.com/serai-go/processor/coin/monero/spend"
)

// Domains of what is hashed for a plan.
const (
	seedDomain = "serai-go/processor monero transaction v1"
	ringDomain = "serai-go/processor monero ring v1"
)

// draft returns the transaction that a plan decides on, its rings left out.
func (c *Coin) draft(plan coin.Plan) (*spend.Draft, error) {
	d := &spend.Draft{Fee: plan.Fee}
	var err error
	if d.Seed, err = c.planSeed(plan); err != nil {
		return nil, err
	}
	to, err := c.addressesOf(plan.Addresses())
	if err != nil {
		return nil, err
	}
	for i, p := range plan.Payments {
		d.Outputs = append(d.Outputs, spend.Output{Address: to[i], Amount: p.Paid})
	}
	for i, o := range plan.Own {
		if own, err := c.Address(plan.Key.Key, o.Kind); err != nil || o.Session == plan.Key.Session && own != o.Address {
			return nil, fmt.Errorf("monero: %w: own output %d goes elsewhere", coin.ErrInvalid, i)
		}
		d.Outputs = append(d.Outputs, spend.Output{Address: to[len(plan.Payments)+i], Amount: o.Amount})
	}
	for i, input := range plan.Inputs {
		opened, err := c.open(plan.Key, input)
		if err != nil {
			return nil, fmt.Errorf("monero: input %d: %w", i, err)
		}
		d.Inputs = append(d.Inputs, opened)
	}
	return d, nil
}

// planSeed is what the transaction of a plan is made from. No two plans have the
// same, and nobody knows it but who sees what the group receives.
func (c *Coin) planSeed(plan coin.Plan) (seed spend.Seed, err error) {
	a, err := c.viewSecret(plan.Key.Key)
	if err != nil {
		return seed, err
	}
	view := a.Bytes()
	defer clear(view)
	id := plan.ID(c.genesis)
	return keys.Keccak256([]byte(seedDomain), view, id[:]), nil
}

// ringSeed is what the ring of an input is chosen by.
func ringSeed(seed spend.Seed, input int) [32]byte {
	return keys.Keccak256([]byte(ringDomain), seed[:], []byte{byte(input >> 8), byte(input)})
}

// open finds out again what it takes to spend an output: the transaction key in
// its Spend bytes and the view key tell.
func (c *Coin) open(key coin.Key, o coin.Output) (in spend.Input, err error) {
	if o.Session != key.Session {
		return in, fmt.Errorf("%w: output %s is of session %d", coin.ErrInvalid, o.ID, o.Session)
	}
	r, depositor, err := readSpend(o, &in)
	if err != nil {
		return in, err
	}
	pair, err := c.pair(key.Key)
	if err != nil {
		return in, err
	}
	derivation := pair.pair.View().Derive(r)
	shared, err := derivation.SharedKey(uint64(o.ID.Index))
	if err != nil {
		return in, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if in.Mask, err = shared.CommitmentMask(); err != nil {
		return in, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	p, err := keys.DecodePrimeOrder(in.Key[:])
	if err != nil {
		return in, fmt.Errorf("%w: one-time key: %w", coin.ErrInvalid, err)
	}
	subaddress := outputs.Address(o.Kind)
	if o.Kind == coin.External {
		subaddress = outputs.External(depositor)
	}
	paid := [keys.Size]byte(shared.SpendKey(p).Bytes())
	own, _, err := pair.pair.Keys(subaddress)
	if err != nil {
		return in, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	if own != paid {
		return in, fmt.Errorf("%w: output %s is not to the %s address of the key", coin.ErrInvalid, o.ID, o.Kind)
	}
	if [keys.Size]byte(keys.Commit(in.Mask, in.Amount).Bytes()) != in.Commitment {
		return in, fmt.Errorf("%w: output %s has another amount", coin.ErrInvalid, o.ID)
	}
	m, err := pair.pair.View().SubaddressScalar(subaddress)
	if err != nil {
		return in, fmt.Errorf("%w: %w", coin.ErrInvalid, err)
	}
	in.Offset = m.Add(m, shared.Scalar())
	return in, nil
}

// readSpend reads an output's Spend bytes, which spendBytes wrote, and returns the
// transaction key and the depositor.
func readSpend(o coin.Output, in *spend.Input) (*edwards25519.Point, uint32, error) {
	if len(o.Spend) != spendSize {
		return nil, 0, fmt.Errorf("%w: output %s is to be spent with %d bytes", coin.ErrInvalid, o.ID, len(o.Spend))
	}
	in.Key = [keys.Size]byte(o.Spend)
	in.Commitment = [keys.Size]byte(o.Spend[keys.Size:])
	in.Amount = o.Amount
	r, err := keys.DecodePoint(o.Spend[2*keys.Size:][:keys.Size])
	if err != nil {
		return nil, 0, fmt.Errorf("%w: transaction key of output %s: %w", coin.ErrInvalid, o.ID, err)
	}
	return r, binary.BigEndian.Uint32(o.Spend[3*keys.Size:]), nil
}

// placeOf returns the number of the block that made an output, and the output's
// place among those of that block, from its Spend bytes, which readSpend has read.
func placeOf(spend []byte) (block, place uint64) {
	at := spend[3*keys.Size+4:]
	return binary.BigEndian.Uint64(at), uint64(binary.BigEndian.Uint32(at[8:]))
}
