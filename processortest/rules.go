package processortest

import (
	"context"
	"fmt"
	"slices"

	"github.com/serai-go/processor"
	"github.com/serai-go/processor/coin"
)

// rules [dust=N] [window=N] … | version=N: change the rules, from those at first, or
// to those of a version that no one knows. setRule has their names.
func (p *Player) rules(ctx context.Context, a arguments) (string, error) {
	if a.has("version") {
		version, err := a.number("version", 0)
		if err != nil {
			return "", err
		}
		p.Append(processor.SetParameters{Version: uint32(version), Content: []byte("of another time")})
		return "", p.Run(ctx)
	}
	next, err := otherRules(*p.Parameters, a)
	if err != nil {
		return "", err
	}
	p.Append(processor.NewParameters(*next))
	return "", p.Run(ctx)
}

// otherRules are those with some changed, by all arguments but those of some
// names.
func otherRules(rules coin.Parameters, a arguments, not ...string) (*coin.Parameters, error) {
	for _, name := range a.order {
		if slices.Contains(not, name) {
			continue
		}
		if err := setRule(&rules, name, a); err != nil {
			return nil, err
		}
	}
	return &rules, nil
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
	case "hold":
		p.Hold = value
	case "confirmations":
		p.Confirmations = value
	case "grace":
		p.Grace = value
	case "maxinputs":
		p.MaxInputs = uint32(value)
	case "maxoutputs":
		p.MaxOutputs = uint32(value)
	case "batchesahead":
		p.BatchesAhead = value
	case "patience":
		p.Patience = value
	case "bumpafter":
		p.BumpAfter = value
	case "feecap":
		p.FeeCap = value
	case "descendants":
		p.Descendants = uint32(value)
	case "descendantsweight":
		p.DescendantsWeight = value
	case "outflowwindow":
		p.OutflowWindow = value
	case "outflowlimit":
		p.OutflowLimit = value
	case "payeelimit":
		p.PayeeLimit = value
	case "changeoutputs":
		p.ChangeOutputs = uint32(value)
	default:
		return fmt.Errorf("no rule %q", name)
	}
	return nil
}
