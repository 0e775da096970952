package dkg

import (
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
)

// complaint opens what one dealer sent to the accuser, for everybody: the
// Diffie-Hellman element S = d·E, with d the accuser's identity secret and E
// the dealer's ephemeral key, and the proof (c, z) that log_B K = log_E S, with
// K the accuser's public key. As E serves one deal only, S opens nothing else.
type complaint struct {
	dealer uint16
	shared frost.Element // S
	c, z   frost.Scalar
}

const complaintSize = 2 + 3*32

// Complain returns the response, in a round, of a participant whom some of the
// deals, given by their dealers in ascending order, gave bad values: it shows
// them to everybody. Only deals that Shares named may be complained of, as a
// complaint of a good one convicts its sender and gives the values away. The
// same complaint is the same bytes. The error is ErrNotParticipant, or wraps
// ErrDeals if the deals do not have such dealers.
func (s *Setup) Complain(id *Identity, round uint8, deals []*Deal, bad []uint16) ([]byte, error) {
	self, ok := s.Find(id.public)
	if !ok {
		return nil, ErrNotParticipant
	}
	var list []complaint
	for _, dealer := range bad {
		d := find(deals, dealer)
		if d == nil || len(list) > 0 && dealer <= list[len(list)-1].dealer {
			return nil, fmt.Errorf("%w: complaint of participant %d", ErrDeals, dealer)
		}
		list = append(list, s.accuse(id, self, d))
	}
	return s.encodeResponse(self, round, responseComplaint, func(w *wire.Writer) { writeComplaints(w, list) }), nil
}

func writeComplaints(w *wire.Writer, list []complaint) {
	w.Count(len(list))
	for _, c := range list {
		w.Uint16(c.dealer)
		w.Fixed(c.shared.Bytes())
		w.Fixed(c.c.Bytes())
		w.Fixed(c.z.Bytes())
	}
}

// readComplaints reads a list of complaints, in ascending order of the dealers
// and not empty. S must be canonical and of prime order.
func (s *Setup) readComplaints(r *wire.Reader) []complaint {
	list := make([]complaint, r.Count(len(s.identities), complaintSize))
	r.Check(len(list) > 0, "no complaints")
	var encoded [32]byte
	for i := range list {
		c := &list[i]
		c.dealer = r.Uint16()
		r.Check(i == 0 || c.dealer > list[i-1].dealer, "order of complaints")
		r.Fixed(encoded[:])
		if r.Err() != nil {
			return nil
		}
		var err error
		if c.shared, err = ed25519.Group.DecodeElement(encoded[:]); err != nil {
			r.Fail(err)
			return nil
		}
		for _, scalar := range []*frost.Scalar{&c.c, &c.z} {
			r.Fixed(encoded[:])
			if *scalar, err = ed25519.Group.DecodeScalar(encoded[:]); err != nil {
				r.Fail(err)
				return nil
			}
		}
	}
	return list
}

// equality is the challenge of the proof that S = d·E and K = d·B for one d,
// with the nonce's multiples kB of B and kE of E.
func (s *Setup) equality(d *Deal, accuser uint16, shared, kB, kE frost.Element) frost.Scalar {
	var w wire.Writer
	w.String(protocol + "complaint")
	w.Uint8(version)
	w.Fixed(s.hash[:])
	w.Uint16(d.Dealer)
	w.Uint16(accuser)
	w.Fixed(d.Hash[:])
	w.Fixed(s.params.Participants[accuser].Key[:])
	for _, e := range []frost.Element{d.ephemeral, shared, kB, kE} {
		w.Fixed(e.Bytes())
	}
	wide := sha512.Sum512(w.Data())
	return ed25519.Group.ScalarFromUniform(&wide)
}

// accuse makes a complaint. The nonce of its proof depends on the secret and
// on all that the proof is of.
func (s *Setup) accuse(id *Identity, self uint16, d *Deal) complaint {
	g := ed25519.Group
	shared := g.NewElement().Multiply(id.secret, d.ephemeral)
	k := scalar(g, id.seed[:], "complaint", append(append(s.hash[:len(s.hash):len(s.hash)], d.Hash[:]...), shared.Bytes()...))
	defer k.Erase()
	c := s.equality(d, self, shared, g.NewElement().MultiplyBase(k), g.NewElement().Multiply(k, d.ephemeral))
	z := g.NewScalar().Multiply(c, id.secret)
	return complaint{dealer: d.Dealer, shared: shared, c: c, z: z.Add(z, k)}
}

var (
	errNoDeal    = errors.New("its deal is none of this round")
	errEquality  = errors.New("the proof does not verify")
	errUnfounded = errors.New("its values are good")
)

// Judge decides the complaints of a response for the round of the given deals,
// in their order. It returns the dealers that are convicted, ascending. An
// error, which wraps ErrResponse, convicts the sender: its first complaint that
// is of no deal of the round, whose proof fails, or whose dealer's values are
// good; later ones are not looked at. Everybody comes to the same verdict.
func (s *Setup) Judge(r *Response, deals []*Deal) (convicted []uint16, err error) {
	for _, c := range r.complaints {
		if err := s.judge(r.From, c, find(deals, c.dealer)); err != nil {
			return convicted, fmt.Errorf("%w of participant %d: complaint of participant %d: %w", ErrResponse, r.From, c.dealer, err)
		}
		convicted = append(convicted, c.dealer)
	}
	return convicted, nil
}

// judge returns nil if the dealer is convicted, and what speaks against the
// accuser if not.
func (s *Setup) judge(accuser uint16, c complaint, d *Deal) error {
	if d == nil {
		return errNoDeal
	}
	g := ed25519.Group
	minus := g.NewScalar().Negate(c.c)
	kB := g.VarTimeMultiScalarMult(c.z, []frost.Scalar{minus}, []frost.Element{s.identities[accuser]})
	kE := g.VarTimeMultiScalarMult(nil, []frost.Scalar{c.z, minus}, []frost.Element{d.ephemeral, c.shared})
	if !s.equality(d, accuser, c.shared, kB, kE).Equal(c.c) {
		return errEquality
	}
	v, err := s.decrypt(c.shared, d, accuser)
	if err == nil && s.matches(d, accuser, v) {
		return errUnfounded
	}
	return nil
}

// find returns the deal of a dealer, or nil.
func find(deals []*Deal, dealer uint16) *Deal {
	for _, d := range deals {
		if d.Dealer == dealer {
			return d
		}
	}
	return nil
}
