package dkg

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// identity returns the i-th identity of the tests.
func identity(t testing.TB, i int) *Identity {
	var seed [SeedSize]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(i)+1)
	id, err := NewIdentity(seed)
	require.NoError(t, err)
	return id
}

// params returns parameters for identities 0, 1, … of the given weights.
func params(t testing.TB, group frost.Group, threshold uint16, weights ...uint16) (Params, []*Identity) {
	p := Params{
		Genesis: [32]byte{7}, Network: "test", Session: 3, Attempt: 1,
		Threshold: threshold, NetworkGroup: group,
	}
	var ids []*Identity
	for i, weight := range weights {
		id := identity(t, i)
		ids = append(ids, id)
		p.Participants = append(p.Participants, Participant{Key: id.Public(), Weight: weight})
		p.MinOK += weight
	}
	return p, ids
}

func setup(t testing.TB, group frost.Group, threshold uint16, weights ...uint16) (*Setup, []*Identity) {
	p, ids := params(t, group, threshold, weights...)
	s, err := NewSetup(p)
	require.NoError(t, err)
	return s, ids
}

// deal returns the deals of the given dealers.
func deal(t testing.TB, s *Setup, ids []*Identity, dealers ...int) []*Deal {
	var deals []*Deal
	for _, dealer := range dealers {
		raw, err := s.Deal(ids[dealer])
		require.NoError(t, err)
		d, err := s.ReadDeal(uint16(dealer), raw)
		require.NoError(t, err)
		deals = append(deals, d)
	}
	return deals
}

// interpolate returns the secret at 0 of the shares at the given indices.
func interpolate(t testing.TB, g frost.Group, indices []uint16, secrets []frost.Scalar) frost.Scalar {
	lambda, err := frost.LagrangeCoefficients(g, indices)
	require.NoError(t, err)
	sum := g.NewScalar()
	for i, s := range secrets {
		sum.Add(sum, g.NewScalar().Multiply(lambda[i], s))
	}
	return sum
}

func secrets(t testing.TB, share *frost.KeyShare) []frost.Scalar {
	g := share.Key().Group()
	var list []frost.Scalar
	for b := share.SecretBytes(); len(b) > 0; b = b[g.ScalarSize():] {
		s, err := g.DecodeScalar(b[:g.ScalarSize()])
		require.NoError(t, err)
		list = append(list, s)
	}
	return list
}

func TestWholeRun(t *testing.T) {
	for _, test := range []struct {
		group     frost.Group
		threshold uint16
		weights   []uint16
		dealers   []int // all if nil
	}{
		{group: secp256k1.Group, threshold: 1, weights: []uint16{1}},
		{group: secp256k1.Group, threshold: 2, weights: []uint16{1, 1, 1}},
		{group: secp256k1.Group, threshold: 3, weights: []uint16{1, 1, 1, 1}},
		{group: ed25519.Group, threshold: 3, weights: []uint16{1, 1, 1, 1}},
		{group: secp256k1.Group, threshold: 5, weights: []uint16{1, 2, 3, 1}},
		{group: ed25519.Group, threshold: 5, weights: []uint16{1, 2, 3, 1}},
		{group: secp256k1.Group, threshold: 3, weights: []uint16{1, 1, 1, 1}, dealers: []int{0, 2, 3}},
		{group: secp256k1.Group, threshold: 5, weights: []uint16{1, 2, 3, 1}, dealers: []int{1, 2}},
		{group: secp256k1.Group, threshold: 7, weights: []uint16{1, 2, 3, 1}},
	} {
		t.Run(fmt.Sprintf("%s/%d of %v by %v", test.group.Name(), test.threshold, test.weights, test.dealers), func(t *testing.T) {
			s, ids := setup(t, test.group, test.threshold, test.weights...)
			dealers := test.dealers
			if dealers == nil {
				for i := range ids {
					dealers = append(dealers, i)
				}
			}
			deals := deal(t, s, ids, dealers...)
			result, err := s.Combine(deals)
			require.NoError(t, err)
			require.Equal(t, ed25519.Group, result.Batch.Group())
			require.Equal(t, test.group, result.Network.Group())

			var indices []uint16
			var batchSecrets, networkSecrets []frost.Scalar
			for i, id := range ids {
				batchShare, networkShare, err := s.Shares(id, deals, result)
				require.NoError(t, err)
				indices = append(indices, result.Batch.Indices(uint16(i))...)
				batchSecrets = append(batchSecrets, secrets(t, batchShare)...)
				networkSecrets = append(networkSecrets, secrets(t, networkShare)...)

				response, err := s.ReadResponse(uint16(i), s.Respond(uint16(i), FirstResponses, result))
				require.NoError(t, err)
				require.Equal(t, &Response{From: uint16(i), Round: FirstResponses, OK: true, Transcript: result.Transcript}, response)
			}
			// Any t shares make the key, fewer do not.
			for from := 0; from+int(test.threshold) <= len(indices); from++ {
				to := from + int(test.threshold)
				secret := interpolate(t, ed25519.Group, indices[from:to], batchSecrets[from:to])
				require.True(t, ed25519.Group.NewElement().MultiplyBase(secret).Equal(result.Batch.Key()))
				secret = interpolate(t, test.group, indices[from:to], networkSecrets[from:to])
				require.True(t, test.group.NewElement().MultiplyBase(secret).Equal(result.Network.Key()))
			}
			if test.threshold > 1 {
				less := int(test.threshold) - 1
				secret := interpolate(t, test.group, indices[:less], networkSecrets[:less])
				require.False(t, test.group.NewElement().MultiplyBase(secret).Equal(result.Network.Key()))
			}
		})
	}
}

func TestSetupIsChecked(t *testing.T) {
	torsion := [32]byte{0: 0xec, 31: 0x7f} // of order 2
	for i := 1; i < 31; i++ {
		torsion[i] = 0xff
	}
	for name, change := range map[string]func(*Params){
		"no network":         func(p *Params) { p.Network = "" },
		"long network":       func(p *Params) { p.Network = strings.Repeat("x", maxNetwork+1) },
		"no participants":    func(p *Params) { p.Participants = nil },
		"threshold 0":        func(p *Params) { p.Threshold = 0 },
		"threshold above n":  func(p *Params) { p.Threshold = 5 },
		"min OK too small":   func(p *Params) { p.MinOK = 3 },
		"min OK above n":     func(p *Params) { p.MinOK = 5 },
		"weight 0":           func(p *Params) { p.Participants[1].Weight = 0 },
		"too many shares":    func(p *Params) { p.Participants[1].Weight = frost.MaxShares - 2; p.MinOK = frost.MaxShares + 1 },
		"huge weight":        func(p *Params) { p.Participants[1].Weight = 65535 },
		"same key twice":     func(p *Params) { p.Participants[3].Key = p.Participants[0].Key },
		"key is identity":    func(p *Params) { p.Participants[0].Key = [32]byte{1} },
		"key of small order": func(p *Params) { p.Participants[0].Key = torsion },
		"key with torsion": func(p *Params) {
			key, err := new(edwards25519.Point).SetBytes(p.Participants[0].Key[:])
			require.NoError(t, err)
			two, err := new(edwards25519.Point).SetBytes(torsion[:])
			require.NoError(t, err)
			p.Participants[0].Key = [32]byte(key.Add(key, two).Bytes())
		},
		"key not reduced": func(p *Params) { p.Participants[0].Key = [32]byte{0: 0xf0, 31: 0x7f} },
		"too many participants": func(p *Params) {
			for len(p.Participants) <= frost.MaxShares {
				p.Participants = append(p.Participants, Participant{Key: [32]byte{byte(len(p.Participants))}, Weight: 1})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := params(t, secp256k1.Group, 3, 1, 1, 1, 1)
			_, err := NewSetup(p)
			require.NoError(t, err)
			change(&p)
			_, err = NewSetup(p)
			require.ErrorIs(t, err, ErrSetup)
		})
	}
}

// TestHashBindsEverything changes each parameter: deals and responses of one
// setup are refused in the other, and the derived secrets differ.
func TestHashBindsEverything(t *testing.T) {
	base, ids := params(t, secp256k1.Group, 3, 1, 1, 1, 2)
	base.MinOK--
	s, err := NewSetup(base)
	require.NoError(t, err)
	raw, err := s.Deal(ids[0])
	require.NoError(t, err)
	seen := map[[32]byte]bool{s.Hash(): true}
	d, err := s.ReadDeal(0, raw)
	require.NoError(t, err)
	complaint, err := s.Complain(ids[1], FirstResponses, []*Deal{d}, []uint16{0})
	require.NoError(t, err)
	for name, change := range map[string]func(*Params){
		"genesis":     func(p *Params) { p.Genesis[31]++ },
		"network":     func(p *Params) { p.Network += "2" },
		"session":     func(p *Params) { p.Session++ },
		"attempt":     func(p *Params) { p.Attempt++ },
		"threshold":   func(p *Params) { p.Threshold-- },
		"min OK":      func(p *Params) { p.MinOK++ },
		"group":       func(p *Params) { p.NetworkGroup = ed25519.Group },
		"order":       func(p *Params) { p.Participants[1], p.Participants[2] = p.Participants[2], p.Participants[1] },
		"weights":     func(p *Params) { p.Participants[0].Weight, p.Participants[3].Weight = 2, 1 },
		"participant": func(p *Params) { p.Participants[2].Key = identity(t, 77).Public() },
	} {
		t.Run(name, func(t *testing.T) {
			p := base
			p.Participants = append([]Participant(nil), base.Participants...)
			change(&p)
			other, err := NewSetup(p)
			require.NoError(t, err)
			require.False(t, seen[other.Hash()])
			seen[other.Hash()] = true
			_, err = other.ReadDeal(0, raw)
			require.ErrorIs(t, err, ErrDeal)
			for _, response := range [][]byte{complaint, s.Respond(1, FirstResponses, &Result{})} {
				_, err = other.ReadResponse(1, response)
				require.ErrorIs(t, err, ErrResponse)
			}
			again, err := other.Deal(ids[0])
			require.NoError(t, err)
			require.NotEqual(t, raw[35:99], again[35:99], "same polynomial in two setups")
		})
	}
}

func TestDealIsDeterministic(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 1, 1)
	first, err := s.Deal(ids[1])
	require.NoError(t, err)
	again, _ := setup(t, secp256k1.Group, 2, 1, 1, 1)
	second, err := again.Deal(identity(t, 1))
	require.NoError(t, err)
	require.Equal(t, first, second)

	_, err = s.Deal(identity(t, 9))
	require.ErrorIs(t, err, ErrNotParticipant)
}

func TestPossession(t *testing.T) {
	id, label := identity(t, 0), []byte("validator 5")
	proof := id.ProvePossession(label)
	require.NoError(t, VerifyPossession(id.Public(), label, proof))
	require.ErrorIs(t, VerifyPossession(id.Public(), []byte("validator 6"), proof), ErrPossession)
	require.ErrorIs(t, VerifyPossession(identity(t, 1).Public(), label, proof), ErrPossession)
	require.ErrorIs(t, VerifyPossession([32]byte{1}, label, proof), ErrPossession)
	for i := range proof {
		bad := proof
		bad[i] ^= 1
		require.ErrorIs(t, VerifyPossession(id.Public(), label, bad), ErrPossession)
	}
	_, err := NewIdentity([SeedSize]byte{})
	require.Error(t, err)
}

func TestIdentityPrintsRedacted(t *testing.T) {
	id := identity(t, 0)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("", "id", id)
	for _, text := range []string{
		fmt.Sprint(id), fmt.Sprintf("%v %+v %#v %x %d %s", id, id, id, id, id, id), fmt.Sprintf("%v", *id), logged.String(),
	} {
		require.Contains(t, text, "redacted")
		require.NotContains(t, text, fmt.Sprintf("%x", id.seed))
	}
}

// TestGolden pins how everything is derived and encoded: a change of any of
// these needs a new version of the protocol.
func TestGolden(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 2, 1)
	deals := deal(t, s, ids, 0, 1, 2)
	result, err := s.Combine(deals)
	require.NoError(t, err)
	complaint, err := s.Complain(ids[2], FirstResponses, deals, []uint16{0, 1})
	require.NoError(t, err)
	complaintHash := sha256.Sum256(complaint)
	for name, test := range map[string]struct {
		want string
		got  []byte
	}{
		"complaint":  {"396ef2f33ac41883e094c7295f1ec44bd926f5c0f74291aac7e1ba078177addc", complaintHash[:]},
		"OK":         {"02d9197d35abeea01288f68cef28d1664c7c5ae3db6dcfc7b637c5d2302dd35480010002010000000000000000000000000000000000000000000000000000000000000000", s.Respond(1, FirstResponses, &Result{})},
		"identity":   {"3056b2f5927161fa22172b7b8ea256afa6e606b4aa1ff69a9a95de360b7962a0", ids[0].public[:]},
		"setup":      {"d9197d35abeea01288f68cef28d1664c7c5ae3db6dcfc7b637c5d2302dd35480", s.hash[:]},
		"deal 0":     {"d0c46c70c9d8df208aa57c00879b3eb848afe7077dfa9466292395c24e966e48", deals[0].Hash[:]},
		"deal 1":     {"f5ba91184cdc841a6dca390daaba53347525b51c676db292a308268b7914e510", deals[1].Hash[:]},
		"batch":      {"5a7ca7234b943ad1cf7c96574b5a71f85edd184f549b2445032231d1d6c902ea", result.Batch.Key().Bytes()},
		"network":    {"0387bbeb1cd78ff58a75648d22f47c9fd31398651f4d16a18d6a7901b79786e5d2", result.Network.Key().Bytes()},
		"transcript": {"0765fae729cb5ccc303565341f576988a0bcbe456abf7e45fb80cb8ac91a20d4", result.Transcript[:]},
	} {
		require.Equal(t, test.want, hex.EncodeToString(test.got), name)
	}
}

// TestLargestKey is one of 101 of 150 shares in few hands: one validator of
// great weight is cheated of one share.
func TestLargestKey(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 101, 48, 6, 48, 48)
	deals := deal(t, s, ids, 0, 1, 2, 3)
	var err error
	deals[1], err = s.ReadDeal(1, reencrypt(t, s, ids[1], ids[3], func(p []byte) { p[71*shareSize]++ }))
	require.NoError(t, err)
	result, err := s.Combine(deals)
	require.NoError(t, err)
	for _, i := range []int{0, 1} {
		_, _, err = s.Shares(ids[i], deals, result)
		require.NoError(t, err)
	}
	_, _, err = s.Shares(ids[3], deals, result)
	var bad *BadDealsError
	require.ErrorAs(t, err, &bad)
	complaint, err := s.Complain(ids[3], FirstResponses, deals, bad.Dealers)
	require.NoError(t, err)
	convicted, err := judged(s, 3, complaint, deals)
	require.NoError(t, err)
	require.Equal(t, []uint16{1}, convicted)
	left := slices.Delete(slices.Clone(deals), 1, 2)
	result, err = s.Combine(left)
	require.NoError(t, err)
	_, _, err = s.Shares(ids[3], left, result)
	require.NoError(t, err)
}
