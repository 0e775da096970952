package address_test

import (
	"fmt"

	"github.com/serai-go/processor/coin/monero/address"
)

func ExampleParse() {
	a, err := address.Parse("A5hqzNW7RJYDu3ZmLUM5NTEBh2uGzkQAkFeNjS29E3GHUWoxZZ2ZXbN2BNQuz5jgdVfY2xeuu2YPQA2Bh32NkukGUczN7NApFiSBUq49nX")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s %s %x\n", a.Network, a.Kind, a.PaymentID)
	// Output: testnet integrated 21d6c8a8d1df635c
}
