package dkg

import (
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
)

// ErrDeals is wrapped by the errors about a list of deals that make no key.
var ErrDeals = errors.New("dkg: deals do not make a key")

// Result is what everybody gets from the same deals.
type Result struct {
	Batch   *frost.PublicKey // of the group ed25519
	Network *frost.PublicKey // of the coin's group, as dealt: nothing adjusts its parity
	// Transcript is the hash of setup, deals and keys.
	Transcript [32]byte
}

// Combine makes the keys of deals that ReadDeal of this setup returned, in
// ascending order of their dealers, whose weight must reach the threshold: so
// at least one is honest, and the keys are nobody's. Its errors wrap ErrDeals;
// with an honest dealer and such a list they have negligible probability.
func (s *Setup) Combine(deals []*Deal) (*Result, error) {
	if err := s.checkList(deals); err != nil {
		return nil, err
	}
	var public [keys]*frost.PublicKey
	for key, g := range s.groups {
		sum := make([]frost.Element, s.params.Threshold)
		for k := range sum {
			sum[k] = g.NewElement()
			for _, d := range deals {
				sum[k].Add(sum[k], d.commitments[key][k])
			}
		}
		shares := make([]frost.Element, s.Total())
		for i := range shares {
			shares[i] = evaluate(g, sum, i+1)
		}
		var err error
		if public[key], err = frost.NewPublicKey(g, s.params.Threshold, s.weights(), sum[0], shares); err != nil {
			return nil, fmt.Errorf("%w: %s key: %w", ErrDeals, roles[key], err)
		}
	}
	return &Result{
		Batch:   public[batch],
		Network: public[network],
		Transcript: digest("transcript", func(w *wire.Writer) {
			w.Fixed(s.hash[:])
			w.Count(len(deals))
			for _, d := range deals {
				w.Uint16(d.Dealer)
				w.Fixed(d.Hash[:])
			}
			for _, key := range public {
				w.Bytes(key.Bytes())
			}
		}),
	}, nil
}

func (s *Setup) checkList(deals []*Deal) error {
	weight := 0
	for i, d := range deals {
		if i > 0 && d.Dealer <= deals[i-1].Dealer {
			return fmt.Errorf("%w: not in ascending order", ErrDeals)
		}
		weight += s.Weight(d.Dealer)
	}
	if weight < int(s.params.Threshold) {
		return fmt.Errorf("%w: weight %d, threshold %d", ErrDeals, weight, s.params.Threshold)
	}
	return nil
}

// BadDealsError says that dealers sent this recipient values that are not
// those they committed to. Only the recipient can see that.
type BadDealsError struct {
	Dealers []uint16 // ascending
}

func (e *BadDealsError) Error() string {
	return fmt.Sprintf("dkg: participants %v dealt bad shares", e.Dealers)
}

// Shares decrypts and adds up what the deals hold for this identity and checks
// it against the result that Combine made of the same deals. The error is
// ErrNotParticipant, or a *BadDealsError, for which each deal was checked on
// its own, or wraps ErrDeals if the result is of other deals.
func (s *Setup) Shares(id *Identity, deals []*Deal, result *Result) (batchShare, networkShare *frost.KeyShare, err error) {
	self, ok := s.Find(id.public)
	if !ok {
		return nil, nil, ErrNotParticipant
	}
	var sums values
	for key, g := range s.groups {
		for range s.Weight(self) {
			sums[key] = append(sums[key], g.NewScalar())
		}
	}
	for _, d := range deals {
		values, err := s.open(id, self, d)
		if err != nil {
			return nil, nil, s.blame(id, self, deals)
		}
		for key := range s.groups {
			for i, value := range values[key] {
				sums[key][i].Add(sums[key][i], value)
				value.Erase()
			}
		}
	}
	batchShare, err = frost.NewKeyShare(result.Batch, self, sums[batch])
	if err == nil {
		networkShare, err = frost.NewKeyShare(result.Network, self, sums[network])
	}
	if err != nil {
		return nil, nil, s.blame(id, self, deals)
	}
	return batchShare, networkShare, nil
}

// values are scalars per key and share index of one recipient.
type values [keys][]frost.Scalar

// open decrypts what a deal holds for this identity.
func (s *Setup) open(id *Identity, self uint16, d *Deal) (values, error) {
	var v values
	shared := ed25519.Group.NewElement().Multiply(id.secret, d.ephemeral)
	plain, err := s.cipher(shared, d.Dealer, self, d.ephemeral.Bytes()).Open(nil, nonce[:], d.shares[self], nil)
	if err != nil {
		return v, fmt.Errorf("dkg: decrypt the shares of participant %d: %w", d.Dealer, err)
	}
	defer clear(plain)
	for next := plain; len(next) > 0; {
		for key, g := range s.groups {
			value, err := g.DecodeScalar(next[:shareSize])
			if err != nil {
				return v, fmt.Errorf("dkg: share of participant %d: %w", d.Dealer, err)
			}
			v[key] = append(v[key], value)
			next = next[shareSize:]
		}
	}
	return v, nil
}

// blame checks each deal on its own, which is only needed when the sums are
// wrong.
func (s *Setup) blame(id *Identity, self uint16, deals []*Deal) error {
	bad := new(BadDealsError)
	for _, d := range deals {
		if v, err := s.open(id, self, d); err != nil || !s.matches(self, d, v) {
			bad.Dealers = append(bad.Dealers, d.Dealer)
		}
	}
	if len(bad.Dealers) == 0 {
		return fmt.Errorf("%w: the result is of other deals", ErrDeals)
	}
	return bad
}

// matches tells whether values are those the dealer committed to.
func (s *Setup) matches(self uint16, d *Deal, v values) bool {
	for key, g := range s.groups {
		for i, value := range v[key] {
			public := evaluate(g, d.commitments[key], s.first[self]+i)
			if !public.Equal(g.NewElement().MultiplyBase(value)) {
				return false
			}
		}
	}
	return true
}
