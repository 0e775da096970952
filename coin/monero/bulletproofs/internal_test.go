package bulletproofs

import (
	"bytes"
	"encoding/binary"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/sha3"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/keys"
)

// drawScalar draws any scalar, often one at an edge.
func drawScalar(t *rapid.T) edwards25519.Scalar {
	var s edwards25519.Scalar
	switch rapid.IntRange(0, 7).Draw(t, "kind") {
	case 0:
	case 1:
		s.Set(one)
	case 2:
		s.Negate(one) // ℓ−1
	case 3: // 2²⁵² − 1, all bits but the highest
		b := bytes.Repeat([]byte{0xff}, keys.Size)
		b[keys.Size-1] = 0x0f
		_, err := s.SetCanonicalBytes(b)
		require.NoError(t, err)
	case 4: // a power of two
		b := make([]byte, keys.Size)
		bit := rapid.IntRange(0, 252).Draw(t, "bit")
		b[bit/8] = 1 << (bit % 8)
		_, err := s.SetCanonicalBytes(b)
		require.NoError(t, err)
	default:
		wide := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "wide")
		_, err := s.SetUniformBytes(wide)
		require.NoError(t, err)
	}
	return s
}

// smallOrder returns the seven points other than the identity whose order
// divides the cofactor.
func smallOrder(t testing.TB) []*edwards25519.Point {
	t.Helper()
	lessOne := new(edwards25519.Scalar).Negate(one)
	for y := byte(2); ; y++ { // most points, multiplied by ℓ = (ℓ−1) + 1, have order 8
		p, err := new(edwards25519.Point).SetBytes(append([]byte{y}, make([]byte, keys.Size-1)...))
		if err != nil {
			continue
		}
		torsion := new(edwards25519.Point).ScalarMult(lessOne, p)
		torsion.Add(torsion, p)
		points := []*edwards25519.Point{torsion}
		for len(points) < 7 {
			points = append(points, new(edwards25519.Point).Add(points[len(points)-1], torsion))
		}
		if !keys.IsIdentity(points[3]) {
			return points
		}
	}
}

func naive(scalars []edwards25519.Scalar, points []edwards25519.Point) *edwards25519.Point {
	sum := edwards25519.NewIdentityPoint()
	for i := range points {
		sum.Add(sum, new(edwards25519.Point).ScalarMult(&scalars[i], &points[i]))
	}
	return sum
}

// manyTerms returns n scalars and points, of any order among them.
func manyTerms(t testing.TB, n int) ([]edwards25519.Scalar, []edwards25519.Point) {
	torsion := smallOrder(t)
	s, p := powers(eighth, n), make([]edwards25519.Point, n)
	for i := range p {
		p[i].Add(&keys.ProofG()[i%keys.ProofGenerators], torsion[i%len(torsion)])
	}
	return s[1:], p
}

func TestManyMultiplesAreTheSumOfEach(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 16, fewPoints - 1, fewPoints, fewPoints + 1, 500, 2100} {
		s, p := manyTerms(t, n)
		want := naive(s, p)
		require.Equal(t, 1, want.Equal(multiply(s, p)), n)
		require.Equal(t, 1, want.Equal(pippenger(s, p)), n)
	}
	require.Panics(t, func() { multiply(make([]edwards25519.Scalar, 1), nil) })
}

func TestMultiplesOfAnyScalarsAreTheSumOfEach(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 24).Draw(rt, "n")
		_, p := manyTerms(t, n)
		s := make([]edwards25519.Scalar, n)
		for i := range s {
			s[i] = drawScalar(rt)
			switch rapid.IntRange(0, 9).Draw(rt, "point") {
			case 0:
				p[i].Set(edwards25519.NewIdentityPoint())
			case 1:
				p[i].Negate(&p[0])
			case 2:
				p[i].Set(&p[0])
			}
		}
		want := naive(s, p)
		require.Equal(t, 1, want.Equal(multiply(s, p)))
		require.Equal(t, 1, want.Equal(pippenger(s, p)))
	})
}

func TestDigitsAreOfTheScalar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 12).Draw(t, "width")
		s := drawScalar(t)
		digits := make([]int16, positions(width))
		recode(digits, &s, width)
		var sum, base edwards25519.Scalar
		base.Set(fromUint64(1 << width))
		for i := len(digits) - 1; i >= 0; i-- {
			d := int(digits[i])
			require.LessOrEqual(t, d, 1<<(width-1))
			require.Greater(t, d, -(1 << (width - 1)))
			digit := fromUint64(uint64(max(d, -d)))
			if d < 0 {
				digit.Negate(digit)
			}
			sum.MultiplyAdd(&sum, &base, digit)
		}
		require.Equal(t, s.Bytes(), sum.Bytes())
	})
}

func TestFixedGeneratorsAreMonerosOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := amountBits << rapid.IntRange(0, 1).Draw(t, "outputs")
		g, h := make([]edwards25519.Scalar, n), make([]edwards25519.Scalar, n)
		var s []edwards25519.Scalar
		var p []edwards25519.Point
		for range rapid.IntRange(1, 6).Draw(t, "terms") {
			i := rapid.IntRange(0, n-1).Draw(t, "i")
			g[i], h[i] = drawScalar(t), drawScalar(t)
		}
		for i := range n {
			s = append(s, g[i], h[i])
			p = append(p, keys.ProofG()[i], keys.ProofH()[i])
		}
		inBuckets, inHalves := newBuckets(fixedWidth), newHalves()
		inBuckets.addGenerators(g, h)
		for i := range n {
			inHalves.addMultiple(&slots[i/amountBits]().g[i%amountBits], &g[i])
			inHalves.addMultiple(&slots[i/amountBits]().h[i%amountBits], &h[i])
		}
		for i, base := range []*edwards25519.Point{edwards25519.NewGeneratorPoint(), keys.H()} {
			s, p = append(s, drawScalar(t)), append(p, *base)
			inBuckets.addMultiple(&bases()[i], &s[2*n+i])
			inHalves.addMultiple(&bases()[i], &s[2*n+i])
		}
		total := inBuckets.total()
		want := multiply(s, p)
		require.Equal(t, 1, want.Equal(total.library()))
		var half edwards25519.Point
		inHalves.take(&half)
		require.Equal(t, 1, want.Equal(&half))
		inHalves.take(&half)
		require.True(t, keys.IsIdentity(&half))
	})
}

// TestFoldedGeneratorsAreThoseOfThePaper folds points from round to round.
func TestFoldedGeneratorsAreThoseOfThePaper(t *testing.T) {
	const n = 4 * amountBits
	f := newFolded(n)
	g, h := make([]edwards25519.Point, n), make([]edwards25519.Point, n)
	copy(g, keys.ProofG())
	copy(h, keys.ProofH())
	for half := n / 2; half > 0; half /= 2 {
		e, high := fromUint64(uint64(half)+7), fromUint64(uint64(half)*uint64(half)+3)
		inverse := new(edwards25519.Scalar).Invert(e)
		f.fold(half, e, inverse, high)
		for i := range half {
			g[i] = *multiply([]edwards25519.Scalar{*inverse, *high}, []edwards25519.Point{g[i], g[i+half]})
			h[i] = *multiply([]edwards25519.Scalar{*e, *inverse}, []edwards25519.Point{h[i], h[i+half]})
		}
		inG, inH := newSum(0), newSum(0)
		for i := range f.g {
			s := fromUint64(uint64(i % half * (i % half)))
			f.addG(inG, i, s)
			f.addH(inH, i, s)
		}
		wantG, wantH := edwards25519.NewIdentityPoint(), edwards25519.NewIdentityPoint()
		for i := range half {
			s := fromUint64(uint64(i * i))
			wantG.Add(wantG, new(edwards25519.Point).ScalarMult(s, &g[i]))
			wantH.Add(wantH, new(edwards25519.Point).ScalarMult(s, &h[i]))
		}
		gotG, gotH := inG.take(), inH.take()
		require.Equal(t, 1, wantG.Equal(gotG.MultByCofactor(gotG)), half)
		require.Equal(t, 1, wantH.Equal(gotH.MultByCofactor(gotH)), half)
		require.Equal(t, half <= 16, f.pointsG != nil)
	}
}

func TestInversesTogetherAreThoseAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := make([]edwards25519.Scalar, rapid.IntRange(0, 5).Draw(t, "n"))
		want := make([]edwards25519.Scalar, len(list))
		for i := range list {
			list[i] = drawScalar(t)
			if list[i].Equal(edwards25519.NewScalar()) == 1 {
				list[i].Set(one)
			}
			want[i].Invert(&list[i])
		}
		invertAll(list)
		for i := range list {
			require.Equal(t, 1, want[i].Equal(&list[i]))
		}
	})
}

// TestTorsionOfTheProverIsRemoved: who makes a proof can put torsion into its
// points from the start. As with monerod, it changes nothing.
func TestTorsionOfTheProverIsRemoved(t *testing.T) {
	mask := fromUint64(5)
	commitments := [][keys.Size]byte{[keys.Size]byte(keys.Commit(mask, 77).Bytes())}
	for _, torsion := range smallOrder(t) {
		p := &Proof{L: make([][keys.Size]byte, minRounds), R: make([][keys.Size]byte, minRounds)}
		blinding := make([]edwards25519.Scalar, 1+2*minRounds+4)
		random := sha3.NewShake128()
		random.Write(torsion.Bytes())
		require.NoError(t, readScalars(random, blinding))
		f, err := start(p, []uint64{77}, []*edwards25519.Scalar{mask}, &blinding[0])
		require.NoError(t, err)
		for i := range minRounds {
			require.NoError(t, f.round(&p.L[i], &p.R[i], &blinding[1+2*i], &blinding[2+2*i]))
		}
		f.last(p, blinding[1+2*minRounds:])
		for _, field := range []*[keys.Size]byte{&p.A1, &p.B} {
			point, err := keys.DecodePoint(field[:])
			require.NoError(t, err)
			*field = [keys.Size]byte(point.Add(point, torsion).Bytes())
		}
		require.NoError(t, f.respond(p, blinding[1+2*minRounds:]))
		require.NoError(t, p.Verify(commitments))
	}
}

// TestSecretsAreErased looks at what the prover keeps.
func TestSecretsAreErased(t *testing.T) {
	p := &Proof{L: make([][keys.Size]byte, minRounds), R: make([][keys.Size]byte, minRounds)}
	f, err := start(p, []uint64{77}, []*edwards25519.Scalar{fromUint64(5)}, fromUint64(9))
	require.NoError(t, err)
	a, b := f.a, f.b
	require.NoError(t, f.round(&p.L[0], &p.R[0], one, one))
	f.erase()
	var zero edwards25519.Scalar
	for i := range a {
		require.Equal(t, zero, a[i])
		require.Equal(t, zero, b[i])
	}
	require.Equal(t, zero, f.alpha)
}

func TestWeightsDependOnEverything(t *testing.T) {
	seed := func(p *Proof, c [][keys.Size]byte) []byte {
		w, err := batchWeights([]*Proof{p, p}, [][][keys.Size]byte{c, c})
		require.NoError(t, err)
		require.NotEqual(t, w[0], w[1])
		return w[0].Bytes()
	}
	p := &Proof{L: make([][keys.Size]byte, minRounds), R: make([][keys.Size]byte, minRounds)}
	c := make([][keys.Size]byte, 1)
	seen := map[string]bool{string(seed(p, c)): true}
	for _, field := range []*[keys.Size]byte{&p.A, &p.A1, &p.B, &p.R1, &p.S1, &p.D1, &p.L[0], &p.L[5], &p.R[0], &p.R[5], &c[0]} {
		binary.LittleEndian.PutUint64(field[24:], 1)
		w := string(seed(p, c))
		require.False(t, seen[w])
		seen[w] = true
	}
}
