package dkg

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/dkg/dkgtest"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// malicious returns what package dkgtest deals in a setup.
func malicious(t testing.TB, s *Setup, dealer int, seed byte, c dkgtest.Cheat) []byte {
	raw, err := dkgtest.Deal(outside(s), uint16(dealer), rand.NewChaCha8([32]byte{seed}), c)
	require.NoError(t, err)
	return raw
}

func outside(s *Setup) dkgtest.Setup {
	x := dkgtest.Setup{Hash: s.hash, Threshold: int(s.params.Threshold), Network: s.params.NetworkGroup, Weights: s.weights()}
	for _, p := range s.params.Participants {
		x.Keys = append(x.Keys, p.Key)
	}
	return x
}

// wideOf returns the wide form that decodes to e.
func wideOf(g frost.Group, e frost.Element) []byte {
	return g.AppendWide(nil, g.NewElement().VarTimeMultiply(g.CofactorInverse(), e))
}

func TestDealByTheDescriptionIsAccepted(t *testing.T) {
	for _, group := range []frost.Group{secp256k1.Group, ed25519.Group} {
		s, ids := setup(t, group, 4, 1, 3, 2)
		deals := deal(t, s, ids, 0, 2)
		d, err := s.ReadDeal(1, malicious(t, s, 1, 1, dkgtest.Cheat{}))
		require.NoError(t, err)
		deals = slices.Insert(deals, 1, d)
		result, err := s.Combine(deals)
		require.NoError(t, err)
		for _, id := range ids {
			_, _, err = s.Shares(id, deals, result)
			require.NoError(t, err)
		}
	}
}

// TestRogueKeyIsRefused: the last dealer chooses its constant so that the sum
// is a key it knows. Without the logarithm of the constant it has no proof.
func TestRogueKeyIsRefused(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 1, 1)
	deals := deal(t, s, ids, 0, 1)
	for key, g := range s.groups {
		known := g.NewScalar().SetUint64(99)
		rogue := g.NewElement().MultiplyBase(known)
		for _, d := range deals {
			rogue.Subtract(rogue, d.differences[key][0])
		}
		var constants [keys]frost.Scalar
		constants[key] = known
		for _, proven := range [][keys]frost.Scalar{{}, constants} {
			raw := malicious(t, s, 2, 1, dkgtest.Cheat{
				Body: func(b []byte) { copy(b[commitment(s, key, 0):], wideOf(g, rogue)) }, Constants: proven,
			})
			_, err := s.ReadDeal(2, raw)
			require.ErrorIs(t, err, ErrDeal)
			// Else the key would be its own.
			d, err := s.DecodeDeal(2, raw)
			require.NoError(t, err)
			result, err := s.Combine(append(slices.Clone(deals), d))
			require.NoError(t, err)
			public := [keys]*frost.PublicKey{result.Batch, result.Network}[key]
			require.True(t, public.Key().Equal(g.NewElement().MultiplyBase(known)))
		}
	}
}

// TestCopiedEphemeralKeyIsRefused: with the ephemeral key of another dealer, a
// complaint would open what that one sent.
func TestCopiedEphemeralKeyIsRefused(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 1, 1)
	alice, err := s.Deal(ids[0])
	require.NoError(t, err)
	at := commitment(s, keys, 0)
	for name, change := range map[string]func(b []byte){
		"key":                 func(b []byte) { copy(b[at:], alice[at:at+64]) },
		"key and ciphertexts": func(b []byte) { copy(b[at:s.bodySize()], alice[at:s.bodySize()]) },
	} {
		_, err = s.ReadDeal(2, malicious(t, s, 2, 1, dkgtest.Cheat{Body: change}))
		require.ErrorIs(t, err, ErrDeal, name)
	}
	proof := alice[len(alice)-proofSize(ed25519.Group):]
	raw := malicious(t, s, 2, 1, dkgtest.Cheat{Body: func(b []byte) { copy(b[at:], alice[at:at+64]) }})
	copy(raw[len(raw)-len(proof):], proof)
	_, err = s.ReadDeal(2, raw)
	require.ErrorIs(t, err, ErrDeal, "with its proof")
}

func TestThresholdElevationIsRefused(t *testing.T) {
	s, _ := setup(t, secp256k1.Group, 2, 1, 1, 1)
	for _, threshold := range []int{1, 3} {
		other := outside(s)
		other.Threshold = threshold
		raw, err := dkgtest.Deal(other, 1, rand.NewChaCha8([32]byte{}), dkgtest.Cheat{})
		require.NoError(t, err)
		_, err = s.ReadDeal(1, raw)
		require.ErrorIs(t, err, ErrDeal)
	}
}

// TestSumOfConstantsMayBeTheIdentity: then there is no key, and no panic.
func TestSumOfConstantsMayBeTheIdentity(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 1)
	first := deal(t, s, ids, 0)[0]
	seed := expand(ids[0].seed[:], "deal", s.hash[:], 32)
	for key, g := range s.groups {
		x := newDifferences(g, seed, roles[key], 2)[0]
		minus := g.NewScalar().Negate(x)
		var constants [keys]frost.Scalar
		constants[key] = minus
		d, err := s.ReadDeal(1, malicious(t, s, 1, 1, dkgtest.Cheat{
			Body:      func(b []byte) { copy(b[commitment(s, key, 0):], wideBase(g, minus)) },
			Constants: constants,
		}))
		require.NoError(t, err)
		_, err = s.Combine([]*Deal{first, d})
		require.ErrorIs(t, err, ErrDeals)
	}
}

// TestIdentityIsRefusedInEveryPosition, and so is what is no point at all.
func TestIdentityIsRefusedInEveryPosition(t *testing.T) {
	for _, group := range []frost.Group{secp256k1.Group, ed25519.Group} {
		s, ids := setup(t, group, 3, 1, 1, 1)
		raw, err := s.Deal(ids[0])
		require.NoError(t, err)
		var positions []int
		for at := commitment(s, batch, 0); at <= commitment(s, keys, 0); at += 64 {
			positions = append(positions, at)
		}
		for at := s.bodySize(); at < len(raw); at += proofSize(group) {
			positions = append(positions, at)
		}
		require.Len(t, positions, 2*3+1+3)
		for _, at := range positions {
			for _, wide := range [][]byte{wideIdentity, make([]byte, 64), bytes.Repeat([]byte{0xff}, 64)} {
				bad := bytes.Clone(raw)
				copy(bad[at:], wide)
				_, err = s.DecodeDeal(0, bad)
				require.ErrorIs(t, err, ErrDeal, "at %d", at)
			}
		}
	}
}

// TestEveryUnprovenDealIsAttributed spoils some proofs, so that all errors
// cancel in an equation without weights, and demands exactly their dealers.
func TestEveryUnprovenDealIsAttributed(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 4, 1, 1, 1, 1, 1)
	raw := make([][]byte, len(ids))
	for i, id := range ids {
		var err error
		raw[i], err = s.Deal(id)
		require.NoError(t, err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var want []uint16
		proof := rapid.IntRange(0, keys).Draw(rt, "proof")
		g := []frost.Group{ed25519.Group, secp256k1.Group, ed25519.Group}[proof]
		sum := g.NewScalar()
		deals := make([]*Deal, len(ids))
		for i := range ids {
			var err error
			deals[i], err = s.DecodeDeal(uint16(i), raw[i])
			require.NoError(t, err)
		}
		for i, d := range deals {
			if !rapid.Bool().Draw(rt, "spoilt") {
				continue
			}
			want = append(want, uint16(i))
			shift := g.NewScalar().SetUint64(rapid.Uint64Range(1, 1<<40).Draw(rt, "shift"))
			sum.Add(sum, shift)
			d.proofs[proof].z.Add(d.proofs[proof].z, shift)
		}
		if len(want) > 1 {
			last := deals[want[len(want)-1]].proofs[proof]
			last.z.Subtract(last.z, sum)
		}
		got := s.VerifyDeals(deals)
		if len(want) > 1 && !slices.Equal(got, want) { // the last shift may have become zero
			require.Equal(t, want[:len(want)-1], got)
			return
		}
		require.Equal(t, want, got)
	})
}

// TestDealerAndRecipientAreNotInterchangeable: what a sends b and what b sends a are
// encrypted with different keys even under one shared element.
func TestDealerAndRecipientAreNotInterchangeable(t *testing.T) {
	s, ids := setup(t, ed25519.Group, 2, 1, 1, 1)
	d := deal(t, s, ids, 0)[0]
	shared := ed25519.Group.NewElement().Multiply(ids[1].secret, d.ephemeral)
	_, err := s.decrypt(shared, d, 1)
	require.NoError(t, err)
	swapped := *d
	swapped.Dealer = 1
	swapped.shares = [][]byte{d.shares[1], d.shares[0], d.shares[2]}
	_, err = s.decrypt(shared, &swapped, 0)
	require.Error(t, err)
}

// TestWeightsOfABatchAreNotKnownBefore the deals are: who knew them could make
// errors that cancel.
func TestWeightsOfABatchAreNotKnownBefore(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 2, 1)
	g := secp256k1.Group
	shifted := func(encoded []byte, by frost.Scalar) {
		x, err := g.DecodeScalar(encoded)
		require.NoError(t, err)
		copy(encoded, x.Add(x, by).Bytes())
	}
	t.Run("proofs", func(t *testing.T) {
		deals := deal(t, s, ids, 0, 1)
		a := combiners(g, s.proofsSeed(deals), 2)
		for i := range deals {
			raw, err := s.Deal(ids[i])
			require.NoError(t, err)
			at := len(raw) - proofSize(ed25519.Group) - g.ScalarSize()
			by := g.NewScalar().Set(a[1-i])
			if i == 1 {
				by.Negate(by)
			}
			shifted(raw[at:at+g.ScalarSize()], by)
			deals[i], err = s.DecodeDeal(uint16(i), raw)
			require.NoError(t, err)
		}
		require.Equal(t, []uint16{0, 1}, s.VerifyDeals(deals))
	})
	t.Run("values", func(t *testing.T) {
		a := combiners(g, deal(t, s, ids, 0)[0].valuesSeed(1, network), 2)
		raw := reencrypt(t, s, ids[0], ids[1], func(plain []byte) {
			shifted(plain[32:64], a[1])
			shifted(plain[96:], a[0].Negate(a[0]))
		})
		d, err := s.ReadDeal(0, raw)
		require.NoError(t, err)
		v, err := s.open(ids[1], 1, d)
		require.NoError(t, err)
		require.False(t, s.matches(d, 1, v))
	})
}
