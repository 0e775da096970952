package clsag

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"io"

	"filippo.io/edwards25519"
)

// ErrKey reports a key that is not the one of the output that is to be spent.
var ErrKey = errors.New("clsag: the output is not one of this key")

// Sign signs for an input by its whole key: the output's one-time private key is
// key + Offset. It returns the signature and the key image. It reads 64 random
// bytes and mixes in the key and what is signed, so that a failing source of
// randomness alone does not give the key away. It takes constant time in the
// key. The decoys' part, which everybody can compute again from the signature,
// takes variable time.
func Sign(random io.Reader, key *edwards25519.Scalar, in *Input, message [32]byte) (*Signature, [32]byte, error) {
	var none [32]byte
	p, err := prepare(in)
	if err != nil {
		return nil, none, err
	}
	x := new(edwards25519.Scalar).Add(key, p.offset)
	defer erase(x)
	if new(edwards25519.Point).ScalarBaseMult(x).Equal(p.key()) != 1 {
		return nil, none, ErrKey
	}
	image := new(encodedPoint)
	image.point.ScalarMult(x, p.hash())
	image.encoded = [32]byte(image.point.Bytes())
	st, err := p.statement(message, image)
	if err != nil {
		return nil, none, err
	}
	seed, err := hedge(random, x, p, message)
	if err != nil {
		return nil, none, err
	}
	defer clear(seed[:])
	nonce := drawn(seed, "nonce", 0)
	defer erase(nonce)
	responses := p.responses(seed)
	l := [32]byte(new(edwards25519.Point).ScalarBaseMult(nonce).Bytes())
	r := [32]byte(new(edwards25519.Point).ScalarMult(nonce, p.hash()).Bytes())
	first, own, err := st.around(p.real, l, r, responses)
	if err != nil {
		return nil, none, err
	}
	// s = nonce − c·(μP·x + μC·z)
	s := new(edwards25519.Scalar).Multiply(st.weightMask, p.mask)
	s.MultiplyAdd(st.weightKey, x, s)
	s.Multiply(own, s)
	s.Subtract(nonce, s)
	return p.assemble(first, responses, s), image.encoded, nil
}

// hedge returns a seed out of fresh bytes, the private key and what is signed.
func hedge(random io.Reader, x *edwards25519.Scalar, p *prepared, message [32]byte) (*[64]byte, error) {
	var fresh [64]byte
	if _, err := io.ReadFull(random, fresh[:]); err != nil {
		return nil, fmt.Errorf("clsag: random bytes: %w", err)
	}
	defer clear(fresh[:])
	encoded := x.Bytes()
	defer clear(encoded)
	h := sha512.New()
	h.Write([]byte("CLSAG signer v1"))
	h.Write(fresh[:])
	h.Write(encoded)
	h.Write(p.digest[:])
	h.Write(message[:])
	seed := new([64]byte)
	h.Sum(seed[:0])
	return seed, nil
}

// erase overwrites a scalar with zero.
func erase(s *edwards25519.Scalar) { s.Set(edwards25519.NewScalar()) }
