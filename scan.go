package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// block returns a block, from memory if it is there.
func (p *Processor) block(ctx context.Context, header coin.Header) (coin.Block, error) {
	if b := p.follow.find(header); b != nil {
		return b, nil
	}
	b, err := p.source(ctx, header)
	if err != nil {
		return nil, fmt.Errorf("fetch block %d: %w", header.Number, err)
	}
	return b, nil
}

// maxScan is how many blocks are scanned in one transaction.
const maxScan = 64

// scan scans the blocks that are due and in memory. It tells whether there were
// any.
func (p *Processor) scan(ctx context.Context) (bool, error) {
	did := false
	for {
		var tasks []scanner.Task
		err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
			tasks, err = p.core.scanner.Due(r, maxScan)
			return err
		})
		if err != nil || len(tasks) == 0 {
			return did, err
		}
		ready := p.follow.due(tasks)
		if len(ready) == 0 {
			return did, nil // it is being fetched
		}
		one, err := p.scanBlocks(ctx, tasks, ready)
		did = did || one
		if err != nil {
			return did, err
		}
		p.wake.all()
	}
}

// scanBlocks scans blocks, those without outputs together with the one before.
// It tells whether it scanned any.
func (p *Processor) scanBlocks(ctx context.Context, tasks []scanner.Task, ready []heldBlock) (bool, error) {
	did := false
	for len(ready) > 0 {
		n := 0
		for n < len(ready) {
			b := &ready[n]
			if b.keys == nil || !sameKeys(b.keys, tasks[n].Keys) {
				var err error
				if b.outputs, err = p.config.Coin.Outputs(ctx, b.block, tasks[n].Keys); err != nil {
					if n > 0 {
						break // the next time, as the first one
					}
					return did, fmt.Errorf("search block %d: %w", tasks[n].Header.Number, err)
				}
				b.keys = tasks[n].Keys
			}
			if n > 0 && len(b.outputs) > 0 {
				break
			}
			n++
		}
		err := p.carryOut(ctx, nil, func(tx storage.Tx) error {
			for i := range n {
				if err := p.core.scanner.Scan(tx, tasks[i].Header, ready[i].outputs); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return did, fmt.Errorf("scan block %d: %w", tasks[0].Header.Number, err)
		}
		did = true
		tasks, ready = tasks[n:], ready[n:]
	}
	return did, nil
}

// carryOut runs a step of the core in one transaction with all it lacks from
// the network, which is brought as the step asks for it. What was brought before
// an error is kept. Before each try it calls before, if there is any.
func (p *Processor) carryOut(ctx context.Context, before func() error, step func(storage.Tx) error) error {
	var brought []func(storage.Tx) error
	bring := func(tx storage.Tx) error {
		for _, put := range brought {
			if err := put(tx); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		var err error
		if before != nil {
			err = before()
		}
		if err == nil {
			err = p.config.Store.Update(ctx, func(tx storage.Tx) error {
				if err := bring(tx); err != nil {
					return err
				}
				return step(tx)
			})
		}
		if err == nil {
			return nil
		}
		put, err := p.supply(ctx, err)
		if err != nil {
			if len(brought) > 0 && passes(err) {
				if failed := p.config.Store.Update(ctx, bring); failed != nil {
					return failed
				}
			}
			return err
		}
		brought = append(brought, put)
	}
}

// supply brings what a step of the core lacked from the network, and returns
// what puts it into the database. It returns the cause if that was not it.
func (p *Processor) supply(ctx context.Context, cause error) (func(storage.Tx) error, error) {
	if missing, ok := errors.AsType[*scanner.RateMissing](cause); ok {
		rate, err := p.rate(ctx, missing.Header)
		if err != nil {
			return nil, fmt.Errorf("fee rate of block %d: %w", missing.Header.Number, err)
		}
		return func(tx storage.Tx) error {
			// A rewind may have come between.
			header, _, err := p.core.scanner.Header(tx, missing.Header.Number)
			if err != nil || header != missing.Header {
				return err
			}
			return p.core.scanner.PutRate(tx, missing.Header.Number, rate)
		}, nil
	}
	if unresolved, ok := errors.AsType[*scanner.Unresolved](cause); ok {
		block, err := p.block(ctx, unresolved.Header)
		if err != nil {
			return nil, err
		}
		var x scanner.Resolution
		err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
			x, err = p.core.scanner.Resolve(r, block)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("resolve block %d: %w", unresolved.Header.Number, err)
		}
		return func(tx storage.Tx) error { return p.core.scanner.PutResolution(tx, x) }, nil
	}
	return nil, cause
}

// rate returns a block's fee rate, from the block in memory if it is there.
func (p *Processor) rate(ctx context.Context, header coin.Header) (uint64, error) {
	if bulk, ok := p.config.Coin.(coin.BulkReader); ok {
		b := p.follow.find(header)
		if _, archived := p.archived[header]; b == nil && archived {
			var err error
			if b, err = p.source(ctx, header); err != nil {
				return 0, err
			}
		}
		if b != nil {
			return bulk.RateOf(ctx, b)
		}
	}
	return p.config.Coin.BlockRate(ctx, header)
}
