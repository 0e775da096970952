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
// Each proof is an equation between points of prime order; the batch is the sum of
// them with weights. The weights are hashes of all proofs and commitments of the batch.
// If an equation is false, the sum is right for at most one value modulo ℓ of
// its weight, given the others: a random weight hits it with a chance of about
// 2⁻²⁵². Whoever makes the proofs must have chosen all before they know any weight,
// and each other choice gives new ones: as with the challenges of the proofs,
// nothing is gained but another try.
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

// batchWeights returns a weight for each proof: the hashes of a seed and its
// place. The seed is the hash of each proof with its commitments, which what
// they are made of is told apart in: the commitments are as many as stated.
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

// verifier collects statements and sums up their equations.
type verifier struct {
	statements []statement
	// inverted are the challenges y and e_j of all statements, and then their inverses.
	inverted []edwards25519.Scalar

	// g and h are the scalars of the generators, an eighth of them, and
	// base and valueBase those of G and H.
	g, h            []edwards25519.Scalar
	base, valueBase edwards25519.Scalar
	// scalars belong to points, all of which are eighths.
	scalars []edwards25519.Scalar
	points  []edwards25519.Point
}

// verify checks the sum of all equations, each with its weight.
func (v *verifier) verify(weights []edwards25519.Scalar) error {
	challenges := append([]edwards25519.Scalar(nil), v.inverted...)
	invertAll(v.inverted)
	longest := 0
	for i := range v.statements {
		longest = max(longest, len(v.statements[i].l))
	}
	n := 1 << longest
	v.g, v.h = make([]edwards25519.Scalar, n), make([]edwards25519.Scalar, n)
	at := 0
	for i := range v.statements {
		s := &v.statements[i]
		end := at + 1 + len(s.l)
		v.add(s, &weights[i], challenges[at:end], v.inverted[at:end])
		at = end
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
