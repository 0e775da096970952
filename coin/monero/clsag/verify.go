package clsag

import (
	"errors"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

var (
	// ErrRing reports a ring that is none.
	ErrRing = errors.New("clsag: invalid ring")
	// ErrSignature reports a signature that does not verify.
	ErrSignature = errors.New("clsag: invalid signature")
)

// Verify checks the signature for an input of a transaction with a message, the
// hash of what is signed: that whoever made it knows the key of a member of the
// ring, of which image is the key image, and the difference of the masks of that
// member's commitment and the pseudo-output's, which so have the same amount. The
// error wraps ErrSignature or ErrRing.
//
// As by consensus, members of the ring and the pseudo-output are any points on
// the curve, with canonical encodings, and a ring has at least one member. That
// a ring has RingSize members, that no image occurs twice and that the amounts
// of pseudo-outputs and outputs are equal is for the caller to check.
func (s *Signature) Verify(message [32]byte, ring []Member, image, pseudoOut [32]byte) error {
	r, err := newRing(ring)
	if err != nil {
		return err
	}
	out, err := keys.DecodePoint(pseudoOut[:])
	if err != nil {
		return fmt.Errorf("%w: pseudo-output: %w", ErrSignature, err)
	}
	return s.verify(message, r, image, &encodedPoint{*out, pseudoOut})
}

// verify is Verify with a decoded ring and pseudo-output.
func (s *Signature) verify(message [32]byte, r *ring, image [32]byte, pseudoOut *encodedPoint) error {
	if len(s.S) != len(r.members) {
		return fmt.Errorf("%w: %d responses, %d members", ErrSignature, len(s.S), len(r.members))
	}
	given, err := keys.DecodeScalar(s.C1[:])
	if err != nil {
		return fmt.Errorf("%w: c1: %w", ErrSignature, err)
	}
	responses := make([]edwards25519.Scalar, len(s.S))
	for i := range s.S {
		if _, err := responses[i].SetCanonicalBytes(s.S[i][:]); err != nil {
			return fmt.Errorf("%w: response %d: %w", ErrSignature, i, keys.ErrScalar)
		}
	}
	i, err := keys.DecodePrimeOrder(image[:])
	if err != nil {
		return fmt.Errorf("%w: key image: %w", ErrSignature, err)
	}
	d, err := keys.DecodePoint(s.D[:])
	if err != nil {
		return fmt.Errorf("%w: D: %w", ErrSignature, err)
	}
	if keys.IsIdentity(new(edwards25519.Point).MultByCofactor(d)) {
		return fmt.Errorf("%w: D: %w", ErrSignature, keys.ErrIdentity)
	}
	st, err := newStatement(r, message, pseudoOut, &encodedPoint{*i, image}, &encodedPoint{*d, s.D})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	// What is compared with the given challenge is computed through the whole
	// ring: given itself stays as it is.
	c := given
	for i := range responses {
		if c, err = st.step(i, &responses[i], c); err != nil {
			return fmt.Errorf("%w: %w", ErrSignature, err)
		}
	}
	if c.Equal(given) != 1 {
		return fmt.Errorf("%w: the ring does not close", ErrSignature)
	}
	return nil
}
