// Package cointest holds the conformance suites that every coin passes,
// Reading and Spending, each runnable alone, and the hands that they and the
// scenarios of processortest need on a network: a Chain. For Reading the coin
// need not be able to spend. What it offers beyond (coin.BulkReader, coin.Archiver)
// Reading tests as well. Each is one call:
//
//	func TestReading(t *testing.T) { cointest.Reading(t, newChain) }
package cointest

import (
	"context"

	"github.com/serai-go/processor/coin"
)

// Watcher is what of a coin Reading needs: one that cannot spend.
type Watcher interface {
	coin.Network
	coin.Reader
	coin.Recognizer
}

// User is an outside user of a test network who mines, pays and is paid there.
type User interface {
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

// Watched is a test network with a coin that watches it and a user.
type Watched[C Watcher] interface {
	User
	// Coin is the coin under test, connected to the network.
	Coin() C
}

// Chain is a test network with a coin that can do everything.
type Chain = Watched[coin.Coin]

// Limits are what a network does not have.
type Limits struct {
	// Data: the user's payments carry none.
	Data bool
	// Origins: nobody sees where value came from.
	Origins bool
	// Locked is how many blocks an output's block must have, itself the first,
	// before it can be spent; 0 if none.
	Locked int
	// Targets is how many outputs a payment of the user has at most; 0 if there
	// is no limit.
	Targets int
	// Unknown is how much of a transaction's weight, in per cent, is not known
	// before its signatures are, so that it is paid for and may not be there.
	Unknown float64
}

// Limited is a User on a network that does not have everything. The suites
// leave out what there is not, and check that the coin does not see it either.
type Limited interface {
	// Limits returns what is not there.
	Limits() Limits
}

// CoinbaseMiner is a User whose coinbases can pay a given address.
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
