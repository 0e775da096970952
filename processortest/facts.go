package processortest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/scanner"
	"github.com/serai-go/processor/scheduler"
)

// received NAME… [session=0]: what these users were paid, and the addresses of a
// session's key, spent or not.
func (p *Player) received(ctx context.Context, a arguments) (string, error) {
	var b strings.Builder
	for _, name := range a.order {
		if name == "session" {
			continue
		}
		address, err := p.payee(ctx, name)
		if err != nil {
			return "", err
		}
		amount, err := p.Chain.Received(ctx, address)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s has received %d\n", name, amount)
	}
	if !a.has("session") {
		return b.String(), nil
	}
	fmt.Fprintf(&b, "key of session %s has received", a.values["session"])
	for i, kind := range coin.Kinds {
		address, err := p.address(a, kind)
		if err != nil {
			return "", err
		}
		amount, err := p.Chain.Received(ctx, address)
		if err != nil {
			return "", err
		}
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %s %d", kind, amount)
	}
	b.WriteString("\n")
	return b.String(), nil
}

// first returns the first validator that is there.
func (p *Player) first() (*Validator, error) {
	for _, v := range p.Validators {
		if !v.Offline && v.Halted == nil {
			return v, nil
		}
	}
	return nil, errors.New("nobody is online")
}

// ledger: the books, on which all must agree.
func (p *Player) ledger(ctx context.Context, _ arguments) (string, error) {
	if _, err := p.Digests(ctx); err != nil {
		return "", err
	}
	v, err := p.first()
	if err != nil {
		return "", err
	}
	status, err := v.Processor.Status(ctx)
	if err != nil {
		return "", err
	}
	l := status.Ledger
	var b strings.Builder
	fmt.Fprintf(&b, "assets %s =", l.Assets)
	if l.Accepted != (scheduler.Balance{}) {
		fmt.Fprintf(&b, " accepted %s +", l.Accepted)
	}
	fmt.Fprintf(&b, " credited %s + owed %s + returned %s + refunds due %s + fees %s + gifts %s + costs charged %s - network fees %s",
		l.Credited, l.Owed, l.Returned, l.RefundsDue, l.FeesCharged, l.Gifts, l.CostsCharged, l.NetworkFees)
	if l.WrittenOff != (scheduler.Balance{}) {
		fmt.Fprintf(&b, " - written off %s", l.WrittenOff)
	}
	b.WriteString("\n")
	return b.String(), nil
}

// pending: what waits.
func (p *Player) pending(ctx context.Context, _ arguments) (string, error) {
	v, err := p.first()
	if err != nil {
		return "", err
	}
	status, err := v.Processor.Status(ctx)
	if err != nil {
		return "", err
	}
	held := ""
	if status.Pending.Resting > 0 {
		held = fmt.Sprintf(", %d on hold", status.Pending.Resting)
	}
	return fmt.Sprintf("%d payments queued, %d outputs free%s, %d plans unresolved\n",
		status.Pending.Payments, status.Pending.Outputs, held, status.Pending.Plans), nil
}

// keys: what each confirmed key was told to do at the last settled block, and
// since when.
func (p *Player) keys(ctx context.Context, _ arguments) (string, error) {
	v, err := p.first()
	if err != nil {
		return "", err
	}
	status, err := v.Processor.Status(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, key := range status.Keys {
		stage := scanner.Confirmed.String()
		if key.Waiting {
			stage = "waiting"
		}
		for _, told := range v.Told {
			e, ok := told.Body.(processor.KeyStage)
			if ok && e.Session == key.Session && e.Number < status.Frontier.Settle {
				stage = fmt.Sprintf("%s since block %d", e.Stage, e.Number)
			}
		}
		if key.Abandoned {
			stage += ", abandoned"
		}
		fmt.Fprintf(&b, "key of session %d: %s\n", key.Session, stage)
	}
	return b.String(), nil
}
