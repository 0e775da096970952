package scan_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/stretchr/testify/require"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
	"github.com/serai-go/processor/internal/conformance"
)

func unhex(t require.TestingT, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func scalarOf(t require.TestingT, text string) *edwards25519.Scalar {
	s, err := keys.DecodeScalar(unhex(t, text))
	require.NoError(t, err)
	return s
}

// wallet is one with its private keys.
type wallet struct {
	scan.Recipient
	spend *edwards25519.Scalar
}

func newWallet(t require.TestingT, view, spend *edwards25519.Scalar, addresses ...keys.Index) wallet {
	key, err := keys.NewViewKey(view.Bytes())
	require.NoError(t, err)
	pair, err := keys.NewViewPair(key, new(edwards25519.Point).ScalarBaseMult(spend).Bytes())
	require.NoError(t, err)
	return wallet{scan.Recipient{Pair: pair, Addresses: addresses}, spend}
}

func newScanner(t require.TestingT, wallets ...wallet) *scan.Scanner {
	var recipients []scan.Recipient
	for _, w := range wallets {
		recipients = append(recipients, w.Recipient)
	}
	s, err := scan.New(recipients)
	require.NoError(t, err)
	return s
}

type (
	corpusBlock struct {
		Height uint64
		Blob   string
		Txs    []struct {
			Hash, Hex string
			PrunedLen int      `json:"pruned_len"`
			Prunable  string   `json:"prunable_hash"`
			Indices   []uint64 `json:"output_indices"`
		}
	}
	corpusMeta struct {
		Wallets []struct {
			Spend     string                          `json:"spend_secret"`
			View      string                          `json:"view_secret"`
			Addresses []struct{ Major, Minor uint32 } `json:"subaddresses"`
		}
	}
	// corpusOutput is a row of what the reference wallet has.
	corpusOutput struct {
		Wallet       int
		Txid         string
		Vout         uint32
		Global       uint64 `json:"global_index"`
		Height       uint64
		Amount       uint64
		Key          string
		KeyImage     string `json:"key_image"`
		Major, Minor uint32
		PaymentID    *string `json:"payment_id"`
		UnlockTime   *uint64 `json:"unlock_time"`
		Coinbase     bool
	}
)

// key orders rows and tells them apart.
func (o corpusOutput) key() string { return fmt.Sprintf("%d %s %08d", o.Wallet, o.Txid, o.Vout) }

func readLines[V any](t testing.TB, file string) (list []V) {
	for line := range bytes.Lines(conformance.Read(t, file)) {
		var v V
		require.NoError(t, json.Unmarshal(line, &v))
		list = append(list, v)
	}
	return list
}

// beside returns the file of another kind of the same corpus.
func beside(file, kind string) string {
	return strings.Replace(strings.TrimSuffix(file, ".gz"), "monero_blocks", "monero_"+kind, 1)
}

// readCorpus returns the blocks of a corpus, its wallets and what they own.
func readCorpus(t testing.TB, file string) (blocks []corpusBlock, wallets []wallet, truth []corpusOutput) {
	blocks = readLines[corpusBlock](t, file)
	truth = readLines[corpusOutput](t, beside(file, "truth")+".gz")
	var meta corpusMeta
	require.NoError(t, json.Unmarshal(conformance.Read(t, strings.TrimSuffix(beside(file, "meta"), "l")), &meta))
	for _, w := range meta.Wallets {
		var addresses []keys.Index
		for _, a := range w.Addresses {
			addresses = append(addresses, keys.Index{Account: a.Major, Address: a.Minor})
		}
		wallets = append(wallets, newWallet(t, scalarOf(t, w.View), scalarOf(t, w.Spend), addresses...))
	}
	return blocks, wallets, truth
}

// parse returns the transactions of a block, whole or pruned, and the global
// index of the first output.
func (b *corpusBlock) parse(t require.TestingT, pruned bool) (transactions []*block.Transaction, first uint64) {
	for _, raw := range b.Txs {
		data := unhex(t, raw.Hex)
		var tx *block.Transaction
		var err error
		if pruned {
			tx, err = block.ParsePruned(data[:raw.PrunedLen], [32]byte{})
		} else {
			tx, err = block.ParseTransaction(data)
		}
		require.NoError(t, err)
		transactions = append(transactions, tx)
	}
	for _, raw := range b.Txs {
		if len(raw.Indices) > 0 {
			return transactions, raw.Indices[0]
		}
	}
	return transactions, 0
}

// rows returns found outputs of a block as the reference wallet would list
// them.
func rows(t require.TestingT, b *corpusBlock, wallets []wallet, number func(recipient int) int, found []scan.Output) (list []corpusOutput) {
	for _, o := range found {
		image, err := o.KeyImage(wallets[o.Recipient].spend)
		require.NoError(t, err)
		row := corpusOutput{
			Wallet: number(o.Recipient), Txid: b.Txs[o.Transaction].Hash, Vout: o.Index, Global: o.Global,
			Height: b.Height, Amount: o.Amount, Key: hex.EncodeToString(o.Key[:]), KeyImage: hex.EncodeToString(image[:]),
			Major: o.Address.Account, Minor: o.Address.Address, Coinbase: o.Coinbase, UnlockTime: &o.UnlockTime,
		}
		id := strings.Repeat("0", 16)
		if o.PaymentID != nil {
			id = hex.EncodeToString(o.PaymentID[:])
		}
		row.PaymentID = &id
		list = append(list, row)
	}
	return list
}

// checkRows compares what was found with what the reference wallets have. Of
// some outputs those do not say unlock time and payment ID.
func checkRows(t *testing.T, want, got []corpusOutput) {
	compare := func(a, b corpusOutput) int { return strings.Compare(a.key(), b.key()) }
	want, got = slices.Clone(want), slices.Clone(got)
	slices.SortFunc(want, compare)
	slices.SortFunc(got, compare)
	for i := range min(len(want), len(got)) {
		if want[i].PaymentID == nil {
			got[i].PaymentID = nil
		}
		if want[i].UnlockTime == nil {
			got[i].UnlockTime = nil
		}
		require.Equal(t, want[i], got[i])
	}
	require.Len(t, got, len(want))
}

func TestConformanceCorpus(t *testing.T) {
	for _, file := range conformance.Files(t, "corpora/monero_blocks*.jsonl.gz") {
		blocks, wallets, truth := readCorpus(t, file)
		cases := map[string][]int{"all": nil}
		for i := range wallets {
			cases["all"] = append(cases["all"], i)
			cases[strconv.Itoa(i)] = []int{i}
		}
		for name, numbers := range cases {
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				var some []wallet
				for _, i := range numbers {
					some = append(some, wallets[i])
				}
				var want []corpusOutput
				for _, row := range truth {
					if slices.Contains(numbers, row.Wallet) {
						want = append(want, row)
					}
				}
				var got []corpusOutput
				s := newScanner(t, some...)
				for i := range blocks {
					transactions, first := blocks[i].parse(t, i%2 == 1)
					found := s.Scan(nil, transactions, first)
					got = append(got, rows(t, &blocks[i], some, func(r int) int { return numbers[r] }, found)...)
				}
				checkRows(t, want, got)
			})
		}
		conformance.Counted(t, file, len(truth))
	}
}

// TestConformanceCorpusIsScannedInAnyPortions: what is found does not depend on
// which transactions are scanned together.
func TestConformanceCorpusIsScannedInAnyPortions(t *testing.T) {
	for _, file := range conformance.Files(t, "corpora/monero_blocks*.jsonl.gz") {
		blocks, wallets, truth := readCorpus(t, file)
		s := newScanner(t, wallets...)
		var all []*block.Transaction
		for i := range blocks {
			transactions, _ := blocks[i].parse(t, false)
			all = append(all, transactions...)
		}
		whole := s.Scan(nil, all, 0)
		require.Len(t, whole, len(truth))
		for _, size := range []int{1, 7} {
			var got []scan.Output
			var first uint64
			for start := 0; start < len(all); start += size {
				part := all[start:min(start+size, len(all))]
				found := s.Scan(nil, part, first)
				for i := range found {
					found[i].Transaction += start
				}
				got = append(got, found...)
				first += scan.Outputs(part)
			}
			require.Equal(t, whole, got)
		}
	}
}

func TestConformanceOutputDerivation(t *testing.T) {
	conformance.Monero(t, "*output_derivation*.json", checkDerivation)
}

// checkDerivation makes a transaction with the output of a vector at its place.
func checkDerivation(t *testing.T, v struct {
	View        string `json:"view_secret"`
	Spend       string `json:"spend_secret"`
	Subaddress  [2]uint32
	TxKey       string `json:"tx_public_key"`
	Index       int    `json:"output_index"`
	Guaranteed  bool
	ViewTag     byte   `json:"view_tag"`
	Secret      string `json:"output_secret"`
	Key         string `json:"output_key"`
	Image       string `json:"key_image"`
	Mask        string `json:"commitment_mask"`
	Amount      string
	Encrypted   string `json:"encrypted_amount"`
	Commitment  string
	PaymentMask string `json:"payment_id_mask"`
}) {
	address := keys.Index{Account: v.Subaddress[0], Address: v.Subaddress[1]}
	w := newWallet(t, scalarOf(t, v.View), scalarOf(t, v.Spend), address)
	b := newBuilder(1)
	f := b.transaction(v.Index + 1)
	f.Outputs[v.Index] = block.Output{Key: [32]byte(unhex(t, v.Key)), Tagged: true, ViewTag: v.ViewTag}
	f.EncryptedAmounts[v.Index] = unhex(t, v.Encrypted)
	f.Commitments[v.Index] = [32]byte(unhex(t, v.Commitment))
	id := [8]byte{1, 2, 3}
	var err error
	f.Extra, err = block.Content{Key: [32]byte(unhex(t, v.TxKey)), PaymentID: &id}.Extra()
	require.NoError(t, err)
	found := newScanner(t, w).Scan(nil, []*block.Transaction{b.encode(t, f)}, 1000)
	if v.Guaranteed {
		require.Empty(t, found)
		return
	}
	require.Len(t, found, 1)
	o := found[0]
	require.Equal(t, address, o.Address)
	require.Equal(t, uint64(1000+v.Index), o.Global)
	require.Equal(t, v.Amount, strconv.FormatUint(o.Amount, 10))
	require.Equal(t, v.Mask, hex.EncodeToString(o.Mask[:]))
	x, err := o.PrivateKey(w.spend)
	require.NoError(t, err)
	require.Equal(t, v.Secret, hex.EncodeToString(x.Bytes()))
	image, err := o.KeyImage(w.spend)
	require.NoError(t, err)
	require.Equal(t, v.Image, hex.EncodeToString(image[:]))
	mask := unhex(t, v.PaymentMask)
	for i := range id {
		id[i] ^= mask[i]
	}
	require.Equal(t, &id, o.PaymentID)
}
