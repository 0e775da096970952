package spend_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
	"github.com/serai-go/processor/coin/monero/spend"
)

// requireFound checks that wallets find all that is paid, and nothing else.
func requireFound(t require.TestingT, u *spend.Unsigned, tx *block.Transaction, outputs []spend.Output, wallets ...wallet) {
	found := scanner(t, wallets...).Scan(nil, []*block.Transaction{tx}, 0)
	require.Len(t, found, len(outputs))
	for i, place := range u.Places() {
		at := slices.IndexFunc(found, func(o scan.Output) bool { return o.Index == uint32(place) })
		require.GreaterOrEqual(t, at, 0, "output %d at %d", i, place)
		o := found[at]
		w := wallets[o.Recipient]
		require.Equal(t, outputs[i].Amount, o.Amount)
		require.Equal(t, outputs[i].Address, w.address(o.Address.Account, o.Address.Address))
		_, err := o.PrivateKey(w.spend)
		require.NoError(t, err, "it can be spent")
	}
}

func TestRecipientsFindTheirOutputs(t *testing.T) {
	m := newMaker(1)
	alice, bob := m.wallet(), m.wallet()
	main, other := alice.address(0, 0), bob.address(0, 0)
	sub, sub2, foreign := alice.address(1, 0), alice.address(2, 1), bob.address(0, 7)
	for name, c := range map[string]struct {
		to         []address.Address
		additional int
		paymentID  bool
	}{
		"a main address":                        {[]address.Address{main}, 0, true},
		"a main address twice":                  {[]address.Address{main, main}, 0, true},
		"two main addresses":                    {[]address.Address{main, other}, 0, true},
		"three main addresses":                  {[]address.Address{main, other, main}, 0, false},
		"a subaddress":                          {[]address.Address{sub}, 0, true},
		"a subaddress twice":                    {[]address.Address{sub, sub}, 0, true},
		"a subaddress three times":              {[]address.Address{sub, sub, sub}, 0, false},
		"two subaddresses of a wallet":          {[]address.Address{sub, sub2}, 2, true},
		"subaddresses of two wallets":           {[]address.Address{sub, foreign}, 2, true},
		"a main address and a subaddress":       {[]address.Address{other, sub}, 2, true},
		"a subaddress and its main address":     {[]address.Address{sub, main}, 2, true},
		"some of all":                           {[]address.Address{sub, main, other, foreign, sub2, sub, main}, 7, false},
		"fifteen main addresses, one otherwise": {append(slices.Repeat([]address.Address{main}, 15), foreign), 16, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMaker(2)
			var outputs []spend.Output
			for i, to := range c.to {
				outputs = append(outputs, spend.Output{Address: to, Amount: uint64(1000 + i)})
			}
			u := newUnsigned(t, m.draft(t, 2, outputs))
			tx := m.pretend(t, u)
			requireFound(t, u, tx, outputs, alice, bob)
			require.Equal(t, c.additional, tx.Extra().AdditionalKeys().Len())
			_, ok := tx.Extra().PaymentID()
			require.Equal(t, c.paymentID, ok)
			require.Len(t, slices.Collect(tx.Extra().Keys()), 1)
		})
	}
}

func TestPaymentIDsAreZeroForTheFirstRecipient(t *testing.T) {
	m := newMaker(3)
	alice, bob := m.wallet(), m.wallet()
	for _, to := range [][]address.Address{
		{alice.address(0, 0), bob.address(0, 0)}, {alice.address(0, 0), bob.address(1, 0)}, {alice.address(1, 0)}, {alice.address(0, 0)},
	} {
		for range 4 { // in either order
			var outputs []spend.Output
			for _, a := range to {
				outputs = append(outputs, spend.Output{Address: a, Amount: 7})
			}
			u := newUnsigned(t, m.draft(t, 1, outputs))
			found := scanner(t, alice).Scan(nil, []*block.Transaction{m.pretend(t, u)}, 0)
			require.Len(t, found, 1)
			require.Equal(t, &[8]byte{}, found[0].PaymentID)
		}
	}
}

func TestALonelyOutputGetsCompanyOfNothing(t *testing.T) {
	m := newMaker(4)
	w := m.wallet()
	d := m.draft(t, 1, []spend.Output{{Address: w.address(0, 7), Amount: 5}})
	u := newUnsigned(t, d)
	tx := m.pretend(t, u)
	require.Equal(t, 2, tx.OutputCount())
	require.Equal(t, d.Outputs, u.Outputs())

	// It opens to 0 for the same recipient.
	var key [32]byte
	for key = range tx.Extra().Keys() {
	}
	r, err := keys.DecodePoint(key[:])
	require.NoError(t, err)
	derivation := w.pair.View().Derive(r)
	added := 1 - u.Places()[0]
	shared, err := derivation.SharedKey(uint64(added))
	require.NoError(t, err)
	commitment, _ := tx.Commitment(added)
	amount, _, ok := shared.Open([8]byte(tx.EncryptedAmount(added)), commitment)
	require.True(t, ok)
	require.Zero(t, amount)
}

func TestAnyTransactionPaysItsRecipients(t *testing.T) {
	wallets := []wallet{newMaker(5).wallet(), newMaker(6).wallet(), newMaker(7).wallet()}
	rapid.Check(t, func(t *rapid.T) {
		m := newMaker(rapid.Uint64().Draw(t, "seed"))
		outputs := m.outputs(rapid.IntRange(1, 16).Draw(t, "outputs"), wallets...)
		u := unproven(t, m.draft(t, rapid.IntRange(1, 2).Draw(t, "inputs"), outputs))
		require.Equal(t, outputs, u.Outputs())
		requireFound(t, u, m.pretend(t, u), outputs, wallets...)
	})
}
