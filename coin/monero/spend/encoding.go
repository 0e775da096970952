package spend

import (
	"fmt"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/wire"
)

// Sizes of parts of an encoded Unsigned in bytes.
const (
	memberSize = 8 + 2*keys.Size
	inputSize  = RingSize*memberSize + 1 + keys.Size
	outputSize = 2 + 2*keys.Size + 8 + keys.Size + 1 + 8 + keys.Size
)

// Bytes returns the one encoding.
func (u *Unsigned) Bytes() []byte {
	var w wire.Writer
	w.Grow(len(u.inputs)*inputSize + len(u.outputs)*(outputSize+1) + len(u.extra) + len(u.proof) + 5*8)
	w.Count(len(u.inputs))
	for i := range u.inputs {
		u.inputs[i].encode(&w)
	}
	w.Count(len(u.outputs))
	for i := range u.outputs {
		u.outputs[i].encode(&w)
	}
	w.Count(len(u.places))
	for _, place := range u.places {
		w.Uint8(uint8(place))
	}
	w.Bytes(u.extra)
	w.Uint64(u.fee)
	w.Bytes(u.proof)
	return w.Data()
}

// Parse reads back Bytes. It refuses what has not the form of something that New
// makes. Whether outputs pay what they are said to pay, Check knows.
func Parse(data []byte) (*Unsigned, error) {
	r := wire.NewReader(data)
	u := new(Unsigned)
	u.decode(r)
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := u.check(); err != nil {
		return nil, err
	}
	return u, nil
}

func (u *Unsigned) decode(r *wire.Reader) {
	u.inputs = make([]unsignedInput, r.Count(MaxInputs, inputSize))
	for i := range u.inputs {
		u.inputs[i].decode(r)
	}
	u.outputs = make([]unsignedOutput, r.Count(MaxOutputs, outputSize))
	for i := range u.outputs {
		u.outputs[i].decode(r)
	}
	u.places = make([]int, r.Count(MaxOutputs, 1))
	for i := range u.places {
		u.places[i] = int(r.Uint8())
	}
	u.extra = r.Bytes(block.MaxRelayExtra)
	u.fee = r.Uint64()
	u.proof = r.Bytes(bulletproofs.Size(MaxOutputs))
}

func (in *unsignedInput) encode(w *wire.Writer) {
	for _, m := range in.ring {
		w.Uint64(m.Index)
		w.Fixed(m.Key[:])
		w.Fixed(m.Commitment[:])
	}
	w.Uint8(uint8(in.real))
	w.Fixed(in.pseudoOut[:])
}

func (in *unsignedInput) decode(r *wire.Reader) {
	in.ring = make([]Member, RingSize)
	for i := range in.ring {
		in.ring[i].Index = r.Uint64()
		r.Fixed(in.ring[i].Key[:])
		r.Fixed(in.ring[i].Commitment[:])
	}
	in.real = int(r.Uint8())
	r.Fixed(in.pseudoOut[:])
}

func (o *unsignedOutput) encode(w *wire.Writer) {
	w.Uint8(uint8(o.Address.Network))
	w.Uint8(uint8(o.Address.Kind))
	w.Fixed(o.Address.Spend[:])
	w.Fixed(o.Address.View[:])
	w.Uint64(o.Amount)
	o.made.encode(w)
}

func (o *unsignedOutput) decode(r *wire.Reader) {
	o.Address.Network = address.Network(r.Uint8())
	o.Address.Kind = address.Kind(r.Uint8())
	r.Fixed(o.Address.Spend[:])
	r.Fixed(o.Address.View[:])
	o.Amount = r.Uint64()
	o.made.decode(r)
}

// check refuses what has not the form of something that New makes.
func (u *Unsigned) check() error {
	n := len(u.outputs)
	if len(u.inputs) == 0 || n < MinOutputs {
		return invalid("%d inputs and %d outputs", len(u.inputs), n)
	}
	var rings rings
	for i, in := range u.inputs {
		if err := rings.add(in.ring, in.real); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
	}
	if err := u.checkPlaces(); err != nil {
		return err
	}
	var out total
	for i, o := range u.outputs {
		if err := checkAddress(o.Address, u.outputs[0].Address.Network); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
		out.add(o.Amount)
	}
	if !isExtra(u.extra) || len(u.extra) != extraSize(formOf(u.addresses()), n, len(u.Data())) {
		return invalid("the extra field is not of its form")
	}
	_, rest, err := bulletproofs.Parse(u.proof)
	switch {
	case err != nil:
		return invalid("range proof: %w", err)
	case len(rest) > 0 || len(u.proof) != bulletproofs.Size(n):
		return invalid("range proof of %d bytes for %d outputs", len(u.proof), n)
	case u.MaxWeight() > maxWeight:
		return invalid("weight %d, nodes relay %d", u.MaxWeight(), maxWeight)
	}
	return nil
}

// checkPlaces refuses places that are not different ones of all outputs, or of
// all but one that was added.
func (u *Unsigned) checkPlaces() error {
	n := len(u.outputs)
	var used [MaxOutputs]bool
	for _, place := range u.places {
		if place >= n || used[place] {
			return invalid("output at place %d of %d, or twice", place, n)
		}
		used[place] = true
	}
	if len(u.places) == n {
		return nil
	}
	if len(u.places) != 1 || n != MinOutputs {
		return invalid("%d outputs, of which %d were asked for", n, len(u.places))
	}
	asked, added := u.outputs[u.places[0]], u.outputs[1-u.places[0]]
	if added.Amount != 0 || added.Address != asked.Address {
		return invalid("an output that nobody asked for")
	}
	return nil
}
