package processortest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// explain key=0 deposit=1000 payment=alice: how far these are and what they wait
// for, as the first validator says.
func (p *Player) explain(ctx context.Context, a arguments) (string, error) {
	v, err := p.first()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, what := range a.order {
		var candidates []processor.Subject
		switch what {
		case "key":
			session, err := a.number(what, 0)
			if err != nil {
				return "", err
			}
			candidates = append(candidates, processor.AboutKey(session))
		case "payment":
			candidates = append(candidates, processor.AboutPayment(p.paymentID(a.values[what])))
		case "deposit":
			amount, err := a.number(what, 0)
			if err != nil {
				return "", err
			}
			for i := range uint32(3) { // the network may put change before it
				candidates = append(candidates, processor.AboutOutput(coin.OutputID{Transaction: p.deposits[amount], Index: i}))
			}
		default:
			return "", fmt.Errorf("there is no explanation of a %s", what)
		}
		text, err := explanation(ctx, v.Processor, candidates)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s %s: %s\n", what, a.values[what], text)
	}
	return b.String(), nil
}

// explanation explains the first of the candidates that is known.
func explanation(ctx context.Context, p *processor.Processor, candidates []processor.Subject) (string, error) {
	for _, s := range candidates {
		e, err := p.Explain(ctx, s)
		if _, unknown := errors.AsType[*processor.UnknownSubject](err); unknown {
			continue
		}
		if err != nil {
			return "", err
		}
		var parts []string
		for _, step := range e.Steps {
			step.Plan, step.Transaction = nil, nil // they differ from run to run
			parts = append(parts, step.String())
		}
		text := strings.Join(parts, ", ")
		for _, w := range e.Waits {
			if w.Plan != nil {
				w.Text = string(w.Kind)
			}
			text += "; waits: " + w.Text
		}
		return text, nil
	}
	return "unknown", nil
}
