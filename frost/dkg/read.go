package dkg

import (
	"crypto/sha512"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
)

// ErrDeal is wrapped by the errors about a deal that breaks the rules. As no
// honest validator can send such a deal, they convict the sender.
var ErrDeal = errors.New("dkg: invalid deal")

// Deal is a decoded deal.
type Deal struct {
	// Dealer is the participant that sent it.
	Dealer uint16
	// Hash is the hash of its bytes.
	Hash [32]byte

	differences [keys][]frost.Element
	ephemeral   frost.Element
	encoded     []byte   // the ephemeral key as sent
	shares      [][]byte // one ciphertext per participant
	proofs      []proof  // as many as keys, and one
}

// ReadDeal decodes what a participant broadcast and makes every check that
// needs no secret. It fails alike for everybody, always with ErrDeal.
func (s *Setup) ReadDeal(from uint16, raw []byte) (*Deal, error) {
	d, err := s.DecodeDeal(from, raw)
	if err != nil {
		return nil, err
	}
	if faulty := s.VerifyDeals([]*Deal{d}); len(faulty) > 0 {
		return nil, fmt.Errorf("%w of participant %d: %w", ErrDeal, from, errProof)
	}
	return d, nil
}

// DecodeDeal is ReadDeal without the check of the proofs, which VerifyDeals
// makes for many deals at once. The deal refers to the bytes, which must not
// change any more.
func (s *Setup) DecodeDeal(from uint16, raw []byte) (*Deal, error) {
	d, err := s.decodeDeal(from, raw)
	if err != nil {
		return nil, fmt.Errorf("%w of participant %d: %w", ErrDeal, from, err)
	}
	return d, nil
}

func (s *Setup) decodeDeal(from uint16, raw []byte) (*Deal, error) {
	if int(from) >= len(s.identities) {
		return nil, fmt.Errorf("no such participant")
	}
	// A longer list of commitments would raise the threshold, so the length is
	// what the setup says and nothing else.
	if len(raw) != s.dealSize() {
		return nil, fmt.Errorf("%d bytes, not %d", len(raw), s.dealSize())
	}
	rest := raw
	next := func(n int) []byte {
		b := rest[:n:n]
		rest = rest[n:]
		return b
	}
	if v := next(1)[0]; v != version {
		return nil, fmt.Errorf("version %d", v)
	}
	if [32]byte(next(32)) != s.hash {
		return nil, errors.New("made for another setup")
	}
	d := &Deal{Dealer: wire.NewReader(next(2)).Uint16()}
	if d.Dealer != from {
		return nil, fmt.Errorf("names participant %d", d.Dealer)
	}

	var constants [keys][]byte // as sent
	for key, g := range s.groups {
		d.differences[key] = make([]frost.Element, s.params.Threshold)
		for k := range d.differences[key] {
			b := next(g.WideSize())
			var err error
			if d.differences[key][k], err = g.DecodeWide(b); err != nil {
				return nil, fmt.Errorf("%s commitment %d: %w", roles[key], k, err)
			}
			if k == 0 {
				constants[key] = b
			}
		}
	}
	d.encoded = next(ed25519.Group.WideSize())
	var err error
	if d.ephemeral, err = ed25519.Group.DecodeWide(d.encoded); err != nil {
		return nil, fmt.Errorf("ephemeral key: %w", err)
	}
	d.shares = make([][]byte, len(s.identities))
	for p := range d.shares {
		d.shares[p] = next(s.Weight(uint16(p))*keys*shareSize + tagSize)
	}

	message := sha512.Sum512_256(raw[:s.bodySize()])
	d.Hash = digest("deal", func(w *wire.Writer) {
		w.Fixed(message[:])
		w.Fixed(rest)
	})
	read := func(g frost.Group, role string, x frost.Element, statement []byte) error {
		p, err := readProof(g, role, message[:], x, statement, next(proofSize(g)))
		d.proofs = append(d.proofs, p)
		return err
	}
	for key, g := range s.groups {
		if err := read(g, proofRole(key), d.differences[key][0], constants[key]); err != nil {
			return nil, fmt.Errorf("proof for the %s: %w", proofRole(key), err)
		}
	}
	if err := read(ed25519.Group, ephemeralRole, d.ephemeral, d.encoded); err != nil {
		return nil, fmt.Errorf("proof for the ephemeral key: %w", err)
	}
	return d, nil
}

// VerifyDeals checks the proofs of decoded deals and returns the dealers, in
// the order of the list, whose do not hold: they are convicted. All are checked
// in one equation per group, and each deal on its own only if that fails. The
// result is the same for everybody.
func (s *Setup) VerifyDeals(deals []*Deal) (faulty []uint16) {
	if s.proofsHold(deals) {
		return nil
	}
	for i, d := range deals {
		if !s.proofsHold(deals[i : i+1]) {
			faulty = append(faulty, d.Dealer)
		}
	}
	return faulty
}

func (s *Setup) proofsHold(deals []*Deal) bool {
	var proofs []proof
	for _, d := range deals {
		proofs = append(proofs, d.proofs...)
	}
	return hold(s.proofsSeed(deals), proofs)
}

// proofsSeed depends on all proofs and what they are for, as the hash of a deal
// does.
func (s *Setup) proofsSeed(deals []*Deal) [32]byte {
	return digest("proofs", func(w *wire.Writer) {
		w.Fixed(s.hash[:])
		w.Count(len(deals))
		for _, d := range deals {
			w.Fixed(d.Hash[:])
		}
	})
}
