package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor/batch"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/monero"
	"github.com/serai-go/processor/coin/monero/monerotest"
	"github.com/serai-go/processor/coin/monero/node"
	"github.com/serai-go/processor/eventuality"
	"github.com/serai-go/processor/internal/testnodes"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
	"github.com/serai-go/processor/storage/bbolt"
)

// As the processor does.
const (
	maxHeaders = 1000 // that are indexed in one commit
	maxScan    = 64   // blocks that are scanned in one commit
	fetchers   = 4    // blocks that are fetched and searched at a time
)

// work is what was done to catch up.
type work struct {
	blocks       int // that were scanned
	transactions int // that were searched, without coinbases
	bytes        int // of memory that the blocks take
	commits      int // that wrote
}

// catchUp brings a new database up to the newest block of a node and returns
// how long it takes. The window is the coin's default if it is 0.
func catchUp(ctx context.Context, daemon *testnodes.Node, window uint64) (time.Duration, work, error) {
	dir, err := os.MkdirTemp("", "busymonero-")
	if err != nil {
		return 0, work{}, err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	d, err := newDriver(ctx, daemon, window, filepath.Join(dir, "db"))
	if err != nil {
		return 0, work{}, err
	}
	err = d.run(ctx)
	took := time.Since(begin)
	return took, d.work, errors.Join(err, d.close())
}

// driver moves a scanner as the processor does.
type driver struct {
	client  *node.Client
	coin    *monero.Coin
	store   storage.Store
	scanner scanner.Scanner
	domain  batch.Domain
	group   []byte
	// reported are the batches to acknowledge.
	reported []batch.Batch
	work     work
}

// pays is what the scanner asks of a coin for deposits, of which there are none.
type pays struct{ *monero.Coin }

// InputCost implements scanner.Coin.
func (pays) InputCost(uint64) uint64 { panic("busymonero: nobody pays the group") }

func newDriver(ctx context.Context, daemon *testnodes.Node, window uint64, path string) (*driver, error) {
	group, err := stranger("group")
	if err != nil {
		return nil, err
	}
	rules, err := monero.DefaultParameters(monero.Regtest)
	if err != nil {
		return nil, err
	}
	rules.Window = cmp.Or(window, rules.Window)
	rules.Hold = rules.Window
	config := monero.Config{Network: monero.Regtest, Parameters: rules}
	made, err := monero.New(nil, config) // knows the genesis block
	if err != nil {
		return nil, err
	}
	client, err := node.Dial(ctx, monerotest.NodeConfig(daemon), node.Chain{Genesis: made.Genesis(), Network: "fakechain"}, false)
	if err != nil {
		return nil, err
	}
	c, err := monero.New(client, config)
	if err != nil {
		client.Close()
		return nil, err
	}
	d := &driver{
		client: client, coin: c, domain: batch.Domain{Network: c.Name(), Genesis: c.Genesis()},
		group: group.spend.Public().Bytes(),
	}
	d.scanner = scanner.New(scanner.Config{
		Network: c.Name(), Genesis: c.Genesis(), Parameters: c.Parameters(),
		Coin: pays{c}, Tracker: eventuality.NewTracker(noPlans), Events: d,
	})
	if d.store, err = bbolt.Open(path, bbolt.Options{}); err != nil {
		client.Close()
		return nil, err
	}
	return d, nil
}

// close lets go of the connections too: monerod takes but few from one address.
func (d *driver) close() error {
	d.client.Close()
	return d.store.Close()
}

func noPlans([]byte) (eventuality.Eventuality, error) {
	return nil, errors.New("busymonero: there are no plans")
}

// Reported implements scanner.Events.
func (d *driver) Reported(_ storage.Tx, _ uint64, u batch.Update) error {
	d.reported = append(d.reported, u.Batches...)
	return nil
}

// KeyStage implements scanner.Events.
func (d *driver) KeyStage(storage.Tx, uint64, scanner.Stage, uint64) error { return nil }

// Departed implements scanner.Events.
func (d *driver) Departed(storage.Tx, scanner.Foreign, uint64) error { return nil }

// found is a searched block.
type found struct {
	block   coin.Block
	outputs []coin.Output
}

func (d *driver) run(ctx context.Context) error {
	headers, err := d.index(ctx)
	if err != nil {
		return err
	}
	blocks := make([]chan found, len(headers))
	for i := range blocks {
		blocks[i] = make(chan found, 1)
	}
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range fetchers {
		group.Go(func() error {
			for i := int(next.Add(1) - 1); i < len(headers); i = int(next.Add(1) - 1) {
				b, err := d.coin.Block(ctx, headers[i])
				if err != nil {
					return err
				}
				outputs, err := d.coin.Outputs(ctx, b, []coin.Key{{Key: d.group}})
				if err != nil {
					return err
				}
				blocks[i] <- found{b, outputs}
			}
			return nil
		})
	}
	group.Go(func() error { return d.scanAll(ctx, blocks) })
	return group.Wait()
}

// index confirms the group's key and indexes all headers.
func (d *driver) index(ctx context.Context) (all []coin.Header, err error) {
	tip, err := d.coin.Tip(ctx)
	if err != nil {
		return nil, err
	}
	err = d.update(ctx, func(tx storage.Tx) error {
		return d.scanner.Confirm(tx, scanner.Key{NetworkKey: d.group})
	})
	if err != nil {
		return nil, err
	}
	for n := uint64(0); n <= tip; n += maxHeaders {
		list, err := d.coin.Headers(ctx, n, int(min(maxHeaders, tip+1-n)))
		if err != nil {
			return nil, err
		}
		if err := d.update(ctx, func(tx storage.Tx) error { return d.scanner.Index(tx, list...) }); err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// scanAll scans all blocks, and settles those that a batch reports: the last
// few wait for one.
func (d *driver) scanAll(ctx context.Context, blocks []chan found) error {
	held := make(map[uint64]coin.Block) // until they settle
	for d.work.blocks < len(blocks) {
		var tasks []scanner.Task
		err := d.store.View(ctx, func(r storage.Reader) (err error) {
			tasks, err = d.scanner.Due(r, maxScan)
			return err
		})
		if err != nil {
			return err
		}
		if len(tasks) == 0 {
			return fmt.Errorf("%d of %d blocks are scanned, no more are due", d.work.blocks, len(blocks))
		}
		ready := make([]found, len(tasks))
		for i, task := range tasks {
			select {
			case ready[i] = <-blocks[task.Header.Number]:
			case <-ctx.Done():
				return ctx.Err()
			}
			held[task.Header.Number] = ready[i].block
		}
		err = d.update(ctx, func(tx storage.Tx) error {
			d.reported = d.reported[:0]
			for i, task := range tasks {
				if err := d.scanner.Scan(tx, task.Header, ready[i].outputs); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, b := range ready {
			d.work.add(b.block)
		}
		for _, one := range d.reported {
			if err := d.settle(ctx, one, held); err != nil {
				return fmt.Errorf("batch %d: %w", one.ID, err)
			}
		}
	}
	return nil
}

// settle acknowledges a batch. What the step lacks is brought and the step
// tried again.
func (d *driver) settle(ctx context.Context, one batch.Batch, held map[uint64]coin.Block) error {
	var resolved []scanner.Resolution
	for {
		err := d.update(ctx, func(tx storage.Tx) error {
			for _, x := range resolved {
				if err := d.scanner.PutResolution(tx, x); err != nil {
					return err
				}
			}
			if _, err := d.scanner.Acknowledge(tx, one.ID, one.Digest(d.domain), nil); err != nil {
				return err
			}
			_, err := d.scanner.Settled(tx, nil, func(storage.Reader, uint64) (bool, error) { return false, nil })
			return err
		})
		lacking, ok := errors.AsType[*scanner.Unresolved](err)
		if !ok {
			return err
		}
		var x scanner.Resolution
		err = d.store.View(ctx, func(r storage.Reader) (err error) {
			x, err = d.scanner.Resolve(r, held[lacking.Header.Number])
			return err
		})
		if err != nil {
			return err
		}
		resolved = append(resolved, x)
		delete(held, lacking.Header.Number)
	}
}

// update runs a step in a transaction of its own.
func (d *driver) update(ctx context.Context, step func(storage.Tx) error) error {
	err := d.store.Update(ctx, step)
	if err == nil {
		d.work.commits++
	}
	return err
}

// add counts a block.
func (w *work) add(b coin.Block) {
	w.blocks++
	w.transactions += len(b.Transactions()) - 1
	if sized, ok := b.(coin.SizedBlock); ok {
		w.bytes += sized.Size()
	}
}
