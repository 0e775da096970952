package frost_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// What a coefficient does not depend on, who comes last may choose knowing it:
// everything has to be in it.
func TestBindingHashDependsOnEverything(t *testing.T) {
	g := secp256k1.Group.Generator()
	encoded := g.Bytes()
	base := func() *frost.Binding {
		return &frost.Binding{
			Context: []byte("context"), Item: 1, Signers: []uint16{1, 2},
			Key: g, Nonces: [][2][]byte{{encoded, encoded}}, Images: []frost.Element{g},
		}
	}
	twice := secp256k1.Group.NewElement().Add(g, g)
	seen := map[[64]byte]string{base().Hash("algorithm", []byte("bound")): "unchanged"}
	different := func(name string, hash [64]byte) {
		require.Empty(t, seen[hash], name)
		seen[hash] = name
	}
	for name, change := range map[string]func(b *frost.Binding){
		"context":        func(b *frost.Binding) { b.Context = []byte("Context") },
		"item":           func(b *frost.Binding) { b.Item = 2 },
		"another signer": func(b *frost.Binding) { b.Signers[1] = 3 },
		"more signers":   func(b *frost.Binding) { b.Signers = append(b.Signers, 3) },
		"key":            func(b *frost.Binding) { b.Key = twice },
		"hiding":         func(b *frost.Binding) { b.Nonces[0][0] = twice.Bytes() },
		"binding":        func(b *frost.Binding) { b.Nonces[0][1] = twice.Bytes() },
		"more nonces":    func(b *frost.Binding) { b.Nonces = append(b.Nonces, b.Nonces[0]) },
		"image":          func(b *frost.Binding) { b.Images[0] = twice },
		"no image":       func(b *frost.Binding) { b.Images = nil },
	} {
		b := base()
		change(b)
		different(name, b.Hash("algorithm", []byte("bound")))
	}
	different("algorithm", base().Hash("other", []byte("bound")))
	different("bound", base().Hash("algorithm", []byte("bount")))
	different("bound in parts", base().Hash("algorithm", []byte("bou"), []byte("nd")))
}

// The coefficient itself depends on what is signed, not only the challenge.
func TestCoefficientsBindWhatIsSigned(t *testing.T) {
	for _, list := range [][]frost.Algorithm{
		{ed25519.NewSchnorr([]byte("a")), ed25519.NewSchnorr([]byte("b"))},
		{
			secp256k1.NewBIP340([]byte("a")), secp256k1.NewBIP340([]byte("b")),
			secp256k1.NewBIP340([]byte("a"), secp256k1.TaprootTweak(nil)),
		},
	} {
		g := list[0].Group().Generator()
		for _, context := range []string{"", "context"} {
			var seen []frost.Scalar
			for _, algorithm := range list {
				in, err := algorithm.ForKey(g)
				require.NoError(t, err)
				b := in.Coefficient(&frost.Binding{
					Context: []byte(context), Signers: []uint16{1}, Key: g, Nonces: [][2][]byte{{g.Bytes(), g.Bytes()}},
				})
				require.False(t, slices.ContainsFunc(seen, b.Equal))
				seen = append(seen, b)
			}
		}
	}
}

// Coefficients depend on the place of the signature in the work, also where all
// else is alike.
func TestCoefficientsBindTheItem(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message", "message")
		members := slices.Clone(s.members)
		for i, m := range members {
			half := m.Commitment[:len(m.Commitment)/2]
			members[i].Commitment = slices.Concat(half, half)
		}
		repeated, err := frost.NewSession(s.key, s.work, []byte("context"), members)
		require.NoError(t, err)
		require.False(t, repeated.Coefficient(0, 0).Equal(repeated.Coefficient(1, 0)))
	})
}

// perSignerProof has a coefficient for each signer and a second generator.
type perSignerProof struct{ chaumPedersen }

func (a perSignerProof) ForKey(key frost.Element) (frost.Instance, error) {
	return perSignerProofInstance{chaumPedersenInstance{a.chaumPedersen, key}}, nil
}

type perSignerProofInstance struct{ chaumPedersenInstance }

func (perSignerProofInstance) Coefficients([]frost.SignerNonces) []frost.Scalar { return nil }

// Coefficients per signer hash nonces under G only, so there are to be no others.
func TestPerSignerModeTakesOneGeneratorOnly(t *testing.T) {
	k := kinds[3]
	s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message")
	work := []frost.Algorithm{perSignerProof{chaumPedersen{k.group, []byte("message")}}}
	_, err := frost.NewSession(s.key, work, []byte("context"), s.members)
	require.ErrorIs(t, err, frost.ErrWork)
}
