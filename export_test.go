package processor

import "github.com/serai-go/processor/frost"

// SharesInMemory returns the shares of a session that are in memory, or nil.
func (p *Processor) SharesInMemory(session uint64) (batchShare, networkShare *frost.KeyShare) {
	p.core.keys.mu.Lock()
	defer p.core.keys.mu.Unlock()
	pair := p.core.keys.shares[session]
	return pair.batch, pair.network
}
