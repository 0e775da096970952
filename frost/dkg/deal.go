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

const (
	shareSize = 32 // of a scalar of either group
	tagSize   = 16 // of AES-GCM
)

// A deal is, without any lengths in between, as the setup implies them all:
//
//	version 1 | setup hash 32 | dealer 2
//	per key:         t forward differences
//	                 ephemeral key 64
//	per participant: ciphertext, 32 bytes per share index and key, and 16
//	per key:         proof of knowledge of the constant term
//	                 proof of knowledge of the ephemeral key
//
// Elements are in the form of frost.Group.DecodeWide. The proofs are for the
// hash of all that stands before them.
func (s *Setup) dealSize() int {
	size := s.bodySize() + proofSize(ed25519.Group)
	for _, g := range s.groups {
		size += proofSize(g)
	}
	return size
}

// bodySize is the size of a deal without its proofs.
func (s *Setup) bodySize() int {
	size := 1 + 32 + 2 + ed25519.Group.WideSize() + s.Total()*keys*shareSize + len(s.identities)*tagSize
	for _, g := range s.groups {
		size += int(s.params.Threshold) * g.WideSize()
	}
	return size
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

	raw := make([]byte, 0, s.dealSize())
	raw = append(raw, version)
	raw = append(raw, s.hash[:]...)
	raw = binary.LittleEndian.AppendUint16(raw, dealer)

	var constants [keys]frost.Scalar
	var encoded [keys][]byte // the constants as sent
	var dealt values
	defer dealt.erase()
	for key, g := range s.groups {
		f := newDifferences(g, seed, roles[key], int(s.params.Threshold))
		defer f.erase()
		commitments := make([]frost.Element, len(f))
		for k, d := range f {
			commitments[k] = overCofactor(g, d)
		}
		first := len(raw)
		raw = g.AppendWide(raw, commitments...)
		constants[key], encoded[key] = f[0], raw[first:][:g.WideSize()]
		dealt[key] = f.values(g, s.Total())
	}

	e := scalar(ed25519.Group, seed, ephemeralRole, nil)
	defer e.Erase()
	ephemeral := wideBase(ed25519.Group, e)
	raw = append(raw, ephemeral...)

	for recipient := range s.identities {
		r := uint16(recipient)
		shared := ed25519.Group.NewElement().Multiply(e, s.identities[r])
		plain := make([]byte, 0, s.Weight(r)*keys*shareSize)
		for i := s.first[r]; i < s.first[r+1]; i++ {
			for key := range s.groups {
				value := dealt[key][i-1].Bytes()
				plain = append(plain, value...)
				clear(value)
			}
		}
		raw = s.cipher(shared, dealer, r, ephemeral).Seal(raw, nonce[:], plain, nil)
		clear(plain)
	}

	message := sha512.Sum512_256(raw)
	for key, g := range s.groups {
		k := scalar(g, seed, proofRole(key), message[:])
		raw = append(raw, prove(g, proofRole(key), message[:], constants[key], encoded[key], k)...)
		k.Erase()
	}
	k := scalar(ed25519.Group, seed, "ephemeral proof", message[:])
	defer k.Erase()
	return append(raw, prove(ed25519.Group, ephemeralRole, message[:], e, ephemeral, k)...), nil
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

// values are scalars per key and share index of one recipient, or of all.
type values [keys][]frost.Scalar

func (v *values) erase() {
	for _, list := range v {
		erase(list)
	}
}

// decrypt opens what a deal holds for a recipient, by the Diffie-Hellman
// element that the two share.
func (s *Setup) decrypt(shared frost.Element, d *Deal, recipient uint16) (v values, err error) {
	plain, err := s.cipher(shared, d.Dealer, recipient, d.encoded).Open(nil, nonce[:], d.shares[recipient], nil)
	if err != nil {
		return v, fmt.Errorf("dkg: decrypt the shares of participant %d: %w", d.Dealer, err)
	}
	defer clear(plain)
	r := wire.NewReader(plain)
	encoded := make([]byte, shareSize)
	defer clear(encoded)
	for r.Remaining() > 0 {
		for key, g := range s.groups {
			r.Fixed(encoded)
			value, err := g.DecodeScalar(encoded)
			if err != nil {
				v.erase()
				return values{}, fmt.Errorf("dkg: share of participant %d: %w", d.Dealer, err)
			}
			v[key] = append(v[key], value)
		}
	}
	return v, nil
}

// valuesSeed depends on all that determines a recipient's values for a key.
func (d *Deal) valuesSeed(recipient uint16, key int) [32]byte {
	return digest("values", func(w *wire.Writer) {
		w.Fixed(d.Hash[:])
		w.Uint16(recipient)
		w.String(roles[key])
	})
}

// matches tells whether values are those at the recipient's indices that the
// dealer committed to, for each key by one sum of Σ C(x, k)·Δᵏ over all indices
// x. Its weights depend on the deal, which determines the values. Constant time
// as regards the values.
func (s *Setup) matches(d *Deal, recipient uint16, v values) bool {
	for key, g := range s.groups {
		coefficients := make([]frost.Scalar, len(d.differences[key]))
		for k := range coefficients {
			coefficients[k] = g.NewScalar()
		}
		secret, product := g.NewScalar(), g.NewScalar()
		row := newBinomials(g, s.first[recipient], len(coefficients))
		for i, a := range combiners(g, d.valuesSeed(recipient, key), len(v[key])) {
			secret.Add(secret, product.Multiply(a, v[key][i]))
			for k := range coefficients {
				coefficients[k].Add(coefficients[k], product.Multiply(a, row[k]))
			}
			row.next()
		}
		committed := g.VarTimeMultiScalarMult(nil, coefficients, d.differences[key])
		equal := committed.Equal(g.NewElement().MultiplyBase(secret))
		secret.Erase()
		product.Erase()
		if !equal {
			return false
		}
	}
	return true
}
