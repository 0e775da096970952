package processortest

import (
	"context"
	"fmt"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// rules [dust=N] [window=N] [confirmations=N] [grace=N] [maxinputs=N]
// [batchesahead=N] | version=N: change the rules, from the coin's own, or to those
// of a version that no one knows.
func (p *Player) rules(ctx context.Context, a arguments) (string, error) {
	if a.has("version") {
		version, err := a.number("version", 0)
		if err != nil {
			return "", err
		}
		p.Append(processor.SetParameters{Version: uint32(version), Content: []byte("of another time")})
		return "", p.Run(ctx)
	}
	next := p.Chain.Coin().Parameters()
	for _, name := range a.order {
		if err := setRule(&next, name, a); err != nil {
			return "", err
		}
	}
	p.Append(processor.NewParameters(next))
	return "", p.Run(ctx)
}

// setRule sets the parameter of a name.
func setRule(p *coin.Parameters, name string, a arguments) error {
	value, err := a.number(name, 0)
	if err != nil {
		return err
	}
	switch name {
	case "dust":
		p.Dust = value
	case "window":
		p.Window = value
	case "confirmations":
		p.Confirmations = value
	case "grace":
		p.Grace = value
	case "maxinputs":
		p.MaxInputs = uint32(value)
	case "batchesahead":
		p.BatchesAhead = value
	default:
		return fmt.Errorf("no rule %q", name)
	}
	return nil
}
