package spend_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/chacha20"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/spend"
)

func TestStreamsAreOfTheSpecifiedKey(t *testing.T) {
	seed := spend.Seed{1, 2, 3}
	low := spend.Member{Key: [32]byte{1}, Commitment: [32]byte{9}}
	high := spend.Member{Key: [32]byte{2}, Commitment: [32]byte{8}}
	for _, name := range []string{"transaction_keys", "shuffle_payments", "bulletproof", "multisig_pseudo_out_masks"} {
		var b []byte
		b = append(b, byte(len(name)))
		b = append(b, name...)
		b = append(b, seed[:]...)
		for _, m := range []spend.Member{high, low} {
			b = append(append(b, m.Key[:]...), m.Commitment[:]...)
		}
		key := keys.Keccak256(b)
		cipher, err := chacha20.NewUnauthenticatedCipher(key[:], make([]byte, 12))
		require.NoError(t, err)
		want := make([]byte, 100)
		cipher.XORKeyStream(want, want)
		require.Equal(t, want, seed.Stream(name, []spend.Member{low, high}, 100), name)
		require.Equal(t, want, seed.Stream(name, []spend.Member{high, low}, 100), name)
	}
}

func TestTransactionKeysAreTheFirstScalars(t *testing.T) {
	m := newMaker(1)
	w := m.wallet()
	d := m.draft(t, 2, []spend.Output{{Address: w.address(0, 0), Amount: 1}, {Address: w.address(1, 0), Amount: 2}})
	u := newUnsigned(t, d)
	stream := d.Seed.Stream("transaction_keys", u.Spent(), 3*64)
	var scalars [3]*edwards25519.Scalar
	for i := range scalars {
		var err error
		scalars[i], err = new(edwards25519.Scalar).SetUniformBytes(stream[64*i:][:64])
		require.NoError(t, err)
	}
	tx := m.pretend(t, u)
	require.Equal(t, [][32]byte{[32]byte(new(edwards25519.Point).ScalarBaseMult(scalars[0]).Bytes())}, slices.Collect(tx.Extra().Keys()))
	list := tx.Extra().AdditionalKeys()
	require.Equal(t, 2, list.Len())
	plain, _ := list.At(u.Places()[0])
	require.Equal(t, new(edwards25519.Point).ScalarBaseMult(scalars[1+u.Places()[0]]).Bytes(), plain[:])
	to := w.address(1, 0)
	spendKey, err := keys.DecodePoint(to.Spend[:])
	require.NoError(t, err)
	own, _ := list.At(u.Places()[1])
	require.Equal(t, spendKey.ScalarMult(scalars[1+u.Places()[1]], spendKey).Bytes(), own[:])
}

func TestOutputsAreShuffledEvenly(t *testing.T) {
	const n, tries = 4, 24_000
	counts := map[string]int{}
	var seed spend.Seed
	m := newMaker(2)
	for range tries {
		seed = m.seed()
		places := seed.Shuffled(nil, n)
		sorted := slices.Sorted(slices.Values(places))
		require.Equal(t, []int{0, 1, 2, 3}, sorted)
		counts[fmt.Sprint(places)]++
	}
	require.Len(t, counts, 24)
	for places, count := range counts {
		require.InDelta(t, tries/24, count, 200, places)
	}
}

func TestOneDraftHasOneTransaction(t *testing.T) {
	wallets := []wallet{newMaker(5).wallet(), newMaker(6).wallet()}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		inputs, outputs := rapid.IntRange(1, 3).Draw(t, "inputs"), rapid.IntRange(1, 4).Draw(t, "outputs")
		make := func() spend.Draft {
			m := newMaker(seed)
			return m.draft(t, inputs, m.outputs(outputs, wallets...))
		}
		u := unproven(t, make())
		require.Equal(t, u.Bytes(), unproven(t, make()).Bytes())

		// Another seed gives other keys, other inputs give other keys.
		d := make()
		d.Seed[rapid.IntRange(0, 31).Draw(t, "byte")]++
		require.NotEqual(t, u.Expectation().Lookup(), unproven(t, d).Expectation().Lookup())
		d = make()
		d.Inputs[0] = newMaker(seed + 1).input(d.Inputs[0].Amount)
		require.NotEqual(t, u.Expectation().Lookup(), unproven(t, d).Expectation().Lookup())
	})
}

func TestTheOrderOfInputsChangesNothingThatTheChainShows(t *testing.T) {
	w := newMaker(5).wallet()
	rapid.Check(t, func(t *rapid.T) {
		m := newMaker(rapid.Uint64().Draw(t, "seed"))
		d := m.draft(t, rapid.IntRange(2, 5).Draw(t, "inputs"), m.outputs(3, w))
		u := unproven(t, d)
		d.Inputs = rapid.Permutation(d.Inputs).Draw(t, "order")
		other := unproven(t, d)
		require.Equal(t, u.Expectation(), other.Expectation())
		require.Equal(t, u.Places(), other.Places())
	})
}

// TestTheBytesStay pins what all versions on all machines must make.
func TestTheBytesStay(t *testing.T) {
	m := newMaker(42)
	w := m.wallet()
	d := m.draft(t, 3, []spend.Output{
		{Address: w.address(0, 0), Amount: 1}, {Address: w.address(1, 0), Amount: 2}, {Address: m.wallet().address(2, 1), Amount: 3},
	})
	sum := keys.Keccak256(newUnsigned(t, d).Bytes())
	require.Equal(t, "9c466053d69c9f66d218f944b2a1488a440a5251beb7fd13d670e49ded40fa12", fmt.Sprintf("%x", sum))
}

func TestSecretsDoNotPrint(t *testing.T) {
	m := newMaker(3)
	d := m.draft(t, 1, m.outputs(2, m.wallet()))
	for _, v := range []any{d, &d, d.Seed, &d.Seed, d.Inputs[0], &d.Inputs[0]} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			require.Equal(t, "[redacted]", fmt.Sprintf(verb, v))
		}
		text, err := json.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, `"[redacted]"`, string(text))
	}
	require.Equal(t, "[redacted]", d.LogValue().String())
	require.Equal(t, "[redacted]", d.Seed.LogValue().String())
	require.Equal(t, "[redacted]", d.Inputs[0].LogValue().String())
}

func TestMasksOfPseudoOutputs(t *testing.T) {
	m := newMaker(4)
	d := m.draft(t, 3, m.outputs(2, m.wallet()))
	a, b := m.scalar(), m.scalar()
	masks, err := d.PseudoOutMasks(a, b)
	require.NoError(t, err)
	sum := new(edwards25519.Scalar)
	for _, mask := range masks {
		sum.Add(sum, mask)
	}
	require.Equal(t, new(edwards25519.Scalar).Add(a, b).Bytes(), sum.Bytes())

	for i := range masks {
		before := d.Inputs[i].Mask
		d.Inputs[i].Mask = masks[i]
		_, err = d.PseudoOutMasks(a, b)
		require.ErrorIs(t, err, spend.ErrInvalid, "that of input %d is the one of what it spends", i)
		d.Inputs[i].Mask = before
	}
}
