package keys_test

import (
	"encoding/hex"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/serai-go/processor/coin/monero/keys"
)

// How a wallet finds its outputs: one derivation for each transaction key, then
// one hash for each output tells nearly all that are not its own.
func Example() {
	decode := func(text string) []byte {
		b, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		return b
	}
	// The wallet.
	view, err := keys.NewViewKey(decode("511d5411e368a0379118a1782f4d34bdd7da80b70eab9d0be8a98eac047d420e"))
	if err != nil {
		panic(err)
	}
	pair, err := keys.NewViewPair(view, decode("b1054c9853fdd1592c7b7dfcec7007b033a8bc71d1a0f9f899c22199d937a628"))
	if err != nil {
		panic(err)
	}
	own := map[[keys.Size]byte]keys.Index{}
	for address := range uint32(10) {
		index := keys.Index{Address: address}
		spend, err := pair.SpendKey(index)
		if err != nil {
			panic(err)
		}
		own[[keys.Size]byte(spend.Bytes())] = index
	}

	// The transactions of a block, here one with one output.
	r, err := keys.DecodePoint(decode("c0e814a967f59725b3cf69b55d5ae58e0acd8f39066bfb64e739a0de775ecfcd"))
	if err != nil {
		panic(err)
	}
	outputKey := decode("836cce6f9c3c02c1c64bb37c10809533eb217e26be2da59b78c1dfa9da4ec7cd")
	viewTag := byte(107)
	encrypted := [8]byte(decode("3f7306bdebbc7129"))
	commitment := [keys.Size]byte(decode("1e31a5045e76096ab80e336baeccc902c25812c257a785421d609fb161b2b073"))

	derivations := make([]keys.Derivation, 1)
	view.DeriveAll(derivations, []edwards25519.Point{*r})
	d := &derivations[0]
	if d.ViewTag(0) != viewTag {
		return // as 255 of 256 outputs of others
	}
	output, err := keys.DecodePoint(outputKey)
	if err != nil {
		return // some outputs can never be spent
	}
	s, err := d.SharedKey(0)
	if err != nil {
		return
	}
	index, found := own[[keys.Size]byte(s.SpendKey(output).Bytes())]
	amount, _, opened := s.Open(encrypted, commitment)
	fmt.Println(found, index, opened, amount)
	// Output: true {0 0} true 69361917357430
}
