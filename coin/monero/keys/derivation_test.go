package keys_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/keys"
)

// An output that monero-wallet-rpc 0.18.5.3 made.
func TestOutputOfAWallet(t *testing.T) {
	checkDerivation(t, derivationVector{
		ViewSecret:       "511d5411e368a0379118a1782f4d34bdd7da80b70eab9d0be8a98eac047d420e",
		SpendSecret:      "7044ab755c80edc72738a197d79b4d8149f63bced4f392bc3ad0a17d4ca9e706",
		TxPublicKey:      "c0e814a967f59725b3cf69b55d5ae58e0acd8f39066bfb64e739a0de775ecfcd",
		Derivation:       "a8a3c16c30a1440fd257656e8acf44ac3bab120a7387a3b1cac895700615f037",
		ViewTag:          107,
		SharedKey:        "7202dc6be446779df6b2297ba7346cc9365b5c50125e13c1b7d776c856f1dc01",
		SubaddressScalar: "0000000000000000000000000000000000000000000000000000000000000000",
		OutputSecret:     "e24687e140c764651eebca127fd0b94a8051981ee751a67df2a71846a39ac408",
		OutputKey:        "836cce6f9c3c02c1c64bb37c10809533eb217e26be2da59b78c1dfa9da4ec7cd",
		KeyImage:         "c5c68bddb8e2f23624ef6aae5bfc6bde8a538364eab1a34414ba72827b041b37",
		CommitmentMask:   "d3ad6b1c359e9b3368a4466a35beff3bc18d6c526e5205f7db6df2c89f0b8907",
		Amount:           "69361917357430",
		EncryptedAmount:  "3f7306bdebbc7129",
		Commitment:       "1e31a5045e76096ab80e336baeccc902c25812c257a785421d609fb161b2b073",
		PaymentIDMask:    "4ed36e45a082b96e",
	})
}

func TestHIsThePublishedConstant(t *testing.T) {
	require.Equal(t, "8b655970153799af2aeadc9ff1add0ea6c7251d54154cfa92c173a0dd39c1f94", hex.EncodeToString(keys.H().Bytes()))
	keys.H().Set(edwards25519.NewIdentityPoint())
	require.False(t, keys.IsIdentity(keys.H()))
	keys.InverseEight().Add(keys.InverseEight(), scalar(1))
	require.Equal(t, scalar(1).Bytes(), new(edwards25519.Scalar).Multiply(scalar(8), keys.InverseEight()).Bytes())
}

func drawViewKey(t *rapid.T) (*keys.ViewKey, *edwards25519.Scalar) {
	a := drawScalar(t, "view key")
	view, err := keys.NewViewKey(a.Bytes())
	require.NoError(t, err)
	return view, a
}

func drawIndex(t *rapid.T) keys.Index {
	number := rapid.OneOf(rapid.Uint32Range(0, 2), rapid.Uint32())
	return keys.Index{Account: number.Draw(t, "account"), Address: number.Draw(t, "address")}
}

// Whoever pays an address makes an output that its wallet finds, opens and can
// spend.
func TestRecipientFindsWhatTheSenderMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view, a := drawViewKey(t)
		b := drawScalar(t, "spend key")
		pair, err := keys.NewViewPair(view, multiple(b).Bytes())
		require.NoError(t, err)
		index := drawIndex(t)
		spendBytes, viewBytes, err := pair.Keys(index)
		require.NoError(t, err)
		spend, err := keys.DecodePrimeOrder(spendBytes[:])
		require.NoError(t, err)
		address, err := keys.DecodePrimeOrder(viewBytes[:])
		require.NoError(t, err)

		// A transaction to a subaddress has a key that is a multiple of its spend key.
		r := drawScalar(t, "transaction key")
		transactionKey := multiple(r)
		if !index.IsMain() {
			transactionKey.ScalarMult(r, spend)
		}
		d := keys.Derive(r, address)
		require.Equal(t, d, view.Derive(transactionKey))
		require.Equal(t, d, keys.Derive(a, transactionKey))

		place := rapid.Uint64().Draw(t, "place") >> rapid.IntRange(0, 63).Draw(t, "shift")
		s, err := d.SharedKey(place)
		require.NoError(t, err)
		output := s.OutputKey(spend)
		require.Equal(t, spendBytes[:], s.SpendKey(output).Bytes())

		m, err := view.SubaddressScalar(index)
		require.NoError(t, err)
		require.Equal(t, index.IsMain(), m.Equal(edwards25519.NewScalar()) == 1)
		x := s.Scalar()
		x.Add(x, b).Add(x, m)
		require.Equal(t, output.Bytes(), multiple(x).Bytes())

		amount := rapid.Uint64().Draw(t, "amount")
		mask, err := s.CommitmentMask()
		require.NoError(t, err)
		commitment := [keys.Size]byte(keys.Commit(mask, amount).Bytes())
		opened, _, ok := s.Open(s.EncryptAmount(amount), commitment)
		require.True(t, ok)
		require.Equal(t, amount, opened)
		_, _, ok = s.Open(s.EncryptAmount(amount^1<<rapid.IntRange(0, 63).Draw(t, "bit")), commitment)
		require.False(t, ok)

		other, err := d.SharedKey(place + 1)
		require.NoError(t, err)
		require.NotEqual(t, s.Scalar().Bytes(), other.Scalar().Bytes())
	})
}

// Whatever of small order is added to a transaction key, the derivation is the
// same, and of prime order.
func TestDerivationRemovesTorsion(t *testing.T) {
	torsion := smallOrder(t)
	rapid.Check(t, func(t *rapid.T) {
		view, _ := drawViewKey(t)
		r := multiple(drawScalar(t, "r"))
		want := view.Derive(r)
		_, err := keys.DecodePrimeOrder(want[:])
		require.NoError(t, err)
		for _, point := range torsion {
			require.Equal(t, want, view.Derive(new(edwards25519.Point).Add(r, point)))
		}
	})
}

func TestDerivationsTogetherAreThoseAlone(t *testing.T) {
	torsion := smallOrder(t)
	rapid.Check(t, func(t *rapid.T) {
		view, _ := drawViewKey(t)
		r := make([]edwards25519.Point, rapid.SampledFrom([]int{0, 1, 2, 64, 65}).Draw(t, "count"))
		next := multiple(drawScalar(t, "r"))
		for i := range r {
			r[i].Add(next, torsion[i%8])
			next.Add(next, &r[i])
		}
		together := make([]keys.Derivation, len(r))
		view.DeriveAll(together, r)
		for i := range r {
			require.Equal(t, view.Derive(&r[i]), together[i])
		}
	})
	view, err := keys.NewViewKey(scalar(1).Bytes())
	require.NoError(t, err)
	require.Panics(t, func() { view.DeriveAll(make([]keys.Derivation, 1), nil) })
}

func TestCommitmentIsTheSumOfMaskAndAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mask := drawScalar(t, "mask")
		amount := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 15, 16, 1<<63 - 1, 1<<64 - 1})).Draw(t, "amount")
		n := edwards25519.NewScalar()
		for i := range 64 {
			n.Add(n, n)
			if amount>>(63-i)&1 == 1 {
				n.Add(n, scalar(1))
			}
		}
		want := new(edwards25519.Point).ScalarMult(n, keys.H())
		want.Add(want, multiple(mask))
		require.Equal(t, want.Bytes(), keys.Commit(mask, amount).Bytes())
	})
}

func TestKeyImagesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		output := [keys.Size]byte(multiple(drawScalar(t, "output")).Bytes())
		x, y := drawScalar(t, "x"), drawScalar(t, "y")
		sum := new(edwards25519.Point).Add(keys.KeyImage(x, output), keys.KeyImage(y, output))
		require.Equal(t, sum.Bytes(), keys.KeyImage(x.Add(x, y), output).Bytes())
	})
}

func TestKeysThatAreNoneAreRefused(t *testing.T) {
	_, err := keys.NewViewKey(make([]byte, keys.Size))
	require.ErrorIs(t, err, keys.ErrZero)
	_, err = keys.NewViewKey(bytes.Repeat([]byte{0xff}, keys.Size))
	require.ErrorIs(t, err, keys.ErrScalar)
	view, err := keys.NewViewKey(scalar(1).Bytes())
	require.NoError(t, err)
	torsion := smallOrder(t)
	_, err = keys.NewViewPair(view, torsion[0].Bytes())
	require.ErrorIs(t, err, keys.ErrIdentity)
	_, err = keys.NewViewPair(view, torsion[1].Bytes())
	require.ErrorIs(t, err, keys.ErrOrder)
	_, err = keys.NewViewPair(view, nil)
	require.ErrorIs(t, err, keys.ErrPoint)

	// A subaddress whose spend key would be the identity.
	index := keys.Index{Account: 1}
	m, err := view.SubaddressScalar(index)
	require.NoError(t, err)
	pair, err := keys.NewViewPair(view, multiple(m.Negate(m)).Bytes())
	require.NoError(t, err)
	_, _, err = pair.Keys(index)
	require.ErrorIs(t, err, keys.ErrIdentity)
}

func TestSecretsPrintRedacted(t *testing.T) {
	view, err := keys.NewViewKey(scalar(7).Bytes())
	require.NoError(t, err)
	pair, err := keys.NewViewPair(view, multiple(scalar(9)).Bytes())
	require.NoError(t, err)
	d := view.Derive(multiple(scalar(3)))
	s, err := d.SharedKey(0)
	require.NoError(t, err)
	for _, secret := range []any{view, *view, d, &d, s, *s, []keys.Derivation{d}, pair.View()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			require.Contains(t, fmt.Sprintf(verb, secret), "[redacted]", verb)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("message", "secret", secret)
		require.Contains(t, log.String(), "[redacted]")
		text, err := json.Marshal(secret)
		require.NoError(t, err)
		require.Contains(t, string(text), "[redacted]")
	}

	view.Erase()
	require.True(t, keys.IsIdentity(view.Public()))
}

// What is done for every output of a block leaves nothing to the garbage
// collector.
func TestScanningNeedsNoHeap(t *testing.T) {
	view, err := keys.NewViewKey(scalar(7).Bytes())
	require.NoError(t, err)
	encoded := multiple(scalar(3)).Bytes()
	points := make([]edwards25519.Point, 3)
	derivations := make([]keys.Derivation, len(points))
	var sum byte
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for i := range points {
			p, err := keys.DecodePoint(encoded)
			if err != nil {
				panic(err)
			}
			points[i].Set(p)
		}
		view.DeriveAll(derivations, points)
		d := view.Derive(&points[0])
		sum ^= d[0]
	}))
	// One hash at a time: the race detector empties pools now and then.
	require.Zero(t, testing.AllocsPerRun(100, func() { sum ^= derivations[0].ViewTag(300) }))
}
