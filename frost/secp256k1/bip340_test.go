package secp256k1

import (
	"encoding/hex"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// The first output of BIP-341's test vectors, and its first one with a script.
func TestTaprootTweak(t *testing.T) {
	for _, c := range []struct{ internal, root, output string }{
		{"d6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d", "",
			"53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343"},
		{"187791b6f712a8ea41c8ecdd0ee77fab3e85263b37e1ec18a3651926b3a6cf27",
			"5b75adecf53548f3ec6ad7d78383bf84cc57b55a3127c72b9a2481752dd88b21",
			"147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3"},
	} {
		for _, prefix := range []byte{2, 3} { // the y of the internal key does not matter
			key, err := Group.DecodeElement(append([]byte{prefix}, unhex(t, c.internal)...))
			require.NoError(t, err)
			tweaked, err := TweakedKey(key, TaprootTweak(unhex(t, c.root)))
			require.NoError(t, err)
			output := XOnly(tweaked)
			require.Equal(t, c.output, hex.EncodeToString(output[:]))
		}
	}
	_, err := TweakedKey(Group.Generator(), TaprootTweak(make([]byte, 31)))
	require.ErrorIs(t, err, ErrTweak)
	_, err = TweakedKey(Group.NewElement())
	require.Error(t, err)
}

// A tweaked key is the key of the tweaked secret, whatever the tweaks.
func TestTweaksFollowTheSecret(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawScalar(t, "x")
		if x.IsZero() {
			x.SetUint64(1)
		}
		key := Group.NewElement().MultiplyBase(x)
		var tweaks []Tweak
		for range rapid.IntRange(0, 4).Draw(t, "tweaks") {
			value := [32]byte(drawScalar(t, "tweak").Bytes())
			tweaks = append(tweaks, rapid.SampledFrom([]Tweak{
				PlainTweak(value), XOnlyTweak(value), TaprootTweak(nil), TaprootTweak(value[:]),
			}).Draw(t, "kind"))
		}
		tweaked, err := applyTweaks(key, tweaks)
		if err != nil {
			require.ErrorIs(t, err, ErrTweak)
			return
		}
		secret := new(Scalar)
		secret.Multiply(tweaked.sign, x)
		secret.Add(secret, tweaked.offset)
		require.Equal(t, tweaked.key.Bytes(), Group.NewElement().MultiplyBase(secret).Bytes())
	})
}

func FuzzVerify(f *testing.F) {
	key, _ := btcec.PrivKeyFromBytes([]byte{7})
	message := make([]byte, 32)
	signature, err := schnorr.Sign(key, message)
	require.NoError(f, err)
	f.Add(schnorr.SerializePubKey(key.PubKey()), message, signature.Serialize())
	f.Fuzz(func(t *testing.T, key, message, signature []byte) {
		if len(key) != 32 || len(message) != 32 {
			return // all that btcec takes
		}
		want := false
		if public, err := schnorr.ParsePubKey(key); err == nil {
			if parsed, err := schnorr.ParseSignature(signature); err == nil {
				want = parsed.Verify(message, public)
			}
		}
		require.Equal(t, want, Verify([32]byte(key), message, signature))
	})
}

// Sessions without and with a context differ in the coefficient only.
func TestCoefficientBindsTheContext(t *testing.T) {
	instance, err := NewBIP340([]byte("message")).ForKey(Group.Generator())
	require.NoError(t, err)
	g := Group.Generator().Bytes()
	binding := frost.Binding{Signers: []uint16{1, 2}, Key: Group.Generator(), Nonces: [][2][]byte{{g, g}}}
	plain := instance.Coefficient(&binding)

	binding.Item = 1
	require.True(t, plain.Equal(instance.Coefficient(&binding)), "BIP-445 does not know it")

	seen := []frost.Scalar{plain}
	for _, change := range []func(){
		func() { binding.Context = []byte("a") },
		func() { binding.Context = []byte("b") },
		func() { binding.Item = 2 },
		func() { binding.Signers = []uint16{1, 3} },
		func() { binding.Nonces[0][1] = make([]byte, elementSize) },
		func() { binding.Images = []frost.Element{Group.Generator()} },
	} {
		change()
		b := instance.Coefficient(&binding)
		for _, other := range seen {
			require.False(t, b.Equal(other))
		}
		seen = append(seen, b)
	}
}
