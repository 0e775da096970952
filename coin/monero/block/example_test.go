package block_test

import (
	"encoding/hex"
	"fmt"

	"github.com/serai-go/processor/coin/monero/block"
)

// The first block of the main chain.
func Example() {
	raw, _ := hex.DecodeString(genesis)
	b, err := block.Parse(raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("block %d %x\n", b.Height(), b.ID())
	miner := b.Miner()
	fmt.Printf("version %d, locked to block %d\n", miner.Version(), miner.UnlockTime())
	for i, o := range miner.Outputs() {
		fmt.Printf("output %d: %d to %x\n", i, o.Amount, o.Key[:4])
	}
	for key := range miner.Extra().Keys() {
		fmt.Printf("transaction key %x\n", key[:4])
	}
	// Output:
	// block 0 418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3
	// version 1, locked to block 60
	// output 0: 17592186044415 to 9b2e4c02
	// transaction key 7767aafc
}

// What a transaction to one subaddress carries besides its outputs.
func ExampleContent() {
	extra, err := block.Content{PaymentID: &[8]byte{1, 2, 3}, Data: [][]byte{[]byte("hello")}}.Extra()
	if err != nil {
		fmt.Println(err)
		return
	}
	for part := range extra.Parts() {
		fmt.Printf("%02x: %d bytes\n", part.Tag, len(part.Data))
	}
	for data := range extra.Data() {
		fmt.Printf("%s\n", data)
	}
	// Output:
	// 01: 32 bytes
	// 02: 9 bytes
	// 02: 6 bytes
	// hello
}
