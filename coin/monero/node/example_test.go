package node_test

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero/node"
)

// Catching up: all blocks from one that is known to the newest. Each is proved
// and linked to the one before; that the first is the child of the one that
// the caller has is for the caller to check.
func ExampleClient_Blocks() {
	catchUp := func(ctx context.Context, known uint64, id coin.BlockID) error {
		genesis, err := hex.DecodeString("418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3")
		if err != nil {
			return err
		}
		mainnet := node.Chain{Genesis: coin.BlockID(genesis), Network: "mainnet"}
		c, err := node.Dial(ctx, node.Config{URL: "http://127.0.0.1:18081", User: "user", Password: "password"}, mainnet, true)
		if err != nil {
			return err // coin.ErrTransient: try again later
		}
		defer c.Close()
		tip, err := c.Tip(ctx)
		if err != nil {
			return err
		}
		for b, err := range c.Blocks(ctx, known+1, tip) {
			if err != nil {
				return err
			}
			if b.Block.Height() == known+1 && b.Block.Parent() != id {
				return fmt.Errorf("block %d has left the best chain", known)
			}
			fmt.Println(b.Block.Height(), b.ID, len(b.Transactions))
		}
		return nil
	}
	_ = catchUp
}
