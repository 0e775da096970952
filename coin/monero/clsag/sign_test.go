package clsag_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/iotest"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
)

func drawOffset(t *rapid.T, random io.Reader) *edwards25519.Scalar {
	if rapid.Bool().Draw(t, "no offset") {
		return scalar(0)
	}
	return randomScalar(t, random)
}

// drawPlace draws a ring's size and a position in it, the first and the last
// more often than others.
func drawPlace(t *rapid.T) (ring, real int) {
	ring = rapid.OneOf(rapid.IntRange(2, 4), rapid.Just(clsag.RingSize)).Draw(t, "ring")
	return ring, rapid.OneOf(rapid.Just(0), rapid.Just(ring-1), rapid.IntRange(0, ring-1)).Draw(t, "real")
}

func TestOneSignerSigns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := seeded(rapid.Byte().Draw(t, "seed"))
		key, offset := randomScalar(t, random), drawOffset(t, random)
		ring, real := drawPlace(t)
		in := newInput(t, random, key, ring, real, offset)
		message := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "message"))
		s, image, err := clsag.Sign(random, key, &in, message)
		require.NoError(t, err)
		require.NoError(t, s.Verify(message, in.Ring, image, in.PseudoOut()))
		x := new(edwards25519.Scalar).Add(key, offset)
		require.Equal(t, keys.KeyImage(x, in.Ring[real].Key).Bytes(), image[:])

		// Another signature for the same output has the same image, and nothing
		// else in common but D, which the masks make.
		other, again, err := clsag.Sign(random, key, &in, message)
		require.NoError(t, err)
		require.Equal(t, image, again)
		require.Equal(t, s.D, other.D)
		require.NotEqual(t, s.C1, other.C1)
		for i := range s.S {
			require.NotEqual(t, s.S[i], other.S[i])
		}
	})
}

// A source of randomness that repeats gives the same signature for the same
// input and message, and another nonce, responses and all, for anything else.
func TestRandomnessThatRepeatsGivesNothingAway(t *testing.T) {
	key := randomScalar(t, seeded(1))
	base := newInput(t, seeded(2), key, 3, 1, randomScalar(t, seeded(3)))
	seen := map[[32]byte]bool{}
	sign := func(in clsag.Input, message byte) {
		t.Helper()
		s, image, err := clsag.Sign(bytes.NewReader(make([]byte, 64)), key, &in, [32]byte{message})
		require.NoError(t, err)
		require.NoError(t, s.Verify([32]byte{message}, in.Ring, image, in.PseudoOut()))
		for _, response := range s.S {
			require.False(t, seen[response])
			seen[response] = true
		}
	}
	sign(base, 0)
	sign(base, 1)
	in := base
	in.PseudoMask = randomScalar(t, seeded(4))
	sign(in, 0)
	in = base
	in.Ring = slices.Clone(base.Ring)
	in.Ring[0].Commitment = in.Ring[2].Commitment
	sign(in, 0)
}

func TestSourceOfRandomnessMayFail(t *testing.T) {
	failure := errors.New("no randomness")
	in := newInput(t, seeded(1), scalar(7), 2, 1, scalar(5))
	for _, random := range []io.Reader{
		iotest.ErrReader(failure), io.MultiReader(bytes.NewReader(make([]byte, 63)), iotest.ErrReader(failure)),
	} {
		_, _, err := clsag.Sign(random, scalar(7), &in, [32]byte{})
		require.ErrorIs(t, err, failure)
	}
}

// impossible are inputs that nobody can sign for.
func impossible(t *testing.T) map[string]clsag.Input {
	base := newInput(t, seeded(1), scalar(7), 3, 1, scalar(5))
	inputs := map[string]clsag.Input{}
	change := func(name string, f func(in *clsag.Input)) {
		in := base
		in.Ring = slices.Clone(base.Ring)
		f(&in)
		inputs[name] = in
	}
	change("no offset", func(in *clsag.Input) { in.Offset = nil })
	change("no mask", func(in *clsag.Input) { in.Mask = nil })
	change("no mask of the pseudo-output", func(in *clsag.Input) { in.PseudoMask = nil })
	change("before the ring", func(in *clsag.Input) { in.Real = -1 })
	change("after the ring", func(in *clsag.Input) { in.Real = 3 })
	change("another amount", func(in *clsag.Input) { in.Amount++ })
	change("another mask", func(in *clsag.Input) { in.Mask = scalar(9) })
	change("another commitment", func(in *clsag.Input) { in.Ring[1].Commitment = in.Ring[0].Commitment })
	change("equal masks", func(in *clsag.Input) { in.PseudoMask = in.Mask })
	change("a decoy that is no point", func(in *clsag.Input) { in.Ring[0].Key = [32]byte{2} })
	change("a decoy with no commitment", func(in *clsag.Input) { in.Ring[2].Commitment = [32]byte{2} })
	return inputs
}

func TestImpossibleInputsAreRefused(t *testing.T) {
	for name, in := range impossible(t) {
		_, _, err := clsag.Sign(seeded(2), scalar(7), &in, [32]byte{})
		require.ErrorIs(t, err, clsag.ErrInput, name)
		_, err = clsag.Work([]clsag.Input{in}, transaction)
		require.ErrorIs(t, err, clsag.ErrInput, name)
	}
}

func TestOutputsOfOthersAreNotSignedFor(t *testing.T) {
	in := newInput(t, seeded(1), scalar(7), 3, 1, scalar(5))
	_, _, err := clsag.Sign(seeded(2), scalar(8), &in, [32]byte{})
	require.ErrorIs(t, err, clsag.ErrKey)
	in.Offset = scalar(6)
	_, _, err = clsag.Sign(seeded(2), scalar(7), &in, [32]byte{})
	require.ErrorIs(t, err, clsag.ErrKey)
	_, _, err = clsag.Sign(seeded(2), scalar(6), &in, [32]byte{})
	require.NoError(t, err)
}

func TestInputsPrintRedacted(t *testing.T) {
	in := newInput(t, seeded(1), scalar(7), 2, 1, scalar(5))
	for _, input := range []any{in, &in, []clsag.Input{in}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			require.Contains(t, fmt.Sprintf(verb, input), "[redacted]")
			require.NotContains(t, fmt.Sprintf(verb, input), "1000000000000")
		}
		text, err := json.Marshal(input)
		require.NoError(t, err)
		require.Contains(t, string(text), "[redacted]")
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("message", "input", in)
	require.Contains(t, log.String(), "[redacted]")
}
