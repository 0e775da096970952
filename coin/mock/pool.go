package mock

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/serai-go/processor/coin"
)

// pool holds valid transactions that wait for a block, parents before their
// children.
type pool struct {
	waiting []pooled
	byID    map[coin.TransactionID]*transaction
	spender map[coin.OutputID]*transaction
}

type pooled struct {
	*transaction
	fee uint64
}

func newPool() pool {
	return pool{
		byID:    make(map[coin.TransactionID]*transaction),
		spender: make(map[coin.OutputID]*transaction),
	}
}

func (p pool) clone() pool {
	return pool{
		waiting: slices.Clone(p.waiting),
		byID:    maps.Clone(p.byID),
		spender: maps.Clone(p.spender),
	}
}

// get returns a waiting transaction with its fee.
func (p *pool) get(id coin.TransactionID) (pooled, bool) {
	i := slices.IndexFunc(p.waiting, func(t pooled) bool { return t.id == id })
	if i < 0 {
		return pooled{}, false
	}
	return p.waiting[i], true
}

func (p *pool) add(t *transaction, fee uint64) {
	p.waiting = append(p.waiting, pooled{t, fee})
	p.byID[t.id] = t
	for _, id := range t.spends() {
		p.spender[id] = t
	}
}

// evict removes transactions.
func (p *pool) evict(gone map[coin.TransactionID]bool) {
	if len(gone) == 0 {
		return
	}
	p.waiting = slices.DeleteFunc(p.waiting, func(t pooled) bool {
		if !gone[t.id] {
			return false
		}
		delete(p.byID, t.id)
		for _, id := range t.spends() {
			delete(p.spender, id)
		}
		return true
	})
}

// conflicts returns the transactions that spend an input of t, with all that
// build on them, and the fees of these.
func (p *pool) conflicts(t *transaction) (gone map[coin.TransactionID]bool, fees uint64) {
	for _, id := range t.spends() {
		if other := p.spender[id]; other != nil {
			if gone == nil {
				gone = make(map[coin.TransactionID]bool)
			}
			gone[other.id] = true
		}
	}
	if gone == nil {
		return nil, 0
	}
	return gone, p.descend(gone).fee
}

// Why relay refuses a valid transaction.
var (
	errConflict = errors.New("a waiting transaction spends an input")
	errFee      = errors.New("the fee is below what relay demands")
	errDust     = errors.New("an output is dust")
	errChain    = errors.New("too many wait that build on one another")
)

// find is the view of transactions that enter the pool: they may spend
// outputs of waiting ones. Conflicts among waiting ones are judged apart.
func (c *Chain) find(id coin.OutputID, number uint64) (output, error) {
	if t := c.pool.byID[id.Transaction]; t != nil {
		if c.rules.Lock > 0 {
			return output{}, errLocked
		}
		if uint64(id.Index) >= uint64(len(t.outputs)) {
			return output{}, errMissing
		}
		return t.outputs[id.Index], nil
	}
	return c.confirmed(id, number)
}

// judge checks all but fees and conflicts, and returns the fee.
func (c *Chain) judge(t *transaction) (paid uint64, err error) {
	if paid, err = c.check(t, c.tip().number+1, c.find); err != nil {
		return 0, err
	}
	for _, o := range t.outputs {
		if o.amount < RelayDust && o.to[0] != ring {
			return 0, fmt.Errorf("%w: %d", errDust, o.amount)
		}
	}
	return paid, nil
}

// admit lets a transaction into the pool if the rules of relay do, but for how
// many may build on one another. One that pays more than all it conflicts with,
// and the relay rate for its own weight on top, and a higher rate than each
// that spends an input of its own, replaces them.
func (c *Chain) admit(t *transaction) error {
	paid, err := c.judge(t)
	if err != nil {
		return err
	}
	least, ok := fee(t.weight(), c.relayRate)
	gone, fees := c.pool.conflicts(t)
	if gone != nil && ok {
		if err := c.pool.replaceable(t, paid, least, gone, fees); err != nil {
			return err
		}
	}
	if !ok || paid < least {
		return fmt.Errorf("%w: %d, not %d", errFee, paid, least)
	}
	c.pool.evict(gone)
	c.pool.add(t, paid)
	return nil
}

// replaceable tells why a transaction may not replace those that are gone with
// it, which pay these fees.
func (p *pool) replaceable(t *transaction, paid, least uint64, gone map[coin.TransactionID]bool, fees uint64) error {
	if paid < fees || paid-fees < least {
		return fmt.Errorf("%w: replacing it takes a fee of %d", errConflict, fees+least)
	}
	own := sum{paid, t.weight()}
	for i, id := range t.inputs {
		if gone[id.Transaction] {
			return fmt.Errorf("%w: which it builds on", errConflict)
		}
		if other := p.spender[t.spends()[i]]; other != nil {
			if w, _ := p.get(other.id); !own.above(w.sum()) {
				return fmt.Errorf("%w: which pays the higher rate", errConflict)
			}
		}
	}
	return nil
}

// refill builds the pool anew after the best branch changed: from
// transactions that lost their block and from what waited before.
func (c *Chain) refill(returned []*transaction) {
	before := c.pool.waiting
	if len(before)+len(returned) == 0 {
		return
	}
	c.pool = newPool()
	for _, t := range returned {
		c.readmit(t)
	}
	for _, t := range before {
		c.readmit(t.transaction)
	}
	c.pool.trim(c.relayRate)
}

// readmit is admit without replacement and whatever the fee.
func (c *Chain) readmit(t *transaction) {
	if gone, _ := c.pool.conflicts(t); gone != nil {
		return
	}
	// What the new branch holds or makes invalid is simply gone.
	if paid, err := c.judge(t); err == nil {
		c.pool.add(t, paid)
	}
}

// SetRelayRate sets the fee rate that relay demands from now on, in atomic
// units per 1000 weight units. What waits for a block and pays less, with what
// builds on it or without, is forgotten, as a node does whose memory is full:
// again and again the one of the lowest such rate, with all that build on it.
func (c *Chain) SetRelayRate(rate uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.relayRate = rate
	c.refill(nil)
}
