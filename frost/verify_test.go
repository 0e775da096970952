package frost_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/secp256k1"
)

// Shares are checked together with weights that nobody knows before the shares
// are fixed, and no two of which are alike.
func TestWeightsAreAHashOfSessionAndShares(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1, 1}, []uint16{0, 1, 2}, "message")
		answers := s.sign(t)
		other, err := frost.NewSession(s.key, s.work, []byte("other"), s.members)
		require.NoError(t, err)

		var seen []frost.Scalar
		check := func(session *frost.Session, positions []int, shares ...[]byte) {
			t.Helper()
			weights := session.Weights(4, positions, shares)
			require.True(t, weights[0].Equal(k.group.NewScalar().SetUint64(1)))
			for _, w := range weights[1:] {
				require.False(t, slices.ContainsFunc(seen, w.Equal))
				seen = append(seen, w)
				// 128 bits.
				encoded := w.Bytes()
				if k.group == secp256k1.Group { // big-endian
					slices.Reverse(encoded)
				}
				require.Equal(t, make([]byte, 16), encoded[16:])
				require.NotEqual(t, make([]byte, 8), encoded[8:16])
				require.NotEqual(t, make([]byte, 8), encoded[:8])
			}
		}
		check(s.session, []int{0, 1}, answers[0], answers[1])
		check(s.session, []int{0, 2}, answers[0], answers[1])
		check(s.session, []int{0, 1}, answers[0], answers[2])
		check(s.session, []int{0, 1}, answers[2], answers[1])
		check(other, []int{0, 1}, answers[0], answers[1])
	})
}

// Errors of several members, or of one in several items, do not cancel.
func TestErrorsDoNotCancel(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 4, []uint16{1, 1, 1, 1}, []uint16{0, 1, 2, 3}, "first", "second", "third")
		sound := s.sign(t)
		size := k.group.ScalarSize()
		add := func(share []byte, item int, x uint64, negative bool) {
			z, err := k.group.DecodeScalar(share[size*item:][:size])
			require.NoError(t, err)
			delta := k.group.NewScalar().SetUint64(x)
			if negative {
				delta.Negate(delta)
			}
			copy(share[size*item:], z.Add(z, delta).Bytes())
		}
		for one := range s.members {
			for another := range s.members {
				for item := range s.work {
					if one == another && item == 0 {
						continue
					}
					answers := slices.Clone(sound)
					for i := range answers {
						answers[i] = bytes.Clone(answers[i])
					}
					add(answers[one], 0, 5, false)
					add(answers[another], item, 5, true)
					want := 2
					if one == another {
						want = 1
					}
					require.Len(t, s.session.VerifyAll(answers), want)
				}
			}
		}
	})
}

// Shares that are not there yet are not checked.
func TestVerifyAllTakesWhatIsThere(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message")
		answers := s.sign(t)
		require.Empty(t, s.session.VerifyAll(nil))
		require.Empty(t, s.session.VerifyAll([][]byte{nil, answers[1]}))
		require.Empty(t, s.session.VerifyAll(answers[:1]))
		faults := s.session.VerifyAll([][]byte{answers[1]})
		require.Len(t, faults, 1)
		require.Equal(t, uint16(0), faults[0].Validator)
	})
}
