package dkg

import (
	"bytes"
	"math/bits"
	"testing"

	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// evaluate returns Σ xᵏ·commitments[k]: the value at x of a polynomial whose
// coefficients are in the exponent, as in other protocols and in textbooks.
func evaluate(g frost.Group, commitments []frost.Element, x int) frost.Element {
	value := g.NewElement().Set(commitments[len(commitments)-1])
	step := g.NewElement()
	for k := len(commitments) - 2; k >= 0; k-- {
		step.Set(value)
		for bit := bits.Len(uint(x)) - 2; bit >= 0; bit-- {
			value.Add(value, value)
			if x>>bit&1 == 1 {
				value.Add(value, step)
			}
		}
		value.Add(value, commitments[k])
	}
	return value
}

// differencesOf returns the forward differences at 0 of the polynomial with the
// given coefficients, from their definition: Δᵏ⁺¹f(x) = Δᵏf(x + 1) − Δᵏf(x).
func differencesOf(g frost.Group, coefficients []frost.Scalar) differences {
	column := make(differences, len(coefficients))
	for x := range column {
		column[x] = g.NewScalar()
		point := g.NewScalar().SetUint64(uint64(x))
		for k := len(coefficients) - 1; k >= 0; k-- {
			column[x].Add(column[x].Multiply(column[x], point), coefficients[k])
		}
	}
	for k := range column {
		for x := len(column) - 1; x > k; x-- {
			column[x].Subtract(column[x], column[x-1])
		}
	}
	return column
}

// TestDifferencesAreThePolynomial compares values, binomials and the key that
// is derived from differences with the coefficients of the same polynomial.
func TestDifferencesAreThePolynomial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SampledFrom([]frost.Group{secp256k1.Group, ed25519.Group}).Draw(t, "group")
		seed := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")
		threshold := rapid.IntRange(1, 6).Draw(t, "t")
		n := rapid.IntRange(threshold, 12).Draw(t, "n")
		coefficients := newDifferences(g, seed, "test", threshold) // any scalars
		var commitments, public []frost.Element
		for _, a := range coefficients {
			commitments = append(commitments, g.NewElement().MultiplyBase(a))
		}
		d := differencesOf(g, coefficients)
		for _, a := range d {
			public = append(public, g.NewElement().MultiplyBase(a))
		}
		weights := make([]uint16, n)
		for i := range weights {
			weights[i] = 1
		}
		key, err := frost.DeriveKey(g, weights, public)
		if err != nil {
			t.Fatal(err)
		}
		row := newBinomials(g, 1, threshold)
		for i, value := range d.values(g, n) {
			want := evaluate(g, commitments, i+1)
			if !g.NewElement().MultiplyBase(value).Equal(want) {
				t.Fatal("another value")
			}
			if !key.Share(uint16(i + 1)).Equal(want) {
				t.Fatal("another verification share")
			}
			if !g.VarTimeMultiScalarMult(nil, row, public).Equal(want) {
				t.Fatal("other binomials")
			}
			row.next()
		}
	})
}

func TestErasedDifferencesAreZero(t *testing.T) {
	d := newDifferences(ed25519.Group, make([]byte, 32), "test", 3)
	d.erase()
	for _, s := range d {
		if !s.IsZero() {
			t.Fatal("a secret is left")
		}
	}
}

// TestCombinersHave128Bits, without which a sum of equations that do not all
// hold could be found by trial.
func TestCombinersHave128Bits(t *testing.T) {
	var or [32]byte
	for _, a := range combiners(ed25519.Group, [32]byte{1}, 64) {
		for i, b := range a.Bytes() { // little-endian
			or[i] |= b
		}
	}
	if want := [32]byte(append(bytes.Repeat([]byte{0xff}, 16), make([]byte, 16)...)); or != want {
		t.Fatalf("bits %x", or)
	}
}
