package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor/internal/testnodes"
)

const (
	// wallets pay at the same time, each to itself.
	wallets = 2
	// fanOut is how many outputs of the first transactions can be spent by
	// later ones. A transaction has at most 16.
	fanOut = 15
	// lockedBlocks is after how many blocks an output can be spent, one of a
	// coinbase after coinbaseLocked.
	lockedBlocks, coinbaseLocked = 10, 60
	// perBlock is how many transactions wait before a block is made. Somewhat
	// more than 300 kB fit in.
	perBlock = 150
)

// payer is a wallet that pays itself.
type payer struct {
	*testnodes.Node
	address string
}

// build makes a chain of so many transactions besides coinbases.
func build(ctx context.Context, daemon *testnodes.Node, transactions int) error {
	payers := make([]*payer, wallets)
	for i := range payers {
		w, err := testnodes.MoneroWallet(ctx, testnodes.Options{Daemon: daemon.URL})
		if err != nil {
			return err
		}
		defer w.Close()
		payers[i] = &payer{Node: w}
		if err := payers[i].open(ctx); err != nil {
			return err
		}
	}
	// Each first output makes fanOut ones, and each of those a transaction with
	// two, so that few rounds are enough. Rings take 16.
	coinbases := max(12, transactions/(2*wallets*fanOut))
	for _, p := range payers {
		if err := daemon.Generate(ctx, coinbases, p.address); err != nil {
			return err
		}
	}
	if err := daemon.Generate(ctx, coinbaseLocked, nobody); err != nil {
		return err
	}
	made := 0
	for outputs := fanOut; made < transactions; outputs = 2 {
		sent, err := round(ctx, daemon, payers, transactions-made, outputs)
		if err != nil {
			return err
		}
		if sent == 0 {
			return errors.New("the wallets have nothing to spend")
		}
		made += sent
		if err := daemon.Generate(ctx, lockedBlocks, nobody); err != nil {
			return err
		}
	}
	return nil
}

func (p *payer) open(ctx context.Context) error {
	if err := p.Call(ctx, "create_wallet", map[string]any{"filename": "w", "language": "English"}, nil); err != nil {
		return err
	}
	var account struct {
		Address string `json:"address"`
	}
	err := p.Call(ctx, "get_address", map[string]any{"account_index": 0}, &account)
	p.address = account.Address
	return err
}

// round spends what the wallets have, each output by a transaction of its own
// with so many outputs, at most so many transactions, and mines them.
func round(ctx context.Context, daemon *testnodes.Node, payers []*payer, most, outputs int) (sent int, err error) {
	images := make([][]string, len(payers))
	for i, p := range payers {
		if images[i], err = p.spendable(ctx); err != nil {
			return 0, err
		}
		images[i] = images[i][:min(len(images[i]), (most+i)/len(payers))]
	}
	for slices.ContainsFunc(images, func(left []string) bool { return len(left) > 0 }) {
		var group errgroup.Group
		for i, p := range payers {
			now := images[i][:min(len(images[i]), perBlock/len(payers))]
			images[i] = images[i][len(now):]
			sent += len(now)
			group.Go(func() error { return p.spend(ctx, now, outputs) })
		}
		if err := group.Wait(); err != nil {
			return 0, err
		}
		if err := drain(ctx, daemon); err != nil {
			return 0, err
		}
	}
	return sent, nil
}

// spendable returns the key images of what a wallet can spend.
func (p *payer) spendable(ctx context.Context) ([]string, error) {
	if err := p.Call(ctx, "refresh", map[string]any{}, nil); err != nil {
		return nil, err
	}
	var list struct {
		Transfers []struct {
			Image    string `json:"key_image"`
			Amount   uint64 `json:"amount"`
			Unlocked bool   `json:"unlocked"`
		} `json:"transfers"`
	}
	if err := p.Call(ctx, "incoming_transfers", map[string]any{"transfer_type": "available"}, &list); err != nil {
		return nil, err
	}
	var images []string
	for _, t := range list.Transfers {
		if t.Unlocked && t.Amount > 0 {
			images = append(images, t.Image)
		}
	}
	return images, nil
}

func (p *payer) spend(ctx context.Context, images []string, outputs int) error {
	for _, image := range images {
		params := map[string]any{"address": p.address, "key_image": image, "outputs": outputs, "priority": 1}
		if err := p.Call(ctx, "sweep_single", params, nil); err != nil {
			return err
		}
	}
	return nil
}

// drain mines until no transaction waits.
func drain(ctx context.Context, daemon *testnodes.Node) error {
	for range 20 {
		if err := daemon.Generate(ctx, 1, nobody); err != nil {
			return err
		}
		var info struct {
			Pool int `json:"tx_pool_size"`
		}
		if err := daemon.Call(ctx, "get_info", nil, &info); err != nil {
			return err
		}
		if info.Pool == 0 {
			return nil
		}
	}
	return errors.New("the pool does not become empty")
}

// chain brings a node without blocks to a chain of so many transactions, which
// is made once and kept as the node's database in the user's cache directory.
func chain(ctx context.Context, daemon *testnodes.Node, transactions int, dir string) error {
	kept := filepath.Join(dir, fmt.Sprintf("busy-monero-1-%d.mdb", transactions))
	if _, err := os.Stat(kept); err == nil {
		if err := daemon.Stop(); err != nil {
			return err
		}
		if err := copyFile(database(daemon), kept); err != nil {
			return err
		}
		return daemon.Restart(ctx)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := build(ctx, daemon, transactions); err != nil {
		return fmt.Errorf("make a chain: %w", err)
	}
	if err := daemon.Stop(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := copyFile(kept, database(daemon)); err != nil {
		return err
	}
	return daemon.Restart(ctx)
}

// database is where monerod keeps a regtest chain.
func database(daemon *testnodes.Node) string {
	return filepath.Join(daemon.Dir, "data", "fake", "lmdb", "data.mdb")
}

// copyFile copies a file, at once.
func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	part := to + ".part"
	target, err := os.Create(part)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Close()); err != nil {
		return err
	}
	return os.Rename(part, to)
}

// nobody is the donation address of the Monero project.
const nobody = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
