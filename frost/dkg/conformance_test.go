package dkg

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
		t.Skip("the recovery data of ChillDKG is not a message of this protocol")
	}
	var c vectorCase
	require.NoError(t, json.Unmarshal(v.In, &c.In))
	require.NoError(t, json.Unmarshal(v.Want, &c.Want))
	suite := v.Suite + " " + c.In.Suite
	group := ed25519.Group
	if strings.Contains(suite, "secp256k1") || v.Kind == "dkg_public" {
		group = secp256k1.Group
	} else {
		require.Contains(t, suite, "ed25519")
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
	tag := sha256.Sum256([]byte("TapTweak"))
	hash := sha256.Sum256(slices.Concat(tag[:], tag[:], sum[0].Bytes()[1:]))
	tweak, err := g.DecodeScalar(hash[:])
	require.NoError(t, err)
	sum[0].Add(sum[0], g.NewElement().MultiplyBase(tweak))
	require.Equal(t, strings.ToLower(c.Want.Output.Key), hex.EncodeToString(sum[0].Bytes()))
	for i, public := range c.Want.Output.Shares {
		checkPublic(t, g, sum, i+1, strings.ToLower(public), "")
	}
}
