package monero_test

import (
	"encoding/hex"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero"
)

// Anybody can compute where a group is paid, and look at what it received, if
// there is no view seed. It takes no node.
func ExampleCoin_Address() {
	c, err := monero.New(nil, monero.Config{Network: monero.Mainnet})
	if err != nil {
		panic(err)
	}
	key, err := hex.DecodeString("5866666666666666666666666666666666666666666666666666666666666666")
	if err != nil {
		panic(err)
	}
	address, err := c.Address(key, coin.External)
	if err != nil {
		panic(err)
	}
	fmt.Println(address)
	view, err := c.ViewKey(key)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%x\n", view.Public().Bytes())
	// Output:
	// 8ABQt4zkpDJbeQZiNFWsKqZw9iHmcBXyU9xQgdQF99Me3EzGcX3XgWEWcEPyBcWDdnFUQfP7ZjGqyhtnrMEJ5h9sLctHVo4
	// 36831977dd9f8c0960d521224aae58015f57392cc21e4f9886b170579543f634
}
