package frost

import (
	"crypto/sha512"
	"encoding/binary"
	"fmt"

	"github.com/serai-go/processor/internal/wire"
)

// Verify checks the share of one validator of the session, over all items. It
// returns nil, a *Fault, or ErrNotMember.
func (s *Session) Verify(validator uint16, share []byte) error {
	i, err := s.position(validator)
	if err != nil {
		return fmt.Errorf("frost: verify: %w", err)
	}
	answers, err := s.decodeShare(share)
	if err != nil {
		return &Fault{validator, err}
	}
	if !s.hold([]int{i}, [][]Scalar{answers}) {
		return &Fault{validator, ErrEquation}
	}
	return nil
}

// CheckShare checks the form of a share of a session with this work: its length
// and its scalars, not its equation. The error wraps ErrAnswer.
func CheckShare(key *PublicKey, work []Algorithm, share []byte) error {
	_, err := decodeShare(key.group, len(work), share)
	return err
}

// VerifyAll checks the shares of all members, given in their order, and returns
// those at fault. It checks all at once first, so that no fault costs the least;
// a missing share, nil, is not checked.
func (s *Session) VerifyAll(shares [][]byte) Faults {
	faults := make([]*Fault, len(s.members))
	var positions []int
	var answers [][]Scalar
	for i, m := range s.members {
		if i >= len(shares) || shares[i] == nil {
			continue
		}
		decoded, err := s.decodeShare(shares[i])
		if err != nil {
			faults[i] = &Fault{m.Validator, err}
			continue
		}
		positions = append(positions, i)
		answers = append(answers, decoded)
	}
	if len(positions) > 0 && !s.hold(positions, answers) {
		for _, i := range s.bisect(positions, answers) {
			faults[i] = &Fault{s.members[i].Validator, ErrEquation}
		}
	}
	var found Faults
	for _, fault := range faults {
		if fault != nil {
			found = append(found, fault)
		}
	}
	return found
}

// bisect returns the positions whose answers do not hold, among some that do
// not hold together.
func (s *Session) bisect(positions []int, answers [][]Scalar) []int {
	if len(positions) == 1 {
		return positions
	}
	half := len(positions) / 2
	left, right := positions[:half:half], positions[half:]
	var wrong []int
	leftHolds := s.hold(left, answers[:half])
	if !leftHolds {
		wrong = s.bisect(left, answers[:half])
	}
	if leftHolds || !s.hold(right, answers[half:]) {
		wrong = append(wrong, s.bisect(right, answers[half:])...)
	}
	return wrong
}

func (s *Session) decodeShare(share []byte) ([]Scalar, error) {
	return decodeShare(s.key.group, len(s.items), share)
}

// decodeShare decodes a share of so many signatures.
func decodeShare(group Group, items int, share []byte) ([]Scalar, error) {
	size := group.ScalarSize()
	if len(share) != size*items {
		return nil, fmt.Errorf("%w: %d bytes, %d wanted", ErrAnswer, len(share), size*items)
	}
	answers := make([]Scalar, items)
	for i := range answers {
		var err error
		if answers[i], err = group.DecodeScalar(share[size*i:][:size]); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
		}
	}
	return answers, nil
}

// hold reports whether the answers of the members at the given positions all
// satisfy their equations. An answer z to an item has one equation for every
// generator H, with X the image of the member's λ-weighted secret under H:
//
//	z·H = ±(D + b·E) + c·X
//
// Several equations are checked as one sum with weights of 128 bits, which are a
// hash of the session and the answers, so that everybody reaches the same
// verdict. A false equation passes with probability 2⁻¹²⁸; a single equation is
// checked exactly.
func (s *Session) hold(positions []int, answers [][]Scalar) bool {
	group := s.key.group
	weights := s.newWeights(positions, answers)
	var scalars []Scalar
	var elements []Element
	term := func(scalar Scalar, element Element) {
		scalars, elements = append(scalars, scalar), append(elements, element)
	}
	base := group.NewScalar()
	product := group.NewScalar()
	for p, position := range positions {
		m := &s.members[position]
		public := group.NewScalar()
		for i := range s.items {
			it := &s.items[i]
			answer, factor := group.NewScalar().Set(answers[p][i]), group.NewScalar().Set(it.challenge.Factor)
			if it.challenge.Negate {
				// Both sides negated: this keeps the scalar of D short.
				answer.Negate(answer)
				factor.Negate(factor)
			}
			c := &it.commitments[position]
			for k, generator := range it.generators {
				weight := weights.next()
				term(weight, c.hiding[k])
				term(group.NewScalar().Multiply(weight, it.coefficient), c.binding[k])
				weighted := group.NewScalar().Multiply(weight, factor)
				if k == 0 {
					base.Add(base, product.Multiply(weight, answer))
					public.Add(public, weighted)
					continue
				}
				scalar := group.NewScalar().Multiply(weight, answer)
				term(scalar.Negate(scalar), generator)
				for j, images := range c.images {
					term(group.NewScalar().Multiply(weighted, m.lambda[j]), images[k-1])
				}
			}
		}
		for j, share := range m.public {
			term(group.NewScalar().Multiply(public, m.lambda[j]), share)
		}
	}
	return group.VarTimeMultiScalarMult(nil, scalars, elements).Equal(group.NewElement().VarTimeMultiplyBase(base))
}

// weights are the weights of the equations that are checked together: 1, then
// scalars of 128 bits.
type weights struct {
	group Group
	seed  [64]byte
	count uint32
}

func (s *Session) newWeights(positions []int, answers [][]Scalar) *weights {
	var w wire.Writer
	w.String("FROST share weights v1")
	w.Fixed(s.digest[:])
	for p, position := range positions {
		w.Uint16(s.members[position].Validator)
		for _, answer := range answers[p] {
			w.Fixed(answer.Bytes())
		}
	}
	return &weights{group: s.key.group, seed: sha512.Sum512(w.Data())}
}

func (w *weights) next() Scalar {
	weight := w.group.NewScalar()
	if w.count == 0 {
		w.count++
		return weight.SetUint64(1)
	}
	hash := sha512.Sum512_256(binary.LittleEndian.AppendUint32(w.seed[:], w.count))
	w.count++
	// high·2⁶⁴ + low, without regard to the byte order of the group.
	low, shift := w.group.NewScalar(), w.group.NewScalar().SetUint64(1<<32)
	weight.SetUint64(binary.LittleEndian.Uint64(hash[8:]))
	weight.Multiply(weight, shift).Multiply(weight, shift)
	return weight.Add(weight, low.SetUint64(binary.LittleEndian.Uint64(hash[:])))
}
