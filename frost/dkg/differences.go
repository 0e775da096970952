package dkg

import (
	"crypto/sha512"
	"encoding/binary"

	"github.com/serai-go/processor/frost"
)

// differences are the forward differences at 0 of a secret polynomial f:
// Δ⁰f(0) = f(0), Δ¹f(0), … . As many as the threshold determine f, and as f
// depends on them linearly and one to one, uniform differences are a uniform
// polynomial.
type differences []frost.Scalar

// newDifferences derives a polynomial of degree below t from a dealer's seed. A
// difference is zero with probability 2⁻²⁵²; readers refuse that deal.
func newDifferences(g frost.Group, seed []byte, role string, t int) differences {
	stream := expand(seed, "polynomial", []byte(role), 64*t)
	defer clear(stream)
	d := make(differences, t)
	for k := range d {
		d[k] = g.ScalarFromUniform((*[64]byte)(stream[64*k:]))
	}
	return d
}

// values returns f(1), …, f(n). Only additions, in constant time.
func (d differences) values(g frost.Group, n int) []frost.Scalar {
	row := make(differences, len(d))
	defer row.erase()
	for k := range row {
		row[k] = g.NewScalar().Set(d[k])
	}
	values := make([]frost.Scalar, n)
	for i := range values {
		for k := range row[1:] {
			row[k].Add(row[k], row[k+1])
		}
		values[i] = g.NewScalar().Set(row[0])
	}
	return values
}

func (d differences) erase() { erase(d) }

func erase(scalars []frost.Scalar) {
	for _, s := range scalars {
		s.Erase()
	}
}

// binomials is the row x of Pascal's triangle, cut to the first t numbers: what
// f(x) = Σ C(x, k)·Δᵏf(0) takes each difference times.
type binomials []frost.Scalar

// newBinomials returns the row x.
func newBinomials(g frost.Group, x, t int) binomials {
	row := make(binomials, t)
	for k := range row {
		row[k] = g.NewScalar()
	}
	row[0].SetUint64(1)
	for range x {
		row.next()
	}
	return row
}

// next goes on to the following row.
func (row binomials) next() {
	for k := len(row) - 1; k > 0; k-- {
		row[k].Add(row[k], row[k-1])
	}
}

// combiners returns numbers of 128 bits that depend on the seed. If the seed is
// a hash of some equations, they all hold if their sum does that is weighted
// with these, except with probability 2⁻¹²⁸; and everybody comes to the same
// result.
func combiners(g frost.Group, seed [32]byte, count int) []frost.Scalar {
	shift := g.NewScalar().SetUint64(1 << 32)
	shift.Multiply(shift, shift)
	low := g.NewScalar()
	list := make([]frost.Scalar, count)
	for i := range list {
		h := sha512.Sum512_256(binary.LittleEndian.AppendUint32(seed[:len(seed):len(seed)], uint32(i)))
		list[i] = g.NewScalar().SetUint64(binary.LittleEndian.Uint64(h[:]))
		list[i].Multiply(list[i], shift)
		list[i].Add(list[i], low.SetUint64(binary.LittleEndian.Uint64(h[8:])))
	}
	return list
}
