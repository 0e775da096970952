package processor

import (
	"context"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/frost"
)

// Prepare makes the unsigned transaction of a plan.
func (p *Processor) Prepare(ctx context.Context, plan coin.Plan) ([]byte, error) {
	return p.prepare(ctx, plan.ID(p.config.Coin.Genesis()), plan)
}

// SharesInMemory returns the shares of a session that are in memory, or nil.
func (p *Processor) SharesInMemory(session uint64) (batchShare, networkShare *frost.KeyShare) {
	p.core.keys.mu.Lock()
	defer p.core.keys.mu.Unlock()
	pair := p.core.keys.shares[session]
	return pair.batch, pair.network
}
