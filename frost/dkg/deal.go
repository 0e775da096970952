package dkg

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
)

// ErrNotParticipant is returned to an identity that the setup does not name.
var ErrNotParticipant = errors.New("dkg: identity is not among the participants")

// ErrDeal is wrapped by the errors about a deal that breaks the rules. As no
// honest validator can send such a deal, they convict the sender.
var ErrDeal = errors.New("dkg: invalid deal")

const (
	shareSize = 32 // of a scalar of either group
	tagSize   = 16 // of AES-GCM
)

// A deal is, without any lengths in between, as the setup implies them all:
//
//	version 1 | setup hash 32 | dealer 2
//	per key:         t commitments
//	                 ephemeral key 32
//	per participant: ciphertext, 32 bytes per share index and key, and 16
//	per key:         proof of knowledge of the constant term
//	                 proof of knowledge of the ephemeral key
//
// Commitments are in the form of frost.Group.DecodeCleared. The proofs are for
// the hash of all that stands before them.
func (s *Setup) dealSize() int {
	size := 1 + 32 + 2
	for _, g := range s.groups {
		size += int(s.params.Threshold)*g.ElementSize() + g.ElementSize() + g.ScalarSize()
	}
	return size + 32 + proofSize + s.Total()*keys*shareSize + len(s.identities)*tagSize
}

// proofRole names what the proof for a key's constant term is for.
func proofRole(key int) string { return roles[key] + " constant" }

const ephemeralRole = "ephemeral"

// Deal returns the one deal of this identity in this setup. It is secret-free
// and may be broadcast any number of times. The error is ErrNotParticipant.
func (s *Setup) Deal(id *Identity) ([]byte, error) {
	dealer, ok := s.Find(id.public)
	if !ok {
		return nil, ErrNotParticipant
	}
	seed := expand(id.seed[:], "deal", s.hash[:], 32)
	defer clear(seed)

	var w wire.Writer
	w.Uint8(version)
	w.Fixed(s.hash[:])
	w.Uint16(dealer)

	var polynomials [keys]polynomial
	var constants [keys][]byte // as sent
	for key, g := range s.groups {
		f := newPolynomial(g, seed, roles[key], int(s.params.Threshold))
		defer f.erase()
		polynomials[key] = f
		inverse := g.CofactorInverse()
		for k, a := range f {
			commitment := g.NewElement().MultiplyBase(g.NewScalar().Multiply(a, inverse)).Bytes()
			if k == 0 {
				constants[key] = commitment
			}
			w.Fixed(commitment)
		}
	}

	e := scalar(ed25519.Group, seed, ephemeralRole, nil)
	defer e.Erase()
	ephemeral := ed25519.Group.NewElement().MultiplyBase(e).Bytes()
	w.Fixed(ephemeral)

	for recipient := range s.identities {
		r := uint16(recipient)
		shared := ed25519.Group.NewElement().Multiply(e, s.identities[r])
		plain := make([]byte, 0, s.Weight(r)*keys*shareSize)
		for i := s.first[r]; i < s.first[r+1]; i++ {
			for key, g := range s.groups {
				value := polynomials[key].at(g, i)
				plain = append(plain, value.Bytes()...)
				value.Erase()
			}
		}
		w.Fixed(s.cipher(shared, dealer, r, ephemeral).Seal(nil, nonce[:], plain, nil))
		clear(plain)
	}

	message := sha512.Sum512_256(w.Data())
	for key, g := range s.groups {
		k := scalar(g, seed, proofRole(key), message[:])
		w.Fixed(prove(g, proofRole(key), message[:], polynomials[key][0], constants[key], k))
		k.Erase()
	}
	k := scalar(ed25519.Group, seed, "ephemeral proof", message[:])
	defer k.Erase()
	w.Fixed(prove(ed25519.Group, ephemeralRole, message[:], e, ephemeral, k))
	return w.Data(), nil
}

// nonce is the nonce of every encryption: each key encrypts once.
var nonce [12]byte

// cipher returns the AEAD of one dealer and one recipient, from the
// Diffie-Hellman element they share.
func (s *Setup) cipher(shared frost.Element, dealer, recipient uint16, ephemeral []byte) cipher.AEAD {
	info := append([]byte(nil), s.hash[:]...)
	info = binary.LittleEndian.AppendUint16(info, dealer)
	info = binary.LittleEndian.AppendUint16(info, recipient)
	info = append(info, ephemeral...)
	info = append(info, s.params.Participants[recipient].Key[:]...)

	secret := shared.Bytes()
	defer clear(secret)
	key := expand(secret, "share", info, 32)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for another block size
	}
	return aead
}

// Deal is a deal that passed all public checks.
type Deal struct {
	// Dealer is the participant that sent it.
	Dealer uint16
	// Hash is the hash of its bytes.
	Hash [32]byte

	commitments [keys][]frost.Element
	ephemeral   frost.Element
	shares      [][]byte // one ciphertext per participant
}

// ReadDeal decodes what a participant broadcast and makes every check that
// needs no secret. It fails alike for everybody, always with ErrDeal.
func (s *Setup) ReadDeal(from uint16, raw []byte) (*Deal, error) {
	d, err := s.readDeal(from, raw)
	if err != nil {
		return nil, fmt.Errorf("%w of participant %d: %w", ErrDeal, from, err)
	}
	return d, nil
}

func (s *Setup) readDeal(from uint16, raw []byte) (*Deal, error) {
	if int(from) >= len(s.identities) {
		return nil, fmt.Errorf("no such participant")
	}
	// A longer list of commitments would raise the threshold, so the length is
	// what the setup says and nothing else.
	if len(raw) != s.dealSize() {
		return nil, fmt.Errorf("%d bytes, not %d", len(raw), s.dealSize())
	}
	r := wire.NewReader(raw)
	next := func(n int) []byte {
		b := make([]byte, n)
		r.Fixed(b)
		return b
	}
	if v := r.Uint8(); v != version {
		return nil, fmt.Errorf("version %d", v)
	}
	if [32]byte(next(32)) != s.hash {
		return nil, errors.New("made for another setup")
	}
	d := &Deal{Dealer: r.Uint16(), Hash: sha512.Sum512_256(raw)}
	if d.Dealer != from {
		return nil, fmt.Errorf("names participant %d", d.Dealer)
	}

	var constants [keys][]byte
	for key, g := range s.groups {
		for k := range int(s.params.Threshold) {
			b := next(g.ElementSize())
			c, err := g.DecodeCleared(b)
			if err != nil {
				return nil, fmt.Errorf("%s commitment %d: %w", roles[key], k, err)
			}
			if k == 0 {
				constants[key] = b
			}
			d.commitments[key] = append(d.commitments[key], c)
		}
	}
	ephemeral := next(ed25519.Group.ElementSize())
	var err error
	if d.ephemeral, err = ed25519.Group.DecodeElement(ephemeral); err != nil {
		return nil, fmt.Errorf("ephemeral key: %w", err)
	}
	for p := range s.identities {
		d.shares = append(d.shares, next(s.Weight(uint16(p))*keys*shareSize+tagSize))
	}

	message := sha512.Sum512_256(raw[:len(raw)-r.Remaining()])
	for key, g := range s.groups {
		proof := next(g.ElementSize() + g.ScalarSize())
		if err := verify(g, proofRole(key), message[:], d.commitments[key][0], constants[key], proof); err != nil {
			return nil, fmt.Errorf("%s constant: %w", roles[key], err)
		}
	}
	if err := verify(ed25519.Group, ephemeralRole, message[:], d.ephemeral, ephemeral, next(proofSize)); err != nil {
		return nil, fmt.Errorf("ephemeral key: %w", err)
	}
	return d, r.Done()
}
