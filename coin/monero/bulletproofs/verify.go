package bulletproofs

import (
	"encoding/binary"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// Verify reports whether the proof is one for exactly these commitments, in
// their order. The error wraps ErrInvalid and says what is wrong. It accepts
// what monerod does.
func (p *Proof) Verify(commitments [][keys.Size]byte) error {
	v := new(verifier)
	if err := v.read(p, commitments); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return v.verify([]edwards25519.Scalar{*one})
}

// VerifyBatch reports whether each proof is one for its commitments, in less
// time than one by one. It does not say which one is not, unless that shows
// before anything is computed.
//
// Each proof is an equation between points of prime order. The batch is the
// sum of the equations with weights, which are hashes of all proofs and
// commitments of the batch. If an equation is false, the sum is right for one
// value modulo ℓ of its weight at most, given the others; a random one is that
// with a chance of 2⁻²⁵². Who makes proofs must choose them all before any weight
// is known, and other proofs have new weights: as with the challenges of proofs, a
// choice is one try. So the weights need not be secret.
func VerifyBatch(proofs []*Proof, commitments [][][keys.Size]byte) error {
	if len(proofs) != len(commitments) {
		return fmt.Errorf("%w: %d proofs for %d lists of commitments", ErrInvalid, len(proofs), len(commitments))
	}
	v := new(verifier)
	for i := range proofs {
		if err := v.read(proofs[i], commitments[i]); err != nil {
			return fmt.Errorf("%w: proof %d of the batch: %w", ErrInvalid, i, err)
		}
	}
	if len(proofs) == 0 {
		return nil
	}
	weights, err := batchWeights(proofs, commitments)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return v.verify(weights)
}

// batchWeights returns a weight for each proof: the hash of its place and a
// seed, which is the hash of all proofs with their commitments.
func batchWeights(proofs []*Proof, commitments [][][keys.Size]byte) ([]edwards25519.Scalar, error) {
	hashed := []byte("bulletproof_plus_batch")
	for i := range proofs {
		b := keys.AppendVarint(nil, uint64(len(commitments[i])))
		for j := range commitments[i] {
			b = append(b, commitments[i][j][:]...)
		}
		sum := keys.Keccak256(proofs[i].Append(b))
		hashed = append(hashed, sum[:]...)
	}
	seed := keys.Keccak256(hashed)
	weights := make([]edwards25519.Scalar, len(proofs))
	var place [8]byte
	for i := range weights {
		binary.LittleEndian.PutUint64(place[:], uint64(i))
		w, err := keys.HashToScalar(seed[:], place[:])
		if err != nil {
			return nil, err
		}
		weights[i].Set(w)
	}
	return weights, nil
}

// verifier sums up the equations of statements.
type verifier struct {
	statements []*statement
	// base, valueBase, g and h are an eighth of what G, H, G_i and H_i are
	// multiplied with.
	base, valueBase edwards25519.Scalar
	g, h            []edwards25519.Scalar
	// points, with their scalars, are as written in proofs.
	scalars []edwards25519.Scalar
	points  []edwards25519.Point
}

func (v *verifier) read(p *Proof, commitments [][keys.Size]byte) error {
	s, err := newStatement(p, commitments)
	v.statements = append(v.statements, s)
	return err
}

// verify checks the sum of all equations, each with its weight.
func (v *verifier) verify(weights []edwards25519.Scalar) error {
	v.invert()
	n := 0
	for _, s := range v.statements {
		n = max(n, 1<<len(s.l))
	}
	v.g, v.h = make([]edwards25519.Scalar, n), make([]edwards25519.Scalar, n)
	for i, s := range v.statements {
		v.add(s, &weights[i])
	}
	b := newBuckets(fixedWidth)
	b.addGenerators(v.g, v.h)
	b.addMultiple(&bases()[0], &v.base)
	b.addMultiple(&bases()[1], &v.valueBase)
	total := b.total()
	sum := multiply(v.scalars, v.points)
	sum.Add(sum, total.library())
	if sum.MultByCofactor(sum); !keys.IsIdentity(sum) {
		return fmt.Errorf("%w: the equation does not hold", ErrInvalid)
	}
	return nil
}

// invert computes the inverses of the challenges of all statements at once.
// None is 0.
func (v *verifier) invert() {
	var list []edwards25519.Scalar
	for _, s := range v.statements {
		list = append(append(list, s.y), s.rounds...)
	}
	invertAll(list)
	for _, s := range v.statements {
		end := 1 + len(s.rounds)
		s.inverseY.Set(&list[0])
		s.inverseRounds = list[1:end]
		list = list[end:]
	}
}
