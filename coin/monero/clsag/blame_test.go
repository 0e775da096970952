package clsag_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// observed is an algorithm that keeps what an instance was asked and answered:
// with it an adversary answers in sessions where Session.Sign refuses.
type observed struct {
	frost.Algorithm
	hiding, binding     frost.Scalar // the last that were drawn
	coefficient, factor frost.Scalar // of the last session
}

type observedInstance struct {
	frost.Joint
	o *observed
}

type observedJoined struct {
	frost.Instance
	o *observed
}

func (o *observed) ForKey(key frost.Element) (frost.Instance, error) {
	in, err := o.Algorithm.ForKey(key)
	if err != nil {
		return nil, err
	}
	return observedInstance{in.(frost.Joint), o}, nil
}

func (in observedInstance) DeriveNonces(random io.Reader, secret frost.Scalar, public frost.Element, extra []byte) (frost.Scalar, frost.Scalar, error) {
	d, e, err := in.Joint.DeriveNonces(random, secret, public, extra)
	in.o.hiding, in.o.binding = ed25519.Group.NewScalar().Set(d), ed25519.Group.NewScalar().Set(e)
	return d, e, err
}

func (in observedInstance) Join(images [][]frost.Element) (frost.Instance, error) {
	joined, err := in.Joint.Join(images)
	return observedJoined{joined, in.o}, err
}

func (in observedJoined) Coefficient(b *frost.Binding) frost.Scalar {
	in.o.coefficient = in.Instance.Coefficient(b)
	return in.o.coefficient
}

func (in observedJoined) Challenge(nonces, images []frost.Element) (frost.Challenge, error) {
	challenge, err := in.Instance.Challenge(nonces, images)
	in.o.factor = challenge.Factor
	return challenge, err
}

// attack is a session of validators 0, 1 and 3, of which 1 has two shares, and a
// member of it that does something wrong.
type attack struct {
	group    *group
	inputs   []clsag.Input
	work     []frost.Algorithm
	observed []*observed
	members  []frost.Member
	nonces   []*frost.Nonces
	culprit  int // its position
	// drawn are the nonces of the culprit, per input.
	drawn [][2]frost.Scalar
}

var attackers = []uint16{0, 1, 3}

func newAttack(t *testing.T, culprit int, message func([][32]byte) ([32]byte, error)) *attack {
	t.Helper()
	random := seeded(byte(culprit))
	a := &attack{group: newGroup(t, random, 4, []uint16{1, 2, 1, 1}), culprit: culprit}
	a.inputs = []clsag.Input{
		newInput(t, random, a.group.secret, 3, 0, randomScalar(t, random)),
		newInput(t, random, a.group.secret, 3, 2, randomScalar(t, random)),
	}
	var err error
	a.work, err = clsag.Work(a.inputs, message)
	require.NoError(t, err)
	for i := range a.work {
		o := &observed{Algorithm: a.work[i]}
		a.observed, a.work[i] = append(a.observed, o), o
	}
	for i, v := range attackers {
		nonces, commitment, err := frost.Commit(random, a.group.shares[v], a.work, []byte("context"))
		require.NoError(t, err)
		a.nonces = append(a.nonces, nonces)
		a.members = append(a.members, frost.Member{Validator: v, Commitment: commitment})
		if i == culprit {
			for _, o := range a.observed {
				a.drawn = append(a.drawn, [2]frost.Scalar{o.hiding, o.binding})
			}
		}
	}
	return a
}

// replace puts an element in the culprit's commitment: those of an input are D
// and E under G, D and E under Hp(P), and the image of each share.
func (a *attack) replace(input, element int, p frost.Element) {
	per := 4 + a.group.key.Weight(attackers[a.culprit])
	b := slices.Clone(a.members[a.culprit].Commitment)
	cleared := ed25519.Group.NewElement().VarTimeMultiply(ed25519.Group.CofactorInverse(), p)
	copy(b[32*(input*per+element):], cleared.Bytes())
	a.members[a.culprit].Commitment = b
}

// secret returns λ and the secret of each share of a member.
func (a *attack) secret(t *testing.T, position int) (lambdas, secrets []frost.Scalar) {
	t.Helper()
	var indices []uint16
	for _, v := range attackers {
		indices = append(indices, a.group.key.Indices(v)...)
	}
	encoded := a.group.shares[attackers[position]].SecretBytes()
	for j, index := range a.group.key.Indices(attackers[position]) {
		x, err := ed25519.Group.DecodeScalar(encoded[32*j:][:32])
		require.NoError(t, err)
		lambda, difference := ed25519.Group.NewScalar().SetUint64(1), ed25519.Group.NewScalar()
		for _, other := range indices {
			if other != index {
				at := ed25519.Group.NewScalar().SetUint64(uint64(other))
				difference.Subtract(at, difference.SetUint64(uint64(index)))
				lambda.Multiply(lambda, at.Multiply(at, difference.VarTimeInvert(difference)))
			}
		}
		lambdas, secrets = append(lambdas, lambda), append(secrets, x)
	}
	return lambdas, secrets
}

// run opens the session, has everybody answer, the culprit by the formula with
// its own nonces and shares, and requires that nobody but the culprit is blamed.
func (a *attack) run(t *testing.T, spoil func(answer []byte)) {
	t.Helper()
	session, err := frost.NewSession(a.group.key, a.work, []byte("context"), a.members)
	require.NoError(t, err, "a session is what convicts")
	answers := make([][]byte, len(a.members))
	for i, m := range a.members {
		if i == a.culprit {
			lambdas, secrets := a.secret(t, i)
			for item, o := range a.observed {
				z := ed25519.Group.NewScalar().Multiply(o.coefficient, a.drawn[item][1])
				z.Add(z, a.drawn[item][0])
				term := ed25519.Group.NewScalar()
				for j := range lambdas {
					z.Add(z, term.Multiply(o.factor, term.Multiply(lambdas[j], secrets[j])))
				}
				answers[i] = append(answers[i], z.Bytes()...)
			}
			spoil(answers[i])
			continue
		}
		answers[i], err = session.Sign(a.group.shares[m.Validator], a.nonces[i])
		require.NoError(t, err, "an honest signer does not see its own share fail")
	}
	_, err = session.Aggregate(answers)
	var faults frost.Faults
	require.True(t, errors.As(err, &faults), "%v", err)
	require.Len(t, faults, 1)
	require.Equal(t, attackers[a.culprit], faults[0].Validator)
	require.ErrorIs(t, faults[0], frost.ErrEquation)
	for i, m := range a.members {
		require.Equal(t, i != a.culprit, session.Verify(m.Validator, answers[i]) == nil)
	}
}

func asSent([]byte) {}

// Without anything wrong, the adversary's own formula makes signatures.
func TestObservedSignersSign(t *testing.T) {
	for culprit := range attackers {
		a := newAttack(t, culprit, transaction)
		session, err := frost.NewSession(a.group.key, a.work, []byte("context"), a.members)
		require.NoError(t, err)
		var answers [][]byte
		for i, m := range a.members {
			answer, err := session.Sign(a.group.shares[m.Validator], a.nonces[i])
			require.NoError(t, err)
			answers = append(answers, answer)
		}
		made, err := session.Aggregate(answers)
		require.NoError(t, err)
		check(t, a.group, a.inputs, made)
	}
}

// Whoever sends a wrong image, nonce or answer is blamed, and nobody else: the
// first signer or the last, with one share or two, with offsets that are not
// zero, whichever input it is.
func TestBlameNamesTheCulprit(t *testing.T) {
	wrong := ed25519.ElementOf(multiple(scalar(5)))
	for culprit := range attackers {
		for input := range 2 {
			t.Run(fmt.Sprintf("signer %d, input %d", culprit, input), func(t *testing.T) {
				for element := range 4 + culprit%2 + 1 {
					a := newAttack(t, culprit, transaction)
					a.replace(input, element, wrong)
					a.run(t, asSent)
				}
				a := newAttack(t, culprit, transaction)
				a.run(t, func(answer []byte) {
					z, err := ed25519.Group.DecodeScalar(answer[32*input:][:32])
					require.NoError(t, err)
					copy(answer[32*input:], z.Add(z, ed25519.Group.NewScalar().SetUint64(1)).Bytes())
				})
			})
		}
	}
}

// A signer that answers for the offset too, as those of other implementations
// do, answers for more than its shares.
func TestOffsetIsNotOfAnySigner(t *testing.T) {
	for culprit := range attackers {
		a := newAttack(t, culprit, transaction)
		a.run(t, func(answer []byte) {
			z, err := ed25519.Group.DecodeScalar(answer[:32])
			require.NoError(t, err)
			shift := ed25519.ScalarOf(a.inputs[0].Offset)
			shift.Multiply(shift, a.observed[0].factor)
			copy(answer, z.Add(z, shift).Bytes())
		})
	}
}

// imageFor returns the image that makes the culprit's first share lead to a key
// image, whatever the others sent.
func (a *attack) imageFor(t *testing.T, input int, image *edwards25519.Point) frost.Element {
	t.Helper()
	generator := a.work[input].Generators()[0]
	lambdas, secrets := a.secret(t, a.culprit)
	rest := ed25519.Group.NewScalar().Multiply(lambdas[0], secrets[0])
	rest.Subtract(rest, ed25519.ScalarOf(a.group.secret))
	rest.Subtract(rest, ed25519.ScalarOf(a.inputs[input].Offset)) // −(all but the culprit's first share)
	e := ed25519.Group.NewElement().VarTimeMultiply(rest, generator)
	e.Add(e, ed25519.ElementOf(image))
	return e.VarTimeMultiply(lambdas[0].VarTimeInvert(lambdas[0]), e)
}

// The last signer chooses the image as it likes: none, one that is another
// input's, one for which there is no transaction. There is a session all the
// same, and it convicts.
func TestChosenImagesConvictWhoChoseThem(t *testing.T) {
	for culprit := range attackers {
		a := newAttack(t, culprit, transaction)
		a.replace(0, 4, a.imageFor(t, 0, edwards25519.NewIdentityPoint()))
		a.run(t, asSent)
		require.True(t, chosen(t, a, [32]byte{1}))

		target := multiple(randomScalar(t, seeded(7)))
		refused := false
		refusing := func(images [][32]byte) ([32]byte, error) {
			if refused = images[1] == [32]byte(target.Bytes()); refused {
				return [32]byte{}, errors.New("no such transaction")
			}
			return transaction(images)
		}
		a = newAttack(t, culprit, refusing)
		a.replace(1, 4, a.imageFor(t, 1, target))
		a.run(t, asSent)
		require.True(t, refused)
	}
}

// chosen reports whether the image of input 0 is what the culprit chose.
func chosen(t *testing.T, a *attack, image [32]byte) bool {
	t.Helper()
	seen := false
	work, err := clsag.Work(a.inputs, func(images [][32]byte) ([32]byte, error) {
		seen = images[0] == image
		return transaction(images)
	})
	require.NoError(t, err)
	_, err = frost.NewSession(a.group.key, work, []byte("context"), a.members)
	require.NoError(t, err)
	return seen
}
