package mock

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
)

// miner is where coinbases go unless said otherwise. Nobody spends them.
var miner = func() script {
	sum := sha256.Sum256([]byte("mock miner"))
	return newScript(addressed, sum[:])
}()

// SetMinerRate sets the fee rate that miners demand from now on, in atomic units
// per 1000 weight units, 0 at first. A child pays for what it builds on: they
// take what reaches the rate together with all it builds on that waits too.
// MineOnly does not mind.
func (c *Chain) SetMinerRate(rate uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.minerRate = rate
}

// Mine makes n blocks. Each takes all that waits for one and pays what miners
// demand.
func (c *Chain) Mine(ctx context.Context, n int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for range n {
		c.mine(miner, c.pool.worth(c.minerRate))
		c.refill(nil)
	}
	return nil
}

// MineTo makes a block as Mine does, whose coinbase pays the address.
func (c *Chain) MineTo(ctx context.Context, address coin.Address) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	to, err := parseAddress(c.genesisID, address)
	if err != nil {
		return err
	}
	c.mine(to, c.pool.worth(c.minerRate))
	c.refill(nil)
	return nil
}

// MineOnly makes a block that takes, of what waits for one, only these
// transactions in this order.
func (c *Chain) MineOnly(ctx context.Context, ids ...coin.TransactionID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []pooled
	taken := make(map[coin.TransactionID]bool)
	for _, id := range ids {
		t, ok := c.pool.get(id)
		if !ok || taken[id] {
			return fmt.Errorf("mock: mine %s: it does not wait for a block", id)
		}
		for _, in := range t.inputs {
			if c.pool.byID[in.Transaction] != nil && !taken[in.Transaction] {
				return fmt.Errorf("mock: mine %s: before %s, on which it builds", id, in.Transaction)
			}
		}
		taken[id] = true
		list = append(list, t)
	}
	c.mine(miner, list)
	c.refill(nil)
	return nil
}

// SetTime sets the time of the next block, if that is not before the newest
// one's. The blocks behind it follow at the usual distance.
func (c *Chain) SetTime(seconds uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nextTime = seconds
}

// mine puts a block of waiting transactions on the best branch. The pool has
// to be refilled behind it.
func (c *Chain) mine(to script, waiting []pooled) {
	tip := c.tip()
	c.mined++
	claim := uint64(Subsidy)
	list := make([]*transaction, 1, 1+len(waiting))
	for _, t := range waiting {
		claim += t.fee
		list = append(list, t.transaction)
	}
	list[0] = newCoinbase(tip.number+1, c.mined, []output{{amount: claim, to: to}})
	time := tip.time + BlockSeconds
	if c.nextTime != 0 {
		time = max(tip.time, c.nextTime)
		c.nextTime = 0
	}
	b := newBlock(tip.number+1, tip.id, time, list)
	c.blocks[b.id] = b
	c.apply(b)
}

// Fork replaces the newest depth blocks by depth+1 others without
// transactions. Those of the replaced blocks wait for a block again, unless
// drop is set: then they are gone, and with them what builds on them. The
// replaced blocks remain known.
func (c *Chain) Fork(ctx context.Context, depth int, drop bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if depth < 0 || depth >= len(c.best) {
		return fmt.Errorf("mock: fork of %d blocks: there are %d behind the genesis block", depth, len(c.best)-1)
	}
	returned := c.undo(uint64(len(c.best) - depth))
	if drop {
		returned = nil
	}
	for range depth + 1 {
		c.mine(miner, nil)
	}
	c.refill(returned)
	return nil
}

// ForkKeeping is Fork with drop, but the first of the new blocks takes these of
// the transactions that lose their block, in this order, as far as they are valid
// there. An error changes nothing.
func (c *Chain) ForkKeeping(ctx context.Context, depth int, ids ...coin.TransactionID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if depth < 1 || depth >= len(c.best) {
		return fmt.Errorf("mock: fork of %d blocks: there are %d behind the genesis block", depth, len(c.best)-1)
	}
	var lost []*transaction
	for _, b := range c.best[len(c.best)-depth:] {
		lost = append(lost, b.transactions...)
	}
	var kept []*transaction
	for _, id := range ids {
		i := slices.IndexFunc(lost, func(t *transaction) bool { return t.id == id })
		if i < 0 {
			return fmt.Errorf("mock: fork keeping %s: it is in none of the blocks", id)
		}
		kept = append(kept, lost[i])
	}
	c.undo(uint64(len(c.best) - depth))
	c.pool = newPool()
	for _, t := range kept {
		_ = c.admit(t) // what it spent may be gone
	}
	c.mine(miner, c.pool.waiting)
	c.refill(nil)
	for range depth {
		c.mine(miner, nil)
	}
	c.refill(nil)
	return nil
}

// Readmit lets a transaction wait for a block again that was in a replaced one.
func (c *Chain) Readmit(id coin.TransactionID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.blocks { // order-free: it is the same in all of them
		for _, t := range b.transactions {
			if t.id == id {
				return c.admit(t)
			}
		}
	}
	return fmt.Errorf("mock: transaction %s: %w", id, coin.ErrNotFound)
}
