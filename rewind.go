package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/storage"
)

// rewind takes back what is void, in every part, and ends the halt.
func (k *core) rewind(tx storage.Tx, position uint64, e Rewind) error {
	h, _, err := halted.Get(tx)
	if err != nil {
		return err
	}
	// The chain may have changed more than once, and the node have shown only one of
	// the changes. One from further down makes void what this does, and a rewind of its
	// own follows. Of one from less far down the node has to show more: see changedAgain.
	changed := h.Changed != nil && h.Changed.Fork <= e.Fork
	if !changed {
		if changed, err = k.imported(tx, e); err != nil {
			return err
		}
	}
	if err := k.keepVoid(tx, e); err != nil {
		return err
	}
	back, _, err := k.takeBack(tx, position, e, changed)
	if err != nil {
		return err
	}
	if err := halted.Delete(tx); err != nil {
		return err
	}
	text := fmt.Sprintf("rewind %d: blocks behind %d are void, %d of those settled held something", e.Number, e.Fork, len(back.Blocks))
	return k.outbox.put(tx, Condition{Text: text})
}

// takeBack takes back what is void.
func (k *core) takeBack(tx storage.Tx, position uint64, e Rewind, changed bool) (*coin.Rewind, coin.Undone, error) {
	back, err := k.scanner.Rewind(tx, scanner.Rewind(e), changed)
	if err != nil {
		return nil, coin.Undone{}, err
	}
	undone, err := k.scheduler.Rewind(tx, back)
	if err != nil {
		return back, undone, err
	}
	if err := k.scanner.Undone(tx, undone); err != nil {
		return back, undone, err
	}
	f, err := k.scanner.Frontier(tx)
	if err != nil {
		return back, undone, err
	}
	if err := k.state.rewind(tx, e.Fork); err != nil {
		return back, undone, err
	}
	if err := k.signer.Unreported(tx, f.Acknowledged); err != nil {
		return back, undone, err
	}
	return back, undone, k.signer.Rewind(tx, position, f.Acknowledged)
}

// RewindReport is what a Rewind would do.
type RewindReport struct {
	// Entry is the one to order.
	Entry Rewind
	// Headers are those of the blocks that would be void, as far as they are
	// indexed here, in order.
	Headers []coin.Header
	// Credits are deposits in these blocks that have taken effect.
	Credits []VoidedDeposit
	// Spends are plans that were completed in these blocks and would be
	// published again.
	Spends []VoidedSpend
	// Batches are the IDs of the batches that are not acknowledged and would be
	// dropped, Next the ID of the next one.
	Batches []uint64
	Next    uint64
}

// VoidedDeposit is a deposit that would be void.
type VoidedDeposit struct {
	VoidedCredit
	// Returned tells whether the chain that counts has it again, in a block that
	// is final.
	Returned bool
}

// VoidedSpend is a plan whose completion would be void.
type VoidedSpend struct {
	Plan        coin.PlanID
	Transaction coin.TransactionID // the one that would be void
	// Signed tells whether this validator has the signed transaction. Else it
	// would have to be signed again.
	Signed bool
}

// ErrNotChanged is returned by PlanRewind unless the processor has halted
// because the chain has changed, or waits behind a rewind for a block that the
// node does not have.
var ErrNotChanged = errors.New("processor: the chain has not changed")

// errPlanned ends a transaction that must not change anything.
var errPlanned = errors.New("processor: planned only")

// PlanRewind returns what a Rewind would do if it were next in the log. It
// changes nothing. The processor has halted because the chain has changed, or the
// chain has changed again before the block was final that the last Rewind says is
// next, and the processor waits for that: Status tells. Whether a Rewind is ordered
// is for the settlement chain to decide. Then hand the log to the processor up to the
// Rewind, and call Step or, of a new processor over the same database, Run: it goes
// on with it.
func (p *Processor) PlanRewind(ctx context.Context) (*RewindReport, error) {
	moved, err := p.movedOn(ctx)
	if err != nil {
		return nil, fmt.Errorf("plan a rewind: %w", err)
	}
	var report RewindReport
	var keys []coin.Key
	err = p.config.Store.Update(ctx, func(tx storage.Tx) error {
		h, _, err := halted.Get(tx)
		changed := h.Changed
		if changed == nil {
			changed = moved
		}
		if err == nil && changed == nil {
			err = ErrNotChanged
		}
		if err != nil {
			return err
		}
		if err := p.planRewind(tx, changed, &report); err != nil {
			return err
		}
		list, err := p.core.scanner.Keys(tx)
		if err != nil {
			return err
		}
		for _, k := range list {
			keys = append(keys, coin.Key{Session: k.Session, Key: k.NetworkKey})
		}
		return errPlanned
	})
	if errors.Is(err, errPlanned) {
		err = p.lookFor(ctx, keys, &report)
	}
	if err != nil {
		return nil, fmt.Errorf("plan a rewind: %w", err)
	}
	return &report, nil
}

// movedOn returns how the chain has changed once more at the very fork of a rewind,
// before the block was indexed here that it says is next, or nil. Nobody halts for
// that, but waits for the block, which may never come.
func (p *Processor) movedOn(ctx context.Context) (*scanner.ChainChanged, error) {
	var last scanner.Rewind
	var root coin.Header
	var deep uint64
	waits := false
	err := p.config.Store.View(ctx, func(r storage.Reader) (err error) {
		if last, err = p.core.scanner.Rewound(r); err != nil || last.Number == 0 {
			return err
		}
		f, err := p.core.scanner.Frontier(r)
		if waits = f.Index == last.Fork+1; err != nil || !waits {
			return err
		}
		if root, _, err = p.core.scanner.Header(r, last.Fork); err != nil {
			return err
		}
		deep, err = p.core.confirmations(r)
		return err
	})
	if err != nil || !waits {
		return nil, err
	}
	found, err := p.header(ctx, last.Fork+1)
	if errors.Is(err, coin.ErrNotFound) || err == nil && (found.ID == last.Next || found.Parent != root.ID) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := p.buried(ctx, found, deep); err != nil {
		return nil, err
	}
	if err := p.numbered(ctx, found); err != nil {
		return nil, err
	}
	return &scanner.ChainChanged{Indexed: root, Found: found, Fork: last.Fork}, nil
}

// planRewind carries a rewind out and notes what it does.
func (p *Processor) planRewind(tx storage.Tx, changed *scanner.ChainChanged, report *RewindReport) error {
	last, err := p.core.scanner.Rewound(tx)
	if err != nil {
		return err
	}
	f, err := p.core.scanner.Frontier(tx)
	if err != nil {
		return err
	}
	for n := changed.Fork; n < f.Index; n++ {
		header, _, err := p.core.scanner.Header(tx, n)
		if err != nil {
			return err
		}
		report.Headers = append(report.Headers, header)
	}
	report.Entry = Rewind{
		Number: last.Number + 1, Fork: changed.Fork, Block: report.Headers[0].ID, Next: changed.Found.ID,
	}
	report.Headers = report.Headers[1:]
	reported, err := p.core.scanner.Reported(tx)
	if err != nil {
		return err
	}
	for id := f.Acknowledged; id < reported; id++ {
		report.Batches = append(report.Batches, id)
	}
	position, err := p.log.next.Load(tx)
	if err != nil {
		return err
	}
	back, undone, err := p.core.takeBack(tx, position, report.Entry, true)
	if err != nil {
		return err
	}
	for _, d := range undone.Voided {
		report.Credits = append(report.Credits, VoidedDeposit{
			VoidedCredit: VoidedCredit{d.Output.ID, d.Output.Session, d.Credit},
		})
	}
	for _, b := range back.Blocks {
		for _, c := range b.Completions {
			signed, err := p.core.signer.Signed(tx, c.Plan)
			if err != nil {
				return err
			}
			report.Spends = append(report.Spends, VoidedSpend{c.Plan, c.Transaction, signed})
		}
	}
	f, err = p.core.scanner.Frontier(tx)
	report.Next = f.Acknowledged
	return err
}

// lookFor finds out which deposits the node's chain has again.
func (p *Processor) lookFor(ctx context.Context, keys []coin.Key, report *RewindReport) error {
	tip, err := p.config.Coin.Tip(ctx)
	if err != nil {
		return err
	}
	places := make(map[coin.OutputID]int, len(report.Credits))
	for i, c := range report.Credits {
		places[c.Output] = i
	}
	for n := report.Entry.Fork + 1; n+p.config.Parameters.Confirmations <= tip+1; n++ {
		header, err := p.header(ctx, n)
		if err != nil {
			return err
		}
		block, err := p.block(ctx, header)
		if err != nil {
			return err
		}
		outputs, err := p.config.Coin.Outputs(ctx, block, keys)
		if err != nil {
			return err
		}
		for _, o := range outputs {
			if i, ok := places[o.ID]; ok {
				report.Credits[i].Returned = true
			}
		}
	}
	return nil
}
