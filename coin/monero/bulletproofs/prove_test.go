package bulletproofs_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/bulletproofs"
	"github.com/serai-go/processor/coin/monero/keys"
)

var edges = []uint64{0, math.MaxUint64, 1, 1 << 63, 1<<63 - 1, 1 << 32, 12345678901234}

func TestProofsOfAllSizesVerify(t *testing.T) {
	for n := 1; n <= bulletproofs.MaxOutputs; n++ {
		amounts, masks := make([]uint64, n), scalars(t, uint64(n), n)
		for i := range amounts {
			amounts[i] = edges[(i+n)%len(edges)]
		}
		masks[n-1] = edwards25519.NewScalar()
		p, err := bulletproofs.Prove(stream(uint64(n)), amounts, masks)
		require.NoError(t, err)
		require.NoError(t, p.Verify(commit(masks, amounts)), n)
		require.Len(t, p.Append(nil), bulletproofs.Size(n))

		amounts[n/2]++
		require.ErrorIs(t, p.Verify(commit(masks, amounts)), bulletproofs.ErrInvalid)
	}
}

func TestProofsOfAnyAmountsVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.OneOf(rapid.SampledFrom(edges), rapid.Uint64())
		amounts := rapid.SliceOfN(amount, 1, 4).Draw(t, "amounts")
		seed := rapid.Uint64().Draw(t, "seed")
		var masks []*edwards25519.Scalar
		for range amounts {
			wide := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "mask")
			mask, err := new(edwards25519.Scalar).SetUniformBytes(wide)
			require.NoError(t, err)
			masks = append(masks, mask)
		}
		p, err := bulletproofs.Prove(stream(seed), amounts, masks)
		require.NoError(t, err)
		require.NoError(t, p.Verify(commit(masks, amounts)))
		parsed, rest, err := bulletproofs.Parse(append(p.Append(nil), 1, 2))
		require.NoError(t, err)
		require.Equal(t, []byte{1, 2}, rest)
		require.Equal(t, p, parsed)
	})
}

// TestTheSameStreamGivesTheSameProof pins proofs, which the validators have to
// agree on across versions.
func TestTheSameStreamGivesTheSameProof(t *testing.T) {
	for n, want := range map[int]string{
		1:  "bd3c7ac31874b477d0f7005626f7ba20823f44e994d15256f494432eae658b58",
		2:  "61e1624b0aaeedf06cad88c058d0f7db551c24a2e120fdddeed75db13afe41e3",
		3:  "4ff47021195cd4fa2ecc5aa0e4589c069141d92a4679a5230f9845be32fee858",
		16: "29f227aaeb10c97b37b27726310316c7c7ad77743110522c26242bbc1343c555",
	} {
		amounts, masks := make([]uint64, n), scalars(t, 7, n)
		for i := range amounts {
			amounts[i] = 1_000_000_007 << i
		}
		k := (bulletproofs.Size(n) - 194) / 64 // of the rounds
		random := make([]byte, 64*(1+2*k+4))
		_, err := io.ReadFull(stream(9), random)
		require.NoError(t, err)
		read := bytes.NewReader(random)
		p, err := bulletproofs.Prove(iotest.OneByteReader(read), amounts, masks)
		require.NoError(t, err)
		require.Zero(t, read.Len())
		sum := keys.Keccak256(p.Append(nil))
		require.Equal(t, want, hex.EncodeToString(sum[:]), n)

		_, err = bulletproofs.Prove(bytes.NewReader(random[1:]), amounts, masks)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		other, err := bulletproofs.Prove(stream(10), amounts, masks)
		require.NoError(t, err)
		for i := range p.L {
			require.NotEqual(t, p.L[i], other.L[i])
			require.NotEqual(t, p.R[i], other.R[i])
		}
		require.NotEqual(t, p.A, other.A)
	}
}

// TestEachBlindingScalarCounts changes the stream in one place at a time.
func TestEachBlindingScalarCounts(t *testing.T) {
	masks := scalars(t, 7, 1)
	random := make([]byte, 64*(1+2*6+4))
	_, err := io.ReadFull(stream(9), random)
	require.NoError(t, err)
	prove := func() *bulletproofs.Proof {
		p, err := bulletproofs.Prove(bytes.NewReader(random), []uint64{5}, masks)
		require.NoError(t, err)
		return p
	}
	first := prove()
	for i := range 1 + 2*6 + 4 {
		random[64*i]++
		p := prove()
		random[64*i]--
		round := (i - 1) / 2
		switch {
		case i == 0:
			require.NotEqual(t, first.A, p.A)
		case round < 6 && i%2 == 1:
			require.Equal(t, first.L[:round], p.L[:round])
			require.Equal(t, first.R[:round+1], p.R[:round+1])
			require.NotEqual(t, first.L[round], p.L[round])
		case round < 6:
			require.Equal(t, first.L[:round+1], p.L[:round+1])
			require.Equal(t, first.R[:round], p.R[:round])
			require.NotEqual(t, first.R[round], p.R[round])
		default:
			require.Equal(t, first.L, p.L)
			require.Equal(t, first.R, p.R)
			require.Equal(t, i < 13+3, first.A1 != p.A1) // r, s and δ
			require.Equal(t, i != 13+2, first.B != p.B)  // not δ
		}
	}
}

func TestProveRefuses(t *testing.T) {
	masks := scalars(t, 1, 17)
	for _, test := range []struct {
		amounts []uint64
		masks   []*edwards25519.Scalar
	}{
		{nil, nil},
		{make([]uint64, 17), masks},
		{make([]uint64, 2), masks[:1]},
		{make([]uint64, 1), masks[:2]},
		{make([]uint64, 2), []*edwards25519.Scalar{masks[0], nil}},
	} {
		_, err := bulletproofs.Prove(stream(1), test.amounts, test.masks)
		require.ErrorIs(t, err, bulletproofs.ErrOutputs)
	}
}
