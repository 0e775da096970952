package clsag

import (
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin/monero/keys"
)

// RingSize is the number of members that hard fork 16 demands of every ring.
const RingSize = 16

// A Member is an output of a ring.
type Member struct {
	// Key is the output's one-time key.
	Key [32]byte
	// Commitment is that to the output's amount.
	Commitment [32]byte
}

// A Signature is a CLSAG as a transaction has it. It does not hold the key
// image, which is part of the transaction's input.
type Signature struct {
	// S are the responses, one for each member of the ring.
	S [][32]byte
	// C1 is the challenge of the ring's first member.
	C1 [32]byte
	// D is the image of the difference of the masks, times 1/8.
	D [32]byte
}

// ErrEncoding reports bytes that are not those of a signature.
var ErrEncoding = errors.New("clsag: not a signature for a ring of this size")

// Size is the length in bytes of a signature for a ring.
func Size(ring int) int { return (ring + 2) * keys.Size }

// Append appends the signature as a transaction has it: s of every member, c1
// and D, 32 bytes each.
func (s *Signature) Append(b []byte) []byte {
	b = slices.Grow(b, Size(len(s.S)))
	for i := range s.S {
		b = append(b, s.S[i][:]...)
	}
	b = append(b, s.C1[:]...)
	return append(b, s.D[:]...)
}

// Parse reads what Append appended for a ring of so many members, and nothing
// else. Whether the scalars and the point are any is for Verify.
func Parse(b []byte, ring int) (*Signature, error) {
	if ring < 1 || ring > len(b)/keys.Size || len(b) != Size(ring) {
		return nil, fmt.Errorf("%w: %d bytes, %d members", ErrEncoding, len(b), ring)
	}
	s := &Signature{S: make([][32]byte, ring)}
	for i := range s.S {
		s.S[i] = [32]byte(b[i*keys.Size:])
	}
	s.C1 = [32]byte(b[ring*keys.Size:])
	s.D = [32]byte(b[(ring+1)*keys.Size:])
	return s, nil
}

// ParseSigned reads what an instance of Work returns for a ring of so many
// members: the key image, 32 bytes, and the signature.
func ParseSigned(b []byte, ring int) (image [32]byte, s *Signature, err error) {
	if len(b) < keys.Size {
		return image, nil, fmt.Errorf("%w: no key image", ErrEncoding)
	}
	if s, err = Parse(b[keys.Size:], ring); err != nil {
		return image, nil, err
	}
	return [32]byte(b), s, nil
}

// appendSigned appends what ParseSigned reads.
func appendSigned(b []byte, image [32]byte, s *Signature) []byte {
	return s.Append(append(b, image[:]...))
}
