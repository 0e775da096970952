package ed25519_test

import (
	"bytes"
	stdlib "crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/internal/conformance"
)

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func TestConformancePointDecode(t *testing.T) {
	conformance.Vectors(t, "*point_decode*.json", func(t *testing.T, v conformance.Vector) {
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
	conformance.Vectors(t, "*rfc8032*.json", func(t *testing.T, v conformance.Vector) {
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

// TestConformanceVerification pins which signatures count: verifiers of batches
// must agree on edge cases, and crypto/ed25519 is the rule. A key of any of
// these edge cases is refused as an element before.
func TestConformanceVerification(t *testing.T) {
	for _, pattern := range []string{"*ed25519_cctv*.json", "*ed25519_speccheck*.json"} {
		t.Run(pattern, func(t *testing.T) {
			conformance.Vectors(t, pattern, checkVerification)
		})
	}
}

func checkVerification(t *testing.T, v conformance.Vector) {
	var in struct {
		Public, Signature, Message string
		Text                       string `json:"message_ascii"`
	}
	type point struct {
		Canonical  bool
		OnCurve    bool `json:"on_curve"`
		PrimeOrder bool `json:"prime_order"`
	}
	var want struct {
		Canonical  bool `json:"s_canonical"`
		Equation   bool `json:"cofactorless_equation"`
		A, R       *point
		ACanonical bool `json:"A_canonical"`
		RCanonical bool `json:"R_canonical"`
		Flags      []string
	}
	require.NoError(t, json.Unmarshal(v.In, &in))
	require.NoError(t, json.Unmarshal(v.Want, &want))
	public, signature := fromHex(t, in.Public), fromHex(t, in.Signature)
	message := append(fromHex(t, in.Message), in.Text...)

	a, r := want.A, want.R
	if a == nil { // all points of the other form are on the curve
		odd := slices.Contains(want.Flags, "low_order_A") || slices.Contains(want.Flags, "low_order_component_A")
		a = &point{want.ACanonical, true, !odd}
		r = &point{want.RCanonical, true, false}
	}
	valid := want.Canonical && want.Equation && r.Canonical && a.OnCurve && r.OnCurve
	require.Equal(t, valid, stdlib.Verify(public, message, signature))
	_, err := ed25519.Group.DecodeElement(public)
	require.Equal(t, a.Canonical && a.OnCurve && a.PrimeOrder, err == nil, "%v", err)
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

// The nonces of the first signer in RFC 9591, appendix E.1.
func TestNoncesAreThoseOfRFC9591(t *testing.T) {
	random := fromHex(t, "0fd2e39e111cdc266f6c0f4d0fd45c947761f1f5d3cb583dfcb9bbaf8d4c9fec"+
		"69cd85f631d5f7f2721ed5e40519b1366f340a87c2f6856363dbdcda348a7501")
	secret, err := ed25519.Group.DecodeScalar(fromHex(t, "929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509"))
	require.NoError(t, err)
	instance, err := ed25519.NewSchnorr(nil).ForKey(ed25519.Group.Generator())
	require.NoError(t, err)
	d, e, err := instance.DeriveNonces(bytes.NewReader(random), secret, nil, nil)
	require.NoError(t, err)
	require.Equal(t, "812d6104142944d5a55924de6d49940956206909f2acaeedecda2b726e630407", hex.EncodeToString(d.Bytes()))
	require.Equal(t, "b1110165fc2334149750b28dd813a39244f315cff14d4e89e6142f262ed83301", hex.EncodeToString(e.Bytes()))

	_, _, err = instance.DeriveNonces(bytes.NewReader(random[:63]), secret, nil, nil)
	require.Error(t, err)
}
