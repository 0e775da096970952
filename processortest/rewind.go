package processortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/storage"
)

func init() {
	commands["rewind"] = (*Player).rewind
	commands["again"] = (*Player).again
}

// PlanRewind returns what the validators report that have halted because the
// chain has changed, on which they must agree.
func (g *Group) PlanRewind(ctx context.Context) (*processor.RewindReport, error) {
	var first *processor.RewindReport
	for i, v := range g.Validators {
		if v.Offline {
			continue
		}
		report, err := v.Processor.PlanRewind(ctx)
		if errors.Is(err, storage.ErrCut) && g.OnCut != nil {
			if err := g.OnCut(i); err != nil {
				return nil, err
			}
			report, err = v.Processor.PlanRewind(ctx)
		}
		switch {
		case errors.Is(err, processor.ErrNotChanged):
			continue
		case err != nil:
			return nil, err
		case first == nil:
			first = report
		case report.Entry != first.Entry || report.Next != first.Next:
			return nil, fmt.Errorf("validator %d would rewind as %+v, others %+v", i, report.Entry, first.Entry)
		}
		for n, s := range report.Spends { // only members of its session sign a plan
			first.Spends[n].Signed = first.Spends[n].Signed || s.Signed
		}
	}
	if first == nil {
		return nil, errors.New("no validator has halted because the chain has changed")
	}
	return first, nil
}

// Rewind orders a rewind, behind which batches are numbered anew.
func (g *Group) Rewind(report *processor.RewindReport) {
	g.Append(report.Entry)
	g.Acknowledged = report.Next
}

// Archives returns the archives of the rewinds so far, each of the validator that
// has seen the most void blocks. Those that have seen as many must have the same.
func (g *Group) Archives(ctx context.Context) ([]processor.Archive, error) {
	var list []processor.Archive
	for i, v := range g.Validators {
		if v.Processor == nil {
			continue
		}
		theirs, err := v.Processor.Archives(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range theirs {
			at := slices.IndexFunc(list, func(b processor.Archive) bool { return b.Rewind.Number == a.Rewind.Number })
			switch {
			case at < 0:
				list = append(list, a)
			case len(a.Blocks) > len(list[at].Blocks):
				list[at] = a
			case len(a.Blocks) == len(list[at].Blocks) &&
				!bytes.Equal(processor.EncodeArchive(a), processor.EncodeArchive(list[at])):
				return nil, fmt.Errorf("validator %d has another archive of rewind %d", i, a.Rewind.Number)
			}
		}
	}
	return list, nil
}

// rewind [plan]: the validators that have halted because the chain has changed
// say what a rewind does, and unless only that is asked for, it is ordered.
func (p *Player) rewind(ctx context.Context, a arguments) (string, error) {
	report, err := p.PlanRewind(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	e := report.Entry
	fmt.Fprintf(&b, "rewind %d: blocks %d to %d are void, next batch %d\n", e.Number, e.Fork+1, e.Fork+uint64(len(report.Headers)), report.Next)
	for _, c := range report.Credits {
		again := "not there again"
		if c.Returned {
			again = "there again"
		}
		fmt.Fprintf(&b, "deposit %s, credited with %d, is void and %s\n", p.deposited(c.Output), c.Amount, again)
	}
	for _, s := range report.Spends {
		text := "nobody has it signed"
		if s.Signed {
			text = "it is published again"
		}
		fmt.Fprintf(&b, "transaction of a plan is void, and %s\n", text)
	}
	for _, id := range report.Batches {
		fmt.Fprintf(&b, "batch %d is dropped\n", id)
	}
	if a.has("plan") {
		return b.String(), nil
	}
	p.Rewind(report)
	return b.String(), p.Run(ctx)
}

// deposited names a deposit.
func (p *Player) deposited(id coin.OutputID) string { return p.name(coin.RefundID(id)) }

// forkKeeping replaces the newest blocks. The first new one has again the
// deposits of these amounts, in this order.
func (p *Player) forkKeeping(ctx context.Context, depth int, amounts string) error {
	chain, ok := p.Chain.(interface {
		ForkKeeping(context.Context, int, ...coin.TransactionID) error
	})
	if !ok {
		return errors.New("the chain cannot keep transactions")
	}
	var ids []coin.TransactionID
	for _, word := range strings.Split(amounts, ",") {
		id, err := p.paidBy(word)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	return chain.ForkKeeping(ctx, depth, ids...)
}

// paidBy is the transaction that made the deposit of an amount.
func (p *Player) paidBy(word string) (coin.TransactionID, error) {
	amount, err := strconv.ParseUint(word, 10, 64)
	if err != nil {
		return coin.TransactionID{}, err
	}
	id, ok := p.deposits[amount]
	if !ok {
		return id, fmt.Errorf("nobody has paid %d", amount)
	}
	return id, nil
}

// again AMOUNT…: deposits that a fork has dropped are published again.
func (p *Player) again(ctx context.Context, a arguments) (string, error) {
	chain, ok := p.Chain.(interface {
		Readmit(coin.TransactionID) error
	})
	if !ok {
		return "", errors.New("the chain cannot take transactions again")
	}
	for _, word := range a.order {
		id, err := p.paidBy(word)
		if err != nil {
			return "", err
		}
		if err := chain.Readmit(id); err != nil {
			return "", err
		}
	}
	return "", p.Run(ctx)
}
