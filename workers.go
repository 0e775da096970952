package processor

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// workers do heavy computations: as many at a time as there are processors,
// whoever asks.
type workers struct {
	many atomic.Bool // otherwise everything is done by whoever asks
	free chan struct{}
}

func newWorkers() *workers { return &workers{free: make(chan struct{}, runtime.GOMAXPROCS(0))} }

// parallel is signer.Config.Parallel.
func (w *workers) parallel(n int, do func(int)) {
	if n < 2 || !w.many.Load() {
		for i := range n {
			do(i)
		}
		return
	}
	var group errgroup.Group
	group.SetLimit(cap(w.free))
	for i := range n {
		group.Go(func() error {
			w.free <- struct{}{}
			defer func() { <-w.free }()
			do(i)
			return nil
		})
	}
	group.Wait()
}

// together does something until there is nothing left to do or one of them
// fails, in some goroutines that have all ended when it returns. It tells
// whether there was anything. Without many it is the caller who does it.
func (w *workers) together(ctx context.Context, goroutines int, do func(context.Context) (bool, error)) (bool, error) {
	var did, failed atomic.Bool
	work := func() error {
		for !failed.Load() {
			one, err := do(ctx)
			if one {
				did.Store(true)
			}
			if err != nil {
				failed.Store(true)
			}
			if err != nil || !one {
				return err
			}
		}
		return nil
	}
	if !w.many.Load() {
		err := work()
		return did.Load(), err
	}
	var group errgroup.Group
	for range goroutines {
		group.Go(work)
	}
	err := group.Wait()
	return did.Load(), err
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
