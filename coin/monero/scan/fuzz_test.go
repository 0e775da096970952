package scan_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
)

// sighting is what plainly tells of a found output.
type sighting struct {
	output    int
	recipient int
	address   keys.Index
	amount    uint64
}

// plainScan finds the outputs of a transaction as it would be told: for each
// output each key and recipient in turn.
func plainScan(tx *block.Transaction, wallets []wallet) (found []sighting) {
	txKeys := slices.Collect(tx.Extra().Keys())
	if len(txKeys) == 0 || tx.Version() != 2 {
		return nil
	}
	shared := plainDerivations(txKeys, wallets)
	for i, output := range tx.Outputs() {
		candidates := shared
		if key, ok := tx.Extra().AdditionalKeys().At(i); ok {
			candidates = append(slices.Clone(shared), plainDerivations([][32]byte{key}, wallets)...)
		}
		if s, ok := plainOutput(tx, i, output, candidates, wallets); ok {
			found = append(found, s)
		}
	}
	return found
}

// plainDerivations returns for each key that of each wallet.
func plainDerivations(list [][32]byte, wallets []wallet) (derivations [][]keys.Derivation) {
	for _, key := range list {
		all := make([]keys.Derivation, len(wallets))
		for i, w := range wallets {
			all[i] = keys.Derivation{1}
			if r, err := keys.DecodePoint(key[:]); err == nil {
				all[i] = w.Pair.View().Derive(r)
			}
		}
		derivations = append(derivations, all)
	}
	return derivations
}

func plainOutput(tx *block.Transaction, i int, output block.Output, candidates [][]keys.Derivation, wallets []wallet) (s sighting, ok bool) {
	p, err := keys.DecodePoint(output.Key[:])
	if err != nil || keys.IsIdentity(p) {
		return s, false
	}
	for _, derivations := range candidates {
		for j, d := range derivations {
			if output.Tagged && d.ViewTag(uint64(i)) != output.ViewTag {
				continue
			}
			shared, err := d.SharedKey(uint64(i))
			if err != nil {
				continue
			}
			spend := shared.SpendKey(p)
			for _, index := range wallets[j].Addresses {
				if own, err := wallets[j].Pair.SpendKey(index); err != nil || spend.Equal(own) == 0 {
					continue
				}
				amount := output.Amount
				if commitment, encrypted := tx.Commitment(i); encrypted {
					if len(tx.EncryptedAmount(i)) != 8 {
						return s, false // the old types have a test of their own
					}
					amount, _, _ = shared.Open([8]byte(tx.EncryptedAmount(i)), commitment)
				}
				return sighting{i, j, index, amount}, amount != 0
			}
		}
	}
	return s, false
}

func requirePlain(t require.TestingT, s *scan.Scanner, wallets []wallet, tx *block.Transaction) {
	var got []sighting
	for _, o := range s.Scan(nil, []*block.Transaction{tx}, 1<<40) {
		if encrypted := tx.EncryptedAmount(int(o.Index)); len(encrypted) == 64 {
			continue
		}
		got = append(got, sighting{int(o.Index), o.Recipient, o.Address, o.Amount})
		require.Equal(t, uint64(1<<40)+uint64(o.Index), o.Global)
		_, err := o.KeyImage(wallets[o.Recipient].spend)
		require.NoError(t, err)
	}
	require.Equal(t, plainScan(tx, wallets), got)
}

// FuzzExtra puts any extra field into a transaction of which outputs are paid
// by the identity, which keys that are no points share, and by one key.
func FuzzExtra(f *testing.F) {
	b := newBuilder(20)
	wallets := b.someWallets(f)
	s := newScanner(f, wallets...)
	fields := b.transaction(4)
	r := b.scalar()
	p := payment{wallets[1], keys.Index{Account: 1}, 7}
	key := publicKey(f, p, r)
	pay(f, fields, 0, p, derivation(f, p, r))
	pay(f, fields, 1, payment{wallets[0], keys.Index{}, 8}, keys.Derivation{1})
	fields.Outputs[2].Tagged, fields.Outputs[2].ViewTag = false, 0
	pay(f, fields, 2, p, derivation(f, p, r))
	pay(f, fields, 3, p, derivation(f, p, r))
	id := [8]byte{1}
	none := [32]byte{2}
	for _, c := range []block.Content{
		{Key: key}, {Key: none}, {Key: b.point(), AdditionalKeys: [][32]byte{key, none, key}},
		{Key: key, PaymentID: &id, Data: [][]byte{{1}, {}}},
	} {
		f.Add([]byte(extraOf(f, c)))
	}
	f.Add([]byte{})
	f.Add(slices.Concat([]byte{1}, none[:], []byte{1}, key[:], []byte{1}, key[:], []byte{4, 0}))
	f.Fuzz(func(t *testing.T, extra []byte) {
		if len(extra) > 4000 {
			return
		}
		fields := *fields
		fields.Extra = extra
		requirePlain(t, s, wallets, b.encode(t, &fields))
	})
}

// FuzzTransaction scans anything that can be read.
func FuzzTransaction(f *testing.F) {
	b := newBuilder(21)
	story := &story{builder: b, t: f, wallets: b.someWallets(f)}
	for range 10 {
		f.Add(story.transaction(0, 0).Raw())
	}
	wallets := story.wallets[1:2]
	if dir := os.Getenv("CONFORMANCE_DATA"); dir != "" {
		files, _ := filepath.Glob(filepath.Join(dir, "corpora", "monero_blocks*.jsonl.gz"))
		for _, file := range files {
			blocks := readLines[corpusBlock](f, file)
			for i := 0; i < len(blocks); i += 30 {
				f.Add(unhex(f, blocks[i].Txs[len(blocks[i].Txs)-1].Hex))
			}
		}
	}
	s := newScanner(f, wallets...)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 20_000 {
			return
		}
		tx, err := block.ParseTransaction(raw)
		if err != nil {
			return
		}
		requirePlain(t, s, wallets, tx)
	})
}
