package scan_test

import (
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/block"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/coin/monero/scan"
)

// A miner pays subaddress 1/3 of a wallet, and the wallet finds it.
func ExampleScanner() {
	scalar := func(n byte) *edwards25519.Scalar {
		s, err := keys.DecodeScalar(append([]byte{n}, make([]byte, 31)...))
		if err != nil {
			panic(err)
		}
		return s
	}
	base := edwards25519.NewGeneratorPoint()
	spend := scalar(7)
	view, err := keys.NewViewKey(scalar(5).Bytes())
	if err != nil {
		panic(err)
	}
	pair, err := keys.NewViewPair(view, new(edwards25519.Point).ScalarMult(spend, base).Bytes())
	if err != nil {
		panic(err)
	}
	index := keys.Index{Account: 1, Address: 3}
	scanner, err := scan.New([]scan.Recipient{{Pair: pair, Addresses: []keys.Index{{}, index}}})
	if err != nil {
		panic(err)
	}

	// The miner knows the two public keys of the address and a secret r.
	r := scalar(11)
	spendKey, viewKey, err := pair.Keys(index)
	if err != nil {
		panic(err)
	}
	c, err := keys.DecodePoint(viewKey[:])
	if err != nil {
		panic(err)
	}
	d, err := keys.DecodePoint(spendKey[:])
	if err != nil {
		panic(err)
	}
	derivation := keys.Derive(r, c)
	shared, err := derivation.SharedKey(0)
	if err != nil {
		panic(err)
	}
	extra, err := block.Content{Key: [32]byte(new(edwards25519.Point).ScalarMult(r, d).Bytes())}.Extra()
	if err != nil {
		panic(err)
	}
	fields := &block.Fields{
		Version: 2, Coinbase: true, Height: 1000, UnlockTime: 1060, Extra: extra,
		Outputs: []block.Output{{
			Amount: 600_000_000_000, Key: [32]byte(shared.OutputKey(d).Bytes()), Tagged: true, ViewTag: derivation.ViewTag(0),
		}},
	}
	tx, err := fields.Encode()
	if err != nil {
		panic(err)
	}

	for _, o := range scanner.Scan(nil, []*block.Transaction{tx}, 2_000_000) {
		_, err := o.KeyImage(spend)
		fmt.Println(o.Amount, "to", o.Address, "index", o.Global, "can be spent:", err == nil)
	}
	// Output: 600000000000 to {1 3} index 2000000 can be spent: true
}
