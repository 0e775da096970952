package processor

import (
	"context"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/signer"
)

// Proposal is a plan that this validator is about to sign.
type Proposal struct {
	// SignID names it, and with the session who signs.
	SignID signer.ID
	// Plan is what was decided.
	Plan coin.Plan
	// Transaction is what the bytes to be signed do, decoded from themselves. That
	// it is the plan was checked before.
	Transaction coin.UnsignedTransaction
}

// policy is Config.Policy for the signer.
func (c *Config) policy() func(context.Context, signer.Proposal) error {
	if c.Policy == nil {
		return nil
	}
	return func(ctx context.Context, p signer.Proposal) error { return c.Policy(ctx, Proposal(p)) }
}

// consult asks the policy about what is to be signed. It has a driver of its own:
// a policy that takes its time keeps nothing but plans.
func (p *Processor) consult(ctx context.Context) (bool, error) {
	if p.config.Policy == nil || !p.log.reached(p.config.Current) {
		return false, nil
	}
	// What is not signed yet in any case is asked about later: it may be void.
	if blind, err := p.blind(ctx); err != nil || blind != "" {
		return false, err
	}
	p.mu.Lock()
	tip := p.tip
	p.mu.Unlock()
	return p.core.signer.Consult(ctx, p.config.Store, tip)
}
