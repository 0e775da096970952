package frost_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/frosttest"
	"github.com/serai-go/processor/frost/secp256k1"
)

func deal(t testing.TB, group frost.Group, threshold uint16, weights ...uint16) (*frost.PublicKey, []*frost.KeyShare) {
	t.Helper()
	key, shares, err := frosttest.Deal(seeded(1), group, threshold, weights)
	require.NoError(t, err)
	return key, shares
}

func publicShares(key *frost.PublicKey) []frost.Element {
	var shares []frost.Element
	for i := range key.Shares() {
		shares = append(shares, key.Share(uint16(i+1)))
	}
	return shares
}

func TestPublicKey(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		key, _ := deal(t, group, 3, 1, 3, 2)
		require.Equal(t, 3, key.Threshold())
		require.Equal(t, 3, key.Validators())
		require.Equal(t, 6, key.Shares())
		require.Equal(t, []uint16{1, 3, 2}, key.Weights())
		require.Equal(t, []uint16{1}, key.Indices(0))
		require.Equal(t, []uint16{2, 3, 4}, key.Indices(1))
		require.Equal(t, []uint16{5, 6}, key.Indices(2))
		require.Empty(t, key.Indices(3))
		require.Zero(t, key.Weight(65535))

		decoded, err := frost.DecodePublicKey(group, key.Bytes())
		require.NoError(t, err)
		require.Equal(t, key.Bytes(), decoded.Bytes())
		require.True(t, key.Key().Equal(decoded.Key()))
	})
}

func TestNewPublicKeyRefuses(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		key, _ := deal(t, group, 3, 1, 2, 2)
		weights, public, shares := key.Weights(), key.Key(), publicShares(key)
		replaced := func(i int, e frost.Element) []frost.Element {
			s := slices.Clone(shares)
			s[i] = e
			return s
		}
		many := slices.Repeat([]frost.Element{public}, 200)
		ones := func(n int) []uint16 { return slices.Repeat([]uint16{1}, n) }
		for name, c := range map[string]struct {
			threshold uint16
			weights   []uint16
			key       frost.Element
			shares    []frost.Element
		}{
			"no validators":      {1, nil, public, nil},
			"weight 0":           {3, []uint16{1, 2, 2, 0}, public, shares},
			"huge weight":        {3, []uint16{65535, 65535, 65535}, public, shares},
			"threshold 0":        {0, weights, public, shares},
			"threshold above n":  {6, weights, public, shares},
			"threshold too low":  {2, weights, public, shares},
			"too few shares":     {3, weights, public, shares[:4]},
			"too many shares":    {3, weights, public, append(slices.Clone(shares), public)},
			"more than allowed":  {1, ones(frost.MaxShares + 1), public, many[:frost.MaxShares+1]},
			"identity as key":    {3, weights, group.NewElement(), shares},
			"wrong identity":     {3, weights, public, replaced(2, group.NewElement())},
			"other key":          {3, weights, group.Generator(), shares},
			"other share":        {3, weights, public, replaced(4, group.Generator())},
			"shares in disorder": {3, weights, public, []frost.Element{shares[1], shares[0], shares[2], shares[3], shares[4]}},
		} {
			_, err := frost.NewPublicKey(group, c.threshold, c.weights, c.key, c.shares)
			require.ErrorIs(t, err, frost.ErrKey, name)
		}
		// A threshold above the degree is what a key with fewer honest dealers
		// looks like: any t shares still make the same signatures.
		_, err := frost.NewPublicKey(group, 4, weights, public, shares)
		require.NoError(t, err)
		_, err = frost.NewPublicKey(group, 1, ones(frost.MaxShares), public, many[:frost.MaxShares])
		require.NoError(t, err)
	})
}

// Keys of any shape are consistent, and no change of one element goes unseen.
func TestPublicKeyConsistency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		group := rapid.SampledFrom([]frost.Group{ed25519.Group, secp256k1.Group}).Draw(t, "group")
		weights := rapid.SliceOfN(rapid.Uint16Range(1, 4), 1, 6).Draw(t, "weights")
		total := uint16(0)
		for _, w := range weights {
			total += w
		}
		threshold := rapid.Uint16Range(1, total).Draw(t, "threshold")
		key, _, err := frosttest.Deal(seeded(rapid.Byte().Draw(t, "seed")), group, threshold, weights)
		require.NoError(t, err)

		all := append([]frost.Element{key.Key()}, publicShares(key)...)
		i := rapid.IntRange(0, len(all)-1).Draw(t, "changed")
		all[i] = group.NewElement().Add(all[i], group.Generator())
		_, err = frost.NewPublicKey(group, threshold, weights, all[0], all[1:])
		// With t = n any shares lie on a polynomial, but not with the key.
		require.ErrorIs(t, err, frost.ErrKey)
	})
}

func TestDecodePublicKeyRefuses(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		key, _ := deal(t, group, 2, 1, 2)
		good := key.Bytes()
		for i := range good {
			bad := slices.Clone(good)
			bad[i] ^= 0x40
			_, err := frost.DecodePublicKey(group, bad)
			require.Error(t, err, "byte %d", i)
			_, err = frost.DecodePublicKey(group, good[:i])
			require.Error(t, err, "%d bytes", i)
		}
		_, err := frost.DecodePublicKey(group, append(slices.Clone(good), 0))
		require.Error(t, err)
	})
	key, _ := deal(t, ed25519.Group, 2, 1, 2)
	_, err := frost.DecodePublicKey(secp256k1.Group, key.Bytes())
	require.Error(t, err)
}

func TestKeyShare(t *testing.T) {
	forGroups(t, func(t *testing.T, group frost.Group) {
		key, shares := deal(t, group, 3, 1, 3)
		secret := shares[1].SecretBytes()
		require.Len(t, secret, 3*group.ScalarSize())
		decoded, err := frost.DecodeKeyShare(key, 1, secret)
		require.NoError(t, err)
		require.Equal(t, secret, decoded.SecretBytes())
		require.Equal(t, uint16(1), decoded.Validator())
		require.Equal(t, key, decoded.Key())

		size := group.ScalarSize()
		for name, b := range map[string][]byte{
			"empty":         nil,
			"short":         secret[1:],
			"long":          append(slices.Clone(secret), 0),
			"another order": slices.Concat(secret[size:], secret[:size]),
			"zero":          make([]byte, len(secret)),
			"not canonical": bytes.Repeat([]byte{0xff}, len(secret)),
		} {
			_, err := frost.DecodeKeyShare(key, 1, b)
			require.Error(t, err, name)
		}
		_, err = frost.DecodeKeyShare(key, 0, secret[:size])
		require.ErrorIs(t, err, frost.ErrShare)
		_, err = frost.DecodeKeyShare(key, 2, nil)
		require.ErrorIs(t, err, frost.ErrShare)

		decoded.Erase()
		_, _, err = frost.Commit(seeded(1), decoded, []frost.Algorithm{}, nil)
		require.ErrorIs(t, err, frost.ErrShare)
		require.Empty(t, decoded.SecretBytes())
	})
}

func FuzzDecodePublicKey(f *testing.F) {
	fuzzGroups(f, func(group frost.Group) []byte {
		key, _ := deal(f, group, 2, 1, 2)
		return key.Bytes()
	}, func(t *testing.T, group frost.Group, data []byte) {
		key, err := frost.DecodePublicKey(group, data)
		if err == nil && !bytes.Equal(key.Bytes(), data) {
			t.Fatalf("%x decodes and encodes to %x", data, key.Bytes())
		}
	})
}

func FuzzDecodeKeyShare(f *testing.F) {
	key, shares, err := frosttest.Deal(seeded(1), secp256k1.Group, 2, []uint16{1, 2})
	require.NoError(f, err)
	f.Add(uint16(1), shares[1].SecretBytes())
	f.Fuzz(func(t *testing.T, validator uint16, data []byte) {
		share, err := frost.DecodeKeyShare(key, validator, data)
		if err == nil && !bytes.Equal(share.SecretBytes(), data) {
			t.Fatal("another encoding")
		}
	})
}

func FuzzCommitment(f *testing.F) {
	signings := make([]*signing, len(kinds))
	for i, k := range kinds {
		signings[i] = newSigning(f, k, 1, []uint16{2}, []uint16{0}, "message")
		f.Add(uint8(i), signings[i].members[0].Commitment)
	}
	f.Fuzz(func(t *testing.T, i uint8, data []byte) {
		s := signings[int(i)%len(signings)]
		c, checked := frost.DecodeCommitment(s.key, s.work, 0, data)
		if checked == nil && (!c.Encodes(data) || c.Encodes(data[1:]) || c.Validator() != 0) {
			t.Fatal("another commitment")
		}
		_, err := frost.NewSession(s.key, s.work, nil, []frost.Member{{Validator: 0, Commitment: data}})
		if (checked == nil) != (err == nil) {
			t.Fatalf("checked: %v; used: %v", checked, err)
		}
	})
}

func FuzzShare(f *testing.F) {
	signings := make([]*signing, len(kinds))
	for i, k := range kinds {
		signings[i] = newSigning(f, k, 1, []uint16{2}, []uint16{0}, "message")
		f.Add(uint8(i), signings[i].sign(f)[0])
	}
	f.Fuzz(func(t *testing.T, i uint8, data []byte) {
		s := signings[int(i)%len(signings)]
		valid := s.session.Verify(0, data) == nil
		_, err := s.session.Aggregate([][]byte{data})
		if valid && frost.CheckShare(s.key, s.work, data) != nil {
			t.Fatal("a valid share is malformed")
		}
		if valid != (err == nil) || valid != (len(s.session.VerifyAll([][]byte{data})) == 0) {
			t.Fatalf("valid: %v; completed: %v", valid, err)
		}
	})
}

// The forward differences of a polynomial at 0, alternating sums of its values,
// give the key that its values give.
func TestDeriveKey(t *testing.T) {
	for _, group := range []frost.Group{ed25519.Group, secp256k1.Group} {
		t.Run(group.Name(), func(t *testing.T) {
			for _, weights := range [][]uint16{{1}, {1, 1}, {1, 2, 3, 1}, {3, 4}} {
				total := 0
				for _, w := range weights {
					total += int(w)
				}
				for threshold := 1; threshold <= total; threshold++ {
					key, _, err := frosttest.Deal(seeded(7), group, uint16(threshold), weights)
					require.NoError(t, err)
					values := []frost.Element{group.NewElement().Set(key.Key())}
					for x := range total {
						values = append(values, group.NewElement().Set(key.Share(uint16(x+1))))
					}
					var differences []frost.Element
					for len(differences) < threshold {
						differences = append(differences, group.NewElement().Set(values[0]))
						for i := range values[1:] {
							values[i].Subtract(values[i+1], values[i])
						}
						values = values[:len(values)-1]
					}
					derived, err := frost.DeriveKey(group, weights, differences)
					require.NoError(t, err)
					require.Equal(t, key.Bytes(), derived.Bytes())
					for _, d := range differences {
						d.Add(d, group.Generator())
					}
					require.Equal(t, key.Bytes(), derived.Bytes(), "the key is its own")
				}
			}
			g := group.Generator()
			for name, test := range map[string]struct {
				weights     []uint16
				differences []frost.Element
			}{
				"no threshold":            {[]uint16{1, 1}, nil},
				"threshold above the sum": {[]uint16{1, 1}, []frost.Element{g, g, g}},
				"threshold beyond 2¹⁶":    {[]uint16{1, 1}, slices.Repeat([]frost.Element{g}, 1<<16+1)},
				"too many shares":         {[]uint16{100, 51}, []frost.Element{g}},
				"weight 0":                {[]uint16{1, 0}, []frost.Element{g}},
				"nobody":                  {nil, []frost.Element{g}},
				"key is the identity":     {[]uint16{1, 1}, []frost.Element{group.NewElement(), g}},
			} {
				_, err := frost.DeriveKey(group, test.weights, test.differences)
				require.ErrorIs(t, err, frost.ErrKey, name)
			}

			// A share may be zero: f(x) = 1 − x.
			key, err := frost.DeriveKey(group, []uint16{1, 1, 1}, []frost.Element{g, group.NewElement().Negate(g)})
			require.NoError(t, err)
			require.True(t, key.Share(1).IsIdentity())
			decoded, err := frost.DecodePublicKey(group, key.Bytes())
			require.NoError(t, err)
			require.Equal(t, key.Bytes(), decoded.Bytes())
			share, err := frost.NewKeyShare(decoded, 0, []frost.Scalar{group.NewScalar()})
			require.NoError(t, err)
			_, err = frost.DecodeKeyShare(decoded, 0, share.SecretBytes())
			require.NoError(t, err)
		})
	}
}
