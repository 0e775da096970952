package clsag

import (
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// ErrInput reports an input that cannot be signed.
var ErrInput = errors.New("clsag: impossible input")

// An Input is an output to be spent and the ring it hides in. Who knows it knows
// which member is spent and how much that is, but cannot spend it. It prints as
// "[redacted]".
type Input struct {
	// Ring has at least two members, decoys that the caller has checked among
	// them.
	Ring []Member
	// Real is the position in Ring of the output that is spent.
	Real int
	// Offset is the output's one-time private key less the key that signs: the
	// scalar of the shared key and, for a subaddress, its scalar.
	Offset *edwards25519.Scalar
	// Mask is that of the output's commitment, PseudoMask that of the
	// pseudo-output. They are different.
	Mask, PseudoMask *edwards25519.Scalar
	// Amount is the output's, in piconero.
	Amount uint64
}

// Format implements fmt.Formatter.
func (Input) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Input) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler.
func (Input) MarshalText() ([]byte, error) { return []byte(redacted), nil }

const redacted = "[redacted]"

// PseudoOut returns the pseudo-output, the commitment PseudoMask·G + Amount·H.
func (in *Input) PseudoOut() [32]byte {
	return [32]byte(keys.Commit(in.PseudoMask, in.Amount).Bytes())
}

// prepared is an Input, checked, with what does not depend on the key. It does
// not change.
type prepared struct {
	ring      *ring
	real      int
	offset    *edwards25519.Scalar
	mask      *edwards25519.Scalar // z, the difference of the masks
	pseudoOut encodedPoint
	d         encodedPoint // D' = z/8·Hp(P)
	// digest is a hash of the whole input.
	digest [64]byte
}

// prepare checks an input. It takes constant time in the input's secrets.
func prepare(in *Input) (*prepared, error) {
	switch {
	case in.Offset == nil || in.Mask == nil || in.PseudoMask == nil:
		return nil, fmt.Errorf("%w: a scalar is missing", ErrInput)
	case len(in.Ring) < 2:
		return nil, fmt.Errorf("%w: a ring of %d hides nothing", ErrInput, len(in.Ring))
	case in.Real < 0 || in.Real >= len(in.Ring):
		return nil, fmt.Errorf("%w: member %d of %d", ErrInput, in.Real, len(in.Ring))
	}
	if [32]byte(keys.Commit(in.Mask, in.Amount).Bytes()) != in.Ring[in.Real].Commitment {
		return nil, fmt.Errorf("%w: the commitment does not open", ErrInput)
	}
	mask := new(edwards25519.Scalar).Subtract(in.Mask, in.PseudoMask)
	if mask.Equal(edwards25519.NewScalar()) == 1 {
		// D would be the identity, which no verifier takes.
		return nil, fmt.Errorf("%w: the masks are equal", ErrInput)
	}
	r, err := newRing(in.Ring)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	p := &prepared{ring: r, real: in.Real, offset: new(edwards25519.Scalar).Set(in.Offset), mask: mask}
	p.pseudoOut.point = *keys.Commit(in.PseudoMask, in.Amount)
	p.pseudoOut.encoded = [32]byte(p.pseudoOut.point.Bytes())
	eighth := keys.InverseEight()
	p.d.point.ScalarMult(eighth.Multiply(eighth, mask), p.hash())
	p.d.encoded = [32]byte(p.d.point.Bytes())
	p.digest = in.digest()
	return p, nil
}

// hash is Hp(P) of the real member.
func (p *prepared) hash() *edwards25519.Point { return &p.ring.hashes[p.real] }

// key is the real member's.
func (p *prepared) key() *edwards25519.Point { return &p.ring.keys[p.real] }

// digest hashes the whole input.
func (in *Input) digest() (sum [64]byte) {
	h := sha512.New()
	h.Write([]byte("CLSAG input v1"))
	var numbers [24]byte
	binary.LittleEndian.PutUint64(numbers[:], uint64(len(in.Ring)))
	binary.LittleEndian.PutUint64(numbers[8:], uint64(in.Real))
	binary.LittleEndian.PutUint64(numbers[16:], in.Amount)
	h.Write(numbers[:])
	for _, m := range in.Ring {
		h.Write(m.Key[:])
		h.Write(m.Commitment[:])
	}
	for _, secret := range []*edwards25519.Scalar{in.Offset, in.Mask, in.PseudoMask} {
		encoded := secret.Bytes()
		h.Write(encoded)
		clear(encoded)
	}
	h.Sum(sum[:0])
	return sum
}

// statement prepares the challenges of the input under its key image.
func (p *prepared) statement(message [32]byte, image *encodedPoint) (*statement, error) {
	return newStatement(p.ring, message, &p.pseudoOut, image, &p.d)
}

// responses returns a response for every member but the real one, whose is
// zero, out of a stream: whoever does not know the seed cannot tell them from
// the real one.
func (p *prepared) responses(seed *[64]byte) []edwards25519.Scalar {
	list := make([]edwards25519.Scalar, len(p.ring.members))
	for i := range list {
		if i != p.real {
			list[i] = *drawn(seed, "response", uint32(i))
		}
	}
	return list
}

// drawn returns a scalar out of the stream of a seed.
func drawn(seed *[64]byte, purpose string, number uint32) *edwards25519.Scalar {
	h := sha512.New()
	h.Write([]byte("CLSAG " + purpose + " v1"))
	h.Write(seed[:])
	h.Write(binary.LittleEndian.AppendUint32(nil, number))
	var wide [64]byte
	h.Sum(wide[:0])
	s, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		panic(err) // only for another length
	}
	clear(wide[:])
	return s
}

// assemble completes a signature by the real member's response.
func (p *prepared) assemble(first *edwards25519.Scalar, responses []edwards25519.Scalar, own *edwards25519.Scalar) *Signature {
	s := &Signature{S: make([][32]byte, len(responses)), C1: [32]byte(first.Bytes()), D: p.d.encoded}
	for i := range responses {
		s.S[i] = [32]byte(responses[i].Bytes())
	}
	s.S[p.real] = [32]byte(own.Bytes())
	return s
}
