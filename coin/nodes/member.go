package nodes

import (
	"context"
	"fmt"

	"github.com/serai-go/processor/coin"
)

// member is a node and what is known of it.
type member struct {
	Node
	slots chan struct{}  // one for each question in flight
	coin  chan coin.Coin // one, nil until it is dialled
	record
}

func newMember(node Node) *member {
	m := &member{Node: node, slots: make(chan struct{}, inFlight), coin: make(chan coin.Coin, 1)}
	m.coin <- node.Coin
	return m
}

// connect returns the node's coin. One caller dials, others wait for it.
func (m *member) connect(ctx context.Context, n *Nodes) (c coin.Coin, err error) {
	select {
	case c = <-m.coin:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { m.coin <- c }()
	if c != nil {
		return c, nil
	}
	dialled, err := m.Dial(ctx)
	if err == nil {
		err = n.fits(dialled)
	}
	if err != nil {
		// The node may be another by the next time.
		return nil, fmt.Errorf("%w: connect: %w", coin.ErrTransient, err)
	}
	c = dialled
	return c, nil
}

// named puts a node's name before its error.
func (m *member) named(err error) error { return fmt.Errorf("%s: %w", m.Name, err) }
