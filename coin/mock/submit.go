package mock

import (
	"errors"
	"fmt"
	"slices"

	"github.com/serai-go/processor/coin"
)

// submit is what a node does with a transaction that it is sent.
func (c *Chain) submit(raw []byte) coin.Publication {
	t, err := decodeTransaction(slices.Clone(raw))
	if err != nil {
		return coin.Publication{Status: coin.Rejected, Reason: err.Error()}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(t)
}

// take lets a transaction in that is not known yet.
func (c *Chain) take(t *transaction) coin.Publication {
	if p, ok := c.index[t.id]; ok {
		return coin.Publication{Status: coin.Mined, Reason: fmt.Sprintf("in block %d", p.number)}
	}
	if c.pool.byID[t.id] != nil {
		return coin.Publication{Status: coin.Accepted, Reason: "known"}
	}
	if err := c.pool.room(t); err != nil {
		return publication(err)
	}
	return publication(c.admit(t))
}

func publication(err error) coin.Publication {
	status := coin.Rejected
	switch {
	case err == nil:
		return coin.Publication{Status: coin.Accepted}
	case errors.Is(err, errMissing), errors.Is(err, errSpent), errors.Is(err, errConflict), errors.Is(err, errLocked):
		status = coin.Conflict
	case errors.Is(err, errFee):
		status = coin.FeeTooLow
	}
	return coin.Publication{Status: status, Reason: err.Error()}
}

// submitPackage is what a node does with a parent that pays too little and a
// child that pays for both.
func (c *Chain) submitPackage(parent, child *transaction) coin.Publication {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch p := c.take(parent); p.Status {
	case coin.FeeTooLow:
		return publication(c.admitPackage(parent, child))
	case coin.Conflict, coin.Rejected:
		return p // the parent will not be, nor the child
	}
	return c.take(child)
}

// admitPackage lets a parent and its child in if they pay the relay rate
// together, and the parent at least RelayRate by itself. They replace nothing.
func (c *Chain) admitPackage(parent, child *transaction) error {
	paid, err := c.judge(parent)
	if err != nil {
		return err
	}
	if least, _ := fee(parent.weight(), RelayRate); paid < least {
		return fmt.Errorf("%w: %d in the parent, not %d", errFee, paid, least)
	}
	for _, t := range []*transaction{parent, child} {
		if gone, _ := c.pool.conflicts(t); gone != nil {
			return fmt.Errorf("%w: a package replaces nothing", errConflict)
		}
	}
	if err := c.pool.room(parent); err != nil {
		return err
	}
	c.pool.add(parent, paid)
	if err := c.admitChild(sum{paid, parent.weight()}, child); err != nil {
		c.pool.evict(map[coin.TransactionID]bool{parent.id: true})
		return err
	}
	return nil
}

// admitChild lets a child in that pays the relay rate together with its parent,
// which is in the pool while the child is judged.
func (c *Chain) admitChild(both sum, child *transaction) error {
	paid, err := c.judge(child)
	if err != nil {
		return err
	}
	if err := c.pool.room(child); err != nil {
		return err
	}
	both.add(sum{paid, child.weight()})
	if !both.pays(c.relayRate) {
		return fmt.Errorf("%w: %d for a weight of %d with the parent", errFee, both.fee, both.weight)
	}
	c.pool.add(child, paid)
	return nil
}

// maxCheap bounds how many transactions a node's user remembers.
const maxCheap = 256

// publish hands a transaction to the node. One that only pays too little is
// remembered: if a child of it is published, the two are tried together.
func (n *node) publish(raw []byte) (coin.Publication, error) {
	f, err := n.ask()
	if err != nil {
		return coin.Publication{}, err
	}
	if f.Refuse != "" {
		return coin.Publication{Status: coin.Rejected, Reason: f.Refuse}, nil
	}
	p := n.chain.submit(raw)
	if p.Status != coin.FeeTooLow && p.Status != coin.Conflict {
		return p, nil
	}
	t, err := decodeTransaction(slices.Clone(raw))
	if err != nil {
		return coin.Publication{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if p.Status == coin.FeeTooLow {
		n.cheap = append(slices.DeleteFunc(n.cheap, func(c *transaction) bool { return c.id == t.id }), t)
		n.cheap = n.cheap[max(0, len(n.cheap)-maxCheap):]
		return p, nil
	}
	for _, parent := range n.cheap {
		if slices.ContainsFunc(t.inputs, func(id coin.OutputID) bool { return id.Transaction == parent.id }) {
			return n.chain.submitPackage(parent, t), nil
		}
	}
	return p, nil
}
