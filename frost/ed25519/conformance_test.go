package ed25519_test

import (
	stdlib "crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
)

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func TestConformancePointDecode(t *testing.T) {
	frosttest.Vectors(t, "ed25519_point_decode*.json", func(t *testing.T, v frosttest.Vector) {
		var in struct{ Encoding string }
		var want struct {
			Canonical  bool
			OnCurve    bool `json:"on_curve"`
			SmallOrder bool `json:"small_order"`
			Accept     bool `json:"accept_as_frost_element"`
		}
		require.NoError(t, json.Unmarshal(v.In, &in))
		require.NoError(t, json.Unmarshal(v.Want, &want))
		kind, _, _ := strings.Cut(v.Kind, ":")
		switch kind {
		case "accept", "reject":
			require.Equal(t, want.Accept, kind == "accept")
		default:
			t.Fatalf("unknown kind %q", v.Kind)
		}
		encoding := fromHex(t, in.Encoding)
		element, err := ed25519.Group.DecodeElement(encoding)
		require.Equal(t, want.Accept, err == nil, "%v", err)
		if err == nil {
			require.Equal(t, encoding, element.Bytes())
		}
		// Clearing the cofactor accepts any order but the small ones.
		_, err = ed25519.Group.DecodeCleared(encoding)
		require.Equal(t, want.Canonical && want.OnCurve && !want.SmallOrder, err == nil, "%v", err)
	})
}

func TestConformanceRFC8032(t *testing.T) {
	frosttest.Vectors(t, "ed25519_rfc8032*.json", func(t *testing.T, v frosttest.Vector) {
		if v.Kind != "sign" {
			t.Fatalf("unknown kind %q", v.Kind)
		}
		var in struct{ Seed, Public, Message string }
		var want struct{ Signature string }
		require.NoError(t, json.Unmarshal(v.In, &in))
		require.NoError(t, json.Unmarshal(v.Want, &want))
		message := fromHex(t, in.Message)

		// The whole key signs with the nonce of RFC 8032, section 5.1.6.
		expanded := sha512.Sum512(fromHex(t, in.Seed))
		clamped, err := new(edwards25519.Scalar).SetBytesWithClamping(expanded[:32])
		require.NoError(t, err)
		x, err := ed25519.Group.DecodeScalar(clamped.Bytes())
		require.NoError(t, err)
		public := ed25519.Group.NewElement().MultiplyBase(x)
		require.Equal(t, in.Public, hex.EncodeToString(public.Bytes()))
		wide := sha512.Sum512(append(expanded[32:], message...))
		nonce := ed25519.Group.ScalarFromUniform(&wide)

		instance, err := ed25519.NewSchnorr(message).ForKey(public)
		require.NoError(t, err)
		nonces := []frost.Element{ed25519.Group.NewElement().MultiplyBase(nonce)}
		c, err := instance.Challenge(nonces, nil)
		require.NoError(t, err)
		require.False(t, c.Negate)
		answer := ed25519.Group.NewScalar().Multiply(c.Factor, x)
		answer.Add(answer, nonce)
		signature, err := instance.Signature(nonces, nil, answer)
		require.NoError(t, err)
		require.Equal(t, want.Signature, hex.EncodeToString(signature))

		answer.Add(answer, nonce)
		_, err = instance.Signature(nonces, nil, answer)
		require.ErrorIs(t, err, ed25519.ErrSignature)

		// Three of four shares of the same key make a signature of their own.
		polynomial := []frost.Scalar{x, nonce, c.Factor}
		key, shares, err := frosttest.DealPolynomial(ed25519.Group, polynomial, []uint16{1, 1, 1, 1})
		require.NoError(t, err)
		require.True(t, stdlib.Verify(key.Key().Bytes(), message, sign(t, key, shares[1:], ed25519.NewSchnorr(message))))
	})
}

// sign makes one signature with all the given shares.
func sign(t *testing.T, key *frost.PublicKey, shares []*frost.KeyShare, algorithm frost.Algorithm) []byte {
	t.Helper()
	rand := strings.NewReader(strings.Repeat("not random at all, but as long as it needs to be", 100))
	work := []frost.Algorithm{algorithm}
	var members []frost.Member
	var nonces []*frost.Nonces
	for _, share := range shares {
		n, commitment, err := frost.Commit(rand, share, work, nil)
		require.NoError(t, err)
		nonces = append(nonces, n)
		members = append(members, frost.Member{Validator: share.Validator(), Commitment: commitment})
	}
	session, err := frost.NewSession(key, work, nil, members)
	require.NoError(t, err)
	answers := make([][]byte, len(shares))
	for i, share := range shares {
		answers[i], err = session.Sign(share, nonces[i])
		require.NoError(t, err)
	}
	signatures, err := session.Aggregate(answers)
	require.NoError(t, err)
	return signatures[0]
}
