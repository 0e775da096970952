package nodes_test

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/mock"
	"github.com/serai-go/processor/coin/nodes"
)

// One of two nodes cannot be reached when the processor starts.
func Example() {
	chain := mock.New(mock.Options{})
	own, err := nodes.New(
		nodes.Node{Name: "own", Coin: chain.Coin()},
		nodes.Node{Name: "hosted", Dial: func(context.Context) (coin.Coin, error) {
			return nil, fmt.Errorf("no route to host")
		}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := own.Tip(context.Background()); err != nil { // as Config.Coin, the processor's
		fmt.Println(err)
		return
	}
	for _, h := range own.Health() {
		fmt.Println(h.Name, h.State)
	}
	// Output:
	// own well
	// hosted failing
}
