package frost_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/internal/conformance"
)

var groups = map[string]frost.Group{"secp256k1": secp256k1.Group, "ed25519": ed25519.Group}

func TestConformanceLagrange(t *testing.T) {
	conformance.Vectors(t, "*lagrange*.json", func(t *testing.T, v conformance.Vector) {
		var in struct {
			Field        string
			IDs          []uint16
			Coefficients []string
		}
		var want struct {
			Lambda, Shares []string
			Secret         string
		}
		require.NoError(t, json.Unmarshal(v.In, &in))
		require.NoError(t, json.Unmarshal(v.Want, &want))
		group := groups[v.Kind]
		if group == nil {
			t.Fatalf("unknown kind %q", v.Kind)
		}
		lambda, err := frost.LagrangeCoefficients(group, in.IDs)
		require.NoError(t, err)
		secret := group.NewScalar()
		for i, text := range want.Lambda {
			require.Equal(t, text, hex.EncodeToString(lambda[i].Bytes()))
			share := scalar(t, group, want.Shares[i])
			secret.Add(secret, share.Multiply(share, lambda[i]))
		}
		require.Equal(t, want.Secret, hex.EncodeToString(secret.Bytes()))

		// The dealer for tests makes the same shares.
		polynomial := make([]frost.Scalar, len(in.Coefficients))
		for i, text := range in.Coefficients {
			polynomial[i] = scalar(t, group, text)
		}
		highest := uint16(0)
		for _, id := range in.IDs {
			highest = max(highest, id)
		}
		_, shares, err := frosttest.DealPolynomial(group, polynomial, []uint16{highest})
		require.NoError(t, err)
		secrets := shares[0].SecretBytes()
		size := group.ScalarSize()
		for i, id := range in.IDs {
			require.Equal(t, want.Shares[i], hex.EncodeToString(secrets[size*int(id-1):][:size]))
		}
	})
}

func scalar(t *testing.T, group frost.Group, text string) frost.Scalar {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	s, err := group.DecodeScalar(b)
	require.NoError(t, err)
	return s
}

func TestLagrangeCoefficientsRefuse(t *testing.T) {
	for _, group := range groups {
		for _, indices := range [][]uint16{{0}, {1, 0}, {2, 2}, {3, 1, 3}} {
			_, err := frost.LagrangeCoefficients(group, indices)
			require.ErrorIs(t, err, frost.ErrIndices)
		}
	}
}

// Indices of any size, in any order, interpolate a polynomial.
func TestLagrangeCoefficientsInterpolate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		group := rapid.SampledFrom([]frost.Group{ed25519.Group, secp256k1.Group}).Draw(t, "group")
		indices := rapid.SliceOfNDistinct(rapid.Uint16Min(1), 1, 20, rapid.ID).Draw(t, "indices")
		lambda, err := frost.LagrangeCoefficients(group, indices)
		require.NoError(t, err)
		// Of x ↦ (x+1)ᵈ, at 0, for the largest degree.
		sum := group.NewScalar()
		for i, x := range indices {
			base := group.NewScalar().SetUint64(uint64(x) + 1)
			for range len(indices) - 1 {
				lambda[i].Multiply(lambda[i], base)
			}
			sum.Add(sum, lambda[i])
		}
		require.True(t, sum.Equal(group.NewScalar().SetUint64(1)))
	})
}
