package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/internal/wire"
	"github.com/serai-go/processor/keygen"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/signer"
	"github.com/serai-go/processor/storage"
)

// Cause is what kind of reason a processor halts for, as far as an embedder
// decides on it.
type Cause uint8

// Causes of a halt.
const (
	// BrokenInvariant: this processor or its database is wrong.
	BrokenInvariant Cause = iota + 1
	// ChainChanged: the node's chain differs from what was final.
	ChainChanged
	// OthersDecided: the log holds what this processor would not have decided,
	// or a validator set signs what it would not.
	OthersDecided
	// Equivocation: a position of the log was given with two entries.
	Equivocation
	// Compromised: an output was spent that no plan spends.
	Compromised
	// Upgrade: the settlement chain has set rules that this software does not
	// know. Newer software goes on with the same database.
	Upgrade
	// OtherBatch: a validator set signs a batch that is another here. Perhaps this
	// processor or the others see a chain that has changed: a Rewind in the log
	// makes it go on.
	OtherBatch
)

func (c Cause) String() string {
	switch c {
	case BrokenInvariant:
		return "broken invariant"
	case ChainChanged:
		return "finalised chain changed"
	case OthersDecided:
		return "others decided otherwise"
	case Equivocation:
		return "equivocation"
	case Compromised:
		return "compromised"
	case Upgrade:
		return "upgrade needed"
	case OtherBatch:
		return "others sign another batch"
	}
	return fmt.Sprintf("cause %d", uint8(c))
}

// causeOf tells for which cause an error halts.
func causeOf(err error) Cause {
	if signs, ok := errors.AsType[*signer.DigestError](err); ok && signs.ID.Kind == signer.Batch {
		return OtherBatch
	}
	switch {
	case is[*scanner.ChainChanged](err):
		return ChainChanged
	case is[*scanner.Mismatch](err), is[*scanner.BadRewind](err), is[*signer.DigestError](err), errors.Is(err, keygen.ErrDiverged),
		errors.Is(err, keygen.ErrRequest), errors.Is(err, scanner.ErrSession):
		return OthersDecided
	case errors.Is(err, ErrEquivocation):
		return Equivocation
	case is[*scanner.Compromised](err):
		return Compromised
	case is[*scanner.UpgradeNeeded](err):
		return Upgrade
	}
	return BrokenInvariant
}

// Halt is the reason for which a processor has stopped for good. It neither
// reads the log nor signs any more, after restarts too. A Rewind in the log ends
// a halt whose cause is ChainChanged or OtherBatch, newer software one whose cause
// is Upgrade, and a node that is back on the chain that is indexed one whose cause is
// ChainChanged.
type Halt struct {
	Cause  Cause  // as far as a program decides on it
	Reason string // for people
	// Changed is how the chain has changed, if that is the cause. Then a Rewind
	// in the log makes the processor go on: see Processor.PlanRewind.
	Changed *scanner.ChainChanged
}

// mendable tells whether a Rewind may end the halt.
func (e *Halt) mendable() bool { return e.Cause == ChainChanged || e.Cause == OtherBatch }

func (e *Halt) Error() string { return "processor: halted: " + e.Reason }

// Encode writes the halt.
func (e Halt) Encode(w *wire.Writer) {
	w.Uint8(uint8(e.Cause))
	w.String(e.Reason)
	if e.Cause == ChainChanged {
		e.Changed.Indexed.Encode(w)
		e.Changed.Found.Encode(w)
		w.Uint64(e.Changed.Fork)
	}
}

// Decode reads the halt.
func (e *Halt) Decode(r *wire.Reader) {
	e.Cause = Cause(r.Uint8())
	r.Check(e.Cause >= BrokenInvariant && e.Cause <= OtherBatch, "cause of a halt")
	e.Reason = r.String(maxReason)
	if e.Cause == ChainChanged {
		e.Changed = new(scanner.ChainChanged)
		e.Changed.Indexed.Decode(r)
		e.Changed.Found.Decode(r)
		e.Changed.Fork = r.Uint64()
	}
}

var halted = storage.NewValue("processor/halted", storage.Record[Halt]())

// resume ends a halt that a change of the software may have mended. If it has
// not, the processor halts again.
func resume(tx storage.Tx) error {
	h, _, err := halted.Get(tx)
	if err == nil && h.Cause == Upgrade {
		err = halted.Delete(tx)
	}
	return err
}

// haltOf is the halt that an error causes.
func haltOf(err error) *Halt {
	h := Halt{Cause: causeOf(err), Reason: clip(err.Error())}
	if h.Cause == ChainChanged {
		h.Changed, _ = errors.AsType[*scanner.ChainChanged](err)
	}
	return &h
}

// halt stops the processor for good, also if the caller gives up meanwhile: it
// may not come by the cause again.
func (p *Processor) halt(ctx context.Context, cause error) error {
	err := p.config.Store.Update(context.WithoutCancel(ctx), func(tx storage.Tx) error {
		h := *haltOf(cause)
		before, ok, err := halted.Get(tx)
		if err != nil || ok && (!before.mendable() || h.Cause == before.Cause || h.Cause == OtherBatch) {
			return err
		}
		if err := halted.Put(tx, h); err != nil {
			return err
		}
		return p.core.outbox.put(tx, Halted(h))
	})
	p.config.Logger.Error("halted", "reason", cause)
	p.wake.all()
	return err
}

// halted returns a *Halt if the processor has halted for good, and otherwise
// whether a driver rests: a processor that a Rewind may mend goes on up to there,
// if one is in the log.
func (p *Processor) halted(ctx context.Context, d driver) (rests bool, err error) {
	err = p.config.Store.View(ctx, func(r storage.Reader) error {
		h, ok, err := halted.Get(r)
		if err != nil || !ok {
			return err
		}
		ahead := false
		if h.mendable() {
			ahead, err = p.log.rewindsAhead(r)
		}
		if err == nil && !ahead {
			err = &h
		}
		if err != nil || d.always {
			return err
		}
		// It may have to see the change, or one from further down.
		looks := d.name == chainDriver
		if looks && h.Changed != nil {
			looks, err = p.log.rewindsBefore(r, h.Changed.Fork)
		}
		rests = !looks
		return err
	})
	return rests, err
}

// goOn ends a halt for a change of the chain if the node has come back to what is
// indexed, as if it had never left: nothing was decided on the other chain. A node
// that does not answer leaves the halt as it is.
func (p *Processor) goOn(ctx context.Context) error {
	var h Halt
	var ahead bool
	var last coin.Header
	var deep uint64
	err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		if h, _, err = halted.Get(r); err != nil || h.Changed == nil {
			return err
		}
		if ahead, err = p.log.rewindsAhead(r); err != nil || ahead {
			return err
		}
		f, err := p.core.scanner.Frontier(r)
		if err != nil {
			return err
		}
		if last, _, err = p.core.scanner.Header(r, f.Index-1); err != nil {
			return err
		}
		deep, err = p.core.confirmations(r)
		return err
	})
	if err != nil || h.Changed == nil || ahead {
		return err
	}
	found, err := p.header(ctx, last.Number)
	if err != nil || found.ID != last.ID || p.buried(ctx, found, deep) != nil {
		return nil
	}
	err = p.config.Store.Update(ctx, func(tx storage.Tx) error {
		if err := halted.Delete(tx); err != nil {
			return err
		}
		text := fmt.Sprintf("the node has come back to block %d, which is indexed: the halt is over", last.Number)
		return p.core.outbox.put(tx, Condition{Text: text})
	})
	if err == nil {
		p.wake.all()
	}
	return err
}
