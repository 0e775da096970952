package frost_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// together is Chaum-Pedersen whose proof also covers the images of the other
// items: they are appended to the message.
type together struct{ chaumPedersen }

func (a together) ForKey(key frost.Element) (frost.Instance, error) {
	return togetherInstance{chaumPedersenInstance{a.chaumPedersen, key}}, nil
}

func (a together) covering(images [][]frost.Element) chaumPedersen {
	message := slices.Clone(a.message)
	for _, list := range images {
		for _, image := range list {
			message = append(message, image.Bytes()...)
		}
	}
	return chaumPedersen{a.group, message}
}

// togetherInstance cannot sign before it is joined.
type togetherInstance struct{ chaumPedersenInstance }

func (in togetherInstance) Coefficient(*frost.Binding) frost.Scalar { panic("not joined") }

func (in togetherInstance) Challenge(_, _ []frost.Element) (frost.Challenge, error) {
	panic("not joined")
}

func (in togetherInstance) Join(images [][]frost.Element) (frost.Instance, error) {
	if string(in.a.message) == "impossible" {
		return nil, errors.New("cannot be joined")
	}
	return chaumPedersenInstance{together{in.a}.covering(images), in.key}, nil
}

var jointKinds = []kind{
	{"Ed25519", ed25519.Group,
		func(m []byte) frost.Algorithm { return together{chaumPedersen{ed25519.Group, m}} }, nil},
	{"secp256k1", secp256k1.Group,
		func(m []byte) frost.Algorithm { return together{chaumPedersen{secp256k1.Group, m}} }, nil},
}

// imagesIn returns the images that the signatures of some items say they have.
func imagesIn(t require.TestingT, group frost.Group, signatures [][]byte) [][]frost.Element {
	images := make([][]frost.Element, len(signatures))
	for i, signature := range signatures {
		image, err := group.DecodeElement(signature[:group.ElementSize()])
		require.NoError(t, err)
		images[i] = []frost.Element{image}
	}
	return images
}

func TestJointSignaturesCoverTheImagesOfAllItems(t *testing.T) {
	for _, k := range jointKinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				messages := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 4).Draw(rt, "messages")
				seed := rapid.Byte().Draw(rt, "seed")
				s := newSigningSeeded(t, seed, k, 3, []uint16{1, 2, 1}, []uint16{0, 1}, messages...)
				signatures, err := s.session.Aggregate(s.sign(t))
				require.NoError(rt, err)
				images := imagesIn(rt, k.group, signatures)
				for i, signature := range signatures {
					plain := s.work[i].(together)
					require.True(rt, plain.covering(images).verify(s.key.Key(), signature))
					require.False(rt, plain.verify(s.key.Key(), signature))
				}
			})
		})
	}
}

// A signer with a wrong image for one item spoils the signatures of all, and
// nobody else is at fault, wherever it stands and however many shares it has.
func TestWrongImageSpoilsAllItemsAndConvictsItsSignerOnly(t *testing.T) {
	for _, k := range jointKinds {
		t.Run(k.name, func(t *testing.T) {
			for culprit := range 3 {
				s := newSigning(t, k, 4, []uint16{1, 2, 1}, []uint16{0, 1, 2}, "first", "second")
				// D, E under both generators, and then the images of item 0. The
				// one of another point is as well-formed as the right one.
				size := k.group.ElementSize()
				members := slices.Clone(s.members)
				members[culprit].Commitment = slices.Clone(members[culprit].Commitment)
				copy(members[culprit].Commitment[4*size:], members[culprit].Commitment[:size])
				session, err := frost.NewSession(s.key, s.work, []byte("context"), members)
				require.NoError(t, err)
				answers := make([][]byte, len(members))
				for i, m := range members {
					if i == culprit {
						// It answers as its nonces and its shares have it, which
						// is right for item 1 and under the base point.
						answers[i] = answerIn(t, s, session, i)
						continue
					}
					answers[i], err = session.Sign(s.shares[m.Validator], s.nonces[m.Validator])
					require.NoError(t, err, "the honest see their own shares hold")
				}
				faults := aggregateFaults(session, answers)
				require.Len(t, faults, 1)
				require.Equal(t, uint16(culprit), faults[0].Validator)
				for i, m := range members {
					require.Equal(t, i != culprit, session.Verify(m.Validator, answers[i]) == nil)
				}
				// The other item has another message, so what was answered for it
				// is no answer in a session with the right image.
				require.NotEqual(t, s.session.Coefficient(1, 0).Bytes(), session.Coefficient(1, 0).Bytes())
			}
		})
	}
}

// answerIn is the share of a member by the formula, without the checks that
// refuse to give it.
func answerIn(t *testing.T, s *signing, session *frost.Session, position int) []byte {
	t.Helper()
	v := s.members[position].Validator
	pairs := s.nonces[v].Scalars()
	var encoded []byte
	for item := range s.work {
		z := s.key.Group().NewScalar().Multiply(session.Coefficient(item, position), pairs[2*item+1])
		z.Add(z, pairs[2*item])
		secrets := s.shares[v].SecretBytes()
		size := s.key.Group().ScalarSize()
		first := 0
		for _, m := range s.members[:position] {
			first += s.key.Weight(m.Validator)
		}
		for j, lambda := range session.Lambda(first, s.key.Weight(v)) {
			x, err := s.key.Group().DecodeScalar(secrets[j*size:][:size])
			require.NoError(t, err)
			x.Multiply(x, lambda)
			z.Add(z, x.Multiply(x, session.Factor(item)))
		}
		encoded = append(encoded, z.Bytes()...)
	}
	return encoded
}

func TestJointWorkThatCannotBeJoinedIsImpossible(t *testing.T) {
	s := newSigning(t, jointKinds[0], 2, []uint16{1, 1}, []uint16{0, 1}, "message", "impossibly")
	s.work[1] = jointKinds[0].algorithm([]byte("impossible"))
	_, err := frost.NewSession(s.key, s.work, []byte("context"), s.members)
	require.ErrorIs(t, err, frost.ErrWork)
	require.ErrorContains(t, err, "item 1")
}
