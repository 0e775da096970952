package scan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
)

// quick is far more than what is tested takes, and far less than what it would
// take if its cost were the product of what the sender can multiply.
const quick = 5 * time.Second

func withKeys(t require.TestingT, f *block.Fields, n int, key func(i int) [32]byte) {
	f.Extra = nil
	for i := range n {
		k := key(i)
		var err error
		f.Extra, err = f.Extra.AppendPart(block.Part{Tag: block.TagKey, Data: k[:]})
		require.NoError(t, err)
	}
}

// TestRepeatedKeysAreNoWork: with 25,000 times the same key, outputs whose tags
// fit would take half a minute.
func TestRepeatedKeysAreNoWork(t *testing.T) {
	b := newBuilder(30)
	wallets := b.someWallets(t)
	p := payment{wallets[0], keys.Index{Account: 1}, 5}
	r := b.scalar()
	d := derivation(t, p, r)
	right := publicKey(t, p, r)
	for name, key := range map[string]func(i int) [32]byte{
		"the same":  func(int) [32]byte { return right },
		"no points": func(i int) [32]byte { return [32]byte{31: 0xff, 30: 0xff, 0: 0xf0} },
		"behind others": func(i int) [32]byte {
			if i < 10 {
				return b.point()
			}
			return right
		},
	} {
		f := b.transaction(16)
		shared := d
		if name == "no points" {
			shared = keys.Derivation{1}
		}
		for i := range f.Outputs {
			f.Outputs[i].ViewTag = shared.ViewTag(uint64(i))
		}
		withKeys(t, f, 25_000, key)
		tx := b.encode(t, f)
		s := newScanner(t, wallets...)
		start := time.Now()
		require.Empty(t, s.Scan(nil, []*block.Transaction{tx}, 0), name)
		require.Less(t, time.Since(start), quick, name)
	}
}

// TestOurOwnOutputsAreOpenedOnce: whoever pays us can make tags and keys fit.
func TestOurOwnOutputsAreOpenedOnce(t *testing.T) {
	b := newBuilder(31)
	wallets := b.someWallets(t)
	p := payment{wallets[0], keys.Index{Account: 1}, 5}
	r := b.scalar()
	d := derivation(t, p, r)
	const n = 1500
	f := &block.Fields{Version: 2, Coinbase: true, Height: 5, UnlockTime: 65}
	for i := range n {
		f.Outputs = append(f.Outputs, block.Output{Tagged: true})
		pay(t, f, i, p, d)
	}
	id := [8]byte{9}
	c := block.Content{Key: publicKey(t, p, r), PaymentID: &id}
	for range n {
		c.Data = append(c.Data, []byte{1})
	}
	f.Extra = extraOf(t, c)
	tx := b.encode(t, f)
	start := time.Now()
	found := newScanner(t, wallets...).Scan(nil, []*block.Transaction{tx}, 0)
	require.Less(t, time.Since(start), quick)
	require.Len(t, found, n)
	for i := range found {
		require.EqualValues(t, i, found[i].Index)
		require.Len(t, found[i].Data, n)
		require.NotNil(t, found[i].PaymentID)
	}
}

// TestNoExtraFieldIsTooStrange goes through those that once broke others.
func TestNoExtraFieldIsTooStrange(t *testing.T) {
	b := newBuilder(32)
	wallets := b.someWallets(t)
	s := newScanner(t, wallets...)
	key := b.point()
	for _, extra := range [][]byte{
		nil, {0}, {2, 0}, {2, 1, 0x7f}, {2, 9, 1}, {4, 0}, {4, 0xff, 0xff, 0xff, 0xff, 0x0f}, {1}, {0xde, 0xff, 0x7f}, {0x7f},
		append([]byte{2, 0, 1}, key[:]...),
		append([]byte{4, 1}, key[:]...),
		append(append([]byte{1}, key[:]...), 4, 2),
	} {
		f := b.transaction(2)
		f.Extra = extra
		tx := b.encode(t, f)
		require.Empty(t, s.Scan(nil, []*block.Transaction{tx}, 0))
		requirePlain(t, s, wallets, tx)
	}
}
