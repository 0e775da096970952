package clsag_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// The binding coefficient is another one as soon as anything that is signed is.
func TestCoefficientCoversWhatIsSigned(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 1, []uint16{1})
	base := newInputs(t, random, g.secret, 2)
	message := func([][32]byte) ([32]byte, error) { return [32]byte{1}, nil }
	nonces := [][2][]byte{{{1}, {2}}, {{3}, {4}}}
	// The image of the key under a generator, and one that is wrong.
	image := func(a frost.Algorithm, wrong byte) frost.Element {
		x := ed25519.ScalarOf(g.secret)
		return ed25519.Group.NewElement().Multiply(x.Add(x, ed25519.ScalarOf(scalar(wrong))), a.Generators()[0])
	}
	seen := map[string]string{}
	coefficient := func(name string, inputs []clsag.Input, message func([][32]byte) ([32]byte, error), wrong byte) {
		t.Helper()
		work, err := clsag.Work(inputs, message)
		require.NoError(t, err)
		in, err := work[0].ForKey(g.key.Key())
		require.NoError(t, err)
		own := image(work[0], 0)
		joined, err := in.(frost.Joint).Join([][]frost.Element{{own}, {image(work[1], wrong)}})
		require.NoError(t, err)
		c := joined.Coefficient(&frost.Binding{
			Context: []byte("context"), Signers: []uint16{1}, Key: g.key.Key(), Nonces: nonces, Images: []frost.Element{own},
		})
		encoded := string(c.Bytes())
		require.Empty(t, seen[encoded], name)
		seen[encoded] = name
	}
	changed := func(name string, change func(in *clsag.Input)) {
		t.Helper()
		inputs := slices.Clone(base)
		inputs[0].Ring = slices.Clone(inputs[0].Ring)
		change(&inputs[0])
		coefficient(name, inputs, message, 0)
	}
	changed("nothing", func(*clsag.Input) {})
	changed("mask", func(in *clsag.Input) { in.PseudoMask = scalar(3) })
	changed("decoy's key", func(in *clsag.Input) { in.Ring[3].Key = in.Ring[2].Key })
	changed("decoy's commitment", func(in *clsag.Input) { in.Ring[3].Commitment = in.Ring[2].Commitment })
	changed("place", func(in *clsag.Input) {
		in.Ring[in.Real+1], in.Real = in.Ring[in.Real], in.Real+1
	})
	coefficient("message", base, func([][32]byte) ([32]byte, error) { return [32]byte{2}, nil }, 0)
	coefficient("another input's image", base, message, 1)
}
