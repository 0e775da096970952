package clsag

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/internal/conformance"
)

// thresholdVector has all randomness, and a binding factor for each signer.
type thresholdVector struct {
	Signers         []int
	GroupKey        string            `json:"group_key"`
	SecretShares    map[string]string `json:"secret_shares"`
	Offset          string
	OutputKey       string `json:"output_key"`
	Generator       string `json:"key_image_generator"`
	Lagrange        map[string]string
	Nonces          map[string][2]string
	BindingFactors  map[string]string `json:"binding_factors"`
	ImageShares     map[string]string `json:"key_image_shares"`
	Image           string            `json:"key_image"`
	RG              string            `json:"aggregate_R_G"`
	RHp             string            `json:"aggregate_R_Hp"`
	Ring            [][2]string
	SignerIndex     int `json:"signer_index"`
	Message         string
	Amount          uint64            `json:",string"`
	InputMask       string            `json:"input_mask"`
	PseudoMask      string            `json:"pseudo_out_mask"`
	PseudoOut       string            `json:"pseudo_out"`
	DecoyResponses  []string          `json:"decoy_responses"`
	MuP             string            `json:"mu_P"`
	MuC             string            `json:"mu_C"`
	CAtSigner       string            `json:"c_at_signer"`
	KeyChallenge    string            `json:"key_challenge"`
	ChallengedMask  string            `json:"challenged_mask"`
	SignatureShares map[string]string `json:"signature_shares"`
	Signature       struct {
		S     []string
		C1, D string
	}
}

func decode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func number(t testing.TB, text string) *edwards25519.Scalar {
	t.Helper()
	s, err := keys.DecodeScalar(decode(t, text))
	require.NoError(t, err)
	return s
}

func element(t testing.TB, text string) frost.Element {
	t.Helper()
	e, err := ed25519.Group.DecodeElement(decode(t, text))
	require.NoError(t, err)
	return e
}

// The vectors add the offset to the share of the lowest signer, and there is a
// binding factor for each signer; here the offset is public and the nonces are a
// sum. With their nonces and responses every number in between is the same, and
// their shares are ours but for the offset.
func TestConformanceThreshold(t *testing.T) {
	conformance.Monero(t, "frost_clsag.json", checkThreshold)
}

func checkThreshold(t *testing.T, v thresholdVector) {
	input := Input{
		Real: v.SignerIndex, Offset: number(t, v.Offset), Amount: v.Amount,
		Mask: number(t, v.InputMask), PseudoMask: number(t, v.PseudoMask),
	}
	for _, m := range v.Ring {
		input.Ring = append(input.Ring, Member{[32]byte(decode(t, m[0])), [32]byte(decode(t, m[1]))})
	}
	pseudoOut := input.PseudoOut()
	require.Equal(t, v.PseudoOut, hex.EncodeToString(pseudoOut[:]))
	message := [32]byte(decode(t, v.Message))
	work, err := Work([]Input{input}, func(images [][32]byte) ([32]byte, error) {
		require.Equal(t, v.Image, hex.EncodeToString(images[0][:]))
		return message, nil
	})
	require.NoError(t, err)
	generator := work[0].Generators()[0]
	require.Equal(t, v.Generator, hex.EncodeToString(generator.Bytes()))
	in, err := work[0].ForKey(element(t, v.GroupKey))
	require.NoError(t, err)

	// The image of the key is interpolated from those of the shares.
	image := ed25519.Group.NewElement()
	share := map[string]frost.Scalar{}
	for _, signer := range v.Signers {
		id := strconv.Itoa(signer)
		lambda := ed25519.ScalarOf(number(t, v.Lagrange[id]))
		x := ed25519.ScalarOf(number(t, v.SecretShares[id]))
		own := ed25519.Group.NewElement().Multiply(x, generator)
		require.Equal(t, v.ImageShares[id], hex.EncodeToString(own.Bytes()))
		image.Add(image, own.Multiply(lambda, own))
		share[id] = lambda.Multiply(lambda, x)
	}
	completed, err := in.(frost.Joint).Join([][]frost.Element{{image}})
	require.NoError(t, err)
	j := completed.(*joined)
	require.Equal(t, v.MuP, hex.EncodeToString(j.statement.weightKey.Bytes()))
	require.Equal(t, v.MuC, hex.EncodeToString(j.statement.weightMask.Bytes()))

	// Their responses in the place of those from our stream.
	nonces := []frost.Element{element(t, v.RG), element(t, v.RHp)}
	l := &loop{nonces: [2][32]byte{[32]byte(nonces[0].Bytes()), [32]byte(nonces[1].Bytes())}}
	for i, response := range v.DecoyResponses {
		if i == v.SignerIndex || response == "" {
			l.responses = append(l.responses, edwards25519.Scalar{})
			continue
		}
		l.responses = append(l.responses, *number(t, response))
	}
	l.first, l.own, err = j.statement.around(j.real, l.nonces[0], l.nonces[1], l.responses)
	require.NoError(t, err)
	j.last.Store(l)
	require.Equal(t, v.CAtSigner, hex.EncodeToString(l.own.Bytes()))
	challenge, err := completed.Challenge(nonces, []frost.Element{image})
	require.NoError(t, err)
	require.False(t, challenge.Negate)
	p := ed25519.Group.NewScalar().Negate(challenge.Factor)
	require.Equal(t, v.KeyChallenge, hex.EncodeToString(p.Bytes()))
	mask := new(edwards25519.Scalar).Multiply(l.own, j.statement.weightMask)
	require.Equal(t, v.ChallengedMask, hex.EncodeToString(mask.Multiply(mask, j.mask).Bytes()))

	sum := ed25519.Group.NewScalar()
	for _, signer := range v.Signers {
		id := strconv.Itoa(signer)
		z := new(edwards25519.Scalar).MultiplyAdd(number(t, v.BindingFactors[id]), number(t, v.Nonces[id][1]), number(t, v.Nonces[id][0]))
		answer := share[id].Multiply(share[id], challenge.Factor)
		answer.Add(answer, ed25519.ScalarOf(z))
		sum.Add(sum, answer)
		if signer == slices.Min(v.Signers) {
			shift := ed25519.Group.NewScalar().Multiply(challenge.Factor, ed25519.ScalarOf(j.offset))
			answer = shift.Add(shift, answer)
		}
		require.Equal(t, v.SignatureShares[id], hex.EncodeToString(answer.Bytes()))
	}
	signed, err := completed.Signature(nonces, []frost.Element{image}, sum)
	require.NoError(t, err)
	gotImage, s, err := ParseSigned(signed, len(v.Ring))
	require.NoError(t, err)
	require.Equal(t, v.Image, hex.EncodeToString(gotImage[:]))
	require.Equal(t, v.Signature.C1, hex.EncodeToString(s.C1[:]))
	require.Equal(t, v.Signature.D, hex.EncodeToString(s.D[:]))
	for i := range s.S {
		require.Equal(t, v.Signature.S[i], hex.EncodeToString(s.S[i][:]))
	}
}

// If the source of randomness fails, what is drawn is still as secret as the
// key, and another for another message.
func TestSeedOfOneSignerDependsOnTheKey(t *testing.T) {
	seen := map[[64]byte]bool{}
	one := new(edwards25519.Scalar).Subtract(edwards25519.NewScalar(), keys.InverseEight())
	for _, x := range []*edwards25519.Scalar{one, keys.InverseEight()} {
		for message := range byte(2) {
			for digest := range byte(2) {
				seed, err := hedge(bytes.NewReader(make([]byte, 64)), x, &prepared{digest: [64]byte{digest}}, [32]byte{message})
				require.NoError(t, err)
				require.False(t, seen[*seed])
				seen[*seed] = true
			}
		}
	}
	require.Len(t, seen, 8)
}
