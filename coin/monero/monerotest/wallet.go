package monerotest

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
	"github.com/serai-go/processor/coin/monero/keys"
	"github.com/serai-go/processor/internal/testnodes"
)

func hash(text string) (id [keys.Size]byte, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("monerotest: %.80q is no hash", text)
	}
	return [keys.Size]byte(b), nil
}

func blockID(text string) (coin.BlockID, error) {
	return hash(text)
}

// Pay implements cointest.User. All payments are anonymous. The purse pays those
// with data, and all if there is no wallet.
func (c *Chain) Pay(ctx context.Context, deposit cointest.Deposit) (coin.TransactionID, error) {
	if len(deposit.Data) > 0 || c.config.Wallet == nil {
		return c.purse.pay(ctx, deposit)
	}
	if err := c.refresh(ctx); err != nil {
		return coin.TransactionID{}, err
	}
	type destination struct {
		Amount  uint64 `json:"amount"`
		Address string `json:"address"`
	}
	var destinations []destination
	for _, to := range deposit.To {
		destinations = append(destinations, destination{to.Amount, string(to.Address)})
	}
	var made struct {
		Hash string `json:"tx_hash"`
	}
	if err := c.config.Wallet.Call(ctx, "transfer", map[string]any{"destinations": destinations}, &made); err != nil {
		return coin.TransactionID{}, fmt.Errorf("monerotest: pay: %w", err)
	}
	return hash(made.Hash)
}

func (c *Chain) refresh(ctx context.Context) error {
	return c.config.Wallet.Call(ctx, "refresh", map[string]any{}, nil)
}

// Address implements cointest.User.
func (c *Chain) Address(ctx context.Context) (coin.Address, error) {
	if c.config.Wallet == nil {
		return c.purse.address()
	}
	var made struct {
		Address coin.Address `json:"address"`
	}
	err := c.config.Wallet.Call(ctx, "create_address", map[string]any{"account_index": 0}, &made)
	return made.Address, err
}

// Received implements cointest.User, for addresses of the user.
func (c *Chain) Received(ctx context.Context, address coin.Address) (sum uint64, err error) {
	if c.config.Wallet == nil {
		return c.purse.received(ctx, address)
	}
	var at struct {
		Index struct {
			Major uint32 `json:"major"`
			Minor uint32 `json:"minor"`
		} `json:"index"`
	}
	if err := c.config.Wallet.Call(ctx, "get_address_index", map[string]any{"address": address}, &at); err != nil {
		return 0, fmt.Errorf("monerotest: whose address is it: %w", err)
	}
	index := keys.Index{Account: at.Index.Major, Address: at.Index.Minor}
	if err := c.refresh(ctx); err != nil {
		return 0, err
	}
	seen, err := Seen(ctx, c.config.Wallet, index.Account)
	for _, o := range seen {
		if o.Address == index {
			sum += o.Amount
		}
	}
	return sum, err
}

// Sight is an output as the reference wallet sees it.
type Sight struct {
	// Transaction is the one that made it.
	Transaction coin.TransactionID
	// Key is the one-time key, Address which of the wallet's was paid.
	Key     [keys.Size]byte
	Address keys.Index
	// Amount is in piconero.
	Amount uint64
}

// Seen returns what a wallet, which has been refreshed, received in an account
// in blocks.
func Seen(ctx context.Context, wallet *testnodes.Node, account uint32) ([]Sight, error) {
	var result struct {
		Transfers []struct {
			Amount uint64 `json:"amount"`
			Hash   string `json:"tx_hash"`
			Key    string `json:"pubkey"`
			Index  struct {
				Major uint32 `json:"major"`
				Minor uint32 `json:"minor"`
			} `json:"subaddr_index"`
		} `json:"transfers"`
	}
	params := map[string]any{"transfer_type": "all", "account_index": account}
	if err := wallet.Call(ctx, "incoming_transfers", params, &result); err != nil {
		return nil, fmt.Errorf("monerotest: what account %d received: %w", account, err)
	}
	var all []Sight
	for _, t := range result.Transfers {
		s := Sight{Amount: t.Amount, Address: keys.Index{Account: t.Index.Major, Address: t.Index.Minor}}
		var err error
		if s.Transaction, err = hash(t.Hash); err != nil {
			return nil, err
		}
		if s.Key, err = hash(t.Key); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
