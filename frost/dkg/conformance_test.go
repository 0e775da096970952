package dkg

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/internal/conformance"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// vectorCase is a case of the files that hold whole runs of related protocols.
// Their messages are not ours; the sums, verification shares and keys are.
type vectorCase struct {
	In struct {
		Suite   string
		T, N    int
		Dealers map[string]struct {
			Commitments []string          `json:"vss_commitments"`
			Shares      map[string]string `json:"signing_shares"`
		}
		Round1 []struct {
			ID          int      `json:"participant_id"`
			Commitments []string `json:"vss_commitment"`
		}
		Deals []struct{ Commitments []string }
	}
	Want struct {
		Group        string            `json:"group_public"`
		PublicShares map[string]string `json:"public_shares"`
		SecretShares map[string]string `json:"secret_shares"`

		GroupKey string `json:"group_public_key"`
		Round2   []struct {
			ID     int    `json:"participant_id"`
			Secret string `json:"secret_share"`
			Public string `json:"verification_share"`
		}

		Output struct {
			Key    string   `json:"threshPk"`
			Shares []string `json:"pubshares"`
		} `json:"dkgOutput"`
	}
}

// TestConformance walks the vectors of Feldman key generation.
func TestConformance(t *testing.T) {
	for _, pattern := range []string{"*feldman_dkg*.json", "*cocktail_dkg*.json", "*chilldkg*.json"} {
		t.Run(pattern, func(t *testing.T) {
			conformance.Vectors(t, pattern, check)
		})
	}
}

func check(t *testing.T, v conformance.Vector) {
	if strings.HasPrefix(v.Kind, "recover") {
		checkRecovery(t, v)
		return
	}
	var c vectorCase
	require.NoError(t, json.Unmarshal(v.In, &c.In))
	require.NoError(t, json.Unmarshal(v.Want, &c.Want))
	suite := v.Suite + " " + c.In.Suite
	var group frost.Group
	switch {
	case strings.Contains(suite, "secp256k1") || v.Kind == "dkg_public":
		group = secp256k1.Group
	case strings.Contains(suite, "ed25519"):
		group = ed25519.Group
	default:
		t.Skipf("there is no group of suite %s", suite)
	}
	switch v.Kind {
	case "feldman_dkg":
		checkFeldman(t, group, c)
	case "dkg_transcript":
		checkTranscript(t, group, c)
	case "dkg_public":
		checkChillDKG(t, group, c)
	default:
		t.Fatalf("unknown kind %q", v.Kind)
	}
}

// addCommitments adds a dealer's commitments to the sum.
func addCommitments(t *testing.T, g frost.Group, sum []frost.Element, commitments []string) []frost.Element {
	var list []frost.Element
	for k, text := range commitments {
		c, err := g.DecodeElement(unhex(t, text))
		require.NoError(t, err)
		list = append(list, c)
		sum[k].Add(sum[k], c)
	}
	return list
}

func newSum(g frost.Group, t int) []frost.Element {
	sum := make([]frost.Element, t)
	for k := range sum {
		sum[k] = g.NewElement()
	}
	return sum
}

// checkPublic checks the public share at x and, if given, its secret.
func checkPublic(t *testing.T, g frost.Group, commitments []frost.Element, x int, public, secret string) {
	share := evaluate(g, commitments, x)
	if public != "" {
		require.Equal(t, public, hex.EncodeToString(share.Bytes()))
	}
	if secret != "" {
		s, err := g.DecodeScalar(unhex(t, secret))
		require.NoError(t, err)
		require.True(t, g.NewElement().MultiplyBase(s).Equal(share))
	}
}

func checkFeldman(t *testing.T, g frost.Group, c vectorCase) {
	sum := newSum(g, c.In.T)
	commitments := make(map[string][]frost.Element)
	for index, dealer := range c.In.Dealers {
		commitments[index] = addCommitments(t, g, sum, dealer.Commitments)
	}
	for index, recipient := range c.In.Dealers {
		x, err := strconv.Atoi(index)
		require.NoError(t, err)
		for dealer, share := range recipient.Shares { // those it received
			checkPublic(t, g, commitments[dealer], x, "", share)
		}
	}
	require.Equal(t, c.Want.Group, hex.EncodeToString(sum[0].Bytes()))
	require.NotEmpty(t, c.Want.PublicShares)
	for index, public := range c.Want.PublicShares {
		x, err := strconv.Atoi(index)
		require.NoError(t, err)
		checkPublic(t, g, sum, x, public, c.Want.SecretShares[index])
	}
}

func checkTranscript(t *testing.T, g frost.Group, c vectorCase) {
	sum := newSum(g, c.In.T)
	for _, message := range c.In.Round1 {
		addCommitments(t, g, sum, message.Commitments)
	}
	require.Equal(t, c.Want.GroupKey, hex.EncodeToString(sum[0].Bytes()))
	for _, share := range c.Want.Round2 {
		checkPublic(t, g, sum, share.ID, share.Public, share.Secret)
	}
}

// checkChillDKG follows ChillDKG from the dealt key on: it adds the tweak of a
// taproot output without scripts, whatever the parity of the key.
func checkChillDKG(t *testing.T, g frost.Group, c vectorCase) {
	sum := newSum(g, c.In.T)
	for _, message := range c.In.Deals {
		addCommitments(t, g, sum, message.Commitments)
	}
	sum[0] = unspendable(t, sum[0])
	require.Equal(t, strings.ToLower(c.Want.Output.Key), hex.EncodeToString(sum[0].Bytes()))
	for i, public := range c.Want.Output.Shares {
		checkPublic(t, g, sum, i+1, strings.ToLower(public), "")
	}
}

// certificateFault is in the text of the fault of recovery data that only the protocol which
// made them can find: it signs what is recovered.
const certificateFault = "certificate"

// checkRecovery follows ChillDKG as far as its recovery data hold what ours do:
// t, the sum of all commitments, and the participants' keys; then come their
// nonces and encrypted shares, which are another encryption's, and a signature
// of each on all of it. From the sum follow key and public shares.
func checkRecovery(t *testing.T, v conformance.Vector) {
	var in struct {
		HostSecret *string `json:"hostseckey"`
		Data       string  `json:"recovery_data"`
	}
	var want struct {
		Output struct {
			Key    string   `json:"threshPk"`
			Shares []string `json:"pubshares"`
			Secret *string  `json:"secshare"`
		} `json:"dkgOutput"`
		Params struct{ T int }
		Error  struct{ Message string }
	}
	require.NoError(t, json.Unmarshal(v.In, &in))
	require.NoError(t, json.Unmarshal(v.Want, &want))
	sum, participants, self, err := recovered(unhex(t, in.Data), in.HostSecret)
	if v.Kind != "recover" {
		if strings.Contains(want.Error.Message, certificateFault) {
			require.NoError(t, err)
			return
		}
		require.Error(t, err, v.Note)
		return
	}
	require.NoError(t, err)
	g := secp256k1.Group
	require.Len(t, sum, want.Params.T)
	require.Len(t, want.Output.Shares, participants)
	sum[0] = unspendable(t, sum[0])
	require.Equal(t, strings.ToLower(want.Output.Key), hex.EncodeToString(sum[0].Bytes()))
	for i, public := range want.Output.Shares {
		secret := ""
		if i == self {
			secret = strings.ToLower(*want.Output.Secret)
		}
		checkPublic(t, g, sum, i+1, strings.ToLower(public), secret)
	}
}

// recovered reads recovery data. Self is the position of the participant with
// the host secret, −1 without one.
func recovered(data []byte, hostSecret *string) (sum []frost.Element, participants, self int, err error) {
	g := secp256k1.Group
	const each = 33 + 33 + 32 + 64 // of a participant
	if len(data) < 4 {
		return nil, 0, 0, errors.New("too short")
	}
	threshold := int(binary.BigEndian.Uint32(data))
	rest := len(data) - 4 - 33*threshold
	participants = rest / each
	if threshold < 1 || rest < 0 || rest%each != 0 || threshold > participants {
		return nil, 0, 0, errors.New("impossible length")
	}
	data = data[4:]
	for range threshold {
		c, err := g.DecodeElement(data[:33])
		if err != nil {
			return nil, 0, 0, err
		}
		sum, data = append(sum, c), data[33:]
	}
	var own []byte
	self = -1
	if hostSecret != nil {
		b, err := hex.DecodeString(*hostSecret)
		if err != nil {
			return nil, 0, 0, err
		}
		secret, err := g.DecodeScalar(b)
		if err != nil || secret.IsZero() {
			return nil, 0, 0, errors.New("host secret")
		}
		own = g.NewElement().MultiplyBase(secret).Bytes()
	}
	seen := map[string]bool{}
	for i := range participants {
		key, err := g.DecodeElement(data[33*i:][:33])
		if err != nil {
			return nil, 0, 0, err
		}
		if _, err := g.DecodeElement(data[33*(participants+i):][:33]); err != nil {
			return nil, 0, 0, err
		}
		if _, err := g.DecodeScalar(data[66*participants+32*i:][:32]); err != nil {
			return nil, 0, 0, err
		}
		if seen[string(key.Bytes())] {
			return nil, 0, 0, errors.New("one key twice")
		}
		seen[string(key.Bytes())] = true
		if own != nil && bytes.Equal(key.Bytes(), own) {
			self = i
		}
	}
	if own != nil && self < 0 {
		return nil, 0, 0, errors.New("host secret of a stranger")
	}
	return sum, participants, self, nil
}

// unspendable adds to a key the tweak of a taproot output without scripts,
// whatever the key's parity.
func unspendable(t *testing.T, key frost.Element) frost.Element {
	g := secp256k1.Group
	tag := sha256.Sum256([]byte("TapTweak"))
	hash := sha256.Sum256(slices.Concat(tag[:], tag[:], key.Bytes()[1:]))
	tweak, err := g.DecodeScalar(hash[:])
	require.NoError(t, err)
	return g.NewElement().Add(key, g.NewElement().MultiplyBase(tweak))
}
