package scan_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
)

func TestManyTransactionKeysAreAllTried(t *testing.T) {
	b := newBuilder(3)
	w := b.someWallets(t)[0]
	for _, n := range []int{1, 4, 5, 63, 64, 65, 200} {
		f := b.transaction(2)
		p := payment{w, keys.Index{Account: 1}, 5}
		r := b.scalar()
		pay(t, f, 1, p, derivation(t, p, r))
		for i := range n {
			key := b.point()
			if i == n-1 {
				key = publicKey(t, p, r)
			}
			f.Extra, _ = f.Extra.AppendPart(block.Part{Tag: block.TagKey, Data: key[:]})
		}
		require.Len(t, newScanner(t, w).Scan(nil, []*block.Transaction{b.encode(t, f)}, 0), 1)
	}
}

func TestAnOutputIsFoundOnceHoweverOftenItsKeyIsThere(t *testing.T) {
	b := newBuilder(4)
	w := b.someWallets(t)[0]
	f := b.transaction(2)
	p := payment{w, keys.Index{Account: 1}, 5}
	r := b.scalar()
	key := publicKey(t, p, r)
	pay(t, f, 0, p, derivation(t, p, r))
	point, err := keys.DecodePoint(key[:])
	require.NoError(t, err)
	other := [32]byte(point.Add(point, torsion()).Bytes())
	for _, k := range [][32]byte{key, other, key} {
		f.Extra, _ = f.Extra.AppendPart(block.Part{Tag: block.TagKey, Data: k[:]})
	}
	f.Extra, _ = f.Extra.AppendPart(block.Part{Tag: block.TagAdditionalKeys, Data: append(key[:], key[:]...)})
	require.Len(t, newScanner(t, w).Scan(nil, []*block.Transaction{b.encode(t, f)}, 0), 1)
}

// TestAKeyThatIsNoPointSharesTheIdentity: the reference wallet computes with
// the identity then.
func TestAKeyThatIsNoPointSharesTheIdentity(t *testing.T) {
	b := newBuilder(5)
	w := b.someWallets(t)[0]
	p := payment{w, keys.Index{Account: 1}, 5}
	d := keys.Derivation{1}
	for name, extra := range map[string]block.Content{
		"transaction key": {Key: [32]byte{2}},
		"additional key":  {Key: b.point(), AdditionalKeys: [][32]byte{{2}}},
		"identity":        {Key: [32]byte{1}},
		"small order":     {Key: [32]byte(torsion().Bytes())},
	} {
		f := b.transaction(2)
		pay(t, f, 0, p, d)
		f.Extra = extraOf(t, extra)
		require.Len(t, newScanner(t, w).Scan(nil, []*block.Transaction{b.encode(t, f)}, 0), 1, name)
	}
}

func TestWithoutATransactionKeyAdditionalKeysDoNotCount(t *testing.T) {
	b := newBuilder(6)
	w := b.someWallets(t)[0]
	p := payment{w, keys.Index{Account: 1}, 5}
	r := b.scalar()
	f := b.transaction(2)
	pay(t, f, 0, p, derivation(t, p, r))
	key, stranger := publicKey(t, p, r), b.point()
	var err error
	f.Extra, err = block.Extra{}.AppendPart(block.Part{Tag: block.TagAdditionalKeys, Data: key[:]})
	require.NoError(t, err)
	s := newScanner(t, w)
	require.Empty(t, s.Scan(nil, []*block.Transaction{b.encode(t, f)}, 0))
	f.Extra, err = f.Extra.AppendPart(block.Part{Tag: block.TagKey, Data: stranger[:]})
	require.NoError(t, err)
	require.Len(t, s.Scan(nil, []*block.Transaction{b.encode(t, f)}, 0), 1)

	// Of two lists the first counts.
	f.Extra = nil
	for _, part := range []block.Part{
		{Tag: block.TagKey, Data: stranger[:]},
		{Tag: block.TagAdditionalKeys},
		{Tag: block.TagAdditionalKeys, Data: key[:]},
	} {
		f.Extra, err = f.Extra.AppendPart(part)
		require.NoError(t, err)
	}
	require.Empty(t, s.Scan(nil, []*block.Transaction{b.encode(t, f)}, 0))
}

// TestOldAmountsAreOpened is about the types 1 to 3.
func TestOldAmountsAreOpened(t *testing.T) {
	b := newBuilder(7)
	w := b.someWallets(t)[0]
	p := payment{w, keys.Index{Account: 1}, 1 << 50}
	for _, spoil := range []int{-1, 0, 32, 40} {
		r := b.scalar()
		f := b.transaction(1)
		d := derivation(t, p, r)
		pay(t, f, 0, p, d)
		shared, err := d.SharedKey(0)
		require.NoError(t, err)
		first, err := keys.HashToScalar(shared.Scalar().Bytes())
		require.NoError(t, err)
		second, err := keys.HashToScalar(first.Bytes())
		require.NoError(t, err)
		mask := b.scalar()
		f.Commitments[0] = [32]byte(keys.Commit(mask, p.amount).Bytes())
		var amount [32]byte
		amount[6] = 1 << 2
		first.Add(first, mask)
		second.Add(second, scalarOf(t, fmt.Sprintf("%x", amount)))
		f.EncryptedAmounts[0] = append(first.Bytes(), second.Bytes()...)
		if spoil >= 0 {
			f.EncryptedAmounts[0][spoil] ^= 1
		}
		f.Extra = extraOf(t, block.Content{Key: publicKey(t, p, r)})
		f.Type = block.TypeBulletproof
		k := byte(6)
		f.RangeProofs = append(append([]byte{1, 0, 0, 0}, b.bytes(6*32)...), k)
		f.RangeProofs = append(append(f.RangeProofs, b.bytes(32*6)...), k)
		f.RangeProofs = append(f.RangeProofs, b.bytes(32*6+3*32)...)
		f.Signatures = [][]byte{b.bytes(64*16 + 32)}
		found := newScanner(t, w).Scan(nil, []*block.Transaction{b.encode(t, f)}, 0)
		if spoil >= 0 {
			require.Empty(t, found, spoil)
			continue
		}
		require.Len(t, found, 1)
		require.Equal(t, p.amount, found[0].Amount)
		require.Equal(t, mask.Bytes(), found[0].Mask[:])
	}
}

func TestVersion1IsPassedOver(t *testing.T) {
	b := newBuilder(8)
	w := b.someWallets(t)[0]
	p := payment{w, keys.Index{Account: 1}, 5}
	r := b.scalar()
	f := &block.Fields{Version: 1, Coinbase: true, Outputs: []block.Output{{}}, Extra: extraOf(t, block.Content{Key: publicKey(t, p, r)})}
	pay(t, f, 0, p, derivation(t, p, r))
	old := b.encode(t, f)
	f.Version = 2
	recent := b.encode(t, f)
	found := newScanner(t, w).Scan(nil, []*block.Transaction{old, recent, old, recent}, 10)
	require.Len(t, found, 2)
	require.Equal(t, 1, found[0].Transaction)
	require.EqualValues(t, 10, found[0].Global)
	require.Equal(t, 3, found[1].Transaction)
	require.EqualValues(t, 11, found[1].Global)
}

func TestAddressesAreRegisteredOnce(t *testing.T) {
	b := newBuilder(9)
	wallets := b.someWallets(t)
	again := wallets[0].Recipient
	again.Addresses = again.Addresses[1:2]
	_, err := scan.New([]scan.Recipient{wallets[0].Recipient, again})
	require.ErrorIs(t, err, scan.ErrRepeated)
	require.EqualError(t, err, "recipient 1: address 1/0: scan: address is registered twice")
	s, err := scan.New(nil)
	require.NoError(t, err)
	require.Empty(t, s.Scan(nil, []*block.Transaction{b.encode(t, b.transaction(2))}, 0))
}

func TestKeyImagesNeedTheRightSpendKey(t *testing.T) {
	b := newBuilder(10)
	wallets := b.someWallets(t)
	p := payment{wallets[0], keys.Index{}, 5}
	r := b.scalar()
	f := b.transaction(2)
	pay(t, f, 0, p, derivation(t, p, r))
	f.Extra = extraOf(t, block.Content{Key: publicKey(t, p, r)})
	o := newScanner(t, wallets...).Scan(nil, []*block.Transaction{b.encode(t, f)}, 0)[0]
	_, err := o.KeyImage(wallets[1].spend)
	require.ErrorIs(t, err, scan.ErrSpendKey)
	_, err = o.PrivateKey(wallets[0].spend)
	require.NoError(t, err)
	o.Offset[31] = 0xff
	_, err = o.PrivateKey(wallets[0].spend)
	require.ErrorIs(t, err, keys.ErrScalar)
}

func TestSecretsDoNotPrint(t *testing.T) {
	s := scan.Secret{0xab}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s", "%d"} {
		require.NotContains(t, fmt.Sprintf(verb, scan.Output{Offset: s, Mask: s}), "ab", verb)
		require.Equal(t, "[redacted]", fmt.Sprintf(verb, s))
	}
	text, err := json.Marshal(s)
	require.NoError(t, err)
	require.Equal(t, `"[redacted]"`, string(text))
	require.Equal(t, "[redacted]", slog.AnyValue(s).Resolve().String())
}

func TestScannersAreForConcurrentUse(t *testing.T) {
	b := newBuilder(11)
	story := &story{builder: b, t: t, wallets: b.someWallets(t)}
	var transactions []*block.Transaction
	for i := range 40 {
		transactions = append(transactions, story.transaction(i, 0))
	}
	s := newScanner(t, story.wallets...)
	want := s.Scan(nil, transactions, 5)
	require.NotEmpty(t, want)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { require.Equal(t, want, s.Scan(nil, transactions, 5)) })
	}
	wait.Wait()
}

func TestTheQuietPathTakesNoMemory(t *testing.T) {
	b := newBuilder(12)
	s := newScanner(t, b.someWallets(t)...)
	var transactions []*block.Transaction
	for range 40 {
		f := b.transaction(2)
		f.Extra = extraOf(t, block.Content{Key: b.point(), AdditionalKeys: [][32]byte{b.point(), b.point()}, Data: [][]byte{{1}}})
		transactions = append(transactions, b.encode(t, f))
	}
	if raceDetector {
		t.Skip("with the race detector other things are kept on the heap")
	}
	require.Zero(t, testing.AllocsPerRun(20, func() { s.Scan(nil, transactions, 0) }))
}
