package frost_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/frost/secp256k1"
)

func TestSessionSigns(t *testing.T) {
	cases := []struct {
		name       string
		threshold  uint16
		weights    []uint16
		validators []uint16
	}{
		{"one of one", 1, []uint16{1}, []uint16{0}},
		{"one of three", 1, []uint16{1, 1, 1}, []uint16{2}},
		{"three of four", 3, []uint16{1, 1, 1, 1}, []uint16{0, 2, 3}},
		{"more than the threshold", 3, []uint16{1, 1, 1, 1}, []uint16{0, 1, 2, 3}},
		{"weights", 5, []uint16{1, 3, 2, 1}, []uint16{1, 2}},
		{"weights beyond the threshold", 4, []uint16{3, 3, 1}, []uint16{0, 1}},
	}
	forKinds(t, func(t *testing.T, k kind) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				messages := []string{"first", "second"}
				s := newSigning(t, k, c.threshold, c.weights, c.validators, messages...)
				answers := s.sign(t)
				for i, m := range s.members {
					require.NoError(t, s.session.Verify(m.Validator, answers[i]))
				}
				require.Empty(t, s.session.VerifyAll(answers))
				signatures, err := s.session.Aggregate(answers)
				require.NoError(t, err)
				for i, m := range messages {
					require.True(t, k.verify(s.key.Key(), []byte(m), signatures[i]))
				}
			})
		}
	})
}

func TestSessionNamesWhoIsAtFault(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 5, []uint16{1, 2, 1, 1, 1, 1}, []uint16{0, 1, 2, 4, 5}, "first", "second")
		good := s.sign(t)
		size := k.group.ScalarSize()
		changed := func(share []byte, item int) []byte {
			one := k.group.NewScalar().SetUint64(1)
			z, err := k.group.DecodeScalar(share[size*item:][:size])
			require.NoError(t, err)
			return slices.Concat(share[:size*item], z.Add(z, one).Bytes(), share[size*(item+1):])
		}
		// Errors of two members that cancel in the sum still are errors, but
		// those of one member in two items as well as those of one item count.
		for name, c := range map[string]struct {
			change map[int]func([]byte) []byte // by position
			want   error
		}{
			"one item wrong":        {map[int]func([]byte) []byte{1: func(b []byte) []byte { return changed(b, 1) }}, frost.ErrEquation},
			"another's share":       {map[int]func([]byte) []byte{0: func([]byte) []byte { return good[1] }}, frost.ErrEquation},
			"three wrong":           {map[int]func([]byte) []byte{0: func(b []byte) []byte { return changed(b, 0) }, 3: func(b []byte) []byte { return changed(b, 0) }, 4: func(b []byte) []byte { return changed(b, 1) }}, frost.ErrEquation},
			"short":                 {map[int]func([]byte) []byte{2: func(b []byte) []byte { return b[:len(b)-1] }}, frost.ErrAnswer},
			"long":                  {map[int]func([]byte) []byte{2: func(b []byte) []byte { return append(slices.Clone(b), 0) }}, frost.ErrAnswer},
			"scalar not canonical":  {map[int]func([]byte) []byte{4: func(b []byte) []byte { return slices.Repeat([]byte{0xff}, len(b)) }}, frost.ErrAnswer},
			"empty":                 {map[int]func([]byte) []byte{4: func([]byte) []byte { return []byte{} }}, frost.ErrAnswer},
			"all but one are wrong": {map[int]func([]byte) []byte{0: func(b []byte) []byte { return changed(b, 0) }, 1: func(b []byte) []byte { return changed(b, 0) }, 2: func(b []byte) []byte { return changed(b, 1) }, 4: func(b []byte) []byte { return changed(b, 1) }}, frost.ErrEquation},
		} {
			t.Run(name, func(t *testing.T) {
				answers := slices.Clone(good)
				var want []uint16
				for i := range answers {
					if change, ok := c.change[i]; ok {
						answers[i] = change(good[i])
						want = append(want, s.members[i].Validator)
						var fault *frost.Fault
						err := s.session.Verify(s.members[i].Validator, answers[i])
						require.ErrorAs(t, err, &fault)
						require.ErrorIs(t, err, c.want)
						require.Equal(t, s.members[i].Validator, fault.Validator)
					}
				}
				_, err := s.session.Aggregate(answers)
				var faults frost.Faults
				require.ErrorAs(t, err, &faults)
				var got []uint16
				for _, fault := range faults {
					got = append(got, fault.Validator)
				}
				require.Equal(t, want, got)
				require.ErrorIs(t, err, c.want)
			})
		}
	})
}

// Errors that cancel in the sum leave the signature valid, and each share wrong.
func TestCancellingErrorsAreFaults(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message")
		answers := s.sign(t)
		delta := k.group.NewScalar().SetUint64(5)
		for i := range answers {
			z, err := k.group.DecodeScalar(answers[i])
			require.NoError(t, err)
			answers[i] = z.Add(z, delta).Bytes()
			delta.Negate(delta)
		}
		require.Len(t, s.session.VerifyAll(answers), 2)
		_, err := s.session.Aggregate(answers)
		require.NoError(t, err)
	})
}

// However many shares are wrong, all of their senders are named, and nobody else.
func TestAllCulpritsAreNamed(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		weights := make([]uint16, 12)
		var all []uint16
		for v := range weights {
			weights[v] = uint16(1 + v%2)
			all = append(all, uint16(v))
		}
		s := newSigning(t, k, 18, weights, all, "message")
		sound := s.sign(t)
		random := rand.New(rand.NewPCG(1, 2))
		for round := range 6 {
			answers := slices.Clone(sound)
			var want []uint16
			for v := range answers {
				if random.IntN(5) < round {
					answers[v] = sound[max(1-v, 0)] // another's
					want = append(want, uint16(v))
				}
			}
			for _, faults := range []frost.Faults{s.session.VerifyAll(answers), aggregateFaults(s.session, answers)} {
				var named []uint16
				for _, f := range faults {
					require.ErrorIs(t, f, frost.ErrEquation)
					named = append(named, f.Validator)
				}
				require.Equal(t, want, named)
			}
		}
	})
}

// What is missing, as when a caller is too early, accuses nobody, neither its
// sender nor the key; what is empty accuses its sender.
func TestMissingSharesAccuseNobody(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message")
		answers := s.sign(t)
		_, err := s.session.Aggregate([][]byte{answers[0], nil})
		require.ErrorIs(t, err, frost.ErrMembers)
		require.NotErrorIs(t, err, frost.ErrInconsistent)
		faults := aggregateFaults(s.session, [][]byte{answers[0], {}})
		require.Len(t, faults, 1)
		require.Equal(t, uint16(1), faults[0].Validator)
		require.ErrorIs(t, faults[0], frost.ErrAnswer)
	})
}

func aggregateFaults(s *frost.Session, answers [][]byte) (faults frost.Faults) {
	_, err := s.Aggregate(answers)
	errors.As(err, &faults)
	return faults
}

func TestNoncesAnswerOnce(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1, 1}, []uint16{0, 1}, "message")
		nonces := s.nonces[0]

		// A session with another commitment of the same validator leaves the
		// nonces alone.
		_, other, err := frost.Commit(seeded(9), s.shares[0], s.work, nil)
		require.NoError(t, err)
		members := slices.Clone(s.members)
		members[0].Commitment = other
		session, err := frost.NewSession(s.key, s.work, []byte("other"), members)
		require.NoError(t, err)
		_, err = session.Sign(s.shares[0], nonces)
		require.ErrorIs(t, err, frost.ErrNonces)

		var wg sync.WaitGroup
		var signed [8]bool
		for i := range signed {
			wg.Go(func() {
				_, err := s.session.Sign(s.shares[0], nonces)
				signed[i] = err == nil
			})
		}
		wg.Wait()
		count := 0
		for _, ok := range signed {
			if ok {
				count++
			}
		}
		require.Equal(t, 1, count)

		s.nonces[1].Erase()
		_, err = s.session.Sign(s.shares[1], s.nonces[1])
		require.ErrorIs(t, err, frost.ErrNonces)
	})
}

func TestNewSessionRefuses(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 3, []uint16{1, 1, 1, 1}, []uint16{0, 1, 2}, "message")
		m := s.members
		for name, members := range map[string][]frost.Member{
			"none":          nil,
			"too few":       m[:2],
			"out of order":  {m[1], m[0], m[2]},
			"repeated":      {m[0], m[1], m[1]},
			"unknown":       {m[0], m[1], {Validator: 4, Commitment: m[2].Commitment}},
			"far too large": {m[0], m[1], {Validator: 65535, Commitment: m[2].Commitment}},
		} {
			_, err := frost.NewSession(s.key, s.work, nil, members)
			require.ErrorIs(t, err, frost.ErrMembers, name)
		}

		size := k.group.ElementSize()
		for name, change := range map[string]func(b []byte) []byte{
			"empty":     func([]byte) []byte { return nil },
			"short":     func(b []byte) []byte { return b[1:] },
			"long":      func(b []byte) []byte { return append(b, 0) },
			"identity":  func(b []byte) []byte { return append(k.group.NewElement().Bytes(), b[size:]...) },
			"no point":  func(b []byte) []byte { copy(b[size:], slices.Repeat([]byte{0xff}, size)); return b },
			"off curve": func(b []byte) []byte { copy(b, notOnCurve(k.group)); return b },
		} {
			members := slices.Clone(m)
			members[1].Commitment = change(slices.Clone(m[1].Commitment))
			_, err := frost.NewSession(s.key, s.work, nil, members)
			var fault *frost.Fault
			require.ErrorAs(t, err, &fault, name)
			require.Equal(t, uint16(1), fault.Validator)
			require.ErrorIs(t, err, frost.ErrCommitment)
			_, decoding := frost.DecodeCommitment(s.key, s.work, 1, members[1].Commitment)
			require.Equal(t, err, decoding)
		}

		_, err := frost.NewSession(s.key, nil, nil, m)
		require.ErrorIs(t, err, frost.ErrWork)
		other := kinds[0]
		if k.group == other.group {
			other = kinds[1]
		}
		_, err = frost.NewSession(s.key, []frost.Algorithm{other.algorithm(nil)}, nil, m)
		require.ErrorIs(t, err, frost.ErrWork)
	})
}

// notOnCurve returns the encoding of a coordinate that no point has.
func notOnCurve(group frost.Group) []byte {
	b := make([]byte, group.ElementSize())
	for i := byte(2); ; i++ {
		b[0] = i
		if group == secp256k1.Group {
			b[0], b[32] = 2, i
		}
		if _, err := group.DecodeCleared(b); err != nil {
			return b
		}
	}
}

// A member that sees the others' commitments first can choose its own so that
// the sums vanish. The session must survive that and convict it.
func TestSumsMayBeTheIdentity(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		for name, forge := range map[string]func(d, e []byte) []byte{
			"hiding":  func(d, e []byte) []byte { return slices.Concat(negated(k.group, d), e) },
			"binding": func(d, e []byte) []byte { return slices.Concat(d, negated(k.group, e)) },
			"both":    func(d, e []byte) []byte { return slices.Concat(negated(k.group, d), negated(k.group, e)) },
		} {
			t.Run(name, func(t *testing.T) {
				s := newSigning(t, k, 2, []uint16{1, 1}, []uint16{0, 1}, "message")
				honest := s.members[0].Commitment
				size := k.group.ElementSize()
				forged := forge(honest[:size], honest[size:2*size])
				members := slices.Clone(s.members)
				members[1].Commitment = append(forged, s.members[1].Commitment[2*size:]...)
				session, err := frost.NewSession(s.key, s.work, nil, members)
				require.NoError(t, err)
				share, err := session.Sign(s.shares[0], s.nonces[0])
				require.NoError(t, err)
				require.NoError(t, session.Verify(0, share))
				_, err = session.Aggregate([][]byte{share, share})
				var faults frost.Faults
				require.ErrorAs(t, err, &faults)
				require.Len(t, faults, 1)
				require.Equal(t, uint16(1), faults[0].Validator)
			})
		}
	})
}

func negated(group frost.Group, encoded []byte) []byte {
	// Clearing the cofactor commutes with negation, so this may work on any
	// element that decodes.
	e, err := group.DecodeElement(encoded)
	if err != nil {
		panic(err)
	}
	return e.Negate(e).Bytes()
}

// The coefficient binds everything: a share for one session is worth nothing in
// a session that differs in anything.
func TestSharesAreBoundToTheirSession(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1, 1}, []uint16{0, 1}, "message")
		third := newSigning(t, k, 2, []uint16{1, 1, 1}, []uint16{0, 1, 2}, "message").members[2]
		share, err := s.session.Sign(s.shares[0], s.nonces[0])
		require.NoError(t, err)
		require.NoError(t, s.session.Verify(0, share))

		larger := append(slices.Clone(s.members), third)
		other := []frost.Algorithm{k.algorithm([]byte("another message"))}
		for name, c := range map[string]struct {
			work    []frost.Algorithm
			context string
			members []frost.Member
		}{
			"context": {s.work, "context 2", s.members},
			"members": {s.work, "context", larger},
			"message": {other, "context", s.members},
		} {
			session, err := frost.NewSession(s.key, c.work, []byte(c.context), c.members)
			require.NoError(t, err)
			require.ErrorIs(t, session.Verify(0, share), frost.ErrEquation, name)
		}
	})
}

// A source of randomness that repeats does not repeat nonces for another
// purpose, for another item, for another message or for another share.
func TestNoncesAreHedged(t *testing.T) {
	hedged := append(slices.Clone(kinds[:3]),
		kind{name: "Ed25519 per signer", algorithm: func(m []byte) frost.Algorithm { return ed25519.NewSchnorr(m).PerSigner() }},
		kind{name: "BIP-340 per signer", algorithm: func(m []byte) frost.Algorithm { return secp256k1.NewBIP340(m).PerSigner() }},
		kind{name: "RFC 9591, secp256k1", algorithm: func(m []byte) frost.Algorithm { return secp256k1.NewRFC9591(m) }},
	)
	for _, k := range hedged {
		t.Run(k.name, func(t *testing.T) {
			work := []frost.Algorithm{k.algorithm([]byte("message")), k.algorithm([]byte("message"))}
			other := []frost.Algorithm{k.algorithm([]byte("another")), work[1]}
			_, shares, err := frosttest.Deal(seeded(1), work[0].Group(), 2, []uint16{1, 1})
			require.NoError(t, err)
			commit := func(share *frost.KeyShare, work []frost.Algorithm, context string) []byte {
				_, commitment, err := frost.Commit(constant(7), share, work, []byte(context))
				require.NoError(t, err)
				return commitment
			}
			first := commit(shares[0], work, "first")
			require.Equal(t, first, commit(shares[0], work, "first"))
			half := len(first) / 2
			require.NotEqual(t, first[:half], first[half:])
			require.NotEqual(t, first[:half], commit(shares[0], work, "second")[:half])
			require.NotEqual(t, first[:half], commit(shares[0], other, "first")[:half])
			require.NotEqual(t, first[:half], commit(shares[1], work, "first")[:half])

			_, _, err = frost.Commit(strings.NewReader("too short"), shares[0], work, nil)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		})
	}
}

// constant is a source of one byte, over and over.
type constant byte

func (c constant) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(c)
	}
	return len(b), nil
}

// Sign refuses what does not belong together, before the nonces are touched.
func TestSignRefuses(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		s := newSigning(t, k, 2, []uint16{1, 1, 1}, []uint16{0, 1}, "message")
		_, foreign, err := frosttest.Deal(seeded(2), k.group, 2, []uint16{1, 1, 1})
		require.NoError(t, err)
		_, err = s.session.Sign(foreign[0], s.nonces[0])
		require.ErrorIs(t, err, frost.ErrShare)
		_, err = s.session.Sign(foreign[2], s.nonces[0])
		require.ErrorIs(t, err, frost.ErrNotMember)
		_, err = s.session.Sign(s.shares[0], s.nonces[1])
		require.ErrorIs(t, err, frost.ErrNonces)
		require.ErrorIs(t, s.session.Verify(2, nil), frost.ErrNotMember)
		_, err = s.session.Aggregate(nil)
		require.ErrorIs(t, err, frost.ErrMembers)
		s.sign(t)
	})
}

// TestShareOfZeroSigns: its holder is judged as anybody. Where an image of the
// share goes out, it has none that counts, which is its own loss.
func TestShareOfZeroSigns(t *testing.T) {
	forKinds(t, func(t *testing.T, k kind) {
		one := k.group.NewScalar().SetUint64(1)
		key, shares, err := frosttest.DealPolynomial(k.group, []frost.Scalar{one, k.group.NewScalar().Negate(one)}, []uint16{1, 1, 1})
		require.NoError(t, err)
		require.True(t, key.Share(1).IsIdentity())
		s := &signing{key: key, work: []frost.Algorithm{k.algorithm([]byte("message"))}, shares: map[uint16]*frost.KeyShare{}, nonces: map[uint16]*frost.Nonces{}}
		for v := range uint16(2) {
			nonces, commitment, err := frost.Commit(seeded(byte(v)), shares[v], s.work, []byte("context"))
			require.NoError(t, err)
			s.shares[v], s.nonces[v] = shares[v], nonces
			s.members = append(s.members, frost.Member{Validator: v, Commitment: commitment})
		}
		_, err = frost.DecodeCommitment(key, s.work, 0, s.members[0].Commitment)
		if strings.HasPrefix(k.name, "two generators") {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		s.session, err = frost.NewSession(key, s.work, []byte("context"), s.members)
		require.NoError(t, err)
		answers := s.sign(t)
		signatures, err := s.session.Aggregate(answers)
		require.NoError(t, err)
		require.True(t, k.verify(key.Key(), []byte("message"), signatures[0]))
		for i := range answers {
			bad := slices.Clone(answers)
			bad[i] = answers[1-i]
			_, err = s.session.Aggregate(bad)
			var faults frost.Faults
			require.ErrorAs(t, err, &faults)
			require.Len(t, faults, 1)
			require.Equal(t, uint16(i), faults[0].Validator)
		}
	})
}
