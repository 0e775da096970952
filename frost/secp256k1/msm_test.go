package secp256k1

import (
	"fmt"
	"math/big"
	"testing"

	dcr "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
)

func TestMultiScalarMultMatchesSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		var scalars []frost.Scalar
		var elements []frost.Element
		want := Group.NewElement()
		for range n {
			k := drawScalar(t, "k")
			e := Group.NewElement().VarTimeMultiplyBase(drawScalar(t, "e"))
			if rapid.Bool().Draw(t, "affine") && !e.IsIdentity() {
				e.(*Element).p.ToAffine()
			}
			scalars, elements = append(scalars, k), append(elements, e)
			want.Add(want, naive(k, e))
		}
		require.Equal(t, want.Bytes(), Group.VarTimeMultiScalarMult(nil, scalars, elements).Bytes())
		base := drawScalar(t, "base")
		want.Add(want, Group.NewElement().VarTimeMultiplyBase(base))
		require.Equal(t, want.Bytes(), Group.VarTimeMultiScalarMult(base, scalars, elements).Bytes())
	})
}

// naive is dcrd's multiplication.
func naive(k *Scalar, e frost.Element) *Element {
	product := new(Element)
	dcr.ScalarMultNonConst(&k.s, &e.(*Element).p, &product.p)
	return product
}

// Both methods take any number of terms, among them equal and opposite ones, so
// that sums double and vanish underway.
func TestMethodsOfMultiScalarMultAgree(t *testing.T) {
	for _, n := range []int{0, 1, 2, 15, 29, 30, 31, 60, 130, 260, 800} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			points := make([]dcr.JacobianPoint, 0, n)
			var terms []term
			want := new(Element)
			for i := range n {
				// A few points only, each often, with few different scalars.
				p := Group.NewElement().VarTimeMultiplyBase(new(Scalar).SetUint64(uint64(i % 7)))
				k := new(Scalar)
				switch i % 5 {
				case 0:
					k.SetUint64(uint64(i%3) + 1)
				case 1:
					k.Negate(new(Scalar).SetUint64(uint64(i%3) + 1))
				case 2:
					k.s.Set(lambda)
				default:
					hash := taggedHash("scalar", []byte{byte(i % 11)})
					k = reduce(&hash)
				}
				points = append(points, p.(*Element).p)
				terms = appendTerm(terms, &k.s, &points[i])
				want.Add(want, naive(k, p))
			}
			var got Element
			straus(&got.p, terms)
			require.Equal(t, want.Bytes(), got.Bytes())
			pippenger(&got.p, terms)
			require.Equal(t, want.Bytes(), got.Bytes())
		})
	}
}

// Digits add up to the half, and stay within the buckets of their width.
func TestDigitsOfBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := half{magnitude: [4]uint64{rapid.Uint64().Draw(t, "w0"), rapid.Uint64().Draw(t, "w1"), rapid.Uint64Range(0, 1).Draw(t, "w2")}}
		if rapid.Bool().Draw(t, "all ones") {
			h.magnitude = [4]uint64{1<<64 - 1, 1<<64 - 1, 1}
		}
		want := new(big.Int)
		for i := range h.magnitude {
			want.Add(want.Lsh(want, 64), new(big.Int).SetUint64(h.magnitude[len(h.magnitude)-1-i]))
		}
		if h.isZero() {
			return
		}
		for width := 4; width <= 8; width++ {
			b := &buckets{width: width, positions: (maxDigits + width - 1) / width}
			b.add(&h, affine{})
			require.Len(t, b.digits, b.positions)
			got := new(big.Int)
			for i := range b.digits {
				d := int64(b.digits[len(b.digits)-1-i])
				require.LessOrEqual(t, d, int64(1)<<(width-1))
				require.Greater(t, d, -int64(1)<<(width-1))
				got.Add(got.Lsh(got, uint(width)), big.NewInt(d))
			}
			require.Equal(t, want.String(), got.String())
		}
	})
}

// The sum of each run, with points that are equal, opposite or the identity.
func TestSumRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var points []affine
		var runs []int
		var want []*Element
		for range rapid.IntRange(0, 6).Draw(t, "runs") {
			sum := new(Element)
			n := rapid.IntRange(0, 9).Draw(t, "length")
			for range n {
				k := new(Scalar).SetUint64(rapid.Uint64Range(0, 3).Draw(t, "point"))
				if rapid.Bool().Draw(t, "negative") {
					k.Negate(k)
				}
				e := Group.NewElement().VarTimeMultiplyBase(k).(*Element)
				sum.Add(sum, e)
				var p affine
				if !e.IsIdentity() {
					q := e.affine()
					p = affine{q.X, q.Y}
				}
				points = append(points, p)
			}
			runs, want = append(runs, n), append(want, sum)
		}
		sums := sumRuns(points, runs)
		require.Len(t, sums, len(want))
		for i, sum := range sums {
			require.Equal(t, want[i].IsIdentity(), sum.isIdentity())
			if !sum.isIdentity() {
				e := Element{p: dcr.MakeJacobianPoint(&sum.x, &sum.y, new(dcr.FieldVal).SetInt(1))}
				require.Equal(t, want[i].Bytes(), e.Bytes())
			}
		}
	})
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := drawScalar(t, "k")
		low, high := split(&k.s)
		sum := high
		sum.Mul(lambda).Add(&low)
		require.True(t, sum.Equals(&k.s))
		for _, s := range []*dcr.ModNScalar{&low, &high} {
			h := newHalf(s)
			require.Zero(t, h.magnitude[3])
			require.LessOrEqual(t, h.magnitude[2], uint64(1))
		}
	})
}

// Normalising gives the same points, and passes over the identity.
func TestToAffine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []Element
		var points []dcr.JacobianPoint
		for range rapid.IntRange(0, 8).Draw(t, "points") {
			e := Group.NewElement().VarTimeMultiplyBase(drawScalar(t, "point")).(*Element)
			if rapid.Bool().Draw(t, "affine") && !e.IsIdentity() {
				e.p.ToAffine()
			}
			want, points = append(want, *e), append(points, e.p)
		}
		toAffine(points)
		for i := range points {
			require.Equal(t, want[i].Bytes(), (&Element{p: points[i]}).Bytes())
			require.Equal(t, want[i].IsIdentity(), !points[i].Z.IsOne())
		}
	})
}
