package dkg

import (
	"bytes"
	"crypto/sha512"
	"testing"

	"filippo.io/edwards25519/field"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// forge lets a dealer change its deal before it proves it: what a malicious
// dealer with honest keys can send.
func forge(t testing.TB, s *Setup, id *Identity, change func(body []byte)) []byte {
	raw, err := s.Deal(id)
	require.NoError(t, err)
	body := raw[:s.bodySize()]
	change(body)

	seed := expand(id.seed[:], "deal", s.hash[:], 32)
	message := sha512.Sum512_256(body)
	raw = bytes.Clone(body)
	for key, g := range s.groups {
		x := newDifferences(g, seed, roles[key], int(s.params.Threshold))[0]
		k := scalar(g, seed, proofRole(key), message[:])
		raw = append(raw, prove(g, proofRole(key), message[:], x, body[commitment(s, key, 0):][:64], k)...)
	}
	e := scalar(ed25519.Group, seed, ephemeralRole, nil)
	k := scalar(ed25519.Group, seed, "ephemeral proof", message[:])
	return append(raw, prove(ed25519.Group, ephemeralRole, message[:], e, body[commitment(s, keys, 0):][:64], k)...)
}

// commitment returns where a deal holds the difference k of a key; behind the
// last key is the ephemeral one.
func commitment(s *Setup, key, k int) int {
	return 1 + 32 + 2 + 64*(key*int(s.params.Threshold)+k)
}

// ciphertext returns where a deal holds the ciphertext of a recipient.
func ciphertext(s *Setup, recipient uint16) (from, to int) {
	from = commitment(s, keys, 1)
	for p := range recipient {
		from += s.Weight(p)*keys*shareSize + tagSize
	}
	return from, from + s.Weight(recipient)*keys*shareSize + tagSize
}

// reencrypt replaces what the dealer's deal holds for a recipient.
func reencrypt(t testing.TB, s *Setup, dealer, recipient *Identity, change func(plain []byte)) []byte {
	d, _ := s.Find(dealer.public)
	r, _ := s.Find(recipient.public)
	from, to := ciphertext(s, r)
	return forge(t, s, dealer, func(body []byte) {
		ephemeral := body[commitment(s, keys, 0):][:64]
		e, err := ed25519.Group.DecodeWide(ephemeral)
		require.NoError(t, err)
		shared := ed25519.Group.NewElement().Multiply(recipient.secret, e)
		aead := s.cipher(shared, d, r, ephemeral)
		plain, err := aead.Open(nil, nonce[:], body[from:to], nil)
		require.NoError(t, err)
		change(plain)
		copy(body[from:to], aead.Seal(nil, nonce[:], plain, nil))
	})
}

func TestForgeryOfNothingIsTheDeal(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 2, 1)
	raw, err := s.Deal(ids[1])
	require.NoError(t, err)
	require.Equal(t, raw, forge(t, s, ids[1], func([]byte) {}))
	require.Equal(t, raw, reencrypt(t, s, ids[1], ids[2], func([]byte) {}))
}

// TestChangedDealIsRefused flips each byte of a deal, and cuts and extends it.
func TestChangedDealIsRefused(t *testing.T) {
	for _, group := range []frost.Group{secp256k1.Group, ed25519.Group} {
		s, ids := setup(t, group, 2, 1, 2)
		raw, err := s.Deal(ids[0])
		require.NoError(t, err)
		_, err = s.ReadDeal(0, raw)
		require.NoError(t, err)
		for i := range raw {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << (i % 8)
			_, err := s.ReadDeal(0, bad)
			require.ErrorIs(t, err, ErrDeal, "byte %d", i)
		}
		for _, bad := range [][]byte{nil, {1}, raw[:len(raw)-1], append(bytes.Clone(raw), 0)} {
			_, err := s.ReadDeal(0, bad)
			require.ErrorIs(t, err, ErrDeal)
		}
		_, err = s.ReadDeal(1, raw)
		require.ErrorIs(t, err, ErrDeal, "another sender")
		_, err = s.ReadDeal(2, raw)
		require.ErrorIs(t, err, ErrDeal, "no such sender")
	}
}

// wideIdentity is the identity of edwards25519, (0, 1), in wide form.
var wideIdentity = append(make([]byte, 32), append([]byte{1}, make([]byte, 31)...)...)

// wideTorsion is the point (0, −1) of order 2 in wide form.
var wideTorsion = append(make([]byte, 32), append(append([]byte{0xec}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)...)

// addTorsion adds the point of order 2 to an element in wide form: (x, y)
// becomes (−x, −y).
func addTorsion(t testing.TB, wide []byte) {
	for _, b := range [][]byte{wide[:32], wide[32:64]} {
		f, err := new(field.Element).SetBytes(b)
		require.NoError(t, err)
		copy(b, f.Negate(f).Bytes())
	}
}

// TestForgedDealIsRefused has dealers prove what no honest dealer sends.
func TestForgedDealIsRefused(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 1, 1)
	other, err := s.Deal(ids[1])
	require.NoError(t, err)
	copied := func(at int) func([]byte) { return func(b []byte) { copy(b[at:], other[at:][:64]) } }
	put := func(at int, wide []byte) func([]byte) { return func(b []byte) { copy(b[at:], wide) } }
	for name, change := range map[string]func(body []byte){
		"another's constant":         copied(commitment(s, batch, 0)),
		"another's network constant": copied(commitment(s, network, 0)),
		"another's ephemeral key":    copied(commitment(s, keys, 0)),
		"identity as constant":       put(commitment(s, batch, 0), wideIdentity),
		"identity as difference":     put(commitment(s, batch, 1), wideIdentity),
		"identity as ephemeral key":  put(commitment(s, keys, 0), wideIdentity),
		"zeros on secp256k1":         put(commitment(s, network, 1), make([]byte, 64)),
		"torsion as constant":        put(commitment(s, batch, 0), wideTorsion),
		"torsion as difference":      put(commitment(s, batch, 1), wideTorsion),
		"torsion as ephemeral key":   put(commitment(s, keys, 0), wideTorsion),
		"x not reduced":              put(commitment(s, batch, 1), bytes.Repeat([]byte{0xff}, 32)),
		"x not reduced on secp256k1": put(commitment(s, network, 1), bytes.Repeat([]byte{0xff}, 32)),
		"off the curve":              func(b []byte) { b[commitment(s, batch, 1)] ^= 1 },
		"off secp256k1":              func(b []byte) { b[commitment(s, network, 1)+63] ^= 1 },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.ReadDeal(0, forge(t, s, ids[0], change))
			require.ErrorIs(t, err, ErrDeal)
		})
	}
}

// TestTorsionIsHarmless adds a point of small order to each element of a deal
// on edwards25519: as readers clear the cofactor, it means the same deal.
func TestTorsionIsHarmless(t *testing.T) {
	s, ids := setup(t, ed25519.Group, 2, 1, 1, 1)
	deals := deal(t, s, ids, 0, 1, 2)
	want, err := s.Combine(deals)
	require.NoError(t, err)
	for key := range keys + 1 {
		for k := range 2 {
			if key == keys && k > 0 {
				continue
			}
			at := commitment(s, key, k)
			d, err := s.ReadDeal(0, forge(t, s, ids[0], func(b []byte) { addTorsion(t, b[at:]) }))
			require.NoError(t, err, "element at %d", at)
			got, err := s.Combine([]*Deal{d, deals[1], deals[2]})
			require.NoError(t, err)
			require.Equal(t, want.Batch.Bytes(), got.Batch.Bytes())
			require.Equal(t, want.Network.Bytes(), got.Network.Bytes())
			require.NotEqual(t, want.Transcript, got.Transcript, "two encodings are two deals")
			if key < keys { // the ciphertexts are for the ephemeral key as sent
				_, _, err = s.Shares(ids[2], []*Deal{d, deals[1], deals[2]}, got)
				require.NoError(t, err)
			}
		}
	}
	raw, err := s.Deal(ids[0])
	require.NoError(t, err)
	for at := s.bodySize(); at < len(raw); at += proofSize(ed25519.Group) {
		bad := bytes.Clone(raw)
		copy(bad[at:], wideTorsion)
		_, err = s.ReadDeal(0, bad)
		require.ErrorIs(t, err, ErrDeal, "nonce of small order")
		bad = bytes.Clone(raw)
		addTorsion(t, bad[at:])
		_, err = s.ReadDeal(0, bad)
		require.ErrorIs(t, err, ErrDeal, "the challenge binds the nonce's bytes")
	}
}

// TestBadSharesAreBlamed: the recipient names exactly the dealers who cheated
// it, and the others are content.
func TestBadSharesAreBlamed(t *testing.T) {
	for name, change := range map[string]func(plain []byte){
		"wrong batch share":     func(p []byte) { p[0]++ },
		"wrong network share":   func(p []byte) { p[len(p)-1]++ },
		"swapped":               func(p []byte) { copy(p, append(bytes.Clone(p[32:64]), p[:32]...)) },
		"batch not reduced":     func(p []byte) { copy(p, bytes.Repeat([]byte{255}, 32)) },
		"network not reduced":   func(p []byte) { copy(p[32:], bytes.Repeat([]byte{255}, 32)) },
		"zeros":                 func(p []byte) { clear(p) },
		"shares of other index": func(p []byte) { copy(p, p[64:]) },
	} {
		t.Run(name, func(t *testing.T) {
			s, ids := setup(t, secp256k1.Group, 4, 1, 2, 2, 1)
			deals := deal(t, s, ids, 0, 1, 2, 3)
			for _, dealer := range []int{0, 3} {
				var err error
				deals[dealer], err = s.ReadDeal(uint16(dealer), reencrypt(t, s, ids[dealer], ids[1], change))
				require.NoError(t, err, "not visible to the public")
			}
			result, err := s.Combine(deals)
			require.NoError(t, err)
			_, _, err = s.Shares(ids[1], deals, result)
			var bad *BadDealsError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, []uint16{0, 3}, bad.Dealers)
			for _, other := range []int{0, 2, 3} {
				_, _, err = s.Shares(ids[other], deals, result)
				require.NoError(t, err)
			}
		})
	}

	t.Run("ciphertext that does not decrypt", func(t *testing.T) {
		s, ids := setup(t, ed25519.Group, 2, 1, 1, 1)
		deals := deal(t, s, ids, 0, 1, 2)
		from, _ := ciphertext(s, 2)
		var err error
		deals[1], err = s.ReadDeal(1, forge(t, s, ids[1], func(b []byte) { b[from] ^= 1 }))
		require.NoError(t, err)
		result, err := s.Combine(deals)
		require.NoError(t, err)
		_, _, err = s.Shares(ids[2], deals, result)
		var bad *BadDealsError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, []uint16{1}, bad.Dealers)
	})
}

// TestCancellingErrorsAreHarmless: only the sum is ever used.
func TestCancellingErrorsAreHarmless(t *testing.T) {
	s, ids := setup(t, ed25519.Group, 2, 1, 1, 1)
	deals := deal(t, s, ids, 0, 1, 2)
	shift := func(subtract bool) func([]byte) {
		return func(plain []byte) {
			v, err := ed25519.Group.DecodeScalar(plain[:32])
			require.NoError(t, err)
			one := ed25519.Group.NewScalar().SetUint64(1)
			if subtract {
				one.Negate(one)
			}
			copy(plain, v.Add(v, one).Bytes())
		}
	}
	var err error
	deals[0], err = s.ReadDeal(0, reencrypt(t, s, ids[0], ids[2], shift(false)))
	require.NoError(t, err)
	deals[1], err = s.ReadDeal(1, reencrypt(t, s, ids[1], ids[2], shift(true)))
	require.NoError(t, err)
	result, err := s.Combine(deals)
	require.NoError(t, err)
	_, _, err = s.Shares(ids[2], deals, result)
	require.NoError(t, err)
}

func TestCombineChecksItsList(t *testing.T) {
	s, ids := setup(t, ed25519.Group, 3, 1, 1, 2)
	deals := deal(t, s, ids, 0, 1, 2)
	for _, list := range [][]*Deal{nil, {deals[0]}, {deals[0], deals[1]}, {deals[2], deals[0]}, {deals[2], deals[2]}} {
		_, err := s.Combine(list)
		require.ErrorIs(t, err, ErrDeals)
	}
	result, err := s.Combine(deals)
	require.NoError(t, err)
	_, _, err = s.Shares(identity(t, 9), deals, result)
	require.ErrorIs(t, err, ErrNotParticipant)
	_, _, err = s.Shares(ids[0], deals[1:], result)
	require.ErrorIs(t, err, ErrDeals)

	fewer, err := s.Combine(deals[1:])
	require.NoError(t, err)
	require.NotEqual(t, result.Transcript, fewer.Transcript)
}

func FuzzReadDeal(f *testing.F) {
	s, ids := setup(f, secp256k1.Group, 2, 1, 2, 1)
	raw, err := s.Deal(ids[1])
	require.NoError(f, err)
	f.Add(uint16(1), raw)
	f.Add(uint16(0), raw)
	f.Add(uint16(1), raw[:len(raw)-1])
	f.Add(uint16(7), []byte{})
	f.Fuzz(func(t *testing.T, from uint16, data []byte) {
		d, err := s.ReadDeal(from, data)
		if err != nil {
			require.ErrorIs(t, err, ErrDeal)
			return
		}
		require.Equal(t, from, d.Dealer)
		require.Len(t, d.shares, len(ids))
	})
}

func FuzzVerifyPossession(f *testing.F) {
	_, ids := setup(f, ed25519.Group, 1, 1)
	key, label := ids[0].Public(), []byte("label")
	proof := ids[0].ProvePossession(label)
	f.Add(key[:], label, proof[:])
	f.Add(key[:], []byte{}, proof[:])
	f.Fuzz(func(t *testing.T, otherKey, otherLabel, otherProof []byte) {
		if len(otherKey) != len(key) || len(otherProof) != len(proof) {
			return
		}
		err := VerifyPossession([32]byte(otherKey), otherLabel, [PossessionSize]byte(otherProof))
		if err != nil {
			require.ErrorIs(t, err, ErrPossession)
		}
		if bytes.Equal(otherKey, key[:]) {
			same := bytes.Equal(otherLabel, label) && bytes.Equal(otherProof, proof[:])
			require.Equal(t, same, err == nil)
		}
	})
}
