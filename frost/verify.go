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
func (s *Session) VerifyAll(shares [][]byte) Faults { return s.verifyAll(shares, false) }

// verifyAll is VerifyAll; doubted says that all at once would not hold anyway.
func (s *Session) verifyAll(shares [][]byte, doubted bool) Faults {
	faults := make([]*Fault, len(s.members))
	var positions []int
	var answers [][]Scalar
	for i, m := range s.members {
		if i >= len(shares) || shares[i] == nil {
			continue
		}
		decoded, err := s.decodeShare(shares[i])
		if err != nil {
			faults[i] = &Fault{m.validator, err}
			continue
		}
		positions = append(positions, i)
		answers = append(answers, decoded)
	}
	s.set.all(s.key.group) // together they cost one inversion
	if len(positions) > 0 && (doubted || !s.hold(positions, answers)) {
		for _, i := range s.culprits(positions, answers) {
			faults[i] = &Fault{s.members[i].validator, ErrEquation}
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

// culprits returns the positions whose answers do not hold, among some that
// may not hold together. It checks groups of them first. One at a time would
// cost half as much again with one culprit; halving all over again twice as
// much as now, as every answer would be looked at twice.
func (s *Session) culprits(positions []int, answers [][]Scalar) []int {
	groups := 1
	for groups*groups < len(positions) {
		groups++
	}
	size := (len(positions) + groups - 1) / groups
	var wrong []int
	for first := 0; first < len(positions); first += size {
		last := min(first+size, len(positions))
		if size > 1 && s.hold(positions[first:last], answers[first:last]) {
			continue
		}
		for i := first; i < last; i++ {
			if !s.hold(positions[i:i+1], answers[i:i+1]) {
				wrong = append(wrong, positions[i])
			}
		}
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
	weights := &weights{session: s, positions: positions, answers: answers}
	var scalars []Scalar
	var elements []Element
	term := func(scalar Scalar, element Element) {
		scalars, elements = append(scalars, scalar), append(elements, element)
	}
	base := group.NewScalar()
	product := group.NewScalar()
	for p, position := range positions {
		m := &s.members[position]
		lambda := s.set.coefficients(group, m.first, len(m.public))
		public := group.NewScalar()
		for i := range s.items {
			it := &s.items[i]
			answer, factor := group.NewScalar().Set(answers[p][i]), group.NewScalar().Set(it.challenge.Factor)
			if it.challenge.Negate {
				// Both sides negated: this keeps the scalar of D short.
				answer.Negate(answer)
				factor.Negate(factor)
			}
			c := &m.items[i]
			for k, generator := range it.generators {
				weight := weights.next()
				term(weight, c.hiding[k])
				term(group.NewScalar().Multiply(weight, it.bind(position)), c.binding[k])
				weighted := group.NewScalar().Multiply(weight, factor)
				if k == 0 {
					base.Add(base, product.Multiply(weight, answer))
					public.Add(public, weighted)
					continue
				}
				scalar := group.NewScalar().Multiply(weight, answer)
				term(scalar.Negate(scalar), generator)
				for j, images := range c.images {
					term(group.NewScalar().Multiply(weighted, lambda[j]), images[k-1])
				}
			}
		}
		for j, share := range m.public {
			term(group.NewScalar().Multiply(public, lambda[j]), share)
		}
	}
	return group.VarTimeMultiScalarMult(base.Negate(base), scalars, elements).IsIdentity()
}

// weights are the weights of the equations that are checked together: 1, then
// scalars of 128 bits.
type weights struct {
	session   *Session
	positions []int
	answers   [][]Scalar
	seed      [64]byte
	count     uint32
}

func (w *weights) next() Scalar {
	weight := w.session.key.group.NewScalar()
	switch w.count++; w.count {
	case 1:
		return weight.SetUint64(1)
	case 2:
		w.begin()
	}
	hash := sha512.Sum512_256(binary.LittleEndian.AppendUint32(w.seed[:], w.count))
	// high·2⁶⁴ + low, without regard to the byte order of the group.
	low, shift := w.session.key.group.NewScalar(), w.session.key.group.NewScalar().SetUint64(1<<32)
	weight.SetUint64(binary.LittleEndian.Uint64(hash[8:]))
	weight.Multiply(weight, shift).Multiply(weight, shift)
	return weight.Add(weight, low.SetUint64(binary.LittleEndian.Uint64(hash[:])))
}

// begin hashes everything that the equations hold.
func (w *weights) begin() {
	digest := w.session.digest()
	var b wire.Writer
	b.String("FROST share weights v1")
	b.Fixed(digest[:])
	for p, position := range w.positions {
		b.Uint16(w.session.members[position].validator)
		for _, answer := range w.answers[p] {
			b.Fixed(answer.Bytes())
		}
	}
	w.seed = sha512.Sum512(b.Data())
}

// digest is a hash of everything that shares depend on.
func (s *Session) digest() [32]byte {
	var w wire.Writer
	w.String("FROST session v1")
	w.Fixed(s.key.key.Bytes())
	w.Count(len(s.members))
	w.Grow(len(s.members) * (2 + 4 + len(s.members[0].encoded)))
	for _, m := range s.members {
		w.Uint16(m.validator)
		w.Bytes(m.encoded)
	}
	for i := range s.items {
		it := &s.items[i]
		if it.perSigner == nil {
			w.Fixed(it.coefficient.Bytes())
		}
		for _, coefficient := range it.perSigner {
			w.Fixed(coefficient.Bytes())
		}
		w.Bool(it.challenge.Negate)
		w.Fixed(it.challenge.Factor.Bytes())
	}
	return sha512.Sum512_256(w.Data())
}
