// Package dkgtest deals as malicious validators do, for tests of key
// generation: what package frost/dkg never sends. It writes the messages by
// their description, not with that package's code, which so is tested against
// it. Nothing but tests imports this package.
package dkgtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/wire"
)

// Setup is what a dealer knows of a key generation.
type Setup struct {
	Hash      [32]byte // of the dkg.Setup
	Threshold int      // of shares that sign
	// Network is the group of the network key.
	Network frost.Group
	// Keys and Weights are those of the participants.
	Keys    [][32]byte
	Weights []uint16
}

// Cheat is what a dealer does otherwise than an honest one. Each may be nil.
type Cheat struct {
	// Differences changes the drawn forward differences of a key's polynomial
	// before anything is made of them.
	Differences func(key int, f []frost.Scalar)
	// Values changes the plaintext for a participant: 32 bytes for each index
	// and key, the batch key first.
	Values func(recipient int, plain []byte)
	// Body changes the deal before it is proven: after 35 bytes there are
	// Threshold elements of each key and the ephemeral one, in 64 bytes each.
	Body func(body []byte)
	// Constants are proven instead of the dealt ones.
	Constants [2]frost.Scalar
}

const protocol = "serai-go/processor/dkg/"

// Deal returns a deal whose secrets are drawn from rand.
func Deal(s Setup, dealer uint16, rand io.Reader, cheat Cheat) ([]byte, error) {
	groups := [2]frost.Group{ed25519.Group, s.Network}
	total := 0
	for _, weight := range s.Weights {
		total += int(weight)
	}
	body := append([]byte{2}, s.Hash[:]...)
	body = binary.LittleEndian.AppendUint16(body, dealer)
	secrets := cheat.Constants
	var dealt [2][]frost.Scalar // per key, of index 1, 2, …
	for key, g := range groups {
		row := make([]frost.Scalar, s.Threshold)
		for k := range row {
			var err error
			if row[k], err = g.RandomScalar(rand); err != nil {
				return nil, fmt.Errorf("dkgtest: %w", err)
			}
		}
		if cheat.Differences != nil {
			cheat.Differences(key, row)
		}
		for _, d := range row {
			body = append(body, wide(g, d)...)
		}
		if secrets[key] == nil {
			secrets[key] = g.NewScalar().Set(row[0])
		}
		for range total {
			for k := range row[1:] {
				row[k].Add(row[k], row[k+1])
			}
			dealt[key] = append(dealt[key], g.NewScalar().Set(row[0]))
		}
	}
	e, err := ed25519.Group.RandomScalar(rand)
	if err != nil {
		return nil, fmt.Errorf("dkgtest: %w", err)
	}
	ephemeral := wide(ed25519.Group, e)
	body = append(body, ephemeral...)
	index := 0
	for r, key := range s.Keys {
		var plain []byte
		for range s.Weights[r] {
			plain = append(append(plain, dealt[0][index].Bytes()...), dealt[1][index].Bytes()...)
			index++
		}
		if cheat.Values != nil {
			cheat.Values(r, plain)
		}
		aead, err := s.aead(e, dealer, uint16(r), ephemeral, key)
		if err != nil {
			return nil, fmt.Errorf("dkgtest: %w", err)
		}
		body = aead.Seal(body, make([]byte, 12), plain, nil)
	}
	if cheat.Body != nil {
		cheat.Body(body)
	}

	message := sha512.Sum512_256(body)
	deal := body
	at := 35
	for i, g := range []frost.Group{groups[0], groups[1], ed25519.Group} {
		role, x := "ephemeral", e
		if i < 2 {
			role, x = [...]string{"batch constant", "network constant"}[i], secrets[i]
		}
		k, err := g.RandomScalar(rand)
		if err != nil {
			return nil, fmt.Errorf("dkgtest: %w", err)
		}
		nonce := wide(g, k)
		var w wire.Writer
		w.String(protocol + "proof")
		w.Uint8(2)
		w.String(g.Name())
		w.String(role)
		w.Bytes(body[at:][:64])
		w.Fixed(nonce)
		w.Bytes(message[:])
		hash := sha512.Sum512(w.Data())
		c := g.ScalarFromUniform(&hash)
		deal = append(append(deal, nonce...), k.Add(k, c.Multiply(c, x)).Bytes()...)
		at += 64 * s.Threshold
	}
	return deal, nil
}

// aead is the cipher of what the dealer sends to a recipient.
func (s Setup) aead(e frost.Scalar, dealer, recipient uint16, ephemeral []byte, key [32]byte) (cipher.AEAD, error) {
	element, err := ed25519.Group.DecodeElement(key[:])
	if err != nil {
		return nil, err
	}
	info := append([]byte(protocol+"share\x00"), s.Hash[:]...)
	info = binary.LittleEndian.AppendUint16(info, dealer)
	info = binary.LittleEndian.AppendUint16(info, recipient)
	info = append(append(info, ephemeral...), key[:]...)
	secret, err := hkdf.Key(sha512.New, element.Multiply(e, element).Bytes(), nil, string(info), 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// wide returns the wide form that decodes to s·G.
func wide(g frost.Group, s frost.Scalar) []byte {
	part := g.NewScalar().Multiply(s, g.CofactorInverse())
	return g.AppendWide(nil, g.NewElement().MultiplyBase(part))
}
