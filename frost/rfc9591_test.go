package frost_test

import (
	"bytes"
	stdlib "crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/internal/conformance"
)

// hexBytes is a JSON string of hexadecimal digits.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// signingTrace is a whole signature, with everything on the way to it.
type signingTrace struct {
	In struct {
		T, N         uint16
		Group        string
		Signers      []uint16
		Secret       hexBytes `json:"group_secret"`
		Public       hexBytes `json:"group_public"`
		Message      hexBytes
		Coefficients []hexBytes
		Shares       map[string]hexBytes
		Randomness   map[string][2]hexBytes `json:"nonce_randomness"`
		Suite        string
		Binding      string
		BIP340       bool
	}
	Want struct {
		Nonces      map[string][2]hexBytes
		Commitments map[string][2]hexBytes
		Factors     map[string]hexBytes `json:"binding_factor"`
		Shares      map[string]hexBytes `json:"sig_share"`
		Signature   hexBytes
	}
}

func TestConformanceRFC9591(t *testing.T) {
	for _, pattern := range []string{"*rfc9591*.json", "*zf_frost*.json"} {
		t.Run(pattern, func(t *testing.T) { conformance.Vectors(t, pattern, followTrace) })
	}
}

// algorithm returns what makes the signature of a trace and what checks it.
func (c *signingTrace) algorithm(t *testing.T) (frost.Group, frost.Algorithm, func(signature []byte) bool) {
	message := []byte(c.In.Message)
	switch {
	case c.In.Group == "ed25519":
		return ed25519.Group, ed25519.NewSchnorr(message).PerSigner(),
			func(s []byte) bool { return stdlib.Verify(ed25519PublicKey(c.In.Public), message, s) }
	case c.In.Group == "secp256k1" && c.In.BIP340:
		return secp256k1.Group, secp256k1.NewBIP340(message).PerSigner(),
			func(s []byte) bool { return secp256k1.Verify([32]byte(c.In.Public[1:]), message, s) }
	case c.In.Group == "secp256k1":
		return secp256k1.Group, secp256k1.NewRFC9591(message), func([]byte) bool { return true }
	}
	t.Skipf("group %s is not built", c.In.Group)
	return nil, nil, nil
}

func ed25519PublicKey(b []byte) stdlib.PublicKey { return b }

// key deals the key of a trace.
func (c *signingTrace) key(t *testing.T, group frost.Group) (*frost.PublicKey, []frost.Scalar) {
	polynomial := make([]frost.Scalar, 0, c.In.T)
	for _, encoded := range slices.Concat([]hexBytes{c.In.Secret}, c.In.Coefficients) {
		coefficient, err := group.DecodeScalar(encoded)
		require.NoError(t, err)
		polynomial = append(polynomial, coefficient)
	}
	require.Len(t, polynomial, int(c.In.T))
	var secrets []frost.Scalar
	var public []frost.Element
	for x := range c.In.N {
		at, secret := group.NewScalar().SetUint64(uint64(x)+1), group.NewScalar()
		for i := len(polynomial) - 1; i >= 0; i-- {
			secret.Add(secret.Multiply(secret, at), polynomial[i])
		}
		if want, ok := c.In.Shares[strconv.Itoa(int(x)+1)]; ok {
			require.Equal(t, []byte(want), secret.Bytes())
		}
		secrets = append(secrets, secret)
		public = append(public, group.NewElement().MultiplyBase(secret))
	}
	key := group.NewElement().MultiplyBase(polynomial[0])
	require.Equal(t, []byte(c.In.Public), key.Bytes())
	return frost.NewLargeKey(group, c.In.T, key, public), secrets
}

func followTrace(t *testing.T, v conformance.Vector) {
	require.Equal(t, "frost_sign", v.Kind)
	var c signingTrace
	require.NoError(t, json.Unmarshal(v.In, &c.In))
	require.NoError(t, json.Unmarshal(v.Want, &c.Want))
	group, algorithm, valid := c.algorithm(t)
	key, secrets := c.key(t, group)
	slices.Sort(c.In.Signers) // as in the RFC's lists
	work := []frost.Algorithm{algorithm}

	var members []frost.Member
	nonces := make([]*frost.Nonces, len(c.In.Signers))
	shares := make([]*frost.KeyShare, len(c.In.Signers))
	for i, index := range c.In.Signers {
		name := strconv.Itoa(int(index))
		var err error
		shares[i], err = frost.NewKeyShare(key, index-1, secrets[index-1:index])
		require.NoError(t, err)
		random := slices.Concat(c.In.Randomness[name][0], c.In.Randomness[name][1])
		var commitment []byte
		nonces[i], commitment, err = frost.Commit(bytes.NewReader(random), shares[i], work, nil)
		require.NoError(t, err)
		members = append(members, frost.Member{Validator: index - 1, Commitment: commitment})

		hiding, binding := nonces[i].Pair(0)
		require.Equal(t, []byte(c.Want.Nonces[name][0]), hiding)
		require.Equal(t, []byte(c.Want.Nonces[name][1]), binding)
		for k, want := range c.Want.Commitments[name] {
			size := group.ElementSize()
			e, err := group.DecodeCleared(commitment[size*k:][:size])
			require.NoError(t, err)
			require.Equal(t, []byte(want), e.Bytes())
		}
	}
	session, err := frost.NewSession(key, work, nil, members)
	require.NoError(t, err)
	answers := make([][]byte, len(members))
	for i, index := range c.In.Signers {
		name := strconv.Itoa(int(index))
		require.Equal(t, []byte(c.Want.Factors[name]), session.Coefficient(0, i).Bytes())
		answers[i], err = session.Sign(shares[i], nonces[i])
		require.NoError(t, err)
		require.Equal(t, []byte(c.Want.Shares[name]), answers[i])
		require.NoError(t, session.Verify(index-1, answers[i]))
	}
	signatures, err := session.Aggregate(answers)
	require.NoError(t, err)
	require.Equal(t, []byte(c.Want.Signature), signatures[0])
	require.True(t, valid(signatures[0]))

	wrong, err := group.DecodeScalar(answers[0])
	require.NoError(t, err)
	answers[0] = wrong.Add(wrong, group.NewScalar().SetUint64(1)).Bytes()
	_, err = session.Aggregate(answers)
	var faults frost.Faults
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults, 1)
	require.Equal(t, c.In.Signers[0]-1, faults[0].Validator)
}

// perSignerKinds bind each signer's nonces by a coefficient of its own.
var perSignerKinds = map[string]struct {
	group     frost.Group
	algorithm func(message []byte) frost.Algorithm
	verify    func(key frost.Element, message, signature []byte) bool
}{
	"Ed25519": {ed25519.Group, func(m []byte) frost.Algorithm { return ed25519.NewSchnorr(m).PerSigner() }, kinds[0].verify},
	"BIP-340": {secp256k1.Group, func(m []byte) frost.Algorithm { return secp256k1.NewBIP340(m).PerSigner() }, kinds[1].verify},
	"BIP-340 taproot": {secp256k1.Group, func(m []byte) frost.Algorithm {
		return secp256k1.NewBIP340(m, taproot...).PerSigner()
	}, kinds[2].verify},
	"secp256k1": {secp256k1.Group, func(m []byte) frost.Algorithm { return secp256k1.NewRFC9591(m) },
		func(_ frost.Element, _, signature []byte) bool { return len(signature) == secp256k1.RFC9591Size }},
}

func TestPerSignerModeSigns(t *testing.T) {
	for name, k := range perSignerKinds {
		t.Run(name, func(t *testing.T) {
			for seed := range byte(8) { // keys and nonces with either parity
				s := newSigningSeeded(t, seed, kind{name, k.group, k.algorithm, k.verify}, 3, []uint16{1, 1, 1, 1, 1}, []uint16{0, 2, 4}, "one", "another")
				signatures, err := s.session.Aggregate(s.sign(t))
				require.NoError(t, err)
				for i, message := range []string{"one", "another"} {
					require.True(t, k.verify(s.key.Key(), []byte(message), signatures[i]), fmt.Sprint(seed))
				}
			}
		})
	}
}

func TestPerSignerModeTakesWeightOneOnly(t *testing.T) {
	k := perSignerKinds["Ed25519"]
	s := newSigning(t, kinds[0], 2, []uint16{1, 2}, []uint16{0, 1}, "message")
	_, err := frost.NewSession(s.key, []frost.Algorithm{k.algorithm([]byte("message"))}, nil, s.members)
	require.ErrorIs(t, err, frost.ErrMembers)
}
