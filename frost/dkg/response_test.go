package dkg

import (
	"bytes"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
	"github.com/serai-go/processor/internal/wire"
)

// cheated is a setup where dealers 0 and 3 gave participant 1 bad values.
func cheated(t testing.TB) (*Setup, []*Identity, []*Deal) {
	s, ids := setup(t, secp256k1.Group, 4, 1, 2, 2, 1)
	deals := deal(t, s, ids, 0, 1, 2, 3)
	for _, dealer := range []int{0, 3} {
		var err error
		deals[dealer], err = s.ReadDeal(uint16(dealer), reencrypt(t, s, ids[dealer], ids[1], func(p []byte) { p[40]++ }))
		require.NoError(t, err)
	}
	return s, ids, deals
}

// judged reads a response and judges it.
func judged(s *Setup, from uint16, raw []byte, deals []*Deal) ([]uint16, error) {
	r, err := s.ReadResponse(from, raw)
	if err != nil {
		return nil, err
	}
	return s.Judge(r, deals)
}

func TestGenuineComplaintConvictsTheDealersAndNeverTheAccuser(t *testing.T) {
	s, ids, deals := cheated(t)
	result, err := s.Combine(deals)
	require.NoError(t, err)
	_, _, err = s.Shares(ids[1], deals, result)
	var bad *BadDealsError
	require.ErrorAs(t, err, &bad)
	raw, err := s.Complain(ids[1], 2, deals, bad.Dealers)
	require.NoError(t, err)
	again, err := s.Complain(identity(t, 1), 2, deals, bad.Dealers)
	require.NoError(t, err)
	require.Equal(t, raw, again, "not deterministic")

	convicted, err := judged(s, 1, raw, deals)
	require.NoError(t, err)
	require.Equal(t, []uint16{0, 3}, convicted)
	// The identifiers of dealer and recipient are not interchangeable.
	for _, other := range []uint16{0, 2, 3} {
		_, err = judged(s, other, raw, deals)
		require.ErrorIs(t, err, ErrResponse)
	}
	// What was shown of bad deals opens nothing of the others.
	left := []*Deal{deals[1], deals[2]}
	result, err = s.Combine(left)
	require.NoError(t, err)
	for _, id := range ids { // the convicted get shares too
		_, _, err = s.Shares(id, left, result)
		require.NoError(t, err)
	}
}

func TestFalseComplaintConvictsTheAccuserOnly(t *testing.T) {
	s, ids, deals := cheated(t)
	raw, err := s.Complain(ids[2], 2, deals, []uint16{0})
	require.NoError(t, err)
	convicted, err := judged(s, 2, raw, deals)
	require.ErrorIs(t, err, ErrResponse)
	require.ErrorIs(t, err, errUnfounded)
	require.Empty(t, convicted)

	// A true complaint before a false one still counts.
	raw, err = s.Complain(ids[1], 2, deals, []uint16{0, 2, 3})
	require.NoError(t, err)
	convicted, err = judged(s, 1, raw, deals)
	require.ErrorIs(t, err, errUnfounded)
	require.Equal(t, []uint16{0}, convicted)
}

func TestComplaintOfAnExcludedDealerConvictsTheAccuser(t *testing.T) {
	s, ids, deals := cheated(t)
	raw, err := s.Complain(ids[1], 3, deals, []uint16{0})
	require.NoError(t, err)
	convicted, err := judged(s, 1, raw, deals[1:])
	require.ErrorIs(t, err, errNoDeal)
	require.Empty(t, convicted)
	_, err = s.Complain(ids[1], 3, deals[1:], []uint16{0})
	require.ErrorIs(t, err, ErrDeals)
	_, err = s.Complain(identity(t, 9), 3, deals, []uint16{0})
	require.ErrorIs(t, err, ErrNotParticipant)
}

// TestComplaintsAreInAscendingOrder: a second complaint of one dealer is
// malformed.
func TestComplaintsAreInAscendingOrder(t *testing.T) {
	s, ids, deals := cheated(t)
	for _, dealers := range [][]uint16{{0, 0}, {3, 0}, {}} {
		var list []complaint
		for _, dealer := range dealers {
			list = append(list, s.accuse(ids[1], 1, find(deals, dealer)))
		}
		raw := s.encodeResponse(1, 2, responseComplaint, func(w *wire.Writer) { writeComplaints(w, list) })
		_, err := judged(s, 1, raw, deals)
		require.ErrorIs(t, err, ErrResponse)
		if len(dealers) > 0 {
			_, err = s.Complain(ids[1], 2, deals, dealers)
			require.ErrorIs(t, err, ErrDeals)
		}
	}
}

// TestComplaintProofIsForTheSharedElement: nobody but the recipient can
// complain, and only with the element that the dealer encrypted with.
func TestComplaintProofIsForTheSharedElement(t *testing.T) {
	s, ids, deals := cheated(t)
	g := ed25519.Group
	two, err := new(edwards25519.Point).SetBytes(wideTorsion[32:])
	require.NoError(t, err)
	for name, test := range map[string]struct {
		forge func(c *complaint) []byte // returns the bytes of S, if others
		want  error
	}{
		"the secret of another": {func(c *complaint) []byte {
			*c = s.accuse(&Identity{seed: ids[1].seed, secret: ids[2].secret, public: ids[1].public}, 1, deals[0])
			return nil
		}, errEquality},
		"S of another recipient": {func(c *complaint) []byte {
			c.shared = g.NewElement().Multiply(ids[2].secret, deals[0].ephemeral)
			return nil
		}, errEquality},
		"S of another deal": {func(c *complaint) []byte {
			c.shared = g.NewElement().Multiply(ids[1].secret, deals[3].ephemeral)
			return nil
		}, errEquality},
		"complaint of another deal": {func(c *complaint) []byte {
			*c = s.accuse(ids[1], 1, deals[3])
			c.dealer = 0
			return nil
		}, errEquality},
		"identity":    {func(*complaint) []byte { return g.NewElement().Bytes() }, ErrResponse},
		"small order": {func(*complaint) []byte { return two.Bytes() }, ErrResponse},
		"mixed order": {func(c *complaint) []byte {
			p, err := new(edwards25519.Point).SetBytes(c.shared.Bytes())
			require.NoError(t, err)
			return p.Add(p, two).Bytes()
		}, ErrResponse},
		"not canonical": {func(*complaint) []byte {
			return append([]byte{0xf0}, append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...)
		}, ErrResponse},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.accuse(ids[1], 1, deals[0])
			other := test.forge(&c)
			raw := s.encodeResponse(1, 2, responseComplaint, func(w *wire.Writer) { writeComplaints(w, []complaint{c}) })
			if other != nil {
				copy(raw[len(raw)-96:], other)
			}
			convicted, err := judged(s, 1, raw, deals)
			require.ErrorIs(t, err, ErrResponse)
			require.ErrorIs(t, err, test.want)
			require.Empty(t, convicted)
		})
	}
}

func TestComplaintsHaveNoncesOfTheirOwn(t *testing.T) {
	s, ids, deals := cheated(t)
	nonce := func(c complaint) frost.Scalar { // k = z − c·d
		k := ed25519.Group.NewScalar().Multiply(c.c, ids[1].secret)
		return k.Subtract(c.z, k)
	}
	require.False(t, nonce(s.accuse(ids[1], 1, deals[0])).Equal(nonce(s.accuse(ids[1], 1, deals[3]))))
}

func TestChangedResponseIsRefused(t *testing.T) {
	s, ids, deals := cheated(t)
	result, err := s.Combine(deals)
	require.NoError(t, err)
	complaints, err := s.Complain(ids[1], 2, deals, []uint16{0, 3})
	require.NoError(t, err)
	const roundAt = 35
	for _, raw := range [][]byte{s.Respond(1, 2, result), complaints} {
		for i := range raw {
			for bit := range 8 {
				bad := bytes.Clone(raw)
				bad[i] ^= 1 << bit
				r, err := s.ReadResponse(1, bad)
				if err != nil {
					require.ErrorIs(t, err, ErrResponse)
					continue
				}
				if i == roundAt {
					require.NotEqual(t, uint8(2), r.Round)
					continue
				}
				require.True(t, !r.OK || r.Transcript != result.Transcript, "byte %d", i)
				if !r.OK {
					_, err = s.Judge(r, deals)
					require.ErrorIs(t, err, ErrResponse, "byte %d", i)
				}
			}
		}
		for _, bad := range [][]byte{nil, raw[:len(raw)-1], append(bytes.Clone(raw), 0)} {
			_, err := s.ReadResponse(1, bad)
			require.ErrorIs(t, err, ErrResponse)
		}
		for _, other := range []uint16{0, 4} {
			_, err := s.ReadResponse(other, raw)
			require.ErrorIs(t, err, ErrResponse)
		}
	}
	_, err = s.ReadResponse(1, s.Respond(1, 1, result))
	require.ErrorIs(t, err, ErrResponse, "round 1 has no responses")
}

// TestComplaintsOfEveryIndexAndKey: one bad value of several is enough.
func TestComplaintsOfEveryIndexAndKey(t *testing.T) {
	for _, group := range []frost.Group{secp256k1.Group, ed25519.Group} {
		s, ids := setup(t, group, 3, 1, 3)
		deals := deal(t, s, ids, 0, 1)
		for at := 5; at < 3*keys*shareSize; at += shareSize {
			d, err := s.ReadDeal(0, reencrypt(t, s, ids[0], ids[1], func(p []byte) { p[at] ^= 1 }))
			require.NoError(t, err)
			list := []*Deal{d, deals[1]}
			raw, err := s.Complain(ids[1], 2, list, []uint16{0})
			require.NoError(t, err)
			convicted, err := judged(s, 1, raw, list)
			require.NoError(t, err)
			require.Equal(t, []uint16{0}, convicted)
		}
	}
}

// TestUnreadableValuesConvictTheDealer: what does not decrypt, and what is no
// scalar.
func TestUnreadableValuesConvictTheDealer(t *testing.T) {
	for _, group := range []frost.Group{secp256k1.Group, ed25519.Group} {
		s, ids := setup(t, group, 3, 1, 3)
		from, to := ciphertext(s, 1)
		for name, raw := range map[string][]byte{
			"ciphertext": forge(t, s, ids[0], func(b []byte) { b[from] ^= 1 }),
			"tag":        forge(t, s, ids[0], func(b []byte) { b[to-1] ^= 1 }),
			"scalar":     reencrypt(t, s, ids[0], ids[1], func(p []byte) { copy(p[shareSize:], bytes.Repeat([]byte{0xff}, shareSize)) }),
		} {
			d, err := s.ReadDeal(0, raw)
			require.NoError(t, err)
			list := []*Deal{d}
			complaint, err := s.Complain(ids[1], 2, list, []uint16{0})
			require.NoError(t, err)
			convicted, err := judged(s, 1, complaint, list)
			require.NoError(t, err, name)
			require.Equal(t, []uint16{0}, convicted, name)
		}
	}
}

func FuzzReadResponse(f *testing.F) {
	s, ids, deals := cheated(f)
	f.Add(uint16(1), s.Respond(1, 2, &Result{Transcript: [32]byte{1, 2, 3}}))
	f.Add(uint16(2), s.Respond(2, 3, &Result{})[:35])
	raw, err := s.Complain(ids[1], 2, deals, []uint16{0, 3})
	require.NoError(f, err)
	f.Add(uint16(1), raw)
	f.Fuzz(func(t *testing.T, from uint16, data []byte) {
		r, err := s.ReadResponse(from, data)
		if err != nil {
			require.ErrorIs(t, err, ErrResponse)
			return
		}
		if r.OK {
			require.Equal(t, data, s.Respond(from, r.Round, &Result{Transcript: r.Transcript}))
			return
		}
		require.Equal(t, data, s.encodeResponse(from, r.Round, responseComplaint, func(w *wire.Writer) { writeComplaints(w, r.complaints) }))
		convicted, err := s.Judge(r, deals)
		if err != nil {
			require.ErrorIs(t, err, ErrResponse)
		}
		for _, dealer := range convicted {
			require.Contains(t, []uint16{0, 3}, dealer, "an honest dealer is convicted")
		}
	})
}
