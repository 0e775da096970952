package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/serai-go/processor/coin/monero/address"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/testnodes"
)

// refresh makes a wallet of keys that nobody pays and returns how long it
// takes to go through so many blocks.
func refresh(ctx context.Context, wallet *testnodes.Node, number, blocks int) (time.Duration, error) {
	keys, err := stranger(fmt.Sprint("wallet ", number))
	if err != nil {
		return 0, err
	}
	// It would begin by itself.
	if err := wallet.Call(ctx, "auto_refresh", map[string]any{"enable": false}, nil); err != nil {
		return 0, err
	}
	if err := wallet.Call(ctx, "generate_from_keys", map[string]any{
		"filename": fmt.Sprint("stranger-", number), "password": "", "restore_height": 0,
		"address": keys.address, "viewkey": keys.viewHex, "spendkey": keys.spendHex,
	}, nil); err != nil {
		return 0, err
	}
	var done struct {
		Blocks int  `json:"blocks_fetched"`
		Money  bool `json:"received_money"`
	}
	begin := time.Now()
	err = wallet.Call(ctx, "refresh", map[string]any{"start_height": 0}, &done)
	took := time.Since(begin)
	if err != nil {
		return 0, err
	}
	if done.Blocks < blocks-1 || done.Money {
		return 0, fmt.Errorf("it went through %d of %d blocks, and was paid: %v", done.Blocks, blocks, done.Money)
	}
	return took, wallet.Call(ctx, "close_wallet", nil, nil)
}

// pair is keys that nobody pays.
type pair struct {
	spend             *keys.ViewKey // used for its public key
	viewHex, spendHex string        // the private keys
	address           string
}

// stranger returns keys that are made of a name.
func stranger(name string) (p pair, err error) {
	private := func(kind string) (*keys.ViewKey, string, error) {
		scalar, err := keys.HashToScalar([]byte("busymonero "), []byte(kind), []byte(name))
		if err != nil {
			return nil, "", err
		}
		key, err := keys.NewViewKey(scalar.Bytes())
		return key, hex.EncodeToString(scalar.Bytes()), err
	}
	view, text, err := private("view key of ")
	if err != nil {
		return p, err
	}
	p.viewHex = text
	if p.spend, p.spendHex, err = private("spend key of "); err != nil {
		return p, err
	}
	both, err := keys.NewViewPair(view, p.spend.Public().Bytes())
	if err != nil {
		return p, err
	}
	main, err := address.Of(address.Mainnet, both, keys.Index{})
	p.address = main.String()
	return p, err
}
