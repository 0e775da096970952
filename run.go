package processor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/serai-go/processor/coin"
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
}

// drivers returns all of them, in the order in which Step runs them.
func (p *Processor) drivers() []driver {
	read := func(of lane) driver {
		return driver{of.String() + " log", func(ctx context.Context) (bool, error) { return p.read(ctx, of) }}
	}
	return []driver{
		read(keygenLane),
		{"key generation", func(ctx context.Context) (bool, error) {
			return p.core.keygen.Work(ctx, p.config.Store)
		}},
		{"chain", p.followChain},
		read(batchLane),
		read(settleLane),
		{"preparation", func(ctx context.Context) (bool, error) {
			return p.core.signer.Prepare(ctx, p.config.Store)
		}},
		{"signing", func(ctx context.Context) (bool, error) {
			if !p.log.reached(p.config.Current) {
				return false, nil
			}
			return p.core.signer.Work(ctx, p.config.Store)
		}},
		{"publication", func(ctx context.Context) (bool, error) {
			p.mu.Lock()
			tip := p.tip
			p.mu.Unlock()
			return p.core.signer.Publish(ctx, p.config.Store, tip)
		}},
	}
}

// Step runs everything that can run, in this goroutine and in a fixed order,
// until nothing is left to do, and tells whether there was anything. Trouble
// that passes is no error: it shows in Status.
func (p *Processor) Step(ctx context.Context) (bool, error) {
	if err := p.halted(ctx); err != nil {
		return false, err
	}
	drivers := p.drivers()
	did := false
	for again := true; again; {
		again = false
		for _, d := range drivers {
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
// fails. It returns nil only for the end of ctx, and a *Halt after a halt,
// once the event that tells it is delivered.
func (p *Processor) Run(ctx context.Context) error {
	err := p.halted(ctx)
	if _, halt := errors.AsType[*Halt](err); err != nil && !halt {
		return fmt.Errorf("run: %w", err)
	}
	group, inner := errgroup.WithContext(ctx)
	if err == nil {
		// Each driver has its goroutine, so that none waits for another's
		// network or computation.
		for _, d := range p.drivers() {
			group.Go(func() error { return p.drive(inner, d) })
		}
	}
	deliver, stop := context.WithCancel(ctx)
	delivered := make(chan error, 1)
	go func() { delivered <- p.deliver(deliver) }()
	if waited := group.Wait(); waited != nil {
		err = waited
	}
	if _, halt := errors.AsType[*Halt](err); halt {
		err = errors.Join(err, p.drain(ctx))
	} else if err == nil {
		<-ctx.Done()
	}
	stop()
	if failed := <-delivered; err == nil {
		err = failed
	}
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
		did, err := d.step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := p.judge(ctx, d, err); err != nil {
			return err
		}
		switch {
		case err != nil: // passing trouble
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
	p.mu.Lock()
	if err == nil {
		delete(p.troubles, d.name)
	} else if passes(err) {
		p.troubles[d.name] = err.Error()
	}
	p.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case passes(err):
		p.config.Logger.Warn("waiting out trouble", "driver", d.name, "error", err)
		return nil
	case halts(err):
		if failed := p.halt(ctx, err); failed != nil {
			return errors.Join(err, failed)
		}
		return &Halt{clip(err.Error())}
	}
	return fmt.Errorf("%s: %w", d.name, err)
}

// passes tells whether an error is a node's trouble: it may be away, behind or
// lying, and the answer is to ask again.
func passes(err error) bool {
	return errors.Is(err, coin.ErrTransient) || errors.Is(err, coin.ErrNotFound) || errors.Is(err, coin.ErrInvalid)
}

// halts tells whether an error is a broken invariant, a changed chain, or
// others deciding otherwise.
func halts(err error) bool {
	for _, sentinel := range []error{keygen.ErrDiverged, scanner.ErrRotation, storage.ErrCorrupt, storage.ErrVersion} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return is[*scanner.ChainChanged](err) || is[*scanner.Mismatch](err) || is[*scanner.Compromised](err) ||
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

// drain waits until all events are acknowledged.
func (p *Processor) drain(ctx context.Context) error {
	for {
		list, err := p.Pending(ctx, 0, 1)
		if err != nil || len(list) == 0 {
			return err
		}
		if !sleep(ctx, p.config.Poll/10) {
			return nil
		}
	}
}

// wakeup wakes whoever waits.
type wakeup struct {
	mu sync.Mutex
	c  chan struct{}
}

// wait returns a channel that is closed at the next call of all.
func (w *wakeup) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.c == nil {
		w.c = make(chan struct{})
	}
	return w.c
}

// all wakes all that wait.
func (w *wakeup) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.c != nil {
		close(w.c)
		w.c = nil
	}
}
