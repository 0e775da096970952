package scheduler

import (
	"math"
	"math/bits"

	"github.com/serai-go/processor/coin"
)

// spread tells how n payments are spread over a transaction with room for so
// many outputs: how many of them are its own outputs, the first ones, and how
// many each of its branches funds. Transactions below it have room for most.
// There are as few levels as possible, then as few branches, and these are
// equal but for one.
func spread(n, room, most int) (direct int, branches []int) {
	if n <= room {
		return n, nil
	}
	below := most // what a branch can fund
	for room*below < n {
		below *= most
	}
	k := (n - room + below - 2) / (below - 1) // each takes the place of a payment
	direct = room - k
	for rest := n - direct; k > 0; k-- {
		share := (rest + k - 1) / k
		branches = append(branches, share)
		rest -= share
	}
	return direct, branches
}

// grove prices the transactions of payment trees below their roots.
type grove struct {
	coin   Coin
	rate   uint64 // of transactions that cannot be lifted
	most   int    // outputs of a transaction
	branch coin.Output
	to     coin.Address // of branches
}

// tree is how payments are spread over a transaction, and what those cost that
// its branches fund.
type tree struct {
	direct   int
	branches []branch
	cost     uint64 // of all branches
}

// branch is the payments that a branch funds, from first to last, and what
// their transactions cost.
type branch struct {
	from, to int
	cost     uint64
}

// grow spreads payments over a transaction with room for so many outputs.
func (g grove) grow(payments []numbered[queued], room int) (tree, error) {
	direct, sizes := spread(len(payments), room, g.most)
	t := tree{direct: direct}
	from := direct
	for _, n := range sizes {
		cost, err := g.price(payments[from : from+n])
		if err != nil {
			return t, err
		}
		t.branches = append(t.branches, branch{from, from + n, cost})
		t.cost = plus(t.cost, cost)
		from += n
	}
	return t, nil
}

// price is what the transactions cost that make these payments from a branch.
func (g grove) price(payments []numbered[queued]) (uint64, error) {
	t, err := g.grow(payments, g.most)
	if err != nil {
		return 0, err
	}
	fee, err := g.coin.Fee(g.rate, []coin.Output{g.branch}, t.addresses(payments, g.to))
	return plus(fee, t.cost), err
}

// addresses are those of the transaction's outputs but change.
func (t tree) addresses(payments []numbered[queued], to coin.Address) []coin.Address {
	list := make([]coin.Address, 0, t.direct+len(t.branches)+1)
	for i := range payments[:t.direct] {
		list = append(list, payments[i].value.Address)
	}
	for range t.branches {
		list = append(list, to)
	}
	return list
}

// unlifted is the rate of a transaction that leaves nothing that could lift it:
// twice the usual, up to the cap.
func unlifted(rate uint64, rules coin.Parameters) uint64 {
	return max(rate, min(plus(rate, rate), rules.FeeCap))
}

// plus adds. Beyond 64 bits it is the greatest number.
func plus(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry > 0 {
		return math.MaxUint64
	}
	return sum
}
