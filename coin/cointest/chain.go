// Package cointest holds the conformance suites that every coin passes,
// Reading and Spending, each runnable alone, and the hands that they and the
// scenarios of processortest need on a network: a Chain.
package cointest

import (
	"context"

	"github.com/serai-go/processor/coin"
)

// Chain is a test network with a coin that watches it and an outside user who
// mines, pays and is paid there.
type Chain interface {
	// Coin is the coin under test, connected to the network.
	Coin() coin.Coin
	// Mine makes n blocks that hold the transactions waiting for one.
	Mine(ctx context.Context, n int) error
	// Pay lets the user pay the group. The transaction waits for a block.
	Pay(ctx context.Context, deposit Deposit) (coin.TransactionID, error)
	// Address returns an address of the user that was never used before.
	Address(ctx context.Context) (coin.Address, error)
	// Received returns what confirmed outputs to an address hold in sum,
	// spent or not.
	Received(ctx context.Context, address coin.Address) (uint64, error)
	// Fork replaces the newest depth blocks by depth+1 others. Transactions
	// of the replaced blocks wait for a block again, unless drop is set:
	// then they are gone, conflicted away where the network would keep them.
	Fork(ctx context.Context, depth int, drop bool) error
}

// CoinbaseMiner is a Chain whose coinbases can pay a given address.
type CoinbaseMiner interface {
	// MineTo makes a block that holds the transactions waiting for one and
	// whose coinbase pays the address.
	MineTo(ctx context.Context, address coin.Address) error
}

// Deposit is a payment of the user to the group.
type Deposit struct {
	// To lists the outputs in order.
	To []Target
	// Data is the instruction data, if any.
	Data []byte
	// Anonymous makes the payment come from an output that has no address
	// form, so that no origin can be presumed.
	Anonymous bool
}

// Target is one output of a deposit.
type Target struct {
	Address coin.Address
	Amount  uint64
}
