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

// Combine makes the keys of deals of this setup that passed all checks, in
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
			sum[k] = g.NewElement().Set(deals[0].differences[key][k])
			for _, d := range deals[1:] {
				sum[k].Add(sum[k], d.differences[key][k])
			}
		}
		var err error
		if public[key], err = frost.DeriveKey(g, s.weights(), sum); err != nil {
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
			for key, g := range s.groups {
				elements := []frost.Element{public[key].Key()}
				for i := range s.Total() {
					elements = append(elements, public[key].Share(uint16(i+1)))
				}
				w.Bytes(g.AppendWide(nil, elements...))
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
// those they committed to. Only the recipient can see that, until it complains.
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
		v, err := s.open(id, self, d)
		if err != nil {
			sums.erase()
			return nil, nil, s.blame(id, self, deals)
		}
		for key := range s.groups {
			for i, value := range v[key] {
				sums[key][i].Add(sums[key][i], value)
			}
		}
		v.erase()
	}
	batchShare, err = frost.NewKeyShare(result.Batch, self, sums[batch])
	if err == nil {
		networkShare, err = frost.NewKeyShare(result.Network, self, sums[network])
	}
	if err != nil {
		sums.erase()
		return nil, nil, s.blame(id, self, deals)
	}
	return batchShare, networkShare, nil
}

// open decrypts what a deal holds for this identity.
func (s *Setup) open(id *Identity, self uint16, d *Deal) (values, error) {
	return s.decrypt(ed25519.Group.NewElement().Multiply(id.secret, d.ephemeral), d, self)
}

// blame checks each deal on its own, which is only needed when the sums are
// wrong.
func (s *Setup) blame(id *Identity, self uint16, deals []*Deal) error {
	bad := new(BadDealsError)
	for _, d := range deals {
		v, err := s.open(id, self, d)
		if err != nil || !s.matches(d, self, v) {
			bad.Dealers = append(bad.Dealers, d.Dealer)
		}
		v.erase()
	}
	if len(bad.Dealers) == 0 {
		return fmt.Errorf("%w: the result is of other deals", ErrDeals)
	}
	return bad
}
