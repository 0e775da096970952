package bitcointest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/serai-go/processor/internal/jsonrpc"
	iwire "github.com/serai-go/processor/internal/wire"
)

// A busy block has so many transactions with two inputs and two outputs each,
// and with that more than a megabyte.
const (
	busyTransactions = 2048
	busyPadding      = 165
)

// busyWitness spends busyScript, with padding of the size of a signature with
// its key and a little more: OP_DROP OP_TRUE.
var (
	busyProgram = []byte{0x75, 0x51}
	busyScript  = func() []byte {
		hash := sha256.Sum256(busyProgram)
		return append([]byte{0x00, 0x20}, hash[:]...)
	}()
)

func busyWitness(n int) wire.TxWitness {
	padding := sha256.Sum256([]byte{byte(n), byte(n >> 8)})
	item := make([]byte, busyPadding)
	for i := range item {
		item[i] = padding[i%32]
	}
	return wire.TxWitness{item, busyProgram}
}

// MineBusy makes blocks as the main network has them: each of more than a
// megabyte and 2,000 transactions, which spend from those of the block before.
func (c *Chain) MineBusy(ctx context.Context, blocks int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.mineBusy(ctx, blocks); err != nil {
		return fmt.Errorf("bitcointest: mine busy blocks: %w", err)
	}
	return nil
}

func (c *Chain) mineBusy(ctx context.Context, blocks int) error {
	if _, err := c.follow(ctx); err != nil {
		return err
	}
	all := c.ledger.spendable()
	if len(all) == 0 {
		return errors.New("the user has no coins")
	}
	// The first of a coin's outputs make the first inputs, the others the
	// second ones.
	value := all[0].value/(2*busyTransactions) - 100
	outs := make([]*wire.TxOut, 2*busyTransactions)
	for i := range outs {
		outs[i] = wire.NewTxOut(value, busyScript)
	}
	funding, err := c.spend(all[:1], outs)
	if err != nil {
		return err
	}
	if err := c.mine(ctx, c.home.script, []*wire.MsgTx{funding}); err != nil {
		return err
	}
	type coin struct {
		at    wire.OutPoint
		value int64
	}
	coins := make([]coin, 2*busyTransactions)
	for i := range coins {
		coins[i] = coin{wire.OutPoint{Hash: funding.TxHash(), Index: uint32(i)}, value}
	}
	for n := range blocks {
		txs := make([]*wire.MsgTx, busyTransactions)
		next := make([]coin, 0, len(coins))
		for i := range txs {
			tx := wire.NewMsgTx(2)
			var sum int64
			for _, from := range []coin{coins[2*i], coins[(2*i+3)%len(coins)]} {
				in := wire.NewTxIn(&from.at, nil, busyWitness(i))
				tx.AddTxIn(in)
				sum += from.value
			}
			sum -= int64(500 + (i*7+n)%500) // fees that differ
			tx.AddTxOut(wire.NewTxOut(sum/2, busyScript))
			tx.AddTxOut(wire.NewTxOut(sum-sum/2, busyScript))
			for j, out := range tx.TxOut {
				next = append(next, coin{wire.OutPoint{Hash: tx.TxHash(), Index: uint32(j)}, out.Value})
			}
			txs[i] = tx
		}
		if err := c.mine(ctx, c.home.script, txs); err != nil {
			return err
		}
		coins = next
	}
	return nil
}

// BusyChain brings a node without blocks to a chain whose last blocks are busy
// ones, and returns the number of the first of these. The chain is made once
// and kept in a file of the user's cache directory.
func BusyChain(ctx context.Context, config Config, blocks int) (*Chain, uint64, error) {
	c, first, err := busyChain(ctx, config, blocks)
	if err != nil {
		return nil, 0, fmt.Errorf("bitcointest: busy chain: %w", err)
	}
	return c, first, nil
}

func busyChain(ctx context.Context, config Config, blocks int) (*Chain, uint64, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, 0, err
	}
	path := filepath.Join(dir, "processor-ci", fmt.Sprintf("busy-chain-2-%d", blocks))
	raws, err := readChain(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, 0, err
	}
	if err == nil {
		if err := submit(ctx, config, raws); err != nil {
			return nil, 0, err
		}
	}
	c, failed := Dial(ctx, config)
	if failed != nil {
		return nil, 0, failed
	}
	if err != nil { // not there
		if err := c.MineBusy(ctx, blocks); err != nil {
			return nil, 0, err
		}
		if err := c.writeChain(ctx, path); err != nil {
			return nil, 0, err
		}
	}
	tip, err := c.coin.Tip(ctx)
	return c, tip + 1 - uint64(blocks), err
}

// submit hands blocks to a node, in order.
func submit(ctx context.Context, config Config, raws [][]byte) error {
	n := config.Node
	client, err := jsonrpc.New(jsonrpc.Config{URL: n.URL, User: n.User, Password: n.Password, CookieFile: n.CookieFile})
	if err != nil {
		return err
	}
	defer client.Close()
	for i, raw := range raws {
		var refused *string
		if err := client.Call(ctx, "submitblock", []any{jsonrpc.Hex(raw)}, &refused); err != nil {
			return err
		}
		if refused != nil {
			return fmt.Errorf("block %d of the cache: %s", i+1, *refused)
		}
	}
	return nil
}

const maxChainFile = 1 << 30

// readChain reads the blocks of a file: a list of byte strings.
func readChain(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxChainFile))
	if err != nil {
		return nil, err
	}
	r := iwire.NewReader(data)
	raws := make([][]byte, r.Count(1<<20, 4))
	for i := range raws {
		raws[i] = r.Bytes(1 << 23)
	}
	if err := r.Done(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return raws, nil
}

// writeChain writes all blocks but the first to a file, at once.
func (c *Chain) writeChain(ctx context.Context, path string) error {
	tip, err := c.coin.Tip(ctx)
	if err != nil {
		return err
	}
	var w iwire.Writer
	w.Count(int(tip))
	for n := range tip {
		var id string
		var raw jsonrpc.Hex
		if err := c.rpc.Call(ctx, "getblockhash", []any{n + 1}, &id); err != nil {
			return err
		}
		if err := c.rpc.Call(ctx, "getblock", []any{id, 0}, &raw); err != nil {
			return err
		}
		w.Bytes(raw)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, w.Data(), 0o644); err != nil {
		return err
	}
	return os.Rename(part, path)
}
