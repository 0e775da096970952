package processortest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/testnodes"
)

// chainBooks say what addresses own behind each block, by what a bitcoind makes
// of the blocks: nothing of the processor's own reading of the chain is used.
type chainBooks struct {
	node *testnodes.Node
	// owners are sessions by address.
	owners map[coin.Address]uint64
	// blocks are what each session owned behind each block.
	blocks []map[uint64]uint64
	coins  map[string]chainCoin // by transaction and index
}

type chainCoin struct {
	session, amount uint64
}

func newChainBooks(node *testnodes.Node) *chainBooks {
	return &chainBooks{node: node, owners: make(map[coin.Address]uint64), coins: make(map[string]chainCoin)}
}

// add makes a key's addresses known. None may have been paid to before.
func (b *chainBooks) add(network coin.Network, session uint64, key []byte) error {
	for _, kind := range coin.Kinds {
		address, err := network.Address(key, kind)
		if err != nil {
			return err
		}
		b.owners[address] = session
	}
	return nil
}

// follow reads the blocks that are new.
func (b *chainBooks) follow(ctx context.Context) error {
	var tip int
	if err := b.node.Call(ctx, "getblockcount", []any{}, &tip); err != nil {
		return err
	}
	for number := len(b.blocks); number <= tip; number++ {
		var id string
		if err := b.node.Call(ctx, "getblockhash", []any{number}, &id); err != nil {
			return err
		}
		var block struct {
			Transactions []struct {
				ID  string `json:"txid"`
				Ins []struct {
					ID    string `json:"txid"`
					Index uint32 `json:"vout"`
				} `json:"vin"`
				Outs []struct {
					Value  json.Number `json:"value"`
					Index  uint32      `json:"n"`
					Script struct {
						Address coin.Address `json:"address"`
					} `json:"scriptPubKey"`
				} `json:"vout"`
			} `json:"tx"`
		}
		if err := b.node.Call(ctx, "getblock", []any{id, 2}, &block); err != nil {
			return err
		}
		for _, tx := range block.Transactions {
			for _, in := range tx.Ins {
				delete(b.coins, fmt.Sprintf("%s:%d", in.ID, in.Index))
			}
			for _, out := range tx.Outs {
				session, ours := b.owners[out.Script.Address]
				if !ours {
					continue
				}
				amount, err := satoshi(out.Value)
				if err != nil {
					return err
				}
				b.coins[fmt.Sprintf("%s:%d", tx.ID, out.Index)] = chainCoin{session, amount}
			}
		}
		owned := make(map[uint64]uint64)
		for _, c := range b.coins {
			owned[c.session] += c.amount
		}
		b.blocks = append(b.blocks, owned)
	}
	return nil
}

// total is what all sessions together own behind a block.
func (b *chainBooks) total(number uint64) (sum uint64) {
	for _, amount := range b.blocks[number] {
		sum += amount
	}
	return sum
}

// scan asks the node itself for what an address owns at its tip.
func (b *chainBooks) scan(ctx context.Context, at coin.Address) (uint64, error) {
	var found struct {
		Total json.Number `json:"total_amount"`
	}
	if err := b.node.Call(ctx, "scantxoutset", []any{"start", []string{fmt.Sprintf("addr(%s)", at)}}, &found); err != nil {
		return 0, err
	}
	return satoshi(found.Total)
}

// satoshi reads an amount that a node gives in bitcoins.
func satoshi(n json.Number) (uint64, error) {
	f, err := n.Float64()
	return uint64(math.Round(f * 1e8)), err
}
