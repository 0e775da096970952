package bulletproofs

import (
	"fmt"
	"io"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// Prove returns the proof that the commitments keys.Commit(masks[i], amounts[i])
// are to amounts of 64 bits. There are 1 to 16.
//
// From random it reads 64 bytes for each blinding scalar, which is what these
// are modulo ℓ as a little-endian number: α, for each of the k rounds dL and then
// dR, then r, s, δ, η. The same bytes give the same proof everywhere. They must
// be secret, and never serve for two different statements.
func Prove(random io.Reader, amounts []uint64, masks []*edwards25519.Scalar) (*Proof, error) {
	if !isCount(len(amounts)) || len(masks) != len(amounts) {
		return nil, ErrOutputs
	}
	for _, mask := range masks {
		if mask == nil {
			return nil, ErrOutputs
		}
	}
	k := rounds(len(amounts))
	blinding := make([]edwards25519.Scalar, 1+2*k+4)
	defer clear(blinding)
	if err := readScalars(random, blinding); err != nil {
		return nil, err
	}
	p := &Proof{L: make([][keys.Size]byte, k), R: make([][keys.Size]byte, k)}
	f, err := start(p, amounts, masks, &blinding[0])
	if err != nil {
		return nil, fmt.Errorf("bulletproofs: %w", err)
	}
	defer f.erase()
	for i := range k {
		if err := f.round(&p.L[i], &p.R[i], &blinding[1+2*i], &blinding[2+2*i]); err != nil {
			return nil, fmt.Errorf("bulletproofs: %w", err)
		}
	}
	f.last(p, blinding[1+2*k:])
	if err := f.respond(p, blinding[1+2*k:]); err != nil {
		return nil, fmt.Errorf("bulletproofs: %w", err)
	}
	return p, nil
}

// readScalars fills a list with 64 bytes for each.
func readScalars(random io.Reader, list []edwards25519.Scalar) error {
	var wide [64]byte
	defer clear(wide[:])
	for i := range list {
		if _, err := io.ReadFull(random, wide[:]); err != nil {
			return fmt.Errorf("bulletproofs: blinding: %w", err)
		}
		if _, err := list[i].SetUniformBytes(wide[:]); err != nil {
			panic(err) // only for another length
		}
	}
	return nil
}

// start makes A and what the first round begins with.
func start(p *Proof, amounts []uint64, masks []*edwards25519.Scalar, alpha *edwards25519.Scalar) (*folding, error) {
	n := amountBits << (len(p.L) - minRounds)
	padded := make([]uint64, n/amountBits)
	defer clear(padded)
	copy(padded, amounts)
	commitToBits(p, padded, alpha)

	t, err := newTranscript(commitmentEighths(amounts, masks))
	if err != nil {
		return nil, err
	}
	y, err := t.next(p.A[:])
	if err != nil {
		return nil, err
	}
	z, err := t.next()
	if err != nil {
		return nil, err
	}
	f := newFolding(t, y, n)
	f.setVectors(padded, z)

	// α + Σ z^(2(j+1))·mask_j·y^(n+1)
	var weight, zz, sum edwards25519.Scalar
	defer clearScalar(&sum)
	zz.Multiply(z, z)
	weight.Set(&zz)
	for _, mask := range masks {
		sum.MultiplyAdd(&weight, mask, &sum)
		weight.Multiply(&weight, &zz)
	}
	f.alpha.MultiplyAdd(&sum, weight.Multiply(&f.powers[n], y), alpha)
	return f, nil
}

// commitToBits makes A: α·G and, for each bit, G_i if it is 1 and −H_i if it is
// 0. It takes constant time.
func commitToBits(p *Proof, padded []uint64, alpha *edwards25519.Scalar) {
	var sum point
	var term affine
	sum.setIdentity()
	for j, amount := range padded {
		s := slots[j]()
		for i := range amountBits {
			term.selectAffine(&s.g[i][0], &s.h[i][0], int(amount>>i&1))
			sum.addAffine(&term)
		}
	}
	a := new(edwards25519.Point).ScalarBaseMult(alpha)
	a.Add(a, sum.library())
	p.A = [keys.Size]byte(a.ScalarMult(eighth, a).Bytes())
}

// commitmentEighths returns the commitments divided by 8, encoded. It takes
// constant time.
func commitmentEighths(amounts []uint64, masks []*edwards25519.Scalar) [][keys.Size]byte {
	points := make([]edwards25519.Point, len(amounts))
	for i := range points {
		points[i].ScalarMult(eighth, keys.Commit(masks[i], amounts[i]))
	}
	encoded := make([][keys.Size]byte, len(points))
	keys.EncodePoints(encoded, points)
	return encoded
}

func clearScalar(s *edwards25519.Scalar) { *s = edwards25519.Scalar{} }
