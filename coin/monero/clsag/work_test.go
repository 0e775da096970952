package clsag_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/clsag"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
)

// check parses and verifies what a session made, and returns the signatures.
func check(t require.TestingT, g *group, inputs []clsag.Input, made [][]byte) []*clsag.Signature {
	require.Len(t, made, len(inputs))
	images := make([][32]byte, len(inputs))
	signatures := make([]*clsag.Signature, len(inputs))
	for i, in := range inputs {
		var err error
		images[i], signatures[i], err = clsag.ParseSigned(made[i], len(in.Ring))
		require.NoError(t, err)
		x := new(edwards25519.Scalar).Add(g.secret, in.Offset)
		require.Equal(t, keys.KeyImage(x, in.Ring[in.Real].Key).Bytes(), images[i][:])
	}
	message, err := transaction(images)
	require.NoError(t, err)
	for i, in := range inputs {
		require.NoError(t, signatures[i].Verify(message, in.Ring, images[i], in.PseudoOut()))
	}
	return signatures
}

// drawGroup draws a threshold, the weights of validators, and some of them that
// reach it.
func drawGroup(t *rapid.T) (threshold int, weights, validators []uint16) {
	weights = rapid.SliceOfN(rapid.Uint16Range(1, 3), 1, 5).Draw(t, "weights")
	total := 0
	for _, weight := range weights {
		total += int(weight)
	}
	threshold = rapid.IntRange(1, total).Draw(t, "threshold")
	order := make([]uint16, len(weights))
	for i := range order {
		order[i] = uint16(i)
	}
	reached := 0
	for _, v := range rapid.Permutation(order).Draw(t, "order") {
		if reached < threshold || rapid.Bool().Draw(t, "more") {
			reached += int(weights[v])
			validators = append(validators, v)
		}
	}
	slices.Sort(validators)
	return threshold, weights, validators
}

func TestThresholdSigns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := seeded(rapid.Byte().Draw(t, "seed"))
		threshold, weights, validators := drawGroup(t)
		g := newGroup(t, random, threshold, weights)
		var inputs []clsag.Input
		for range rapid.IntRange(1, 3).Draw(t, "inputs") {
			ring, real := drawPlace(t)
			offset := randomScalar(t, random)
			if len(inputs) == 0 {
				offset = drawOffset(t, random)
			}
			inputs = append(inputs, newInput(t, random, g.secret, ring, real, offset))
		}
		work, err := clsag.Work(inputs, transaction)
		require.NoError(t, err)
		s := newSession(t, random, g, work, validators...)
		made, err := s.Aggregate(s.sign(t))
		require.NoError(t, err)
		check(t, g, inputs, made)
	})
}

// All signers derive the same signature; another session of the same work has
// nothing in common with it but the images and what the masks make.
func TestSessionsShareNoResponses(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 2, []uint16{1, 1, 1})
	inputs := newInputs(t, random, g.secret, 2)
	seen := map[[32]byte]bool{}
	for round, validators := range [][]uint16{{0, 1}, {0, 1}, {1, 2}, {0, 1, 2}} {
		work, err := clsag.Work(inputs, transaction)
		require.NoError(t, err)
		s := newSession(t, random, g, work, validators...)
		answers := s.sign(t)
		made, err := s.Aggregate(answers)
		require.NoError(t, err)
		// Another process comes to the same.
		work, err = clsag.Work(inputs, transaction)
		require.NoError(t, err)
		other, err := frost.NewSession(g.key, work, []byte("context"), s.members)
		require.NoError(t, err)
		again, err := other.Aggregate(answers)
		require.NoError(t, err)
		require.Equal(t, made, again)
		// The session of the same members in another context is another one.
		other, err = frost.NewSession(g.key, work, []byte("another"), s.members)
		require.NoError(t, err)
		require.Len(t, other.VerifyAll(answers), len(validators))

		for _, signature := range check(t, g, inputs, made) {
			require.False(t, seen[signature.C1], round)
			seen[signature.C1] = true
			for _, response := range signature.S {
				require.False(t, seen[response], round)
				seen[response] = true
			}
		}
	}
}

// The work is derived again after anything of it changed: shares for the one
// are not shares for the other.
func TestSharesAreForOneWork(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 2, []uint16{1, 1})
	inputs := newInputs(t, random, g.secret, 2)
	work, err := clsag.Work(inputs, transaction)
	require.NoError(t, err)
	s := newSession(t, random, g, work, 0, 1)
	answers := s.sign(t)
	for name, change := range map[string]func(inputs []clsag.Input){
		"mask":     func(inputs []clsag.Input) { inputs[0].PseudoMask = randomScalar(t, random) },
		"decoy":    func(inputs []clsag.Input) { inputs[0].Ring[3] = inputs[0].Ring[2] },
		"nothing":  func([]clsag.Input) {},
		"exchange": func(inputs []clsag.Input) { exchange(inputs) },
	} {
		changed := slices.Clone(inputs)
		for i := range changed {
			changed[i].Ring = slices.Clone(changed[i].Ring)
		}
		change(changed)
		work, err := clsag.Work(changed, transaction)
		require.NoError(t, err)
		other, err := frost.NewSession(g.key, work, []byte("context"), s.members)
		require.NoError(t, err)
		if name == "nothing" {
			require.Empty(t, other.VerifyAll(answers))
		} else {
			require.Len(t, other.VerifyAll(answers), 2, name)
		}
	}
	// Another message.
	work, err = clsag.Work(inputs, func([][32]byte) ([32]byte, error) { return [32]byte{9}, nil })
	require.NoError(t, err)
	other, err := frost.NewSession(g.key, work, []byte("context"), s.members)
	require.NoError(t, err)
	require.Len(t, other.VerifyAll(answers), 2)
}

// exchange gives the real member's place to a decoy.
func exchange(inputs []clsag.Input) {
	in := &inputs[1]
	to := (in.Real + 1) % len(in.Ring)
	in.Ring[in.Real], in.Ring[to] = in.Ring[to], in.Ring[in.Real]
	in.Real = to
}

func TestKeysOfOthersAreRefused(t *testing.T) {
	random := seeded(1)
	g, stranger := newGroup(t, random, 1, []uint16{1}), newGroup(t, random, 1, []uint16{1})
	in := newInput(t, random, g.secret, 3, 1, randomScalar(t, random))
	work, err := clsag.Work([]clsag.Input{in}, transaction)
	require.NoError(t, err)
	_, err = work[0].ForKey(g.key.Key())
	require.NoError(t, err)
	_, err = work[0].ForKey(stranger.key.Key())
	require.ErrorIs(t, err, clsag.ErrKey)
	_, err = work[0].ForKey(ed25519.ElementOf(multiple(new(edwards25519.Scalar).Add(g.secret, in.Offset))))
	require.ErrorIs(t, err, clsag.ErrKey, "the offset counts")

	in.Offset = scalar(1)
	work, err = clsag.Work([]clsag.Input{in}, transaction)
	require.NoError(t, err)
	_, err = work[0].ForKey(g.key.Key())
	require.ErrorIs(t, err, clsag.ErrKey)
}

func TestAnOutputIsSpentOnce(t *testing.T) {
	random := seeded(1)
	inputs := newInputs(t, random, scalar(7), 2)
	inputs[1] = inputs[0]
	_, err := clsag.Work(inputs, transaction)
	require.ErrorIs(t, err, clsag.ErrInput)
}

// Algorithms of one Work belong together.
func TestWorkIsSignedAsAWhole(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 1, []uint16{1})
	work, err := clsag.Work(newInputs(t, random, g.secret, 2), transaction)
	require.NoError(t, err)
	for _, part := range [][]frost.Algorithm{
		work[:1], append(slices.Clone(work), work[0]), {work[0], ed25519.NewSchnorr(nil)},
	} {
		_, commitment, err := frost.Commit(random, g.shares[0], part, nil)
		require.NoError(t, err)
		_, err = frost.NewSession(g.key, part, nil, []frost.Member{{Validator: 0, Commitment: commitment}})
		require.ErrorIs(t, err, frost.ErrWork)
	}
}

// An input by itself does not sign: nothing would be known of the message.
func TestAnInputAloneDoesNotSign(t *testing.T) {
	g := newGroup(t, seeded(1), 1, []uint16{1})
	work, err := clsag.Work(newInputs(t, seeded(2), g.secret, 1), transaction)
	require.NoError(t, err)
	in, err := work[0].ForKey(g.key.Key())
	require.NoError(t, err)
	nonces := []frost.Element{ed25519.Group.Generator(), work[0].Generators()[0]}
	_, err = in.Challenge(nonces, nonces[1:])
	require.Error(t, err)
	_, err = in.Signature(nonces, nonces[1:], ed25519.Group.NewScalar())
	require.Error(t, err)
	require.False(t, in.Coefficient(&frost.Binding{Key: g.key.Key()}).IsZero())
}

// The transaction is made once for all sessions with the right images.
func TestMessageIsAskedOnce(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 2, []uint16{1, 1, 1})
	inputs := newInputs(t, random, g.secret, 3)
	asked := 0
	work, err := clsag.Work(inputs, func(images [][32]byte) ([32]byte, error) {
		asked++
		message, err := transaction(images)
		clear(images) // they are its own
		return message, err
	})
	require.NoError(t, err)
	for range 3 {
		s := newSession(t, random, g, work, 0, 2)
		made, err := s.Aggregate(s.sign(t))
		require.NoError(t, err)
		check(t, g, inputs, made)
	}
	require.Equal(t, 1, asked)
}

// If there is no message for the right images, nobody is at fault.
func TestMessageThatFailsIsNobodysFault(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 2, []uint16{1, 1})
	failure := errors.New("no transaction")
	work, err := clsag.Work(newInputs(t, random, g.secret, 2), func([][32]byte) ([32]byte, error) { return [32]byte{}, failure })
	require.NoError(t, err)
	s := newSession(t, random, g, work, 0, 1)
	_, err = s.Aggregate(s.sign(t))
	require.ErrorIs(t, err, failure)
	require.ErrorIs(t, err, frost.ErrInconsistent)
	require.False(t, errors.As(err, new(frost.Faults)))
}

// One work serves sessions of several goroutines, as several requests to sign
// are served at once.
func TestWorkServesSessionsAtOnce(t *testing.T) {
	random := seeded(1)
	g := newGroup(t, random, 2, []uint16{1, 1, 1})
	inputs := newInputs(t, random, g.secret, 2)
	work, err := clsag.Work(inputs, transaction)
	require.NoError(t, err)
	var made [3][][]byte
	var errs [3]error
	var wait sync.WaitGroup
	for i, validators := range [][]uint16{{0, 1}, {0, 2}, {1, 2}} {
		random := seeded(byte(i))
		var members []frost.Member
		var nonces []*frost.Nonces
		for _, v := range validators {
			n, commitment, err := frost.Commit(random, g.shares[v], work, []byte("context"))
			require.NoError(t, err)
			nonces = append(nonces, n)
			members = append(members, frost.Member{Validator: v, Commitment: commitment})
		}
		wait.Go(func() {
			session, err := frost.NewSession(g.key, work, []byte("context"), members)
			if err != nil {
				errs[i] = err
				return
			}
			answers := make([][]byte, len(validators))
			for j, v := range validators {
				if answers[j], errs[i] = session.Sign(g.shares[v], nonces[j]); errs[i] != nil {
					return
				}
			}
			var inner sync.WaitGroup
			inner.Go(func() { _, _ = session.Aggregate(answers) })
			made[i], errs[i] = session.Aggregate(answers)
			inner.Wait()
		})
	}
	wait.Wait()
	for i := range made {
		require.NoError(t, errs[i])
		check(t, g, inputs, made[i])
	}
}
