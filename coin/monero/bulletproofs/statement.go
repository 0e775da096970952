package bulletproofs

import (
	"errors"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// statement is a decoded proof with its commitments and challenges.
type statement struct {
	// commitments are the eighths that the transcript hashes.
	commitments []edwards25519.Point
	a, a1, b    edwards25519.Point
	l, r        []edwards25519.Point
	r1, s1, d1  edwards25519.Scalar
	// y, z, those of the rounds and e are the challenges. The verifier inverts
	// y and those of the rounds.
	y, z, e       edwards25519.Scalar
	rounds        []edwards25519.Scalar
	inverseY      edwards25519.Scalar
	inverseRounds []edwards25519.Scalar
}

var errNil = errors.New("it is nil")

// newStatement decodes a proof, checks its form and computes the challenges.
func newStatement(p *Proof, commitments [][keys.Size]byte) (*statement, error) {
	switch {
	case p == nil:
		return nil, errNil
	case !isCount(len(commitments)):
		return nil, fmt.Errorf("it is for %d commitments", len(commitments))
	}
	if k := rounds(len(commitments)); len(p.L) != k || len(p.R) != k {
		return nil, fmt.Errorf("%d L and %d R for %d commitments, which take %d each", len(p.L), len(p.R), len(commitments), k)
	}
	s := new(statement)
	if err := s.decode(p); err != nil {
		return nil, err
	}
	encoded, err := s.divide(commitments)
	if err != nil {
		return nil, err
	}
	return s, s.challenge(p, encoded)
}

// challenge computes the challenges from what the transcript hashes.
func (s *statement) challenge(p *Proof, eighths [][keys.Size]byte) error {
	t, err := newTranscript(eighths)
	if err != nil {
		return err
	}
	y, err := t.next(p.A[:])
	if err != nil {
		return err
	}
	z, err := t.next()
	if err != nil {
		return err
	}
	s.y.Set(y)
	s.z.Set(z)
	for i := range p.L {
		e, err := t.next(p.L[i][:], p.R[i][:])
		if err != nil {
			return err
		}
		s.rounds = append(s.rounds, *e)
	}
	e, err := t.next(p.A1[:], p.B[:])
	if err != nil {
		return err
	}
	s.e.Set(e)
	return nil
}

func (s *statement) decode(p *Proof) error {
	for _, field := range [...]struct {
		name string
		to   *edwards25519.Scalar
		from *[keys.Size]byte
	}{{"r1", &s.r1, &p.R1}, {"s1", &s.s1, &p.S1}, {"d1", &s.d1, &p.D1}} {
		scalar, err := keys.DecodeScalar(field.from[:])
		if err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
		field.to.Set(scalar)
	}
	for _, field := range [...]struct {
		name string
		to   *edwards25519.Point
		from *[keys.Size]byte
	}{{"A", &s.a, &p.A}, {"A1", &s.a1, &p.A1}, {"B", &s.b, &p.B}} {
		if err := decodePoint(field.to, field.name, field.from); err != nil {
			return err
		}
	}
	s.l, s.r = make([]edwards25519.Point, len(p.L)), make([]edwards25519.Point, len(p.R))
	for i := range p.L {
		if err := decodePoint(&s.l[i], "L", &p.L[i]); err != nil {
			return err
		}
		if err := decodePoint(&s.r[i], "R", &p.R[i]); err != nil {
			return err
		}
	}
	return nil
}

func decodePoint(to *edwards25519.Point, name string, from *[keys.Size]byte) error {
	p, err := keys.DecodePoint(from[:])
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	to.Set(p)
	return nil
}

// divide sets the commitments to eighths of those that are given, and returns
// them encoded.
func (s *statement) divide(commitments [][keys.Size]byte) ([][keys.Size]byte, error) {
	s.commitments = make([]edwards25519.Point, len(commitments))
	var zero edwards25519.Scalar
	for i := range commitments {
		c := &s.commitments[i]
		if err := decodePoint(c, "commitment", &commitments[i]); err != nil {
			return nil, err
		}
		c.VarTimeDoubleScalarBaseMult(eighth, c, &zero)
	}
	encoded := make([][keys.Size]byte, len(commitments))
	keys.EncodePoints(encoded, s.commitments)
	return encoded, nil
}
