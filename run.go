package processor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// driver is one thing that runs: a step that does what is due and tells
// whether that was anything.
type driver struct {
	name string
	step func(context.Context) (bool, error)
	// polls says that only time brings something new, from the node.
	polls bool
	// looks says that the driver looks at the chain for all others: while it is
	// in trouble, this processor does not see.
	looks bool
	// always says that it runs on the way to a Rewind that ends a halt.
	always bool
}

// drivers returns all of them, in the order in which Step runs them.
func (p *Processor) drivers() []driver {
	read := func(of lane) driver {
		return driver{
			name: of.String() + " log", always: true,
			step:  func(ctx context.Context) (bool, error) { return p.read(ctx, of) },
			looks: of == settleLane, // for what completes plans
		}
	}
	return []driver{
		read(keygenLane),
		{name: "key generation", always: true, step: func(ctx context.Context) (bool, error) {
			return p.core.keygen.Work(ctx, p.config.Store)
		}},
		{name: chainDriver, step: p.followChain, polls: true, looks: true},
		{name: "blocks", step: p.fetch, looks: true, always: true},
		{name: "scan", step: p.scan, looks: true, always: true},
		read(batchLane),
		read(settleLane),
		{name: "preparation", always: true, step: func(ctx context.Context) (bool, error) {
			return p.core.signer.Prepare(ctx, p.config.Store)
		}},
		{name: "archive", step: p.archive, always: true},
		{name: "policy", step: p.consult},
		{name: "signing", step: func(ctx context.Context) (bool, error) {
			// Whoever used the shares of a retired session is done with them.
			if err := p.core.keys.forget(ctx, p.config.Store); err != nil {
				return false, err
			}
			if !p.log.reached(p.config.Current) {
				return false, nil
			}
			return p.sign(ctx)
		}},
		{name: "publication", step: func(ctx context.Context) (bool, error) {
			p.mu.Lock()
			tip := p.tip
			p.mu.Unlock()
			blind, err := p.blind(ctx)
			if err != nil {
				return false, err
			}
			return p.core.signer.Publish(ctx, p.config.Store, tip, blind == "")
		}},
	}
}

// Step runs everything that can run, in this goroutine and in a fixed order,
// until nothing is left to do, and tells whether there was anything. Trouble
// that passes is no error: it shows in Status.
func (p *Processor) Step(ctx context.Context) (bool, error) {
	if err := p.goOn(ctx); err != nil {
		return false, err
	}
	drivers := p.drivers()
	did := false
	for again := true; again; {
		again = false
		for _, d := range drivers {
			rests, err := p.halted(ctx, d)
			if err != nil {
				return did, err
			}
			if rests {
				continue
			}
			one, err := d.step(ctx)
			if err := p.judge(ctx, d, err); err != nil {
				return did, err
			}
			again = again || one
		}
		did = did || again
	}
	return did, nil
}

// Run drives the processor until ctx ends, the processor halts or its database
// fails, and then closes the channel of events. It returns nil only for the
// end of ctx, and a *Halt after a halt, once all events are acknowledged, that
// of the halt included. It can be called once.
func (p *Processor) Run(ctx context.Context) error {
	if p.ran.Swap(true) {
		return errors.New("processor: Run was called before")
	}
	defer close(p.events)
	if err := p.goOn(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	p.workers.many.Store(true)
	defer p.workers.many.Store(false)
	// Only here does time pass: Step runs whenever its caller likes.
	p.sight.watch(time.Now, max(minSight, sightPolls*p.config.Poll))
	defer p.sight.watch(nil, 0)
	outer, inner := errgroup.WithContext(ctx)
	outer.Go(func() error { return p.deliver(inner) })
	outer.Go(func() error {
		// Each driver has its goroutine, so that none waits for another's
		// network or computation.
		group, running := errgroup.WithContext(inner)
		for _, d := range p.drivers() {
			group.Go(func() error { return p.drive(running, d) })
		}
		err := group.Wait()
		if is[*Halt](err) {
			p.drain(inner)
		}
		return err
	})
	err := outer.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// drive runs one driver: as often as there is something to do, else when
// something has happened or it is time to look again.
func (p *Processor) drive(ctx context.Context, d driver) error {
	wait := p.config.Poll
	for {
		woken := p.wake.wait()
		rests, err := p.halted(ctx, d)
		if err != nil && ctx.Err() == nil {
			return err
		}
		did := false
		if !rests {
			did, err = d.step(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := p.judge(ctx, d, err); err != nil {
			return err
		}
		if did {
			wait = p.config.Poll // the trouble, if any, is a new one
		}
		switch {
		case err != nil && !errors.Is(err, errBlind): // passing trouble
			wait = min(2*wait, 60*p.config.Poll)
			// Full jitter, so that validators do not ask a node in step.
			if !sleep(ctx, time.Duration(rand.Int64N(int64(wait)))+p.config.Poll/2) {
				return nil
			}
			continue
		case did:
			p.wake.all()
			continue
		}
		wait = p.config.Poll
		if d.polls {
			woken = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
		case <-time.After(p.config.Poll):
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// judge sorts a driver's error: nil for trouble that passes, which Status
// shows; a *Halt for what must never happen; anything else is the end of this
// run, not of the processor.
func (p *Processor) judge(ctx context.Context, d driver, err error) error {
	news := false
	p.mu.Lock()
	if err == nil {
		delete(p.troubles, d.name)
	} else if passes(err) {
		news = p.troubles[d.name] != err.Error()
		p.troubles[d.name] = err.Error()
	}
	p.mu.Unlock()
	if d.looks && p.sight.looked(d.name, err) {
		p.wake.all() // signing goes on
	}
	if found, ok := errors.AsType[*coin.Disagreement](err); ok {
		if failed := p.tellDisagreement(ctx, found); failed != nil {
			return fmt.Errorf("%s: %w", d.name, failed)
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errBlind) && !news: // once is enough
		return nil
	case passes(err):
		p.config.Logger.Warn("waiting out trouble", "driver", d.name, "error", err)
		return nil
	case halts(err):
		if failed := p.halt(ctx, err); failed != nil {
			return errors.Join(err, failed)
		}
		return haltOf(err)
	}
	return fmt.Errorf("%s: %w", d.name, err)
}

// errCore marks an error of the deciding part that looks like a node's.
var errCore = errors.New("processor: the core cannot go on")

// passes tells whether an error is a node's trouble: it may be away, behind or
// lying, and the answer is to ask again.
func passes(err error) bool {
	trouble := errors.Is(err, coin.ErrTransient) || errors.Is(err, coin.ErrNotFound) || errors.Is(err, coin.ErrInvalid)
	return trouble && !halts(err)
}

// halts tells whether an error is a broken invariant, a changed chain, or
// others deciding otherwise.
func halts(err error) bool {
	for _, sentinel := range []error{
		keygen.ErrDiverged, keygen.ErrRequest, scanner.ErrSession, storage.ErrCorrupt, storage.ErrVersion,
		frost.ErrInconsistent, signer.ErrUnusable, errCore,
	} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return is[*scanner.ChainChanged](err) || is[*scanner.Mismatch](err) || is[*scanner.Compromised](err) || is[*scanner.UpgradeNeeded](err) ||
		is[*scanner.BadRewind](err) ||
		is[*scheduler.Unbalanced](err) || is[*signer.DigestError](err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// deliver feeds the events channel, in order.
func (p *Processor) deliver(ctx context.Context) error {
	next := uint64(0)
	for {
		woken := p.wake.wait()
		list, err := p.Pending(ctx, next, 64)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, e := range list {
			select {
			case p.events <- e:
				next = e.ID + 1
			case <-ctx.Done():
				return nil
			}
		}
		if len(list) > 0 {
			continue
		}
		select {
		case <-woken:
		case <-time.After(p.config.Poll):
		case <-ctx.Done():
			return nil
		}
	}
}

// drain waits until all events are acknowledged, or cannot be any more.
func (p *Processor) drain(ctx context.Context) {
	for {
		list, err := p.Pending(ctx, 0, 1)
		if err != nil || len(list) == 0 || !sleep(ctx, p.config.Poll/10) {
			return
		}
	}
}
