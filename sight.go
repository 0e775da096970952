package processor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// chainDriver is the name of the driver that follows the chain.
const chainDriver = "chain"

// In Run the chain was looked at with success within a time, which is at least
// minSight and sightPolls polls; else nothing that follows from it is signed.
const (
	minSight   = time.Minute
	sightPolls = 20
)

// sight knows whether this processor sees the chain as it is. What follows from
// the chain is signed only while it does: what it decided still holds then, as
// far as it can know, and what happened since would have been noticed.
type sight struct {
	mu sync.Mutex
	// troubles are what keeps the drivers that look from it, by driver.
	troubles map[string]string
	// lags tells that settlement waits for a block that is not scanned here.
	lags bool
	// last is when the chain was last looked at with success, by the clock, if
	// there is one, and bound how long that lasts.
	clock func() time.Time
	last  time.Time
	bound time.Duration
}

func newSight() sight {
	return sight{troubles: map[string]string{chainDriver: "not looked at yet"}}
}

// watch lets time count from now on, or no more.
func (s *sight) watch(clock func() time.Time, bound time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock, s.bound = clock, bound
	if clock != nil {
		s.last = clock()
	}
}

// looked notes how a driver that looks fared. It tells whether that ends what
// kept this processor from seeing.
func (s *sight) looked(driver string, err error) (over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.troubles[driver] = err.Error()
		return false
	}
	_, over = s.troubles[driver]
	delete(s.troubles, driver)
	if driver == chainDriver && s.clock != nil {
		over = over || s.late()
		s.last = s.clock()
	}
	return over
}

func (s *sight) late() bool { return s.clock != nil && s.clock().Sub(s.last) > s.bound }

// lag notes whether settlement waits for a block that is not scanned here.
func (s *sight) lag(waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lags = waits
}

// trouble returns why this processor does not see, or nothing.
func (s *sight) trouble() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, driver := range slices.Sorted(maps.Keys(s.troubles)) {
		return driver + ": " + s.troubles[driver]
	}
	switch {
	case s.late():
		return fmt.Sprintf("%s: not looked at for %v", chainDriver, s.bound)
	case s.lags:
		return "the log is about a block that is not scanned here"
	}
	return ""
}

// blind returns why this processor does not see the chain as it is, or nothing.
func (p *Processor) blind(ctx context.Context) (string, error) {
	if trouble := p.sight.trouble(); trouble != "" {
		return trouble, nil
	}
	p.mu.Lock()
	tip := p.tip
	p.mu.Unlock()
	var f scanner.Frontier
	var deep uint64
	err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		if f, err = p.core.scanner.Frontier(r); err == nil {
			deep, err = p.core.confirmations(r)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	// With rules that want more confirmations, what is final stays so.
	if f.Started && tip+2 < f.Index+min(deep, p.config.Parameters.Confirmations) {
		return fmt.Sprintf("the node's chain ends with block %d, before what was final", tip), nil
	}
	return "", nil
}

// errBlind marks what waits until this processor sees the chain again.
var errBlind = fmt.Errorf("%w: signing waits", coin.ErrTransient)

// sign signs what is due, as far as this processor may at present.
func (p *Processor) sign(ctx context.Context) (bool, error) {
	blind, err := p.blind(ctx)
	if err != nil {
		return false, err
	}
	did, err := p.core.signer.Work(ctx, p.config.Store, blind == "")
	if err == nil && blind != "" && !did {
		err = fmt.Errorf("%w: %s", errBlind, blind)
	}
	return did, err
}

// maxDisagreements is how many disagreements are remembered as told.
const maxDisagreements = 64

// tellDisagreement tells of a disagreement between nodes, unless this process
// has.
func (p *Processor) tellDisagreement(ctx context.Context, found *coin.Disagreement) error {
	p.mu.Lock()
	known := slices.ContainsFunc(p.disagreements, found.Same)
	if !known {
		p.disagreements = append(p.disagreements, found)
		p.disagreements = p.disagreements[max(0, len(p.disagreements)-maxDisagreements):]
	}
	p.mu.Unlock()
	if known {
		return nil
	}
	err := p.config.Store.Update(ctx, func(tx storage.Tx) error {
		return p.core.outbox.put(tx, Condition{Text: clip(found.Error())})
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("tell of a disagreement: %w", err)
	}
	p.wake.all()
	return err
}
