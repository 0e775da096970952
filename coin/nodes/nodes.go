// Package nodes makes one coin of several nodes of one network, so that
// neither a node that is away nor one that lies decides what a processor sees.
//
// What is not the chain's (addresses, prices, plans) goes to the first node's
// coin. What the chain authenticates (the body of a block, a transaction) comes
// from the first node that gives it. What nothing but the node's word stands
// for, which block is the best chain's, is asked of all nodes at once:
//
//   - The tip is the newest block that more than half of the nodes have.
//   - A header is handed out if more than half of the nodes have it and none
//     that counts has another one.
//   - If they have different ones, each is asked again, also for the headers
//     before and behind. Who contradicts itself by that, or is contradicted by
//     more than half of all configured nodes, is distrusted: nothing it says
//     counts before it agrees with another node. If that settles nothing, the
//     answer is a *coin.Disagreement. So two nodes notice a lie, and three
//     outvote it.
//   - What a transaction is prepared from, as the numbers of outputs, more than
//     half of all configured nodes or all that answer have to agree on.
//
// Of the nodes only those count that answer: with all but one away the one is
// believed alone, and Health shows it. Those do not count whose tip falls by as
// many blocks as make a block final, or that stay behind at least as many others
// for so long that they must have stopped; unless all are such.
//
// So with two nodes, one that says its chain ends early holds the processor up
// until it counts no more; a wrong header stops it until they agree. Three nodes
// go on in either case.
//
// A node that owes an answer, or gives one that is none, is left aside for a
// while, which grows with every failure in a row. For what one node can give, one
// that let a caller wait in vain is asked last for ten times as long.
package nodes

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/serai-go/processor/coin"
)

// MaxNodes is how many nodes a coin may have.
const MaxNodes = 16

// inFlight is how many questions a node is asked at the same time.
const inFlight = 16

// Node is one of the nodes of a network.
type Node struct {
	// Name tells the node from the others, for people.
	Name string
	// Coin reads from the node, and from no other. All are of one
	// implementation: each takes the others' blocks.
	Coin coin.Coin
	// Dial makes the coin, if Coin is nil: so a node may be away at the start.
	// It is called when the node is asked, until it succeeds.
	Dial func(context.Context) (coin.Coin, error)
}

// Config says how patient a coin is with its nodes.
type Config struct {
	// Patience is how long a node may take for its tip or a header, ten seconds
	// by default. Other questions end as the caller's context or the node's
	// coin has it.
	Patience time.Duration
	// Pause is how long a node is left aside after one failure, a second by
	// default. Each further failure in a row doubles it, up to 300 times.
	Pause time.Duration
	// Stale is how long a node that is behind the others may stay where it is
	// and count, an hour by default.
	Stale time.Duration
}

// Nodes is a coin with several nodes. It is for concurrent use.
type Nodes struct {
	coin.Coin // the first node's that has one from the start
	config    Config
	members   []*member
	// final is how much the tip of a node may fall by a reorganisation.
	final uint64

	mu sync.Mutex // of the members' records
}

var (
	_ coin.Coin    = (*Nodes)(nil)
	_ coin.Watched = (*Nodes)(nil)
)

// New returns the coin of the nodes, which are of one network and have the same
// parameters. The order is that of preference. At least one has a Coin.
func New(list ...Node) (*Nodes, error) { return Config{}.New(list...) }

// New is the package's New with another config.
func (c Config) New(list ...Node) (*Nodes, error) {
	if len(list) == 0 || len(list) > MaxNodes {
		return nil, fmt.Errorf("nodes: %d nodes, not between 1 and %d", len(list), MaxNodes)
	}
	setDefault(&c.Patience, 10*time.Second)
	setDefault(&c.Pause, time.Second)
	setDefault(&c.Stale, time.Hour)
	n := &Nodes{config: c}
	for _, node := range list {
		if n.Coin == nil {
			n.Coin = node.Coin
		}
	}
	if n.Coin == nil {
		return nil, errors.New("nodes: none has a coin")
	}
	names := make(map[string]bool)
	for _, node := range list {
		switch {
		case node.Name == "" || names[node.Name]:
			return nil, fmt.Errorf("nodes: the name %q is empty or taken", node.Name)
		case node.Coin == nil && node.Dial == nil:
			return nil, fmt.Errorf("nodes: %s has no coin", node.Name)
		case node.Coin != nil:
			if err := n.fits(node.Coin); err != nil {
				return nil, fmt.Errorf("nodes: %s %w", node.Name, err)
			}
		}
		names[node.Name] = true
		n.members = append(n.members, newMember(node))
	}
	n.final = n.Parameters().Confirmations
	if n.final == 0 {
		return nil, errors.New("nodes: parameters without confirmations")
	}
	return n, nil
}

// fits returns what keeps a coin from being one of these.
func (n *Nodes) fits(c coin.Coin) error {
	switch {
	case c.Name() != n.Name() || c.Genesis() != n.Genesis():
		return errors.New("is of another network")
	case c.Parameters() != n.Parameters():
		return errors.New("has other parameters")
	}
	return nil
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}
