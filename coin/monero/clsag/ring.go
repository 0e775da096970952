package clsag

import (
	"fmt"
	"slices"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// ring is a ring, decoded. It does not change. All of it is public.
type ring struct {
	members []Member
	// keys are P_i, commitments C_i, hashes Hp(P_i).
	keys, commitments, hashes []edwards25519.Point
	// encoded are all P_i and then all C_i, as they are hashed.
	encoded []byte
}

// newRing decodes a ring. Its points may be of any order.
func newRing(members []Member) (*ring, error) {
	if len(members) == 0 {
		return nil, fmt.Errorf("%w: no members", ErrRing)
	}
	r := &ring{
		members:     slices.Clone(members),
		keys:        make([]edwards25519.Point, len(members)),
		commitments: make([]edwards25519.Point, len(members)),
		hashes:      make([]edwards25519.Point, len(members)),
	}
	for i := range members {
		key, err := keys.DecodePoint(members[i].Key[:])
		if err != nil {
			return nil, fmt.Errorf("%w: key of member %d: %w", ErrRing, i, err)
		}
		commitment, err := keys.DecodePoint(members[i].Commitment[:])
		if err != nil {
			return nil, fmt.Errorf("%w: commitment of member %d: %w", ErrRing, i, err)
		}
		r.keys[i].Set(key)
		r.commitments[i].Set(commitment)
		r.hashes[i].Set(keys.HashToPoint(members[i].Key))
		r.encoded = append(r.encoded, members[i].Key[:]...)
	}
	for i := range members {
		r.encoded = append(r.encoded, members[i].Commitment[:]...)
	}
	return r, nil
}

// tag returns the 32 bytes that separate the hashes of CLSAG from one another.
func tag(name string) []byte {
	b := make([]byte, keys.Size)
	copy(b, name)
	return b
}

// What the hashes of CLSAG begin with.
var (
	tagKey        = tag("CLSAG_agg_0")
	tagCommitment = tag("CLSAG_agg_1")
	tagRound      = tag("CLSAG_round")
)

var basePoint = edwards25519.NewGeneratorPoint()

// statement is everything that the challenges of a signature depend on but the
// responses. All of it is public.
type statement struct {
	ring *ring
	// differences are C_i − C'.
	differences []edwards25519.Point
	// weightKey is μP, weightMask μC; both is μP·I + μC·D.
	weightKey, weightMask *edwards25519.Scalar
	both                  edwards25519.Point
	// prefix is what the hash of every round begins with.
	prefix []byte
}

// encodedPoint is a point with its encoding.
type encodedPoint struct {
	point   edwards25519.Point
	encoded [32]byte
}

// newStatement prepares the challenges of a ring for the pseudo-output C', the
// key image I and D', an eighth of D.
func newStatement(r *ring, message [32]byte, pseudoOut, image, d *encodedPoint) (*statement, error) {
	st := &statement{ring: r, differences: make([]edwards25519.Point, len(r.members))}
	for i := range st.differences {
		st.differences[i].Subtract(&r.commitments[i], &pseudoOut.point)
	}
	var err error
	hash := func(tag []byte) (*edwards25519.Scalar, error) {
		return keys.HashToScalar(tag, r.encoded, image.encoded[:], d.encoded[:], pseudoOut.encoded[:])
	}
	if st.weightKey, err = hash(tagKey); err != nil {
		return nil, err
	}
	if st.weightMask, err = hash(tagCommitment); err != nil {
		return nil, err
	}
	var whole edwards25519.Point
	whole.MultByCofactor(&d.point)
	st.both.VarTimeMultiScalarMult(
		[]*edwards25519.Scalar{st.weightKey, st.weightMask},
		[]*edwards25519.Point{&image.point, &whole})
	st.prefix = slices.Concat(tagRound, r.encoded, pseudoOut.encoded[:], message[:])
	return st, nil
}

// challenge is the hash of a round: the challenge of the member after the one
// that L and R are of.
func (st *statement) challenge(l, r [32]byte) (*edwards25519.Scalar, error) {
	return keys.HashToScalar(st.prefix, l[:], r[:])
}

// step goes from one member, with its challenge c and its response s, to the
// challenge of the next:
//
//	L = s·G + c·μP·P + c·μC·(C − C')
//	R = s·Hp(P) + c·(μP·I + μC·D)
//
// It takes variable time: all of that is in the signature.
func (st *statement) step(i int, s, c *edwards25519.Scalar) (*edwards25519.Scalar, error) {
	var forKey, forMask edwards25519.Scalar
	forKey.Multiply(c, st.weightKey)
	forMask.Multiply(c, st.weightMask)
	var points [2]edwards25519.Point
	points[0].VarTimeMultiScalarMult(
		[]*edwards25519.Scalar{s, &forKey, &forMask},
		[]*edwards25519.Point{basePoint, &st.ring.keys[i], &st.differences[i]})
	points[1].VarTimeMultiScalarMult(
		[]*edwards25519.Scalar{s, c},
		[]*edwards25519.Point{&st.ring.hashes[i], &st.both})
	var encoded [2][32]byte
	keys.EncodePoints(encoded[:], points[:])
	return st.challenge(encoded[0], encoded[1])
}

// next is the position after i.
func (st *statement) next(i int) int { return (i + 1) % len(st.ring.members) }

// around goes from L and R of one member through the responses of all others.
// It returns the challenge of the ring's first member and that of the member
// where it began, whose response is not looked at.
func (st *statement) around(real int, l, r [32]byte, responses []edwards25519.Scalar) (first, own *edwards25519.Scalar, err error) {
	c, err := st.challenge(l, r)
	if err != nil {
		return nil, nil, err
	}
	for i := st.next(real); ; i = st.next(i) {
		if i == 0 {
			first = c
		}
		if i == real {
			return first, c, nil
		}
		if c, err = st.step(i, &responses[i], c); err != nil {
			return nil, nil, err
		}
	}
}
