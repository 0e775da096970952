// Package story tells what a group of validators does on a real network, to
// people and as a summary for programs: the main job, with faulty validators
// among them, over three sessions, or with many people to be paid. It is the
// same on every network; a Network says what is the network's own.
package story

import (
	"context"
	"fmt"
	"strings"

	"github.com/serai-go/processor/coin"
	"github.com/serai-go/processor/coin/cointest"
)

// Network is a network on which the story is told.
type Network struct {
	// Node is what the node is, for people.
	Node string
	// Money is what amounts are counted in.
	Money Money
	// Unit is what the story's amounts are multiples of, in atomic units: a user
	// withdraws 800,000 of them, the least is 20,000.
	Unit uint64
	// Deposits are the kinds of deposits that users make, in the order in which
	// they make them.
	Deposits []Deposit
	// Dial connects to the node: each validator and each third party does on its
	// own.
	Dial func(context.Context) (coin.Coin, error)
	// User returns a user of the network who has coins.
	User func(context.Context) (User, error)
	// Display writes a transaction ID as the network's people do.
	Display func(coin.TransactionID) string
}

// User is a user of a network who pays in, is paid, and mines.
type User interface {
	// Mine makes n blocks that hold the transactions waiting for one.
	Mine(ctx context.Context, n int) error
	// PayIn pays the group so that the deposit meets a fate. The transaction waits
	// for a block.
	PayIn(ctx context.Context, fate Fate, deposit cointest.Deposit) (Paid, error)
	// Address returns an address of the user that was never used before.
	Address(ctx context.Context) (coin.Address, error)
	// Received returns what confirmed outputs to an address of the user hold in
	// sum, spent or not.
	Received(ctx context.Context, address coin.Address) (uint64, error)
}

// Paid is a deposit of a user.
type Paid struct {
	// Transaction made it.
	Transaction coin.TransactionID
	// Origin is the user's address to which it can be refunded, empty if
	// validators see none.
	Origin coin.Address
	// Data is what the deposit carries.
	Data []byte
}

// Lister is a User of a network whose nodes say what any address owns. Elsewhere
// the story finds out by what the chain and the validators say.
type Lister interface {
	// Unspent returns the amounts of an address's confirmed unspent outputs.
	Unspent(ctx context.Context, address coin.Address) ([]uint64, error)
}

// Fate is what becomes of a deposit.
type Fate uint8

// Fates of deposits.
const (
	// Reported deposits are credited as their data says.
	Reported Fate = iota
	// Refunded deposits have no data, and a known origin.
	Refunded
	// Refused deposits are reported with data that the settlement chain makes
	// nothing of, so they are refunded.
	Refused
	// Accumulated deposits have neither data nor a known origin.
	Accumulated
)

// back tells whether the user is to get it back.
func (f Fate) back() bool { return f == Refunded || f == Refused }

// Deposit is a kind of deposits.
type Deposit struct {
	// Fate is what becomes of it.
	Fate Fate
	// Why says that to people.
	Why string
}

// Money is how people count a network's coins.
type Money struct {
	// Name is what amounts are shown in, of 10 to the power of Decimals atomic
	// units; Atom is one of these.
	Name, Atom string
	// Decimals is how many digits stand behind the point.
	Decimals int
}

// number writes an amount of atomic units without its unit.
func (m Money) number(amount uint64) string {
	if m.Decimals == 0 {
		return fmt.Sprint(amount)
	}
	digits := fmt.Sprintf("%0*d", m.Decimals+1, amount)
	point := len(digits) - m.Decimals
	return strings.TrimRight(strings.TrimRight(digits[:point]+"."+digits[point:], "0"), ".")
}

// sum writes an amount of atomic units.
func (m Money) sum(amount uint64) string { return m.number(amount) + " " + m.Name }

// giveBack returns the first kind of deposits that users get back, false if there is none.
func (n *Network) giveBack() (Fate, bool) {
	for _, d := range n.Deposits {
		if d.Fate.back() {
			return d.Fate, true
		}
	}
	return Accumulated, false
}
