package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// Status is how a processor is doing.
type Status struct {
	// Next is the position of the next log entry.
	Next uint64
	// Read is the position up to which all of the log has taken effect.
	Read uint64
	// Tip is the newest block that the node was seen to have.
	Tip uint64
	// Frontier is how far blocks are indexed, scanned and settled.
	Frontier scanner.Frontier
	// Progress is how far that is behind Tip and the log. Rates and what time
	// remains follow from two of them.
	Progress Progress
	// Keys are the confirmed keys, in the order of their sessions.
	Keys []scanner.Key
	// Ledger is the group's books.
	Ledger scheduler.Ledger
	// Certified is the last settlement's certificate, nil before the first. It
	// tells whether the group had what it owes: see Certificate.Solvent.
	Certified *Certificate
	// Pending counts payments, outputs and plans, Signing what waits for
	// signatures.
	Pending scheduler.Pending
	Signing signer.Counts
	// Refused are the plans that Config.Policy refuses at present, in the order of
	// their IDs. What others have signed is not among them.
	Refused []signer.Refusal
	// Digest is of all that validators must agree on, behind the log entries
	// read so far.
	Digest [32]byte
	// Troubles are what drivers are waiting out, by driver.
	Troubles map[string]string
	// Nodes are how the coin's nodes are doing, if the coin is coin.Watched.
	Nodes []coin.NodeHealth
	// Halted is why the processor has stopped for good, or nil.
	Halted *Halt
}

// Status returns how the processor is doing.
func (p *Processor) Status(ctx context.Context) (Status, error) {
	s := Status{Troubles: make(map[string]string)}
	p.mu.Lock()
	s.Tip = p.tip
	for name, trouble := range p.troubles { // order-free: copied
		s.Troubles[name] = trouble
	}
	p.mu.Unlock()
	if watched, ok := p.config.Coin.(coin.Watched); ok {
		s.Nodes = watched.Health()
	}
	p.log.mu.Lock()
	s.Read = min(p.log.at[keygenLane], p.log.at[batchLane], p.log.at[settleLane])
	p.log.mu.Unlock()
	var deep uint64 // after how many blocks one is final
	err := p.config.Store.View(ctx, func(r storage.Reader) error {
		halt, stopped, err := halted.Get(r)
		if stopped {
			s.Halted = &halt
		}
		errs := []error{err}
		read := func(err error) { errs = append(errs, err) }
		s.Next, err = p.log.next.Load(r)
		read(err)
		s.Frontier, err = p.core.scanner.Frontier(r)
		read(err)
		s.Keys, err = p.core.scanner.Keys(r)
		read(err)
		s.Ledger, err = p.core.scheduler.Ledger(r)
		read(err)
		s.Certified, err = p.core.state.newest(r)
		read(err)
		s.Pending, err = p.core.scheduler.Pending(r)
		read(err)
		s.Signing, err = p.core.signer.Counts(r)
		read(err)
		s.Refused, err = p.core.signer.Refusals(r)
		read(err)
		s.Digest, err = p.core.state.current.Load(r)
		read(err)
		deep, err = p.core.confirmations(r)
		read(err)
		return errors.Join(errs...)
	})
	if err != nil {
		return s, fmt.Errorf("read status: %w", err)
	}
	s.Progress = newProgress(s.Tip, deep, s.Frontier)
	s.Progress.Log = s.Next - min(s.Read, s.Next)
	s.Progress.Held, s.Progress.HeldBytes = p.follow.load()
	return s, nil
}

// SettledDigest returns the state digest behind a settled block, if there is its
// Certificate.
func (p *Processor) SettledDigest(ctx context.Context, number uint64) (digest [32]byte, ok bool, err error) {
	c, ok, err := p.Certificate(ctx, number)
	return c.State, ok, err
}

// Audit recounts outputs and payments and compares them with the books.
func (p *Processor) Audit(ctx context.Context) error {
	return p.config.Store.View(ctx, func(r storage.Reader) error {
		if err := p.core.scheduler.Audit(r); err != nil {
			return err
		}
		pending, err := p.core.scheduler.Pending(r)
		if err != nil {
			return err
		}
		return p.core.state.recount(r, pending)
	})
}

// Plan returns an unresolved plan.
func (p *Processor) Plan(ctx context.Context, id coin.PlanID) (plan coin.Plan, ok bool, err error) {
	err = p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		plan, ok, err = p.core.scheduler.Plan(r, id)
		return err
	})
	return plan, ok, err
}
