package dkg

import (
	"bytes"
	"crypto/sha512"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/frost/ed25519"
	"github.com/serai-go/processor/frost/secp256k1"
)

// forge lets a dealer change its deal before it proves it: what a malicious
// dealer with honest keys can send.
func forge(t testing.TB, s *Setup, id *Identity, change func(body []byte)) []byte {
	raw, err := s.Deal(id)
	require.NoError(t, err)
	proofs := proofSize
	for _, g := range s.groups {
		proofs += g.ElementSize() + g.ScalarSize()
	}
	body := raw[:len(raw)-proofs]
	change(body)

	seed := expand(id.seed[:], "deal", s.hash[:], 32)
	message := sha512.Sum512_256(body)
	offset := 1 + 32 + 2
	for key, g := range s.groups {
		x := newPolynomial(g, seed, roles[key], int(s.params.Threshold))[0]
		k := scalar(g, seed, proofRole(key), message[:])
		raw = append(body, prove(g, proofRole(key), message[:], x, body[offset:][:g.ElementSize()], k)...)
		body = raw
		offset += int(s.params.Threshold) * g.ElementSize()
	}
	e := scalar(ed25519.Group, seed, ephemeralRole, nil)
	k := scalar(ed25519.Group, seed, "ephemeral proof", message[:])
	return append(raw, prove(ed25519.Group, ephemeralRole, message[:], e, body[offset:][:32], k)...)
}

// ciphertext returns where a deal holds the ciphertext of a recipient.
func ciphertext(s *Setup, recipient uint16) (from, to int) {
	from = 1 + 32 + 2 + 32
	for _, g := range s.groups {
		from += int(s.params.Threshold) * g.ElementSize()
	}
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
		start, _ := ciphertext(s, 0)
		ephemeral := body[start-32 : start]
		e, err := ed25519.Group.DecodeElement(ephemeral)
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

// TestForgedDealIsRefused has dealers prove what no honest dealer sends.
func TestForgedDealIsRefused(t *testing.T) {
	s, ids := setup(t, secp256k1.Group, 2, 1, 1, 1)
	other, err := s.Deal(ids[1])
	require.NoError(t, err)
	const commitments = 1 + 32 + 2
	ephemeral := commitments + 2*32 + 2*33
	for name, change := range map[string]func(body []byte){
		"another's constant":         func(b []byte) { copy(b[commitments:], other[commitments:][:32]) },
		"another's network constant": func(b []byte) { copy(b[commitments+64:], other[commitments+64:][:33]) },
		"another's ephemeral key":    func(b []byte) { copy(b[ephemeral:], other[ephemeral:][:32]) },
		"identity as constant":       func(b []byte) { copy(b[commitments:], ed25519.Group.NewElement().Bytes()) },
		"identity as coefficient":    func(b []byte) { copy(b[commitments+32:], ed25519.Group.NewElement().Bytes()) },
		"identity on secp256k1":      func(b []byte) { clear(b[commitments+64+33:][:33]) },
		"identity as ephemeral key":  func(b []byte) { copy(b[ephemeral:], ed25519.Group.NewElement().Bytes()) },
		"point of order 8": func(b []byte) {
			copy(b[commitments+32:], unhex(t, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))
		},
		"ephemeral key with torsion": func(b []byte) {
			p, err := new(edwards25519.Point).SetBytes(b[ephemeral:][:32])
			require.NoError(t, err)
			two, err := new(edwards25519.Point).SetBytes(unhex(t, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"))
			require.NoError(t, err)
			copy(b[ephemeral:], p.Add(p, two).Bytes())
		},
		"y not reduced": func(b []byte) {
			copy(b[commitments+32:], unhex(t, "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"))
		},
		"hybrid secp256k1 point": func(b []byte) { b[commitments+64] += 4 },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.ReadDeal(0, forge(t, s, ids[0], change))
			require.ErrorIs(t, err, ErrDeal)
		})
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

func TestChangedResponseIsRefused(t *testing.T) {
	s, ids := setup(t, ed25519.Group, 2, 1, 1, 1)
	result, err := s.Combine(deal(t, s, ids, 0, 1, 2))
	require.NoError(t, err)
	raw := s.Respond(1, result)
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1 << (i % 8)
		hash, err := s.ReadResponse(1, bad)
		if err == nil {
			require.NotEqual(t, result.Transcript, hash, "byte %d", i)
			continue
		}
		require.ErrorIs(t, err, ErrResponse)
	}
	for _, bad := range [][]byte{nil, raw[:len(raw)-1], append(bytes.Clone(raw), 0)} {
		_, err = s.ReadResponse(1, bad)
		require.ErrorIs(t, err, ErrResponse)
	}
	_, err = s.ReadResponse(0, raw)
	require.ErrorIs(t, err, ErrResponse)
	_, err = s.ReadResponse(3, raw)
	require.ErrorIs(t, err, ErrResponse)
}

// TestEvaluate compares Horner's rule on commitments with the polynomial.
func TestEvaluate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.SampledFrom([]frost.Group{secp256k1.Group, ed25519.Group}).Draw(t, "group")
		seed := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")
		f := newPolynomial(g, seed, "test", rapid.IntRange(1, 6).Draw(t, "t"))
		var commitments []frost.Element
		for _, a := range f {
			commitments = append(commitments, g.NewElement().MultiplyBase(a))
		}
		x := rapid.IntRange(1, frost.MaxShares).Draw(t, "x")
		if !evaluate(g, commitments, x).Equal(g.NewElement().MultiplyBase(f.at(g, x))) {
			t.Fatal("different values")
		}
	})
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
		err := VerifyPossession([32]byte(otherKey), otherLabel, [proofSize]byte(otherProof))
		if err != nil {
			require.ErrorIs(t, err, ErrPossession)
		}
		if bytes.Equal(otherKey, key[:]) {
			same := bytes.Equal(otherLabel, label) && bytes.Equal(otherProof, proof[:])
			require.Equal(t, same, err == nil)
		}
	})
}

func FuzzReadResponse(f *testing.F) {
	s, _ := setup(f, ed25519.Group, 2, 1, 1, 1)
	f.Add(uint16(1), s.Respond(1, &Result{Transcript: [32]byte{1, 2, 3}}))
	f.Add(uint16(2), s.Respond(2, &Result{})[:35])
	f.Fuzz(func(t *testing.T, from uint16, data []byte) {
		hash, err := s.ReadResponse(from, data)
		if err != nil {
			require.ErrorIs(t, err, ErrResponse)
			return
		}
		require.Equal(t, data, s.Respond(from, &Result{Transcript: hash}))
	})
}
