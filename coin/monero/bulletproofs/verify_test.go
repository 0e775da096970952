package bulletproofs_test

import (
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

// clone returns a proof that can be changed.
func clone(p *bulletproofs.Proof) *bulletproofs.Proof {
	q := *p
	q.L, q.R = slices.Clone(p.L), slices.Clone(p.R)
	return &q
}

func points(p *bulletproofs.Proof) (list []*[keys.Size]byte) {
	list = append(list, &p.A, &p.A1, &p.B)
	for i := range p.L {
		list = append(list, &p.L[i], &p.R[i])
	}
	return list
}

func TestEveryByteOfAProofCounts(t *testing.T) {
	p, c := made(t, 1, 2)
	encoded := p.Append(nil)
	for i := range encoded {
		encoded[i] ^= 1 << (i % 8)
		if q, _, err := bulletproofs.Parse(encoded); err == nil {
			require.ErrorIs(t, q.Verify(c), bulletproofs.ErrInvalid, i)
		} else {
			require.ErrorIs(t, err, bulletproofs.ErrEncoding)
		}
		encoded[i] ^= 1 << (i % 8)
	}
	for i := range c {
		for j := range c[i] {
			c[i][j] ^= 1 << (j % 8)
			require.ErrorIs(t, p.Verify(c), bulletproofs.ErrInvalid)
			c[i][j] ^= 1 << (j % 8)
		}
	}
	require.NoError(t, p.Verify(c))
}

// torsion returns the seven points other than the identity whose order divides
// the cofactor.
func torsion(t *testing.T) (list []*edwards25519.Point) {
	t.Helper()
	encoded := fromHex(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
	p, err := keys.DecodePoint(encoded[:])
	require.NoError(t, err)
	for q := new(edwards25519.Point).Set(p); !keys.IsIdentity(q); q = new(edwards25519.Point).Add(q, p) {
		list = append(list, q)
	}
	require.Len(t, list, 7)
	return list
}

func TestTorsionIsRefused(t *testing.T) {
	p, c := made(t, 1, 2)
	for _, torsion := range torsion(t) {
		q, d := clone(p), slices.Clone(c)
		for _, field := range append(points(q), &d[0], &d[1]) {
			before := *field
			point, err := keys.DecodePoint(field[:])
			require.NoError(t, err)
			*field = [keys.Size]byte(point.Add(point, torsion).Bytes())
			require.ErrorIs(t, q.Verify(d), bulletproofs.ErrInvalid)
			*field = before
		}
		require.NoError(t, q.Verify(d))
	}
}

func TestOtherEncodingsAreRefused(t *testing.T) {
	p, c := made(t, 1, 1)
	// A scalar plus ℓ, and the identity with a sign.
	order := fromHex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	q := clone(p)
	for _, field := range []*[keys.Size]byte{&q.R1, &q.S1, &q.D1} {
		before, carry := *field, 0
		for i := range field {
			carry += int(field[i]) + int(order[i])
			field[i] = byte(carry)
			carry >>= 8
		}
		require.ErrorIs(t, q.Verify(c), keys.ErrScalar)
		*field = before
	}
	for _, field := range points(q) {
		before := *field
		*field = [keys.Size]byte{0: 1, keys.Size - 1: 0x80}
		require.ErrorIs(t, q.Verify(c), keys.ErrPoint)
		*field = before
	}
	require.ErrorIs(t, q.Verify([][keys.Size]byte{{0: 1, keys.Size - 1: 0x80}}), keys.ErrPoint)
	require.NoError(t, q.Verify(c))
}

func TestProofsAreForTheirCommitmentsOnly(t *testing.T) {
	p, c := made(t, 1, 3)
	require.NoError(t, p.Verify(c))
	masks := scalars(t, 9, 16)
	zero := commit(masks[:1], []uint64{0})[0]
	identity := [keys.Size]byte{1}
	for name, other := range map[string][][keys.Size]byte{
		"none":             nil,
		"one":              c[:1],
		"fewer":            c[:2],
		"padding added":    {c[0], c[1], c[2], identity},
		"one more":         {c[0], c[1], c[2], zero},
		"too many":         {c[0], c[1], c[2], zero, zero},
		"another order":    {c[1], c[0], c[2]},
		"one twice":        {c[0], c[0], c[2]},
		"above the limit":  slices.Repeat(c, 6),
		"an unknown point": {c[0], c[1], {2}},
	} {
		require.ErrorIs(t, p.Verify(other), bulletproofs.ErrInvalid, name)
	}
	q := clone(p)
	q.R = q.R[:7]
	require.ErrorIs(t, q.Verify(c), bulletproofs.ErrInvalid)
	q = clone(p)
	q.L, q.R = append(q.L, q.L[0]), append(q.R, q.R[0])
	require.ErrorIs(t, q.Verify(c), bulletproofs.ErrInvalid)
	require.ErrorIs(t, new(bulletproofs.Proof).Verify(c), bulletproofs.ErrInvalid)
	require.ErrorIs(t, (*bulletproofs.Proof)(nil).Verify(c), bulletproofs.ErrInvalid)
}

// TestAmountsOutsideTheRangeCannotBeShown: −1 and 2⁶⁴ look like their low bits
// to the prover.
func TestAmountsOutsideTheRangeCannotBeShown(t *testing.T) {
	masks := scalars(t, 1, 1)
	for _, test := range []struct {
		amount uint64
		change func(p, h *edwards25519.Point) *edwards25519.Point
	}{
		{1<<64 - 1, func(p, h *edwards25519.Point) *edwards25519.Point { // −1
			p.ScalarBaseMult(masks[0])
			return p.Subtract(p, h)
		}},
		{0, func(p, h *edwards25519.Point) *edwards25519.Point { // 2⁶⁴
			for range 64 {
				h.Add(h, h)
			}
			return p.Add(p, h)
		}},
	} {
		p, err := bulletproofs.Prove(stream(1), []uint64{test.amount}, masks)
		require.NoError(t, err)
		c := commit(masks, []uint64{test.amount})
		require.NoError(t, p.Verify(c))
		point, err := keys.DecodePoint(c[0][:])
		require.NoError(t, err)
		c[0] = [keys.Size]byte(test.change(point, keys.H()).Bytes())
		require.ErrorIs(t, p.Verify(c), bulletproofs.ErrInvalid)
	}
}

func TestBatches(t *testing.T) {
	var proofs []*bulletproofs.Proof
	var commitments [][][keys.Size]byte
	require.NoError(t, bulletproofs.VerifyBatch(nil, nil))
	for i, n := range []int{2, 1, 16, 2, 5, 3, 2, 2, 2, 2} { // 230 points
		p, c := made(t, uint64(i), n)
		proofs, commitments = append(proofs, p), append(commitments, c)
		require.NoError(t, bulletproofs.VerifyBatch(proofs, commitments))
	}
	for i := range proofs {
		bad := slices.Clone(proofs)
		bad[i] = clone(proofs[i])
		bad[i].D1[0] ^= 1
		require.ErrorIs(t, bulletproofs.VerifyBatch(bad, commitments), bulletproofs.ErrInvalid)
		bad[i].D1[31] = 0xff
		require.ErrorContains(t, bulletproofs.VerifyBatch(bad, commitments), "of the batch: d1")
		bad[i] = nil
		require.ErrorIs(t, bulletproofs.VerifyBatch(bad, commitments), bulletproofs.ErrInvalid)
	}
	require.ErrorIs(t, bulletproofs.VerifyBatch(proofs, commitments[1:]), bulletproofs.ErrInvalid)
	commitments[0], commitments[3] = commitments[3], commitments[0]
	require.ErrorIs(t, bulletproofs.VerifyBatch(proofs, commitments), bulletproofs.ErrInvalid)
}

// TestErrorsDoNotCancelInABatch: d1 enters no challenge, so that without
// weights one error could be made up for by another.
func TestErrorsDoNotCancelInABatch(t *testing.T) {
	p, c := made(t, 1, 1)
	q, d := made(t, 2, 1)
	for _, change := range []struct {
		p *bulletproofs.Proof
		n uint64
	}{{p, 1}, {q, 0}} {
		s, err := keys.DecodeScalar(change.p.D1[:])
		require.NoError(t, err)
		one, err := new(edwards25519.Scalar).SetCanonicalBytes(append([]byte{1}, make([]byte, 31)...))
		require.NoError(t, err)
		if change.n == 1 {
			s.Add(s, one)
		} else {
			s.Subtract(s, one)
		}
		change.p.D1 = [keys.Size]byte(s.Bytes())
	}
	require.ErrorIs(t, bulletproofs.VerifyBatch([]*bulletproofs.Proof{p, q}, [][][keys.Size]byte{c, d}), bulletproofs.ErrInvalid)
}
