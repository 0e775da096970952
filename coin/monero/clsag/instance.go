package clsag

import (
	"crypto/sha512"
	"fmt"
	"io"
	"sync/atomic"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// input is an algorithm for its key, before the key images are known.
type input struct {
	*algorithm
	key []byte
}

var _ frost.Joint = (*input)(nil)

// DeriveNonces hashes 32 fresh bytes for each nonce with the secret, the input
// and extra. The message is not known yet.
func (in *input) DeriveNonces(random io.Reader, secret frost.Scalar, public frost.Element, extra []byte) (hiding, binding frost.Scalar, err error) {
	encoded := secret.Bytes()
	defer clear(encoded)
	var nonces [2]frost.Scalar
	for i := range nonces {
		var fresh [32]byte
		if _, err := io.ReadFull(random, fresh[:]); err != nil {
			return nil, nil, fmt.Errorf("clsag: random bytes: %w", err)
		}
		h := sha512.New()
		h.Write([]byte("CLSAG nonces v1"))
		h.Write(fresh[:])
		h.Write(encoded)
		h.Write(public.Bytes())
		h.Write(in.key)
		h.Write(in.digest[:])
		h.Write([]byte{byte(i)})
		h.Write(extra)
		var wide [64]byte
		h.Sum(wide[:0])
		nonces[i] = ed25519.Group.ScalarFromUniform(&wide)
		clear(wide[:])
		clear(fresh[:])
	}
	return nonces[0], nonces[1], nil
}

// Join completes the instance by the key images of all inputs.
func (in *input) Join(images [][]frost.Element) (frost.Instance, error) {
	j, err := in.work.join(images)
	if err != nil {
		return nil, err
	}
	st, err := in.statement(j.message, &j.images[in.position])
	if err != nil {
		return nil, err
	}
	return &joined{input: in, joint: j, statement: st}, nil
}

// Coefficient hashes the binding and the input. Nothing is signed with it.
func (in *input) Coefficient(b *frost.Binding) frost.Scalar {
	wide := b.Hash("CLSAG, not joined", in.digest[:])
	return ed25519.Group.ScalarFromUniform(&wide)
}

// Challenge returns an error: only what Join returns can sign.
func (*input) Challenge(_, _ []frost.Element) (frost.Challenge, error) {
	return frost.Challenge{}, errNotJoined
}

// Signature returns an error: only what Join returns can sign.
func (*input) Signature(_, _ []frost.Element, _ frost.Scalar) ([]byte, error) {
	return nil, errNotJoined
}

// joined is an input in a session: the key images are known.
type joined struct {
	*input
	*joint
	statement *statement
	last      atomic.Pointer[loop]
}

// Coefficient hashes the binding, the input and what is signed: the message
// and the images of all inputs.
func (in *joined) Coefficient(b *frost.Binding) frost.Scalar {
	bound := [][]byte{in.digest[:], in.message[:]}
	for i := range in.images {
		bound = append(bound, in.images[i].encoded[:])
	}
	wide := b.Hash("CLSAG", bound...)
	return ed25519.Group.ScalarFromUniform(&wide)
}

// loop is a ring with the nonces of a session: everything but the response of
// the real member.
type loop struct {
	nonces     [2][32]byte
	responses  []edwards25519.Scalar
	first, own *edwards25519.Scalar // the challenges of the first and the real member
}

// close returns the ring with these nonces. It remembers the last one: a session
// asks twice for the same.
func (in *joined) close(nonces []frost.Element) (*loop, error) {
	encoded := [2][32]byte{[32]byte(nonces[0].Bytes()), [32]byte(nonces[1].Bytes())}
	if l := in.last.Load(); l != nil && l.nonces == encoded {
		return l, nil
	}
	l := &loop{nonces: encoded, responses: in.responses(in.seed(&encoded))}
	var err error
	if l.first, l.own, err = in.statement.around(in.real, encoded[0], encoded[1], l.responses); err != nil {
		return nil, err
	}
	in.last.Store(l)
	return l, nil
}

// seed is that of the decoys' responses: a hash of the session's nonces and of
// everything that is signed. All signers have the same, and nobody who does not
// know the masks and the offset has it. It follows from what the coefficient
// binds, so no signer has a choice of the challenge.
func (in *joined) seed(nonces *[2][32]byte) *[64]byte {
	h := sha512.New()
	h.Write([]byte("CLSAG responses v1"))
	h.Write(nonces[0][:])
	h.Write(nonces[1][:])
	h.Write(in.digest[:])
	h.Write(in.key)
	h.Write(in.message[:])
	for i := range in.images {
		h.Write(in.images[i].encoded[:])
	}
	seed := new([64]byte)
	h.Sum(seed[:0])
	return seed
}

// Challenge goes around the ring. The answer is r − c·μP·x.
func (in *joined) Challenge(nonces, _ []frost.Element) (frost.Challenge, error) {
	l, err := in.close(nonces)
	if err != nil {
		return frost.Challenge{}, err
	}
	return frost.Challenge{Factor: ed25519.ScalarOf(in.factor(l))}, nil
}

// factor is −c·μP.
func (in *joined) factor(l *loop) *edwards25519.Scalar {
	factor := new(edwards25519.Scalar).Multiply(l.own, in.statement.weightKey)
	return factor.Negate(factor)
}

// Signature completes the signers' answer with the offset and the masks,
// −c·(μP·offset + μC·z), and verifies the signature as everybody will. It returns
// the key image and the signature, for ParseSigned.
func (in *joined) Signature(nonces, _ []frost.Element, answer frost.Scalar) ([]byte, error) {
	if in.err != nil {
		return nil, fmt.Errorf("clsag: message: %w", in.err)
	}
	l, err := in.close(nonces)
	if err != nil {
		return nil, err
	}
	s := answer.(*ed25519.Scalar).Value()
	s.MultiplyAdd(in.factor(l), in.offset, s)
	mask := new(edwards25519.Scalar).Multiply(l.own, in.statement.weightMask)
	s.Subtract(s, mask.Multiply(mask, in.mask))
	signature := in.assemble(l.first, l.responses, s)
	image := in.images[in.position].encoded
	if err := signature.verify(in.message, in.ring, image, &in.pseudoOut); err != nil {
		return nil, err
	}
	return appendSigned(nil, image, signature), nil
}
